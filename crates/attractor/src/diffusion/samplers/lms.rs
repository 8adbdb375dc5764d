//! The linear multistep method of order 4 in σ.

use super::multistep::{KEPT, Linear, Rule, Step};
use super::{Context, Entry, Facts, Flow};
use crate::dynamics::Dynamics;
use crate::real::Real;

/// Adams–Bashforth on levels of any distance: the slope (z − D)/σ is continued as the polynomial through its last four values, and
/// integrated exactly (Katherine Crowson's `lms` of k-diffusion):
///
/// ```text
/// z' = z + Σ_j c_j d_j,    d_j = (z_j − D_j)/σ_j,    c_j = ∫_σ^σ' Π_{k ≠ j} (τ − σ_k)/(σ_j − σ_k) dτ
/// ```
///
/// The first three steps have as many values as there are. Steps have order 4; the first one, of order 1, leaves an error of
/// order 2. One read for each step. Weights of both signs grow where levels fall fast, so it needs more steps than
/// [`DpmSolverPlusPlus2M`](super::DpmSolverPlusPlus2M) from high noise, and it does not end in a read.
#[derive(Clone, Copy, Debug)]
pub struct LinearMultistep;

impl Entry for LinearMultistep {
    const FACTS: Facts = Facts {
        name: "lms",
        about: "linear multistep in sigma, steps of fourth order, one read a step",
        steps: 24,
        ..Facts::FLOW
    };

    fn dynamics<'a, F: Real>(context: Context<'a, F>) -> Box<dyn Dynamics<F> + 'a> {
        Box::new(Flow { denoiser: context.denoiser, solver: Linear(LinearMultistep) })
    }
}

impl Rule for LinearMultistep {
    const SLOPES: bool = true;

    fn step(self, from: f64, to: f64, before: &[f64]) -> Step {
        // In units of this step, from its start: numbers near 1.
        let size = to - from;
        let mut places = [0.0; KEPT + 1];
        places[1..].iter_mut().zip(before).for_each(|(place, level)| *place = (level - from) / size);
        let places = &places[..=before.len()];
        let weight = |j: usize| size * integral(places, j);
        let mut weights = [0.0; KEPT];
        weights[..before.len()].iter_mut().enumerate().for_each(|(k, to)| *to = weight(k + 1));
        Step { keep: 1.0, now: weight(0), before: weights, spread: 0.0 }
    }
}

/// The integral from 0 to 1 of the Lagrange polynomial that is 1 at place j and 0 at the others.
fn integral(places: &[f64], j: usize) -> f64 {
    // Coefficients of the product, lowest power first.
    let mut powers = [1.0, 0.0, 0.0, 0.0];
    for (_, &place) in places.iter().enumerate().filter(|(k, _)| *k != j) {
        let scale = 1.0 / (places[j] - place);
        for n in (0..powers.len()).rev() {
            let lower = if n > 0 { powers[n - 1] } else { 0.0 };
            powers[n] = scale * (lower - place * powers[n]);
        }
    }
    powers.iter().enumerate().map(|(n, power)| power / (n + 1) as f64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_steps_have_the_weights_of_adams_and_bashforth() {
        let step = LinearMultistep.step(1.0, 0.9, &[1.1, 1.2, 1.3]);
        // 55/24, -59/24, 37/24 and -9/24 steps.
        let found = [step.now, step.before[0], step.before[1], step.before[2]];
        for (found, known) in found.iter().zip([55.0, -59.0, 37.0, -9.0]) {
            assert!((found + 0.1 * known / 24.0).abs() < 1e-13, "{found}");
        }
        // Of two and of one value.
        let two = LinearMultistep.step(1.0, 0.9, &[1.1]);
        assert!((two.now + 0.15).abs() < 1e-15 && (two.before[0] - 0.05).abs() < 1e-15);
        assert!((LinearMultistep.step(1.0, 0.9, &[]).now + 0.1).abs() < 1e-15);
    }
}
