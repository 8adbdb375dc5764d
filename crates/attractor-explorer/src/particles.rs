//! Many states on their way through noise levels.

use attractor::diffusion::{Process, Sampler};
use attractor::dynamics::Start;
use attractor::energies::Denoise;
use attractor::noise::{Purpose, Stream};
use attractor::{Error, Result};
use ndarray::ArrayViewMut2;

/// How states move when the noise level changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By the probability flow, which can be followed in both directions.
    Flow,
    /// By the reverse SDE as noise falls, and by adding noise as it rises.
    Sde,
}

/// The largest change of ln σ in one step.
const STEP: f64 = 0.05;
/// The largest number of steps in one call, so that no call takes long.
const STEPS: f64 = 64.0;

/// Takes states from the level `from` to the level `to`, both > 0, in steps of at most 5 % of σ. One read of the memory
/// for each step.
///
/// The steps of the flow are those of [`Sampler::Ddim`], and those of the SDE are those of [`Sampler::Ancestral`]. As noise rises
/// by the process y + σε, the SDE adds √(σ'² − σ²) ε. Random numbers follow from the seed and the number of the row.
///
/// # Errors
/// Levels that are not positive; the errors of the denoiser.
pub fn carry(
    denoiser: &dyn Denoise<f64>,
    mut states: ArrayViewMut2<f64>,
    (from, to): (f64, f64),
    way: Way,
    seed: u64,
) -> Result<()> {
    if let Some(wrong) = [from, to].into_iter().find(|level| !(level.is_finite() && *level > 0.0)) {
        return Err(Error::parameter("sigma", "a finite number > 0", wrong));
    }
    let rows: Vec<u64> = (0..states.nrows() as u64).collect();
    if way == Way::Sde && to > from {
        let spread = (to * to - from * from).sqrt();
        for (row, mut state) in states.outer_iter_mut().enumerate() {
            let mut stream = Stream::new(seed, Purpose::Corruption, row as u64);
            state.iter_mut().for_each(|value| *value += spread * stream.normal());
        }
        return Ok(());
    }
    let sampler = if way == Way::Flow { Sampler::Ddim } else { Sampler::Ancestral };
    let dynamics = sampler.dynamics(denoiser, Process::default(), 1e-6);
    let first = states.to_owned();
    let mut run = dynamics.start(Start { states: first.view(), rows: &rows, seed, held: None })?;
    let places: Vec<usize> = (0..rows.len()).collect();
    let steps = ((to / from).ln().abs() / STEP).ceil().clamp(1.0, STEPS);
    let level = |k: f64| if k == steps { to } else { from * (to / from).powf(k / steps) };
    for k in 0..steps as usize {
        let (before, after) = (level(k as f64), level(k as f64 + 1.0));
        run.step(&places, states.view_mut(), &vec![before; places.len()], &vec![after; places.len()])?;
    }
    Ok(())
}
