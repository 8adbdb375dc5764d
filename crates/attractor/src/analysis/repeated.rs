//! Many recalls of the same cue: how often they end in each memory.

use std::ops::ControlFlow;

use ndarray::Array2;

use crate::diffusion::LAST;
use crate::error::{Error, Result};
use crate::fields::{Field, Kind, Value};
use crate::kernels::Posterior;
use crate::memories::{Memory, Request};
use crate::noise::{Purpose, Stream};
use crate::observe::Frame;
use crate::real::Real;

/// How often many recalls of one cue ended in each memory, compared with the posterior.
#[derive(Clone, Debug, PartialEq)]
pub struct Counts {
    /// The number of recalls that ended in each memory. Where memories overlap, the memory is drawn from the
    /// posterior there.
    pub ended: Vec<u64>,
    /// The exact posterior of each memory at the cue's level, from which recall by the reverse SDE samples.
    pub posterior: Vec<f64>,
    /// Pearson's χ² of the counts against the posterior. Memories with fewer than five expected recalls are counted
    /// together.
    pub chi_square: f64,
    /// The degrees of freedom: the number of cells minus one; 0 if there is only one cell.
    pub freedom: usize,
    /// The noise level of the cue, in its own units.
    pub sigma: Option<f64>,
}

impl Counts {
    /// Every field, in the order in which they are written.
    pub const FIELDS: &'static [Field<Counts>] = &[
        Field {
            name: "sigma",
            kind: Kind::Number,
            doc: "noise level of the cue",
            get: |counts| counts.sigma.into(),
        },
        Field {
            name: "counts",
            kind: Kind::Counts,
            doc: "recalls that ended in each memory",
            get: |counts| Value::Counts(&counts.ended),
        },
        Field {
            name: "posterior",
            kind: Kind::Numbers,
            doc: "exact posterior of each memory at the level of the cue",
            get: |counts| Value::Numbers(&counts.posterior),
        },
        Field {
            name: "chi_square",
            kind: Kind::Number,
            doc: "Pearson's χ² of the counts against the posterior",
            get: |counts| Value::Number(counts.chi_square),
        },
        Field {
            name: "degrees_of_freedom",
            kind: Kind::Whole,
            doc: "its degrees of freedom",
            get: |counts| Some(counts.freedom).into(),
        },
    ];
}

/// Recalls every cue `repeats` times, each time with its own noise, and counts where the recalls end.
///
/// Repeat r of the cue with row id i has the row id i·`repeats` + r, so counts do not depend on batches. `progress`
/// is called with the number of recalls done (with 0 at each of their steps); its error stops the work. Memory: a
/// thousand recalls at a time.
///
/// ```
/// use attractor::{Level, Patterns, Request, Spec, analysis::repeat};
/// use ndarray::array;
/// let patterns = Patterns::new(array![[1.0_f64, 1.0], [-1.0, -1.0]])?;
/// let memory = Spec::new("diffusion").with("sampler", "bridge").build(patterns)?;
/// let cue = array![[0.1, 0.2]];
/// let request = Request { level: Level::Sigma(1.0), ..Request::new(cue.view()) };
/// let counts = &repeat(memory.as_ref(), &request, 1000, |_| Ok(()))?[0];
/// // Odds e^(2·0.3) give 0.6457. Five standard deviations of 1,000 draws are 76.
/// assert!((counts.posterior[0] - 0.645656).abs() < 1e-6);
/// assert!(counts.ended[0].abs_diff(646) < 76);
/// # Ok::<(), attractor::Error>(())
/// ```
///
/// # Errors
/// No repeats; a memory without a posterior; the error of `progress`; those of [`Memory::recall`].
pub fn repeat<F: Real>(
    memory: &dyn Memory<F>,
    request: &Request<F>,
    repeats: usize,
    mut progress: impl FnMut(u64) -> Result<()>,
) -> Result<Vec<Counts>> {
    /// So many recalls are made at a time, and fewer if there is much to read for each, so that a caller hears of progress
    /// within a second.
    const BATCH: usize = 1024;
    const WORK: usize = 1_000_000_000;
    if !(1..=1_000_000_000).contains(&repeats) {
        return Err(Error::parameter("repeat", "a whole number from 1 to 1e9", repeats));
    }
    let undefined = |what| Error::Undefined {
        model: memory.name(),
        what,
        reason: "counts are compared with the posterior of diffusion memories; use diffusion or mixture"
            .into(),
    };
    let (Some(memories), Some(_)) = (memory.memories(), memory.denoiser()) else {
        return Err(undefined("posterior over memories"));
    };
    // Checked before any work, so that an error names the row of the bad cue.
    request.checked_cues(memory.dim())?;
    request.checked_input(memory.dim())?;
    let batch = (WORK / memories.saturating_mul(memory.dim()).max(1)).clamp(16, BATCH);
    let mut result = Vec::new();
    for row in 0..request.cues.nrows() {
        let id = request.first_row.wrapping_add(row as u64).wrapping_mul(repeats as u64);
        let mut counts = Counts {
            ended: vec![0; memories],
            posterior: vec![0.0; memories],
            chi_square: 0.0,
            freedom: 0,
            sigma: None,
        };
        let mut from = 0;
        while from < repeats {
            // The posterior depends only on the cue, so one recall is enough to list it.
            let some = if from == 0 { 1 } else { batch.min(repeats - from) };
            let cues = Array2::from_shape_fn((some, memory.dim()), |(_, j)| request.cues[[row, j]]);
            let known = request
                .known
                .map(|known| Array2::from_shape_fn((some, memory.dim()), |(_, j)| known[[row, j]]));
            let input = request
                .input
                .map(|input| Array2::from_shape_fn((some, memory.dim()), |(_, j)| input[[row, j]]));
            let first_row = id.wrapping_add(from as u64);
            let request = Request {
                cues: cues.view(),
                input: input.as_ref().map(|input| input.view()),
                known: known.as_ref().map(|k| k.view()),
                first_row,
                top: if from == 0 { memories } else { 1 },
                ..request.clone()
            };
            let mut failed = None;
            let mut watch = |_: Frame<F>| match progress(0) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            };
            let recall = memory.recall_observed(&request, &mut watch)?;
            if let Some(error) = failed {
                return Err(error);
            }
            let posterior =
                recall.rows[0].posterior.as_ref().ok_or_else(|| undefined("posterior over memories"))?;
            if from == 0 {
                posterior.top.iter().for_each(|&(n, w)| counts.posterior[n] = w);
                counts.sigma = recall.rows[0].sigma;
            }
            for n in belong(memory, recall.states, request.seed, first_row)? {
                counts.ended[n] += 1;
            }
            progress(some as u64)?;
            from += some;
        }
        (counts.chi_square, counts.freedom) = chi_square(&counts.ended, &counts.posterior, repeats as f64);
        result.push(counts);
    }
    Ok(result)
}

/// Draws the memory that each recalled state belongs to from its posterior, at a level where hardly any noise is
/// left. Where memories overlap, the state does not determine its memory. Drawing it keeps all counts unbiased,
/// because the posterior along the reverse SDE is a martingale.
fn belong<F: Real>(
    memory: &dyn Memory<F>,
    states: Array2<F>,
    seed: u64,
    first_row: u64,
) -> Result<Vec<usize>> {
    /// The largest number of memories that overlap at one state.
    const OVERLAPPING: usize = 64;
    let states = memory.preparation().forward(states);
    let levels = vec![LAST * memory.spread().unwrap_or(1.0); states.nrows()];
    let posteriors = memory.posterior(states.view(), &levels, OVERLAPPING)?.unwrap_or_default();
    let draw = |(row, posterior): (usize, &Posterior)| {
        let mut left = Stream::new(seed, Purpose::Attribution, first_row.wrapping_add(row as u64)).uniform();
        for &(n, weight) in &posterior.top {
            left -= weight;
            if left < 0.0 {
                return n;
            }
        }
        posterior.top[0].0
    };
    Ok(posteriors.iter().enumerate().map(draw).collect())
}

/// Pearson's χ² and its degrees of freedom. The cells depend only on the expected counts: memories with fewer than
/// five expected recalls form one cell; if that still has fewer than five, it joins the smallest other cell.
fn chi_square(ended: &[u64], posterior: &[f64], total: f64) -> (f64, usize) {
    const FEW: f64 = 5.0;
    let all = ended.iter().zip(posterior).map(|(&count, &weight)| (count as f64, total * weight));
    let (mut cells, rare): (Vec<_>, Vec<_>) = all.partition(|(_, expected)| *expected >= FEW);
    let rare = rare.iter().fold((0.0, 0.0), |sum, cell| (sum.0 + cell.0, sum.1 + cell.1));
    match cells.iter_mut().min_by(|a, b| a.1.total_cmp(&b.1)) {
        Some(smallest) if rare.1 < FEW => *smallest = (smallest.0 + rare.0, smallest.1 + rare.1),
        _ => cells.push(rare),
    }
    let sum = cells.iter().map(|(count, expected)| (count - expected).powi(2) / expected).sum();
    (sum, cells.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::chi_square;

    #[test]
    fn rare_cells_count_together() {
        // By hand: (48 − 50)²/50 + (45 − 44)²/44 + (7 − 6)²/6.
        let (chi2, freedom) = chi_square(&[48, 45, 4, 3], &[0.5, 0.44, 0.03, 0.03], 100.0);
        assert!((chi2 - (4.0 / 50.0 + 1.0 / 44.0 + 1.0 / 6.0)).abs() < 1e-12);
        assert_eq!(freedom, 2);
        assert_eq!(chi_square(&[10], &[1.0], 10.0), (0.0, 0));
        // One recall where 0.01 was expected joins the smallest cell, which then has 50 recalls for 50 expected.
        let (chi2, freedom) = chi_square(&[50, 49, 1], &[0.5, 0.4999, 0.0001], 100.0);
        assert!((chi2 - 0.0).abs() < 1e-12 && freedom == 1, "{chi2}");
    }
}
