//! Learning rules, which turn patterns into couplings. Each is one file with its facts, and one line in the list of
//! [`Learning`].

mod daydreaming;
mod dreaming;
mod given;
mod hebb;
mod pseudo_inverse;
mod sleeping;
mod storkey;
mod unlearning;

pub use daydreaming::Daydreaming;
pub use dreaming::Dreams;
pub use unlearning::Unlearning;

use std::str::FromStr;

use ndarray::{Array1, Array2, ArrayView2, Zip, s};

use crate::error::{Error, Result};
use crate::memories::{Learned, Weights};
use crate::message;
use crate::message::Argument;
use crate::options::{CountRange, Fallback, Kind, Name, NumberRange, Options, Parameter};
use crate::patterns::Patterns;
use crate::real::Real;

/// Makes the list. Each line has a rule with its settings, its module and its documentation. The module has `FACTS`
/// and a function `learn`.
macro_rules! rules {
    ($($(#[$about:meta])* $rule:ident $(($settings:ident: $kind:ty))?: $module:ident;)*) => {
        /// The learning rule: how patterns become a coupling matrix.
        #[derive(Clone, Copy, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub enum Learning { $($(#[$about])* $rule $(($kind))?,)* }

        const ALL: &[Facts] = &[$($module::FACTS),*];

        impl Learning {
            fn facts(self) -> &'static Facts {
                match self { $(Learning::$rule { .. } => &$module::FACTS),* }
            }

            /// Learns patterns on top of the couplings of earlier ones, which are 0 if there are none.
            fn learn<F: Real>(self, before: Array2<f64>, patterns: ArrayView2<F>) -> Result<Array2<f64>> {
                match self {
                    $(Learning::$rule $(($settings))? => $module::learn(before, patterns $(, $settings)?),)*
                }
            }
        }
    };
}

rules! {
    /// W = Σ_n y_n y_nᵀ (Ambrogioni 2023, Eq. 3), not scaled. For ±1 patterns these are exact sums of integers.
    #[default]
    Hebb: hebb;
    /// W is the projection onto the span of the patterns (Personnaz, Guyon & Dreyfus 1985): every linearly
    /// independent pattern is a fixed point, up to D of them. Patterns are learned one at a time, from the part of
    /// each that is not yet in the span.
    PseudoInverse: pseudo_inverse;
    /// ΔW_ij = (y_i y_j − y_i h_ji − h_ij y_j)/D, h_ij = Σ_{k≠i,j} W_ik y_k (Storkey & Valabregue
    /// 1999): local and incremental like Hebb, with a higher capacity. The result depends on the order of the
    /// patterns.
    Storkey: storkey;
    /// W = (1 + t) Yᵀ(I + tC)⁻¹Y/D with C = YYᵀ/D (Fachechi, Agliari & Barra 2019): Hebb divided by D at t = 0, the
    /// pseudo-inverse for t → ∞, and larger basins than both in between. It solves dW/dt = (W − W²)/(1 + t).
    Dreaming(dreams: Dreams): dreaming;
    /// W = YᵀY/D, and then W += (yyᵀ − xxᵀ)/(τD) in each step, y a pattern at random and x where the network goes from
    /// a random state (Serricchio et al. 2024). The result depends on the order of the patterns.
    Daydreaming(settings: Daydreaming): daydreaming;
    /// W = Σ_n y_n y_nᵀ, and then W −= ε xxᵀ for each dream x: where the network goes from a random state (Hopfield,
    /// Feinstein & Palmer 1983). Some dreams let more patterns be recalled, too many destroy them.
    Unlearning(settings: Unlearning): unlearning;
    /// W as it is given. Patterns are not learned, and only compared with.
    Given: given;
}

/// The description of a rule.
struct Facts {
    name: &'static str,
    /// A short description in words.
    about: &'static str,
    /// The options that it uses, of [`OPTIONS`].
    options: &'static [&'static str],
    /// Makes the rule from its options.
    read: fn(&Options) -> Result<Learning>,
    /// Whether patterns are learned on top of the couplings of earlier ones. If not, all are learned anew.
    incremental: bool,
}

impl Facts {
    /// The facts of a rule without options that learns one pattern after the other. Other rules start from these.
    const INCREMENTAL: Facts =
        Facts { name: "", about: "", options: &[], read: |_| Ok(Learning::Hebb), incremental: true };

    /// The facts of a rule that learns all patterns together.
    const ANEW: Facts = Facts { incremental: false, ..Facts::INCREMENTAL };
}

/// The range of the dreaming time. The rounding of couplings is near 10⁻¹⁰ at the longest.
const TIMES: NumberRange = NumberRange::between(0.0, 1e6);
/// The range of the strength of a dream.
const STRENGTHS: NumberRange = NumberRange::between(0.0, 1.0).above_low();

/// The option for the dreaming time, or the number of dreams.
pub(super) const DREAMS: Parameter = Parameter {
    name: "dreams",
    kind: Kind::AutoOr(&Kind::Number(TIMES)),
    default: Fallback::Rule(
        "auto, which is t = 8 for rule dreaming, and 3 N/(4 epsilon) dreams for rule unlearning",
    ),
    help: "Dreaming time t, with rule dreaming: 0 is hebb, and a large time the pseudo-inverse; number of dreams, with rule unlearning",
};

/// The option for the strength of unlearning.
pub(super) const EPSILON: Parameter = Parameter {
    name: "epsilon",
    kind: Kind::Number(STRENGTHS),
    default: Fallback::Is("0.01"),
    help: "Strength of a dream, with rule unlearning",
};

/// The option for the length of daydreaming.
pub(super) const EPOCHS: Parameter = Parameter {
    name: "epochs",
    kind: Kind::Count(CountRange::between(0, 1_000_000)),
    default: Fallback::Is("100"),
    help: "Epochs of rule daydreaming, each with as many steps as there are patterns",
};

/// The option for the time scale of daydreaming.
pub(super) const TAU: Parameter = Parameter {
    name: "tau",
    kind: Kind::Number(NumberRange::POSITIVE),
    default: Fallback::Is("64"),
    help: "Time scale of rule daydreaming: a step adds (y y' - x x')/(tau D)",
};

/// The option for the seed of random rules.
pub(super) const SEED: Parameter = Parameter {
    name: "learning-seed",
    kind: Kind::Count(CountRange::ANY),
    default: Fallback::Is("0"),
    help: "Seed of rules that dream, daydreaming and unlearning",
};

/// The options of rules.
const OPTIONS: [Parameter; 5] = [DREAMS, EPSILON, EPOCHS, TAU, SEED];

impl FromStr for Learning {
    type Err = Error;

    /// The rule of this name, with its usual settings.
    fn from_str(name: &str) -> Result<Self> {
        match ALL.iter().find(|facts| facts.name == name) {
            Some(facts) => (facts.read)(&Options::default()),
            None => Err(Error::unknown("rule", name, ALL.iter().map(|facts| facts.name))),
        }
    }
}

impl Learning {
    /// The name of the rule for couplings that are given.
    pub const GIVEN: &str = "given";

    /// The names of the rules, with a short description of each.
    pub fn names() -> Vec<Name> {
        ALL.iter().map(|facts| Name::with_about(facts.name, facts.about)).collect()
    }

    /// The name.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// The names of the options that learned couplings depend on.
    pub fn options() -> impl Iterator<Item = &'static str> {
        std::iter::once(RULE).chain(OPTIONS.iter().map(|option| option.name))
    }

    /// Reads the option `rule` and the options of that rule.
    ///
    /// # Errors
    /// An option that the rule does not use.
    pub(super) fn from_options(options: &Options) -> Result<Self> {
        let named = options.text(RULE).unwrap_or(hebb::FACTS.name);
        let Some(facts) = ALL.iter().find(|facts| facts.name == named) else {
            return named.parse();
        };
        for (name, value) in options.iter() {
            let uses = |facts: &&Facts| facts.options.contains(&name);
            let others: Vec<_> = ALL.iter().filter(uses).map(|facts| facts.name).collect();
            if !others.is_empty() && !uses(&facts) {
                let option = OPTIONS.iter().find(|option| option.name == name).map_or("", |o| o.name);
                let expected = format!("a rule that uses it ({})", others.join(", "));
                return Err(Error::parameter(option, expected, value));
            }
        }
        (facts.read)(options)
    }

    /// The coupling matrix with its diagonal. Learning continues from the matrix of the first patterns, if given.
    pub(super) fn couplings<F: Real>(
        self,
        patterns: &Patterns<F>,
        learned: Option<Learned>,
    ) -> Result<Array2<f64>> {
        let dim = patterns.dim();
        if dim > MOST_UNITS {
            let gigabytes = (dim as f64).powi(2) * 8e-9;
            return Err(Error::shape(
                "patterns",
                format!("at most {MOST_UNITS} units for couplings between all pairs of them"),
                format!("{dim}, which take {gigabytes:.0} GB"),
                message!["use smaller images (", Argument::Resize, ") or another model"],
            ));
        }
        let (done, couplings) = match learned {
            Some(Learned { patterns, weights: Weights::Couplings(couplings) }) => (patterns, couplings),
            _ if self == Learning::Given => {
                let cure = message!["give them (", Argument::option("couplings"), ") or another rule"];
                return Err(Error::Empty { what: "couplings of the rule given".to_owned(), cure });
            }
            _ => (0, Array2::zeros((dim, dim))),
        };
        if done > patterns.len() || couplings.dim() != (dim, dim) {
            return Err(Error::shape(
                "learned couplings",
                format!("{dim} × {dim} from at most {} patterns", patterns.len()),
                format!("{} × {} from {done}", couplings.nrows(), couplings.ncols()),
                "store the patterns again",
            ));
        }
        let all = patterns.values();
        match done {
            _ if done == all.nrows() => Ok(couplings),
            _ if self.facts().incremental => self.learn(couplings, all.slice_move(s![done.., ..])),
            _ => self.learn(Array2::zeros((dim, dim)), all),
        }
    }
}

/// The option for the rule.
pub(super) const RULE: &str = "rule";

/// The largest number of units; their couplings take 8 GB.
pub(in crate::memories) const MOST_UNITS: usize = 32_000;

/// Learns the patterns one after the other.
fn each<F: Real>(
    mut weights: Array2<f64>,
    patterns: ArrayView2<F>,
    learn: impl Fn(&mut Array2<f64>, Array1<f64>),
) -> Array2<f64> {
    for pattern in patterns.outer_iter() {
        learn(&mut weights, pattern.mapv(F::to_f64));
    }
    weights
}

/// W += a x yᵀ
fn add_outer(weights: &mut Array2<f64>, a: f64, x: &Array1<f64>, y: &Array1<f64>) {
    Zip::indexed(weights).for_each(|(i, j), w| *w += a * (x[i] * y[j]));
}
