//! How the states of a universal network move: single shots, a descent, or two layers of units.

use super::energy::{self, Landscape, Shape};
use super::read::summary;
use super::{CARD, Output, Universal};
use crate::dynamics::{Clamp, Start, TwoLayer, Visible};
use crate::error::{Error, Result};
use crate::kernels::weighted_sums;
use crate::memories::{Memory, Recall, Regime, Request, Row, updates};
use crate::message;
use crate::message::Message;
use crate::observe::Observer;
use crate::options::{Options, find};
use crate::patterns::Patterns;
use crate::real::Real;
use crate::recall::recall;
use crate::separations::Separator;
use crate::similarities::{Descent, Keys};

/// How states move.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Scheme {
    /// x ← P sep(sim(M, x)): one update unless asked for more.
    #[default]
    SingleShot,
    /// x ← the state that scores best by these weights, which lowers the energy of the pair: for distances and
    /// directions a mean, for Manhattan a median of each unit.
    Descent,
    /// Visible and hidden units that pull at each other: see [`TwoLayer`].
    TwoLayer {
        /// Activity of visible units; if not given, bounded where the energy has no floor otherwise.
        visible: Option<Visible>,
        /// τ_h/τ_v.
        lag: f64,
        /// Time of an update in units of τ_v.
        step: f64,
    },
}

impl<F: Real> Universal<F> {
    /// The same memory whose states move otherwise.
    ///
    /// ```
    /// use attractor::memories::{Beta, Memory, Output, Request, Scheme, Universal};
    /// use attractor::{Patterns, separations::Separation, similarities::{Convention, Similarity}};
    /// use ndarray::array;
    /// let patterns = Patterns::new(array![[0.0_f64, 0.0], [1.0, 0.0], [1.0, 1.0]])?;
    /// let softmax = Separation::Softmax(Beta::Value(0.1));
    /// let memory =
    ///     Universal::new(patterns, Similarity::Manhattan, softmax, Output::Identity, Convention::Corrected)?;
    /// // The mean of patterns lowers no energy of Manhattan distances; their median does.
    /// assert!(memory.landscape().is_err());
    /// let memory = memory.with_scheme(Scheme::Descent)?;
    /// assert!(memory.landscape().is_ok());
    /// assert_eq!(memory.recall(&Request::new(array![[0.9, 0.4]].view()))?.states, array![[1.0, 0.0]]);
    /// # Ok::<(), attractor::Error>(())
    /// ```
    ///
    /// # Errors
    /// A descent or two layers of a pair that has no Lyapunov function, with the reason; a lag below 0 or a step
    /// not above 0.
    pub fn with_scheme(mut self, scheme: Scheme) -> Result<Self> {
        self.landscape = landscape(&self.patterns, &self.keys, self.separator, self.output, scheme);
        self.scheme = scheme;
        if let (true, Err(reason)) = (scheme != Scheme::SingleShot, &self.landscape) {
            return Err(self.without(reason));
        }
        if let Some(layers) = self.layers() {
            layers?;
        }
        Ok(self)
    }

    /// How its states move.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// That this pair has no energy.
    pub(super) fn without(&self, reason: &Message) -> Error {
        let scheme = match self.scheme {
            Scheme::SingleShot => "single shots",
            Scheme::Descent => "a descent",
            Scheme::TwoLayer { .. } => "two layers",
        };
        let (similarity, separation) = (self.keys.similarity(), self.separator.separation());
        let none = format!("no Lyapunov function of {scheme} of {similarity} and {separation}: ");
        let reason = message![none, reason];
        Error::Undefined { model: CARD.name, what: "energy", reason }
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

    pub(super) fn run_layers(
        &self,
        layers: &TwoLayer<F>,
        request: &Request<F>,
        observer: &mut dyn Observer<F>,
    ) -> Result<Recall<F>> {
        /// Rest, in spreads of the patterns a time τ_v.
        const REST: f64 = 1e-6;
        let patterns = &self.patterns;
        let states = request.states(patterns.dim(), patterns.preparation())?;
        let clamp = request.known.map(|known| Clamp::new(known, states.view())).transpose()?;
        let rest = REST * patterns.spread() * layers.step().min(1.0);
        let (grid, stop) = updates(request.updates, request.tolerance, rest)?;
        let rows = request.rows();
        let start = Start { states: states.view(), rows: &rows, seed: request.seed, held: None };
        let recalled = recall(layers, start, clamp, &grid, stop, observer)?;
        if !request.report {
            let states = patterns.preparation().backward(recalled.states.clone());
            return Ok(Recall::plain(states, &recalled));
        }
        let states = recalled.states;
        let energies = self.landscape()?.energy(states.view(), &[])?;
        // Hidden units at rest; where all are silent there is nothing to share out.
        let mut hidden = self.keys.smooth_scores(states.view())?;
        for mut row in hidden.outer_iter_mut() {
            self.separator.activities(row.as_slice_mut().expect("row-major"));
            let sum = row.sum();
            if self.separator.shared() && sum > 0.0 && sum.is_finite() {
                row.mapv_inplace(|f| f / sum);
            }
        }
        let answers = |row: ndarray::ArrayView1<f64>| self.separator.shared() && row.iter().any(|f| *f > 0.0);
        let posteriors: Vec<_> =
            hidden.outer_iter().map(|row| answers(row).then(|| summary(row, request.top))).collect();
        let values = patterns.associated().map(|v| weighted_sums(hidden.view(), v).mapv(F::of));
        let rows = self
            .nearest(states.view())?
            .into_iter()
            .zip(posteriors)
            .enumerate()
            .map(|(row, (found, posterior))| Row {
                regime: posterior.as_ref().map(|p| Regime::of(p.participation, patterns.len())),
                posterior,
                beta: self.inverse_temperature(),
                ..Row::new(found, Some(energies[row]), recalled.outcomes[row], recalled.steps[row])
            })
            .collect();
        Ok(Recall { states: patterns.preparation().backward(states), values, rows })
    }
}

/// What this way of moving lowers, or why nothing.
pub(super) fn landscape<F: Real>(
    patterns: &Patterns<F>,
    keys: &Keys<F>,
    separator: Separator,
    output: Output,
    scheme: Scheme,
) -> energy::OrReason<Landscape<F>> {
    let (shape, to) = match scheme {
        Scheme::SingleShot => (Shape::Pair(energy::single_shot(keys, &separator, output)?), None),
        Scheme::Descent => {
            let Descent { energy, to } = energy::descent(keys, &separator, output)?;
            (Shape::Pair(energy), to)
        }
        Scheme::TwoLayer { visible, .. } => {
            (Shape::Layers(energy::two_layer(keys, &separator, output, visible)?), None)
        }
    };
    Ok(Landscape { patterns: patterns.clone(), keys: keys.clone(), separator, shape, to })
}

/// From named options.
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

/// How states may move, by name.
pub(super) const NAMES: &[(&str, Scheme)] = &[
    ("single-shot", Scheme::SingleShot),
    ("descent", Scheme::Descent),
    ("two-layer", Scheme::TwoLayer { visible: None, lag: 0.1, step: 0.2 }),
];
