//! Langevin updates: annealed Langevin dynamics, and corrections of another sampler.

use ndarray::{ArrayView1, ArrayView2, ArrayViewMut1, ArrayViewMut2};

use super::ancestral::Walk;
use super::units::{Units, ends};
use super::{Context, Entry, Facts, Flow, Solver, Steps, ratio};
use crate::dynamics::{Dynamics, Start};
use crate::energies::Reader;
use crate::error::Result;
use crate::noise::{Purpose, Stream, streams};
use crate::real::Real;

/// Annealed Langevin dynamics (Song & Ermon 2019). At each level of the grid it makes one update of the dynamics
/// whose equilibrium is the density with noise of that level,
///
/// ```text
/// dz = (D − z) dτ + √2 σ dW,      z' = D + a (z − D) + σ √(1 − a²) ε,      a = e^{−τ}
/// ```
///
/// D is read at the level that the state comes from, and σ is the level that it goes to. The update is solved exactly
/// with D held fixed, so there is no bias near a pattern (elsewhere up to τ/4 of the variance). A larger τ follows
/// the falling level faster, and a finer grid keeps the state nearer to equilibrium. The last step, to σ = 0, is the
/// denoiser. This is not the reverse SDE: the memory where a cue ends is not drawn from its posterior. One read for
/// each step.
#[derive(Clone, Copy, Debug)]
pub struct Langevin;

impl Entry for Langevin {
    const FACTS: Facts = Facts {
        name: "langevin",
        about: "annealed Langevin dynamics, one update a level; random",
        stochastic: true,
        steps: 1000,
        ..Facts::FLOW
    };

    fn dynamics<'a, F: Real>(context: Context<'a, F>) -> Box<dyn Dynamics<F> + 'a> {
        Box::new(Flow { denoiser: context.denoiser, solver: Langevin })
    }
}

/// The time τ of one update of annealed Langevin dynamics.
const TIME: f64 = 0.2;

impl<F: Real> Solver<F> for Langevin {
    fn start(&self, start: &Start<F>) -> Box<dyn Steps<F>> {
        Box::new(Anneal { streams: streams(start.seed, Purpose::Recall, start.rows) })
    }
}

struct Anneal {
    streams: Vec<Stream>,
}

impl<F: Real> Steps<F> for Anneal {
    fn step(
        &mut self,
        reader: &mut dyn Reader<F>,
        rows: &[usize],
        states: ArrayViewMut2<F>,
        from: &[f64],
        to: &[f64],
    ) -> Result<()> {
        let means = reader.denoise(rows, states.view(), from)?;
        // At level 0 the only thing left to do is to remove the noise.
        let time = |k: usize| if to[k] == 0.0 { f64::INFINITY } else { TIME };
        let ends = ends(reader.noise(), to, to)?;
        update(rows, states, means.view(), &ends, &mut self.streams, time);
        Ok(())
    }
}

/// A Langevin update of each row at the levels `ends` of its units, for the row's time τ.
fn update<F: Real>(
    rows: &[usize],
    mut states: ArrayViewMut2<F>,
    means: ArrayView2<F>,
    ends: &[Units<(f64, f64)>],
    streams: &mut [Stream],
    time: impl Fn(usize) -> f64,
) {
    for (k, &row) in rows.iter().enumerate() {
        let keep = (-time(k)).exp();
        let spreads = ends[k].map(|(_, sigma)| sigma * (1.0 - keep * keep).sqrt());
        let stream = &mut streams[row];
        for (j, (z, &mean)) in states.row_mut(k).iter_mut().zip(means.row(k)).enumerate() {
            let spread = spreads.at(j);
            let noise = if spread > 0.0 { spread * stream.normal() } else { 0.0 };
            *z = F::from_f64(mean.to_f64() + keep * (z.to_f64() - mean.to_f64()) + noise);
        }
    }
}

/// Predictor–corrector sampling (Song et al. 2021, Algorithm 1): an [`Ancestral`](super::Ancestral) step, then a
/// [`Langevin`] update at the level that it reached.
///
/// The time of an update is τ = 1 − σ'/σ. So the total time of all corrections is the same on any grid, and a finer
/// grid converges. Corrections bring the distribution at each level nearer to the density with noise. They also mix
/// memories, so the memory where a cue ends is not drawn from its posterior. Two reads for each step, one in the last
/// step.
///
/// With a signal-to-noise ratio r the update is that of the paper's Algorithm 5 instead, with the score g = (D − z)/σ² and noise n of this row,
///
/// ```text
/// z' = z + ε g + √(2ε) n,   ε = 2 (r ‖n‖/‖g‖)²
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PredictorCorrector {
    /// The signal-to-noise ratio r of a correction. `None` for the time 1 − σ'/σ.
    pub snr: Option<f64>,
}

impl Entry for PredictorCorrector {
    const FACTS: Facts = Facts {
        name: "predictor-corrector",
        about: "ancestral steps, each followed by a Langevin correction; random",
        stochastic: true,
        steps: 150,
        reads: Some((2, 1)),
        options: &["snr"],
        ..Facts::FLOW
    };

    fn dynamics<'a, F: Real>(context: Context<'a, F>) -> Box<dyn Dynamics<F> + 'a> {
        Box::new(Flow { denoiser: context.denoiser, solver: PredictorCorrector { snr: context.snr } })
    }
}

impl<F: Real> Solver<F> for PredictorCorrector {
    fn start(&self, start: &Start<F>) -> Box<dyn Steps<F>> {
        let streams = streams(start.seed, Purpose::Correction, start.rows);
        Box::new(Corrected { predictor: Walk::new(start, 1.0), streams, snr: self.snr })
    }
}

struct Corrected {
    predictor: Walk,
    streams: Vec<Stream>,
    snr: Option<f64>,
}

impl<F: Real> Steps<F> for Corrected {
    fn step(
        &mut self,
        reader: &mut dyn Reader<F>,
        rows: &[usize],
        mut states: ArrayViewMut2<F>,
        from: &[f64],
        to: &[f64],
    ) -> Result<()> {
        self.predictor.step(reader, rows, states.view_mut(), from, to)?;
        if to.iter().all(|&to| to == 0.0) {
            return Ok(());
        }
        let means = reader.denoise(rows, states.view(), to)?;
        if let Some(snr) = self.snr {
            let ends = ends(reader.noise(), to, to)?;
            for (k, &row) in rows.iter().enumerate().filter(|(k, _)| to[*k] > 0.0) {
                let stream = &mut self.streams[row];
                let noise: Vec<f64> = (0..states.ncols()).map(|_| stream.normal()).collect();
                correct(states.row_mut(k), means.row(k), &ends[k], snr, &noise);
            }
            return Ok(());
        }
        // At level 0 no correction is needed.
        let time = |k: usize| if to[k] == 0.0 { 0.0 } else { 1.0 - ratio(from[k], to[k]) };
        let ends = ends(reader.noise(), to, to)?;
        update(rows, states, means.view(), &ends, &mut self.streams, time);
        Ok(())
    }
}

/// A correction with a signal-to-noise ratio at the levels of the units, with this noise. A state without a score stays.
fn correct<F: Real>(
    mut state: ArrayViewMut1<F>,
    mean: ArrayView1<F>,
    ends: &Units<(f64, f64)>,
    snr: f64,
    noise: &[f64],
) {
    let norm = |values: &[f64]| values.iter().map(|v| v * v).sum::<f64>().sqrt();
    let units = state.iter().zip(mean).enumerate();
    let score: Vec<f64> = units
        .map(|(j, (z, d))| {
            let (_, sigma) = ends.at(j);
            (d.to_f64() - z.to_f64()) / (sigma * sigma)
        })
        .collect();
    let length = norm(&score);
    if length == 0.0 {
        return;
    }
    let step = 2.0 * (snr * norm(noise) / length).powi(2);
    for ((z, slope), n) in state.iter_mut().zip(&score).zip(noise) {
        *z = F::from_f64(z.to_f64() + step * slope + (2.0 * step).sqrt() * n);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correction_with_a_ratio_is_that_of_diffusers() {
        // ScoreSdeVeScheduler(snr=0.16).step_correct of diffusers 0.42.1 with model_output = (mean - state)/sigma**2, in float64,
        // and its noise torch.tensor([[0.3, -1.1, 0.7]]).
        let mut state = ndarray::array![1.0_f64, -2.0, 0.5];
        let mean = ndarray::array![0.4, -0.1, 0.9];
        let noise = [0.3, -1.1, 0.7];
        correct(state.view_mut(), mean.view(), &Units::All((0.8, 0.8)), 0.16, &noise);
        let known = [1.0319272588680706, -2.121327249263636, 0.6000607378430929];
        state.iter().zip(known).for_each(|(z, known)| assert!((z - known).abs() < 1e-14, "{z} for {known}"));
    }
}
