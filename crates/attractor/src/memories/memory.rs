//! What a memory is: what a model says of itself, and what all memories then do in the same way.

use ndarray::{Array2, ArrayView2};

use super::path::{RecallPath, Way};
use super::prior::samples_of_one_landscape;
use super::{Abilities, Learned, Level, Recall, Request, levels, rest};
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

/// What a model says of itself. With it comes everything that [`Memory`] has.
///
/// It says how states move, not how a recall is made: that is the same for all memories, so none can leave out a
/// part of it (the checks, the clamp, the calibration, the report).
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

    /// Units a state, D.
    fn dim(&self) -> usize;

    /// What it can do besides recall.
    fn abilities(&self) -> Abilities<'_, F>;

    /// How its states move in this recall.
    ///
    /// # Errors
    /// A request that the model refuses.
    fn path(&self, request: &Request<F>) -> Result<RecallPath<'_, F>>;

    /// What it reads at the (prepared) states where a recall ended: values, and a posterior with the best `top`
    /// memories if it is another than that of its [abilities](Abilities::posterior). Not asked where the dynamics
    /// keeps its [last read](crate::dynamics::Run::last_read).
    ///
    /// # Errors
    /// Whatever the read refuses.
    fn read_out(&self, states: ArrayView2<F>, top: usize) -> Result<ReadOut<F>> {
        let _ = (states, top);
        Ok(ReadOut::default())
    }

    /// Raw cues drawn from what is known before any cue, and the level to recall them at: free recall starts from
    /// them. Row i depends on the seed and row id i alone.
    ///
    /// If a memory says nothing of its own: random signs where states are ±1 or no patterns are known, else
    /// Gaussian noise with the patterns' mean and spread.
    ///
    /// # Errors
    /// A memory that has no prior.
    fn prior_samples(&self, rows: &[u64], seed: u64) -> Result<(Array2<F>, Level)> {
        Ok((samples_of_one_landscape(&self.abilities(), self.dim(), rows, seed), Level::Estimate))
    }
}

/// An associative memory. Every [`MemoryModel`] is one.
///
/// On `dyn Memory` its other [abilities](MemoryModel::abilities) can be looked up one by one: `memory.denoiser()`,
/// `memory.spread()` and so on.
pub trait Memory<F: Real>: MemoryModel<F> {
    #[doc(hidden)]
    fn model(&self) -> &dyn MemoryModel<F>;

    /// How raw cues become states and back.
    fn preparation(&self) -> &Preparation {
        self.abilities().preparation()
    }

    /// The stored patterns; a memory given as couplings or a network has none.
    fn patterns(&self) -> Option<&Patterns<F>> {
        self.abilities().patterns
    }

    /// Its landscape, over prepared states.
    ///
    /// # Errors
    /// A memory whose recall lowers no energy, with the reason.
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

    /// Recalls, showing each step to the observer.
    ///
    /// # Errors
    /// Cues of the wrong shape or not finite, options outside their range, the observer's stop.
    fn recall_observed(&self, request: &Request<F>, observer: &mut dyn Observer<F>) -> Result<Recall<F>> {
        recall(self.model(), request, observer)
    }

    /// The energy of raw states; `sigmas` are their noise levels, for memories with one landscape a level. It is in
    /// the raw states' own units for those, and of the prepared states for the others.
    ///
    /// # Errors
    /// States of the wrong shape or not finite; no level where one is needed; a memory without an energy.
    fn energies(&self, states: ArrayView2<F>, sigmas: Option<&[f64]>) -> Result<Vec<f64>> {
        let model = self.model();
        let landscape = landscape(model)?;
        let place = Place::new(model, states, sigmas)?;
        let energies = landscape.energy(place.states.view(), &place.levels)?;
        Ok(energies.iter().map(|e| e / place.area).collect())
    }

    /// The slope of [`energies`](Self::energies), B × D.
    ///
    /// # Errors
    /// As [`energies`](Self::energies); a landscape without a slope, or over thresholded states.
    fn gradients(&self, states: ArrayView2<F>, sigmas: Option<&[f64]>) -> Result<Array2<F>> {
        let model = self.model();
        let refuse =
            |reason: &str| Error::Undefined { model: model.name(), what: "gradient", reason: reason.into() };
        landscape(model)?;
        let abilities = model.abilities();
        let gradient = abilities
            .gradient
            .ok_or_else(|| refuse("no slope of its energy is known; differences of energies are one"))?;
        if matches!(abilities.preparation(), Preparation::Spins { .. }) {
            return Err(refuse(
                "raw states are thresholded, so its energy has steps; give patterns of ±1 as they are",
            ));
        }
        let place = Place::new(model, states, sigmas)?;
        let factor = abilities.preparation().scale() / place.area;
        let slopes = gradient.gradient(place.states.view(), &place.levels)?;
        Ok(slopes.mapv_into(|g| F::from_f64(g.to_f64() * factor)))
    }
}

impl<F: Real, M: MemoryModel<F>> Memory<F> for M {
    fn model(&self) -> &dyn MemoryModel<F> {
        self
    }
}

/// The other abilities, one by one.
impl<F: Real> dyn Memory<F> + '_ {
    /// How many memories its reports tell apart; a memory given as couplings or a network cannot tell.
    pub fn memories(&self) -> Option<usize> {
        self.abilities().memories()
    }

    /// Prior weights of its memories, which sum to 1.
    pub fn weights(&self) -> Option<Vec<f64>> {
        self.abilities().mixture.map(|mixture| mixture.weights())
    }

    /// What one of its memories is called.
    pub fn label(&self, memory: usize) -> Option<&str> {
        self.abilities().label(memory)
    }

    /// The slope of its landscape, over prepared states, where that has one.
    pub fn gradient(&self) -> Option<&dyn Gradient<F>> {
        self.abilities().gradient
    }

    /// Its denoiser, over prepared states, if it recalls through noise levels.
    pub fn denoiser(&self) -> Option<&dyn Denoise<F>> {
        self.abilities().denoiser
    }

    /// How a state is taken down the noise levels, if it recalls through them.
    pub fn sampling(&self) -> Option<&Sampling> {
        self.abilities().sampling
    }

    /// The scale of a prepared unit: see [`Patterns::spread`].
    pub fn spread(&self) -> Option<f64> {
        self.abilities().spread
    }

    /// Its inverse temperature β, if it has one.
    pub fn inverse_temperature(&self) -> Option<f64> {
        self.abilities().inverse_temperature
    }

    /// Legal but surprising properties, one sentence each, for a user to be told.
    pub fn notes(&self) -> Vec<Message> {
        self.abilities().describe.map_or_else(Vec::new, |describe| describe.notes())
    }

    /// What it has learned besides holding its patterns, for a file to keep.
    pub fn learned(&self) -> Option<Learned> {
        self.abilities().keep?.learned()
    }

    /// The posterior over memories of prepared states, with the best `top`: see
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

    /// The memory nearest to each prepared state; `None` for a memory without patterns.
    ///
    /// # Errors
    /// States of the wrong width or not finite.
    pub fn nearest(&self, states: ArrayView2<F>) -> Result<Option<Vec<Nearest>>> {
        check_width("states", states.ncols(), self.dim())?;
        check_states("states", states, "give finite states")?;
        self.abilities().nearest(states)
    }
}

/// A recall of any memory: along its path, then judged by the calibration.
fn recall<F: Real>(
    model: &dyn MemoryModel<F>,
    request: &Request<F>,
    observer: &mut dyn Observer<F>,
) -> Result<Recall<F>> {
    let patterns = model.abilities().patterns;
    let judge = request.calibration.zip(patterns);
    match &judge {
        Some((calibration, _)) => calibration.check(request)?,
        None if request.reject.is_some() => {
            let expected = "a calibration with it, and a memory that has patterns";
            return Err(Error::parameter("reject", expected, "one of them missing"));
        }
        None => {}
    }
    let mut recall = match model.path(request)?.way {
        Way::ToRest(path) => rest::to_rest(model, path, request, observer)?,
        Way::ThroughLevels(path) => levels::through_levels(model, path, request, observer)?,
    };
    patterns.map_or(Ok(()), |patterns| patterns.check_source())?;
    if let Some((calibration, patterns)) = judge {
        calibration.judge(patterns, request, &mut recall)?;
    }
    Ok(recall)
}

/// The landscape of a memory, or the error that says why there is none.
fn landscape<F: Real>(model: &dyn MemoryModel<F>) -> Result<&dyn Energy<F>> {
    model.abilities().landscape.map_err(|reason| Error::Undefined {
        model: model.name(),
        what: "energy",
        reason: reason.message(),
    })
}

/// Raw states where a landscape has them.
struct Place<F> {
    /// Prepared.
    states: Array2<F>,
    /// Their levels, prepared.
    levels: Vec<f64>,
    /// By how much its energies are larger than in the states' own units: 1 for memories with one landscape, whose
    /// energies stay as they are.
    area: f64,
}

impl<F: Real> Place<F> {
    fn new(model: &dyn MemoryModel<F>, states: ArrayView2<F>, sigmas: Option<&[f64]>) -> Result<Self> {
        check_width("states", states.ncols(), model.dim())?;
        check_states("states", states, "give finite states")?;
        let abilities = model.abilities();
        let preparation = abilities.preparation();
        let states = preparation.forward(states.to_owned());
        if abilities.denoiser.is_none() {
            let levels = vec![0.0; states.nrows()];
            return Ok(Place { states, levels, area: 1.0 });
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
        Ok(Place { states, levels: sigmas.iter().map(|s| s * scale).collect(), area: scale * scale })
    }
}
