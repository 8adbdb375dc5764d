//! Dense associative memory.

use ndarray::Array2;

use super::kept_cue::KeptSpins;
use super::update::{ASYNCHRONOUS, ORDER, TEMPERATURE, Update};
use super::{Abilities, Card, Family, Learned, Memory, MemoryModel, RecallPath, Request};
use crate::dynamics::{Dynamics, Order, TIE, Tie};
use crate::energies::{DenseEnergy, Energy, Interaction, Scale, WeightedRows};
use crate::error::{Error, Result};
use crate::message;
use crate::message::Argument;
use crate::options::{Fallback, Form, Kind, Options, Parameter};
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
        ASYNCHRONOUS,
        ORDER,
        TEMPERATURE,
        TIE,
    ],
    cost: "N operations a unit, N D a sweep and cue; 2 N D numbers",
    source: "Krotov & Hopfield (2016); Demircigil et al. (2017); Ambrogioni (2023), Eq. 4",
    spins: true,
    family: Family::Dense,
    ..Card::PLAIN
};

/// Dense associative memory: E(x) = −Σ_n F(x·y_n). Units are flipped one at a time, where that lowers the energy
/// (Krotov & Hopfield 2016; Demircigil et al. 2017). Or all take the value of lower energy at once, which may cycle; or one after the other is set at
/// random at a temperature (Glauber dynamics), which samples exp(−E/T).
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
    update: Update,
    tie: Tie,
}

impl<F: Real> Dense<F> {
    /// Stores patterns. Units are updated one after the other, in random order.
    ///
    /// # Errors
    /// A degree at which overlaps overflow.
    pub fn new(patterns: Patterns<F>, interaction: Interaction) -> Result<Self> {
        let energy = DenseEnergy::new(patterns, interaction)?;
        Ok(Dense { energy, update: Update::Asynchronous(Order::default()), tie: Tie::default() })
    }

    /// Sets how units are updated.
    ///
    /// # Errors
    /// A temperature that is not positive and finite.
    pub fn with_update(self, update: Update) -> Result<Self> {
        update.check()?;
        Ok(Dense { update, ..self })
    }

    /// Sets what a unit becomes of which both values have the same energy.
    pub fn with_tie(self, tie: Tie) -> Self {
        Dense { tie, ..self }
    }

    /// How units are updated.
    pub fn update(&self) -> Update {
        self.update
    }

    /// The update rule as a dynamics.
    pub fn dynamics(&self) -> Box<dyn Dynamics<F> + '_> {
        self.update.dynamics(&self.energy, self.tie)
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
        Ok(RecallPath::to_rest(self.dynamics(), 0.0, None))
    }

    fn under_cues(&self, cues: Array2<F>, _masked: bool, gain: f64) -> Result<Box<dyn Memory<F> + '_>> {
        Ok(Box::new(KeptSpins {
            name: CARD.name,
            patterns: self.energy.patterns(),
            landscapes: WeightedRows::new(self.energy.clone(), Scale::Dense, cues.view(), gain),
            update: self.update,
            tie: self.tie,
        }))
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
    let update = Update::from_options(options, Update::Asynchronous(Order::default()))?;
    let tie = options.named("tie")?.unwrap_or_default();
    Ok(Box::new(Dense::new(patterns, interaction)?.with_update(update)?.with_tie(tie)))
}
