//! Matrix decompositions on arrays: eigenvectors of a symmetric matrix, Cholesky, principal axes of rows.
//!
//! They are those of the crate nalgebra, which nothing else names. As everywhere here, a vector is a row: eigenvectors
//! and right-hand sides are rows of their arrays.

use nalgebra::{DMatrix, SymmetricEigen};
use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result};

/// A matrix is symmetric if its two halves differ by at most this share of its largest number. Sums of products that
/// are made in different orders differ by less, up to 10⁵ of them.
const SYMMETRIC: f64 = 1e-10;

/// The eigenvalues and eigenvectors of a symmetric matrix: A = Σ λᵢ vᵢvᵢᵀ.
#[derive(Clone, Debug)]
pub struct Eigen {
    /// The eigenvalues λᵢ, in descending order.
    pub values: Vec<f64>,
    /// The eigenvectors: row i is vᵢ, of length 1, and its largest component is positive.
    pub vectors: Array2<f64>,
}

impl Eigen {
    /// The decomposition of a symmetric D × D matrix.
    ///
    /// An eigenvalue is exact up to rounding of the largest one, about D · 10⁻¹⁶ of it. Cost: about 9 D³ operations,
    /// 0.3 s at D = 784.
    ///
    /// ```
    /// use attractor::linear::Eigen;
    /// use ndarray::array;
    /// let eigen = Eigen::new(array![[2.0, 1.0], [1.0, 2.0]].view())?;
    /// assert!((eigen.values[0] - 3.0).abs() < 1e-15 && (eigen.values[1] - 1.0).abs() < 1e-15);
    /// assert!((eigen.vectors[[0, 0]] - eigen.vectors[[0, 1]]).abs() < 1e-15);
    /// # Ok::<(), attractor::Error>(())
    /// ```
    ///
    /// # Errors
    /// A matrix that is empty, not square, not finite or not symmetric.
    pub fn new(matrix: ArrayView2<f64>) -> Result<Self> {
        check_symmetric(matrix)?;
        let SymmetricEigen { eigenvectors, eigenvalues } = SymmetricEigen::new(columns(matrix));
        let mut order: Vec<usize> = (0..eigenvalues.len()).collect();
        order.sort_by(|&a, &b| eigenvalues[b].total_cmp(&eigenvalues[a]));
        let mut vectors = Array2::from_shape_fn(matrix.dim(), |(i, j)| eigenvectors[(j, order[i])]);
        vectors.outer_iter_mut().for_each(with_positive_peak);
        Ok(Eigen { values: order.iter().map(|&i| eigenvalues[i]).collect(), vectors })
    }
}

/// The principal axes of rows: B = V diag(lengths) · directions, with V orthogonal (a singular value decomposition
/// without V).
#[derive(Clone, Debug)]
pub struct Axes {
    /// The lengths (singular values) ≥ 0, in descending order.
    pub lengths: Vec<f64>,
    /// The directions (right singular vectors), as orthonormal rows.
    pub directions: Array2<f64>,
}

impl Axes {
    /// The axes of a k × D matrix with k ≥ 1 rows: min(k, D) of them. BᵀB = Σ lengthᵢ² directionᵢ directionᵢᵀ.
    ///
    /// A length is exact up to rounding of the largest one; the eigenvalues of BᵀB have half as many digits. Cost:
    /// about 20 k D min(k, D) operations.
    ///
    /// ```
    /// use attractor::linear::Axes;
    /// use ndarray::array;
    /// let axes = Axes::of(array![[3.0, 0.0], [0.0, 5.0], [4.0, 0.0]].view())?;
    /// assert!((axes.lengths[0] - 5.0).abs() < 1e-14 && (axes.lengths[1] - 5.0).abs() < 1e-14);
    /// # Ok::<(), attractor::Error>(())
    /// ```
    ///
    /// # Errors
    /// A matrix that is empty or not finite.
    pub fn of(rows: ArrayView2<f64>) -> Result<Self> {
        check_finite(rows)?;
        let svd = columns(rows).svd(true, false);
        let directions = svd.u.expect("it was asked for");
        let mut order: Vec<usize> = (0..svd.singular_values.len()).collect();
        order.sort_by(|&a, &b| svd.singular_values[b].total_cmp(&svd.singular_values[a]));
        let mut directions =
            Array2::from_shape_fn((order.len(), rows.ncols()), |(i, j)| directions[(j, order[i])]);
        directions.outer_iter_mut().for_each(with_positive_peak);
        Ok(Axes { lengths: order.iter().map(|&i| svd.singular_values[i]).collect(), directions })
    }
}

/// The Cholesky factor L of a positive definite matrix A = LLᵀ, L lower triangular.
///
/// ```
/// use attractor::linear::Cholesky;
/// use ndarray::array;
/// let factor = Cholesky::new(array![[4.0, 2.0], [2.0, 10.0]].view())?;
/// assert_eq!(factor.lower(), array![[2.0, 0.0], [1.0, 3.0]]);
/// assert!((factor.log_determinant() - 36f64.ln()).abs() < 1e-15);
/// // A x = b, one b a row.
/// let solved = factor.solve(array![[8.0, 22.0]].view())?;
/// assert!((&solved - &array![[1.0, 2.0]]).iter().all(|d| d.abs() < 1e-15));
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Cholesky(DMatrix<f64>);

impl Cholesky {
    /// The factor of a symmetric positive definite D × D matrix. Cost: D³/3 operations, 20 ms at D = 784.
    ///
    /// # Errors
    /// A matrix that is empty, not square, not finite, not symmetric or not positive definite.
    pub fn new(matrix: ArrayView2<f64>) -> Result<Self> {
        check_symmetric(matrix)?;
        match columns(matrix).cholesky() {
            Some(factor) => Ok(Cholesky(factor.unpack())),
            None => Err(Error::parameter(
                "matrix",
                "a positive definite matrix",
                "one with an eigenvalue that is 0 or negative",
            )),
        }
    }

    /// L, D × D.
    pub fn lower(&self) -> Array2<f64> {
        Array2::from_shape_fn(self.0.shape(), |(i, j)| self.0[(i, j)])
    }

    /// ln det A.
    pub fn log_determinant(&self) -> f64 {
        2.0 * self.0.diagonal().iter().map(|d| d.ln()).sum::<f64>()
    }

    /// A⁻¹b for each row b of a B × D array. Cost: 2 B D² operations.
    ///
    /// # Errors
    /// Rows of another width or not finite.
    pub fn solve(&self, rows: ArrayView2<f64>) -> Result<Array2<f64>> {
        let mut all = self.right_sides(rows)?;
        self.0.solve_lower_triangular_unchecked_mut(&mut all);
        self.0.tr_solve_lower_triangular_unchecked_mut(&mut all);
        Ok(rows_of(&all))
    }

    /// L⁻¹b for each row b of a B × D array, whose squared length is bᵀA⁻¹b. Cost: B D² operations.
    ///
    /// # Errors
    /// Rows of another width or not finite.
    pub fn half_solve(&self, rows: ArrayView2<f64>) -> Result<Array2<f64>> {
        let mut all = self.right_sides(rows)?;
        self.0.solve_lower_triangular_unchecked_mut(&mut all);
        Ok(rows_of(&all))
    }

    fn right_sides(&self, rows: ArrayView2<f64>) -> Result<DMatrix<f64>> {
        if rows.ncols() != self.0.nrows() {
            return Err(Error::shape(
                "right-hand sides",
                format!("{} units a row, as the matrix has", self.0.nrows()),
                format!("{}", rows.ncols()),
                "give one right-hand side a row",
            ));
        }
        if let Some(found) = rows.iter().find(|x| !x.is_finite()) {
            return Err(Error::parameter("right-hand sides", "finite numbers", found));
        }
        Ok(columns(rows))
    }
}

/// The transpose: each row becomes a column.
fn columns(rows: ArrayView2<f64>) -> DMatrix<f64> {
    DMatrix::from_iterator(rows.ncols(), rows.nrows(), rows.iter().copied())
}

/// The transpose: each column becomes a row.
fn rows_of(columns: &DMatrix<f64>) -> Array2<f64> {
    let shape = (columns.ncols(), columns.nrows());
    Array2::from_shape_vec(shape, columns.iter().copied().collect()).expect("as many numbers")
}

/// Turns a vector around if its largest component is negative. So its sign does not depend on the algorithm.
fn with_positive_peak(mut vector: ndarray::ArrayViewMut1<f64>) {
    let peak = vector.iter().fold(0.0f64, |most, &x| if x.abs() > most.abs() { x } else { most });
    if peak < 0.0 {
        vector.mapv_inplace(|x| -x);
    }
}

fn check_finite(matrix: ArrayView2<f64>) -> Result<()> {
    if matrix.is_empty() {
        return Err(Error::Empty {
            what: "numbers of a matrix".into(),
            cure: "give a row and a column".into(),
        });
    }
    match matrix.indexed_iter().find(|(_, x)| !x.is_finite()) {
        Some(((row, column), x)) => {
            let found = format!("{x} at row {row}, column {column}");
            Err(Error::parameter("matrix", "finite numbers", found))
        }
        None => Ok(()),
    }
}

fn check_symmetric(matrix: ArrayView2<f64>) -> Result<()> {
    let (rows, columns) = matrix.dim();
    if rows != columns {
        let (expected, cure) = ("as many rows as columns", "give a symmetric matrix");
        return Err(Error::shape("matrix", expected, format!("{rows} × {columns}"), cure));
    }
    check_finite(matrix)?;
    let allowed = SYMMETRIC * matrix.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    for ((i, j), &here) in matrix.indexed_iter() {
        let there = matrix[[j, i]];
        if (here - there).abs() > allowed {
            let found = format!("{here} at row {i}, column {j} and {there} at row {j}, column {i}");
            return Err(Error::parameter("matrix", "a symmetric matrix", found));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use ndarray::{Array1, array};

    use super::*;

    /// Rounding of some hundred operations on numbers near 1.
    const ROUNDING: f64 = 1e-13;

    /// The second difference with fixed ends: eigenvalues 2 − 2 cos(kπ/(n + 1)), vectors sin(jkπ/(n + 1)).
    fn chain(n: usize) -> Array2<f64> {
        Array2::from_shape_fn((n, n), |(i, j)| match i.abs_diff(j) {
            0 => 2.0,
            1 => -1.0,
            _ => 0.0,
        })
    }

    #[test]
    fn the_vibrations_of_a_chain() {
        const N: usize = 40;
        let Eigen { values, vectors } = Eigen::new(chain(N).view()).expect("symmetric");
        for (i, k) in (1..=N).rev().enumerate() {
            let angle = k as f64 * PI / (N + 1) as f64;
            assert!((values[i] - (2.0 - 2.0 * angle.cos())).abs() < ROUNDING, "{i}: {}", values[i]);
            let mode = Array1::from_shape_fn(N, |j| ((j + 1) as f64 * angle).sin());
            let mode = &mode / mode.dot(&mode).sqrt();
            assert!((vectors.row(i).dot(&mode).abs() - 1.0).abs() < ROUNDING, "{i}");
        }
        let products = vectors.dot(&vectors.t()) - Array2::<f64>::eye(N);
        assert!(products.iter().all(|x| x.abs() < ROUNDING));
    }

    #[test]
    fn the_determinant_and_inverse_of_a_chain() {
        // det = n + 1, and (A⁻¹)_ij = min(i, j)(n + 1 − max(i, j))/(n + 1), counted from 1.
        const N: usize = 25;
        let factor = Cholesky::new(chain(N).view()).expect("positive definite");
        assert!((factor.log_determinant() - (N as f64 + 1.0).ln()).abs() < ROUNDING);
        let inverse = factor.solve(Array2::eye(N).view()).expect("its width");
        for ((i, j), found) in inverse.indexed_iter() {
            let (low, high) = (i.min(j) as f64 + 1.0, i.max(j) as f64 + 1.0);
            let expected = low * (N as f64 + 1.0 - high) / (N as f64 + 1.0);
            assert!((found - expected).abs() < 10.0 * ROUNDING, "{i}, {j}: {found}");
        }
        let lower = factor.lower();
        assert!((lower.dot(&lower.t()) - chain(N)).iter().all(|x| x.abs() < ROUNDING));
        let half = factor.half_solve(array![[1.0; N]].view()).expect("its width");
        // 1ᵀA⁻¹1 = n(n + 1)(n + 2)/12
        let expected = (N * (N + 1) * (N + 2)) as f64 / 12.0;
        assert!((half.row(0).dot(&half.row(0)) / expected - 1.0).abs() < ROUNDING);
    }

    #[test]
    fn axes_are_those_of_the_product() {
        let rows = array![[2.0, -1.0, 0.5], [1.0, 3.0, 0.0]];
        let Axes { lengths, directions } = Axes::of(rows.view()).expect("finite");
        assert_eq!(directions.dim(), (2, 3));
        // The eigenvalues of the 2 × 2 matrix of products by the quadratic formula.
        let (a, b, c) = (5.25, -1.0, 10.0);
        let (middle, half) = ((a + c) / 2.0, ((a - c) / 2.0f64).hypot(b));
        assert!((lengths[0].powi(2) - (middle + half)).abs() < ROUNDING);
        assert!((lengths[1].powi(2) - (middle - half)).abs() < ROUNDING);
        let squares = Array2::from_diag(&Array1::from_iter(lengths.iter().map(|l| l * l)));
        let product = directions.t().dot(&squares).dot(&directions);
        assert!((product - rows.t().dot(&rows)).iter().all(|x| x.abs() < ROUNDING));
    }

    #[test]
    fn what_has_no_decomposition_is_refused() {
        let says = |error: Error| error.to_string();
        let eigen = |m: Array2<f64>| says(Eigen::new(m.view()).expect_err("refused"));
        assert!(
            eigen(array![[1.0, 2.0], [2.1, 1.0]]).contains("a symmetric matrix, found 2 at row 0, column 1")
        );
        assert!(eigen(array![[1.0, f64::NAN], [0.0, 1.0]]).contains("finite numbers, found NaN at row 0"));
        assert!(eigen(array![[1.0, 2.0]]).contains("as many rows as columns, found 1 × 2"));
        assert!(eigen(Array2::zeros((0, 0))).contains("expected at least one, found none"));
        let singular = Cholesky::new(array![[1.0, 1.0], [1.0, 1.0]].view()).expect_err("refused");
        assert!(says(singular).contains("a positive definite matrix"));
        let factor = Cholesky::new(array![[1.0]].view()).expect("positive");
        assert!(
            says(factor.solve(array![[1.0, 2.0]].view()).expect_err("refused")).contains("1 units a row")
        );
        assert!(says(factor.solve(array![[f64::NAN]].view()).expect_err("refused")).contains("found NaN"));
        assert!(says(Axes::of(array![[f64::INFINITY]].view()).expect_err("refused")).contains("found inf"));
    }
}
