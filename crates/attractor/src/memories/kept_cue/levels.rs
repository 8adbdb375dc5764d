//! Memories that recall through noise levels, under cues that stay on.

use ndarray::{Array2, ArrayView2};

use super::{NO_PRIOR, refused};
use crate::energies::{Conditioned, Energy, Gradient, KeptCues, NoiseShape};
use crate::error::{Error, Result};
use crate::kernels::Posterior;
use crate::memories::{Abilities, MemoryModel, Posteriors, RecallPath, Request};
use crate::message;
use crate::message::Argument;
use crate::real::Real;

/// The cues of a request that stay on, given the first states and their levels (both prepared). The noise of a cue is σ_c = σ₀/√G, so that at its own
/// level σ₀ it counts G times as much as the state. `None` if no cue stays on.
///
/// # Errors
/// Known units, noise with a potential, a denoiser that is no posterior mean.
pub(crate) fn kept_of<F: Real>(
    model: &dyn MemoryModel<F>,
    request: &Request<F>,
    first: ArrayView2<F>,
    levels: &[f64],
) -> Result<Option<KeptCues<F>>> {
    let Some(gain) = request.kept()? else {
        return Ok(None);
    };
    let abilities = model.abilities();
    let Some(denoiser) = abilities.denoiser else {
        return Err(refused(model.name(), NO_PRIOR));
    };
    if request.known.is_some() {
        return Err(Error::Undefined {
            model: model.name(),
            what: "prior from a cue that has known units",
            reason: message![
                "known units are exact and stay on as they are; leave ",
                Argument::option("keep-cue"),
                " or ",
                Argument::Known,
                " away"
            ],
        });
    }
    if !matches!(denoiser.noise(), NoiseShape::Equal) {
        return Err(refused(model.name(), "its noise is that of a potential, and the cue's noise is white"));
    }
    if !denoiser.is_posterior_mean() {
        let reason = "its denoiser is no posterior mean, so there is no prior that a cue could change";
        return Err(refused(model.name(), reason));
    }
    let cues = match request.input {
        None => first.to_owned(),
        Some(_) => abilities.preparation().forward(request.checked_input(model.dim())?),
    };
    let noise = levels.iter().map(|level| level / gain.sqrt()).collect();
    Ok(Some(KeptCues::with_noise(cues, noise)?))
}

/// The landscapes and posteriors of a memory under the cues of a batch, row k with cue k. Its states move by [`Conditioned`] reads.
pub(crate) struct KeptLevels<'a, F: Real> {
    abilities: Abilities<'a, F>,
    name: &'static str,
    dim: usize,
    cues: &'a KeptCues<F>,
    denoiser: Conditioned<'a, F>,
}

impl<'a, F: Real> KeptLevels<'a, F> {
    /// A memory under these cues.
    ///
    /// # Errors
    /// A memory without a denoiser.
    pub fn new(model: &'a dyn MemoryModel<F>, cues: &'a KeptCues<F>) -> Result<Self> {
        let abilities = model.abilities();
        let Some(denoiser) = abilities.denoiser else {
            return Err(refused(model.name(), NO_PRIOR));
        };
        let denoiser = Conditioned::new(denoiser, cues);
        Ok(KeptLevels { abilities, name: model.name(), dim: model.dim(), cues, denoiser })
    }
}

impl<F: Real> MemoryModel<F> for KeptLevels<'_, F> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn abilities(&self) -> Abilities<'_, F> {
        let plain = self.abilities;
        Abilities {
            landscape: plain.landscape.map(|_| self as &dyn Energy<F>),
            gradient: plain.gradient.map(|_| self as &dyn Gradient<F>),
            posterior: plain.posterior.map(|_| self as &dyn Posteriors<F>),
            denoiser: Some(&self.denoiser),
            ..plain
        }
    }

    fn path(&self, _request: &Request<F>) -> Result<RecallPath<'_, F>> {
        Err(refused(self.name, "it keeps one already"))
    }
}

impl<F: Real> Energy<F> for KeptLevels<'_, F> {
    fn dim(&self) -> usize {
        self.dim
    }

    /// E_σ(z; u) = −σ² ln Σ π_n exp(−‖z − y_n‖²/2σ² − ‖u − y_n‖²/2σ_c²).
    fn energy(&self, states: ArrayView2<F>, level: &[f64]) -> Result<Vec<f64>> {
        let landscape = self.abilities.landscape.map_err(|reason| Error::Undefined {
            model: self.name,
            what: "energy",
            reason: reason.message(),
        })?;
        let (seen, levels) = self.cues.seen_by_all(states, level)?;
        let energies = landscape.energy(seen.view(), &levels)?;
        Ok(self.cues.energies(states, level, energies))
    }
}

impl<F: Real> Gradient<F> for KeptLevels<'_, F> {
    fn gradient(&self, states: ArrayView2<F>, level: &[f64]) -> Result<Array2<F>> {
        let Some(gradient) = self.abilities.gradient else {
            return Err(refused(self.name, "the gradient of its energy is not known"));
        };
        let (seen, levels) = self.cues.seen_by_all(states, level)?;
        let slopes = gradient.gradient(seen.view(), &levels)?;
        Ok(self.cues.gradients(states, level, slopes))
    }
}

impl<F: Real> Posteriors<F> for KeptLevels<'_, F> {
    fn posterior(&self, states: ArrayView2<F>, levels: &[f64], top: usize) -> Result<Option<Vec<Posterior>>> {
        let (seen, levels) = self.cues.seen_by_all(states, levels)?;
        match self.abilities.posterior {
            Some(posterior) => posterior.posterior(seen.view(), &levels, top),
            None => Ok(None),
        }
    }
}
