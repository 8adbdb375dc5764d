//! The traits of a memory: what each model supplies, and what all memories share.

use ndarray::{Array2, ArrayView2};

use super::path::{RecallPath, Way};
use super::prior::samples_of_one_landscape;
use super::{Abilities, HardLocations, Learned, Level, Recall, Request, Weights, kept_cue, levels, rest};
use crate::diffusion::Sampling;
use crate::dynamics::ReadOut;
use crate::energies::{Denoise, Energy, Gradient, Nearest};
use crate::error::{Error, Result, check_rows, check_width};
use crate::kernels::Posterior;
use crate::message;
use crate::message::{Argument, Message};
use crate::observe::{NoObserver, Observer};
use crate::patterns::{Patterns, Preparation, check_states};
use crate::real::Real;

/// What each model supplies. Every type with this trait also has [`Memory`].
///
/// A model says how its states move. The rest of a recall (checks, clamp, calibration, report) is the same for all
/// memories, so no model can leave out a part of it.
///
/// ```
/// use attractor::dynamics::Descent;
/// use attractor::energies::{Energy, LogSumExp};
/// use attractor::memories::{Abilities, MemoryModel, Memory, RecallPath, Request};
/// use attractor::{Patterns, Result};
/// use ndarray::array;
///
/// struct Own(LogSumExp<f64>);
///
/// impl MemoryModel<f64> for Own {
///     fn name(&self) -> &'static str {
///         "own"
///     }
///     fn dim(&self) -> usize {
///         self.0.dim()
///     }
///     fn abilities(&self) -> Abilities<'_, f64> {
///         Abilities::of_patterns(self.0.patterns()).descending(&self.0)
///     }
///     fn path(&self, _request: &Request<f64>) -> Result<RecallPath<'_, f64>> {
///         let dynamics = Descent { energy: &self.0 };
///         Ok(RecallPath::to_rest(Box::new(dynamics), 1e-9, None))
///     }
/// }
///
/// let patterns = Patterns::new(array![[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]])?;
/// let memory = Own(LogSumExp::new(patterns, 4.0, false)?);
/// let recall = memory.recall(&Request::new(array![[0.9, 0.4, -0.6, -1.0]].view()))?;
/// assert_eq!(recall.rows[0].memory, Some(0));
/// assert!(recall.rows[0].energy.is_some());
/// # Ok::<(), attractor::Error>(())
/// ```
pub trait MemoryModel<F: Real>: Send + Sync {
    /// The model's name, as in [`MODELS`](super::MODELS).
    fn name(&self) -> &'static str;

    /// The number of units in a state, D.
    fn dim(&self) -> usize;

    /// What the memory can do besides recall.
    fn abilities(&self) -> Abilities<'_, F>;

    /// How states move in this recall.
    ///
    /// # Errors
    /// A request that the model refuses.
    fn path(&self, request: &Request<F>) -> Result<RecallPath<'_, F>>;

    /// This memory with cues that stay on: [`Request::keep_cue`] says what they do. Row k of `cues` (prepared) belongs to row k of every batch that the result
    /// is asked about. `masked` says that only some units of the cues are known, and the others 0.
    ///
    /// The default refuses. A memory that recalls through noise levels need not have it, since a cue that stays on is part of its denoiser.
    ///
    /// # Errors
    /// A memory without a prior that cues could change; the error gives the reason.
    fn under_cues(&self, cues: Array2<F>, masked: bool, gain: f64) -> Result<Box<dyn Memory<F> + '_>> {
        let _ = (cues, masked, gain);
        Err(kept_cue::refused(self.name(), kept_cue::NO_PRIOR))
    }

    /// Reads the memory at the (prepared) states where a recall ended. It gives the values, and a posterior with the
    /// `top` most probable memories if it differs from that of the [abilities](Abilities::posterior). It is not
    /// called if the dynamics keeps its [last read](crate::dynamics::Run::last_read).
    ///
    /// # Errors
    /// The errors of the read.
    fn read_out(&self, states: ArrayView2<F>, top: usize) -> Result<ReadOut<F>> {
        let _ = (states, top);
        Ok(ReadOut::default())
    }

    /// Raw samples of the prior, and the level to recall them at. Free recall starts from them. Row i depends only on
    /// the seed and row id i.
    ///
    /// The default is random signs if states are ±1 or the memory has no patterns, and otherwise Gaussian noise with
    /// the patterns' mean and spread.
    ///
    /// # Errors
    /// A memory without a prior.
    fn prior_samples(&self, rows: &[u64], seed: u64) -> Result<(Array2<F>, Level)> {
        Ok((samples_of_one_landscape(&self.abilities(), self.dim(), rows, seed), Level::Estimate))
    }
}

/// An associative memory. Every [`MemoryModel`] is one.
///
/// `dyn Memory` also has a method for each of the [abilities](MemoryModel::abilities): `memory.denoiser()`,
/// `memory.spread()` and so on.
pub trait Memory<F: Real>: MemoryModel<F> {
    #[doc(hidden)]
    fn model(&self) -> &dyn MemoryModel<F>;

    /// The preparation, which turns raw cues into states and back.
    fn preparation(&self) -> &Preparation {
        self.abilities().preparation()
    }

    /// The stored patterns. A memory that was given as couplings or as a network has none.
    fn patterns(&self) -> Option<&Patterns<F>> {
        self.abilities().patterns
    }

    /// The energy landscape over prepared states.
    ///
    /// # Errors
    /// A memory whose recall does not lower an energy; the error gives the reason.
    fn landscape(&self) -> Result<&dyn Energy<F>> {
        landscape(self.model())
    }

    /// Recalls a batch of cues.
    ///
    /// # Errors
    /// Cues of the wrong shape or not finite, options outside their range.
    fn recall(&self, request: &Request<F>) -> Result<Recall<F>> {
        self.recall_observed(request, &mut NoObserver)
    }

    /// Recalls a batch of cues, and shows each step to the observer.
    ///
    /// # Errors
    /// Cues of the wrong shape or not finite, options outside their range, the observer's stop.
    fn recall_observed(&self, request: &Request<F>, observer: &mut dyn Observer<F>) -> Result<Recall<F>> {
        recall(self.model(), request, observer)
    }

    /// The energies of raw states. A memory with one landscape for each level needs the noise levels `sigmas`, and
    /// its energies are in the units of the raw states. For other memories they are the energies of the prepared
    /// states.
    ///
    /// # Errors
    /// States of the wrong shape or not finite; a missing level; a memory without an energy.
    fn energies(&self, states: ArrayView2<F>, sigmas: Option<&[f64]>) -> Result<Vec<f64>> {
        let model = self.model();
        let landscape = landscape(model)?;
        let place = PreparedStates::new(model, states, sigmas)?;
        let energies = landscape.energy(place.states.view(), &place.levels)?;
        Ok(energies.iter().map(|e| e / place.area).collect())
    }

    /// The gradients of [`energies`](Self::energies), B × D.
    ///
    /// # Errors
    /// Those of [`energies`](Self::energies); a landscape without a gradient, or over thresholded states.
    fn gradients(&self, states: ArrayView2<F>, sigmas: Option<&[f64]>) -> Result<Array2<F>> {
        let model = self.model();
        let refuse =
            |reason: &str| Error::Undefined { model: model.name(), what: "gradient", reason: reason.into() };
        landscape(model)?;
        let abilities = model.abilities();
        let gradient = abilities
            .gradient
            .ok_or_else(|| refuse("the gradient of its energy is not known; take differences of energies"))?;
        if matches!(abilities.preparation(), Preparation::Spins { .. }) {
            return Err(refuse(
                "raw states are thresholded, so its energy has steps; give patterns of ±1 as they are",
            ));
        }
        let place = PreparedStates::new(model, states, sigmas)?;
        let factor = abilities.preparation().scale() / place.area;
        let mut slopes = gradient.gradient(place.states.view(), &place.levels)?;
        if let Some(scales) = abilities.preparation().unit_scales() {
            for mut row in slopes.outer_iter_mut() {
                row.iter_mut().zip(scales).for_each(|(g, a)| *g = F::from_f64(g.to_f64() * a));
            }
            return Ok(slopes);
        }
        Ok(slopes.mapv_into(|g| F::from_f64(g.to_f64() * factor)))
    }
}

impl<F: Real, M: MemoryModel<F>> Memory<F> for M {
    fn model(&self) -> &dyn MemoryModel<F> {
        self
    }
}

/// The other abilities, one method for each.
impl<F: Real> dyn Memory<F> + '_ {
    /// The number of memories that reports tell apart. `None` for a memory that was given as couplings or as a
    /// network.
    pub fn memories(&self) -> Option<usize> {
        self.abilities().memories()
    }

    /// The prior weights of the memories, which sum to 1.
    pub fn weights(&self) -> Option<Vec<f64>> {
        self.abilities().mixture.map(|mixture| mixture.weights())
    }

    /// The label of one memory.
    pub fn label(&self, memory: usize) -> Option<&str> {
        self.abilities().label(memory)
    }

    /// The gradient of the landscape over prepared states, if it has one.
    pub fn gradient(&self) -> Option<&dyn Gradient<F>> {
        self.abilities().gradient
    }

    /// The denoiser over prepared states, if the memory recalls through noise levels.
    pub fn denoiser(&self) -> Option<&dyn Denoise<F>> {
        self.abilities().denoiser
    }

    /// The sampling, if the memory recalls through noise levels.
    pub fn sampling(&self) -> Option<&Sampling> {
        self.abilities().sampling
    }

    /// The scale of one prepared unit: see [`Patterns::spread`](crate::kernels::Stored::spread).
    pub fn spread(&self) -> Option<f64> {
        self.abilities().spread
    }

    /// The inverse temperature β, if the memory has one.
    pub fn inverse_temperature(&self) -> Option<f64> {
        self.abilities().inverse_temperature
    }

    /// Valid but surprising properties of this memory, one sentence each, to show to the user. The
    /// warnings come first.
    pub fn notes(&self) -> Vec<Message> {
        let notes = self.abilities().describe.map_or_else(Vec::new, |describe| describe.notes());
        self.warnings().into_iter().chain(notes).collect()
    }

    /// Why many stored patterns are not recalled, one sentence each.
    pub fn warnings(&self) -> Vec<Message> {
        self.abilities().describe.map_or_else(Vec::new, |describe| describe.warnings())
    }

    /// What the memory has learned besides its patterns, which a file should keep.
    pub fn learned(&self) -> Option<Learned> {
        self.abilities().keep?.learned()
    }

    /// Its hard locations with their counters, over prepared states, if it has some.
    pub fn locations(&self) -> Option<&dyn HardLocations<F>> {
        self.abilities().locations
    }

    /// The posterior over memories of prepared states, with the `top` most probable memories: see
    /// [`Posteriors::posterior`](super::Posteriors::posterior). `None` for a memory that has none.
    ///
    /// # Errors
    /// States or levels of the wrong shape or not finite.
    pub fn posterior(
        &self,
        states: ArrayView2<F>,
        levels: &[f64],
        top: usize,
    ) -> Result<Option<Vec<Posterior>>> {
        match self.abilities().posterior {
            Some(posterior) => posterior.posterior(states, levels, top),
            None => Ok(None),
        }
    }

    /// The memory nearest to each prepared state, or `None` for a memory without patterns.
    ///
    /// # Errors
    /// States of the wrong width or not finite.
    pub fn nearest(&self, states: ArrayView2<F>) -> Result<Option<Vec<Nearest>>> {
        check_width("states", states.ncols(), self.dim())?;
        check_states("states", states, "give finite states")?;
        self.abilities().nearest(states, None)
    }
}

/// The recall of any memory: runs the model's path, then applies the calibration.
fn recall<F: Real>(
    model: &dyn MemoryModel<F>,
    request: &Request<F>,
    observer: &mut dyn Observer<F>,
) -> Result<Recall<F>> {
    let patterns = model.abilities().patterns;
    let judge = request.calibration.zip(patterns);
    match &judge {
        Some(_) if is_under_potential(model) => {
            return Err(Error::Undefined {
                model: "a memory under a potential",
                what: "match score",
                reason: "the score is that of cues with white noise, and its own noise is another".into(),
            });
        }
        Some((calibration, _)) => calibration.check(request)?,
        None if request.reject.is_some() => {
            let expected = "a calibration with it, and a memory that has patterns";
            return Err(Error::parameter("reject", expected, "one of them missing"));
        }
        None => {}
    }
    let mut recall = match (model.path(request)?.way, request.kept()?) {
        (Way::ToRest(path), None) => rest::to_rest(model, path, request, observer)?,
        (Way::ToRest(_), Some(gain)) => {
            let kept = kept_cue::under_cues(model, request, gain)?;
            match kept.path(request)?.way {
                Way::ToRest(path) => rest::to_rest(kept.model(), path, request, observer)?,
                Way::ThroughLevels(_) => return Err(kept_cue::refused(model.name(), kept_cue::NO_PRIOR)),
            }
        }
        (Way::ThroughLevels(path), _) => levels::through_levels(model, path, request, observer)?,
    };
    patterns.map_or(Ok(()), |patterns| patterns.check_source())?;
    if let Some((calibration, patterns)) = judge {
        calibration.judge(patterns, request, &mut recall)?;
    }
    Ok(recall)
}

/// Whether the noise of a memory is that of a potential.
fn is_under_potential<F: Real>(model: &dyn MemoryModel<F>) -> bool {
    let kept = model.abilities().keep.and_then(|keep| keep.learned());
    kept.is_some_and(|kept| matches!(kept.weights, Weights::Noising(_)))
}

/// The landscape of a memory, or the error that says why it has none.
fn landscape<F: Real>(model: &dyn MemoryModel<F>) -> Result<&dyn Energy<F>> {
    model.abilities().landscape.map_err(|reason| Error::Undefined {
        model: model.name(),
        what: "energy",
        reason: reason.message(),
    })
}

/// Raw states in the form that a landscape takes.
struct PreparedStates<F> {
    /// The states, prepared.
    states: Array2<F>,
    /// Their noise levels, prepared.
    levels: Vec<f64>,
    /// The factor between the landscape's energies and those in the units of the raw states. It is 1 for memories
    /// with one landscape, whose energies are not converted.
    area: f64,
}

impl<F: Real> PreparedStates<F> {
    fn new(model: &dyn MemoryModel<F>, states: ArrayView2<F>, sigmas: Option<&[f64]>) -> Result<Self> {
        check_width("states", states.ncols(), model.dim())?;
        check_states("states", states, "give finite states")?;
        let abilities = model.abilities();
        let preparation = abilities.preparation();
        let states = preparation.forward(states.to_owned());
        if abilities.denoiser.is_none() {
            if sigmas.is_some_and(|sigmas| !sigmas.is_empty()) {
                return Err(Error::Undefined {
                    model: model.name(),
                    what: "noise levels",
                    reason: message![
                        "it has one landscape; leave the level (",
                        Argument::StateLevels,
                        ") away"
                    ],
                });
            }
            let levels = vec![0.0; states.nrows()];
            return Ok(PreparedStates { states, levels, area: 1.0 });
        }
        let Some(sigmas) = sigmas else {
            return Err(Error::Undefined {
                model: model.name(),
                what: "single energy",
                reason: message![
                    "it has one landscape for each noise level; give the level (",
                    Argument::StateLevels,
                    ")"
                ],
            });
        };
        check_rows("noise levels", sigmas.len(), states.nrows())?;
        let scale = preparation.scale();
        Ok(PreparedStates { states, levels: sigmas.iter().map(|s| s * scale).collect(), area: scale * scale })
    }
}
