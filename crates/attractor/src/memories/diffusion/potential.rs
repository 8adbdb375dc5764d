//! Recall under a potential.

use std::ops::ControlFlow;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2};

use super::Diffusion;
use crate::diffusion::{LOWEST, Process, Sampling, most_likely_levels};
use crate::energies::{Correlated, Denoise, Gradient, Linearised, Mixture, SharedPosterior};

use crate::error::{Error, Result, check_width};
use crate::kernels::Posterior;
use crate::memories::levels::{Cues, descend};
use crate::memories::{Level, Posteriors};
use crate::message;
use crate::message::Argument;
use crate::noise::{Purpose, streams};
use crate::observe::{Frame, Observer};
use crate::patterns::Preparation;
use crate::potentials::{Form, Noising, Potential};
use crate::real::Real;
use crate::recall::Recalled;

/// The memories as they are seen through the noise of a potential.
#[derive(Clone, Debug)]
pub(super) enum Seen<F> {
    /// A quadratic potential: exact.
    Correlated(Correlated<F>),
    /// Any other potential: linearised about each pattern.
    Linearised(Linearised<F>),
}

/// A potential with the memories as they are seen through its noise.
#[derive(Clone, Debug)]
pub(super) struct Under<F> {
    /// As given, in raw units.
    pub noising: Noising,
    pub seen: Seen<F>,
    /// The highest level that the potential reaches, prepared.
    pub highest: f64,
}

impl<F: Real> Posteriors<F> for Correlated<F> {
    fn posterior(&self, states: ArrayView2<F>, levels: &[f64], top: usize) -> Result<Option<Vec<Posterior>>> {
        let shared = self.shared_posterior(states, levels, top)?;
        Ok(Some(shared.into_iter().map(|shared| shared.posterior).collect()))
    }
}

impl<F: Real> Posteriors<F> for Linearised<F> {
    fn posterior(&self, states: ArrayView2<F>, levels: &[f64], top: usize) -> Result<Option<Vec<Posterior>>> {
        Linearised::posterior(self, states, levels, top).map(Some)
    }
}

impl<F: Real> Under<F> {
    /// The memories of a mixture under a potential, which is given in raw units.
    pub fn new(memory: &Mixture<F>, noising: Noising) -> Result<Self> {
        let preparation = memory.preparation();
        let zero = vec![0.0; Denoise::dim(memory)];
        let origin = match preparation {
            Preparation::Affine { mean, .. } => mean,
            Preparation::Identity => &zero,
            Preparation::Standardized { .. } | Preparation::Spins { .. } => {
                return Err(Error::Undefined {
                    model: "a memory of thresholded or standardized patterns",
                    what: "place on a potential",
                    reason: message!["give another preparation (", Argument::option("prepare"), ")"],
                });
            }
        };
        let amplitude = noising.amplitude.clone();
        let seen = match &noising.form {
            Form::Quadratic(quadratic) => {
                check_width("potential", Potential::dim(quadratic), Denoise::dim(memory))?;
                let moved = quadratic.moved(origin, preparation.scale());
                let amplitude = amplitude.scaled(preparation.scale());
                Seen::Correlated(Correlated::new(memory.clone(), &moved, amplitude)?)
            }
            other => {
                let Some(patterns) = memory.patterns() else {
                    return Err(Error::Undefined {
                        model: "a memory of shapes",
                        what: "kernel under a potential that is not quadratic",
                        reason: "it is linearised about points; describe shapes as points, or give a quadratic potential".into(),
                    });
                };
                let potential: Arc<dyn Potential> = match other {
                    Form::DoubleWell(wells) => Arc::new(wells.over(patterns.dim())),
                    Form::Other(potential) => potential.clone(),
                    Form::Quadratic(_) => unreachable!("matched above"),
                };
                Seen::Linearised(Linearised::new(patterns.clone(), potential, amplitude)?)
            }
        };
        let highest = match &seen {
            Seen::Correlated(memory) => memory.along().unit_noise().highest()?,
            Seen::Linearised(_) => f64::INFINITY,
        };
        Ok(Under { noising, seen, highest })
    }

    pub fn denoiser(&self) -> &dyn Denoise<F> {
        match &self.seen {
            Seen::Correlated(memory) => memory,
            Seen::Linearised(memory) => memory,
        }
    }

    pub fn landscape(&self) -> &dyn Gradient<F> {
        match &self.seen {
            Seen::Correlated(memory) => memory,
            Seen::Linearised(memory) => memory,
        }
    }

    pub fn posteriors(&self) -> &dyn Posteriors<F> {
        match &self.seen {
            Seen::Correlated(memory) => memory,
            Seen::Linearised(memory) => memory,
        }
    }

    /// The posterior over memories, and how much of it is on events.
    pub fn shared_posterior(
        &self,
        states: ArrayView2<F>,
        levels: &[f64],
        top: usize,
    ) -> Result<Vec<SharedPosterior>> {
        match &self.seen {
            Seen::Correlated(memory) => memory.shared_posterior(states, levels, top),
            Seen::Linearised(memory) => {
                let alone = |posterior| SharedPosterior { posterior, event_share: None };
                Ok(memory.posterior(states, levels, top)?.into_iter().map(alone).collect())
            }
        }
    }

    /// Takes cues down the levels.
    pub fn descend(
        &self,
        sampling: &Sampling,
        cues: &Cues<F>,
        observer: &mut dyn Observer<F>,
    ) -> Result<Recalled<F>> {
        match &self.seen {
            Seen::Linearised(memory) => {
                let driven = memory.driven(sampling.is_stochastic());
                // Equal steps of time are those of the noise without a force.
                let process = Process::VarianceExploding { diffusion_rate: 1.0 };
                descend(&driven, &Sampling { process, ..sampling.clone() }, cues, observer)
            }
            Seen::Correlated(memory) => {
                let turned = Cues { states: memory.turned(cues.states.view()), ..cues.without_known() };
                let mut observer = Unturned { observer, memory };
                let mut recalled = descend(memory.along(), sampling, &turned, &mut observer)?;
                recalled.states = memory.unturned(recalled.states.view());
                Ok(recalled)
            }
        }
    }

    /// The first states z (prepared) of raw cues, which are states x of the process, and their levels in the cues'
    /// units, by maximum likelihood over the time.
    pub fn most_likely(&self, memory: &Mixture<F>, cues: Array2<F>) -> Result<(Array2<F>, Vec<f64>)> {
        /// The search stays below the highest level, which takes an infinite time.
        const BELOW: f64 = 0.99;
        let preparation = memory.preparation();
        let states = preparation.forward(cues);
        let dim = states.ncols() as f64;
        let (low, high) = (LOWEST * memory.spread(), 30.0 * dim.sqrt() * memory.spread());
        let high = high.min(BELOW * self.highest);
        let raw = |levels: Vec<f64>| levels.iter().map(|level| level / preparation.scale()).collect();
        match &self.seen {
            Seen::Linearised(memory) => {
                let likelihood = |levels: &[f64]| -> Result<Vec<f64>> {
                    let sums = memory.log_sum(states.view(), levels)?;
                    Ok(sums.iter().zip(levels).map(|(sum, level)| sum - dim * level.ln()).collect())
                };
                let levels = most_likely_levels(states.nrows(), low.min(high), high, &likelihood)?;
                Ok((states, raw(levels)))
            }
            Seen::Correlated(memory) => {
                let along = memory.turned(states.view());
                let likelihood = |levels: &[f64]| -> Result<Vec<f64>> {
                    let (z, volumes) = cleaned(memory, &along, levels)?;
                    let sums = memory.along().log_sum(z.view(), levels)?;
                    let each = sums.iter().zip(levels).zip(&volumes);
                    Ok(each.map(|((sum, level), volume)| sum - dim * level.ln() + volume).collect())
                };
                let levels = most_likely_levels(states.nrows(), low.min(high), high, &likelihood)?;
                let (z, _) = cleaned(memory, &along, &levels)?;
                Ok((memory.unturned(z.view()), raw(levels)))
            }
        }
    }

    /// Raw samples at a level at which even the least noisy direction is practically pure noise, or at the level `first` in the
    /// units of the cues.
    pub fn prior_samples(
        &self,
        memory: &Mixture<F>,
        rows: &[u64],
        seed: u64,
        first: Option<f64>,
    ) -> Result<(Array2<F>, Level)> {
        /// The noise in radii √D · spread of the memory.
        const RADII: f64 = 10.0;
        let Seen::Correlated(seen) = &self.seen else {
            return Err(Error::Undefined {
                model: "a memory under a potential that is not quadratic",
                what: "recall from nothing",
                reason: "its kernel holds for short times only; start from cues".into(),
            });
        };
        let goal = RADII * memory.spread() * (Denoise::dim(memory) as f64).sqrt();
        let noise = seen.along().unit_noise();
        let first = first.map(|first| first * memory.preparation().scale());
        let mut level = first.unwrap_or(goal.min(0.9 * self.highest));
        let least = |level: f64| -> Result<f64> {
            Ok(noise.at(level)?.levels.iter().copied().fold(f64::INFINITY, f64::min))
        };
        while first.is_none() && self.highest.is_infinite() && least(level)? < goal && level < 1e9 * goal {
            level *= 2.0;
        }
        let at = noise.at(level)?;
        let mean = Array2::from_shape_fn((rows.len(), noise.dim()), |(_, j)| F::from_f64(memory.mean()[j]));
        let mut along = seen.turned(mean.view());
        for (mut row, stream) in along.outer_iter_mut().zip(&mut streams(seed, Purpose::Prior, rows)) {
            for (z, r) in row.iter_mut().zip(&at.levels) {
                *z = F::from_f64(z.to_f64() + r.hypot(memory.spread()) * stream.normal());
            }
        }
        let preparation = memory.preparation();
        Ok((preparation.backward(seen.unturned(along.view())), Level::Sigma(level / preparation.scale())))
    }
}

/// States x of the process, along the directions, as z at these levels; and ln |dz/dx|.
fn cleaned<F: Real>(
    memory: &Correlated<F>,
    along: &Array2<F>,
    levels: &[f64],
) -> Result<(Array2<F>, Vec<f64>)> {
    let noise = memory.along().unit_noise();
    let mut z = along.clone();
    let mut volumes = Vec::with_capacity(levels.len());
    let mut at = None;
    for (mut row, &level) in z.outer_iter_mut().zip(levels) {
        // Most rows have the same levels.
        let at = match &at {
            Some((known, at)) if *known == level => at,
            _ => &at.insert((level, noise.at(level)?)).1,
        };
        let mut state: Vec<f64> = row.iter().map(|x| x.to_f64()).collect();
        volumes.push(noise.clean(at, &mut state));
        row.iter_mut().zip(state).for_each(|(z, own)| *z = F::from_f64(own));
    }
    Ok((z, volumes))
}

/// Shows states in units to an observer, and not along the directions of the noise.
struct Unturned<'a, F> {
    observer: &'a mut dyn Observer<F>,
    memory: &'a Correlated<F>,
}

impl<F: Real> Observer<F> for Unturned<'_, F> {
    fn observe(&mut self, frame: Frame<F>) -> ControlFlow<()> {
        let states = self.memory.unturned(frame.states);
        self.observer.observe(Frame { states: states.view(), ..frame })
    }

    fn watches(&self) -> bool {
        self.observer.watches()
    }
}

impl<F: Real> Diffusion<F> {
    /// This memory under a noise-injection dynamics with a potential, in raw units. It takes the place of the process
    /// of the sampling. With a quadratic potential everything is exact (see [`Correlated`]); with any other the kernel
    /// is linearised about each pattern (see [`Linearised`]).
    ///
    /// A cue with a given level is z = y + noise, with the noise of the potential at that level; for a potential that is
    /// not quadratic it is a state of the process. A cue without one is a state x of the process at an unknown time.
    ///
    /// ```
    /// use attractor::diffusion::Sampling;
    /// use attractor::memories::{Diffusion, Level, Memory, Request};
    /// use attractor::potentials::{Amplitude, Form, Noising, Quadratic};
    /// use attractor::Patterns;
    /// use ndarray::array;
    /// let patterns = Patterns::new(array![[1.0_f64, 1.0], [1.0, -1.0]])?;
    /// let quadratic = Quadratic::new(vec![0.0; 2], array![[1.0, -0.8], [-0.8, 1.0]].view())?;
    /// let noising = Noising { form: Form::Quadratic(quadratic), amplitude: Amplitude::constant(1.0)? };
    /// let memory = Diffusion::on(patterns.into(), Sampling::default())?.with_noising(noising)?;
    /// let cues = array![[0.7, -0.4]];
    /// let recall = memory.recall(&Request { level: Level::Sigma(0.5), ..Request::new(cues.view()) })?;
    /// assert_eq!(recall.rows[0].memory, Some(1));
    /// # Ok::<(), attractor::Error>(())
    /// ```
    ///
    /// # Errors
    /// A potential of another width than the memory; functions of a potential that do not fit together; a sphere, or
    /// for a potential that is not quadratic any shape.
    pub fn with_noising(mut self, noising: Noising) -> Result<Self> {
        self.under = Some(Box::new(Under::new(&self.memory, noising)?));
        Ok(self)
    }

    /// The noise-injection dynamics, if it has a potential.
    pub fn noising(&self) -> Option<&Noising> {
        self.under.as_ref().map(|under| &under.noising)
    }

    /// The error for known units.
    pub(super) fn no_known_units(&self) -> Error {
        Error::Undefined {
            model: "a memory under a potential",
            what: "recall with known units",
            reason: message![
                "its noise moves units together, so that none is known at a level; recall without ",
                Argument::Known,
                ", or by another process (",
                Argument::option("process"),
                ")"
            ],
        }
    }
}
