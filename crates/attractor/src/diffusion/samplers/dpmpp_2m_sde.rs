//! DPM-Solver++(2M) for the reverse SDE.

use super::multistep::{KEPT, Linear, Rule, Step};
use super::{Context, Entry, Facts, Flow, ratio};
use crate::dynamics::Dynamics;
use crate::real::Real;

/// Multistep exponential integrator of the reverse SDE (Lu et al. 2022, Algorithm of SDE-DPM-Solver++(2M), in its midpoint form):
///
/// ```text
/// z' = (σ'/σ)² z + (1 − (σ'/σ)²) D̃ + σ' √(1 − (σ'/σ)²) ε,   D̃ = D + (D − D_last)/2r,   r = h_last/h,   h = ln σ/σ'
/// ```
///
/// For the first step, and for the last step to σ = 0: D̃ = D, which is an [`Ancestral`](super::Ancestral) step. Order 2 in law (measured
/// on a Gaussian memory, as ancestral sampling's 1 is); one read for each step.
#[derive(Clone, Copy, Debug)]
pub struct SdeDpmSolverPlusPlus2M;

impl Entry for SdeDpmSolverPlusPlus2M {
    const FACTS: Facts = Facts {
        name: "dpmpp-2m-sde",
        about: "DPM-Solver++(2M) of the reverse SDE; draws from the posterior",
        stochastic: true,
        samples: true,
        steps: 300,
        ..Facts::FLOW
    };

    fn dynamics<'a, F: Real>(context: Context<'a, F>) -> Box<dyn Dynamics<F> + 'a> {
        Box::new(Flow { denoiser: context.denoiser, solver: Linear(SdeDpmSolverPlusPlus2M) })
    }
}

impl Rule for SdeDpmSolverPlusPlus2M {
    fn step(self, from: f64, to: f64, before: &[f64]) -> Step {
        let shrink = ratio(from, to);
        let (keep, h) = (shrink * shrink, -shrink.ln());
        let spread = to * (1.0 - keep).sqrt();
        let weight = match before.first() {
            Some(last) if h.is_finite() => (1.0 - keep) * h / (2.0 * (last / from).ln()),
            _ => 0.0,
        };
        let mut weights = [0.0; KEPT];
        weights[0] = -weight;
        Step { keep, now: 1.0 - keep + weight, before: weights, spread }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a Gaussian memory N(0, τ²), D = z τ²/(τ² + σ²), so the variance of a state follows from the weights of the steps.
    fn error(steps: usize) -> f64 {
        let (variance, first, last) = (0.09, 2.0_f64, 0.1_f64);
        let level = |k: usize| first * (last / first).powf(k as f64 / steps as f64);
        let gain = |sigma: f64| variance / (variance + sigma * sigma);
        // The variance of this state, that of the one before, and their covariance.
        let (mut own, mut before, mut both) = (variance + first * first, 0.0, 0.0);
        for k in 0..steps {
            let earlier: Vec<f64> = (0..k.min(1)).map(|_| level(k - 1)).collect();
            let step = SdeDpmSolverPlusPlus2M.step(level(k), level(k + 1), &earlier);
            let a = step.keep + step.now * gain(level(k));
            let b = earlier.first().map_or(0.0, |&sigma| step.before[0] * gain(sigma));
            let next = a * a * own + 2.0 * a * b * both + b * b * before + step.spread * step.spread;
            (both, before, own) = (a * own + b * both, own, next);
        }
        own / (variance + last * last) - 1.0
    }

    #[test]
    fn its_law_has_order_two() {
        // The next term of the error moves the slope by about 1/n.
        let slope = (error(256) / error(512)).log2();
        assert!((slope - 2.0).abs() < 0.05, "slope {slope}");
        assert!(error(512).abs() < 1e-5, "{}", error(512));
    }
}
