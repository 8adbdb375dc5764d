//! A Gaussian, given the core of a state: the density of the core, and the mean and covariance of the state.
//!
//! With orthonormal rows Q of the encoder, q = Q y, and Σ = LLᵀ + s²I,
//!
//! ```text
//! H = QL (W × k),   M = HHᵀ + s²I = QΣQᵀ,   δ = q − Qμ
//! density of the core = N(δ; 0, M)
//! mean = μ + Qᵀδ + (I − QᵀQ) L HᵀM⁺δ
//! covariance = (I − QᵀQ)(L(I − HᵀM⁺H)Lᵀ + s²I)(I − QᵀQ)
//! ```
//!
//! which is μ + ΣAᵀ(AΣAᵀ)⁻¹(ξ − Aμ) and Σ − ΣAᵀ(AΣAᵀ)⁻¹AΣ, written so that nothing cancels. L has few columns k if the
//! Gaussian extends in few directions. M⁺ is the pseudo-inverse: without thickness s, M can be singular, and then only
//! cores with δ in its range are possible.

use std::f64::consts::TAU;

use ndarray::{Array1, Array2, ArrayView1, Axis};

use super::Encoder;
use crate::energies::shapes::Subspace;
use crate::error::Result;
use crate::linear::{Axes, Eigen};

/// A variance counts as 0 below this share of the largest: some digits above the rounding of eigenvalues.
const NOTHING: f64 = 1e-12;

/// Directions of L count as none below this share of the longest, which bounds what rounding leaves of Q in them.
const SHORT: f64 = 1e-8;

/// A core is consistent with a degenerate Gaussian if it lies this near to the cores of its states, in parts of their
/// size. Cores of states in single precision differ by less.
const CONSISTENT: f64 = 1e-5;

/// A Gaussian, written as μ + Lv + sε.
#[derive(Clone, Debug)]
pub(super) struct Factored {
    mean: Array1<f64>,
    /// Lᵀ, k × D.
    factor: Array2<f64>,
    thickness: f64,
    /// The scale of the numbers, for comparisons with 0.
    size: f64,
}

impl Factored {
    pub(super) fn new(gaussian: &Subspace) -> Result<Self> {
        let mean = Array1::from(gaussian.origin().to_vec());
        let dim = mean.len();
        let mut directions = gaussian.directions().to_owned();
        let mut variances: Vec<f64> = gaussian.deviations().iter().map(|tau| tau * tau).collect();
        let own = gaussian.thickness().powi(2);
        let least = |variances: &[f64]| variances.iter().fold(f64::INFINITY, |least: f64, &v| least.min(v));
        let thinner = directions.nrows() < dim && least(&variances) < own;
        if let Some(covariance) = gaussian.covariance().filter(|_| thinner) {
            // Thinner along a direction than across it: all directions are needed.
            let Eigen { values, vectors } = Eigen::new(covariance.view())?;
            (directions, variances) = (vectors, values);
        }
        let floor = if directions.nrows() == dim { least(&variances).max(0.0) } else { own };
        for (mut row, variance) in directions.outer_iter_mut().zip(&variances) {
            row *= (variance - floor).max(0.0).sqrt();
        }
        let extent = (directions.iter().map(|x| x * x).sum::<f64>() + floor).sqrt();
        let size = extent + mean.dot(&mean).sqrt();
        Ok(Factored { mean, factor: directions, thickness: floor.sqrt(), size })
    }

    /// What is known of states whose cores are those of this encoder.
    pub(super) fn given(&self, encoder: &Encoder) -> Result<Given<'_>> {
        let heads = encoder.coordinates_of_rows(&self.factor);
        let core_of_mean = encoder.coordinates(self.mean.view());
        let (latent, width) = heads.dim();
        let floor = self.thickness * self.thickness;
        let nothing = NOTHING * self.factor.iter().map(|x| x * x).sum::<f64>();
        if latent == 0 || width == 0 {
            let axes = Array2::zeros((0, width));
            let (gain, covariance) = (Array2::zeros((latent, width)), Array2::eye(latent));
            let (variances, others) = (Vec::new(), floor);
            return Ok(Given { gaussian: self, core_of_mean, axes, variances, others, gain, covariance });
        }
        if width <= latent {
            let Eigen { values, vectors } = Eigen::new(symmetric(heads.t().dot(&heads)).view())?;
            let kept: Vec<usize> = (0..width).filter(|&i| floor > 0.0 || values[i] > nothing).collect();
            let axes = vectors.select(Axis(0), &kept);
            let variances: Vec<f64> = kept.iter().map(|&i| values[i].max(0.0) + floor).collect();
            // HᵀM⁺ = Hᵀ Eᵀ diag(1/variance) E
            let mut scaled = axes.clone();
            scaled.outer_iter_mut().zip(&variances).for_each(|(mut row, v)| row /= *v);
            let gain = heads.dot(&axes.t()).dot(&scaled);
            let covariance = symmetric(Array2::eye(latent) - gain.dot(&heads.t()));
            return Ok(Given {
                gaussian: self,
                core_of_mean,
                axes,
                variances,
                others: 0.0,
                gain,
                covariance,
            });
        }
        // The same by the k × k matrix HᵀH = Eᵀ diag(h) E: HᵀM⁺ = Eᵀ diag(1/(h + s²)) E Hᵀ.
        let Eigen { values, vectors } = Eigen::new(symmetric(heads.dot(&heads.t())).view())?;
        let kept: Vec<usize> = (0..latent).filter(|&i| values[i] > nothing).collect();
        let mut axes = vectors.select(Axis(0), &kept).dot(&heads);
        axes.outer_iter_mut().zip(&kept).for_each(|(mut row, &i)| row /= values[i].sqrt());
        let variances = kept.iter().map(|&i| values[i] + floor).collect();
        let (mut inverse, mut left) = (vectors.clone(), vectors.clone());
        for (i, &value) in values.iter().enumerate() {
            let total = value.max(0.0) + floor;
            let counts = floor > 0.0 || value > nothing;
            inverse.row_mut(i).mapv_inplace(|x| if counts { x / total } else { 0.0 });
            left.row_mut(i).mapv_inplace(|x| if counts { x * floor / total } else { x });
        }
        let gain = vectors.t().dot(&inverse.dot(&heads));
        let covariance = symmetric(vectors.t().dot(&left));
        Ok(Given { gaussian: self, core_of_mean, axes, variances, others: floor, gain, covariance })
    }
}

/// A Gaussian together with an encoder: the distribution of cores, and of the latent v given a core.
pub(super) struct Given<'a> {
    gaussian: &'a Factored,
    /// Qμ.
    core_of_mean: Array1<f64>,
    /// Axes of the distribution of cores: orthonormal rows, m × W.
    axes: Array2<f64>,
    /// The variances along them, > 0.
    variances: Vec<f64>,
    /// The variance in the W − m other directions of a core. It can be 0.
    others: f64,
    /// HᵀM⁺, k × W.
    gain: Array2<f64>,
    /// I − HᵀM⁺H, k × k.
    covariance: Array2<f64>,
}

/// The density of a core under a Gaussian.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Evidence {
    /// The number of directions in which cores of the Gaussian's states vary. The density is one per volume of this
    /// dimension.
    pub rank: usize,
    /// The log of the density.
    pub log_density: f64,
    /// The distance of the core from the cores of the Gaussian's states; 0 if rounding explains it.
    pub apart: f64,
}

impl Given<'_> {
    /// The density of the core with these coordinates q.
    pub(super) fn evidence(&self, core: ArrayView1<f64>) -> Evidence {
        let offset = &core - &self.core_of_mean;
        let along = self.axes.dot(&offset);
        let rest = &offset - &self.axes.t().dot(&along);
        let rest = rest.dot(&rest).sqrt();
        let term = |variance: f64, square: f64| -0.5 * ((TAU * variance).ln() + square / variance);
        let pairs = self.variances.iter().zip(&along);
        let mut log_density: f64 = pairs.map(|(&variance, e)| term(variance, e * e)).sum();
        let missing = offset.len() - self.variances.len();
        if self.others > 0.0 || missing == 0 {
            if missing > 0 {
                log_density += missing as f64 * term(self.others, 0.0) - 0.5 * rest * rest / self.others;
            }
            return Evidence { rank: offset.len(), log_density, apart: 0.0 };
        }
        let allowed = CONSISTENT * (self.gaussian.size + core.dot(&core).sqrt());
        let apart = if rest > allowed { rest } else { 0.0 };
        Evidence { rank: self.variances.len(), log_density, apart }
    }

    /// The free features: the directions in which states with one core vary, and how much.
    pub(super) fn free(&self, encoder: &Encoder) -> Result<Free> {
        let Factored { mean, factor, thickness, .. } = self.gaussian;
        // Lᵀ without the directions of the core.
        let mut free = factor.clone();
        for mut row in free.outer_iter_mut() {
            let mut rest = row.to_owned();
            encoder.remove(&mut rest);
            row.assign(&rest);
        }
        let basis = basis(&free, encoder)?;
        let to_basis = basis.dot(&free.t());
        let covariance = to_basis.dot(&self.covariance).dot(&to_basis.t());
        let (directions, variances) = if covariance.is_empty() {
            (basis, Vec::new())
        } else {
            let Eigen { values, vectors } = Eigen::new(symmetric(covariance).view())?;
            (vectors.dot(&basis), values)
        };
        let deviation = |variance: f64| (variance.max(0.0) + thickness * thickness).sqrt();
        Ok(Free {
            mean: mean.clone(),
            core_of_mean: self.core_of_mean.clone(),
            along_mean: directions.dot(mean),
            gain: directions.dot(&free.t()).dot(&self.gain),
            deviations: variances.into_iter().map(deviation).collect(),
            thickness: *thickness,
            others: mean.len() - encoder.len() - directions.nrows(),
            directions,
        })
    }
}

/// The states of a Gaussian with cores of one encoder: what all cores share.
#[derive(Clone, Debug)]
pub(super) struct Free {
    /// The mean of the Gaussian, μ.
    pub mean: Array1<f64>,
    /// Qμ, W numbers.
    pub core_of_mean: Array1<f64>,
    /// Vμ.
    pub along_mean: Array1<f64>,
    /// Orthonormal directions V in which free features vary, k × D, at right angles to Q.
    pub directions: Array2<f64>,
    /// The standard deviations along them.
    pub deviations: Vec<f64>,
    /// The standard deviation in the other directions at right angles to Q.
    pub thickness: f64,
    /// The number of these.
    pub others: usize,
    /// V(mean given the core − μ) = gain · δ.
    gain: Array2<f64>,
}

impl Free {
    /// V(mean − μ) for the core with coordinates q.
    pub(super) fn shift(&self, core: ArrayView1<f64>) -> Array1<f64> {
        self.gain.dot(&(&core - &self.core_of_mean))
    }

    /// The variance of the free features, all together.
    pub(super) fn variance(&self) -> f64 {
        let along: f64 = self.deviations.iter().map(|lambda| lambda * lambda).sum();
        along + self.others as f64 * self.thickness * self.thickness
    }

    /// The mean of the states with this core.
    pub(super) fn mean_given(&self, encoder: &Encoder, core: ArrayView1<f64>) -> Array1<f64> {
        let mut mean = &self.mean + &self.directions.t().dot(&self.shift(core));
        encoder.place((&core - &self.core_of_mean).view(), &mut mean);
        mean
    }
}

fn symmetric(matrix: Array2<f64>) -> Array2<f64> {
    (&matrix + &matrix.t()) * 0.5
}

/// An orthonormal basis of rows that are at right angles to the cores' directions. If it may be all free directions,
/// it is.
fn basis(free: &Array2<f64>, encoder: &Encoder) -> Result<Array2<f64>> {
    let dim = encoder.dim();
    if let Some(units) = encoder.kept_units().filter(|units| free.nrows() >= dim - units.len()) {
        let mut is_free = vec![true; dim];
        units.iter().for_each(|&unit| is_free[unit] = false);
        let others: Vec<usize> = (0..dim).filter(|&unit| is_free[unit]).collect();
        return Ok(Array2::eye(dim).select(Axis(0), &others));
    }
    if free.is_empty() {
        return Ok(Array2::zeros((0, dim)));
    }
    let axes = Axes::of(free.view())?;
    let longest = axes.lengths[0];
    let kept = axes.lengths.iter().filter(|&&length| length > SHORT * longest).count();
    Ok(axes.directions.slice_move(ndarray::s![..kept.min(dim - encoder.len()), ..]))
}
