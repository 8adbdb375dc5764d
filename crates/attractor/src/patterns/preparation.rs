//! Preparation of raw data, so that dot products compare the differences between patterns.
//!
//! Memories of real values work on a(z − m): the mean pattern m is removed, and one scalar a scales all units. With a
//! single scalar, Gaussian noise stays isotropic, so a cue's noise level stays known: σ becomes aσ. Units that were
//! measured in different units can be standardized first: then each has a scale of its own, and noise levels, distances and
//! energies are in standard deviations of the units. Spin models get ±1: above or below the unit's mean. All maps are
//! inverted for the results.

use ndarray::{Array2, ArrayView2, ArrayViewMut1, Axis};

use crate::error::Error;
use crate::real::Real;

/// How raw patterns are to be prepared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prepare {
    /// Patterns are used exactly as given.
    #[default]
    None,
    /// The mean pattern is subtracted.
    Center,
    /// The mean pattern is subtracted and the root mean square unit scaled to 1.
    Normalize,
    /// The mean of each unit is subtracted and its standard deviation scaled to 1, for columns of different units, such as
    /// centimetres and grams. A unit that is the same in all patterns keeps its scale.
    Standardize,
    /// Patterns of two values become −1 and 1 with one bit for each unit: see [`Packer`](super::Packer).
    Packed,
}

impl std::str::FromStr for Prepare {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        match name {
            "none" => Ok(Prepare::None),
            "center" => Ok(Prepare::Center),
            "normalize" => Ok(Prepare::Normalize),
            "standardize" => Ok(Prepare::Standardize),
            "packed" => Ok(Prepare::Packed),
            _ => Err(Error::unknown(
                "preparation",
                name,
                ["none", "center", "normalize", "standardize", "packed"],
            )),
        }
    }
}

/// The map between raw vectors and states, fitted to the stored patterns.
#[derive(Clone, Debug, PartialEq)]
pub enum Preparation {
    /// States are the raw vectors.
    Identity,
    /// State = `scale` · (raw − `mean`).
    Affine {
        /// The mean pattern m, one number for each unit.
        mean: Vec<f64>,
        /// The scalar a.
        scale: f64,
    },
    /// State = `scale` · (raw − `mean`), with a scale for each unit. Noise levels, distances and energies are those of the
    /// states.
    Standardized {
        /// The mean pattern.
        mean: Vec<f64>,
        /// One over the standard deviation of each unit.
        scale: Vec<f64>,
    },
    /// State = sign(raw − `threshold`). A value equal to its threshold counts as low, as does a unit that is the same
    /// in all patterns. On the way back −1 becomes `low` and +1 becomes `high`.
    Spins {
        /// Mean of the stored values of the unit.
        threshold: Vec<f64>,
        /// Mean of the stored values at or below the threshold.
        low: Vec<f64>,
        /// Mean of the stored values above the threshold (the threshold itself if there are none).
        high: Vec<f64>,
    },
}

impl Preparation {
    /// Fits a preparation to raw patterns.
    pub(crate) fn fit<F: Real>(raw: ArrayView2<F>, prepare: Prepare, spins: bool) -> Self {
        if prepare == Prepare::None || raw.is_empty() {
            return Preparation::Identity;
        }
        let mean = super::mean(raw);
        if spins {
            let side = |above: bool| {
                raw.axis_iter(Axis(1))
                    .zip(&mean)
                    .map(|(column, &m)| {
                        let (sum, count) = column
                            .iter()
                            .map(|v| v.to_f64())
                            .filter(|&v| (v > m) == above)
                            .fold((0.0, 0), |(s, c), v| (s + v, c + 1));
                        if count > 0 { sum / f64::from(count) } else { m }
                    })
                    .collect()
            };
            let (low, high) = (side(false), side(true));
            return Preparation::Spins { threshold: mean, low, high };
        }
        if prepare == Prepare::Standardize {
            let squares = mean_squares(raw, &mean);
            return Preparation::standardized(mean, &squares);
        }
        let scale = match prepare {
            Prepare::Normalize => 1.0 / super::spread(raw),
            _ => 1.0,
        };
        Preparation::Affine { mean, scale }
    }

    /// Standardizes units with these means and variances.
    pub(crate) fn standardized(mean: Vec<f64>, variances: &[f64]) -> Self {
        let scale = |variance: &f64| if *variance > 0.0 { 1.0 / variance.sqrt() } else { 1.0 };
        Preparation::Standardized { scale: variances.iter().map(scale).collect(), mean }
    }

    /// The factor by which each unit grows, if units differ in it.
    pub fn unit_scales(&self) -> Option<&[f64]> {
        match self {
            Preparation::Standardized { scale, .. } => Some(scale),
            _ => None,
        }
    }

    /// ln of the factor by which volumes grow in `dim` units.
    pub(crate) fn log_volume(&self, dim: usize) -> f64 {
        let scales = self.unit_scales();
        scales.map_or(dim as f64 * self.scale().ln(), |scales| scales.iter().map(|a| a.ln()).sum())
    }

    /// The factor a by which distances and noise levels grow. 1 if there is no scale, or if each unit has its own: then
    /// distances and noise levels are those of states everywhere.
    pub fn scale(&self) -> f64 {
        match self {
            Preparation::Affine { scale, .. } => *scale,
            _ => 1.0,
        }
    }

    /// Returns an error if the preparation is not for states of `dim` units, or has invalid numbers.
    ///
    /// # Errors
    /// Lists of another length; numbers that are not finite; a scale that is not positive.
    pub fn check(&self, dim: usize) -> Result<(), Error> {
        let lists: &[&Vec<f64>] = match self {
            Preparation::Identity => &[],
            Preparation::Affine { mean, .. } => &[mean],
            Preparation::Standardized { mean, scale } => &[mean, scale],
            Preparation::Spins { threshold, low, high } => &[threshold, low, high],
        };
        for list in lists {
            crate::error::check_width("preparation", list.len(), dim)?;
            if let Some(value) = list.iter().find(|v| !v.is_finite()) {
                return Err(Error::parameter("preparation", "finite numbers", value));
            }
        }
        if let Some(scale) = self.unit_scales().and_then(|scales| scales.iter().find(|a| **a <= 0.0)) {
            return Err(Error::parameter("scales of the preparation", "positive numbers", scale));
        }
        let scale = self.scale();
        if scale.is_finite() && scale > 0.0 {
            Ok(())
        } else {
            Err(Error::parameter("scale of the preparation", "a positive finite number", scale))
        }
    }

    /// A short description in words.
    pub fn describe(&self) -> String {
        match self {
            Preparation::Identity => "used as given".to_owned(),
            Preparation::Affine { scale, .. } if *scale == 1.0 => "mean pattern subtracted".to_owned(),
            Preparation::Affine { scale, .. } => {
                format!("mean pattern subtracted, then scaled by {scale:.6}")
            }
            Preparation::Standardized { .. } => {
                "each unit standardized to mean 0 and standard deviation 1, in which noise levels are"
                    .to_owned()
            }
            Preparation::Spins { .. } => {
                "thresholded at each unit's mean to ±1, returned at the unit's two levels".to_owned()
            }
        }
    }

    /// Maps raw vectors to states.
    pub fn forward<F: Real>(&self, mut raw: Array2<F>) -> Array2<F> {
        match self {
            Preparation::Identity => {}
            Preparation::Affine { mean, scale } => each_row(&mut raw, |mut row| {
                for (v, m) in row.iter_mut().zip(mean) {
                    *v = F::from_f64(scale * (v.to_f64() - m));
                }
            }),
            Preparation::Standardized { mean, scale } => each_row(&mut raw, |mut row| {
                for (j, v) in row.iter_mut().enumerate() {
                    *v = F::from_f64(scale[j] * (v.to_f64() - mean[j]));
                }
            }),
            Preparation::Spins { threshold, low, high } => each_row(&mut raw, |mut row| {
                for (j, v) in row.iter_mut().enumerate() {
                    let up = v.to_f64() > threshold[j] && high[j] > low[j];
                    *v = if up { F::ONE } else { -F::ONE };
                }
            }),
        }
        raw
    }

    /// Maps states to raw vectors.
    pub fn backward<F: Real>(&self, mut states: Array2<F>) -> Array2<F> {
        match self {
            Preparation::Identity => {}
            Preparation::Affine { mean, scale } => each_row(&mut states, |mut row| {
                for (v, m) in row.iter_mut().zip(mean) {
                    *v = F::from_f64(v.to_f64() / scale + m);
                }
            }),
            Preparation::Standardized { mean, scale } => each_row(&mut states, |mut row| {
                for (j, v) in row.iter_mut().enumerate() {
                    *v = F::from_f64(v.to_f64() / scale[j] + mean[j]);
                }
            }),
            Preparation::Spins { threshold, low, high } => each_row(&mut states, |mut row| {
                for (j, v) in row.iter_mut().enumerate() {
                    *v = F::from_f64(if *v > F::ZERO {
                        high[j]
                    } else if *v < F::ZERO {
                        low[j]
                    } else {
                        threshold[j]
                    });
                }
            }),
        }
        states
    }
}

/// The variance of each unit about these means.
fn mean_squares<F: Real>(raw: ArrayView2<F>, mean: &[f64]) -> Vec<f64> {
    let of = |(column, m): (ndarray::ArrayView1<F>, &f64)| {
        column.iter().map(|v| (v.to_f64() - m).powi(2)).sum::<f64>() / raw.nrows() as f64
    };
    raw.axis_iter(Axis(1)).zip(mean).map(of).collect()
}

fn each_row<F: Real>(array: &mut Array2<F>, f: impl Fn(ArrayViewMut1<F>)) {
    array.outer_iter_mut().for_each(f);
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn affine_goes_there_and_back() {
        let raw = array![[0.0, 2.0], [4.0, 2.0]];
        let preparation = Preparation::fit(raw.view(), Prepare::Normalize, false);
        // Deviations are (∓2, 0), so the root mean square unit is √2.
        let states = preparation.forward(raw.clone());
        let expected = array![[-2.0_f64.sqrt(), 0.0], [2.0_f64.sqrt(), 0.0]];
        assert!((&states - &expected).iter().all(|d| d.abs() < 1e-15));
        assert!((preparation.backward(states) - raw).iter().all(|d: &f64| d.abs() < 1e-15));
    }

    #[test]
    fn units_are_standardized_one_by_one() {
        // Means 3, 70 and 5; deviations 2, 50 and 0.
        let raw = array![[1.0, 20.0, 5.0], [5.0, 120.0, 5.0]];
        let preparation = Preparation::fit(raw.view(), Prepare::Standardize, false);
        let states = preparation.forward(raw.clone());
        assert_eq!(states, array![[-1.0, -1.0, 0.0], [1.0, 1.0, 0.0]]);
        assert_eq!(preparation.backward(states), raw);
        assert!((preparation.log_volume(3) - (0.01_f64).ln()).abs() < 1e-15);
        assert!(preparation.check(2).is_err());
    }

    #[test]
    fn spins_return_the_two_levels() {
        let raw = array![[0.0, 7.0], [2.0, 7.0], [10.0, 7.0]];
        let preparation = Preparation::fit(raw.view(), Prepare::Normalize, true);
        let states = preparation.forward(raw);
        assert_eq!(states, array![[-1.0, -1.0], [-1.0, -1.0], [1.0, -1.0]]);
        assert_eq!(preparation.backward(states), array![[1.0, 7.0], [1.0, 7.0], [10.0, 7.0]]);
    }
}
