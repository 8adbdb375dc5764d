//! The axes of a stretched Gaussian: the singular values of a matrix with few rows.

use ndarray::Array2;

/// The largest number of sweeps. The rotations converge quadratically, in about six sweeps.
const SWEEPS: usize = 30;

/// Rotates rows among each other until they are orthogonal, divides each by its length and returns the lengths: rows
/// = V diag(lengths) · result, with V orthogonal.
///
/// One-sided Jacobi rotations (Hestenes 1958). Small lengths keep their relative accuracy next to large ones, which
/// the eigenvalues of rows · rowsᵀ do not. Rows must be linearly independent. O(k² D) for each sweep.
pub(super) fn orthogonalise(rows: &mut Array2<f64>) -> Vec<f64> {
    for _ in 0..SWEEPS {
        let mut turned = false;
        for i in 0..rows.nrows() {
            for j in 0..i {
                let (a, b) = (rows.row(i).to_owned(), rows.row(j).to_owned());
                let (aa, bb, ab) = (a.dot(&a), b.dot(&b), a.dot(&b));
                if ab.abs() <= f64::EPSILON * aa.sqrt() * bb.sqrt() {
                    continue;
                }
                turned = true;
                let zeta = (bb - aa) / (2.0 * ab);
                let tangent = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
                let cosine = 1.0 / tangent.hypot(1.0);
                let sine = cosine * tangent;
                rows.row_mut(i).assign(&(&a * cosine - &b * sine));
                rows.row_mut(j).assign(&(&a * sine + &b * cosine));
            }
        }
        if !turned {
            break;
        }
    }
    rows.outer_iter_mut()
        .map(|mut row| {
            let length = row.dot(&row).sqrt();
            row /= length;
            length
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graded_rows_come_apart() {
        // The rounding of sums of three products.
        const ROUNDING: f64 = 4e-15;
        let (large, small) = (1e8, 1e-8);
        // The axes (1,1,0)/√2 and (1,−1,0)/√2, mixed by the rotation of a 3-4-5 triangle.
        let (a, b) = (large / 2f64.sqrt(), small / 2f64.sqrt());
        let (first, second) = ([a, a, 0.0], [b, -b, 0.0]);
        let mut rows = Array2::from_shape_fn((2, 3), |(i, j)| if i == 0 { first[j] } else { second[j] });
        let mixed = |x: f64, y: f64| Array2::from_shape_vec((2, 2), vec![x, y, -y, x]).expect("2 × 2");
        rows = mixed(0.6, 0.8).dot(&rows);
        let mut lengths = orthogonalise(&mut rows);
        lengths.sort_by(f64::total_cmp);
        assert!((lengths[1] / large - 1.0).abs() < ROUNDING, "{lengths:?}");
        // The mixed rows hold the small axis only up to the rounding of the large one.
        assert!((lengths[0] - small).abs() < ROUNDING * large, "{lengths:?}");
        assert!(rows.row(0).dot(&rows.row(1)).abs() < ROUNDING);
    }
}
