//! DPM-Solver++(3M): steps of order 3 with one read for each.

use super::multistep::{KEPT, Linear, Rule, Step};
use super::{Context, Entry, Facts, Flow, ratio};
use crate::dynamics::Dynamics;
use crate::real::Real;

/// Multistep exponential integrator of the denoiser in λ = −ln σ, with the parabola through the last three reads (Lu et al. 2022,
/// App. B.2, the multistep form of Algorithm 2 at order 3):
///
/// ```text
/// z' = (σ'/σ) z + (1 − e^{−h}) D + (1 + (e^{−h} − 1)/h) D₁ − ((e^{−h} − 1 + h)/h² − ½) D₂
/// ```
///
/// With a = (D − D_last)/r₀ and b = (D_last − D_2nd)/r₁, of r₀ = h_last/h and r₁ = h_2nd/h: D₁ = a + r₀(a − b)/(r₀ + r₁) and
/// D₂ = (a − b)/(r₀ + r₁). The first step, and the last to σ = 0, go straight to D; the second is that of DPM-Solver++(2M). Steps have order 3;
/// the first one leaves an error of order 2. One read for each step.
#[derive(Clone, Copy, Debug)]
pub struct DpmSolverPlusPlus3M;

impl Entry for DpmSolverPlusPlus3M {
    const FACTS: Facts = Facts {
        name: "dpmpp-3m",
        about: "DPM-Solver++(3M), steps of third order, one read a step",
        steps: 24,
        ..Facts::FLOW
    };

    fn dynamics<'a, F: Real>(context: Context<'a, F>) -> Box<dyn Dynamics<F> + 'a> {
        Box::new(Flow { denoiser: context.denoiser, solver: Linear(DpmSolverPlusPlus3M) })
    }
}

impl Rule for DpmSolverPlusPlus3M {
    fn step(self, from: f64, to: f64, before: &[f64]) -> Step {
        let shrink = ratio(from, to);
        let straight = Step { keep: shrink, now: 1.0 - shrink, ..Step::default() };
        let (h, earlier) = (-shrink.ln(), before.iter().map(|level| level / from));
        let mut earlier = earlier.map(f64::ln);
        let Some(last) = earlier.next().filter(|_| h.is_finite()) else {
            return straight;
        };
        let (now, before) = curved(h, (1.0 - shrink) / 2.0, h, last, earlier.next());
        Step { now: 1.0 - shrink + now, before, ..straight }
    }
}

/// What the slope of D adds to its weight in a step of length `h` in ln σ, and the weights of earlier reads, at distances `last` and `second`:
/// the line with this weight through two reads, or the parabola through three. The exponential of the step is e^{−x}; without noise x = h.
pub(super) fn curved(h: f64, of_line: f64, x: f64, last: f64, second: Option<f64>) -> (f64, [f64; KEPT]) {
    let mut weights = [0.0; KEPT];
    let Some(second) = second else {
        let weight = of_line * h / last;
        weights[0] = -weight;
        return (weight, weights);
    };
    // Divided differences of the last three reads, in units of h.
    let (r0, r1) = (last / h, (second - last) / h);
    let (one, two) = integrals(x);
    // D₁ = a + r0/(r0 + r1) (a − b) and D₂ = (a − b)/(r0 + r1), of a = (D − D_last)/r0 and b = (D_last − D_second)/r1.
    let of_a = one * (1.0 + r0 / (r0 + r1)) - two / (r0 + r1);
    let of_b = -one * r0 / (r0 + r1) + two / (r0 + r1);
    weights[0] = -of_a / r0 + of_b / r1;
    weights[1] = -of_b / r1;
    (of_a / r0, weights)
}

/// 1 + (e^{−h} − 1)/h and (e^{−h} − 1 + h)/h² − ½.
pub(super) fn integrals(h: f64) -> (f64, f64) {
    /// Below it the terms of e^{−h} cancel, and a series is exact.
    const SMALL: f64 = 0.1;
    if h >= SMALL {
        let less = (-h).exp_m1();
        return (1.0 + less / h, (less + h) / (h * h) - 0.5);
    }
    // Σ_{n ≥ 2} −(−h)^{n−1}/n! and Σ_{n ≥ 3} (−h)^{n−2}/n!: nine terms leave h⁹/11!, less than rounding.
    let (mut one, mut two, mut term) = (0.0, 0.0, 1.0);
    for n in 2..12 {
        // (−h)^{n−2}/n!
        term = if n == 2 { 0.5 } else { term * -h / n as f64 };
        one += term * h;
        two += if n == 2 { 0.0 } else { term };
    }
    (one, two)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_integrals_are_those_of_the_exponential() {
        // Python's decimal, 50 digits: 1 + (exp(-h) - 1)/h and (exp(-h) - 1 + h)/h**2 - 1/2.
        let known = [
            (1e-3, 4.998333749916681e-4, -1.666250083319446e-4),
            (0.09, 4.367983634697985e-2, -1.466848503355719e-2),
            (2.0, 0.5676676416183063, -0.2161661791908468),
        ];
        for (h, one, two) in known {
            let found = integrals(h);
            assert!((found.0 - one).abs() < 1e-12 && (found.1 - two).abs() < 1e-12, "{h}: {found:?}");
        }
        // Both branches meet.
        let (below, above) = (integrals(0.1 - 1e-13), integrals(0.1 + 1e-13));
        assert!((below.0 - above.0).abs() < 1e-12 && (below.1 - above.1).abs() < 1e-11);
    }
}
