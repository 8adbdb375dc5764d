//! The log-density of a state, computed with the probability flow.

use ndarray::{Array2, ArrayView2};

use super::samplers::{Path, Slope, integrate};
use crate::energies::{Denoise, NoiseShape};
use crate::error::{Error, Result, check_rows, check_width};
use crate::patterns::check_states;
use crate::real::Real;

/// ln p_σ(z) of each row at its level σ > 0, in nats per D units, by the probability flow.
///
/// The flow carries z up to a level at which the memory looks like one Gaussian. The integral of its divergence on
/// the way gives the change of density (Song et al. 2021, Eq. 39; here the divergence is exact, from the second
/// moment):
///
/// ```text
/// ln p_σ(z) = ln N(z₁; m, (σ₁² + v) I) + D ln(σ₁/σ) − ∫_σ^σ₁ tr J dσ'/σ',      tr J = (E‖y‖² − ‖D‖²)/σ'²
/// ```
///
/// with m and v the memory's mean and variance of a unit, and σ₁ = 10⁴ times its radius. `accuracy` is the error of a
/// step in nats. A call takes some tens to hundreds of steps of six reads each. Works for any [`Denoise`], learned or
/// stored; for stored memories it equals the closed form. If σ is far below the distance between memories, the
/// rounding of the second moment becomes visible: 10⁻¹⁶ ‖y‖²/σ² in f64. f32 is rarely accurate enough.
///
/// ```
/// use attractor::{Patterns, energies::Points, diffusion::log_density};
/// use ndarray::array;
/// let points = Points::new(Patterns::new(array![[1.0_f64, 1.0], [1.0, -1.0]])?);
/// let found = log_density(&points, array![[0.7, 0.2]].view(), &[0.5], 1e-10)?[0];
/// let normal = |x: f64| (-x * x / 0.5).exp() / (2.0 * std::f64::consts::PI * 0.25).sqrt();
/// let closed: f64 = normal(0.3) * (normal(0.8) + normal(1.2)) / 2.0;
/// assert!((found - closed.ln()).abs() < 1e-6);
/// # Ok::<(), attractor::Error>(())
/// ```
///
/// # Errors
/// States of the wrong shape or not finite; a level outside 10⁻¹² to 10¹²; a memory without end; an accuracy that
/// rounding does not allow.
pub fn log_density<F: Real>(
    denoiser: &dyn Denoise<F>,
    states: ArrayView2<F>,
    sigmas: &[f64],
    accuracy: f64,
) -> Result<Vec<f64>> {
    log_density_observed(denoiser, states, sigmas, accuracy, &mut || Ok(()))
}

/// [`log_density`] with a callback before every read. An error of the callback ends the work and is returned.
pub(crate) fn log_density_observed<F: Real>(
    denoiser: &dyn Denoise<F>,
    states: ArrayView2<F>,
    sigmas: &[f64],
    accuracy: f64,
    before: &mut dyn FnMut() -> Result<()>,
) -> Result<Vec<f64>> {
    check_width("states", states.ncols(), denoiser.dim())?;
    check_rows("noise levels", sigmas.len(), states.nrows())?;
    check_states("states", states, "give finite states")?;
    if let Some(sigma) = sigmas.iter().find(|s| !(1e-12..=1e12).contains(*s)) {
        return Err(Error::parameter(
            "sigma",
            "a number from 1e-12 to 1e12 (at 0 there is no density)",
            sigma,
        ));
    }
    if !(1e-14..=1.0).contains(&accuracy) {
        return Err(Error::parameter("accuracy", "a number from 1e-14 to 1", accuracy));
    }
    if states.is_empty() {
        return Ok(Vec::new());
    }
    if !matches!(denoiser.noise(), NoiseShape::Equal) || !denoiser.is_posterior_mean() {
        return Err(Error::Undefined {
            model: "a memory under a potential",
            what: "log-density by the flow",
            reason: "its noise is not the same in all directions; ask for the closed form".into(),
        });
    }
    let dim = states.ncols() as f64;
    // Far away, every state reads the memory's own mean and second moment.
    let whole = denoiser.read(Array2::from_elem((1, states.ncols()), F::ZERO).view(), &[1e15])?;
    let mean = whole.mean.row(0);
    let variance = ((whole.second[0] - mean.iter().map(|m| m.to_f64().powi(2)).sum::<f64>()) / dim).max(0.0);
    let radius = (variance * dim).sqrt();
    let refuse = |reason: &str| Error::Undefined {
        model: "this memory",
        what: "log-density by the flow",
        reason: reason.into(),
    };
    if radius > 1e10 {
        return Err(refuse("it has no end, or is larger than 1e10; ask for the closed form"));
    }
    let ends: Vec<f64> = sigmas.iter().map(|s| (FAR * radius).max(*s)).collect();

    let mut slope = |_: &[usize], states: ArrayView2<F>, sigmas: &[f64]| -> Result<Slope<F>> {
        before()?;
        let read = denoiser.read(states, sigmas)?;
        let mut slopes = read.mean;
        let mut extra = read.second;
        for (k, (mut slope, state)) in slopes.outer_iter_mut().zip(states.outer_iter()).enumerate() {
            let square: f64 = slope.iter().map(|d| d.to_f64().powi(2)).sum();
            extra[k] = (extra[k] - square) / sigmas[k].powi(2) / sigmas[k];
            slope
                .iter_mut()
                .zip(state)
                .for_each(|(d, z)| *d = F::from_f64((z.to_f64() - d.to_f64()) / sigmas[k]));
        }
        Ok(Slope { states: slopes, extra })
    };
    let path = Path {
        from: sigmas,
        to: &ends,
        accuracy: accuracy * radius.max(f64::MIN_POSITIVE),
        extra_accuracy: accuracy,
    };
    let mut steps: Vec<f64> = sigmas.iter().map(|s| s / 2.0).collect();
    let (far, traces) = integrate(&mut slope, states.to_owned(), &path, &mut steps)?;
    if far.iter().any(|z| !z.is_finite()) {
        return Err(refuse(
            "rounding does not let its slope be known so accurately; use f64, a larger level or the closed form",
        ));
    }
    let density = |k: usize| {
        let spread = ends[k] * ends[k] + variance;
        let square: f64 = far.row(k).iter().zip(mean).map(|(z, m)| (z.to_f64() - m.to_f64()).powi(2)).sum();
        let normal = -square / (2.0 * spread) - dim / 2.0 * (2.0 * std::f64::consts::PI * spread).ln();
        normal + dim * (ends[k] / sigmas[k]).ln() - traces[k]
    };
    Ok((0..sigmas.len()).map(density).collect())
}

/// The level σ₁ in radii of the memory. There a Gaussian with one variance for all directions differs from the memory
/// by about ½ (radius/σ₁)² = 5·10⁻⁹ nats, at typical noisy states. At any other state the difference is this share of
/// ln p.
const FAR: f64 = 1e4;
