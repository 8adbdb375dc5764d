//! Diffusion with the exact score of the stored memories.

mod known;
mod left;
mod potential;

use ndarray::{Array2, ArrayView2};

use super::levels::{Cues, LevelModel, descend, most_likely};
use super::prior::Prior;
use super::report::read_values;
use super::{
    Abilities, Card, Family, Keep, Learned, Level, Memory, MemoryModel, RecallPath, Request, Weights,
};
use crate::diffusion::{
    GAMMA, LAST, MEMORY_PARAMETERS, POTENTIAL, PROCESS, Process, RATE_MAX, RATE_MIN, Sampler, Sampling,
};
use crate::dynamics::ReadOut;
use crate::energies::{Denoise, Mixture, SharedPosterior};
use crate::error::{Error, Result};
use crate::kernels::Form;
use crate::message;
use crate::message::{Argument, Message};
use crate::observe::Observer;
use crate::options::Options;
use crate::patterns::Patterns;
use crate::potentials::Noising;
use crate::real::Real;
use crate::recall::Recalled;
use potential::Under;

/// The entry of this model in [`MODELS`](super::MODELS).
pub(super) const CARD: Card = Card {
    name: "diffusion",
    title: "Exact-score diffusion on stored patterns",
    equation: "E_s(z) = -s^2 ln 1/N sum_n exp(-|z-y_n|^2/2s^2);  dz/ds = (z - D(z;s))/s down to s = 0",
    parameters: MEMORY_PARAMETERS,
    cost: "4 N D operations and N exponentials a read and cue, with one or two reads a step; N D numbers",
    source: "Ambrogioni (2023), Eq. 6-14 and App. A; samplers: Song et al. (2021), Karras et al. (2022), Lu et al. (2022)",
    weights: true,
    values: true,
    streams: true,
    levels: true,
    potential: true,
    family: Family::Diffusion,
    ..Card::PLAIN
};

/// A diffusion model whose training data are the stored patterns, with its exact score.
///
/// Recall denoises the cue from its noise level σ₀ to 0, along the probability flow (deterministic) or along the
/// reverse SDE. The SDE ends in pattern n with the posterior probability w_n(z; σ₀). The landscape at level σ is that
/// of a modern Hopfield network at β = 1/σ². So recall is a Hopfield recall whose temperature falls (Ambrogioni
/// 2023).
///
/// ```
/// use attractor::{Patterns, diffusion::{Process, Sampler}};
/// use attractor::memories::{Diffusion, Level, Memory, Request};
/// use ndarray::array;
/// let patterns = Patterns::new(array![[1.0_f64, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]])?;
/// let memory = Diffusion::new(patterns, Process::default(), Sampler::default(), None)?;
/// let cue = array![[0.9, 0.8, 0.1, -0.5]];
/// let request = Request { level: Level::Signal(0.68), ..Request::new(cue.view()) };
/// let recall = memory.recall(&request)?;
/// assert!((&recall.states - &array![[1.0, 1.0, -1.0, -1.0]]).iter().all(|d| d.abs() < 1e-6));
/// // Odds of the first pattern: exp of Δ‖z − y‖²/2σ₀² = 2·(0.8 − 0.1)·0.68/(1 − 0.68²).
/// let odds: f64 = (1.4_f64 * 0.68 / (1.0 - 0.68 * 0.68)).exp();
/// let first = recall.rows[0].posterior.as_ref().unwrap().top[0];
/// assert_eq!(first.0, 0);
/// assert!((first.1 - odds / (1.0 + odds)).abs() < 1e-12);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Diffusion<F> {
    memory: Mixture<F>,
    sampling: Sampling,
    card: &'static Card,
    /// The potential of the noise, if it has one.
    under: Option<Box<Under<F>>>,
}

impl<F: Real> Diffusion<F> {
    /// Stores patterns. `steps` is the number of steps of the sampler; `None` means the sampler's default.
    ///
    /// # Errors
    /// No steps, or more than 100,000.
    pub fn new(
        patterns: Patterns<F>,
        process: Process,
        sampler: Sampler,
        steps: Option<usize>,
    ) -> Result<Self> {
        Self::on(patterns.into(), Sampling { process, sampler, steps, ..Sampling::default() })
    }

    /// A memory of any mixture.
    ///
    /// # Errors
    /// A sampling outside its range.
    pub fn on(memory: Mixture<F>, sampling: Sampling) -> Result<Self> {
        let card = if memory.patterns().is_some() { &CARD } else { &super::mixture::CARD };
        Self::with_card(memory, sampling, card)
    }

    /// A memory of a mixture, described by the entry of a model.
    pub(super) fn with_card(memory: Mixture<F>, sampling: Sampling, card: &'static Card) -> Result<Self> {
        sampling.check()?;
        Ok(Diffusion { memory, sampling, card, under: None })
    }

    /// The mixture, which gives the landscapes and the denoiser.
    pub fn mixture(&self) -> &Mixture<F> {
        &self.memory
    }

    /// The sampling: how a recall goes down the noise levels.
    pub fn sampling(&self) -> &Sampling {
        &self.sampling
    }

    /// The error for something that a memory with an unbounded shape cannot give.
    fn unbounded(&self, what: &'static str, reason: impl Into<Message>) -> Error {
        Error::Undefined { model: "a memory without end", what, reason: reason.into() }
    }
}

impl<F: Real> MemoryModel<F> for Diffusion<F> {
    fn name(&self) -> &'static str {
        self.card.name
    }

    fn dim(&self) -> usize {
        Denoise::dim(&self.memory)
    }

    fn abilities(&self) -> Abilities<'_, F> {
        let plain = Abilities::of_mixture(&self.memory).descending(&self.memory);
        match &self.under {
            None => Abilities {
                denoiser: Some(&self.memory),
                sampling: Some(&self.sampling),
                posterior: Some(&self.memory),
                ..plain
            },
            Some(under) => Abilities {
                denoiser: Some(under.denoiser()),
                sampling: Some(&self.sampling),
                posterior: Some(under.posteriors()),
                keep: Some(self),
                ..plain.descending(under.landscape())
            },
        }
    }

    fn path(&self, _request: &Request<F>) -> Result<RecallPath<'_, F>> {
        Ok(RecallPath::through_levels(self))
    }

    /// At the last level, the weights of a state at rest are those of the pattern where it rests.
    fn read_out(&self, states: ArrayView2<F>, _top: usize) -> Result<ReadOut<F>> {
        let last = LAST * self.memory.spread();
        let betas = vec![1.0 / (last * last); states.nrows()];
        let read = |patterns| read_values(patterns, states, &betas, Form::Distance);
        Ok(ReadOut { values: self.memory.patterns().and_then(read), ..ReadOut::default() })
    }

    /// Samples at a level so high that they are practically pure noise.
    fn prior_samples(&self, rows: &[u64], seed: u64) -> Result<(Array2<F>, Level)> {
        if self.memory.is_unbounded() {
            return Err(self.unbounded(
                "recall from nothing",
                "no place on it is as likely as another; start from cues",
            ));
        }
        if let Some(under) = &self.under {
            return under.prior_samples(&self.memory, rows, seed, self.sampling.first());
        }
        Ok(self.prior().samples(rows, seed, self.sampling.first()))
    }
}

impl<F: Real> LevelModel<F> for Diffusion<F> {
    fn denoiser(&self) -> &dyn Denoise<F> {
        self.under.as_ref().map_or(&self.memory, |under| under.denoiser())
    }

    fn sampling(&self) -> &Sampling {
        &self.sampling
    }

    fn prior(&self) -> Prior<'_> {
        Prior {
            mean: self.memory.mean(),
            spread: self.memory.spread(),
            preparation: self.memory.preparation(),
            highest: self.under.as_ref().map_or(f64::INFINITY, |under| under.highest),
        }
    }

    fn estimate(&self, cues: Array2<F>) -> Result<(Array2<F>, Vec<f64>)> {
        if self.memory.is_unbounded() {
            return Err(self.unbounded(
                "level of a cue",
                message![
                    "the noisier it is, the more of the memory is near; give the level (",
                    Argument::CueLevel,
                    ")"
                ],
            ));
        }
        match &self.under {
            Some(under) => under.most_likely(&self.memory, cues),
            None => most_likely(&self.memory, &self.sampling.process, cues),
        }
    }

    fn posterior_of_cues(&self, cues: &Cues<F>) -> Result<Option<Vec<SharedPosterior>>> {
        if let Some(under) = &self.under {
            if cues.known.is_some() {
                return Err(self.no_known_units());
            }
            return under.shared_posterior(cues.states.view(), &cues.levels, cues.top).map(Some);
        }
        let posteriors = match &cues.known {
            Some(known) => self.posterior_with_known(cues, known)?,
            None => self.memory.shared_posterior(cues.states.view(), &cues.levels, cues.top)?,
        };
        Ok(Some(posteriors))
    }

    fn energy_and_nearest(
        &self,
        states: ArrayView2<F>,
        levels: &[f64],
    ) -> Result<Option<(Vec<f64>, Vec<usize>)>> {
        match &self.under {
            Some(_) => Ok(None),
            None => self.memory.energy_and_nearest(states, levels),
        }
    }

    fn descend(&self, cues: &Cues<F>, observer: &mut dyn Observer<F>) -> Result<Recalled<F>> {
        if let Some(under) = &self.under {
            if cues.known.is_some() {
                return Err(self.no_known_units());
            }
            return under.descend(&self.sampling, cues, observer);
        }
        match &cues.known {
            Some(known) => self.descend_with_known(cues, known, observer),
            None => descend(&self.memory, &self.sampling, cues, observer),
        }
    }
}

impl<F: Real> Keep for Diffusion<F> {
    /// The potential, which a file keeps with the patterns.
    fn learned(&self) -> Option<Learned> {
        let patterns = self.memory.patterns()?.len();
        Some(Learned { patterns, weights: Weights::Noising(self.noising()?.clone()) })
    }
}

/// Builds the memory from named options.
pub(super) fn build<F: Real>(
    patterns: Patterns<F>,
    options: &Options,
    given: Option<Learned>,
) -> Result<Box<dyn Memory<F>>> {
    Ok(Box::new(on_options(patterns.into(), options, noising_of(given), |sampling| sampling, &CARD)?))
}

/// The potential that was given with the patterns.
pub(super) fn noising_of(given: Option<Learned>) -> Option<Noising> {
    match given?.weights {
        Weights::Noising(noising) => Some(noising),
        _ => None,
    }
}

/// A memory of a mixture with the sampling and process that options name. The process `potential` is the one that is
/// given.
///
/// # Errors
/// A process `potential` without a potential, or a potential with another process.
pub(super) fn on_options<F: Real>(
    memory: Mixture<F>,
    options: &Options,
    noising: Option<Noising>,
    adapt: impl FnOnce(Sampling) -> Sampling,
    card: &'static Card,
) -> Result<Diffusion<F>> {
    let mut options = options.clone();
    let named = options.get(PROCESS.name).map(ToString::to_string);
    let asked = named.as_deref() == Some(POTENTIAL);
    match (&noising, &named) {
        (None, _) if asked || options.has(POTENTIAL) => {
            return Err(Error::Undefined {
                model: "the process potential",
                what: "potential",
                reason: message!["give it (", Argument::option(POTENTIAL), ")"],
            });
        }
        (Some(_), Some(other)) if !asked => {
            let expected = "the process potential, with which a potential goes";
            return Err(Error::parameter(PROCESS.name, expected, other));
        }
        _ => {}
    }
    if noising.is_some() {
        if let Some(rate) = [GAMMA.name, RATE_MIN.name, RATE_MAX.name].iter().find(|name| options.has(name)) {
            let expected = "a process with such a rate; the potential's own numbers say it";
            return Err(Error::parameter(*rate, expected, POTENTIAL));
        }
        options.remove(PROCESS.name);
    }
    options.remove(POTENTIAL);
    let plain = Diffusion::with_card(memory, adapt(Sampling::from_options(&options)?), card)?;
    match noising {
        Some(noising) => plain.with_noising(noising),
        None => Ok(plain),
    }
}
