//! Compares the recalls of a network with those of the exact model.

use attractor::diffusion::Sampling;
use attractor::memories::{Diffusion, learned};
use attractor::networks::Network;
use attractor::noise::{Purpose, Stream};
use attractor::{Level, Memory, Patterns, Preparation, Real, Request, Result};
use ndarray::{Array2, Axis};

/// Noisy cues of the patterns, and the exact model's recalls of them.
///
/// A cue is y + σε with σ = 1.078 spreads, as noisy as the cue θy + √(1−θ²)ε of ±1 patterns at θ = 0.68
/// (Ambrogioni 2023, App. A). A unit is judged by which side of the patterns' mean it is on; for ±1 patterns that is
/// its sign. Units that are equal in all patterns carry no information and do not count.
pub struct Evaluation<F> {
    patterns: Patterns<F>,
    cues: Array2<F>,
    sigma: f64,
    middle: Vec<f64>,
    /// The units that count.
    informative: Vec<usize>,
    exact: Array2<bool>,
    truth: Array2<bool>,
}

/// The result of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EvaluationResult {
    /// The share of units that agree with the exact model's recall.
    pub agreement: f64,
    /// The share of units that differ from the pattern.
    pub error: f64,
    /// The share of units in which the exact model's recall differs from the pattern.
    pub exact_error: f64,
}

/// The signal θ of the cues.
const SIGNAL: f64 = 0.68;

impl<F: Real> Evaluation<F> {
    /// Makes `cues` cues: of all patterns in turn, or of evenly spaced patterns if there are more patterns than cues.
    ///
    /// # Errors
    /// The exact model refuses the patterns.
    pub fn new(patterns: &Patterns<F>, cues: usize, seed: u64) -> Result<Self> {
        let (count, dim) = (patterns.len(), patterns.dim());
        let rows = cues.max(1);
        let of = |row: usize| if count > rows { row * count / rows } else { row % count };
        let raw = patterns.restored();
        let spins = patterns.are_spins() && *patterns.preparation() == Preparation::Identity;
        let spread = if spins { 1.0 } else { patterns.spread() / patterns.preparation().scale() };
        let sigma = spread * (1.0 - SIGNAL * SIGNAL).sqrt() / SIGNAL;
        let middle = match raw.mapv(F::to_f64).mean_axis(Axis(0)) {
            Some(mean) if !spins => mean.to_vec(),
            _ => vec![0.0; dim],
        };
        let mut noisy = Array2::from_elem((rows, dim), F::ZERO);
        for (row, mut cue) in noisy.outer_iter_mut().enumerate() {
            let mut stream = Stream::new(seed, Purpose::Calibration, row as u64);
            for (unit, y) in cue.iter_mut().zip(raw.row(of(row))) {
                *unit = F::from_f64(y.to_f64() + sigma * stream.normal());
            }
        }
        /// A share of the spread. Smaller differences are due to rounding.
        const ROUNDING: f64 = 1e-6;
        let varies =
            |j: &usize| raw.column(*j).iter().any(|y| (y.to_f64() - middle[*j]).abs() > ROUNDING * spread);
        let informative: Vec<usize> = (0..dim).filter(varies).collect();
        // A single pattern equals its mean, so no unit would count.
        let informative = if informative.is_empty() { (0..dim).collect() } else { informative };
        let truth = Array2::from_shape_fn((rows, informative.len()), |(i, k)| {
            raw[[of(i), informative[k]]].to_f64() > middle[informative[k]]
        });
        let diffusion = Diffusion::on(patterns.clone().into(), Sampling::default())?;
        let mut examination = Evaluation {
            patterns: patterns.clone(),
            cues: noisy,
            sigma,
            middle,
            informative,
            exact: truth.clone(),
            truth,
        };
        examination.exact = examination.sides(&diffusion)?;
        Ok(examination)
    }

    /// Evaluates a network on the cues.
    ///
    /// # Errors
    /// The network has another width than the patterns.
    pub fn evaluate(&self, network: &Network<f32>) -> Result<EvaluationResult> {
        let memory = learned::<F>(network.clone(), self.patterns.clone(), Sampling::default())?;
        let sides = self.sides(memory.as_ref())?;
        let share = |a: &Array2<bool>, b: &Array2<bool>| {
            a.iter().zip(b).filter(|(a, b)| a == b).count() as f64 / a.len() as f64
        };
        Ok(EvaluationResult {
            agreement: share(&sides, &self.exact),
            error: 1.0 - share(&sides, &self.truth),
            exact_error: 1.0 - share(&self.exact, &self.truth),
        })
    }

    /// Recalls the cues, and says for each unit whether it is above the mean.
    fn sides(&self, memory: &dyn Memory<F>) -> Result<Array2<bool>> {
        /// The number of cues that are recalled together.
        const BATCH: usize = 256;
        let mut sides = Array2::from_elem(self.truth.dim(), false);
        let batches =
            self.cues.axis_chunks_iter(Axis(0), BATCH).zip(sides.axis_chunks_iter_mut(Axis(0), BATCH));
        for (cues, mut sides) in batches {
            let request = Request { level: Level::Sigma(self.sigma), top: 1, ..Request::new(cues) };
            let states = memory.recall(&request)?.states;
            for ((row, k), side) in sides.indexed_iter_mut() {
                let unit = self.informative[k];
                *side = states[[row, unit]].to_f64() > self.middle[unit];
            }
        }
        Ok(sides)
    }
}
