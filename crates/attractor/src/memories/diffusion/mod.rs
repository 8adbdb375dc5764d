//! Exact-score diffusion on stored memories.

mod known;
mod prior;

use ndarray::{Array2, ArrayView2};

use super::report::{overlap, read_values};
pub(super) use prior::{Prior, estimated};

use super::{Card, Found, Learned, Level, Memory, Recall, Request, Row};
use crate::diffusion::{LAST, PARAMETERS, Process, Sampler, Sampling};
use crate::dynamics::{Clamp, Start};
use crate::energies::{Denoise, Energy, Gradient, Mixture, Nearest, Whole};

use crate::error::{Error, Result};
use crate::kernels::{Form, Posterior};
use crate::message;
use crate::message::{Argument, Message};
use crate::observe::Observer;
use crate::options::Options;
use crate::patterns::Patterns;
use crate::real::Real;
use crate::recall::{Grid, Recalled, Stop, recall};

/// What [`MODELS`](super::MODELS) says of it.
pub(super) const CARD: Card = Card {
    name: "diffusion",
    title: "Exact-score diffusion on stored patterns",
    equation: "E_s(z) = -s^2 ln 1/N sum_n exp(-|z-y_n|^2/2s^2);  dz/ds = (z - D(z;s))/s down to s = 0",
    parameters: PARAMETERS,
    cost: "4 N D operations and N exponentials a step and cue (heun twice); N D numbers",
    source: "Ambrogioni (2023), Eq. 6-14 and App. A; samplers: Song et al. (2021), Karras et al. (2022), Lu et al. (2022)",
    spins: false,
    raw: false,
    weights: true,
    values: true,
    streams: true,
    levels: true,
    described: false,
    trained: false,
    coupled: false,
};

/// Rest of a flow: root mean square distance per unit from the posterior mean, in spreads.
pub(super) const REST: f64 = 0.05;

/// Refuses a number of updates.
pub(super) fn no_updates<F>(model: &'static str, request: &Request<F>) -> Result<()> {
    match request.updates {
        None => Ok(()),
        Some(_) => Err(Error::Undefined {
            model,
            what: "number of updates",
            reason: message![
                "it goes through noise levels; give the number of its steps (",
                Argument::option("steps"),
                ")"
            ],
        }),
    }
}

/// A diffusion model whose training data are the stored patterns, with its exact score.
///
/// Recall denoises the cue from its noise level σ₀ to 0: along the probability flow (deterministic),
/// or along the reverse SDE, which ends in pattern n with the posterior probability w_n(z; σ₀). The
/// landscape at level σ is a modern Hopfield network's at β = 1/σ², so recall is a Hopfield recall
/// that cools as it goes (Ambrogioni 2023).
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
}

impl<F: Real> Diffusion<F> {
    /// Stores patterns. `steps` of the sampler; its own number if `None`.
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

    /// Recall from a mixture of memories of any form.
    ///
    /// # Errors
    /// A sampling outside its range.
    pub fn on(memory: Mixture<F>, sampling: Sampling) -> Result<Self> {
        let card = if memory.patterns().is_some() { &CARD } else { &super::extended::CARD };
        Self::with_card(memory, sampling, card)
    }

    /// The same, for a model by name.
    pub(super) fn with_card(memory: Mixture<F>, sampling: Sampling, card: &'static Card) -> Result<Self> {
        sampling.check()?;
        Ok(Diffusion { memory, sampling, card })
    }

    /// Its landscapes and denoiser.
    pub fn mixture(&self) -> &Mixture<F> {
        &self.memory
    }

    /// How a state is taken down the noise levels.
    pub fn sampling(&self) -> &Sampling {
        &self.sampling
    }

    /// What a memory without end cannot give.
    fn endless(&self, what: &'static str, reason: impl Into<Message>) -> Error {
        Error::Undefined { model: "a memory without end", what, reason: reason.into() }
    }

    /// What is known before any cue.
    fn prior(&self) -> Prior<'_> {
        Prior {
            mean: self.memory.mean(),
            spread: self.memory.spread(),
            preparation: self.memory.preparation(),
            highest: f64::INFINITY,
        }
    }

    /// First states z, prepared, and their levels in the cues' units.
    fn begin(&self, request: &Request<F>) -> Result<(Array2<F>, Vec<f64>)> {
        let cues = request.checked_cues(Memory::dim(self))?;
        if let Some(told) = self.prior().told(&cues, request.level)? {
            return Ok(told);
        }
        if request.known.is_some() {
            return Ok(self.prior().blind(request, self.sampling.sampler.is_stochastic()));
        }
        if self.memory.is_endless() {
            return Err(self.endless(
                "level of a cue",
                message![
                    "the noisier it is, the more of the memory is near; give the level (",
                    Argument::CueLevel,
                    ")"
                ],
            ));
        }
        estimated(&self.memory, &self.sampling.process, cues)
    }

    /// Takes states down the levels, in the landscapes of this memory.
    fn descend(
        &self,
        memory: &Mixture<F>,
        start: Start<F>,
        clamp: Option<Clamp<F>>,
        levels: &[f64],
        stop: Stop,
        observer: &mut dyn Observer<F>,
    ) -> Result<Recalled<F>> {
        // Of this memory, not of one in stretched units.
        let spread = self.memory.spread();
        let grid = Grid::Levels(self.sampling.levels(levels, spread));
        let whole = Whole(memory);
        let denoiser: &dyn Denoise<F> = if self.sampling.narrow { memory } else { &whole };
        recall(self.sampling.dynamics(denoiser, spread).as_ref(), start, clamp, &grid, stop, observer)
    }
}

impl<F: Real> Memory<F> for Diffusion<F> {
    fn name(&self) -> &'static str {
        self.card.name
    }

    fn dim(&self) -> usize {
        Denoise::dim(&self.memory)
    }

    fn patterns(&self) -> Option<&Patterns<F>> {
        self.memory.patterns()
    }

    fn memories(&self) -> Option<usize> {
        Some(self.memory.memories())
    }

    fn weights(&self) -> Option<Vec<f64>> {
        Some(self.memory.weights())
    }

    fn label(&self, memory: usize) -> Option<&str> {
        self.memory.label(memory)
    }

    fn landscape(&self) -> Result<&dyn Energy<F>> {
        Ok(&self.memory)
    }

    fn slope(&self) -> Option<&dyn Gradient<F>> {
        Some(&self.memory)
    }

    fn denoiser(&self) -> Option<&dyn Denoise<F>> {
        Some(&self.memory)
    }

    fn sampling(&self) -> Option<&Sampling> {
        Some(&self.sampling)
    }

    fn posterior(&self, states: ArrayView2<F>, levels: &[f64], top: usize) -> Result<Option<Vec<Posterior>>> {
        self.memory.posterior(states, levels, top).map(Some)
    }

    fn nearest(&self, states: ArrayView2<F>) -> Result<Vec<Found>> {
        let per_unit = self.memory.preparation().scale() * (Memory::dim(self) as f64).sqrt();
        let found = |(nearest, state): (Nearest, ndarray::ArrayView1<F>)| Found {
            memory: Some(nearest.memory),
            overlap: Some(overlap(state, &nearest.point)),
            distance: Some(nearest.distance / per_unit),
        };
        Ok(self.memory.nearest(states)?.into_iter().zip(states.outer_iter()).map(found).collect())
    }

    fn spread(&self) -> Option<f64> {
        Some(self.memory.spread())
    }

    /// Noise of a level at which a state is noise and nothing else.
    fn imagine(&self, rows: &[u64], seed: u64) -> Result<(Array2<F>, Level)> {
        if self.memory.is_endless() {
            return Err(self
                .endless("recall from nothing", "no place on it is as likely as another; start from cues"));
        }
        Ok(self.prior().imagine(rows, seed))
    }

    fn run(&self, request: &Request<F>, observer: &mut dyn Observer<F>) -> Result<Recall<F>> {
        no_updates(self.name(), request)?;
        let preparation = self.memory.preparation();
        let (states, sigmas) = self.begin(request)?;
        let levels: Vec<f64> = sigmas.iter().map(|s| s * preparation.scale()).collect();
        let rows = request.rows();
        let values = match request.known {
            Some(_) => Some(preparation.forward(request.checked_cues(Memory::dim(self))?)),
            None => None,
        };
        let (_, stop) = super::updates(None, request.tolerance, REST * self.memory.spread())?;
        let stop = Stop { early: false, ..stop };
        let posteriors = match request.report {
            true => self.posterior_of_cues(request, &states, &levels, values.as_ref())?,
            false => Vec::new(),
        };
        let recalled = match &values {
            Some(values) => self.descend_known(request, &states, values, &levels, stop, observer)?,
            None => {
                let start = Start { states: states.view(), rows: &rows, seed: request.seed, held: None };
                self.descend(&self.memory, start, None, &levels, stop, observer)?
            }
        };
        if !request.report {
            let states = preparation.backward(recalled.states.clone());
            return Ok(Recall::plain(states, &recalled));
        }
        let energies = self.memory.energy(recalled.states.view(), &levels)?;
        // At the last level the weights of a state at rest are those of the pattern that it rests on.
        let last = LAST * self.memory.spread();
        let betas = vec![1.0 / (last * last); rows.len()];
        let values =
            self.patterns().and_then(|p| read_values(p, recalled.states.view(), &betas, Form::Distance));
        let area = preparation.scale().powi(2);
        let rows = Memory::nearest(self, recalled.states.view())?
            .into_iter()
            .zip(energies)
            .zip(posteriors)
            .enumerate()
            .map(|(row, ((found, energy), posterior))| Row {
                posterior: Some(posterior),
                sigma: Some(sigmas[row]),
                reads: recalled.reads.as_ref().map(|reads| reads[row]),
                ..Row::new(found, Some(energy / area), recalled.outcomes[row], recalled.steps[row])
            })
            .collect();
        Ok(Recall { states: preparation.backward(recalled.states), values, rows })
    }
}

/// From named options.
pub(super) fn build<F: Real>(
    patterns: Patterns<F>,
    options: &Options,
    _learned: Option<Learned>,
) -> Result<Box<dyn Memory<F>>> {
    Ok(Box::new(Diffusion::on(patterns.into(), Sampling::from_options(options)?)?))
}
