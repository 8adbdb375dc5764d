//! How the states of a universal network move: single shots, a descent, or two layers of units.

use std::sync::Arc;

use ndarray::{ArrayView1, ArrayView2};

use super::super::report::summary;
use super::energy::{self, Landscape, Shape};
use super::{CARD, Output, Universal};
use crate::dynamics::{ReadOut, TwoLayer, Visible};
use crate::error::{Error, Result};
use crate::kernels::weighted_sums;
use crate::message;
use crate::options::{Options, find};
use crate::patterns::Patterns;
use crate::real::Real;
use crate::separations::Separator;
use crate::similarities::{BestState, Descent, Keys};

/// How states move.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Scheme {
    /// x ← P sep(sim(M, x)): one update unless asked for more.
    #[default]
    SingleShot,
    /// x ← the state that scores best with these weights. This lowers the energy of the pair. For distances and
    /// directions it is a mean, for Manhattan a median of each unit.
    Descent,
    /// Visible and hidden units that act on each other: see [`TwoLayer`].
    TwoLayer {
        /// The activity of visible units. If not given, it is bounded where the energy would otherwise have no
        /// minimum.
        visible: Option<Visible>,
        /// The ratio τ_h/τ_v of the time constants.
        lag: f64,
        /// The time of an update, in units of τ_v.
        step: f64,
    },
}

impl<F: Real> Universal<F> {
    /// Changes how the states of this memory move.
    ///
    /// ```
    /// use attractor::memories::{Beta, Memory, MemoryModel, Output, Request, Scheme, Universal};
    /// use attractor::{Patterns, separations::Separation, similarities::{Convention, Similarity}};
    /// use ndarray::array;
    /// let patterns = Patterns::new(array![[0.0_f64, 0.0], [1.0, 0.0], [1.0, 1.0]])?;
    /// let softmax = Separation::Softmax(Beta::Value(0.1));
    /// let memory =
    ///     Universal::new(patterns, Similarity::Manhattan, softmax, Output::Identity, Convention::Corrected)?;
    /// // The mean of patterns lowers no energy of Manhattan distances; their median does.
    /// assert!(memory.abilities().landscape.is_err());
    /// let memory = memory.with_scheme(Scheme::Descent)?;
    /// assert!(memory.abilities().landscape.is_ok());
    /// assert_eq!(memory.recall(&Request::new(array![[0.9, 0.4]].view()))?.states, array![[1.0, 0.0]]);
    /// # Ok::<(), attractor::Error>(())
    /// ```
    ///
    /// # Errors
    /// A descent or two layers for a pair that has no Lyapunov function, with the reason; a lag below 0, or a step
    /// that is not above 0.
    pub fn with_scheme(mut self, scheme: Scheme) -> Result<Self> {
        if scheme != Scheme::SingleShot && self.patterns.shards().is_some() {
            return Err(super::parts::refused("its states move by single shots alone; leave dynamics away"));
        }
        self.landscape = landscape(&self.patterns, &self.keys, self.separator, self.output, scheme);
        self.scheme = scheme;
        if let (true, Err(reason)) = (scheme != Scheme::SingleShot, &self.landscape) {
            let (model, what, reason) = (CARD.name, "energy", reason.clone());
            return Err(Error::Undefined { model, what, reason });
        }
        if let Some(layers) = self.layers() {
            layers?;
        }
        Ok(self)
    }

    /// How the states of this memory move.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    pub(super) fn layers(&self) -> Option<Result<TwoLayer<'_, F>>> {
        let Scheme::TwoLayer { lag, step, .. } = self.scheme else {
            return None;
        };
        let visible = match self.landscape.as_ref().map(|l| l.shape) {
            Ok(Shape::Layers(visible)) => visible,
            _ => Visible::Identity,
        };
        Some(TwoLayer::new(&self.keys, self.separator, visible, lag, step))
    }

    /// The hidden units' weights once they are at rest at these states. There are none if all hidden units are
    /// silent.
    pub(super) fn read_hidden(&self, states: ArrayView2<F>, top: usize) -> Result<ReadOut<F>> {
        let shared = self.separator.shared();
        let mut hidden = self.keys.smooth_scores(states)?;
        for mut row in hidden.outer_iter_mut() {
            self.separator.activities(row.as_slice_mut().expect("row-major"));
            let sum = row.sum();
            if shared && sum > 0.0 && sum.is_finite() {
                row.mapv_inplace(|f| f / sum);
            }
        }
        let answers = |row: ArrayView1<f64>| shared && row.iter().any(|f| *f > 0.0);
        let posteriors = hidden.outer_iter().map(|row| answers(row).then(|| summary(row, top))).collect();
        let values = self.patterns.associated().map(|v| weighted_sums(hidden.view(), v).mapv(F::from_f64));
        Ok(ReadOut { posteriors, values, ..ReadOut::default() })
    }
}

/// The landscape that a scheme descends, or the reason why there is none.
pub(super) fn landscape<F: Real>(
    patterns: &Patterns<F>,
    keys: &Keys<F>,
    separator: Separator,
    output: Output,
    scheme: Scheme,
) -> energy::OrReason<Landscape<F>> {
    let name = match scheme {
        Scheme::SingleShot => "single shots",
        Scheme::Descent => "a descent",
        Scheme::TwoLayer { .. } => "two layers",
    };
    let (shape, to) = shape(keys, &separator, output, scheme).map_err(|reason| {
        let (similarity, separation) = (keys.similarity(), separator.separation());
        message![format!("no Lyapunov function of {name} of {similarity} and {separation}: "), reason]
    })?;
    Ok(Landscape { patterns: patterns.clone(), keys: keys.clone(), separator, shape, to })
}

/// The state that a descent moves to, if it is not a mean.
type MovesTo<F> = Option<Arc<dyn BestState<F>>>;

/// The parts of a scheme's energy, and the state that a descent moves to.
fn shape<F: Real>(
    keys: &Keys<F>,
    separator: &Separator,
    output: Output,
    scheme: Scheme,
) -> energy::OrReason<(Shape, MovesTo<F>)> {
    Ok(match scheme {
        Scheme::SingleShot => (Shape::Pair(energy::single_shot(keys, separator, output)?), None),
        Scheme::Descent => {
            let Descent { energy, to } = energy::descent(keys, separator, output)?;
            (Shape::Pair(energy), to)
        }
        Scheme::TwoLayer { visible, .. } => {
            (Shape::Layers(energy::two_layer(keys, separator, output, visible)?), None)
        }
    })
}

/// Reads the scheme from named options.
pub(super) fn from_options(options: &Options) -> Result<Scheme> {
    let scheme = match options.text("dynamics") {
        Some(name) => find("dynamics", NAMES, name)?,
        None => Scheme::SingleShot,
    };
    let Scheme::TwoLayer { lag, step, .. } = scheme else {
        return match ["visible", "lag", "step"].iter().find_map(|name| Some((name, options.get(name)?))) {
            Some((name, value)) => Err(Error::parameter(*name, "dynamics two-layer with it", value)),
            None => Ok(scheme),
        };
    };
    Ok(Scheme::TwoLayer {
        visible: options.named("visible")?,
        lag: options.number("lag").unwrap_or(lag),
        step: options.number("step").unwrap_or(step),
    })
}

/// The schemes by name.
pub(super) const NAMES: &[(&str, Scheme)] = &[
    ("single-shot", Scheme::SingleShot),
    ("descent", Scheme::Descent),
    ("two-layer", Scheme::TwoLayer { visible: None, lag: 0.1, step: 0.2 }),
];
