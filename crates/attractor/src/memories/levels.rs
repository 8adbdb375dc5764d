//! The recall of every memory that goes through noise levels, from the cue's level down to 0.

use std::borrow::Cow;
use std::mem::take;

use ndarray::{Array2, ArrayView2};

use super::kept_cue::{KeptLevels, kept_of};
use super::memory::MemoryModel;
use super::prior::Prior;
use super::report::{Recall, Row};
use super::request::{Level, Request};
use crate::diffusion::{Process, Sampling, estimate_levels};
use crate::dynamics::{Clamp, Start};
use crate::energies::{
    Conditioned, Denoise, FullRead, KeptCues, Mixture, NoiseShape, SharedPosterior, local_dimensions,
};
use crate::error::{Error, Result};
use crate::message;
use crate::message::Argument;
use crate::observe::Observer;
use crate::real::Real;
use crate::recall::{Grid, Recalled, Stop, recall};

/// A flow is at rest at this distance from the posterior mean: root mean square over units, in spreads.
const REST: f64 = 0.05;

/// What a memory that recalls through noise levels must supply.
pub(super) trait LevelModel<F: Real>: Send + Sync {
    /// The denoiser.
    fn denoiser(&self) -> &dyn Denoise<F>;

    /// The sampling: how a recall goes down the levels.
    fn sampling(&self) -> &Sampling;

    /// The prior, which is what the memory knows before any cue.
    fn prior(&self) -> Prior<'_>;

    /// Estimates the level of raw cues. Returns the first states (prepared) and the levels, in the cues' units.
    fn estimate(&self, cues: Array2<F>) -> Result<(Array2<F>, Vec<f64>)>;

    /// The posterior over memories at the cues, if the memory has one.
    fn posterior_of_cues(&self, cues: &Cues<F>) -> Result<Option<Vec<SharedPosterior>>> {
        let _ = cues;
        Ok(None)
    }

    /// The energy of recalled states at the levels of their cues, and the patterns nearest to them, if one pass gives both.
    fn energy_and_nearest(
        &self,
        _states: ArrayView2<F>,
        _levels: &[f64],
    ) -> Result<Option<(Vec<f64>, Vec<usize>)>> {
        Ok(None)
    }

    /// Takes the cues down the levels. Known units are held at their values, or for an SDE noised to the current
    /// level.
    fn descend(&self, cues: &Cues<F>, observer: &mut dyn Observer<F>) -> Result<Recalled<F>> {
        descend(self.denoiser(), self.sampling(), cues, observer)
    }
}

/// Cues in the form that the dynamics needs.
#[derive(Clone)]
pub(super) struct Cues<F> {
    pub seed: u64,
    /// The number of memories to list in the posterior.
    pub top: usize,
    /// Whether the request gives the cues' level.
    pub level_given: bool,
    /// Row ids.
    pub rows: Vec<u64>,
    /// First states, prepared.
    pub states: Array2<F>,
    /// Their noise levels, prepared.
    pub levels: Vec<f64>,
    pub known: Option<Known<F>>,
    /// Cues that stay on.
    pub kept: Option<KeptCues<F>>,
    /// The scale of the levels: the memory's spread.
    pub spread: f64,
    /// The prepared length of one unit of the cues.
    pub scale: f64,
    pub stop: Stop,
}

impl<F: Real> Cues<F> {
    /// The cues as a memory without a cue that stays on would have them: at m, and at the level of m.
    fn as_seen(&self) -> Result<Cow<'_, Self>> {
        let Some(kept) = &self.kept else {
            return Ok(Cow::Borrowed(self));
        };
        let (states, levels) = kept.seen_by_all(self.states.view(), &self.levels)?;
        Ok(Cow::Owned(Cues { states, levels, kept: None, ..self.clone() }))
    }

    /// The same cues without their known units.
    pub fn without_known(&self) -> Self {
        Cues { known: None, ..self.clone() }
    }
}

/// The known units of cues.
#[derive(Clone)]
pub(super) struct Known<F> {
    /// Which they are, B × D.
    pub mask: Array2<bool>,
    /// Their values, prepared. Values of other units are ignored.
    pub values: Array2<F>,
}

/// Recalls a batch through noise levels.
pub(super) fn through_levels<F: Real>(
    model: &dyn MemoryModel<F>,
    path: &dyn LevelModel<F>,
    request: &Request<F>,
    observer: &mut dyn Observer<F>,
) -> Result<Recall<F>> {
    if request.updates.is_some() {
        return Err(Error::Undefined {
            model: model.name(),
            what: "number of updates",
            reason: message![
                "it goes through noise levels; give the number of its steps (",
                Argument::option("steps"),
                ")"
            ],
        });
    }
    let abilities = model.abilities();
    let preparation = abilities.preparation();
    let raw = request.checked_cues(model.dim())?;
    let known =
        request.known.map(|mask| Known { mask: mask.to_owned(), values: preparation.forward(raw.clone()) });
    let (states, sigmas) = first_states(path, request, raw)?;
    let prior = path.prior();
    let tolerance = request.tolerance_or(REST * prior.spread)?;
    let levels: Vec<f64> = sigmas.iter().map(|sigma| sigma * preparation.scale()).collect();
    let kept = kept_of(model, request, states.view(), &levels)?;
    let cues = Cues {
        seed: request.seed,
        top: request.top,
        level_given: request.level != Level::Estimate,
        rows: request.rows(),
        states,
        levels,
        known,
        kept,
        spread: prior.spread,
        scale: preparation.scale(),
        stop: Stop { tolerance, early: false },
    };
    let posteriors = match request.report {
        true => {
            let seen = cues.as_seen()?;
            path.posterior_of_cues(&seen)?
        }
        false => None,
    };
    let mut recalled = path.descend(&cues, observer)?;
    let states = take(&mut recalled.states);
    if !request.report {
        return Ok(Recall::without_report(preparation.backward(states), &recalled));
    }
    let under = cues.kept.as_ref().map(|kept| KeptLevels::new(model, kept)).transpose()?;
    let under = under.as_ref().map(MemoryModel::abilities);
    let in_one_pass = match under {
        Some(_) => None,
        None => path.energy_and_nearest(states.view(), &cues.levels)?,
    };
    let (energies, nearest) = match (in_one_pass, under.as_ref().unwrap_or(&abilities).landscape) {
        (Some((energies, nearest)), Ok(_)) => (Some(energies), Some(nearest)),
        (None, Ok(landscape)) => (Some(landscape.energy(states.view(), &cues.levels)?), None),
        (_, Err(_)) => (None, None),
    };
    let values = model.read_out(states.view(), request.top)?.values;
    let nearest = abilities.nearest(states.view(), nearest)?;
    let denoiser = under.as_ref().and_then(|under| under.denoiser).unwrap_or(path.denoiser());
    let dimensions = match denoiser {
        _ if abilities.posterior.is_none() || cues.known.is_some() => None,
        denoiser if !matches!(denoiser.noise(), NoiseShape::Equal) => None,
        denoiser => Some(local_dimensions(denoiser, cues.states.view(), &cues.levels)?),
    };
    // Energies in the cues' own units.
    let area = preparation.scale().powi(2);
    let mut posteriors = posteriors.into_iter().flatten();
    let row = |row: usize| {
        let shared = posteriors.next();
        Row {
            event_share: shared.as_ref().and_then(|shared| shared.event_share),
            posterior: shared.map(|shared| shared.posterior),
            energy: energies.as_ref().map(|energies| energies[row] / area),
            local_dimension: dimensions.as_ref().and_then(|of| of[row]),
            sigma: Some(sigmas[row]),
            ..Row::ended(&recalled, row, nearest.as_ref().map(|nearest| nearest[row]))
        }
    };
    let rows = (0..sigmas.len()).map(row).collect();
    Ok(Recall { states: preparation.backward(states), values, rows })
}

/// The first states z = x/s of raw cues (prepared), and their levels in the cues' units.
fn first_states<F: Real>(
    path: &dyn LevelModel<F>,
    request: &Request<F>,
    cues: Array2<F>,
) -> Result<(Array2<F>, Vec<f64>)> {
    let (sigma, clean) = match request.level {
        Level::Sigma(sigma) => {
            crate::energies::beta(sigma)?;
            (sigma, cues)
        }
        Level::Signal(signal) => {
            (Process::sigma_of_signal(signal)?, cues.mapv_into(|x| F::from_f64(x.to_f64() / signal)))
        }
        Level::Estimate if request.known.is_some() => {
            return Ok(uninformed_states(&path.prior(), request, path.sampling().is_stochastic()));
        }
        Level::Estimate => return path.estimate(cues),
    };
    let sigmas = vec![sigma; clean.nrows()];
    Ok((path.prior().preparation.forward(clean), sigmas))
}

/// The first states of a recall with known units, when no level is given for the others. The level is so high that
/// the state says nothing about the pattern. A flow starts at D(z;∞), the mean pattern, since noise would favour the
/// patterns in its direction. An SDE needs the noise.
fn uninformed_states<F: Real>(
    prior: &Prior,
    request: &Request<F>,
    stochastic: bool,
) -> (Array2<F>, Vec<f64>) {
    /// The level in units of the patterns' radius √D · spread.
    const RADII: f64 = 3.0;
    let sigma = prior.level_of_radii(RADII);
    let noise = if stochastic { sigma } else { 0.0 };
    let states = prior.around(&request.rows(), request.seed, noise);
    (states, vec![sigma / prior.preparation.scale(); request.cues.nrows()])
}

/// The first states z = x/s of raw cues (prepared) and their levels in the cues' units, estimated by maximum
/// likelihood under the stored memories.
pub(super) fn most_likely<F: Real>(
    memory: &Mixture<F>,
    process: &Process,
    mut cues: Array2<F>,
) -> Result<(Array2<F>, Vec<f64>)> {
    let sigmas = estimate_levels(memory, process, cues.view())?;
    for (mut row, &sigma) in cues.outer_iter_mut().zip(&sigmas) {
        let scale = process.scale_at(sigma);
        row.mapv_inplace(|x| F::from_f64(x.to_f64() / scale));
    }
    Ok((memory.preparation().forward(cues), sigmas))
}

/// Takes cues down the levels with a denoiser, and holds known units.
pub(super) fn descend<F: Real>(
    denoiser: &dyn Denoise<F>,
    sampling: &Sampling,
    cues: &Cues<F>,
    observer: &mut dyn Observer<F>,
) -> Result<Recalled<F>> {
    let clamp = match &cues.known {
        Some(Known { mask, values }) => {
            let clamp = Clamp::new(mask.view(), values.view())?;
            Some(if sampling.is_stochastic() { clamp.noised(cues.seed, &cues.rows) } else { clamp })
        }
        None => None,
    };
    let grid = Grid::Levels(sampling.levels_for(denoiser, &cues.levels, cues.spread, cues.scale)?);
    let start = Start { states: cues.states.view(), rows: &cues.rows, seed: cues.seed, held: None };
    let full = FullRead(denoiser);
    let denoiser = if sampling.narrow { denoiser } else { &full };
    let conditioned = cues.kept.as_ref().map(|kept| Conditioned::new(denoiser, kept));
    let denoiser = conditioned.as_ref().map_or(denoiser, |conditioned| conditioned);
    let dynamics = sampling.dynamics(denoiser, cues.spread, cues.scale);
    recall(dynamics.as_ref(), start, clamp, &grid, cues.stop, observer)
}
