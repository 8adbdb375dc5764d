//! Cues made from stored images, corrupted as in the published protocol.
//!
//! The random numbers of a cue depend on (seed, kind of corruption, run, image). So every similarity, every
//! separation and every size of the store sees the same cues, and so do both ways to keep noise in range.
//! Stronger noise is the same noise, scaled. A larger random mask contains a smaller one.

use attractor::noise::{Purpose, Stream};
use attractor_data::{Corruption, OutOfRange, Shape, corrupt};
use attractor_report::Result;
use ndarray::Array2;

use super::images::Store;

/// A corruption of an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Damage {
    /// Gaussian noise of this standard deviation, brought back into [0, 1].
    Noise(f64, OutOfRange),
    /// The rows of pixels from ⌊H(1 − f)⌋ on are set to 0.
    Bottom(f64),
    /// Every pixel, with all of its channels, is set to 0 with this probability.
    Pixels(f64),
    /// ⌊H f/2⌋ rows or columns at each of the four sides are set to 0.
    Border(f64),
    /// Every ±1 unit is flipped with this probability.
    Flip(f64),
}

impl Damage {
    fn kind(self) -> u64 {
        match self {
            Damage::Noise(..) => 1,
            Damage::Pixels(_) => 2,
            Damage::Flip(_) => 3,
            Damage::Bottom(_) | Damage::Border(_) => 0,
        }
    }

    /// The cues of all images of a store.
    pub fn cues(self, store: &Store, shape: Option<Shape>, seed: u64) -> Result<Array2<f64>> {
        let seed = seed.wrapping_mul(1_000_003).wrapping_add(self.kind());
        let first = (store.run as u64) << 32;
        let images = &store.images;
        let corruption = match self {
            Damage::Noise(sigma, finish) => Corruption::Noise { sigma, finish },
            Damage::Flip(p) => Corruption::Flip(p),
            Damage::Bottom(_) | Damage::Pixels(_) | Damage::Border(_) => {
                let shape = shape.expect("who removes pixels knows where they are");
                return Ok(self.without(images, shape, |row| {
                    Stream::new(seed, Purpose::Corruption, first + row as u64)
                }));
            }
        };
        Ok(corrupt(images.clone(), &corruption, seed, first, false)?.cues)
    }

    /// The images without the pixels that this corruption removes.
    fn without(self, images: &Array2<f64>, shape: Shape, stream: impl Fn(usize) -> Stream) -> Array2<f64> {
        let (height, width) = (shape.height, shape.width);
        let kept = |f: f64| (height as f64 * (1.0 - f)) as usize;
        let mut cues = images.clone();
        for (row, mut cue) in cues.outer_iter_mut().enumerate() {
            let chances: Vec<f64> = match self {
                Damage::Pixels(_) => {
                    let mut stream = stream(row);
                    (0..height * width).map(|_| stream.uniform()).collect()
                }
                _ => Vec::new(),
            };
            for (unit, value) in cue.iter_mut().enumerate() {
                let (_, y, x) = shape.place(unit);
                let removed = match self {
                    Damage::Bottom(f) => y >= kept(f),
                    Damage::Pixels(p) => chances[y * width + x] < p,
                    Damage::Border(f) => {
                        let edge = (height as f64 * f / 2.0) as usize;
                        y < edge || y + edge >= height || x < edge || x + edge >= width
                    }
                    _ => false,
                };
                if removed {
                    *value = 0.0;
                }
            }
        }
        cues
    }
}

/// Images without their first ⌊H/2⌋ rows of pixels. The published code associates these with whole images.
pub(super) fn lower_halves(images: &Array2<f64>, shape: Shape) -> Array2<f64> {
    let mut lower = images.clone();
    for ((_, unit), value) in lower.indexed_iter_mut() {
        if shape.place(unit).1 < shape.height / 2 {
            *value = 0.0;
        }
    }
    lower
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(n: usize, run: usize) -> Store {
        Store { images: Array2::from_elem((n, 784), 0.5), run }
    }

    #[test]
    fn noise_is_the_same_for_every_store_and_finish() {
        let noisy = |n, run, sigma, finish| {
            Damage::Noise(sigma, finish).cues(&store(n, run), None, 7).expect("noise")
        };
        let (few, many) = (noisy(2, 1, 0.5, OutOfRange::Free), noisy(5, 1, 0.5, OutOfRange::Free));
        assert_eq!(few.row(1), many.row(1));
        let (folded, clipped) = (noisy(2, 1, 0.5, OutOfRange::Fold), noisy(2, 1, 0.5, OutOfRange::Clip));
        for ((free, folded), clipped) in few.iter().zip(&folded).zip(&clipped) {
            assert_eq!((free.abs().min(1.0), free.clamp(0.0, 1.0)), (*folded, *clipped));
        }
        // Noise of twice the strength is the same noise, scaled.
        let strong = noisy(2, 1, 1.0, OutOfRange::Free);
        assert!(few.iter().zip(&strong).all(|(a, b)| (2.0 * (a - 0.5) - (b - 0.5)).abs() < 1e-12));
        assert_ne!(few.row(0), noisy(2, 2, 0.5, OutOfRange::Free).row(0));
        assert_ne!(few.row(0), few.row(1));
    }

    #[test]
    fn masks_remove_what_the_published_code_removes() {
        let left = |damage: Damage, side: usize| {
            let shape = Shape::grey(side, side);
            let store = Store { images: Array2::ones((1, side * side)), run: 0 };
            damage.cues(&store, Some(shape), 0).expect("a mask").sum() as usize
        };
        // Rows kept and width of the border for f = .1, .2, …, with the rounding of the published code.
        for (side, kept) in [(28, [25, 22, 19, 16, 14, 11, 8, 5, 2]), (32, [28, 25, 22, 19, 16, 12, 9, 6, 3])]
        {
            for (f, kept) in kept.into_iter().enumerate() {
                assert_eq!(left(Damage::Bottom((f + 1) as f64 / 10.0), side), kept * side);
            }
        }
        for (side, edges) in [(28, [1, 2, 4, 5, 7, 8, 9]), (32, [1, 3, 4, 6, 8, 9, 11])] {
            for (f, edge) in edges.into_iter().enumerate() {
                let inside: usize = side - 2 * edge;
                assert_eq!(left(Damage::Border((f + 1) as f64 / 10.0), side), inside * inside);
            }
        }
    }

    #[test]
    fn a_pixel_goes_with_its_channels_and_masks_are_nested() {
        let shape: Shape = "3x8x8".parse().expect("a shape");
        let store = Store { images: Array2::ones((2, 192)), run: 3 };
        let masked = |p| Damage::Pixels(p).cues(&store, Some(shape), 1).expect("a mask");
        let (few, many) = (masked(0.3), masked(0.6));
        for row in 0..2 {
            for unit in 0..64 {
                assert!((1..3).all(|c| few[[row, unit + 64 * c]] == few[[row, unit]]));
                assert!(few[[row, unit]] >= many[[row, unit]]);
            }
        }
        assert_ne!(few.row(0), few.row(1));
    }
}
