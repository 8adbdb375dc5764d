//! Posterior means in which every pixel asks with its own window.
//!
//! A *candidate* is a stored image at one offset. At each pixel p its squared distance to the query is summed over the
//! window of p alone, so each pixel has softmax weights of its own. Window sums come from sums of 1, 2, 4, ... neighbours
//! that are added, never subtracted: log₂ k additions a pixel for a window of k, and a distance that is 0 is exactly 0.
//!
//! All sums are made in `f64`.

use ndarray::{Array2, ArrayView2};

use crate::machine::{Level, Machine, On};
use crate::real::{Real, entry};
use crate::stored::{Stored, Window};
use crate::stream::usable_beta;
use crate::threads;

/// Images as rows of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Rows of pixels.
    pub height: usize,
    /// Pixels in a row.
    pub width: usize,
    /// Numbers in a pixel.
    pub channels: usize,
    /// Whether the numbers of a channel stand together, and not those of a pixel.
    pub planes: bool,
    /// Whether the image goes on at the opposite border. If not, a window ends at the border.
    pub torus: bool,
}

impl Grid {
    /// The number of pixels.
    pub fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// Where a number of a pixel stands.
    #[inline(always)]
    pub(crate) fn at(&self, pixel: usize, channel: usize) -> usize {
        if self.planes { channel * self.pixels() + pixel } else { pixel * self.channels + channel }
    }

    /// Whether a window of this side reaches every pixel from every pixel.
    fn covers(&self, side: usize) -> bool {
        let sides = self.height.max(self.width);
        side >= if self.torus { sides } else { 2 * sides - 1 }
    }
}

/// What the pixels of an image ask for.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The inverse temperature β = 1/σ² of each query.
    pub betas: &'a [f64],
    /// The side of the window for each query: an odd number. A side that covers the image makes it ideal.
    pub sides: &'a [usize],
    /// Whether stored images are compared at all offsets, instead of in their place.
    pub offsets: bool,
    /// For each query, a stored image that is left out.
    pub without: Option<&'a [usize]>,
}

/// The number of stored images in a task. It does not depend on the machine, so neither do the sums.
pub(crate) const RANGE: usize = 32;

entry! {
    /// The posterior mean D(z) of each query, pixel by pixel:
    ///
    /// ```text
    /// D(z)_p = Σ_c w_c(p) y_c(p),    w(p) = softmax of ln π_c − β/2 Σ_{q in window of p} |z_q − y_c(q)|²
    /// ```
    ///
    /// where c runs over the stored images in their place, or at all offsets. At an offset, only windows are compared that
    /// the border cuts alike. Candidates with the same distance share their weight.
    ///
    /// Cost: B·C·P (2 log₂ k + one exponential) for C candidates of P pixels. Offsets are P for each image on a torus, and
    /// up to four times as many, of smaller parts, otherwise.
    ///
    /// # Panics
    /// If sizes disagree, or a side is even.
    pub fn windows<F: Real>(patterns: &Stored<F>, queries: ArrayView2<F>, grid: Grid, ask: Ask) -> Array2<F> {
        let (rows, dim) = queries.dim();
        assert!(patterns.dim() == dim && dim == grid.pixels() * grid.channels, "images must fit their shape");
        assert!(ask.betas.len() == rows && ask.sides.len() == rows, "each query has a level and a window");
        assert!(ask.sides.iter().all(|side| side % 2 == 1), "a window has a middle");
        let ranges = patterns.len().div_ceil(RANGE);
        let candidates = if ask.offsets { grid.pixels() } else { 1 };
        let cost = 40.0 * (rows * patterns.len() * candidates) as f64 * dim as f64;
        let parts = threads::map(rows * ranges, cost, |task| {
            let (row, from) = (task / ranges, task % ranges * RANGE);
            let (numbers, mut window) = (queries.row(row).to_vec(), Window::default());
            let to = patterns.len().min(from + RANGE);
            let images = patterns.rows(from..to, to, &mut window);
            let skip = ask.without.map(|without| without[row]);
            let prior: Vec<f64> = (from..to)
                .map(|n| match (skip == Some(n), patterns.log_weights()) {
                    (true, _) => f64::NEG_INFINITY,
                    (false, Some(weights)) => weights[n],
                    (false, None) => 0.0,
                })
                .collect();
            let beta = usable_beta::<F>(ask.betas[row]);
            some_windows(&numbers, images, &prior, grid, (beta, ask.sides[row], ask.offsets))
        });
        let mut means = Array2::from_elem((rows, dim), F::ZERO);
        let mut parts = parts.into_iter();
        for mut row in means.outer_iter_mut() {
            let mut whole = Field::new(grid.pixels(), grid.channels);
            (0..ranges).for_each(|_| whole.merge(&parts.next().expect("one for each range")));
            for channel in 0..grid.channels {
                for pixel in 0..grid.pixels() {
                    let mean = whole.sums[channel * grid.pixels() + pixel] / whole.mass[pixel];
                    row[grid.at(pixel, channel)] = F::from_f64(mean);
                }
            }
        }
        means
    }
}

/// Running softmax sums of every pixel.
struct Field {
    /// The largest logit so far.
    peak: Vec<f64>,
    /// Σ exp(logit − peak).
    mass: Vec<f64>,
    /// Σ exp(logit − peak) y, channel after channel.
    sums: Vec<f64>,
}

/// Below every logit, but finite, so that differences are numbers.
const LOWEST: f64 = f64::MIN / 4.0;

impl Field {
    fn new(pixels: usize, channels: usize) -> Self {
        Field { peak: vec![LOWEST; pixels], mass: vec![0.0; pixels], sums: vec![0.0; pixels * channels] }
    }

    fn merge(&mut self, other: &Field) {
        let pixels = self.peak.len();
        for p in 0..pixels {
            let peak = self.peak[p].max(other.peak[p]);
            let (a, b) = ((self.peak[p] - peak).exp(), (other.peak[p] - peak).exp());
            self.peak[p] = peak;
            self.mass[p] = self.mass[p] * a + other.mass[p] * b;
            for at in (p..self.sums.len()).step_by(pixels) {
                self.sums[at] = self.sums[at] * a + other.sums[at] * b;
            }
        }
    }
}

entry! {
    /// The running sums of some stored images, in the best instructions of this machine. An image whose prior is −∞ is
    /// left out.
    fn some_windows<F: Real>(
        query: &[F],
        images: &[F],
        prior: &[f64],
        grid: Grid,
        how: (f64, usize, bool),
    ) -> Field {
        let (beta, side, offsets) = how;
        let work = Candidates { query, images, prior, grid, beta, side, offsets };
        Level::best().run::<F, _, _>(work)
    }
}

struct Candidates<'a, F> {
    query: &'a [F],
    images: &'a [F],
    prior: &'a [f64],
    grid: Grid,
    beta: f64,
    side: usize,
    offsets: bool,
}

impl<F: Real, M: Machine<F>> On<M, Field> for Candidates<'_, F> {
    #[inline(always)]
    fn run(self, _m: M) -> Field {
        let Candidates { query, images, prior, grid, beta, side, offsets } = self;
        let field = Field::new(grid.pixels(), grid.channels);
        let mut weighed = Weighed { field, prior, beta, fused: M::FMA };
        each_candidate(query, images, prior, grid, (side, offsets), &mut weighed);
        weighed.field
    }
}

/// What is kept of the candidates.
pub(crate) trait Keep {
    /// Takes one candidate.
    fn take(&mut self, candidate: &Candidate);
}

/// A stored image at an offset, compared with the query.
pub(crate) struct Candidate<'a> {
    /// Its place among the images.
    pub image: usize,
    pub stored: &'a Planes,
    pub part: Part,
    /// The squared distance of each pixel's window, in lines of `stride`.
    pub squares: &'a [f64],
    pub stride: usize,
    pub margin: usize,
}

impl Candidate<'_> {
    /// Where the numbers of a channel that belong to a line of the part begin.
    #[inline(always)]
    pub fn numbers(&self, channel: usize, line: usize) -> &[f64] {
        let stored = self.stored;
        let row = channel * stored.rows + self.part.from.0 + self.margin + line;
        &stored.numbers[row * stored.stride + self.part.from.1 + self.margin..][..self.part.width]
    }
}

/// Compares a query with all candidates. An image whose prior is −∞ is left out.
#[inline(always)]
pub(crate) fn each_candidate<F: Real>(
    query: &[F],
    images: &[F],
    prior: &[f64],
    grid: Grid,
    (side, offsets): (usize, bool),
    keep: &mut impl Keep,
) {
    let whole = grid.covers(side);
    let margin = if whole { 0 } else { side / 2 };
    let asked = Planes::of(query, grid, margin, 1);
    let mut distances = vec![0.0; asked.stride * asked.rows];
    let mut doubled = [distances.clone(), distances.clone()];
    let tiles = if grid.torus && offsets { 2 } else { 1 };
    for (image, numbers) in images.chunks_exact(query.len()).enumerate() {
        if prior[image] == f64::NEG_INFINITY {
            continue;
        }
        let stored = &Planes::of(numbers, grid, margin, tiles);
        let (ups, lefts) = reaches(grid, margin, whole, offsets);
        for dy in ups.0..=ups.1 {
            for dx in lefts.0..=lefts.1 {
                let part = Part::at(grid, margin, dy, dx);
                if part.height > 0 && part.width > 0 {
                    part.distances(&asked, stored, margin, &mut distances);
                    if whole {
                        total(&mut distances, &part, asked.stride);
                    } else {
                        box_sums(&mut distances, &mut doubled, &part, asked.stride, side);
                    }
                    let (squares, stride) = (&distances[..], asked.stride);
                    keep.take(&Candidate { image, stored, part, squares, stride, margin });
                }
            }
        }
    }
}

/// The smallest and largest offset of rows and of columns.
#[inline(always)]
fn reaches(grid: Grid, margin: usize, whole: bool, offsets: bool) -> ((isize, isize), (isize, isize)) {
    if !offsets || (whole && !grid.torus) {
        return ((0, 0), (0, 0));
    }
    if grid.torus {
        return ((0, grid.height as isize - 1), (0, grid.width as isize - 1));
    }
    // Windows that no border cuts can be anywhere inside; others stay in their row or column.
    let most = |size: usize| (size as isize - 2 * margin as isize - 1).max(0);
    let (y, x) = (most(grid.height), most(grid.width));
    ((-y, y), (-x, x))
}

/// An image in planes of `f64`, one for each channel, with a margin. On a torus the margin holds what is at the opposite
/// border; otherwise it holds zeros, in which all images agree.
pub(crate) struct Planes {
    rows: usize,
    stride: usize,
    channels: usize,
    numbers: Vec<f64>,
}

impl Planes {
    /// `tiles` is how often the image is repeated in each direction.
    #[inline(always)]
    fn of<F: Real>(image: &[F], grid: Grid, margin: usize, tiles: usize) -> Planes {
        let (rows, stride) = (tiles * grid.height + 2 * margin, tiles * grid.width + 2 * margin);
        let mut numbers = vec![0.0; rows * stride * grid.channels];
        for c in 0..grid.channels {
            for row in 0..rows {
                let y = row as isize - margin as isize;
                for column in 0..stride {
                    let x = column as isize - margin as isize;
                    let inside = y >= 0 && x >= 0 && (y as usize) < grid.height && (x as usize) < grid.width;
                    if inside || grid.torus {
                        let y = y.rem_euclid(grid.height as isize) as usize;
                        let x = x.rem_euclid(grid.width as isize) as usize;
                        let number = image[grid.at(y * grid.width + x, c)];
                        numbers[(c * rows + row) * stride + column] = number.to_f64();
                    }
                }
            }
        }
        Planes { rows, stride, channels: grid.channels, numbers }
    }
}

/// The pixels that can be compared at one offset: a rectangle of the query, and where it begins in the stored image.
pub(crate) struct Part {
    pub grid: Grid,
    pub top: usize,
    pub left: usize,
    pub height: usize,
    pub width: usize,
    /// The first row and column of the stored image.
    from: (usize, usize),
}

impl Part {
    #[inline(always)]
    fn at(grid: Grid, margin: usize, dy: isize, dx: isize) -> Part {
        let span = |size: usize, shift: isize| {
            if grid.torus || shift == 0 {
                return (0, size, shift.max(0) as usize);
            }
            // Both windows lie inside: margin ≤ y < size − margin, and the same of y + shift.
            let (low, high) = (margin as isize, size as isize - margin as isize);
            let (first, end) = (low.max(low - shift), high.min(high - shift));
            (first as usize, (end - first).max(0) as usize, (first + shift) as usize)
        };
        let (top, height, y) = span(grid.height, dy);
        let (left, width, x) = span(grid.width, dx);
        Part { grid, top, left, height, width, from: (y, x) }
    }

    /// The squared distance of every pixel and of its margin.
    #[inline(always)]
    fn distances(&self, asked: &Planes, stored: &Planes, margin: usize, out: &mut [f64]) {
        let (rows, columns) = (self.height + 2 * margin, self.width + 2 * margin);
        for c in 0..asked.channels {
            for row in 0..rows {
                let z =
                    &asked.numbers[(c * asked.rows + self.top + row) * asked.stride + self.left..][..columns];
                let y = &stored.numbers
                    [(c * stored.rows + self.from.0 + row) * stored.stride + self.from.1..][..columns];
                let out = &mut out[row * asked.stride..][..columns];
                if c == 0 {
                    for k in 0..columns {
                        out[k] = (z[k] - y[k]) * (z[k] - y[k]);
                    }
                } else {
                    for k in 0..columns {
                        out[k] += (z[k] - y[k]) * (z[k] - y[k]);
                    }
                }
            }
        }
    }
}

/// Running sums of the candidates' weights.
struct Weighed<'a> {
    field: Field,
    prior: &'a [f64],
    beta: f64,
    fused: bool,
}

impl Keep for Weighed<'_> {
    /// Adds a candidate to the sums of the pixels.
    #[inline(always)]
    fn take(&mut self, candidate: &Candidate) {
        let Weighed { field, prior, beta, fused } = self;
        let (part, prior, beta) = (&candidate.part, prior[candidate.image], *beta);
        let pixels = part.grid.pixels();
        for row in 0..part.height {
            for start in (0..part.width).step_by(WIDTH) {
                let count = WIDTH.min(part.width - start);
                let at = (part.top + row) * part.grid.width + part.left + start;
                let own = at..at + count;
                // Beyond the last pixel distances are so large that nothing has weight.
                let squares = load(&candidate.squares[row * candidate.stride + start..][..count], FAR);
                let mut peak = load(&field.peak[own.clone()], 0.0);
                let (mut logits, mut counts) = ([0.0; WIDTH], 0_u64);
                for k in 0..WIDTH {
                    logits[k] = prior - beta * squares[k] * 0.5;
                    counts += u64::from(logits[k] > peak[k] - LOST);
                }
                if counts == 0 {
                    continue;
                }
                let mut mass = load(&field.mass[own.clone()], 0.0);
                let (mut old, mut new) = ([0.0; WIDTH], [0.0; WIDTH]);
                for k in 0..WIDTH {
                    let factor = (-(logits[k] - peak[k]).abs()).exp_negative(*fused);
                    let rises = logits[k] > peak[k];
                    old[k] = if rises { factor } else { 1.0 };
                    new[k] = if rises { 1.0 } else { factor };
                    peak[k] = if rises { logits[k] } else { peak[k] };
                    mass[k] = mass[k] * old[k] + new[k];
                }
                store(&peak, &mut field.peak[own.clone()]);
                store(&mass, &mut field.mass[own.clone()]);
                for c in 0..part.grid.channels {
                    let y = load(&candidate.numbers(c, row)[start..][..count], 0.0);
                    let sums = &mut field.sums[c * pixels..][own.clone()];
                    let mut out = load(sums, 0.0);
                    for k in 0..WIDTH {
                        out[k] = out[k] * old[k] + new[k] * y[k];
                    }
                    store(&out, sums);
                }
            }
        }
    }
}

/// Some numbers, and others behind them.
#[inline(always)]
fn load(from: &[f64], others: f64) -> [f64; WIDTH] {
    match from.first_chunk::<WIDTH>() {
        Some(all) => *all,
        None => {
            let mut all = [others; WIDTH];
            for (to, from) in all.iter_mut().zip(from) {
                *to = *from;
            }
            all
        }
    }
}

/// Writes as many numbers as there is room for.
#[inline(always)]
fn store(numbers: &[f64; WIDTH], to: &mut [f64]) {
    match to.first_chunk_mut::<WIDTH>() {
        Some(all) => *all = *numbers,
        None => {
            for (to, from) in to.iter_mut().zip(numbers) {
                *to = *from;
            }
        }
    }
}

/// A squared distance at which nothing has weight.
const FAR: f64 = 1e300;

/// A logit this far below the largest has a weight of 10⁻²⁶, which is lost in every sum. Most windows at other places are as far.
const LOST: f64 = 60.0;

/// The number of pixels whose weights are computed at a time: a vector of AVX-512.
const WIDTH: usize = 8;

/// Replaces each number by the sum of the `side` × `side` numbers from it on: what was the margin now makes the window of
/// the pixel. Numbers that the part's rectangle does not hold are left without meaning.
#[inline(always)]
fn box_sums(sums: &mut [f64], doubled: &mut [Vec<f64>; 2], part: &Part, stride: usize, side: usize) {
    let rows = part.height + side - 1;
    run_sums(&mut sums[..rows * stride], doubled, stride, side);
    run_sums(&mut sums[..part.height * stride], doubled, 1, side);
}

/// out[i] = Σ_{j < side} in[i + j·step], from sums of 1, 2, 4, ... numbers. Those of twice as many go to another array: in place the compiler
/// would have to add them one by one.
#[inline(always)]
fn run_sums(sums: &mut [f64], [one, other]: &mut [Vec<f64>; 2], step: usize, side: usize) {
    let length = sums.len();
    let (mut doubled, mut next) = (&mut one[..length], &mut other[..length]);
    // The sum so far has `covered` numbers; `doubled` has `power`.
    let (mut covered, mut power) = (1, 1);
    let mut rest = side - 1;
    while rest > 0 {
        // A side is odd, so `doubled` is there before it is needed.
        if rest & 1 == 1 {
            add_shifted(sums, doubled, covered * step);
            covered += power;
        }
        rest >>= 1;
        if rest > 0 {
            let shift = (power * step).min(length);
            let from: &[f64] = if power == 1 { sums } else { doubled };
            for ((to, a), b) in next.iter_mut().zip(from).zip(&from[shift..]) {
                *to = a + b;
            }
            std::mem::swap(&mut doubled, &mut next);
            power *= 2;
        }
    }
}

/// sums[i] += from[i + shift]
#[inline(always)]
fn add_shifted(sums: &mut [f64], from: &[f64], shift: usize) {
    let from = &from[shift.min(from.len())..];
    sums.iter_mut().zip(from).for_each(|(sum, more)| *sum += more);
}

/// Replaces every distance by the sum of all: the window is the image.
#[inline(always)]
fn total(distances: &mut [f64], part: &Part, stride: usize) {
    let mut sum = 0.0;
    for row in 0..part.height {
        let line = &distances[row * stride..][..part.width];
        let mut of_row = 0.0;
        for &distance in line {
            of_row += distance;
        }
        sum += of_row;
    }
    for row in 0..part.height {
        distances[row * stride..][..part.width].fill(sum);
    }
}
