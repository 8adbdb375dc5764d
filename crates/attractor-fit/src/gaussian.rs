//! One Gaussian: its log-density, and the Gaussian that fits weighted rows best.

use std::f64::consts::TAU;
use std::ops::Range;

use attractor::energies::shapes::Subspace;
use attractor::linear::{Cholesky, Eigen};
use attractor::{Error, Result};
use ndarray::{Array1, Array2, ArrayView2, Axis, s};

use crate::products::{Blocks, deviations, square_of, weighted_sum};

/// Rows whose share of a component is smaller than this do not change its covariance by more than rounding.
const NEGLIGIBLE: f64 = 1e-18;
/// Eigenvalues below this share of the largest, times their number, are rounding.
const ROUNDING: f64 = 1e-13;

/// The form of a component's covariance.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// The number of units, D.
    pub dim: usize,
    /// The number of principal directions, 0 to D.
    pub rank: usize,
    /// The smallest variance in any direction.
    pub floor: f64,
}

impl Form {
    /// Whether covariances are free. (D − 1 principal directions and one variance for the last are as free, but are kept
    /// in that form.)
    pub fn is_full(self) -> bool {
        self.rank >= self.dim
    }

    /// The number of free numbers of one component: mean and covariance.
    pub fn parameters(self) -> f64 {
        let (d, r) = (self.dim as f64, self.rank as f64);
        d + if self.is_full() { d * (d + 1.0) / 2.0 } else { d * r - r * (r - 1.0) / 2.0 + 1.0 }
    }
}

/// A Gaussian with a covariance of a [`Form`].
#[derive(Clone, Debug)]
pub struct Gaussian {
    mean: Array1<f64>,
    covariance: Covariance,
    log_determinant: f64,
    /// In how many directions its variance is the floor.
    pub at_floor: usize,
}

#[derive(Clone, Debug)]
enum Covariance {
    /// W with WWᵀ = Σ⁻¹ (D × D), so that the rows of (X − μ)W are white; and Σ.
    Full { whitening: Blocks, covariance: Array2<f64> },
    /// Σ = Uᵀ diag(λ)U + s²(I − UᵀU).
    LowRank { directions: Array2<f64>, variances: Vec<f64>, across: f64 },
}

/// Weighted mean and scatter of rows: Σ r x/Σ r and S = Σ r (x − mean)(x − mean)ᵀ/Σ r.
pub struct Scatter<'a> {
    /// Σ r
    pub total: f64,
    mean: Array1<f64>,
    rows: ArrayView2<'a, f64>,
    /// The rows whose weight is not negligible, with √(r/Σ r).
    roots: Vec<(usize, f64)>,
    /// S is replaced by `kept` · S + `added` · I.
    kept: f64,
    added: f64,
}

impl<'a> Scatter<'a> {
    /// That of these rows with these weights r ≥ 0, not all of them 0.
    pub fn of(rows: ArrayView2<'a, f64>, weights: &[f64]) -> Self {
        let total: f64 = weights.iter().sum();
        let own = || weights.iter().enumerate().filter(|(_, weight)| **weight > NEGLIGIBLE * total);
        let sum: f64 = own().map(|(_, weight)| weight).sum();
        let mut mean = vec![0.0; rows.ncols()];
        let shares: Vec<(usize, f64)> = own().map(|(n, weight)| (n, weight / sum)).collect();
        weighted_sum(rows.to_slice().expect("row-major"), &shares, &mut mean);
        let roots = own().map(|(n, weight)| (n, (weight / sum).sqrt())).collect();
        Scatter { total, mean: Array1::from(mean), rows, roots, kept: 1.0, added: 0.0 }
    }

    /// Writes √(r/Σ r)(x − mean) of some of the rows, of whose squares S is the sum.
    fn fill(&self, some: Range<usize>, out: &mut [f64]) {
        let rows = self.rows.to_slice().expect("row-major");
        deviations(rows, &self.roots[some], self.mean.as_slice().expect("contiguous"), out);
    }

    /// All of these rows.
    fn all(&self) -> Array2<f64> {
        let mut all = Array2::zeros((self.roots.len(), self.mean.len()));
        self.fill(0..self.roots.len(), all.as_slice_mut().expect("row-major"));
        all
    }

    /// The trace of S.
    pub fn trace(&self) -> f64 {
        let square = |x: &f64, mean: &f64| (x - mean).powi(2);
        let of = |&(n, root): &(usize, f64)| -> f64 {
            root * root
                * self.rows.row(n).iter().zip(&self.mean).map(|(x, mean)| square(x, mean)).sum::<f64>()
        };
        self.roots.iter().map(of).sum()
    }

    /// Replaces S by (1 − share) S + share · variance · I.
    pub fn blend(&mut self, share: f64, variance: f64) {
        (self.kept, self.added) = (1.0 - share, share * variance);
    }

    /// S, D × D.
    fn matrix(&self) -> Array2<f64> {
        let size = (self.roots.len(), self.mean.len());
        let mut matrix = square_of(size, |some, out| self.fill(some, out)) * self.kept;
        matrix.diag_mut().mapv_inplace(|x| x + self.added);
        matrix
    }

    /// The `rank` largest eigenvalues of S with their eigenvectors in rows, and the sum of all others. Directions in
    /// which the rows have no extent are left out.
    ///
    /// Fewer rows than units have the same eigenvalues in their products with each other, which is a smaller matrix.
    fn principal(&self, rank: usize) -> Result<(Vec<f64>, Array2<f64>, f64)> {
        let (count, dim) = (self.roots.len(), self.mean.len());
        if count >= dim {
            let Eigen { values, vectors } = Eigen::new(self.matrix().view())?;
            let others = values[rank..].iter().sum();
            return Ok((values[..rank].to_vec(), vectors.slice_move(s![..rank, ..]), others));
        }
        let rows = self.all();
        let product = rows.dot(&rows.t());
        let Eigen { values, vectors } = Eigen::new(((&product + &product.t()) * 0.5).view())?;
        let least = ROUNDING * count as f64 * values[0];
        let own = values[..rank.min(count)].iter().take_while(|&&value| value > least).count();
        let mut directions = vectors.slice(s![..own, ..]).dot(&rows);
        make_orthonormal(&mut directions);
        let others = self.kept * values[own..].iter().sum::<f64>() + self.added * (dim - own) as f64;
        Ok((values[..own].iter().map(|value| self.kept * value + self.added).collect(), directions, others))
    }
}

/// Makes rows orthonormal from the first to the last (Gram–Schmidt, twice).
fn make_orthonormal(rows: &mut Array2<f64>) {
    for i in 0..rows.nrows() {
        for _ in 0..2 {
            let (before, mut rest) = rows.view_mut().split_at(Axis(0), i);
            let mut row = rest.row_mut(0);
            for other in before.outer_iter() {
                let along = row.dot(&other);
                row.scaled_add(-along, &other);
            }
            let length = row.dot(&row).sqrt();
            row /= length;
        }
    }
}

impl Gaussian {
    /// The Gaussian of this form that maximises the likelihood of rows with this mean and scatter S:
    ///
    /// ```text
    /// full:      Σ = V max(Λ, f²) Vᵀ of S = VΛVᵀ
    /// low rank:  s² = max(mean of the last D − r eigenvalues of S, f²),  λ_i = max(the i-th, f²)
    /// ```
    ///
    /// (Tipping & Bishop 1999, Eq. 7 and 8; the floor f² is the constraint Σ ⪰ f²I, whose maximum this is, since the
    /// likelihood of a Gaussian with the eigenvectors of S is a sum over eigenvalues.)
    pub fn most_likely(scatter: Scatter, form: Form) -> Result<Self> {
        if form.is_full() { Self::full(scatter, form) } else { Self::low_rank(scatter, form) }
    }

    fn full(all: Scatter, form: Form) -> Result<Self> {
        let (scatter, mean) = (all.matrix(), all.mean);
        // Where S − f²I has a Cholesky factor, no eigenvalue is below the floor. That is much faster to find out than
        // the eigenvalues.
        let mut excess = scatter.clone();
        excess.diag_mut().mapv_inplace(|x| x - form.floor);
        let factor = match Cholesky::new(excess.view()) {
            Ok(_) => Cholesky::new(scatter.view()).ok(),
            Err(_) => None,
        };
        if let Some(factor) = factor {
            let log_determinant = factor.log_determinant();
            let whitening = Blocks::of(factor.half_solve(Array2::eye(form.dim).view())?.view());
            let covariance = Covariance::Full { whitening, covariance: scatter };
            return Ok(Gaussian { mean, covariance, log_determinant, at_floor: 0 });
        }
        let Eigen { values, vectors } = Eigen::new(scatter.view())?;
        let at_floor = values.iter().filter(|&&value| value <= form.floor).count();
        let values: Vec<f64> = values.into_iter().map(|value| value.max(form.floor)).collect();
        check_width(&values)?;
        let scaled = |power: fn(f64) -> f64| {
            let factors: Array1<f64> = values.iter().map(|&value| power(value)).collect();
            &vectors.t() * &factors
        };
        let covariance = scaled(|value| value).dot(&vectors);
        let whitening = Blocks::of(scaled(|value| 1.0 / value.sqrt()).view());
        let covariance = Covariance::Full { whitening, covariance };
        let log_determinant = values.iter().map(|value| value.ln()).sum();
        Ok(Gaussian { mean, covariance, log_determinant, at_floor })
    }

    fn low_rank(all: Scatter, form: Form) -> Result<Self> {
        let (values, directions, others) = all.principal(form.rank)?;
        let rest = (form.dim - values.len()) as f64;
        let across = (others / rest).max(form.floor);
        let variances: Vec<f64> = values.iter().map(|value| value.max(across)).collect();
        check_width(&[across])?;
        let at_floor = if others <= form.floor * rest { form.dim - values.len() } else { 0 }
            + values.iter().filter(|&&value| value <= form.floor).count();
        let log_determinant = variances.iter().map(|v| v.ln()).sum::<f64>() + rest * across.ln();
        let covariance = Covariance::LowRank { directions, variances, across };
        Ok(Gaussian { mean: all.mean, covariance, log_determinant, at_floor })
    }

    /// The log-density of each row.
    pub fn log_densities(&self, rows: ArrayView2<f64>) -> Vec<f64> {
        let constant = rows.ncols() as f64 * TAU.ln() + self.log_determinant;
        let squares: Vec<f64> = match &self.covariance {
            Covariance::Full { whitening, .. } => {
                whitening.squares(rows, self.mean.as_slice().expect("contiguous"))
            }
            Covariance::LowRank { directions, variances, across } => {
                let centred = &rows - &self.mean;
                let along = centred.dot(&directions.t());
                let rest = centred - along.dot(directions);
                let square = |(u, rest): (ndarray::ArrayView1<f64>, ndarray::ArrayView1<f64>)| {
                    let along: f64 = u.iter().zip(variances).map(|(u, v)| u * u / v).sum();
                    along + rest.dot(&rest) / across
                };
                along.outer_iter().zip(rest.outer_iter()).map(square).collect()
            }
        };
        squares.into_iter().map(|square| -0.5 * (constant + square)).collect()
    }

    /// The same Gaussian in the units of the data, y = mean + spread · z.
    pub fn shape(&self, mean: &Array1<f64>, spread: f64) -> Result<Subspace> {
        let origin = (mean + &(&self.mean * spread)).to_vec();
        match &self.covariance {
            Covariance::Full { covariance, .. } => {
                let halves = (covariance + &covariance.t()) * (0.5 * spread * spread);
                Subspace::from_covariance(origin, halves.view())
            }
            Covariance::LowRank { directions, variances, across } => {
                let deviations = variances.iter().map(|v| spread * v.sqrt()).collect();
                Subspace::new(origin, directions.clone(), deviations)?.with_thickness(spread * across.sqrt())
            }
        }
    }
}

/// Refuses a covariance without width in some direction, whose density would be infinite.
fn check_width(variances: &[f64]) -> Result<()> {
    let expected = "a smallest deviation > 0 for rows that lie in fewer directions than there are units";
    match variances.iter().all(|&v| v > 0.0) {
        true => Ok(()),
        false => Err(Error::parameter("floor", expected, 0)),
    }
}
