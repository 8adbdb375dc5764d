//! Many states on their way through noise levels.

use attractor::diffusion::{Process, Sampler};
use attractor::dynamics::{Start, bridge};
use attractor::energies::Denoise;
use attractor::noise::{Purpose, Stream};
use attractor::{Error, Real, Result};
use ndarray::{ArrayViewMut2, Zip};

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
/// by the process y + σε, the SDE adds √(σ'² − σ²) ε. All states share one stream of random numbers, which follows from the seed:
/// a stream of its own for each state takes longer than the rest of a step.
///
/// # Errors
/// Levels that are not positive; the errors of the denoiser.
pub fn carry<F: Real>(
    denoiser: &dyn Denoise<F>,
    mut states: ArrayViewMut2<F>,
    (from, to): (f64, f64),
    way: Way,
    seed: u64,
) -> Result<()> {
    if let Some(wrong) = [from, to].into_iter().find(|level| !(level.is_finite() && *level > 0.0)) {
        return Err(Error::parameter("sigma", "a finite number > 0", wrong));
    }
    if way == Way::Sde && to > from {
        let spread = (to * to - from * from).sqrt();
        let mut stream = Stream::new(seed, Purpose::Corruption, 0);
        states.iter_mut().for_each(|value| *value += F::from_f64(spread * stream.normal()));
        return Ok(());
    }
    let steps = ((to / from).ln().abs() / STEP).ceil().clamp(1.0, STEPS);
    let level = |k: usize| if k as f64 == steps { to } else { from * (to / from).powf(k as f64 / steps) };
    let levels = (0..steps as usize).map(|k| (level(k), level(k + 1)));
    match way {
        Way::Flow => flow(denoiser, states, levels),
        Way::Sde => {
            let mut stream = Stream::new(seed, Purpose::Recall, 0);
            for (before, after) in levels {
                let means = denoiser.denoise(states.view(), &vec![before; states.nrows()])?;
                Zip::from(&mut states).and(&means).for_each(|state, mean| {
                    let (z, mean) = (state.to_f64(), mean.to_f64());
                    *state = F::from_f64(bridge(z, mean, before, after, || stream.normal()));
                });
            }
            Ok(())
        }
    }
}

fn flow<F: Real>(
    denoiser: &dyn Denoise<F>,
    mut states: ArrayViewMut2<F>,
    levels: impl Iterator<Item = (f64, f64)>,
) -> Result<()> {
    let count = states.nrows();
    let dynamics = Sampler::Ddim.dynamics(denoiser, Process::default(), 1e-6);
    let rows: Vec<u64> = (0..count as u64).collect();
    let first = states.to_owned();
    let mut run = dynamics.start(Start { states: first.view(), rows: &rows, seed: 0, held: None })?;
    let places: Vec<usize> = (0..count).collect();
    for (before, after) in levels {
        run.step(&places, states.view_mut(), &vec![before; count], &vec![after; count])?;
    }
    Ok(())
}
