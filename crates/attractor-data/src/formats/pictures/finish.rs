//! What is made of a decoded picture: on a background, grey or in colour, at a size.

use std::path::Path;

use attractor::message;
use attractor::message::Argument;

use super::decode::check_size;
use super::{Picture, ReadOptions};
use crate::error::{Error, Result};
use crate::shape::Shape;

/// Puts a picture on a background, converts it to grey or colour and resizes it, where that was asked for.
pub(super) fn finish(path: &Path, picture: Picture, reading: &ReadOptions) -> Result<Picture> {
    let Picture { mut shape, mut values } = opaque(path, picture, reading.background)?;
    if reading.grey && shape.channels == 3 {
        // Luma of ITU-R BT.601, as JPEG and most programs have it.
        let luma = |p: &[u8]| 0.299 * f64::from(p[0]) + 0.587 * f64::from(p[1]) + 0.114 * f64::from(p[2]);
        values = values.chunks_exact(3).map(|p| luma(p).round() as u8).collect();
        shape.channels = 1;
    } else if reading.colour && shape.channels == 1 {
        values = values.iter().flat_map(|&v| [v; 3]).collect();
        shape.channels = 3;
    }
    if let Some((height, width)) = reading.resize.filter(|&size| size != (shape.height, shape.width)) {
        check_size(width, height).map_err(|found| {
            Error::content(path, "a smaller size to bring it to", found, "choose another size")
        })?;
        let failed = |e: resize::Error| {
            Error::content(
                path,
                format!("a picture that can be brought to {height}x{width}"),
                e.to_string(),
                "choose another size",
            )
        };
        let (from, to) = ((shape.width, shape.height), (width, height));
        values = resized(&values, shape.channels, from, to).map_err(failed)?;
        (shape.height, shape.width) = (height, width);
    }
    Ok(Picture { shape, values })
}

/// The picture without its channel of opacity: on the background where it is transparent. Grey stays grey on a grey
/// background.
fn opaque(path: &Path, picture: Picture, background: Option<[u8; 3]>) -> Result<Picture> {
    let channels = picture.shape.channels;
    if !channels.is_multiple_of(2) {
        return Ok(picture);
    }
    let is_transparent = picture.is_transparent();
    let Picture { shape, values } = picture;
    let pixels = values.chunks_exact(channels);
    let Some(behind) = background.filter(|_| is_transparent) else {
        if is_transparent {
            return Err(Error::content(
                path,
                "a picture without transparent pixels",
                "some that are transparent",
                message!["give the colour behind them with ", Argument::option("background")],
            ));
        }
        let values = pixels.flat_map(|p| p[..channels - 1].iter().copied()).collect();
        return Ok(Picture { shape: Shape { channels: channels - 1, ..shape }, values });
    };
    let grey = channels == 2 && behind[0] == behind[1] && behind[1] == behind[2];
    let kept = if grey { 1 } else { 3 };
    let mixed = |pixel: &[u8]| -> [u8; 3] {
        let alpha = u32::from(pixel[channels - 1]);
        std::array::from_fn(|k| {
            let own = u32::from(pixel[if channels == 2 { 0 } else { k }]);
            ((own * alpha + u32::from(behind[k]) * (255 - alpha) + 127) / 255) as u8
        })
    };
    let values = pixels.flat_map(|p| mixed(p).into_iter().take(kept)).collect();
    Ok(Picture { shape: Shape { channels: kept, ..shape }, values })
}

/// Resizes a picture with Catmull-Rom cubics, which are widened to average where the picture shrinks.
fn resized(
    values: &[u8],
    channels: usize,
    from: (usize, usize),
    to: (usize, usize),
) -> std::result::Result<Vec<u8>, resize::Error> {
    use resize::{Pixel, Type, px::RGB};
    let mut result = vec![0; to.0 * to.1 * channels];
    if channels == 1 {
        use resize::px::Gray;
        let pixels: Vec<Gray<u8>> = values.iter().map(|&v| Gray::new(v)).collect();
        let mut small = vec![Gray::new(0); to.0 * to.1];
        resize::new(from.0, from.1, to.0, to.1, Pixel::Gray8, Type::Catrom)?.resize(&pixels, &mut small)?;
        result.iter_mut().zip(small).for_each(|(r, p)| *r = p.value());
    } else {
        let pixels: Vec<RGB<u8>> = values.chunks_exact(3).map(|p| RGB::new(p[0], p[1], p[2])).collect();
        let mut small = vec![RGB::new(0, 0, 0); to.0 * to.1];
        resize::new(from.0, from.1, to.0, to.1, Pixel::RGB8, Type::Catrom)?.resize(&pixels, &mut small)?;
        result.chunks_exact_mut(3).zip(small).for_each(|(r, p)| r.copy_from_slice(&[p.r, p.g, p.b]));
    }
    Ok(result)
}
