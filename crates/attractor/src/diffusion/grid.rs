//! Grids of noise levels, one column a row of the batch, from each row's own first level to 0.

use ndarray::Array2;

use super::Process;

/// Exponent ρ of the samplers' own grid; `docs/choosing-a-sampler.md` says why.
pub const RHO: f64 = 2.0;

/// Last positive level of the samplers' own grid, in spreads of the patterns.
pub const LAST: f64 = 2e-3;

/// σ_i = (σ₀^{1/ρ} + i/(n−1) (σ_min^{1/ρ} − σ₀^{1/ρ}))^ρ for i < n, then 0 (Karras et al. 2022, Eq. 5).
///
/// `first` holds σ₀ ≥ 0 of each row; σ_min is `last`, or a tenth of σ₀ where that is less. The larger
/// ρ > 0, the more levels lie near 0: ρ = 1 is equal steps in σ, ρ → ∞ equal steps in ln σ. Steps ≥ 1.
pub fn power_levels(first: &[f64], last: f64, rho: f64, steps: usize) -> Array2<f64> {
    Array2::from_shape_fn((steps + 1, first.len()), |(i, row)| {
        let start = first[row];
        let end = last.min(start / 10.0);
        if i == 0 {
            start
        } else if i == steps {
            0.0
        } else if i == steps - 1 {
            end
        } else {
            let (a, b) = (start.powf(1.0 / rho), end.powf(1.0 / rho));
            (a + i as f64 / (steps - 1) as f64 * (b - a)).powf(rho)
        }
    })
}

/// Levels at equal steps of the process's own time (the paper's grid: App. A). Steps ≥ 1.
pub fn time_levels(process: &Process, first: &[f64], steps: usize) -> Array2<f64> {
    Array2::from_shape_fn((steps + 1, first.len()), |(i, row)| {
        if i == 0 {
            first[row]
        } else {
            process.sigma(process.time(first[row]) * (1.0 - i as f64 / steps as f64))
        }
    })
}
