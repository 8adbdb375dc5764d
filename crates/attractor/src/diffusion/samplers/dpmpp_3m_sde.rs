//! DPM-Solver++(3M) for the reverse SDE.

use super::dpmpp_2m_sde::noised;
use super::dpmpp_3m::{curved, integrals};
use super::multistep::{Linear, Rule, Step};
use super::{Context, Entry, Facts, Flow, ratio};
use crate::dynamics::Dynamics;
use crate::real::Real;

/// Multistep exponential integrator of the reverse SDE, with the parabola through the last three reads (`sample_dpmpp_3m_sde` of k-diffusion):
///
/// ```text
/// z' = e^{−x} z + (1 − e^{−x}) D + φ₂ D₁ − φ₃ D₂ + σ' √(1 − e^{−2ηh}) ε
/// x = (1 + η) h,   h = ln σ/σ',   φ₂ = 1 − (1 − e^{−x})/x,   φ₃ = φ₂/x − ½
/// ```
///
/// D₁ and D₂ are those of [`DpmSolverPlusPlus3M`](super::DpmSolverPlusPlus3M), which this is with η = 0 but for the second step, which has φ₂ (D − D_last) h/h_last
/// only. The first step, and the last to σ = 0, go straight to D. With η = 1 it draws from the posterior, with order 2 in law as measured on a Gaussian
/// memory; one read for each step.
#[derive(Clone, Copy, Debug)]
pub struct SdeDpmSolverPlusPlus3M {
    /// The share η of noise, 0 to 1.
    pub eta: f64,
}

impl Entry for SdeDpmSolverPlusPlus3M {
    const FACTS: Facts = Facts {
        name: "dpmpp-3m-sde",
        about: "DPM-Solver++(3M) of the reverse SDE; draws from the posterior",
        stochastic: true,
        samples: true,
        steps: 300,
        options: &["eta"],
        ..Facts::FLOW
    };

    fn dynamics<'a, F: Real>(context: Context<'a, F>) -> Box<dyn Dynamics<F> + 'a> {
        let rule = SdeDpmSolverPlusPlus3M { eta: context.eta.unwrap_or(1.0) };
        Box::new(Flow { denoiser: context.denoiser, solver: Linear(rule) })
    }
}

impl Rule for SdeDpmSolverPlusPlus3M {
    fn step(self, from: f64, to: f64, before: &[f64]) -> Step {
        let shrink = ratio(from, to);
        let (keep, spread) = noised(shrink, to, self.eta);
        let straight = Step { keep, now: 1.0 - keep, spread, ..Step::default() };
        let (h, mut earlier) = (-shrink.ln(), before.iter().map(|level| (level / from).ln()));
        let Some(last) = earlier.next().filter(|_| h.is_finite()) else {
            return straight;
        };
        let x = (1.0 + self.eta) * h;
        let (now, before) = curved(h, integrals(x).0, x, last, earlier.next());
        Step { now: 1.0 - keep + now, before, ..straight }
    }
}

#[cfg(test)]
mod tests {
    use super::super::dpmpp_2m_sde::error_in_law;
    use super::*;

    #[test]
    fn its_law_has_order_two() {
        let error = |steps| error_in_law(SdeDpmSolverPlusPlus3M { eta: 1.0 }, steps);
        // The next term of the error moves the slope by about 1/n.
        let slope = (error(256) / error(512)).log2();
        assert!((slope - 2.0).abs() < 0.05, "slope {slope}");
    }

    #[test]
    fn its_steps_are_those_of_k_diffusion() {
        // The lines of sample_dpmpp_3m_sde, with D = 1, 0, 0 and so on: the weight of each read.
        let (eta, sigmas) = (0.7, [2.9_f64, 2.1, 1.3, 0.9]);
        let h = (sigmas[2] / sigmas[3]).ln();
        let (h1, h2) = ((sigmas[1] / sigmas[2]).ln(), (sigmas[0] / sigmas[1]).ln());
        let h_eta = h * (eta + 1.0);
        let x = |d: f64, d1: f64, d2: f64| {
            let (r0, r1) = (h1 / h, h2 / h);
            let (d1_0, d1_1) = ((d - d1) / r0, (d1 - d2) / r1);
            let first = d1_0 + (d1_0 - d1_1) * r0 / (r0 + r1);
            let second = (d1_0 - d1_1) / (r0 + r1);
            let phi_2 = (-h_eta).exp_m1() / h_eta + 1.0;
            let phi_3 = phi_2 / h_eta - 0.5;
            -(-h_eta).exp_m1() * d + phi_2 * first - phi_3 * second
        };
        let step = SdeDpmSolverPlusPlus3M { eta }.step(sigmas[2], sigmas[3], &[sigmas[1], sigmas[0]]);
        for (found, known) in [
            (step.keep, (-h_eta).exp()),
            (step.now, x(1.0, 0.0, 0.0)),
            (step.before[0], x(0.0, 1.0, 0.0)),
            (step.before[1], x(0.0, 0.0, 1.0)),
            (step.spread, sigmas[3] * (-(-2.0 * h * eta).exp_m1()).sqrt()),
        ] {
            assert!((found - known).abs() < 1e-14, "{found} for {known}");
        }
    }
}
