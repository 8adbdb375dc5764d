//! The windows of a local denoiser at each noise level.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::kernels::Grid;

/// How a window is written.
const FORM: &str =
    "an odd number of pixels, whole, or several with the level from which each holds, as in 3,7@0.5,whole@2";

/// The size of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The side of a square in pixels, an odd number.
    Pixels(usize),
    /// The whole image.
    Whole,
}

/// A window for each noise level: `7`, `whole`, or steps as `3,7@0.5,whole@2`, which is 3 pixels below .5 spreads of the
/// patterns, 7 from there to 2 spreads, and then the whole image.
#[derive(Clone, Debug, PartialEq)]
pub struct Windows {
    /// The level (in spreads) from which a window holds, ascending from 0, and the window.
    steps: Vec<(f64, Side)>,
}

impl Windows {
    /// The same window at all levels, an odd number of pixels.
    ///
    /// # Errors
    /// An even number.
    pub fn constant(side: usize) -> Result<Self> {
        Ok(Windows { steps: vec![(0.0, pixels(side, &side.to_string())?)] })
    }

    /// The whole image at all levels.
    pub fn whole() -> Self {
        Windows { steps: vec![(0.0, Side::Whole)] }
    }

    /// Windows from sides at ascending levels. `covering` is the side that is the whole image.
    pub(super) fn of_sides(sides: Vec<(f64, usize)>, covering: usize) -> Self {
        let side = |side| if side >= covering { Side::Whole } else { Side::Pixels(side) };
        let mut steps: Vec<(f64, Side)> = Vec::new();
        for (level, pixels) in sides {
            if steps.last().is_none_or(|&(_, last)| last != side(pixels)) {
                steps.push((level, side(pixels)));
            }
        }
        Windows { steps }
    }

    /// The window at a level, in spreads of the patterns.
    pub fn at(&self, level: f64) -> Side {
        let held = self.steps.iter().take_while(|(from, _)| *from <= level).last();
        held.map_or(self.steps[0].1, |(_, side)| *side)
    }

    /// The sides in pixels that are used at some level.
    pub(super) fn sides(&self) -> impl Iterator<Item = usize> {
        self.steps.iter().filter_map(|(_, side)| match side {
            Side::Pixels(side) => Some(*side),
            Side::Whole => None,
        })
    }
}

fn pixels(side: usize, text: &str) -> Result<Side> {
    match side % 2 {
        1 => Ok(Side::Pixels(side)),
        _ => Err(Error::parameter("window", FORM, text)),
    }
}

impl FromStr for Windows {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refused = || Error::parameter("window", FORM, text);
        let mut steps: Vec<(f64, Side)> = Vec::new();
        for part in text.split(',') {
            let (side, level) = match part.split_once('@') {
                Some((side, level)) => (side, level.parse().map_err(|_| refused())?),
                None if steps.is_empty() => (part, 0.0),
                None => return Err(refused()),
            };
            let side = match side {
                "whole" => Side::Whole,
                side => pixels(side.parse().map_err(|_| refused())?, text)?,
            };
            let rises = match steps.last() {
                Some((last, _)) => f64::is_finite(level) && level > *last,
                None => level == 0.0,
            };
            if !rises {
                return Err(refused());
            }
            steps.push((level, side));
        }
        Ok(Windows { steps })
    }
}

impl fmt::Display for Windows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (level, side)) in self.steps.iter().enumerate() {
            if n > 0 {
                f.write_str(",")?;
            }
            match side {
                Side::Pixels(side) => write!(f, "{side}")?,
                Side::Whole => f.write_str("whole")?,
            }
            if n > 0 {
                write!(f, "@{}", (level * 1e3).round() / 1e3)?;
            }
        }
        Ok(())
    }
}

/// The sides to try: odd numbers that grow by about half, up to one that covers the image.
pub(super) fn candidates(grid: Grid) -> Vec<usize> {
    let largest = grid.height.max(grid.width);
    let most = if grid.torus { grid.height.min(grid.width) } else { 2 * largest - 2 };
    let mut sides = Vec::new();
    let mut side = 1;
    while side <= most {
        sides.push(side);
        side = (side + 2).max((side * 3 / 2) | 1);
    }
    sides.push(2 * largest + 1);
    sides
}
