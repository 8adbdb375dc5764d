//! Preparation of raw data, so that dot products compare the differences between patterns.
//!
//! Memories of real values work on a(z − m): the mean pattern m is removed, and one scalar a scales all units. With a
//! single scalar, Gaussian noise stays isotropic, so a cue's noise level stays known: σ becomes aσ. Spin models get
//! ±1: above or below the unit's mean. Both maps are inverted for the results.

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
            "packed" => Ok(Prepare::Packed),
            _ => Err(Error::unknown("preparation", name, ["none", "center", "normalize", "packed"])),
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
        let scale = match prepare {
            Prepare::Normalize => 1.0 / super::spread(raw),
            _ => 1.0,
        };
        Preparation::Affine { mean, scale }
    }

    /// The factor a by which distances and noise levels grow. 1 if there is no scale.
    pub fn scale(&self) -> f64 {
        match self {
            Preparation::Affine { scale, .. } => *scale,
            _ => 1.0,
        }
    }

    /// Returns an error if the preparation is not for states of `dim` units, or has invalid numbers.
    pub(crate) fn check(&self, dim: usize) -> Result<(), Error> {
        let lists: &[&Vec<f64>] = match self {
            Preparation::Identity => &[],
            Preparation::Affine { mean, .. } => &[mean],
            Preparation::Spins { threshold, low, high } => &[threshold, low, high],
        };
        for list in lists {
            crate::error::check_width("preparation", list.len(), dim)?;
            if let Some(value) = list.iter().find(|v| !v.is_finite()) {
                return Err(Error::parameter("preparation", "finite numbers", value));
            }
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
    fn spins_return_the_two_levels() {
        let raw = array![[0.0, 7.0], [2.0, 7.0], [10.0, 7.0]];
        let preparation = Preparation::fit(raw.view(), Prepare::Normalize, true);
        let states = preparation.forward(raw);
        assert_eq!(states, array![[-1.0, -1.0], [-1.0, -1.0], [1.0, -1.0]]);
        assert_eq!(preparation.backward(states), array![[1.0, 7.0], [1.0, 7.0], [10.0, 7.0]]);
    }
}
