//! The local dimension of what a denoiser remembers.

use ndarray::ArrayView2;

use super::Denoise;
use crate::error::Result;
use crate::real::Real;

/// The local intrinsic dimension at each state, in the read that gives D(z;σ):
///
/// ```text
/// LID(z, σ) = D + σ²(tr ∇s + ‖s‖²) = Σ_n w_n ‖z − y_n‖²/σ²,    s = (D(z;σ) − z)/σ²
/// ```
///
/// (FLIPD of Kamkari et al. 2024, arXiv 2406.03537; for stored memories the right side is exact.) It is how much longer
/// than σ the distances to the likely memories are. Where σ is larger than the gaps between stored patterns, and smaller
/// than their curvature, it is the dimension of the surface on which they lie. It falls to 0 at a stored pattern, and grows
/// without end elsewhere, once σ tells single patterns apart.
///
/// `states` is B × D, prepared. The result is ≥ 0, and rounded by about 10⁻¹⁶ ‖z‖²/σ² (f32: 10⁻⁷). It is `None` at σ = 0,
/// where there is no noise to measure with. Cost: one read.
///
/// ```
/// use attractor::energies::{Points, local_dimensions};
/// use attractor::Patterns;
/// use ndarray::array;
/// let memory = Points::new(Patterns::new(array![[0.0_f64, 0.0], [3.0, 4.0]])?);
/// // Both patterns are 2.5 away.
/// let dimensions = local_dimensions(&memory, array![[1.5, 2.0]].view(), &[0.5])?;
/// assert!((dimensions[0].expect("a positive level") - 25.0).abs() < 1e-12);
/// # Ok::<(), attractor::Error>(())
/// ```
///
/// # Errors
/// Those of [`Denoise::read`]: a denoiser without a density has no local dimension.
pub fn local_dimensions<F: Real>(
    memory: &dyn Denoise<F>,
    states: ArrayView2<F>,
    sigmas: &[f64],
) -> Result<Vec<Option<f64>>> {
    Ok(local_reads(memory, states, sigmas)?.into_iter().map(|read| read.dimension).collect())
}

/// What one read of a memory says of a state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalRead {
    /// The [local dimension](local_dimensions); `None` at σ = 0.
    pub dimension: Option<f64>,
    /// The log-sum ln Σ_n π_n exp(−‖z − y_n‖²/2σ²).
    pub log_sum: f64,
}

/// The [local dimension](local_dimensions) and the log-sum at each state, in one read.
///
/// # Errors
/// Those of [`Denoise::read`].
pub fn local_reads<F: Real>(
    memory: &dyn Denoise<F>,
    states: ArrayView2<F>,
    sigmas: &[f64],
) -> Result<Vec<LocalRead>> {
    let read = memory.read(states, sigmas)?;
    let log_sums = read.log_sum();
    let one = |row: usize| {
        let (mut step, mut square) = (0.0, 0.0);
        for (z, mean) in states.row(row).iter().zip(read.mean.row(row)) {
            let (z, mean) = (z.to_f64(), mean.to_f64());
            step += (z - mean).powi(2);
            square += mean * mean;
        }
        // Σ w ‖z − y‖² = ‖z − D‖² + Σ w ‖y − D‖²
        let dimension = (step + (read.second[row] - square).max(0.0)) / sigmas[row].powi(2);
        LocalRead { dimension: dimension.is_finite().then_some(dimension), log_sum: log_sums[row] }
    };
    Ok((0..sigmas.len()).map(one).collect())
}
