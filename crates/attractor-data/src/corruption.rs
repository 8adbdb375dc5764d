//! Cues from patterns: noise, flips, and missing parts.

use std::str::FromStr;

use attractor::Real;
use attractor::noise::{Purpose, Stream};
use ndarray::Array2;

use crate::error::{Error, Result};

/// What is done to a pattern to make a cue of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Corruption {
    /// θy + √(1 − θ²)ε, θ in (0, 1].
    Signal(f64),
    /// y + σε, σ ≥ 0.
    Noise {
        /// Noise level σ.
        sigma: f64,
        /// What keeps the result in [0, 1].
        finish: Finish,
    },
    /// Each unit flipped with this probability: y → −y, and y → 1 − y for grey values.
    Flip(f64),
    /// Each unit removed (set to 0) with this probability.
    Mask(f64),
    /// One side of an image removed (set to 0).
    Block {
        /// Which side.
        side: Side,
        /// The removed share of its rows or columns, in [0, 1].
        share: f64,
        /// Shape of the image.
        shape: Shape,
    },
}

/// What is done to noisy grey values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Finish {
    /// Nothing.
    #[default]
    Free,
    /// Values below 0 become 0, above 1 become 1.
    Clip,
    /// Values below 0 lose their sign, then values above 1 become 1.
    Fold,
}

/// A side of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The last rows.
    Bottom,
    /// The first rows.
    Top,
    /// The first columns.
    Left,
    /// The last columns.
    Right,
}

/// Channels × height × width of an image whose channels come one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// 1 for grey.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl FromStr for Shape {
    type Err = Error;

    /// `28x28` or `3x32x32`.
    fn from_str(text: &str) -> Result<Self> {
        let sizes: Option<Vec<usize>> = text.split('x').map(|s| s.parse().ok()).collect();
        match sizes.as_deref() {
            Some(&[height, width]) if height * width > 0 => Ok(Shape { channels: 1, height, width }),
            Some(&[channels, height, width]) if channels * height * width > 0 => {
                Ok(Shape { channels, height, width })
            }
            _ => Err(Error::Parameter {
                name: "shape",
                expected: "HxW or CxHxW, as in 28x28 or 3x32x32".into(),
                found: text.into(),
            }),
        }
    }
}

impl Shape {
    /// A square grey image of `dim` pixels, if there is one.
    pub fn square(dim: usize) -> Option<Self> {
        let side = dim.isqrt();
        (side * side == dim).then_some(Shape { channels: 1, height: side, width: side })
    }

    /// Pixels times channels.
    pub fn size(&self) -> usize {
        self.channels * self.height * self.width
    }
}

impl FromStr for Side {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "bottom" => Ok(Side::Bottom),
            "top" => Ok(Side::Top),
            "left" => Ok(Side::Left),
            "right" => Ok(Side::Right),
            _ => Err(Error::Parameter {
                name: "block",
                expected: "bottom, top, left or right, with a share, as in bottom:0.5".into(),
                found: text.into(),
            }),
        }
    }
}

/// Cues, and which of their units are still as they were.
#[derive(Clone, Debug)]
pub struct Corrupted<F> {
    /// The cues.
    pub cues: Array2<F>,
    /// True where a unit was not removed.
    pub known: Array2<bool>,
}

/// Corrupts each pattern with its own random stream (seed, `first_row` + row). `grey` says that values
/// are grey values in [0, 1], for which a flip is y → 1 − y.
///
/// # Errors
/// A parameter outside its range; an image shape that is not the patterns' width.
pub fn corrupt<F: Real>(
    patterns: Array2<F>,
    corruption: &Corruption,
    seed: u64,
    first_row: u64,
    grey: bool,
) -> Result<Corrupted<F>> {
    corruption.check(patterns.ncols())?;
    let mut known = Array2::from_elem(patterns.dim(), true);
    let mut cues = patterns;
    for (row, (mut cue, mut known)) in cues.outer_iter_mut().zip(known.outer_iter_mut()).enumerate() {
        let mut stream = Stream::new(seed, Purpose::Corruption, first_row + row as u64);
        for (unit, (value, known)) in cue.iter_mut().zip(&mut known).enumerate() {
            let y = value.wide();
            *value = F::of(match *corruption {
                Corruption::Signal(signal) => signal * y + (1.0 - signal * signal).sqrt() * stream.normal(),
                Corruption::Noise { sigma, finish } => {
                    let noisy = y + sigma * stream.normal();
                    match finish {
                        Finish::Free => noisy,
                        Finish::Clip => noisy.clamp(0.0, 1.0),
                        Finish::Fold => noisy.abs().min(1.0),
                    }
                }
                Corruption::Flip(p) => match stream.uniform() < p {
                    true if grey => 1.0 - y,
                    true => -y,
                    false => y,
                },
                Corruption::Mask(p) => {
                    *known = stream.uniform() >= p;
                    if *known { y } else { 0.0 }
                }
                Corruption::Block { side, share, shape } => {
                    *known = !shape.removed(side, share, unit);
                    if *known { y } else { 0.0 }
                }
            });
        }
    }
    Ok(Corrupted { cues, known })
}

impl Shape {
    /// Whether a block of this share on this side covers the unit. Kept are the first ⌊n(1 − share)⌋
    /// rows or columns seen from the other side.
    fn removed(&self, side: Side, share: f64, unit: usize) -> bool {
        let (row, column) = (unit / self.width % self.height, unit % self.width);
        let kept = |n: usize| (n as f64 * (1.0 - share)).floor() as usize;
        match side {
            Side::Bottom => row >= kept(self.height),
            Side::Top => self.height - 1 - row >= kept(self.height),
            Side::Right => column >= kept(self.width),
            Side::Left => self.width - 1 - column >= kept(self.width),
        }
    }
}

impl Corruption {
    fn check(&self, dim: usize) -> Result<()> {
        let refuse = |name, expected: &str, found: f64| {
            Err(Error::Parameter { name, expected: expected.into(), found: found.to_string() })
        };
        let share = |p: f64| (0.0..=1.0).contains(&p);
        match *self {
            Corruption::Signal(s) if !(s > 0.0 && s <= 1.0) => refuse("signal", "a number in (0, 1]", s),
            Corruption::Noise { sigma, .. } if !(sigma >= 0.0 && sigma.is_finite()) => {
                refuse("sigma", "a finite number ≥ 0", sigma)
            }
            Corruption::Flip(p) if !share(p) => refuse("flip", "a probability in [0, 1]", p),
            Corruption::Mask(p) if !share(p) => refuse("mask", "a probability in [0, 1]", p),
            Corruption::Block { share: f, .. } if !share(f) => refuse("block", "a share in [0, 1]", f),
            Corruption::Block { shape, .. } if shape.size() != dim => Err(Error::Parameter {
                name: "shape",
                expected: format!("an image of {dim} values, as the patterns have"),
                found: format!("{} × {} × {} = {}", shape.channels, shape.height, shape.width, shape.size()),
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ones(n: usize, d: usize) -> Array2<f64> {
        Array2::ones((n, d))
    }

    /// Five standard errors of a mean over `n` values of standard deviation `sd`: a fixed seed that
    /// fails it has one chance in a million to be bad luck.
    fn within(mean: f64, expected: f64, sd: f64, n: usize) -> bool {
        (mean - expected).abs() < 5.0 * sd / (n as f64).sqrt()
    }

    #[test]
    fn shares_and_moments_are_those_asked_for() {
        let (n, d) = (500, 100);
        let cues = |c| corrupt(ones(n, d), &c, 3, 0, false).unwrap().cues;
        let noisy = cues(Corruption::Signal(0.68));
        let spread = (1.0 - 0.68_f64 * 0.68).sqrt();
        assert!(within(noisy.mean().unwrap(), 0.68, spread, n * d));
        // The variance of a squared standard normal number is 2.
        let variance = noisy.mapv(|x| (x - 0.68).powi(2)).mean().unwrap();
        assert!(within(variance, spread * spread, spread * spread * 2.0_f64.sqrt(), n * d));
        assert!(within(cues(Corruption::Mask(0.3)).mean().unwrap(), 0.7, 0.21_f64.sqrt(), n * d));
        assert!(within(cues(Corruption::Flip(0.1)).mean().unwrap(), 0.8, 0.6, n * d));
    }

    #[test]
    fn a_block_removes_the_rows_of_the_published_protocol() {
        // Rows kept for f = .1 … .9 at height 28 (Millidge et al. 2022, code).
        let shape = Shape::square(784).unwrap();
        for (f, kept) in [25, 22, 19, 16, 14, 11, 8, 5, 2].into_iter().enumerate() {
            let block = Corruption::Block { side: Side::Bottom, share: (f + 1) as f64 / 10.0, shape };
            let known = corrupt(ones(1, 784), &block, 0, 0, false).unwrap().known;
            assert_eq!(known.iter().filter(|k| **k).count(), kept * 28, "share .{}", f + 1);
        }
    }

    #[test]
    fn a_row_does_not_depend_on_its_batch() {
        let all = corrupt(ones(3, 8), &Corruption::Signal(0.5), 1, 0, false).unwrap().cues;
        let last = corrupt(ones(1, 8), &Corruption::Signal(0.5), 1, 2, false).unwrap().cues;
        assert_eq!(all.row(2), last.row(0));
    }
}
