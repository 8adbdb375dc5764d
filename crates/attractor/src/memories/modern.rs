//! Modern continuous Hopfield networks.

use ndarray::{Array2, ArrayView2};

use super::kept_cue::{KeptModern, refused};
use super::report::{read_values, summary};
use super::{
    Abilities, Card, Describe, Family, Learned, Memory, MemoryModel, Posteriors, RecallPath, Request,
};
use crate::dynamics::{Descent, ReadOut};
use crate::energies::{BETAS, FenchelYoung, KeptCues, LogSumExp, UnitStep, in_parts};
use crate::error::Result;
use crate::kernels::{Form, Posterior, posterior, weighted_sums};
use crate::message;
use crate::message::{Argument, Message};
use crate::options::{self, Fallback, Kind, Options, Parameter};
use crate::patterns::{Patterns, Preparation};
use crate::real::Real;
use crate::separations::{Beta, Regularised};

/// The kind of an inverse temperature.
const BETA: Kind = Kind::Number(BETAS);

/// The entry of this model in [`MODELS`](super::MODELS).
pub(super) const CARD: Card = Card {
    name: "modern",
    title: "Modern continuous Hopfield network",
    equation: "E(x) = -1/beta ln sum_n exp(beta x.y_n) + |x|^2/2;  x <- Y' softmax(beta Y x); or another separation",
    parameters: &[
        Parameter {
            name: "beta",
            kind: Kind::AutoOr(&BETA),
            default: Fallback::Is("auto"),
            help: "Inverse temperature; auto makes it large enough to separate the stored patterns",
        },
        Parameter {
            name: "separation",
            kind: Kind::Form(options::Form {
                forms: Regularised::forms,
                check: options::Form::reads::<Regularised>,
            }),
            default: Fallback::Is("softmax"),
            help: "How scores beta x.y become weights; all but softmax give most patterns a weight of exactly 0",
        },
        Parameter {
            name: "norm-bias",
            kind: Kind::AutoOr(&Kind::Switch),
            default: Fallback::Rule("auto, which is on for prepared patterns"),
            help: "Use logits beta x.y - beta |y|^2/2, which compare patterns of unequal norm by distance",
        },
    ],
    cost: "4 N D operations and N exponentials an update and cue; N D numbers",
    source: "Ramsauer et al. (2021); Ambrogioni (2023), Eq. 5; Santos et al. (2024) for other separations",
    weights: true,
    values: true,
    streams: true,
    family: Family::Modern,
    ..Card::PLAIN
};

/// Modern continuous Hopfield network: x ← Yᵀ softmax(βYx) (Ramsauer et al. 2021).
///
/// Each update lowers E(x; β) = −β⁻¹ ln Σ exp(β x·y_n) + ½‖x‖² by at least ½‖x' − x‖². Recall ends on one pattern, on
/// a metastable blend of patterns, or on the global average. [`Regime`](super::Regime) in the report says which.
///
/// ```
/// use attractor::{Patterns, memories::{Beta, Memory, Modern, Regime, Request}};
/// use ndarray::array;
/// let patterns = Patterns::new(array![[1.0_f64, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]])?;
/// let cue = array![[0.6, 1.1, -0.2, -0.7]];
/// let recall = Modern::new(patterns.clone(), Beta::Auto)?.recall(&Request::new(cue.view()))?;
/// assert_eq!(recall.rows[0].regime, Some(Regime::OnePattern));
/// // β is too small here: the recall ends on the average of all patterns.
/// let recall = Modern::new(patterns, Beta::Value(0.1))?.recall(&Request::new(cue.view()))?;
/// assert_eq!(recall.rows[0].regime, Some(Regime::GlobalAverage));
/// # Ok::<(), attractor::Error>(())
/// ```
///
/// With another [separation](Regularised) the energy is that of [`FenchelYoung`]: E(x) = ½‖x‖² − max_p (p·Yx + H(p)/β).
/// Weights are then exactly 0 for patterns that are far behind, and a pattern is recalled to the bit in one update if it
/// is ahead of the others by the separation's margin.
///
/// ```
/// use attractor::{Patterns, memories::{Beta, Memory, Modern, Request}};
/// use ndarray::array;
/// let patterns = Patterns::new(array![[1.0_f64, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]])?;
/// let memory = Modern::with_separation(patterns.clone(), "sparsemax".parse()?, Beta::Value(0.5), false)?;
/// let recall = memory.recall(&Request::new(array![[0.6, 1.1, -0.2, -0.7]].view()))?;
/// assert_eq!(recall.states.row(0), patterns.values().row(0));
/// assert_eq!(recall.rows[0].posterior.as_ref().unwrap().top, [(0, 1.0), (1, 0.0)]);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Modern<F> {
    energy: Landscape<F>,
}

#[derive(Clone, Debug)]
enum Landscape<F> {
    /// Softmax, whose reads need not hold the weights.
    LogSumExp(LogSumExp<F>),
    FenchelYoung(FenchelYoung<F>),
}

impl<F: Real> Modern<F> {
    /// Stores patterns.
    ///
    /// # Errors
    /// β not positive and finite.
    pub fn new(patterns: Patterns<F>, beta: Beta) -> Result<Self> {
        Self::with_norm_bias(patterns, beta, false)
    }

    /// Stores patterns; `norm_bias` adds −β‖y‖²/2 to the logits.
    ///
    /// # Errors
    /// β not positive and finite.
    pub fn with_norm_bias(patterns: Patterns<F>, beta: Beta, norm_bias: bool) -> Result<Self> {
        let form = if norm_bias { Form::Distance } else { Form::Dot };
        let beta = match beta {
            Beta::Auto => Self::separating_beta(&patterns, form),
            Beta::Value(beta) => beta,
        };
        Ok(Modern { energy: Landscape::LogSumExp(LogSumExp::new(patterns, beta, norm_bias)?) })
    }

    /// Stores patterns for recall with any separation. β = auto is the smallest at which the least separated pattern is
    /// recalled exactly ([`FenchelYoung::exact_beta`]), and for softmax that of [`separating_beta`](Self::separating_beta).
    ///
    /// # Errors
    /// β not positive and finite; with another separation than softmax, patterns with prior weights or that are not in
    /// memory.
    pub fn with_separation(
        patterns: Patterns<F>,
        separation: Regularised,
        beta: Beta,
        norm_bias: bool,
    ) -> Result<Self> {
        if separation.is_softmax() {
            return Self::with_norm_bias(patterns, beta, norm_bias);
        }
        let beta = match beta {
            Beta::Value(beta) => beta,
            Beta::Auto => match FenchelYoung::exact_beta(&patterns, separation, norm_bias)? {
                Some(beta) => beta,
                // α-entmax at α = 1 has no margin, and duplicates have no separation.
                None => Self::separating_beta(&patterns, if norm_bias { Form::Distance } else { Form::Dot }),
            },
        };
        let energy = FenchelYoung::new(patterns, separation, beta, norm_bias)?;
        Ok(Modern { energy: Landscape::FenchelYoung(energy) })
    }

    pub(super) fn landscape(&self) -> &dyn UnitStep<F> {
        match &self.energy {
            Landscape::LogSumExp(energy) => energy,
            Landscape::FenchelYoung(energy) => energy,
        }
    }

    fn patterns(&self) -> &Patterns<F> {
        match &self.energy {
            Landscape::LogSumExp(energy) => energy.patterns(),
            Landscape::FenchelYoung(energy) => energy.patterns(),
        }
    }

    /// How states and patterns are compared.
    fn form(&self) -> Form {
        match &self.energy {
            Landscape::LogSumExp(energy) => energy.form(),
            Landscape::FenchelYoung(energy) if energy.norm_bias() => Form::Distance,
            Landscape::FenchelYoung(_) => Form::Dot,
        }
    }

    /// The inverse temperature β.
    pub fn beta(&self) -> f64 {
        match &self.energy {
            Landscape::LogSumExp(energy) => energy.beta(),
            Landscape::FenchelYoung(energy) => energy.beta(),
        }
    }

    /// The update rule as a dynamics.
    pub fn dynamics(&self) -> Descent<'_, F> {
        Descent { energy: self.landscape() }
    }

    /// The β at which the least separated pattern still has weight 0.999 if it is its own cue.
    ///
    /// The separation of pattern i is Δ_i = min_j (y_i·y_i − y_i·y_j), so its weight is at least 1/(1 + (N−1)
    /// e^{−βΔ_i}). This gives β = ln(999 (N−1))/Δ for the smallest positive Δ (Ramsauer et al. 2021 require a similar
    /// separation). Patterns with a separation of 0 or less (duplicates, or a longer vector in the same direction)
    /// are ignored, since no β separates them. Examines up to 1,024 patterns, evenly spaced.
    pub fn separating_beta(patterns: &Patterns<F>, form: Form) -> f64 {
        const AHEAD: f64 = 999.0;
        let (probe, gaps) = gaps(patterns, form, SAMPLE);
        let least = gaps.iter().copied().filter(|gap| *gap > 0.0).fold(f64::INFINITY, f64::min);
        if least.is_finite() { (AHEAD * (patterns.len() - 1) as f64).ln() / least } else { probe }
    }

    /// The share of patterns that are not their own best match at any β: duplicates, and with dot products also
    /// patterns that have a larger product with a longer vector. Examines up to 1,024 patterns, evenly spaced, and fewer if
    /// there is much to read for each, but 64.
    pub fn unseparated_share(&self) -> f64 {
        const WORK: usize = 2_000_000_000;
        let patterns = self.patterns();
        let sample = (WORK / patterns.len().saturating_mul(patterns.dim()).max(1)).clamp(64, SAMPLE);
        let (_, gaps) = gaps(patterns, self.form(), sample);
        gaps.iter().filter(|gap| **gap <= 0.0).count() as f64 / gaps.len().max(1) as f64
    }
}

impl<F: Real> MemoryModel<F> for Modern<F> {
    fn name(&self) -> &'static str {
        CARD.name
    }

    fn dim(&self) -> usize {
        self.patterns().dim()
    }

    fn abilities(&self) -> Abilities<'_, F> {
        Abilities {
            posterior: Some(self),
            inverse_temperature: Some(self.beta()),
            describe: Some(self),
            ..Abilities::of_patterns(self.patterns()).descending(match &self.energy {
                Landscape::LogSumExp(energy) => energy,
                Landscape::FenchelYoung(energy) => energy,
            })
        }
    }

    fn path(&self, _request: &Request<F>) -> Result<RecallPath<'_, F>> {
        /// The largest change that counts as rest, in spreads of the patterns.
        const REST: f64 = 1e-6;
        Ok(RecallPath::to_rest(Box::new(self.dynamics()), REST * self.patterns().spread(), None))
    }

    fn under_cues(&self, cues: Array2<F>, masked: bool, gain: f64) -> Result<Box<dyn Memory<F> + '_>> {
        if masked && self.form() == Form::Distance {
            let reason = "distances of some units alone would need patterns of their own; with known units it needs norm-bias off";
            return Err(refused(CARD.name, reason));
        }
        let (beta, patterns) = (self.beta(), self.patterns().clone());
        let more = Beta::Value(beta * (1.0 + gain));
        let (separation, bias) = match &self.energy {
            Landscape::LogSumExp(energy) => (Regularised::default(), energy.form() == Form::Distance),
            Landscape::FenchelYoung(energy) => (energy.separation(), energy.norm_bias()),
        };
        let seen = Self::with_separation(patterns, separation, more, bias)?;
        Ok(Box::new(KeptModern { seen, beta, cues: KeptCues::with_gain(cues, gain) }))
    }

    fn read_out(&self, states: ArrayView2<F>, top: usize) -> Result<ReadOut<F>> {
        match &self.energy {
            Landscape::LogSumExp(energy) => {
                let betas = vec![energy.beta(); states.nrows()];
                let values = read_values(energy.patterns(), states, &betas, energy.form());
                let (posteriors, energies) = energy.posterior_and_energy(states, top)?;
                // The largest weight is that of the nearest pattern if weights compare by distance alone.
                let nearest = energy
                    .compares_by_distance()
                    .then(|| posteriors.iter().map(|posterior| posterior.top[0].0).collect());
                let posteriors = posteriors.into_iter().map(Some).collect();
                Ok(ReadOut { posteriors, values, energies: Some(energies), nearest })
            }
            Landscape::FenchelYoung(energy) => {
                let values = match energy.patterns().associated() {
                    Some(values) => {
                        Some(weighted_sums(energy.weights(states)?.view(), values).mapv(F::from_f64))
                    }
                    None => None,
                };
                Ok(ReadOut { values, ..ReadOut::default() })
            }
        }
    }
}

impl<F: Real> Posteriors<F> for Modern<F> {
    fn posterior(
        &self,
        states: ArrayView2<F>,
        _levels: &[f64],
        top: usize,
    ) -> Result<Option<Vec<Posterior>>> {
        Ok(Some(match &self.energy {
            Landscape::LogSumExp(energy) => {
                posterior(energy.patterns(), states, &vec![energy.beta(); states.nrows()], energy.form(), top)
            }
            Landscape::FenchelYoung(energy) => {
                let summaries = |part: ArrayView2<F>| {
                    Ok(energy
                        .weights(part)?
                        .outer_iter()
                        .map(|weights| summary(weights, top))
                        .collect::<Vec<_>>())
                };
                in_parts(states, energy.patterns().len(), summaries)?.into_iter().flatten().collect()
            }
        }))
    }
}

impl<F: Real> Describe for Modern<F> {
    fn warnings(&self) -> Vec<Message> {
        // This costs many queries, which is too slow if each of them reads a file.
        let patterns = self.patterns();
        let share =
            if self.form() == Form::Dot && patterns.are_held() { self.unseparated_share() } else { 0.0 };
        if share <= 0.01 {
            return Vec::new();
        }
        vec![message![
            format!(
                "{:.0} % of the patterns are not fixed points at any beta, since a longer pattern has a larger dot product with them; ",
                100.0 * share
            ),
            Argument::set("norm-bias", "on"),
            " compares by distance"
        ]]
    }
}

/// How many patterns are examined at most.
const SAMPLE: usize = 1024;

/// The separation of some patterns from all others (0 if not separated), and the inverse temperature used to measure
/// it, at which no weight is 0.
fn gaps<F: Real>(patterns: &Patterns<F>, form: Form, sample: usize) -> (f64, Vec<f64>) {
    let n = patterns.len();
    let scale = patterns.spread().powi(2) * patterns.dim() as f64;
    let probe = 1.0 / scale;
    if n == 1 {
        return (probe, Vec::new());
    }
    let some: Vec<usize> = (0..n.min(sample)).map(|i| i * n / n.min(sample)).collect();
    let queries = patterns.select(&some);
    let tops = posterior(&patterns.unweighted(), queries.view(), &vec![probe; some.len()], form, 2);
    // From the ratio of the pattern's own weight to that of the runner-up.
    let gap = |(top, own): (&Posterior, &usize)| {
        let gap = (top.top[0].1 / top.top[1].1).ln() / probe;
        if top.top[0].0 == *own && gap > 1e-6 * scale && gap.is_finite() { gap } else { 0.0 }
    };
    (probe, tops.iter().zip(&some).map(gap).collect())
}

/// Builds the memory from named options.
pub(super) fn build<F: Real>(
    patterns: Patterns<F>,
    options: &Options,
    _learned: Option<Learned>,
) -> Result<Box<dyn Memory<F>>> {
    let beta = options.number("beta").map_or(Beta::Auto, Beta::Value);
    // If a preparation chose the origin, lengths have no meaning, so long patterns must not have an advantage.
    let prepared =
        matches!(patterns.preparation(), Preparation::Affine { .. } | Preparation::Standardized { .. });
    let norm_bias = options.switch("norm-bias").unwrap_or(prepared);
    let separation = options.named("separation")?.unwrap_or_default();
    Ok(Box::new(Modern::with_separation(patterns, separation, beta, norm_bias)?))
}
