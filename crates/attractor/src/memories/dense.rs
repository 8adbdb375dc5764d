//! Dense associative memory.

use super::{Abilities, Card, Learned, Memory, MemoryModel, RecallPath, Request};
use crate::dynamics::{Asynchronous, Order, Rule};
use crate::energies::{DenseEnergy, Energy, Interaction};
use crate::error::{Error, Result};
use crate::message;
use crate::message::Argument;
use crate::options::{Fallback, Form, Kind, Options, Parameter, names_of};
use crate::patterns::Patterns;
use crate::real::Real;

/// The entry of this model in [`MODELS`](super::MODELS).
pub(super) const CARD: Card = Card {
    name: "dense",
    title: "Dense associative memory",
    equation: "E(x) = -sum_n F(x.y_n), F = u^k, max(u,0)^k; or -ln sum_n exp(x.y_n);  flips that lower E",
    parameters: &[
        Parameter {
            name: "interaction",
            kind: Kind::Form(Form { forms: Interaction::forms, check: Form::reads::<Interaction> }),
            default: Fallback::Is("poly:3"),
            help: "The interaction function F of the overlaps, of degree K",
        },
        Parameter {
            name: "order",
            kind: Kind::Choice(|| names_of(Order::ALL)),
            default: Fallback::Is("random"),
            help: "Order of the units in a sweep",
        },
    ],
    cost: "N operations a unit, N D a sweep and cue; 2 N D numbers",
    source: "Krotov & Hopfield (2016); Demircigil et al. (2017); Ambrogioni (2023), Eq. 4",
    spins: true,
    ..Card::PLAIN
};

/// Dense associative memory: E(x) = −Σ_n F(x·y_n). Units are flipped one at a time, where that lowers the energy
/// (Krotov & Hopfield 2016; Demircigil et al. 2017).
///
/// A steeper F separates patterns better: degree k stores of the order of D^(k−1) patterns, exp of the order of
/// 2^(D/2). Overlaps are kept up to date, so updating a unit costs O(N).
///
/// ```
/// use attractor::{Patterns, memories::{Dense, Memory, Request}, energies::Interaction};
/// use ndarray::array;
/// let patterns = Patterns::new(array![[1.0_f32, 1.0, 1.0, -1.0], [1.0, -1.0, 1.0, 1.0]])?;
/// let memory = Dense::new(patterns, Interaction::Polynomial(3))?;
/// let cue = array![[1.0_f32, 1.0, 0.0, -1.0]];
/// let recall = memory.recall(&Request::new(cue.view()))?;
/// assert_eq!(recall.states, array![[1.0_f32, 1.0, 1.0, -1.0]]);
/// // Overlaps 4 and 0: E = −4³.
/// assert_eq!(recall.rows[0].energy, Some(-64.0));
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Dense<F> {
    energy: DenseEnergy<F>,
    order: Order,
}

impl<F: Real> Dense<F> {
    /// Stores patterns. Units are visited in random order.
    ///
    /// # Errors
    /// A degree at which overlaps overflow.
    pub fn new(patterns: Patterns<F>, interaction: Interaction) -> Result<Self> {
        Ok(Dense { energy: DenseEnergy::new(patterns, interaction)?, order: Order::default() })
    }

    /// Sets the order in which units are visited.
    pub fn with_order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// The update rule as a dynamics.
    pub fn dynamics(&self) -> Asynchronous<'_, F> {
        Asynchronous { energy: &self.energy, order: self.order, rule: Rule::Sign }
    }
}

impl<F: Real> MemoryModel<F> for Dense<F> {
    fn name(&self) -> &'static str {
        CARD.name
    }

    fn dim(&self) -> usize {
        self.energy.dim()
    }

    fn abilities(&self) -> Abilities<'_, F> {
        let patterns = self.energy.patterns();
        Abilities { spins: true, ..Abilities::of_patterns(patterns).descending(&self.energy) }
    }

    fn path(&self, _request: &Request<F>) -> Result<RecallPath<'_, F>> {
        Ok(RecallPath::to_rest(Box::new(self.dynamics()), 0.0, None))
    }
}

/// The error for an option `separation`, which this model does not have.
pub(super) fn no_separation() -> Error {
    Error::Undefined {
        model: CARD.name,
        what: "separation",
        reason: message![
            "it takes ",
            Argument::option("interaction"),
            ", the function F of its energy; interaction poly:3 is F(u) = u^3, whose weights are separation poly:2 of universal"
        ],
    }
}

/// Builds the memory from named options.
pub(super) fn build<F: Real>(
    patterns: Patterns<F>,
    options: &Options,
    _learned: Option<Learned>,
) -> Result<Box<dyn Memory<F>>> {
    let interaction = options.named("interaction")?.unwrap_or(Interaction::Polynomial(3));
    let order = options.named("order")?.unwrap_or_default();
    Ok(Box::new(Dense::new(patterns, interaction)?.with_order(order)))
}
