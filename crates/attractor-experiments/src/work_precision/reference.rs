//! The reference solution of the probability flow: two Runge–Kutta methods that share no code with the
//! samplers.

use attractor::energies::{Denoise, Points};
use attractor_report::Result;
use ndarray::Array2;

/// Integrates the flow from level `first` to `last`, both > 0, by the classical Runge–Kutta method of order
/// 4.
///
/// With λ = −ln σ and y = z/σ the flow is dy/dλ = D(σy; σ)/σ, which has no linear part. Steps are equal in λ,
/// with four evaluations of the denoiser each.
pub(super) fn runge_kutta_4(
    points: &Points<f64>,
    states: &Array2<f64>,
    first: f64,
    last: f64,
    steps: usize,
) -> Result<Array2<f64>> {
    let h = (first / last).ln() / steps as f64;
    let slope = |y: &Array2<f64>, sigma: f64| -> Result<Array2<f64>> {
        Ok(points.denoise((y * sigma).view(), &vec![sigma; y.nrows()])? / sigma)
    };
    let mut y = states / first;
    for i in 0..steps {
        let level = |share: f64| first * (-h * (i as f64 + share)).exp();
        let k1 = slope(&y, level(0.0))?;
        let k2 = slope(&(&y + &(&k1 * (h / 2.0))), level(0.5))?;
        let k3 = slope(&(&y + &(&k2 * (h / 2.0))), level(0.5))?;
        let k4 = slope(&(&y + &(&k3 * h)), level(1.0))?;
        y = y + (k1 + k2 * 2.0 + k3 * 2.0 + k4) * (h / 6.0);
    }
    Ok(y * last)
}

/// Nodes and coefficients of the fifth-order method of Dormand and Prince (1980, Table 2).
const NODES: [f64; 6] = [0.0, 0.2, 0.3, 0.8, 8.0 / 9.0, 1.0];
const STAGES: [&[f64]; 6] = [
    &[],
    &[0.2],
    &[3.0 / 40.0, 9.0 / 40.0],
    &[44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0],
    &[19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0],
    &[9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0],
];
const WEIGHTS: [f64; 6] = [35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0];

/// Integrates the same flow by another method in another variable: the order-5 method of Dormand and Prince
/// on dz/dλ = D(z; σ) − z, in equal steps of λ. Six evaluations for each step.
pub(super) fn dormand_prince_5(
    points: &Points<f64>,
    states: &Array2<f64>,
    first: f64,
    last: f64,
    steps: usize,
) -> Result<Array2<f64>> {
    let h = (first / last).ln() / steps as f64;
    let mut z = states.clone();
    for i in 0..steps {
        let mut slopes: Vec<Array2<f64>> = Vec::with_capacity(NODES.len());
        for (node, row) in NODES.iter().zip(STAGES) {
            let sigma = first * (-h * (i as f64 + node)).exp();
            let mut stage = z.clone();
            row.iter().zip(&slopes).for_each(|(a, slope)| stage.scaled_add(h * a, slope));
            let mean = points.denoise(stage.view(), &vec![sigma; stage.nrows()])?;
            slopes.push(mean - &stage);
        }
        WEIGHTS.iter().zip(&slopes).for_each(|(b, slope)| z.scaled_add(h * b, slope));
    }
    Ok(z)
}
