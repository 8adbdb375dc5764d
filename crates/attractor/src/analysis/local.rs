//! What a memory computes for single states, each at its noise level, in the units of the cues.

use std::str::FromStr;

use ndarray::{Array1, Array2, ArrayView2};

use crate::diffusion::log_density_observed;
use crate::energies::{Denoise, NoiseShape};
use crate::error::{Error, Result, check_rows, check_width};
use crate::kernels::Posterior;
use crate::memories::Memory;
use crate::patterns::check_states;
use crate::real::Real;

/// The method to compute ln p_σ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Density {
    /// In closed form, if the memory has one.
    #[default]
    Exact,
    /// By the probability flow: see [`log_density`](crate::diffusion::log_density).
    Flow,
}

impl FromStr for Density {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "exact" => Ok(Density::Exact),
            "flow" => Ok(Density::Flow),
            _ => Err(Error::unknown("density", name, ["exact", "flow"])),
        }
    }
}

/// Converts raw states and levels to prepared ones.
fn prepared<F: Real>(
    memory: &dyn Memory<F>,
    states: ArrayView2<F>,
    sigmas: &[f64],
) -> Result<(Array2<F>, Vec<f64>)> {
    check_width("states", states.ncols(), memory.dim())?;
    check_rows("noise levels", sigmas.len(), states.nrows())?;
    check_states("states", states, "give finite states")?;
    let preparation = memory.preparation();
    let levels = sigmas.iter().map(|s| s * preparation.scale()).collect();
    Ok((preparation.forward(states.to_owned()), levels))
}

fn denoiser<'a, F: Real>(memory: &'a dyn Memory<F>, what: &'static str) -> Result<&'a dyn Denoise<F>> {
    memory.denoiser().ok_or_else(|| Error::Undefined {
        model: memory.name(),
        what,
        reason: "it has no noise levels; use diffusion or mixture".into(),
    })
}

/// The denoised states D(z;σ) = E[y | z] of states z = y + σε, σ ≥ 0.
///
/// ```
/// use attractor::{Patterns, Spec, analysis::denoise};
/// use ndarray::array;
/// let memory = Spec::new("diffusion").build(Patterns::new(array![[1.0_f64], [-1.0]])?)?;
/// let found = denoise(memory.as_ref(), array![[0.3]].view(), &[0.8])?;
/// assert!((found[[0, 0]] - (0.3_f64 / 0.64).tanh()).abs() < 1e-12);
/// # Ok::<(), attractor::Error>(())
/// ```
///
/// # Errors
/// A memory without noise levels; states of the wrong shape or not finite; a level outside its range.
pub fn denoise<F: Real>(memory: &dyn Memory<F>, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Array2<F>> {
    let denoiser = denoiser(memory, "denoiser")?;
    let (states, levels) = prepared(memory, states, sigmas)?;
    Ok(memory.preparation().backward(denoiser.denoise(states.view(), &levels)?))
}

/// The score ∇ ln p_σ(z) = (D(z;σ) − z)/σ² at each state, σ > 0 (Tweedie). Under a potential σ² is the covariance of
/// its noise.
///
/// # Errors
/// Those of [`denoise`]; a level of 0.
pub fn score<F: Real>(memory: &dyn Memory<F>, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Array2<F>> {
    if let Some(sigma) = sigmas.iter().find(|s| !(1e-12..=1e12).contains(*s)) {
        return Err(Error::parameter("sigma", "a number from 1e-12 to 1e12 (at 0 there is no score)", sigma));
    }
    let denoiser = denoiser(memory, "score")?;
    let (prepared_states, levels) = prepared(memory, states, sigmas)?;
    let noise = match denoiser.noise() {
        NoiseShape::Equal => None,
        NoiseShape::Units(noise) => Some((noise, None)),
        NoiseShape::Turned(noise, directions) => Some((noise, Some(directions))),
    };
    let scale = memory.preparation().scale();
    if let Some((noise, directions)) = noise {
        let mut score = denoiser.denoise(prepared_states.view(), &levels)?;
        score.zip_mut_with(&prepared_states, |d, &z| *d = F::from_f64(d.to_f64() - z.to_f64()));
        for (mut row, &level) in score.outer_iter_mut().zip(&levels) {
            let mut along: Array1<f64> = row.iter().map(|d| d.to_f64()).collect();
            along = directions.map_or(along.clone(), |directions| directions.dot(&along));
            // Raw states are 1/scale of the prepared ones.
            along.iter_mut().zip(noise.at(level)?.levels).for_each(|(d, r)| *d *= scale / (r * r));
            along = directions.map_or(along.clone(), |directions| directions.t().dot(&along));
            row.iter_mut().zip(along).for_each(|(d, own)| *d = F::from_f64(own));
        }
        return Ok(score);
    }
    let mut score = denoise(memory, states, sigmas)?;
    for ((mut row, state), sigma) in score.outer_iter_mut().zip(states.outer_iter()).zip(sigmas) {
        // The noise of a unit in its own units.
        let own =
            |unit: usize| memory.preparation().unit_scales().map_or(*sigma, |scales| sigma / scales[unit]);
        for (unit, (d, z)) in row.iter_mut().zip(state).enumerate() {
            let noise = own(unit);
            *d = F::from_f64((d.to_f64() - z.to_f64()) / (noise * noise));
        }
    }
    Ok(score)
}

/// The posterior over memories of each state, with the `top` most probable memories. Memories with one landscape use
/// their own temperature and ignore the levels.
///
/// # Errors
/// A memory without a posterior; states of the wrong shape or not finite; a level outside its range.
pub fn posterior<F: Real>(
    memory: &dyn Memory<F>,
    states: ArrayView2<F>,
    sigmas: &[f64],
    top: usize,
) -> Result<Vec<Posterior>> {
    let (states, levels) = prepared(memory, states, sigmas)?;
    memory.posterior(states.view(), &levels, top)?.ok_or_else(|| Error::Undefined {
        model: memory.name(),
        what: "posterior over memories",
        reason: "its weights are not probabilities; use modern, universal with softmax, or diffusion".into(),
    })
}

/// The log-density ln p_σ(z) of each state at its level σ > 0, in nats per D units.
///
/// ```
/// use attractor::{Patterns, Spec, analysis::{Density, density}};
/// use ndarray::array;
/// let memory = Spec::new("diffusion").build(Patterns::new(array![[0.0_f64, 0.0]])?)?;
/// let state = array![[0.6, 0.8]];
/// // One memory at 0: −|z|²/2σ² − ln 2πσ².
/// let closed = -0.5 / 4.0 - (8.0 * std::f64::consts::PI).ln();
/// for way in [Density::Exact, Density::Flow] {
///     assert!((density(memory.as_ref(), state.view(), &[2.0], way)?[0] - closed).abs() < 1e-6);
/// }
/// # Ok::<(), attractor::Error>(())
/// ```
///
/// # Errors
/// Those of [`denoise`]; a level of 0; a memory that is only given by its denoiser; the errors of
/// [`log_density`](crate::diffusion::log_density).
pub fn density<F: Real>(
    memory: &dyn Memory<F>,
    states: ArrayView2<F>,
    sigmas: &[f64],
    way: Density,
) -> Result<Vec<f64>> {
    density_observed(memory, states, sigmas, way, &mut || Ok(()))
}

/// [`density`] that calls `before` ahead of each read of the flow, which takes hundreds. An error of `before` ends
/// the work.
///
/// # Errors
/// Those of [`density`], and the error of `before`.
pub fn density_observed<F: Real>(
    memory: &dyn Memory<F>,
    states: ArrayView2<F>,
    sigmas: &[f64],
    way: Density,
    before: &mut dyn FnMut() -> Result<()>,
) -> Result<Vec<f64>> {
    /// The error of a step of the flow, in nats.
    const ACCURACY: f64 = 1e-9;
    let denoiser = denoiser(memory, "density")?;
    if let Some(sigma) = sigmas.iter().find(|s| !(1e-12..=1e12).contains(*s)) {
        return Err(Error::parameter("sigma", "a number from 1e-12 to 1e12 for a density", sigma));
    }
    let dim = memory.dim() as f64;
    let (states, levels) = prepared(memory, states, sigmas)?;
    let densities = match way {
        Density::Flow => log_density_observed(denoiser, states.view(), &levels, ACCURACY, before)?,
        Density::Exact => {
            let volume = |s: &f64| dim / 2.0 * (2.0 * std::f64::consts::PI * s * s).ln();
            let sums = denoiser.log_sum(states.view(), &levels)?;
            sums.into_iter().zip(&levels).map(|(sum, level)| sum - volume(level)).collect()
        }
    };
    // Prepared coordinates are a multiple of the raw ones, which adds the logarithm of the volume to the log-density.
    let volume = memory.preparation().log_volume(memory.dim());
    Ok(densities.into_iter().map(|density| density + volume).collect())
}
