//! The shape of images, and where each pixel is in a row of numbers.

use std::str::FromStr;

use crate::error::{Error, Result};

/// The order of the numbers of an image with several colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// Channel × height × width: all of red, then all of green, then all of blue.
    #[default]
    Chw,
    /// Height × width × channel: red, green and blue of each pixel together.
    Hwc,
}

impl Layout {
    /// Its name: `chw` or `hwc`.
    pub fn name(self) -> &'static str {
        match self {
            Layout::Chw => "chw",
            Layout::Hwc => "hwc",
        }
    }
}

impl FromStr for Layout {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "chw" => Ok(Layout::Chw),
            "hwc" => Ok(Layout::Hwc),
            _ => Err(Error::parameter("layout", "chw or hwc", text)),
        }
    }
}

/// The size of the images in the rows of a table, and the order of their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// 1 for grey, 3 for colour.
    pub channels: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Columns of pixels.
    pub width: usize,
    /// The order of the numbers.
    pub layout: Layout,
}

impl FromStr for Shape {
    type Err = Error;

    /// Parses `28x28`, `3x32x32` or `32x32x3`. In the last, the three colours of a pixel lie together.
    fn from_str(text: &str) -> Result<Self> {
        let sizes: Option<Vec<usize>> =
            text.split('x').map(|s| s.parse().ok().filter(|n| (1..=MOST).contains(n))).collect();
        match sizes.as_deref() {
            Some(&[height, width]) => Ok(Shape::grey(height, width)),
            Some(&[channels, height, width]) if is_channels(channels) => {
                Ok(Shape { channels, height, width, layout: Layout::Chw })
            }
            Some(&[height, width, channels]) if is_channels(channels) => {
                Ok(Shape { channels, height, width, layout: Layout::Hwc })
            }
            _ => Err(Error::parameter("shape", "HxW or CxHxW with C = 1 or 3, as in 28x28 or 3x32x32", text)),
        }
    }
}

/// The largest number of pixels of one side.
const MOST: usize = 1 << 20;

fn is_channels(n: usize) -> bool {
    n == 1 || n == 3
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Shape { channels, height, width, layout } = *self;
        match (channels, layout) {
            (1, _) => write!(f, "{height}x{width}"),
            (_, Layout::Chw) => write!(f, "{channels}x{height}x{width}"),
            (_, Layout::Hwc) => write!(f, "{height}x{width}x{channels}"),
        }
    }
}

impl Shape {
    /// A grey image.
    pub fn grey(height: usize, width: usize) -> Self {
        Shape { channels: 1, height, width, layout: Layout::Chw }
    }

    /// The square grey image of `dim` pixels, if `dim` is a square number.
    pub fn square(dim: usize) -> Option<Self> {
        let side = dim.isqrt();
        (side > 0 && side * side == dim).then_some(Shape::grey(side, side))
    }

    /// The shape from the sizes of an array without the first: H × W, C × H × W or H × W × C.
    pub(crate) fn of_sizes(sizes: &[usize]) -> Option<Self> {
        let shape = |channels, height, width, layout| Some(Shape { channels, height, width, layout });
        match *sizes {
            [height, width] => shape(1, height, width, Layout::Chw),
            [channels, height, width] if is_channels(channels) && !is_channels(width) => {
                shape(channels, height, width, Layout::Chw)
            }
            [height, width, channels] if is_channels(channels) && !is_channels(height) => {
                shape(channels, height, width, Layout::Hwc)
            }
            _ => None,
        }
        .filter(|s: &Shape| s.height * s.width > 0)
    }

    /// The number of units: pixels times channels.
    pub fn size(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// Channel, row and column of a unit.
    pub fn place(&self, unit: usize) -> (usize, usize, usize) {
        let (channel, pixel) = match self.layout {
            Layout::Chw => (unit / (self.height * self.width), unit % (self.height * self.width)),
            Layout::Hwc => (unit % self.channels, unit / self.channels),
        };
        (channel, pixel / self.width, pixel % self.width)
    }

    /// The unit at a channel, row and column.
    pub fn unit(&self, channel: usize, row: usize, column: usize) -> usize {
        let pixel = row * self.width + column;
        match self.layout {
            Layout::Chw => channel * self.height * self.width + pixel,
            Layout::Hwc => pixel * self.channels + channel,
        }
    }

    /// The units of each square block with sides of `side` ≥ 1 pixels, in each channel, row by row. Blocks at the right
    /// and at the bottom are smaller if the sides do not divide the image.
    ///
    /// ```
    /// use attractor_data::Shape;
    /// assert_eq!(Shape::grey(2, 3).blocks(2), [vec![0, 1, 3, 4], vec![2, 5]]);
    /// ```
    pub fn blocks(&self, side: usize) -> Vec<Vec<usize>> {
        let side = side.max(1);
        let mut blocks = Vec::new();
        for channel in 0..self.channels {
            for top in (0..self.height).step_by(side) {
                for left in (0..self.width).step_by(side) {
                    let rows = top..self.height.min(top + side);
                    let columns = left..self.width.min(left + side);
                    let place = |row| columns.clone().map(move |column| self.unit(channel, row, column));
                    blocks.push(rows.flat_map(place).collect());
                }
            }
        }
        blocks
    }

    /// Checks that the shape has `dim` units.
    ///
    /// # Errors
    /// The shape has another number of units.
    pub fn check(&self, dim: usize) -> Result<()> {
        if self.size() == dim {
            return Ok(());
        }
        Err(Error::parameter(
            "shape",
            format!("an image of {dim} values, as the rows have"),
            format!("{self}, which has {}", self.size()),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_places_agree() {
        for text in ["4x5", "3x4x5", "4x5x3"] {
            let shape: Shape = text.parse().expect("a shape");
            assert_eq!(shape.to_string(), text);
            for unit in 0..shape.size() {
                let (channel, row, column) = shape.place(unit);
                assert!(channel < shape.channels && row < 4 && column < 5);
                assert_eq!(shape.unit(channel, row, column), unit);
            }
        }
        for text in ["", "4", "4x", "2x4x5", "0x3", "4x4x4x4", "-1x3", "99999999999x2"] {
            assert!(text.parse::<Shape>().is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_of_arrays_are_images_where_they_say_so() {
        let of = |sizes: &[usize]| Shape::of_sizes(sizes).map(|s| s.to_string());
        assert_eq!(of(&[28, 28]).as_deref(), Some("28x28"));
        assert_eq!(of(&[3, 32, 32]).as_deref(), Some("3x32x32"));
        assert_eq!(of(&[32, 32, 3]).as_deref(), Some("32x32x3"));
        assert_eq!(of(&[3, 8, 3]), None);
        assert_eq!(of(&[784]), None);
    }
}
