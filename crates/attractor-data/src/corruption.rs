//! Cues from patterns: noise, flips, and missing parts.

use std::str::FromStr;

use attractor::Real;
use attractor::noise::{Purpose, Stream};
use ndarray::Array2;

use crate::error::{Error, Result};
use crate::shape::Shape;

/// A corruption, which makes a cue from a pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum Corruption {
    /// θy + √(1 − θ²)ε, θ in (0, 1].
    Signal(f64),
    /// y + σε, σ ≥ 0.
    Noise {
        /// Noise level σ.
        sigma: f64,
        /// How values outside [0, 1] are treated.
        finish: OutOfRange,
    },
    /// Each unit is flipped with this probability: y → −y, and y → 1 − y for grey values.
    Flip(f64),
    /// With this probability, a unit is replaced by one of the two extremes, with equal chance: 0 or 1 for grey
    /// values, else −1 or +1.
    SaltAndPepper(f64),
    /// Each unit is removed (set to 0) with this probability.
    Mask(f64),
    /// One side of an image is removed (set to 0).
    Block {
        /// Which side.
        side: Side,
        /// The removed share of its rows or columns, in [0, 1].
        share: f64,
        /// Shape of the image.
        shape: Shape,
    },
}

/// The forms in which a corruption is written: an option of `attractor corrupt` and its value in one word.
pub const CORRUPTIONS: &str =
    "sigma:S[:clip|:fold], signal:T, flip:P, salt-pepper:P, mask:P, block:bottom|top|left|right|border:SHARE";

impl Corruption {
    /// Parses `sigma:0.5:clip`, `block:bottom:0.5` and so on; see [`CORRUPTIONS`]. A block needs the shape of the
    /// images. Without a shape, they are taken to be square.
    ///
    /// # Errors
    /// The name is not in the list, a number cannot be parsed, or images without a shape are not square.
    pub fn parse(text: &str, shape: Option<Shape>, dim: usize) -> Result<Self> {
        let unknown = || Error::parameter("corruption", CORRUPTIONS, text);
        let parts: Vec<&str> = text.split(':').collect();
        let number = |at: usize| -> Result<f64> { parts[at].parse().map_err(|_| unknown()) };
        let corruption = match (parts[0], parts.len()) {
            ("sigma", 2 | 3) => {
                let finish = match parts.get(2) {
                    None => OutOfRange::Free,
                    Some(&"clip") => OutOfRange::Clip,
                    Some(&"fold") => OutOfRange::Fold,
                    Some(_) => return Err(unknown()),
                };
                Corruption::Noise { sigma: number(1)?, finish }
            }
            ("signal", 2) => Corruption::Signal(number(1)?),
            ("flip", 2) => Corruption::Flip(number(1)?),
            ("salt-pepper", 2) => Corruption::SaltAndPepper(number(1)?),
            ("mask", 2) => Corruption::Mask(number(1)?),
            ("block", 3) => {
                let square =
                    || Error::parameter("shape", "HxW or CxHxW", format!("{dim} values, no square image"));
                let shape = shape.or_else(|| Shape::square(dim)).ok_or_else(square)?;
                Corruption::Block { side: parts[1].parse()?, share: number(2)?, shape }
            }
            _ => return Err(unknown()),
        };
        corruption.check(dim)?;
        Ok(corruption)
    }
}

impl std::fmt::Display for Corruption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Corruption::Signal(signal) => write!(f, "signal:{signal}"),
            Corruption::Noise { sigma, finish } => {
                let finish = match finish {
                    OutOfRange::Free => "",
                    OutOfRange::Clip => ":clip",
                    OutOfRange::Fold => ":fold",
                };
                write!(f, "sigma:{sigma}{finish}")
            }
            Corruption::Flip(p) => write!(f, "flip:{p}"),
            Corruption::SaltAndPepper(p) => write!(f, "salt-pepper:{p}"),
            Corruption::Mask(p) => write!(f, "mask:{p}"),
            Corruption::Block { side, share, .. } => {
                let side = match side {
                    Side::Bottom => "bottom",
                    Side::Top => "top",
                    Side::Left => "left",
                    Side::Right => "right",
                    Side::Border => "border",
                };
                write!(f, "block:{side}:{share}")
            }
        }
    }
}

/// How noisy grey values outside [0, 1] are treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutOfRange {
    /// They stay as they are.
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
    /// All four sides. The share is of the height and of the width.
    Border,
}

impl FromStr for Side {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "bottom" => Ok(Side::Bottom),
            "top" => Ok(Side::Top),
            "left" => Ok(Side::Left),
            "right" => Ok(Side::Right),
            "border" => Ok(Side::Border),
            _ => Err(Error::Parameter {
                name: "block",
                expected: "bottom, top, left, right or border, with a share, as in bottom:0.5".into(),
                found: text.into(),
            }),
        }
    }
}

/// Cues, and which of their units were not removed.
#[derive(Clone, Debug)]
pub struct Corrupted<F> {
    /// The cues.
    pub cues: Array2<F>,
    /// True where a unit was not removed.
    pub known: Array2<bool>,
}

/// Corrupts each pattern, with its own random stream (seed, `first_row` + row). `grey` says that values are grey
/// values in [0, 1], for which a flip is y → 1 − y.
///
/// # Errors
/// A parameter is outside its range, or the image shape does not have the patterns' number of units.
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
            let y = value.to_f64();
            *value = F::from_f64(match *corruption {
                Corruption::Signal(signal) => signal * y + (1.0 - signal * signal).sqrt() * stream.normal(),
                Corruption::Noise { sigma, finish } => {
                    let noisy = y + sigma * stream.normal();
                    match finish {
                        OutOfRange::Free => noisy,
                        OutOfRange::Clip => noisy.clamp(0.0, 1.0),
                        OutOfRange::Fold => noisy.abs().min(1.0),
                    }
                }
                Corruption::Flip(p) => match stream.uniform() < p {
                    true if grey => 1.0 - y,
                    true => -y,
                    false => y,
                },
                Corruption::SaltAndPepper(p) => {
                    // Both numbers are always drawn, so that equal seeds hit the same units at every p.
                    let (chance, salt) = (stream.uniform(), stream.uniform() < 0.5);
                    match (chance < p, salt) {
                        (false, _) => y,
                        (true, true) => 1.0,
                        (true, false) if grey => 0.0,
                        (true, false) => -1.0,
                    }
                }
                Corruption::Mask(p) => {
                    *known = stream.uniform() >= p;
                    if *known { y } else { 0.0 }
                }
                Corruption::Block { side, share, shape } => {
                    *known = !removed(shape, side, share, unit);
                    if *known { y } else { 0.0 }
                }
            });
        }
    }
    Ok(Corrupted { cues, known })
}

/// Whether a block of this share on this side covers the unit. The ⌊n(1 − share)⌋ rows or columns at the other side
/// are kept; with a border, ⌊n(1 − share)⌋ rows and columns in the middle.
fn removed(shape: Shape, side: Side, share: f64, unit: usize) -> bool {
    let (_, row, column) = shape.place(unit);
    let kept = |n: usize| (n as f64 * (1.0 - share)).floor() as usize;
    let outside = |at: usize, n: usize| {
        let first = (n - kept(n)) / 2;
        at < first || at >= first + kept(n)
    };
    match side {
        Side::Bottom => row >= kept(shape.height),
        Side::Top => shape.height - 1 - row >= kept(shape.height),
        Side::Right => column >= kept(shape.width),
        Side::Left => shape.width - 1 - column >= kept(shape.width),
        Side::Border => outside(row, shape.height) || outside(column, shape.width),
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
            Corruption::SaltAndPepper(p) if !share(p) => refuse("salt-pepper", "a probability in [0, 1]", p),
            Corruption::Mask(p) if !share(p) => refuse("mask", "a probability in [0, 1]", p),
            Corruption::Block { share: f, .. } if !share(f) => refuse("block", "a share in [0, 1]", f),
            Corruption::Block { shape, .. } => shape.check(dim),
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

    /// Within five standard errors of a mean over `n` values of standard deviation `sd`. A correct program fails this
    /// with a chance of one in a million.
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
    fn a_border_leaves_the_middle() {
        let shape = Shape::grey(8, 8);
        let block = Corruption::Block { side: Side::Border, share: 0.5, shape };
        let known = corrupt(ones(1, 64), &block, 0, 0, false).unwrap().known;
        let kept: Vec<usize> = (0..64).filter(|&u| known[[0, u]]).collect();
        let middle: Vec<usize> =
            (0..64).filter(|u| (2..6).contains(&(u / 8)) && (2..6).contains(&(u % 8))).collect();
        assert_eq!(kept, middle);
        // With the colours of a pixel side by side, a pixel is removed with all of its channels.
        let block = |layout| Corruption::Block {
            side: Side::Left,
            share: 0.5,
            shape: Shape { channels: 3, layout, ..shape },
        };
        for layout in [crate::Layout::Chw, crate::Layout::Hwc] {
            let known = corrupt(ones(1, 192), &block(layout), 0, 0, false).unwrap().known;
            let shape = Shape { channels: 3, layout, ..shape };
            assert!((0..192).all(|u| known[[0, u]] == (shape.place(u).2 >= 4)));
        }
    }

    #[test]
    fn salt_and_pepper_come_in_equal_shares() {
        let (n, d) = (500, 100);
        let half = Array2::from_elem((n, d), 0.5);
        for grey in [true, false] {
            let cues = corrupt(half.clone(), &Corruption::SaltAndPepper(0.3), 4, 0, grey).unwrap().cues;
            let pepper = if grey { 0.0 } else { -1.0 };
            let share = |value: f64| cues.iter().filter(|v| **v == value).count() as f64 / (n * d) as f64;
            // A share of 0.15 each, with the standard deviation of a coin of that probability.
            let deviation = (0.15_f64 * 0.85).sqrt();
            assert!(
                within(share(1.0), 0.15, deviation, n * d) && within(share(pepper), 0.15, deviation, n * d)
            );
            assert!(within(share(0.5), 0.7, 0.21_f64.sqrt(), n * d));
        }
    }

    #[test]
    fn corruptions_are_read_as_they_are_written() {
        let shape = Some(Shape::grey(8, 8));
        for text in [
            "sigma:0.5",
            "sigma:0.5:clip",
            "sigma:0.5:fold",
            "signal:0.9",
            "flip:0.1",
            "salt-pepper:0.2",
            "mask:0.5",
            "block:bottom:0.5",
            "block:border:0.25",
        ] {
            assert_eq!(Corruption::parse(text, shape, 64).unwrap().to_string(), text);
        }
        for text in [
            "",
            "sigma",
            "sigma:x",
            "sigma:-1",
            "sigma:1:cut",
            "mask:2",
            "block:0.5",
            "block:up:0.5",
            "noise:1",
        ] {
            assert!(Corruption::parse(text, shape, 64).is_err(), "{text}");
        }
        assert!(Corruption::parse("block:top:0.5", None, 63).unwrap_err().to_string().contains("shape"));
    }

    #[test]
    fn a_row_does_not_depend_on_its_batch() {
        let all = corrupt(ones(3, 8), &Corruption::Signal(0.5), 1, 0, false).unwrap().cues;
        let last = corrupt(ones(1, 8), &Corruption::Signal(0.5), 1, 2, false).unwrap().cues;
        assert_eq!(all.row(2), last.row(0));
    }
}
