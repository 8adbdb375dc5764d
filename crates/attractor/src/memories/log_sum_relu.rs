//! Memory with supports of finite size: the log-sum-ReLU energy.

use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::report::summary;
use super::{
    Abilities, Card, Family, Learned, ListMinima, Memory, MemoryModel, Posteriors, RecallPath, Request,
};
use crate::dynamics::{Dynamics, Motion, ReadOut, Run, Start, Undefined};
use crate::energies::{BETAS, EPSILONS, LogSumRelu, in_parts};
use crate::error::{Error, Result};
use crate::kernels::{Posterior, weighted_sums};
use crate::options::{Fallback, Kind, Options, Parameter};
use crate::patterns::Patterns;
use crate::real::Real;
use crate::separations::Beta;

/// The kind of an inverse temperature.
const BETA: Kind = Kind::Number(BETAS);

/// The ε of the energy if none is given.
const EPSILON: f64 = 1e-6;

/// The entry of this model in [`MODELS`](super::MODELS).
pub(super) const CARD: Card = Card {
    name: "log-sum-relu",
    aliases: &["lsr", "epanechnikov"],
    title: "Memory with supports of finite size (log-sum-ReLU)",
    equation: "E(x) = -1/beta ln(epsilon + sum_n max(0, 1 - beta |x - y_n|^2/2));  x <- mean of the y_n within sqrt(2/beta)",
    parameters: &[
        Parameter {
            name: "beta",
            kind: Kind::AutoOr(&BETA),
            default: Fallback::Is("auto"),
            help: "Inverse temperature, which sets the radius sqrt(2/beta) of supports; auto makes it the distance of the two nearest patterns, so that each is recalled exactly",
        },
        Parameter {
            name: "epsilon",
            kind: Kind::Number(EPSILONS),
            default: Fallback::Is("1e-6"),
            help: "What keeps the energy finite where no support is; it moves no minimum",
        },
    ],
    cost: "3 N D operations an update and cue; N D numbers",
    source: "Hoover et al. (2025)",
    weights: true,
    values: true,
    family: Family::Modern,
    ..Card::PLAIN
};

/// A memory with supports of finite size: x ← mean of the patterns within √(2/β) of x (Hoover et al. 2025).
///
/// Each update lowers E(x; β) = −β⁻¹ ln(ε + Σ max(0, 1 − ½β‖x − y_n‖²)), and recall rests after finitely many. Patterns
/// whose supports cover no other pattern are recalled to the bit. Where supports overlap, means of groups of patterns are
/// minima as well. A cue that no support covers keeps its state, with the outcome
/// [`Undefined`](crate::Outcome::Undefined).
///
/// ```
/// use attractor::{Outcome, Patterns, Request, memories::{Beta, LogSumReluMemory, Memory}};
/// use ndarray::array;
/// let patterns = Patterns::new(array![[0.0_f64, 0.0], [2.0, 0.0], [9.0, 0.0]])?;
/// let memory = LogSumReluMemory::new(patterns, Beta::Auto)?;
/// // The radius is 2, the distance of the first two.
/// let recall = memory.recall(&Request::new(array![[-0.3, 0.4], [1.2, 0.5], [5.0, 5.0]].view()))?;
/// assert_eq!(recall.states, array![[0.0, 0.0], [1.0, 0.0], [5.0, 5.0]]);
/// assert!(matches!(recall.rows[2].outcome, Outcome::Undefined { .. }));
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct LogSumReluMemory<F> {
    energy: LogSumRelu<F>,
}

impl<F: Real> LogSumReluMemory<F> {
    /// Stores patterns. β = auto is that of [`LogSumRelu::separating_beta`].
    ///
    /// # Errors
    /// β not positive and finite; patterns that are not in memory.
    pub fn new(patterns: Patterns<F>, beta: Beta) -> Result<Self> {
        Self::with_epsilon(patterns, beta, EPSILON)
    }

    /// Stores patterns, with the ε of the energy.
    ///
    /// # Errors
    /// β or ε outside its range; patterns that are not in memory.
    pub fn with_epsilon(patterns: Patterns<F>, beta: Beta, epsilon: f64) -> Result<Self> {
        let beta = match beta {
            Beta::Value(beta) => beta,
            // Where no two patterns differ, any radius recalls them.
            Beta::Auto => match LogSumRelu::separating_beta(&patterns)? {
                Some(beta) => beta,
                None => 1.0 / (patterns.spread().powi(2) * patterns.dim() as f64),
            },
        };
        Ok(LogSumReluMemory { energy: LogSumRelu::new(patterns, beta, epsilon)? })
    }

    /// The landscape.
    pub fn energy(&self) -> &LogSumRelu<F> {
        &self.energy
    }

    /// The summary of the weights at each state; `None` where no support covers it.
    fn summaries(&self, states: ArrayView2<F>, top: usize) -> Result<Vec<Option<Posterior>>> {
        let parts = in_parts(states, self.energy.patterns().len(), |part| {
            let weights = self.energy.weights(part)?;
            let one = |row: ndarray::ArrayView1<f64>| row.iter().any(|w| *w > 0.0).then(|| summary(row, top));
            Ok(weights.outer_iter().map(one).collect::<Vec<_>>())
        })?;
        Ok(parts.into_iter().flatten().collect())
    }
}

impl<F: Real> MemoryModel<F> for LogSumReluMemory<F> {
    fn name(&self) -> &'static str {
        CARD.name
    }

    fn dim(&self) -> usize {
        self.energy.patterns().dim()
    }

    fn abilities(&self) -> Abilities<'_, F> {
        Abilities {
            minima: Some(self),
            posterior: Some(self),
            inverse_temperature: Some(self.energy.beta()),
            ..Abilities::of_patterns(self.energy.patterns()).descending(&self.energy)
        }
    }

    fn path(&self, _request: &Request<F>) -> Result<RecallPath<'_, F>> {
        // The same supports give the same mean to the bit, so rest is exact.
        Ok(RecallPath::to_rest(Box::new(Means(&self.energy)), 0.0, None))
    }

    fn read_out(&self, states: ArrayView2<F>, top: usize) -> Result<ReadOut<F>> {
        let values = match self.energy.patterns().associated() {
            Some(values) => {
                Some(weighted_sums(self.energy.weights(states)?.view(), values).mapv(F::from_f64))
            }
            None => None,
        };
        Ok(ReadOut { posteriors: self.summaries(states, top)?, values, ..ReadOut::default() })
    }
}

impl<F: Real> Posteriors<F> for LogSumReluMemory<F> {
    fn posterior(
        &self,
        states: ArrayView2<F>,
        _levels: &[f64],
        top: usize,
    ) -> Result<Option<Vec<Posterior>>> {
        let summaries = self.summaries(states, top)?;
        if let Some(row) = summaries.iter().position(Option::is_none) {
            let reason = format!("{OUTSIDE} (row {row} of the cues)").into();
            return Err(Error::Undefined { model: CARD.name, what: "weights", reason });
        }
        Ok(summaries.into_iter().collect())
    }

    fn posterior_if_any(
        &self,
        states: ArrayView2<F>,
        _levels: &[f64],
        top: usize,
    ) -> Result<Option<Vec<Option<Posterior>>>> {
        self.summaries(states, top).map(Some)
    }
}

impl<F: Real> ListMinima<F> for LogSumReluMemory<F> {
    /// The means of all groups that exactly the supports of the group cover: see [`LogSumRelu::minima`].
    fn list(&self, limit: usize) -> Result<Option<Array2<F>>> {
        self.energy.minima(limit)
    }
}

/// Why a cue has no next state.
const OUTSIDE: &str =
    "no stored pattern lies within the radius sqrt(2/beta) of the cue; a smaller beta makes it larger";

/// Moves each state to the mean of the patterns that cover it.
struct Means<'a, F>(&'a LogSumRelu<F>);

impl<F: Real> Dynamics<F> for Means<'_, F> {
    fn dim(&self) -> usize {
        self.0.patterns().dim()
    }

    fn motion(&self) -> Motion {
        Motion::Map
    }

    fn start(&self, _start: Start<F>) -> Result<Box<dyn Run<F> + '_>> {
        Ok(Box::new(MeansRun { energy: self.0, undefined: Vec::new() }))
    }
}

struct MeansRun<'a, F> {
    energy: &'a LogSumRelu<F>,
    /// The rows that no support covered in the last step.
    undefined: Vec<Undefined>,
}

impl<F: Real> Run<F> for MeansRun<'_, F> {
    fn step(
        &mut self,
        rows: &[usize],
        mut states: ArrayViewMut2<F>,
        _from: &[f64],
        _to: &[f64],
    ) -> Result<()> {
        let next = self.energy.step(states.view())?;
        self.undefined.clear();
        for ((mut state, next), &row) in states.outer_iter_mut().zip(next).zip(rows) {
            match next {
                Some(next) => state.iter_mut().zip(next).for_each(|(to, from)| *to = from),
                None => self.undefined.push(Undefined { row, reason: OUTSIDE }),
            }
        }
        Ok(())
    }

    fn undefined(&mut self) -> Vec<Undefined> {
        std::mem::take(&mut self.undefined)
    }
}

/// Builds the memory from named options.
pub(super) fn build<F: Real>(
    patterns: Patterns<F>,
    options: &Options,
    _learned: Option<Learned>,
) -> Result<Box<dyn Memory<F>>> {
    let beta = options.number("beta").map_or(Beta::Auto, Beta::Value);
    let epsilon = options.number("epsilon").unwrap_or(EPSILON);
    Ok(Box::new(LogSumReluMemory::with_epsilon(patterns, beta, epsilon)?))
}
