//! Memories of fixed size: opened from their sums, and changed without the patterns that they are of.

use std::path::Path;

use attractor::energies::RandomFeatures;
use attractor::memories::{self, Memory, RandomFeaturesMemory};
use attractor_data::StoredSums;
use ndarray::Array2;

use crate::about::{About, Origin};
use crate::any::Held;
use crate::error::Result;
use crate::session::Opened;
use crate::setup::Setup;

/// Builds the memory of stored sums. Options may be given again, but the sums were made with their own.
pub(crate) fn of_sums<F: Held>(path: &Path, stored: StoredSums, setup: &Setup) -> Result<Opened<F>> {
    let StoredSums { spec, sums, preparation, shape, raw, provenance, .. } = stored;
    let card = memories::model(&spec.model)?.card;
    let own = [
        ("features", sums.features().to_string()),
        ("beta", sums.beta.to_string()),
        ("feature-seed", sums.seed.to_string()),
    ];
    for (name, value) in card.read(&setup.options)?.iter() {
        let same = spec.options.get(name) == Some(value);
        let known = own.iter().find(|(known, _)| *known == name).map_or("none", |(_, own)| own);
        if !same && value.to_string() != known && value.to_string() != "auto" {
            let expected = format!("{known}, of which the sums in {} are, or none", path.display());
            let refused = attractor::Error::parameter(name, expected, value);
            return Err(refused.into());
        }
    }
    let memory = RandomFeaturesMemory::<F>::of(RandomFeatures::of_sums(sums)?, preparation)?;
    let origin = Origin::Stored;
    let about = About { card: Some(card), spec, shape, raw, units: None, origin, provenance };
    Ok(Opened { memory: Box::new(memory), about })
}

/// A change of a memory of fixed size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Patterns are added.
    Append,
    /// Patterns that were added are removed again.
    Remove,
}

/// A memory of fixed size with more or fewer patterns, which are given in raw units. `None` if the memory keeps its patterns.
///
/// # Errors
/// Rows of another width or not finite; weights outside their range; a removal of all patterns, or of rows that were never added, where
/// that can be seen.
pub fn changed_sums<F: Held>(
    memory: &dyn Memory<F>,
    change: Change,
    rows: Array2<F>,
    weights: Option<&[f64]>,
) -> Result<Option<Box<dyn Memory<F>>>> {
    let Some(features) = memory.abilities().features else {
        return Ok(None);
    };
    let before = RandomFeaturesMemory::of(features.clone(), memory.preparation().clone())?;
    let after = match change {
        Change::Append => before.append(rows, weights),
        Change::Remove => before.remove(rows, weights),
    };
    Ok(Some(Box::new(after?)))
}
