//! Mosaics of overlapping pieces: what a local denoiser makes.
//!
//! The local denoiser of the training images (Kamb & Ganguli 2024) compares the window around each pixel with the same window of all training images. As noise
//! falls to 0 it gives each pixel what stands in the middle of the window nearest to its own, D₀(x). Its samples are where D₀(x) = x. So the *local error*,
//!
//! L(x) = √( mean over units of (x − D₀(x))² ),
//!
//! is 0 for an image that such a model made, for a copy, and in the inside of pasted pieces, where no window reaches over a seam. As M, it is exchangeable with L of
//! held-out images if the generated image is as honest as these.

use attractor::energies::LocalRule;
use attractor_data::{Layout, Shape};
use attractor_kernels::{Grid, Stored, pieces};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

use crate::clusters::Clusters;
use crate::rows::{Sets, evenly};
use crate::search::Watch;
use crate::settings::Settings;
pub use crate::settings::local::{PARAMETERS, Settings as Windowed};

/// What windows of pixels say of images.
#[derive(Clone, Debug)]
pub struct Pieces {
    /// The side of the windows.
    pub side: usize,
    /// L of honest images that were looked at: held-out ones, or training images without themselves where nothing is held out.
    pub honest: Vec<f64>,
    /// L of each generated image; none of those that were not looked at.
    pub generated: Vec<Option<f64>>,
    /// The training images that the pixels of each generated image come from, in order. Where the nearest training image is as near as any, it counts.
    pub images: Vec<Vec<u32>>,
}

impl Pieces {
    /// The number of clusters that the pixels of a generated image come from.
    pub fn clusters(&self, row: usize, clusters: &Clusters) -> usize {
        let mut all: Vec<u32> = self.images[row].iter().map(|image| clusters.of[*image as usize]).collect();
        all.sort_unstable();
        all.dedup();
        all.len()
    }

    /// The median of honest images.
    pub fn usual(&self) -> f64 {
        super::median(self.honest.clone())
    }

    /// The number of generated images that were looked at.
    pub fn looked(&self) -> usize {
        self.generated.iter().flatten().count()
    }
}

/// The usual side: that of one of `sides` windows along the shorter side of an image, as the next odd number, at least 3.
pub fn side(shape: Shape, sides: usize) -> usize {
    let pixels = shape.height.min(shape.width) / sides.max(1);
    (2 * (pixels / 2) + 1).max(3)
}

/// Images as the kernels have them. Windows end at the border.
fn grid(shape: Shape) -> Grid {
    let Shape { channels, height, width, layout } = shape;
    Grid { height, width, channels, planes: layout == Layout::Chw, torus: false }
}

/// The places at which a window is compared, at most.
fn places(shape: Shape, rule: LocalRule) -> usize {
    if rule == LocalRule::EquivariantLocal { shape.height * shape.width } else { 1 }
}

/// Images in memory. Kernels take differences of windows directly, so nothing is gained from a copy about the mean: the spread is said to be large.
fn stored(images: Array2<f32>) -> Stored<f32> {
    Stored::held(images, f64::INFINITY)
}

/// The search for pieces of a set of training images.
struct Search<'a> {
    train: &'a Array2<f32>,
    stored: Stored<f32>,
    grid: Grid,
    /// The side of windows, and whether they are compared at all places.
    how: (usize, bool),
}

/// What was found of one image: L, and the training image of each pixel with the squared distance of its window.
struct Found {
    error: f64,
    images: Vec<u32>,
    squares: Vec<f64>,
}

impl Search<'_> {
    fn pieces(&self, images: ArrayView2<f32>, without: Option<&[usize]>) -> Vec<Found> {
        let found = pieces(&self.stored, images, self.grid, self.how, without);
        let of = |row: usize| Found {
            error: distance(images.row(row), found.middles.row(row)),
            images: found.images.row(row).to_vec(),
            squares: found.squares.row(row).to_vec(),
        };
        (0..images.nrows()).map(of).collect()
    }

    /// The training images of an image's pixels, once each; `own` counts where it is as near as any.
    fn origins(&self, image: ArrayView1<f32>, found: &Found, own: Option<u32>) -> Vec<u32> {
        let mut all = found.images.clone();
        if let Some(own) = own {
            let alone = stored(self.train.select(Axis(0), &[own as usize]));
            let squares = pieces(&alone, image.insert_axis(Axis(0)), self.grid, self.how, None).squares;
            for ((origin, square), least) in all.iter_mut().zip(&squares).zip(&found.squares) {
                if square <= least {
                    *origin = own;
                }
            }
        }
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// The root mean square difference of two images, a unit.
fn distance(a: ArrayView1<f32>, b: ArrayView1<f32>) -> f64 {
    let squares: f64 = a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
    (squares / a.len() as f64).sqrt()
}

/// Compares the windows of the pixels of images. `nearest` is the training image that a generated one is nearest to. `None` if the watch breaks.
///
/// Cost: for each of the images that are looked at, N·D·2 log₂ k operations for windows of side k by running sums; at all places, as often as there are pixels.
pub fn compare(
    images: &Sets<Array2<f32>>,
    shape: Shape,
    settings: &Settings,
    nearest: &dyn Fn(usize) -> Option<u32>,
    watch: &mut Watch,
) -> Option<Pieces> {
    /// Images that are compared together, so that a watch is called in time.
    const BATCH: usize = 16;
    let side = settings.local.window.unwrap_or_else(|| side(shape, settings.windows));
    let how = (side, settings.local.rule == LocalRule::EquivariantLocal);
    let search =
        Search { train: &images.train, stored: stored(images.train.clone()), grid: grid(shape), how };
    let pairs = images.train.nrows() * places(shape, settings.local.rule);
    let mut found = Pieces {
        side,
        honest: Vec::new(),
        generated: vec![None; images.generated.nrows()],
        images: vec![Vec::new(); images.generated.nrows()],
    };
    let honest = images.heldout.as_ref().unwrap_or(&images.train);
    let most = settings.local.rows(pairs * shape.size());
    for rows in evenly(honest.nrows(), most).chunks(BATCH) {
        let without = images.heldout.is_none().then_some(rows);
        let all = search.pieces(honest.select(Axis(0), rows).view(), without);
        found.honest.extend(all.iter().map(|of| of.error));
        watch((rows.len() * pairs) as u64).is_continue().then_some(())?;
    }
    for rows in evenly(images.generated.nrows(), most).chunks(BATCH) {
        let all = search.pieces(images.generated.select(Axis(0), rows).view(), None);
        for (&row, of) in rows.iter().zip(&all) {
            found.generated[row] = Some(of.error);
            found.images[row] = search.origins(images.generated.row(row), of, nearest(row));
        }
        watch((rows.len() * pairs) as u64).is_continue().then_some(())?;
    }
    Some(found)
}

/// The number of pairs that [`compare`] goes through, for progress.
pub fn pairs(counts: [usize; 3], shape: Shape, settings: &Settings) -> u64 {
    let honest = if counts[1] > 0 { counts[1] } else { counts[0] };
    let pairs = counts[0] * places(shape, settings.local.rule);
    let most = settings.local.rows(pairs * shape.size());
    ((honest.min(most) + counts[2].min(most)) * pairs) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::unwatched;
    use attractor::Patterns;
    use attractor::energies::{Denoise, ImageForm, Local, Windows};
    use attractor::noise::{Purpose, Stream};

    fn random(rows: usize, units: usize, seed: u64) -> Array2<f32> {
        let mut stream = Stream::new(seed, Purpose::Patterns, 0);
        Array2::from_shape_simple_fn((rows, units), || stream.normal() as f32)
    }

    /// The memory `local` at hardly any noise, of grey and of coloured images, in their place and at all places.
    #[test]
    fn the_answer_is_that_of_the_local_denoiser() {
        for (text, rule) in [
            ("6x5", LocalRule::Local),
            ("3x4x6", LocalRule::Local),
            ("4x6x3", LocalRule::EquivariantLocal),
            ("7x7", LocalRule::EquivariantLocal),
        ] {
            let shape: Shape = text.parse().expect("a shape");
            let [train, generated, heldout] = [40, 7, 5].map(|rows| random(rows, shape.size(), rows as u64));
            let Shape { height, width, channels, layout } = shape;
            let form = ImageForm { height, width, channels, planes: layout == Layout::Chw };
            let windows = Windows::constant(3).expect("odd");
            let patterns = Patterns::new(train.clone()).expect("images");
            let denoiser = Local::new(patterns, form, false, rule, windows).expect("a denoiser");
            // Far below the differences of distances, so that one window has all the weight.
            let answers = denoiser.denoise(generated.view(), &[1e-3; 7]).expect("answers");
            let images = Sets { train, generated, heldout: Some(heldout) };
            let local = Windowed { window: Some(3), rule, ..Windowed::default() };
            let settings = Settings { local, ..Settings::default() };
            let found = compare(&images, shape, &settings, &|_| None, &mut unwatched).expect("done");
            for (row, answer) in answers.outer_iter().enumerate() {
                let expected = distance(images.generated.row(row), answer);
                // Rounding of 32 bits.
                assert!((found.generated[row].expect("looked at") - expected).abs() < 1e-6, "{text}");
            }
            assert_eq!((found.honest.len(), found.looked()), (5, 7));
        }
    }

    /// A copy has no local error and one origin, also if another training image shares most of it; halves of two images have an error at their seam alone.
    #[test]
    fn copies_and_halves() {
        let shape = Shape::grey(6, 8);
        let mut train = random(30, 48, 1);
        // Image 0 is image 9 but for a pixel, and comes first.
        let nine = train.row(9).to_owned();
        train.row_mut(0).assign(&nine);
        train[[0, 47]] += 1.0;
        let mut generated = random(3, 48, 2);
        generated.row_mut(0).assign(&nine);
        for unit in 0..48 {
            generated[[1, unit]] = train[[if unit % 8 < 4 { 4 } else { 5 }, unit]];
        }
        let images = Sets { train, generated, heldout: None };
        let local = Windowed { window: Some(3), ..Windowed::default() };
        let settings = Settings { local, ..Settings::default() };
        let nearest = |row: usize| Some([9, 4, 1][row]);
        let found = compare(&images, shape, &settings, &nearest, &mut unwatched).expect("done");
        assert_eq!((found.generated[0], &found.images[0]), (Some(0.0), &vec![9]));
        assert!(found.images[1].contains(&4) && found.images[1].contains(&5));
        let [halves, other] = [1, 2].map(|row| found.generated[row].expect("looked at"));
        // Two of eight columns are at the seam.
        assert!(halves < 0.6 * other && halves > 0.0, "{halves} {other}");
        assert!(found.honest.iter().enumerate().all(|(row, error)| *error > 0.5 || row == 0 || row == 9));
        let clusters = Clusters::new(0.0, (0..30).collect(), 30);
        assert_eq!(found.clusters(0, &clusters), 1);
    }

    #[test]
    fn a_subset_is_evenly_spaced() {
        let shape = Shape::grey(4, 4);
        let images = Sets { train: random(6, 16, 1), generated: random(10, 16, 2), heldout: None };
        let local = Windowed { rows: Some(5), ..Windowed::default() };
        let settings = Settings { local, ..Settings::default() };
        let found = compare(&images, shape, &settings, &|_| None, &mut unwatched).expect("done");
        let looked: Vec<usize> = (0..10).filter(|row| found.generated[*row].is_some()).collect();
        assert_eq!((looked, found.honest.len(), found.side), (vec![0, 2, 4, 6, 8], 5, 3));
        assert_eq!(pairs([6, 0, 10], shape, &settings), 60);
        assert_eq!([8, 28, 32].map(|size| side(Shape::grey(size, 40), 4)), [3, 7, 9]);
    }
}
