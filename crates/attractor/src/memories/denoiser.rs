//! A memory given by its denoiser alone: a trained network, or a function that the caller supplies.

use std::fmt;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2};

use super::levels::{LevelModel, most_likely};
use super::prior::Prior;
use super::{
    Abilities, Card, Family, Keep, Learned, Level, Memory, MemoryModel, RecallPath, Request, Weights,
};
use crate::diffusion::{PARAMETERS, Sampling};
use crate::energies::Denoise;
use crate::error::{Error, Result, check_width};
use crate::message;
use crate::message::Argument;
use crate::networks::Network;
use crate::patterns::{Patterns, Preparation};
use crate::real::Real;

/// The entry of this model. It cannot be built from patterns, so it is not in the list of models.
const CARD: Card = Card {
    name: "denoiser",
    title: "Diffusion with any denoiser",
    equation: "dz/ds = (z - D(z;s))/s down to s = 0",
    parameters: PARAMETERS,
    cost: "one or two evaluations of the denoiser a step",
    source: "Ambrogioni (2023), Eq. 12-14; Karras et al. (2022)",
    levels: true,
    family: Family::Diffusion,
    ..Card::PLAIN
};

/// Recall, free recall and traces with any denoiser D(z;σ), the estimate of y in the noisy state z = y + σε.
///
/// The denoiser need not be exact, and the stored patterns need not be known. Energy, posterior, ln p in closed form
/// and the estimated level of a cue need stored patterns, so this memory does not have them. Known units are held at
/// their values (with an SDE: noised to the current level). How much they say about the other units depends on the
/// denoiser.
///
/// ```
/// use attractor::energies::Denoise;
/// use attractor::diffusion::Sampling;
/// use attractor::memories::{Denoiser, Level, Memory, Request};
/// use ndarray::{Array2, ArrayView2, array};
///
/// /// Two memories, at +1 and −1: D(z;σ) = tanh(z/σ²).
/// struct Pair;
/// impl Denoise<f64> for Pair {
///     fn dim(&self) -> usize {
///         1
///     }
///     fn denoise(&self, states: ArrayView2<f64>, sigmas: &[f64]) -> attractor::Result<Array2<f64>> {
///         Ok(Array2::from_shape_fn(states.dim(), |(i, j)| (states[[i, j]] / sigmas[i].powi(2)).tanh()))
///     }
/// }
/// let memory = Denoiser::new(Box::new(Pair), Sampling::default())?;
/// let cues = array![[0.3], [-0.1]];
/// let request = Request { level: Level::Sigma(0.8), ..Request::new(cues.view()) };
/// let recall = memory.recall(&request)?;
/// assert!((recall.states - array![[1.0], [-1.0]]).iter().all(|d| d.abs() < 1e-6));
/// # Ok::<(), attractor::Error>(())
/// ```
pub struct Denoiser<'a, F> {
    denoiser: Box<dyn Denoise<F> + 'a>,
    sampling: Sampling,
    patterns: Option<Patterns<F>>,
    mean: Vec<f64>,
    spread: f64,
    card: &'static Card,
    network: Option<Arc<Network<f32>>>,
}

impl<F> fmt::Debug for Denoiser<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Denoiser").field("sampling", &self.sampling).finish_non_exhaustive()
    }
}

impl<'a, F: Real> Denoiser<'a, F> {
    /// A memory with mean 0 and spread 1.
    ///
    /// # Errors
    /// A denoiser without units; a sampling outside its range.
    pub fn new(denoiser: Box<dyn Denoise<F> + 'a>, sampling: Sampling) -> Result<Self> {
        Self::of_card(&CARD, denoiser, sampling)
    }

    /// A memory with another entry, and so another name.
    pub(super) fn of_card(
        card: &'static Card,
        denoiser: Box<dyn Denoise<F> + 'a>,
        sampling: Sampling,
    ) -> Result<Self> {
        sampling.check()?;
        let dim = denoiser.dim();
        if dim == 0 {
            let cure = "give the units of a state";
            return Err(Error::Empty { what: "units of the denoiser".into(), cure: cure.into() });
        }
        Ok(Denoiser {
            denoiser,
            sampling,
            patterns: None,
            mean: vec![0.0; dim],
            spread: 1.0,
            card,
            network: None,
        })
    }

    /// Sets the root mean square deviation of a unit from its mean, > 0, which is the scale of the noise levels.
    /// Default 1.
    ///
    /// # Errors
    /// A value that is not positive and finite.
    pub fn with_spread(mut self, spread: f64) -> Result<Self> {
        if !(spread.is_finite() && spread > 0.0) {
            return Err(Error::parameter("spread", "a finite number > 0", spread));
        }
        self.spread = spread;
        Ok(self)
    }

    /// Sets the patterns that reports compare recalled states with, such as the training patterns. The mean and the
    /// spread become those of the patterns.
    ///
    /// # Errors
    /// Patterns of another width, or patterns that are prepared.
    pub fn with_patterns(self, patterns: Patterns<F>) -> Result<Self> {
        check_width("patterns", patterns.dim(), self.mean.len())?;
        if *patterns.preparation() != Preparation::Identity {
            let expected = "patterns as the denoiser knows them";
            return Err(Error::parameter("patterns", expected, patterns.preparation().describe()));
        }
        Ok(self.comparing(patterns))
    }

    fn comparing(mut self, patterns: Patterns<F>) -> Self {
        (self.mean, self.spread) = (patterns.mean(), patterns.spread());
        self.patterns = Some(patterns);
        self
    }

    /// Uses this network as the denoiser; it was trained on these patterns, as they are prepared.
    pub(super) fn learned_of(self, network: Arc<Network<f32>>, patterns: Patterns<F>) -> Result<Self> {
        if matches!(patterns.preparation(), Preparation::Spins { .. }) {
            return Err(Error::parameter(
                "patterns",
                "patterns that are not thresholded",
                "thresholded ones",
            ));
        }
        Ok(Denoiser { network: Some(network), ..self.comparing(patterns) })
    }
}

impl<F: Real> MemoryModel<F> for Denoiser<'_, F> {
    fn name(&self) -> &'static str {
        self.card.name
    }

    fn dim(&self) -> usize {
        self.mean.len()
    }

    fn abilities(&self) -> Abilities<'_, F> {
        Abilities {
            patterns: self.patterns.as_ref(),
            landscape: Err(
                "only the gradient of its energy is known, from its score; diffusion on stored patterns has both".into(),
            ),
            denoiser: Some(self.denoiser.as_ref()),
            sampling: Some(&self.sampling),
            spread: Some(self.spread),
            keep: Some(self),
            ..Abilities::without_patterns()
        }
    }

    fn path(&self, _request: &Request<F>) -> Result<RecallPath<'_, F>> {
        Ok(RecallPath::through_levels(self))
    }

    fn prior_samples(&self, rows: &[u64], seed: u64) -> Result<(Array2<F>, Level)> {
        Ok(self.prior().samples(rows, seed, self.sampling.first()))
    }
}

impl<F: Real> LevelModel<F> for Denoiser<'_, F> {
    fn denoiser(&self) -> &dyn Denoise<F> {
        self.denoiser.as_ref()
    }

    fn sampling(&self) -> &Sampling {
        &self.sampling
    }

    fn prior(&self) -> Prior<'_> {
        let highest = self.network.as_ref().map_or(f64::INFINITY, |n| n.levels()[1] * n.spread());
        Prior { mean: &self.mean, spread: self.spread, preparation: self.preparation(), highest }
    }

    fn estimate(&self, cues: Array2<F>) -> Result<(Array2<F>, Vec<f64>)> {
        // A network's level estimate comes from the patterns that it was trained on.
        match self.patterns.as_ref().filter(|_| self.network.is_some()) {
            Some(patterns) => most_likely(&patterns.clone().into(), &self.sampling.process, cues),
            None => Err(Error::Undefined {
                model: self.card.name,
                what: "way to tell how noisy a cue is",
                reason: message!["give the level (", Argument::CueLevel, ")"],
            }),
        }
    }
}

impl<F: Real> Keep for Denoiser<'_, F> {
    fn learned(&self) -> Option<Learned> {
        let network = self.network.clone()?;
        Some(Learned { patterns: self.patterns.as_ref()?.len(), weights: Weights::Network(network) })
    }
}

/// A denoiser made of a function (z, σ) ↦ D(z;σ) of a batch.
pub struct Function<D> {
    dim: usize,
    denoise: D,
}

impl<D> fmt::Debug for Function<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function").field("dim", &self.dim).finish_non_exhaustive()
    }
}

impl<D> Function<D> {
    /// A denoiser for states of `dim` units. The function's result must have the shape of the states and be finite;
    /// otherwise recall returns an error that says so.
    pub fn new(dim: usize, denoise: D) -> Self {
        Function { dim, denoise }
    }
}

impl<F: Real, D> Denoise<F> for Function<D>
where
    D: Fn(ArrayView2<F>, &[f64]) -> Result<Array2<F>> + Send + Sync,
{
    fn dim(&self) -> usize {
        self.dim
    }

    fn denoise(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Array2<F>> {
        let means = (self.denoise)(states, sigmas)?;
        if means.dim() != states.dim() {
            let size = |(rows, units): (usize, usize)| format!("{rows} x {units}");
            let cure = "return one state for each that it is given";
            return Err(Error::shape("denoiser", size(states.dim()), size(means.dim()), cure));
        }
        crate::patterns::check_states(
            "denoiser",
            means.view(),
            "return finite numbers at every noise level",
        )?;
        Ok(means)
    }
}
