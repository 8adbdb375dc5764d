//! Appends patterns to the file of a stored memory, or makes it one piece again.

use std::path::Path;

use attractor::memories::{self, Family, Weights};
use attractor_data::{Growing, Hold, Stored, StoredSummary, read_memory};
use ndarray::Array2;

use crate::about::{About, Origin};
use crate::any::Held;
use crate::error::{Error, Result};
use crate::patterns::Known;
use crate::session::Opened;
use crate::setup::Setup;
use crate::source::Source;
use crate::sums::{Change, changed_sums};

/// Whether patterns can be appended to a memory without a look at those before: its model learns nothing from all of them together.
pub fn appends_in_place(summary: &StoredSummary) -> bool {
    let Ok(model) = memories::model(&summary.spec.model) else {
        return false;
    };
    let card = model.card;
    let learns = card.coupled || card.trained || card.described;
    // Classical models have counters or couplings, and sequences lead from pattern to pattern.
    let apart = !matches!(card.family, Family::Classical | Family::Sequences);
    let kept = summary.network.is_none() && summary.density.is_none() && summary.sums.is_none();
    apart && !learns && kept
}

/// Holds the file of a stored memory, and reads its head. Others that change it wait until the first value is dropped.
///
/// # Errors
/// There is no file, or it is not a memory of patterns.
pub fn held(path: &Path) -> Result<(Hold, Growing)> {
    let expected = |found: String, cure: &str| {
        Error::Refused(
            format!("{}: expected a stored memory to change, found {found}; {cure}", path.display()).into(),
        )
    };
    let make = "make one by storing patterns";
    if !path.exists() {
        return Err(expected("nothing".into(), make));
    }
    let hold = Hold::wait(path)?;
    let Some(memory) = Growing::open(path)? else {
        return Err(expected("another file".into(), make));
    };
    if memory.summary().density.is_some() {
        return Err(expected("the density in it".into(), "store its events anew beside it"));
    }
    Ok((hold, memory))
}

/// Appends raw patterns to a stored memory, whose file the caller [holds](held). They are prepared as those in it are.
///
/// Where the model allows it ([`appends_in_place`]), the cost is that of the new patterns: nothing of those before is read or written,
/// except for the head of the file and one pattern. Otherwise the memory is read, learns the new patterns, and is written anew.
///
/// # Errors
/// The patterns do not go with those before, the model refuses them, or the file cannot be written. Then it is as it was.
pub fn append<F: Held>(
    path: &Path,
    memory: Growing,
    raw: Array2<F>,
    known: Known<F>,
    provenance: String,
) -> Result<()> {
    if raw.nrows() == 0 {
        let none = "patterns: expected at least one to append, found none; give a file or an array with rows";
        return Err(Error::Refused(none.into()));
    }
    let summary = memory.summary();
    if summary.sums.is_some() {
        return add(path, summary, raw, known, provenance);
    }
    if !appends_in_place(summary) {
        let Stored { spec, patterns, learned, shape, raw: grey, provenance: mut history, .. } =
            read_memory::<F>(path)?;
        history.push(provenance);
        let memory = spec.build_on(patterns.append(raw, known)?, learned)?;
        let card = memories::model(&spec.model)?.card;
        let about = About {
            card: Some(card),
            spec,
            shape,
            raw: grey,
            units: None,
            origin: Origin::Stored,
            provenance: history,
        };
        return Opened { memory, about }.write(path);
    }
    // Beside the first of those before, the new patterns are checked and prepared as they are in memory.
    let Stored { spec, patterns, learned, .. } = memory.first::<F>()?;
    let patterns = patterns.append(raw, known)?;
    let noising = learned.filter(|learned| matches!(learned.weights, Weights::Noising(_)));
    spec.build_on(patterns.clone(), noising)?;
    Ok(memory.append(&patterns, 1, &provenance)?)
}

/// Adds patterns to the sums of a memory of fixed size.
fn add<F: Held>(
    path: &Path,
    summary: &StoredSummary,
    raw: Array2<F>,
    known: Known<F>,
    provenance: String,
) -> Result<()> {
    if known.labels.is_some() || known.associated.is_some() {
        let found = "expected none with a memory that keeps no patterns, found some; leave them away";
        let name = if known.labels.is_some() { "labels" } else { "values" };
        return Err(Error::Refused(format!("{name}: {found}").into()));
    }
    let source = Source::Stored { path: path.to_owned(), summary: Box::new(summary.clone()) };
    let Opened { memory, mut about } = source.build_as::<F>(&Setup::default())?;
    let changed = changed_sums(memory.as_ref(), Change::Append, raw, known.weights.as_deref())?;
    about.provenance.push(provenance);
    Opened { memory: changed.unwrap_or(memory), about }.write(path)
}

/// Writes a stored memory anew as one piece, if patterns were appended to it in parts. Returns how many parts there were.
///
/// # Errors
/// There is no stored memory, or it cannot be read or written.
pub fn compact(path: &Path) -> Result<usize> {
    let (_hold, memory) = held(path)?;
    let summary = memory.summary();
    if summary.parts > 0 || summary.unfinished > 0 {
        crate::in_precision!(summary.dtype.parse()?, F => read_memory::<F>(path)?.write(path)?);
    }
    Ok(summary.parts)
}
