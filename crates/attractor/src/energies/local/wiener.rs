//! The Gaussian with the mean and the covariance of stored patterns, whose denoiser is the best linear one.

use ndarray::{Array2, ArrayView2};

use crate::energies::shapes::Subspace;
use crate::energies::{Component, Kind, Mixture};
use crate::error::Result;
use crate::kernels::dots;
use crate::linear::{Axes, Eigen};
use crate::patterns::Patterns;
use crate::real::Real;

/// Directions whose variance is below this share of the largest are rounding.
const ROUNDING: f64 = 1e-12;
/// The number of rows that are read at a time.
const ROWS: usize = 1024;

/// The Gaussian of the patterns, with their prior weights. Cost: N D min(N, D) operations, and a decomposition.
pub(super) fn gaussian<F: Real>(patterns: &Patterns<F>) -> Result<Mixture<F>> {
    let (count, dim) = (patterns.len(), patterns.dim());
    let mean = patterns.mean();
    let deviations = |from: usize, to: usize| -> Array2<f64> {
        let rows: Vec<usize> = (from..to).collect();
        let mut values = patterns.select(&rows).mapv(F::to_f64);
        for (mut row, n) in values.outer_iter_mut().zip(from..) {
            let weight = patterns.log_weights().map_or(1.0 / count as f64, |weights| weights[n].exp());
            row.iter_mut().zip(&mean).for_each(|(y, m)| *y = (*y - m) * weight.sqrt());
        }
        values
    };
    let (variances, directions) = if count <= dim {
        let Axes { lengths, directions } = Axes::of(deviations(0, count).view())?;
        (lengths.iter().map(|length| length * length).collect::<Vec<_>>(), directions)
    } else {
        let mut covariance = Array2::zeros((dim, dim));
        for from in (0..count).step_by(ROWS) {
            let part = deviations(from, count.min(from + ROWS));
            let turned: ArrayView2<f64> = part.t();
            let turned = turned.as_standard_layout();
            covariance += &dots(turned.view(), turned.view());
        }
        let Eigen { values, vectors } = Eigen::new(covariance.view())?;
        (values, vectors)
    };
    patterns.check_source()?;
    let least = ROUNDING * variances.first().copied().unwrap_or(0.0);
    let rank = variances.iter().take_while(|&&variance| variance > least).count();
    let deviations = variances[..rank].iter().map(|variance| variance.sqrt()).collect();
    let directions = directions.slice_move(ndarray::s![..rank, ..]);
    let shape = Subspace::new(mean, directions, deviations)?;
    Mixture::new(vec![Component { kind: Kind::Shape(Box::new(shape)), weight: 1.0, label: None }])
}
