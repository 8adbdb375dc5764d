//! The noise levels at which the landscape of a memory changes its form.

use ndarray::{Array1, Array2, ArrayView2, Axis};

use crate::error::Result;
use crate::memories::Memory;
use crate::noise::{Purpose, Stream};

/// The noise levels at which recall from a memory changes, in the units of its cues.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CriticalLevels {
    /// Speciation: σ² is the largest eigenvalue of the covariance of what is stored. Above it the landscape at the mean is
    /// a single valley, below it the valley splits (Biroli et al. 2024).
    pub speciation: f64,
    /// Collapse: the posterior of true cues y + σε has on average half of the entropy of the prior. Well below it each cue
    /// belongs to one memory. `None` for a single memory, or one without a posterior.
    pub collapse: Option<f64>,
}

/// The critical levels of a memory, from prepared states of it (N × D, at least one). `None` if they do not differ.
///
/// Cost: about 1,500 reads of the memory.
///
/// ```
/// use attractor::analysis::critical_levels;
/// use attractor::{Patterns, Spec};
/// use ndarray::array;
/// let patterns = Patterns::new(array![[0.6, 0.8], [-0.6, -0.8]])?;
/// let memory = Spec::new("diffusion").build(patterns.clone())?;
/// let levels = critical_levels(memory.as_ref(), patterns.values())?.expect("two patterns that differ");
/// // The covariance of ±y with |y| = 1 has the eigenvalue 1.
/// assert!((levels.speciation - 1.0).abs() < 1e-9 && levels.collapse < Some(levels.speciation * 1.2));
/// # Ok::<(), attractor::Error>(())
/// ```
///
/// # Errors
/// Errors of the memory's posterior.
pub fn critical_levels(memory: &dyn Memory<f64>, states: ArrayView2<f64>) -> Result<Option<CriticalLevels>> {
    let speciation = largest_eigenvalue(states).sqrt();
    if !(speciation.is_finite() && speciation > 0.0) {
        return Ok(None);
    }
    let scale = memory.preparation().scale();
    let collapse = collapse(memory, states, speciation)?;
    Ok(Some(CriticalLevels { speciation: speciation / scale, collapse: collapse.map(|s| s / scale) }))
}

/// The largest eigenvalue of the covariance of rows, by power iteration. A value is too small by at most the share 10⁻⁸ if
/// the two largest differ by 2 %, and between the two if they differ by less.
fn largest_eigenvalue(states: ArrayView2<f64>) -> f64 {
    const ITERATIONS: usize = 500;
    let Some(mean) = states.mean_axis(Axis(0)) else { return 0.0 };
    let from = &states - &mean;
    // The components differ, so that no direction is missed by chance.
    let mut direction = Array1::from_shape_fn(states.ncols(), |j| 1.0 + (j as f64).sin());
    for _ in 0..ITERATIONS {
        direction = from.t().dot(&from.dot(&direction));
        let length = direction.dot(&direction).sqrt();
        if length == 0.0 {
            return 0.0;
        }
        direction /= length;
    }
    let along = from.dot(&direction);
    along.dot(&along) / states.nrows() as f64
}

/// The level at which the mean entropy of the posterior is half of that at high noise, by bisection of ln σ. The noise of
/// the cues has the same directions at every level, so that the entropy changes smoothly.
fn collapse(memory: &dyn Memory<f64>, states: ArrayView2<f64>, speciation: f64) -> Result<Option<f64>> {
    /// How many true cues are drawn.
    const CUES: usize = 64;
    /// The levels tried, relative to speciation, and how often the range is halved: to 1 % of the level.
    const RANGE: (f64, f64) = (1e-3, 4.0);
    const HALVINGS: usize = 10;
    let count = CUES;
    let rows: Vec<usize> = (0..count).map(|k| k * states.nrows() / count).collect();
    let clean = states.select(Axis(0), &rows);
    let noise = Array2::from_shape_vec(
        clean.dim(),
        (0..count as u64)
            .flat_map(|row| {
                let mut stream = Stream::new(0, Purpose::Calibration, row);
                (0..clean.ncols()).map(|_| stream.normal()).collect::<Vec<f64>>()
            })
            .collect(),
    )
    .expect("one number for each unit");
    let entropy = |sigma: f64| -> Result<Option<f64>> {
        let cues = &clean + &(&noise * sigma);
        let found = memory.posterior(cues.view(), &vec![sigma; count], 1)?;
        Ok(found.map(|of| of.iter().map(|posterior| posterior.entropy).sum::<f64>() / count as f64))
    };
    // So much noise hides every pattern.
    let Some(most) = entropy(1e6 * speciation)?.filter(|most| *most > 1e-6) else { return Ok(None) };
    let (mut low, mut high) = (RANGE.0 * speciation, RANGE.1 * speciation);
    let is_below = |sigma: f64| -> Result<bool> { Ok(entropy(sigma)?.is_some_and(|e| e < most / 2.0)) };
    if !is_below(low)? || is_below(high)? {
        return Ok(None);
    }
    for _ in 0..HALVINGS {
        let middle = (low * high).sqrt();
        if is_below(middle)? { low = middle } else { high = middle }
    }
    Ok(Some((low * high).sqrt()))
}

impl CriticalLevels {
    /// Four noise levels that show how the landscape changes: from one valley, above speciation, to one valley for each
    /// memory, below collapse. They are evenly spaced on a logarithmic scale, from 1.5 times speciation to 0.6 times
    /// collapse.
    pub fn shown(&self) -> [f64; 4] {
        // Between very similar levels, the form changes within less than this factor.
        const LEAST: f64 = 0.35;
        let high = 1.5 * self.speciation;
        let low = 0.6 * self.collapse.unwrap_or(self.speciation / 3.0).min(LEAST / 0.6 * self.speciation);
        [0.0, 1.0, 2.0, 3.0].map(|k| high * (low / high).powf(k / 3.0))
    }
}
