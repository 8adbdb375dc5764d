//! Mosaics: images put together from pieces of several training images.
//!
//! Two scores see different mosaics. M, here, sees large pieces that were pasted in; L, in [`pieces`], sees pieces that overlap, as a local denoiser makes them.
//! An image has one p-value for both, twice the smaller of the two (Bonferroni), and one list at the stated false discovery rate.
//!
//! An image is cut into windows, each of which is compared with the same window of all training images. With δ_w(x) the smallest distance of
//! window w of an image x, and s_w the median of the same over training images (each without itself),
//!
//! M(x) = √( Σ_w δ_w(x)²/s_w² ) over the windows with s_w > 0.
//!
//! A window that most training images share exactly, such as an empty margin, has s_w = 0 and says nothing. M is small for a copy and for a mosaic of
//! copies. Given the training rows, M of an honest generated row is exchangeable with M of held-out rows, so its rank among these is a p-value, as for single
//! rows. A row on the list whose windows come from at least two clusters of training rows, and which is no copy as a whole, is a mosaic.

pub mod pieces;

use std::ops::Range;

use attractor_data::Shape;
use ndarray::{Array2, ArrayView2, Axis, concatenate};

use crate::clusters::Clusters;
use crate::found::Nearest;
use crate::metric::Euclidean;
use crate::rows::{Sets, evenly};
use crate::search::{Watch, nearest};

/// Training images from which the scale of a window is taken, at most.
const SCALES: usize = 1000;

/// What the windows say of images.
#[derive(Clone, Debug)]
pub struct Windows {
    /// M of each held-out image, or of training images without themselves where nothing is held out.
    pub honest: Vec<f64>,
    /// M of each generated image.
    pub generated: Vec<f64>,
    /// The training image that each window of each generated image is nearest to, and the distance in units of the
    /// window's scale.
    pub pieces: Vec<Vec<(u32, f64)>>,
    /// The units of each window that counts.
    pub units: Vec<Vec<usize>>,
}

impl Windows {
    /// The number of clusters that the windows of a generated image come from.
    pub fn clusters(&self, row: usize, clusters: &Clusters) -> usize {
        let mut all: Vec<u32> =
            self.pieces[row].iter().map(|(piece, _)| clusters.of[*piece as usize]).collect();
        all.sort_unstable();
        all.dedup();
        all.len()
    }
}

/// The units of windows: `sides` × `sides` rectangles of pixels with all of their channels. None if the image is smaller.
pub fn windows(shape: Shape, sides: usize) -> Vec<Vec<usize>> {
    if sides < 2 || shape.height < sides || shape.width < sides {
        return Vec::new();
    }
    let cut = |size: usize, n: usize| size * n / sides..size * (n + 1) / sides;
    let mut all = Vec::new();
    for (down, across) in (0..sides).flat_map(|down| (0..sides).map(move |across| (down, across))) {
        let mut units = Vec::new();
        for channel in 0..shape.channels {
            for row in cut(shape.height, down) {
                units.extend(cut(shape.width, across).map(|column| shape.unit(channel, row, column)));
            }
        }
        all.push(units);
    }
    all
}

/// Compares the windows of images. `None` if the watch breaks.
///
/// Cost: that of comparing all generated, held-out and up to 1,000 training images with the training images once.
pub fn compare(images: &Sets<Array2<f32>>, shape: Shape, sides: usize, watch: &mut Watch) -> Option<Windows> {
    let counts =
        [images.train.nrows(), images.heldout.as_ref().map_or(0, |h| h.nrows()), images.generated.nrows()];
    let held = counts[0]..counts[0] + counts[1];
    let generated = held.end..held.end + counts[2];
    let some = evenly(counts[0], SCALES);
    let honest_rows = if held.is_empty() { some.len() } else { held.len() };
    let mut found = Windows {
        honest: vec![0.0; honest_rows],
        generated: vec![0.0; counts[2]],
        pieces: vec![Vec::new(); counts[2]],
        units: Vec::new(),
    };
    for units in windows(shape, sides) {
        let space = window(images, &units);
        let mut search = |queries: &[usize]| nearest(&space, queries, 0..counts[0], 1, watch);
        let own = distances(&search(&some)?);
        let scale = median(own.clone());
        if scale <= 0.0 {
            continue;
        }
        let add = |sum: &mut f64, distance: f64| *sum += (distance / scale).powi(2);
        let range = |rows: Range<usize>| rows.collect::<Vec<usize>>();
        let honest = if held.is_empty() { own } else { distances(&search(&range(held.clone()))?) };
        found.honest.iter_mut().zip(honest).for_each(|(sum, distance)| add(sum, distance));
        let near = search(&range(generated.clone()))?;
        for (row, near) in near.iter().enumerate() {
            add(&mut found.generated[row], near[0].distance);
            found.pieces[row].push((near[0].row, near[0].distance / scale));
        }
        found.units.push(units);
    }
    found.honest.iter_mut().chain(&mut found.generated).for_each(|sum| *sum = sum.sqrt());
    Some(found)
}

fn window(images: &Sets<Array2<f32>>, units: &[usize]) -> Euclidean {
    let cut = |rows: &Array2<f32>| rows.select(Axis(1), units);
    let parts: Vec<Array2<f32>> = [Some(&images.train), images.heldout.as_ref(), Some(&images.generated)]
        .into_iter()
        .flatten()
        .map(cut)
        .collect();
    let views: Vec<ArrayView2<f32>> = parts.iter().map(|part| part.view()).collect();
    Euclidean::single(concatenate(Axis(0), &views).expect("windows of one size"))
}

fn distances(near: &Nearest) -> Vec<f64> {
    near.iter().map(|found| found[0].distance).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// The number of pairs that [`compare`] goes through, for progress.
pub fn pairs(counts: [usize; 3], shape: Shape, sides: usize) -> u64 {
    let honest = counts[1] + counts[0].min(SCALES);
    (windows(shape, sides).len() * (counts[2] + honest) * counts[0]) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::unwatched;
    use attractor::noise::{Purpose, Stream};

    #[test]
    fn windows_cover_each_unit_once() {
        for text in ["8x8", "7x9", "3x5x6", "5x6x3"] {
            let shape: Shape = text.parse().expect("a shape");
            let mut all: Vec<usize> = windows(shape, 4).concat();
            all.sort_unstable();
            assert_eq!(all, (0..shape.size()).collect::<Vec<_>>(), "{text}");
        }
        assert!(windows(Shape::grey(3, 8), 4).is_empty());
    }

    #[test]
    fn pieces_are_found() {
        let shape = Shape::grey(8, 8);
        let mut stream = Stream::new(1, Purpose::Patterns, 0);
        // Noise, with an empty margin at the left: its windows say nothing.
        let mut rows = |count| {
            Array2::from_shape_fn(
                (count, 64),
                |(_, unit)| if unit % 8 < 2 { 0.0 } else { stream.normal() as f32 },
            )
        };
        let (train, heldout, mut generated) = (rows(50), rows(30), rows(3));
        let all = windows(shape, 4);
        for (n, units) in all.iter().enumerate() {
            for &unit in units {
                generated[[0, unit]] = train[[n, unit]];
                generated[[1, unit]] = train[[7, unit]];
            }
        }
        let images = Sets { train, generated, heldout: Some(heldout) };
        let found = compare(&images, shape, 4, &mut unwatched).expect("done");
        assert_eq!(found.units.len(), 12);
        assert_eq!((found.generated[0], found.generated[1]), (0.0, 0.0));
        assert!(found.honest.iter().all(|m| *m > 1.0) && found.generated[2] > 1.0);
        let clusters = Clusters::new(0.0, (0..80).collect(), 50);
        assert_eq!((found.clusters(0, &clusters), found.clusters(1, &clusters)), (12, 1));
        let expected: Vec<u32> = (0..16).filter(|n| n % 4 > 0).collect();
        assert_eq!(found.pieces[0].iter().map(|p| p.0).collect::<Vec<_>>(), expected);
    }
}
