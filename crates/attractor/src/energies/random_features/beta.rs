//! An inverse temperature for patterns, by which the others do not hide one.

use crate::energies::BETAS;
use crate::error::Result;
use crate::patterns::Patterns;
use crate::real::Real;
use crate::threads;

/// The β at which all other patterns together have 1/100 of a pattern's own term, at the median pattern: Σ_{m≠n} exp(−β‖y_m − y_n‖²/2)
/// = 0.01. A larger β only makes basins smaller, and every estimate less exact.
///
/// Equal patterns count as one. Examines up to 128 patterns and their distances to up to 2,048 others, evenly spaced. If no
/// two patterns differ, it is 1/(D·spread²).
pub(super) fn separating<F: Real>(patterns: &Patterns<F>) -> Result<f64> {
    /// The pull of the others.
    const PULL: f64 = 0.01;
    const QUERIES: usize = 128;
    const OTHERS: usize = 2048;
    /// Halvings of an interval of ln β: to the last digits.
    const HALVINGS: usize = 60;
    let n = patterns.len();
    let spaced = |most: usize| -> Vec<usize> { (0..n.min(most)).map(|i| i * n / n.min(most)).collect() };
    let (some, others) = (spaced(QUERIES), spaced(OTHERS));
    let [queries, keys] = [&some, &others].map(|rows| patterns.select(rows));
    patterns.check_source()?;
    let squares = threads::map(some.len(), (some.len() * keys.len()) as f64, |q| {
        let query = queries.row(q);
        let square = |key: ndarray::ArrayView1<F>| {
            key.iter().zip(query).map(|(a, b)| (a.to_f64() - b.to_f64()).powi(2)).sum::<f64>()
        };
        keys.outer_iter().map(square).filter(|square| *square > 0.0).collect::<Vec<f64>>()
    });
    let all = || squares.iter().flatten().copied();
    let (least, most) = (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max));
    if most == 0.0 {
        return BETAS.check("beta", 1.0).map(|()| 1.0 / (patterns.spread().powi(2) * patterns.dim() as f64));
    }
    // Those that were not looked at pull as much as those that were.
    let share = (n - 1) as f64 / (others.len() - 1).max(1) as f64;
    let pull = |beta: f64| {
        let mut pulls: Vec<f64> =
            squares.iter().map(|row| row.iter().map(|d| (-0.5 * beta * d).exp()).sum::<f64>()).collect();
        pulls.sort_by(f64::total_cmp);
        share * pulls[pulls.len() / 2]
    };
    let (mut low, mut high) = ((1e-3 / most).ln(), (2.0 * (n as f64 / PULL).ln() / least).ln());
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        *(if pull(middle.exp()) > PULL { &mut low } else { &mut high }) = middle;
    }
    let beta = high.exp();
    BETAS.check("beta", beta)?;
    Ok(beta)
}
