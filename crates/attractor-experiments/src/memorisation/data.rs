//! The data sets: rows to train on, rows that are held out, and what is known of the truth.

use attractor::energies::{Denoise, Points};
use attractor::noise::{Purpose, Stream};
use attractor::{Patterns, Result};
use attractor_data::digits;
use ndarray::{Array2, ArrayView2, Axis, s};

use super::crossover::Gaussians;

/// A source of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// Points on the unit circle in the plane, at random angles.
    Circle,
    /// ½ N(1, I) + ½ N(−1, I) in eight dimensions, as in the published program.
    Mixture,
    /// The shipped digits, about the mean of the half that is held out, from 0 to 1.
    Digits,
}

/// Units of the mixture.
const UNITS: usize = 8;

/// Points that stand for the whole circle.
const AROUND: usize = 4096;

impl Set {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Set::Circle => "circle",
            Set::Mixture => "mixture",
            Set::Digits => "digits",
        }
    }

    /// The units of a row.
    pub fn dim(self) -> usize {
        match self {
            Set::Circle => 2,
            Set::Mixture => UNITS,
            Set::Digits => 64,
        }
    }

    /// The dimension of the surface that rows lie on, where it is known.
    pub fn dimension(self) -> Option<f64> {
        match self {
            Set::Circle => Some(1.0),
            Set::Mixture => Some(UNITS as f64),
            Set::Digits => None,
        }
    }

    /// The most training rows.
    pub fn most(self) -> usize {
        match self {
            Set::Digits => 898,
            _ => 1_000_000,
        }
    }

    /// The rows of a seed.
    pub fn source(self, seed: u64) -> Source {
        match self {
            Set::Digits => Source { set: self, seed, images: Some(shuffled(seed)) },
            _ => Source { set: self, seed, images: None },
        }
    }
}

/// The digits in random order, as numbers from 0 to 1 about the mean of those that are held out.
fn shuffled(seed: u64) -> Array2<f64> {
    let images = digits().images;
    let mut order: Vec<usize> = (0..images.nrows()).collect();
    Stream::new(seed, Purpose::HeldOut, 1 << 40).shuffle(&mut order);
    let mut all = images.select(Axis(0), &order).mapv(|v| f64::from(v) / 16.0);
    let mean = all.slice(s![Set::Digits.most().., ..]).mean_axis(Axis(0)).expect("held-out digits");
    all -= &mean;
    all
}

/// Rows of one set and seed.
pub struct Source {
    set: Set,
    seed: u64,
    /// The digits.
    images: Option<Array2<f64>>,
}

/// The best denoiser of the data.
pub enum Truth {
    /// Of a mixture of Gaussians.
    Gaussians(Gaussians),
    /// Of points so close that they are a curve.
    Points(Points<f64>),
}

impl Source {
    /// The first training rows. More of them begin with the same rows.
    pub fn train(&self, count: usize) -> Array2<f64> {
        match &self.images {
            Some(images) => images.slice(s![..count, ..]).to_owned(),
            None => self.rows(Purpose::Patterns, 0, count),
        }
    }

    /// Rows that no model has seen. `from` is the number of the first.
    pub fn heldout(&self, from: usize, count: usize) -> Array2<f64> {
        match &self.images {
            Some(images) => {
                let rows = images.nrows() - self.set.most();
                let order: Vec<usize> =
                    (0..count.min(rows)).map(|k| self.set.most() + (from + k) % rows).collect();
                images.select(Axis(0), &order)
            }
            None => self.rows(Purpose::HeldOut, from, count),
        }
    }

    fn rows(&self, purpose: Purpose, from: usize, count: usize) -> Array2<f64> {
        let mut all = Array2::zeros((count, self.set.dim()));
        for (number, mut row) in all.outer_iter_mut().enumerate() {
            let mut stream = Stream::new(self.seed, purpose, (from + number) as u64);
            if self.set == Set::Circle {
                let angle = 2.0 * std::f64::consts::PI * stream.uniform();
                [row[0], row[1]] = [angle.cos(), angle.sin()];
            } else {
                let mean = if stream.below(2) == 0 { 1.0 } else { -1.0 };
                row.mapv_inplace(|_: f64| mean + stream.normal());
            }
        }
        all
    }

    /// The best denoiser, where it is known.
    ///
    /// # Errors
    /// None.
    pub fn truth(&self) -> Result<Option<Truth>> {
        Ok(match self.set {
            Set::Circle => {
                let angle = |n: usize| 2.0 * std::f64::consts::PI * n as f64 / AROUND as f64;
                let points =
                    Array2::from_shape_fn(
                        (AROUND, 2),
                        |(n, j)| if j == 0 { angle(n).cos() } else { angle(n).sin() },
                    );
                Some(Truth::Points(Points::new(Patterns::new(points)?)))
            }
            Set::Mixture => {
                let means = Array2::from_shape_fn((2, UNITS), |(k, _)| if k == 0 { 1.0 } else { -1.0 });
                Some(Truth::Gaussians(Gaussians { means, variance: 1.0 }))
            }
            Set::Digits => None,
        })
    }
}

impl Truth {
    /// Denoised rows, all at one level.
    ///
    /// # Errors
    /// Rows of another width.
    pub fn denoise(&self, states: ArrayView2<f64>, sigma: f64) -> Result<Array2<f64>> {
        match self {
            Truth::Gaussians(gaussians) => Ok(gaussians.denoise(states, sigma)),
            Truth::Points(points) => points.denoise(states, &vec![sigma; states.nrows()]),
        }
    }
}
