//! What a memory can do besides recall, as one value.

use ndarray::{Array2, ArrayView2};

use super::{Learned, Succession};
use crate::diffusion::Sampling;
use crate::energies::{
    Denoise, Energy, Gradient, Mixture, Nearest, RandomFeatures, nearest_patterns, nearest_signs,
};
use crate::error::Result;
use crate::kernels::{Packed, Posterior};
use crate::message::Message;
use crate::patterns::{Patterns, Preparation};
use crate::real::Real;

/// What a memory can do besides recall. What it cannot do is `None`.
///
/// A memory starts with [`of_patterns`](Self::of_patterns), [`of_mixture`](Self::of_mixture) or
/// [`without_patterns`](Self::without_patterns), and adds its other abilities:
///
/// ```
/// use attractor::energies::LogSumExp;
/// use attractor::memories::Abilities;
/// use attractor::Patterns;
/// use ndarray::array;
/// let energy = LogSumExp::new(Patterns::new(array![[1.0_f64, -1.0]])?, 2.0, false)?;
/// let abilities = Abilities::of_patterns(energy.patterns()).descending(&energy);
/// assert!(abilities.landscape.is_ok() && abilities.gradient.is_some() && abilities.denoiser.is_none());
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Abilities<'a, F: Real> {
    /// The stored patterns. A memory that was given as couplings or as a network has none.
    pub patterns: Option<&'a Patterns<F>>,
    /// The mixture, if its components have weights or are more than points. It gives the nearest component and the
    /// weights.
    pub mixture: Option<&'a Mixture<F>>,
    /// The sums over patterns that a memory of fixed size keeps in place of them.
    pub features: Option<&'a RandomFeatures<F>>,
    /// The preparation of a memory that does not keep its patterns.
    pub kept_preparation: Option<&'a Preparation>,
    /// The energy landscape over prepared states. If recall does not lower an energy, this is the reason instead.
    pub landscape: std::result::Result<&'a dyn Energy<F>, Reason<'a>>,
    /// The gradient of the landscape, over prepared states.
    pub gradient: Option<&'a dyn Gradient<F>>,
    /// The denoiser, over prepared states. A memory with a denoiser recalls through noise levels, and has a different
    /// landscape at each level.
    pub denoiser: Option<&'a dyn Denoise<F>>,
    /// The sampling: how a recall goes down the noise levels.
    pub sampling: Option<&'a Sampling>,
    /// The exact list of the minima of the landscape.
    pub minima: Option<&'a dyn ListMinima<F>>,
    /// The posterior over memories.
    pub posterior: Option<&'a dyn Posteriors<F>>,
    /// The inverse temperature β.
    pub inverse_temperature: Option<f64>,
    /// The scale of one prepared unit: see [`Patterns::spread`](crate::kernels::Stored::spread).
    pub spread: Option<f64>,
    /// Whether states are ±1.
    pub spins: bool,
    /// The signs of the patterns, if all are ±1 and the memory holds them: bits find what is nearest to states of ±1.
    pub signs: Option<&'a Packed>,
    /// Notes about the memory for its user.
    pub describe: Option<&'a dyn Describe>,
    /// What a file should keep besides the patterns.
    pub keep: Option<&'a dyn Keep>,
    /// Hard locations with their counters, over prepared states.
    pub locations: Option<&'a dyn HardLocations<F>>,
    /// Which memory follows which, if recall plays sequences. Reports then compare what it played with this order.
    pub order: Option<&'a Succession>,
}

impl<'a, F: Real> Abilities<'a, F> {
    /// The abilities of a memory without stored patterns.
    pub fn without_patterns() -> Self {
        Abilities {
            patterns: None,
            mixture: None,
            features: None,
            kept_preparation: None,
            landscape: Err("no energy is known that its recall lowers".into()),
            gradient: None,
            denoiser: None,
            sampling: None,
            minima: None,
            posterior: None,
            inverse_temperature: None,
            spread: None,
            spins: false,
            signs: None,
            describe: None,
            keep: None,
            locations: None,
            order: None,
        }
    }

    /// The abilities of a memory of these patterns.
    pub fn of_patterns(patterns: &'a Patterns<F>) -> Self {
        Abilities { patterns: Some(patterns), spread: Some(patterns.spread()), ..Self::without_patterns() }
    }

    /// The abilities of a memory of this mixture.
    pub fn of_mixture(mixture: &'a Mixture<F>) -> Self {
        Abilities {
            patterns: mixture.patterns(),
            mixture: Some(mixture),
            spread: Some(mixture.spread()),
            ..Self::without_patterns()
        }
    }

    /// Adds a landscape that has a gradient.
    pub fn descending(self, landscape: &'a dyn Gradient<F>) -> Self {
        Abilities { landscape: Ok(landscape), gradient: Some(landscape), ..self }
    }

    /// The preparation, which turns raw cues into states and back.
    pub fn preparation(&self) -> &'a Preparation {
        let own = self.patterns.map(|patterns| patterns.preparation()).or(self.kept_preparation);
        own.unwrap_or(&Preparation::Identity)
    }

    /// The number of memories that reports tell apart.
    pub fn memories(&self) -> Option<usize> {
        self.mixture.map(Mixture::memories).or_else(|| self.patterns.map(|patterns| patterns.len()))
    }

    /// The label of one memory.
    pub fn label(&self, memory: usize) -> Option<&'a str> {
        match self.mixture {
            Some(mixture) => mixture.label(memory),
            None => self.patterns?.label(memory),
        }
    }

    /// The memory nearest to each (prepared) state, or `None` without patterns. `known` are the nearest patterns, if they were
    /// found before.
    pub(super) fn nearest(
        &self,
        states: ArrayView2<F>,
        known: Option<Vec<usize>>,
    ) -> Result<Option<Vec<Nearest>>> {
        match (self.mixture, self.patterns) {
            (Some(mixture), _) => match known {
                Some(known) => Ok(Some(mixture.nearest_among(states, known))),
                None => mixture.nearest(states).map(Some),
            },
            (None, Some(patterns)) => {
                let by_bits = match (&known, self.signs) {
                    (None, Some(signs)) => nearest_signs(patterns, signs, states),
                    _ => None,
                };
                Ok(Some(by_bits.unwrap_or_else(|| nearest_patterns(patterns, states, known))))
            }
            (None, None) => Ok(None),
        }
    }
}

/// The reason why a memory has no landscape, as one clause of a sentence.
#[derive(Clone, Copy, Debug)]
pub enum Reason<'a> {
    /// A fixed text.
    Text(&'static str),
    /// A message that depends on how the memory was built.
    Message(&'a Message),
}

impl Reason<'_> {
    /// The clause as a message.
    pub fn message(self) -> Message {
        match self {
            Reason::Text(text) => text.into(),
            Reason::Message(message) => message.clone(),
        }
    }
}

impl From<&'static str> for Reason<'_> {
    fn from(text: &'static str) -> Self {
        Reason::Text(text)
    }
}

impl<'a> From<&'a Message> for Reason<'a> {
    fn from(message: &'a Message) -> Self {
        Reason::Message(message)
    }
}

/// Gives the posterior over memories.
pub trait Posteriors<F: Real>: Send + Sync {
    /// The posterior of each prepared state, with the `top` most probable memories. It is taken at the (prepared)
    /// noise level of the state, or at the memory's own temperature. `None` if the memory's weights are not
    /// probabilities.
    ///
    /// # Errors
    /// States or levels of the wrong shape or not finite.
    fn posterior(&self, states: ArrayView2<F>, levels: &[f64], top: usize) -> Result<Option<Vec<Posterior>>>;

    /// The same, with `None` for a state that has no posterior, such as one that no pattern has a weight for. The default has one for every state.
    ///
    /// # Errors
    /// Those of [`posterior`](Self::posterior), but not that one state has none.
    fn posterior_if_any(
        &self,
        states: ArrayView2<F>,
        levels: &[f64],
        top: usize,
    ) -> Result<Option<Vec<Option<Posterior>>>> {
        let all = self.posterior(states, levels, top)?;
        Ok(all.map(|all| all.into_iter().map(Some).collect()))
    }
}

impl<F: Real> Posteriors<F> for Mixture<F> {
    fn posterior(&self, states: ArrayView2<F>, levels: &[f64], top: usize) -> Result<Option<Vec<Posterior>>> {
        Mixture::posterior(self, states, levels, top).map(Some)
    }
}

/// A memory whose minima theory lists.
pub trait ListMinima<F: Real>: Send + Sync {
    /// All minima of the landscape, as prepared states, M × D. `None` if more than `limit` candidates would have to be
    /// looked at.
    ///
    /// # Errors
    /// Errors of the landscape.
    fn list(&self, limit: usize) -> Result<Option<Array2<F>>>;
}

/// A memory with notes for its user.
pub trait Describe: Send + Sync {
    /// Valid but surprising properties of this memory, one sentence each.
    fn notes(&self) -> Vec<Message> {
        Vec::new()
    }

    /// Why many stored patterns are not recalled, one sentence each. Front ends show these without being asked.
    fn warnings(&self) -> Vec<Message> {
        Vec::new()
    }
}

/// A memory that has learned more than its patterns.
pub trait Keep: Send + Sync {
    /// What a file should keep, so that it need not be learned again. `None` if nothing was learned from patterns.
    fn learned(&self) -> Option<Learned>;
}

/// A memory that keeps its patterns in counters of hard locations.
pub trait HardLocations<F: Real>: Send + Sync {
    /// The addresses of the M locations, M × D, true for +1.
    fn addresses(&self) -> Array2<bool>;

    /// The radius in bits within which locations are active.
    fn radius(&self) -> usize;

    /// The counters of each location: of the D units, then of the associated vectors' units if there are any.
    fn counters(&self) -> Array2<i32>;

    /// The sums of the active locations' counters at each (prepared) state. Their signs are what is read.
    ///
    /// # Errors
    /// States of the wrong width.
    fn sums(&self, states: ArrayView2<F>) -> Result<Array2<i64>>;
}
