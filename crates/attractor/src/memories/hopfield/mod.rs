//! The classical Hopfield network.

mod learning;

pub(super) use learning::MOST_UNITS;
pub use learning::{Daydreaming, Dreams, Learning, Unlearning};

use ndarray::{Array2, ArrayView1};

use super::kept_cue::{KeptSpins, refused};
use super::update::{ORDER, SYNCHRONOUS, TEMPERATURE, Update};
use super::{
    Abilities, Card, Describe, Family, Keep, Learned, Memory, MemoryModel, RecallPath, Request, Weights,
};
use crate::dynamics::{Dynamics, TIE, Tie};
use crate::energies::{DenseEnergy, Energy, Flip, Interaction, Quadratic, Scale, WeightedRows};
use crate::error::{Error, Result};
use crate::kernels::dots;
use crate::message;
use crate::message::{Argument, Message};
use crate::options::{Fallback, Kind, Options, Parameter};
use crate::patterns::Patterns;
use crate::real::Real;

/// The entry of this model in [`MODELS`](super::MODELS).
pub(super) const CARD: Card = Card {
    name: "hopfield",
    title: "Classical Hopfield network",
    equation: "E(x) = -1/2 x'Wx;  x <- sign(Wx)",
    parameters: &[
        Parameter {
            name: learning::RULE,
            kind: Kind::Choice(Learning::names),
            default: Fallback::Is("hebb"),
            help: "How the couplings W are learned from the patterns",
        },
        Parameter {
            name: "self-coupling",
            kind: Kind::Flag,
            default: Fallback::Rule("off"),
            help: "Keep the diagonal of W, as Table 1 of Ambrogioni (2023) needs",
        },
        learning::DREAMS,
        learning::EPSILON,
        learning::EPOCHS,
        learning::TAU,
        learning::SEED,
        COUPLINGS,
        SYNCHRONOUS,
        ORDER,
        TEMPERATURE,
        TIE,
    ],
    cost: "D^2 multiply-adds an update and cue; D^2 numbers; storing N patterns N D^2",
    source: "Hopfield (1982); Hopfield, Feinstein & Palmer (1983); Personnaz et al. (1985); Storkey & Valabregue (1999); Fachechi, Agliari & Barra (2019); Ambrogioni (2023), Eq. 1-3; Serricchio et al. (2024)",
    spins: true,
    coupled: true,
    family: Family::Classical,
    ..Card::PLAIN
};

/// The option for couplings that are given. Front ends read the file, or take an array, and hand W over as what was learned.
const COUPLINGS: Parameter = Parameter {
    name: "couplings",
    kind: Kind::Text("FILE"),
    default: Fallback::None,
    help: "Couplings W of your own, a symmetric D x D array in place of what a rule learns (rule given); the patterns are then only compared with",
};

/// Options of a [`Hopfield`] network.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HopfieldOptions {
    /// The learning rule. Default: Hebb.
    pub learning: Learning,
    /// Whether to keep the self-couplings W_jj. Default: no.
    pub self_coupling: bool,
    /// The update rule. Default: synchronous.
    pub update: Update,
    /// What a unit becomes whose field is 0. Default: what it was.
    pub tie: Tie,
}

/// Classical Hopfield network: E(x) = −½ xᵀWx, x ← sign(Wx) (Hopfield 1982).
///
/// States are ±1. The first field uses the cue as given (0 means "unknown"), later fields use signs. A unit keeps its
/// value if its field is 0, unless ties are to be +1 or 0. Asynchronous updates never raise the energy if W_jj ≥ 0. Synchronous updates may end in a
/// 2-cycle, unless W is positive semi-definite (Hebb with self-coupling). With the `Hebb` rule the network stores
/// about 0.138 D random patterns with 1.6 % wrong bits, or D/(4 ln D) without errors.
///
/// ```
/// use attractor::{Outcome, Patterns, memories::{Hopfield, HopfieldOptions, Memory, Request}};
/// use ndarray::array;
/// let patterns = Patterns::new(array![[1.0_f32, 1.0, 1.0, -1.0, -1.0, -1.0]])?;
/// let memory = Hopfield::new(patterns, HopfieldOptions::default())?;
/// let cue = array![[-1.0_f32, 1.0, 1.0, -1.0, -1.0, -1.0]];
/// let recall = memory.recall(&Request::new(cue.view()))?;
/// assert_eq!(recall.states, array![[1.0_f32, 1.0, 1.0, -1.0, -1.0, -1.0]]);
/// // One pattern without the diagonal: E = −½(D² − D) = −15.
/// assert_eq!(recall.rows[0].energy, Some(-15.0));
/// assert_eq!(recall.rows[0].outcome, Outcome::Settled { step: 2 });
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Hopfield<F> {
    patterns: Option<Patterns<F>>,
    /// W_jj as learned, whether it is used or not. Learning more patterns continues from it.
    diagonal: Option<Vec<f64>>,
    learning: Learning,
    /// Whether W keeps its diagonal.
    self_coupling: bool,
    energy: Quadratic,
    update: Update,
    tie: Tie,
}

impl<F: Real> Hopfield<F> {
    /// Stores patterns.
    ///
    /// # Errors
    /// A temperature that is not positive and finite; settings of the rule outside their range; the rule
    /// [`Learning::Given`], whose couplings [`learn`](Self::learn) takes.
    pub fn new(patterns: Patterns<F>, options: HopfieldOptions) -> Result<Self> {
        Self::learn(patterns, options, None)
    }

    /// Stores patterns, the first of which were learned earlier, by the same rule.
    ///
    /// # Errors
    /// Those of [`new`](Self::new); couplings that are not D × D, finite and symmetric, or that come from more
    /// patterns than there are.
    pub fn learn(patterns: Patterns<F>, options: HopfieldOptions, learned: Option<Learned>) -> Result<Self> {
        let mut couplings = options.learning.couplings(&patterns, learned)?;
        let diagonal = couplings.diag().to_vec();
        if !options.self_coupling {
            couplings.diag_mut().fill(0.0);
        }
        let memory = Self::from_couplings(couplings, options.update)?;
        let HopfieldOptions { learning, tie, self_coupling, .. } = options;
        Ok(Hopfield {
            patterns: Some(patterns),
            diagonal: Some(diagonal),
            learning,
            self_coupling,
            tie,
            ..memory
        })
    }

    /// A network with given couplings W. It has no patterns for reports to compare states with.
    ///
    /// # Errors
    /// W not square, finite and symmetric; a temperature that is not positive and finite.
    pub fn from_couplings(couplings: Array2<f64>, update: Update) -> Result<Self> {
        update.check()?;
        let energy = Quadratic::new(couplings)?;
        let (learning, tie) = (Learning::Given, Tie::default());
        Ok(Hopfield { patterns: None, diagonal: None, learning, self_coupling: true, energy, update, tie })
    }

    /// Sets what a unit becomes whose field is 0.
    pub fn with_tie(mut self, tie: Tie) -> Self {
        self.tie = tie;
        self
    }

    /// The landscape, which holds W.
    pub fn quadratic(&self) -> &Quadratic {
        &self.energy
    }

    /// How many of the stored patterns are at rest: no unit is against its field. 0 without patterns. Cost: N D²
    /// operations.
    pub fn stable(&self) -> usize {
        let Some(patterns) = &self.patterns else {
            return 0;
        };
        let against = |fields: ArrayView1<f64>, y: ArrayView1<F>| {
            let drives = fields.iter().zip(&y).map(|(h, y)| h * y.to_f64());
            let of_unit = |(unit, push)| push < -Flip::<F>::rounding(&self.energy, unit);
            drives.enumerate().any(of_unit)
        };
        let all = patterns.values().mapv(F::to_f64);
        let fields = dots(all.view(), self.energy.weights());
        let pairs = fields.outer_iter().zip(patterns.values().into_outer_iter());
        pairs.filter(|(h, y)| !against(h.view(), y.view())).count()
    }

    /// The update rule as a dynamics.
    pub fn dynamics(&self) -> Box<dyn Dynamics<F> + '_> {
        self.update.dynamics(&self.energy, self.tie)
    }
}

impl<F: Real> MemoryModel<F> for Hopfield<F> {
    fn name(&self) -> &'static str {
        CARD.name
    }

    fn dim(&self) -> usize {
        Energy::<F>::dim(&self.energy)
    }

    fn abilities(&self) -> Abilities<'_, F> {
        let patterns = self.patterns.as_ref();
        let abilities = patterns.map_or_else(Abilities::without_patterns, Abilities::of_patterns);
        let describe = Some(self as &dyn Describe);
        Abilities { spins: true, keep: Some(self), describe, ..abilities.descending(&self.energy) }
    }

    fn path(&self, _request: &Request<F>) -> Result<RecallPath<'_, F>> {
        Ok(RecallPath::to_rest(self.dynamics(), 0.0, None))
    }

    /// The couplings W(u) = Σ_n α_n y_n y_nᵀ of each row are not written out: fields are taken from the patterns.
    fn under_cues(&self, cues: Array2<F>, _masked: bool, gain: f64) -> Result<Box<dyn Memory<F> + '_>> {
        let Some(patterns) = self.patterns.as_ref().filter(|_| self.learning == Learning::Hebb) else {
            let reason = "only couplings of the rule hebb are a sum over patterns, which a cue can weigh";
            return Err(refused(CARD.name, reason));
        };
        let square = DenseEnergy::new(patterns.clone(), Interaction::Polynomial(2))?;
        let scale = Scale::Couplings { self_coupling: self.self_coupling };
        Ok(Box::new(KeptSpins {
            name: CARD.name,
            patterns,
            landscapes: WeightedRows::new(square, scale, cues.view(), gain),
            update: self.update,
            tie: self.tie,
        }))
    }
}

impl<F: Real> Describe for Hopfield<F> {
    /// How far a rule came that goes by chance.
    fn notes(&self) -> Vec<Message> {
        let more = match self.learning {
            Learning::Daydreaming(_) => "epochs",
            Learning::Unlearning(_) => "dreams",
            _ => return Vec::new(),
        };
        let Some(count) = self.patterns.as_ref().map(|patterns| patterns.len()) else {
            return Vec::new();
        };
        let found = format!("{} left {} of {count} patterns at rest", self.learning.name(), self.stable());
        vec![message![found, " (", Argument::option(more), " sets how long it goes on)"]]
    }
}

impl<F: Real> Keep for Hopfield<F> {
    fn learned(&self) -> Option<Learned> {
        let mut couplings = self.energy.weights().to_owned();
        couplings.diag_mut().assign(&ArrayView1::from(self.diagonal.as_ref()?));
        Some(Learned { patterns: self.patterns.as_ref()?.len(), weights: Weights::Couplings(couplings) })
    }
}

/// Builds the memory from named options.
pub(super) fn build<F: Real>(
    patterns: Patterns<F>,
    options: &Options,
    learned: Option<Learned>,
) -> Result<Box<dyn Memory<F>>> {
    // Who reads the file takes the option away.
    if let Some(file) = options.get(COUPLINGS.name) {
        return Err(Error::parameter(
            COUPLINGS.name,
            "a memory of stored patterns, which has room for them",
            file,
        ));
    }
    let options = HopfieldOptions {
        learning: Learning::from_options(options)?,
        self_coupling: options.flag("self-coupling"),
        update: Update::from_options(options, Update::Synchronous)?,
        tie: options.named("tie")?.unwrap_or_default(),
    };
    Ok(Box::new(Hopfield::learn(patterns, options, learned)?))
}
