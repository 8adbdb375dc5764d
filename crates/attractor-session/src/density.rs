//! Densities as memories: fitted ones, and ones with events beside them.

use attractor::memories::{self, DESCRIBED, Spec};
use attractor::message::Argument;
use attractor::{Memory, Patterns, message};
use attractor_data::{Shape, is_density};
use attractor_fit::Fit;

use crate::about::{About, Origin};
use crate::any::{Held, Precision};
use crate::error::{Error, Result};
use crate::in_precision;
use crate::session::{Opened, Session};
use attractor::diffusion::Sampling;

impl Session {
    /// The memory of a fitted density. Its options are those of the model `mixture`; `shape`, `raw` and `provenance` are
    /// those of the rows that were fitted.
    ///
    /// # Errors
    /// An option outside its range.
    pub fn of_fit(
        fit: &Fit,
        spec: Spec,
        precision: Precision,
        shape: Option<Shape>,
        raw: bool,
        provenance: Vec<String>,
    ) -> Result<Self> {
        in_precision!(precision, F => {
            let sampling = Sampling::from_options(&DESCRIBED.read(&spec.options)?)?;
            let memory = memories::mixture::<F>(fit.mixture()?, sampling)?;
            let about = About { card: Some(DESCRIBED), spec, shape, raw, units: None, origin: Origin::Stored, provenance };
            Ok(Session::from(Opened { memory, about }))
        })
    }
}

/// A density (semantic memory) with events (episodic memory) beside it, whose prior probability is `weight`, above 0 and
/// below 1; see [`Mixture::with_events`](attractor::energies::Mixture::with_events). `about` has the facts about the
/// density, and `provenance` says where the events come from.
///
/// # Errors
/// A memory that is not a density in closed form, or that already has events; events of another width; a weight outside
/// its range.
pub fn with_events<F: Held>(
    density: &dyn Memory<F>,
    about: &About,
    events: Patterns<F>,
    weight: f64,
    provenance: String,
) -> Result<Opened<F>> {
    let refuse = |found: String| {
        let expected = "semantic: expected a density in closed form without events, found ";
        Err(Error::Refused(message![expected, found, "; make one with ", Argument::Fitting]))
    };
    let Some(mixture) = density.abilities().mixture.filter(|_| density.patterns().is_none()) else {
        return refuse(format!("a memory of the model {}", density.name()));
    };
    if let Some(points) = mixture.points() {
        return refuse(format!("one with {} events", points.len()));
    }
    if !is_density(mixture) {
        return refuse("shapes other than Gaussians, which no file keeps".to_owned());
    }
    let sampling = density.sampling().cloned().unwrap_or_default();
    let memory = memories::mixture(mixture.clone().with_events(events.into(), weight)?, sampling)?;
    let provenance = [about.provenance.clone(), vec![provenance]].concat();
    Ok(Opened { memory, about: About { origin: Origin::Stored, provenance, ..about.clone() } })
}
