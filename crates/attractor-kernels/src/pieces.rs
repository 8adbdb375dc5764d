//! The stored window that is nearest to each window of a query.
//!
//! This is what [`windows`](crate::windows()) becomes at σ → 0: of all candidates only the nearest counts, so that no exponential is taken, and it is known which
//! image each pixel comes from.

use ndarray::{Array2, ArrayView2};

use crate::candidates::{Candidate, Grid, Keep, each_candidate};
use crate::machine::{Level, Machine, On};
use crate::real::{Real, entry};
use crate::stored::{Stored, Window};
use crate::threads;
use crate::windows::RANGE;

/// The stored windows that are nearest to the windows of queries, one for each pixel. Of equally near ones the first counts.
#[derive(Clone, Debug)]
pub struct Pieces<F> {
    /// What stands in the middle of the window, for each row and unit.
    pub middles: Array2<F>,
    /// The stored image that it is in, for each row and pixel.
    pub images: Array2<u32>,
    /// The squared distance of the two windows, for each row and pixel.
    pub squares: Array2<f64>,
}

entry! {
    /// The window nearest to that of each pixel, of one side, in its place or at all offsets. `without` is a stored image for each query that is left out.
    ///
    /// Cost: B·C·P·2 log₂ k for C candidates of P pixels, as in [`windows`](crate::windows()), without its exponentials.
    ///
    /// # Panics
    /// If sizes disagree, the side is even, or nothing is left to compare with.
    pub fn pieces<F: Real>(
        patterns: &Stored<F>,
        queries: ArrayView2<F>,
        grid: Grid,
        how: (usize, bool),
        without: Option<&[usize]>,
    ) -> Pieces<F> {
        let (rows, dim) = queries.dim();
        assert!(patterns.dim() == dim && dim == grid.pixels() * grid.channels, "images must fit their shape");
        assert!(how.0 % 2 == 1, "a window has a middle");
        assert!(patterns.len() > usize::from(without.is_some()), "there are stored images to compare with");
        assert!(without.is_none_or(|without| without.len() == rows), "each query leaves one image out");
        let ranges = patterns.len().div_ceil(RANGE);
        let candidates = if how.1 { grid.pixels() } else { 1 };
        let cost = 20.0 * (rows * patterns.len() * candidates) as f64 * dim as f64;
        let parts = threads::map(rows * ranges, cost, |task| {
            let (row, from) = (task / ranges, task % ranges * RANGE);
            let (numbers, mut window) = (queries.row(row).to_vec(), Window::default());
            let to = patterns.len().min(from + RANGE);
            let images = patterns.rows(from..to, to, &mut window);
            let skip = without.map(|without| without[row]);
            let prior: Vec<f64> =
                (from..to).map(|n| if skip == Some(n) { f64::NEG_INFINITY } else { 0.0 }).collect();
            let mut nearest = some_pieces(&numbers, images, &prior, grid, how);
            nearest.images.iter_mut().for_each(|image| *image += from as u32);
            nearest
        });
        let mut all = Pieces {
            middles: Array2::from_elem((rows, dim), F::ZERO),
            images: Array2::zeros((rows, grid.pixels())),
            squares: Array2::zeros((rows, grid.pixels())),
        };
        let mut parts = parts.into_iter();
        for row in 0..rows {
            let mut whole = Nearest::new(grid);
            (0..ranges).for_each(|_| whole.merge(&parts.next().expect("one for each range")));
            for pixel in 0..grid.pixels() {
                all.images[[row, pixel]] = whole.images[pixel];
                all.squares[[row, pixel]] = whole.squares[pixel];
                for channel in 0..grid.channels {
                    let middle = whole.middles[channel * grid.pixels() + pixel];
                    all.middles[[row, grid.at(pixel, channel)]] = F::from_f64(middle);
                }
            }
        }
        all
    }
}

/// The nearest window of every pixel so far.
struct Nearest {
    squares: Vec<f64>,
    images: Vec<u32>,
    /// Channel after channel.
    middles: Vec<f64>,
}

impl Nearest {
    fn new(grid: Grid) -> Self {
        let pixels = grid.pixels();
        Nearest {
            squares: vec![f64::INFINITY; pixels],
            images: vec![0; pixels],
            middles: vec![0.0; pixels * grid.channels],
        }
    }

    /// Takes what is nearer in windows of later images.
    fn merge(&mut self, other: &Nearest) {
        let pixels = self.squares.len();
        for pixel in 0..pixels {
            if other.squares[pixel] < self.squares[pixel] {
                self.squares[pixel] = other.squares[pixel];
                self.images[pixel] = other.images[pixel];
                for at in (pixel..self.middles.len()).step_by(pixels) {
                    self.middles[at] = other.middles[at];
                }
            }
        }
    }
}

impl Keep for Nearest {
    #[inline(always)]
    fn take(&mut self, candidate: &Candidate) {
        let part = &candidate.part;
        let pixels = part.grid.pixels();
        for line in 0..part.height {
            let at = (part.top + line) * part.grid.width + part.left;
            let sums = &candidate.squares[line * candidate.stride..][..part.width];
            let squares = &mut self.squares[at..at + part.width];
            for k in 0..part.width {
                if sums[k] < squares[k] {
                    squares[k] = sums[k];
                    self.images[at + k] = candidate.image as u32;
                    for c in 0..part.grid.channels {
                        self.middles[c * pixels + at + k] = candidate.numbers(c, line)[k];
                    }
                }
            }
        }
    }
}

entry! {
    /// The nearest windows of some stored images. An image whose prior is −∞ is left out.
    fn some_pieces<F: Real>(
        query: &[F],
        images: &[F],
        prior: &[f64],
        grid: Grid,
        how: (usize, bool),
    ) -> Nearest {
        Level::best().run_narrow::<f64, _, _>(Search { query, images, prior, grid, how })
    }
}

struct Search<'a, F> {
    query: &'a [F],
    images: &'a [F],
    prior: &'a [f64],
    grid: Grid,
    how: (usize, bool),
}

impl<F: Real, M: Machine<f64>> On<M, Nearest> for Search<'_, F> {
    #[inline(always)]
    fn run(self, m: M) -> Nearest {
        let mut nearest = Nearest::new(self.grid);
        each_candidate(m, self.query, self.images, self.prior, self.grid, self.how, &mut nearest);
        nearest
    }
}
