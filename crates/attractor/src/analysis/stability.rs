//! Where a state stops being stable, which is the symmetry breaking of a diffusion memory.

use ndarray::{Array2, ArrayView2};

use crate::diffusion::{Dual, Process};
use crate::energies::Denoise;
use crate::error::Result;
use crate::noise::{Purpose, Stream};
use crate::real::Real;

/// The largest eigenvalue λ of the posterior covariance Cov(y | z) at each row. It is the variance of the possible
/// memories along the direction in which they differ most.
///
/// The Jacobian of D(z;σ) is Cov(y | z)/σ² (Tweedie). So λ can be found for any denoiser, by power iteration with
/// directional differences of D. `spread` is the memory's scale, which sets the size of the differences. Cost: up to
/// 400 reads. The relative precision is about 10⁻⁹ in f64, and 10⁻⁴ in f32 where σ²/spread is above the rounding of
/// z.
///
/// ```
/// use attractor::{Patterns, analysis::largest_variance, energies::Points};
/// use ndarray::array;
/// // Half-way between y and −y it is ‖y‖² at every level.
/// let points = Points::new(Patterns::new(array![[0.6_f64, 0.8], [-0.6, -0.8]])?);
/// let found = largest_variance(&points, array![[0.0, 0.0]].view(), &[0.9], 1.0)?[0];
/// assert!((found - 1.0).abs() < 1e-8);
/// # Ok::<(), attractor::Error>(())
/// ```
///
/// # Errors
/// The errors of the denoiser.
pub fn largest_variance<F: Real>(
    denoiser: &dyn Denoise<F>,
    states: ArrayView2<F>,
    sigmas: &[f64],
    spread: f64,
) -> Result<Vec<f64>> {
    /// The largest number of iterations. More would only separate eigenvalues closer than 5 %.
    const MOST: usize = 200;
    // The relative change of λ at which the iteration stops. It is the rounding of the differences.
    let enough = 4.0 * F::ROUNDOFF.powf(2.0 / 3.0);
    let (b, dim) = states.dim();
    // All rows start with the same direction, so that a row does not depend on its neighbours.
    let mut stream = Stream::new(0, Purpose::Prior, 0);
    let first: Vec<f64> = (0..dim).map(|_| stream.normal()).collect();
    let mut directions = Array2::from_shape_fn((b, dim), |(_, j)| first[j]);
    normalise(&mut directions);
    // The length of a difference balances rounding against curvature, whose scale is σ²/spread.
    let length = |(s, state): (&f64, ndarray::ArrayView1<F>)| {
        let largest = state.iter().map(|z| z.to_f64().abs()).fold(0.0, f64::max);
        (F::ROUNDOFF.cbrt() * s * (s / spread).min(1.0)).max(64.0 * F::ROUNDOFF * largest)
    };
    let lengths: Vec<f64> = sigmas.iter().zip(states.outer_iter()).map(length).collect();
    let mut values = vec![0.0; b];
    let mut found: Vec<bool> = sigmas.iter().map(|s| *s == 0.0).collect();
    for _ in 0..MOST {
        if found.iter().all(|f| *f) {
            break;
        }
        let moved = |sign: f64| -> Result<Array2<F>> {
            let states = Array2::from_shape_fn((b, dim), |(k, j)| {
                F::from_f64(states[[k, j]].to_f64() + sign * lengths[k] * directions[[k, j]])
            });
            denoiser.denoise(states.view(), sigmas)
        };
        let (up, down) = (moved(1.0)?, moved(-1.0)?);
        for k in (0..b).filter(|&k| lengths[k] > 0.0 && sigmas[k] > 0.0) {
            let mut value = 0.0;
            let mut next = vec![0.0; dim];
            for j in 0..dim {
                next[j] =
                    (up[[k, j]].to_f64() - down[[k, j]].to_f64()) / (2.0 * lengths[k]) * sigmas[k].powi(2);
                value += directions[[k, j]] * next[j];
            }
            if found[k] {
                continue;
            }
            found[k] = (value - values[k]).abs() <= enough * value.abs();
            values[k] = value;
            // If almost no spread is left, there is no direction to continue with.
            let square: f64 = next.iter().map(|v| v * v).sum();
            if square > f64::MIN_POSITIVE && square.is_finite() {
                directions.row_mut(k).assign(&ndarray::Array1::from(next));
            } else {
                found[k] = true;
            }
        }
        normalise(&mut directions);
    }
    Ok(values.into_iter().map(|v| v.max(0.0)).collect())
}

fn normalise(rows: &mut Array2<f64>) {
    for mut row in rows.outer_iter_mut() {
        let length = row.iter().map(|v| v * v).sum::<f64>().sqrt();
        row.mapv_inplace(|v| v / length);
    }
}

/// The growth rate of a small deviation along the direction of [`largest_variance`], in reverse time. Where a rate
/// becomes positive, a symmetric state loses its stability and recall chooses a memory.
///
/// For states of a process x = s z, per unit of its time,
///
/// ```text
/// score    (σ̇/σ)(λ/σ² − 1)                  the landscape E_σ alone
/// flow     −ṡ/s + (σ̇/σ)(λ/σ² − 1)           drift of the probability flow
/// sde      −ṡ/s + 2(σ̇/σ)(λ/σ² − 1)          drift of the reverse SDE
/// ```
///
/// For ±y with ‖y‖ = R under a variance-preserving process, the rate of the score changes sign at θ² = 1/(1 + R²),
/// and that of the SDE at θ² = √(1 + R⁴) − R². That of the flow (for R ≥ 1) does not change sign: the state is
/// unstable at every θ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// The rate in the landscape alone. Its sign is that of λ − σ², for every process.
    pub score: f64,
    /// The rate under the drift of the probability flow.
    pub flow: f64,
    /// The rate under the drift of the reverse SDE.
    pub sde: f64,
}

impl Growth {
    /// The rates at level σ > 0 of a process, where the largest posterior variance is `variance`.
    ///
    /// ```
    /// use attractor::{analysis::Growth, diffusion::Process};
    /// // ±y with ‖y‖ = 1: the drift of the SDE changes sign at θ = 0.643594.
    /// let sigma = Process::sigma_of_signal(0.643594)?;
    /// assert!(Growth::at(&Process::default(), sigma, 1.0).sde.abs() < 1e-5);
    /// # Ok::<(), attractor::Error>(())
    /// ```
    pub fn at(process: &Process, sigma: f64, variance: f64) -> Self {
        let (scale, level) = process.curves(Dual::variable(process.time(sigma)));
        let shrink = -scale.rate / scale.value;
        let score = level.rate / level.value * (variance / (sigma * sigma) - 1.0);
        Growth { score, flow: shrink + score, sde: shrink + 2.0 * score }
    }
}
