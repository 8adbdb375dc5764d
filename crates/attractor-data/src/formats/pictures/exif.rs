//! The orientation of a picture, as cameras note it (Exif 2.3, section 4.6.4, tag 274).

use super::Picture;

/// The tag of the orientation.
const ORIENTATION: u16 = 0x0112;

/// The orientation that an Exif block gives, 1 to 8. It is 1, upright, if the block says nothing.
pub(super) fn orientation(block: &[u8]) -> u16 {
    read(block.strip_prefix(b"Exif\0\0").unwrap_or(block)).filter(|o| (1..=8).contains(o)).unwrap_or(1)
}

/// Finds the tag in the first directory.
fn read(block: &[u8]) -> Option<u16> {
    let big = match block.get(..4)? {
        [b'M', b'M', 0, 42] => true,
        [b'I', b'I', 42, 0] => false,
        _ => return None,
    };
    let two = |at: usize| {
        let bytes = block.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    };
    let four = |at: usize| {
        let bytes = block.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) } as usize)
    };
    let directory = four(4)?;
    (0..usize::from(two(directory)?))
        .map(|entry| directory + 2 + 12 * entry)
        .find(|&at| two(at) == Some(ORIENTATION))
        .and_then(|at| two(at + 8))
}

/// Turns a picture upright.
pub(super) fn upright(picture: Picture, orientation: u16) -> Picture {
    if orientation <= 1 {
        return picture;
    }
    let Picture { mut shape, values } = picture;
    let (height, width, channels) = (shape.height, shape.width, shape.channels);
    // From 5 on, rows and columns change places.
    let turned = orientation >= 5;
    if turned {
        (shape.height, shape.width) = (width, height);
    }
    let mut upright = Vec::with_capacity(values.len());
    for y in 0..shape.height {
        for x in 0..shape.width {
            // The row and the column of the stored picture.
            let (row, column) = match orientation {
                2 => (y, width - 1 - x),
                3 => (height - 1 - y, width - 1 - x),
                4 => (height - 1 - y, x),
                5 => (x, y),
                6 => (height - 1 - x, y),
                7 => (height - 1 - x, width - 1 - y),
                _ => (x, width - 1 - y),
            };
            let from = (row * width + column) * channels;
            upright.extend_from_slice(&values[from..from + channels]);
        }
    }
    Picture { shape, values: upright }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::{Layout, Shape};

    /// The table of the standard: which edge of the upright picture the stored first row and first column are.
    #[test]
    fn every_orientation_is_undone() {
        // Upright: 1 2 3 over 4 5 6.
        let stored: [(u16, [usize; 2], &[u8]); 8] = [
            (1, [2, 3], &[1, 2, 3, 4, 5, 6]),
            (2, [2, 3], &[3, 2, 1, 6, 5, 4]), // top, right
            (3, [2, 3], &[6, 5, 4, 3, 2, 1]), // bottom, right
            (4, [2, 3], &[4, 5, 6, 1, 2, 3]), // bottom, left
            (5, [3, 2], &[1, 4, 2, 5, 3, 6]), // left, top
            (6, [3, 2], &[3, 6, 2, 5, 1, 4]), // right, top
            (7, [3, 2], &[6, 3, 5, 2, 4, 1]), // right, bottom
            (8, [3, 2], &[4, 1, 5, 2, 6, 3]), // left, bottom
        ];
        for (orientation, [height, width], values) in stored {
            let shape = Shape { channels: 1, height, width, layout: Layout::Hwc };
            let picture = upright(Picture { shape, values: values.to_vec() }, orientation);
            assert_eq!(picture.values, [1, 2, 3, 4, 5, 6], "orientation {orientation}");
            assert_eq!((picture.shape.height, picture.shape.width), (2, 3));
        }
    }

    #[test]
    fn blocks_of_both_byte_orders_are_read_and_others_say_nothing() {
        let big = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0";
        let little = b"II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x08\0\0\0";
        assert_eq!((orientation(big), orientation(little)), (6, 8));
        for length in 0..big.len() - 4 {
            assert_eq!(orientation(&big[..length]), 1, "cut at {length}");
        }
        assert_eq!(orientation(b"II\x2a\0\xff\xff\xff\xff"), 1);
    }
}
