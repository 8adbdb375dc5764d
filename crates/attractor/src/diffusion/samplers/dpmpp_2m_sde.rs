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
/// on a Gaussian memory, as ancestral sampling's 1 is); one read for each step. With a share η < 1 of noise (k-diffusion), (σ'/σ)² becomes
/// (σ'/σ)^{1 + η} and the noise σ' √(1 − (σ'/σ)^{2η}) ε: with η = 0 it is [`DpmSolverPlusPlus2M`](super::DpmSolverPlusPlus2M), and below 1 the memory
/// of a cue is not drawn from its posterior.
#[derive(Clone, Copy, Debug)]
pub struct SdeDpmSolverPlusPlus2M {
    /// The share η of noise, 0 to 1.
    pub eta: f64,
}

impl Entry for SdeDpmSolverPlusPlus2M {
    const FACTS: Facts = Facts {
        name: "dpmpp-2m-sde",
        about: "DPM-Solver++(2M) of the reverse SDE; draws from the posterior",
        stochastic: true,
        samples: true,
        steps: 300,
        options: &["eta"],
        ..Facts::FLOW
    };

    fn dynamics<'a, F: Real>(context: Context<'a, F>) -> Box<dyn Dynamics<F> + 'a> {
        Box::new(Flow {
            denoiser: context.denoiser,
            solver: Linear(SdeDpmSolverPlusPlus2M { eta: context.eta.unwrap_or(1.0) }),
        })
    }
}

impl Rule for SdeDpmSolverPlusPlus2M {
    fn step(self, from: f64, to: f64, before: &[f64]) -> Step {
        let shrink = ratio(from, to);
        let h = -shrink.ln();
        let (keep, spread) = noised(shrink, to, self.eta);
        let weight = match before.first() {
            Some(last) if h.is_finite() => (1.0 - keep) * h / (2.0 * (last / from).ln()),
            _ => 0.0,
        };
        let mut weights = [0.0; KEPT];
        weights[0] = -weight;
        Step { keep, now: 1.0 - keep + weight, before: weights, spread }
    }
}

/// What a step keeps of the state, (σ'/σ)^{1 + η}, and its noise σ' √(1 − (σ'/σ)^{2η}).
pub(super) fn noised(shrink: f64, to: f64, eta: f64) -> (f64, f64) {
    if eta == 1.0 {
        let keep = shrink * shrink;
        return (keep, to * (1.0 - keep).sqrt());
    }
    (shrink.powf(1.0 + eta), to * (1.0 - shrink.powf(2.0 * eta)).sqrt())
}

/// Of a Gaussian memory N(0, τ²), D = z τ²/(τ² + σ²), so the variance of a state follows from the weights of the steps: its relative error
/// after `steps` steps of a rule.
#[cfg(test)]
pub(super) fn error_in_law(rule: impl Rule, steps: usize) -> f64 {
    let (variance, first, last) = (0.09, 2.0_f64, 0.1_f64);
    let level = |k: usize| first * (last / first).powf(k as f64 / steps as f64);
    let gain = |sigma: f64| variance / (variance + sigma * sigma);
    // The covariances of this state and those before, newest first.
    let mut both = ndarray::Array2::<f64>::zeros((KEPT + 1, KEPT + 1));
    both[[0, 0]] = variance + first * first;
    for k in 0..steps {
        let earlier: Vec<f64> = (1..=k.min(KEPT)).map(|back| level(k - back)).collect();
        let step = rule.step(level(k), level(k + 1), &earlier);
        let mut moves = ndarray::Array2::<f64>::zeros((KEPT + 1, KEPT + 1));
        moves[[0, 0]] = step.keep + step.now * gain(level(k));
        earlier
            .iter()
            .enumerate()
            .for_each(|(back, &sigma)| moves[[0, back + 1]] = step.before[back] * gain(sigma));
        (0..KEPT).for_each(|back| moves[[back + 1, back]] = 1.0);
        both = moves.dot(&both).dot(&moves.t());
        both[[0, 0]] += step.spread * step.spread;
    }
    both[[0, 0]] / (variance + last * last) - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_law_has_order_two() {
        let error = |steps| error_in_law(SdeDpmSolverPlusPlus2M { eta: 1.0 }, steps);
        // The next term of the error moves the slope by about 1/n.
        let slope = (error(256) / error(512)).log2();
        assert!((slope - 2.0).abs() < 0.05, "slope {slope}");
        assert!(error(512).abs() < 1e-5, "{}", error(512));
    }

    #[test]
    fn without_noise_it_is_the_flow() {
        let (from, to, before) = (1.3, 0.9, [2.1]);
        let ours = SdeDpmSolverPlusPlus2M { eta: 0.0 }.step(from, to, &before);
        // DPM-Solver++(2M), Lu et al. 2022: z' = (σ'/σ) z + (1 − σ'/σ)(D + (D − D_last) h/2h_last).
        let shrink: f64 = to / from;
        let weight = (1.0 - shrink) * -shrink.ln() / (2.0 * (before[0] / from).ln());
        for (found, known) in [
            (ours.keep, shrink),
            (ours.now, 1.0 - shrink + weight),
            (ours.before[0], -weight),
            (ours.spread, 0.0),
        ] {
            assert!((found - known).abs() < 1e-15, "{found} for {known}");
        }
    }
}
