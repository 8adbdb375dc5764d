//! Stored images at all offsets, compared with the windows of a query.
//!
//! Window sums come from sums of 1, 2, 4, ... neighbours that are added, never subtracted: log₂ k additions a pixel for a window of k, and a distance that
//! is 0 is exactly 0. Lines of numbers are padded to whole vectors, so that no loop has a rest.

use crate::machine::{Aligned, Machine};
use crate::real::Real;

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
    /// The squared distance of each pixel's window, in lines of `stride`, which is a multiple of [`WIDTH`]. Up to the next multiple it is ∞ behind
    /// the last pixel of a line.
    pub squares: &'a [f64],
    pub stride: usize,
    pub margin: usize,
}

impl Candidate<'_> {
    /// The numbers of a channel that belong to a line of the part, and others up to a multiple of [`WIDTH`].
    #[inline(always)]
    pub fn numbers(&self, channel: usize, line: usize) -> &[f64] {
        let stored = self.stored;
        let row = channel * stored.rows + self.part.from.0 + self.margin + line;
        let width = self.part.width.next_multiple_of(WIDTH);
        &stored.numbers[row * stored.stride + self.part.from.1 + self.margin..][..width]
    }
}

/// Compares a query with all candidates. An image whose prior is −∞ is left out.
#[inline(always)]
pub(crate) fn each_candidate<F: Real, M: Machine<f64>>(
    m: M,
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
    let mut squares = Aligned::<f64, WIDTH>::zeros(asked.stride * asked.rows / WIDTH + side);
    let squares = squares.rows().as_flattened_mut();
    // A column of vectors, or some lines of them, with all that a window reaches behind.
    let few = (asked.rows * WIDTH).max(LINES * asked.stride) / WIDTH + side;
    let mut scratch = [(); 3].map(|()| Aligned::<f64, WIDTH>::zeros(few));
    let mut scratch = scratch.each_mut().map(|array| array.rows().as_flattened_mut());
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
                    let stride = asked.stride;
                    if whole {
                        part.all_distances(m, &asked, stored, squares, scratch[0]);
                        total(squares, &part, stride);
                    } else {
                        part.sums_of_columns(m, &asked, stored, margin, squares, &mut scratch);
                        let [_, one, other] = &mut scratch;
                        sums_of_lines(m, squares, [one, other], part.height * stride, stride, side);
                    }
                    for line in squares.chunks_exact_mut(stride).take(part.height) {
                        line[part.width..part.width.next_multiple_of(WIDTH)].fill(f64::INFINITY);
                    }
                    let squares = &squares[..];
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
    /// Numbers in a line: a multiple of [`WIDTH`].
    stride: usize,
    channels: usize,
    /// Behind the last line stand as many zeros as a vector has numbers.
    numbers: Vec<f64>,
}

impl Planes {
    /// `tiles` is how often the image is repeated in each direction.
    #[inline(always)]
    fn of<F: Real>(image: &[F], grid: Grid, margin: usize, tiles: usize) -> Planes {
        let (rows, columns) = (tiles * grid.height + 2 * margin, tiles * grid.width + 2 * margin);
        // An odd number of vectors, or the lines of a window would share few places of the cache.
        let stride = (columns.div_ceil(WIDTH) | 1) * WIDTH;
        let mut numbers = vec![0.0; rows * stride * grid.channels + WIDTH];
        for c in 0..grid.channels {
            for row in 0..rows {
                let y = row as isize - margin as isize;
                for column in 0..columns {
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

    /// The squared distance of every pixel, and numbers without meaning up to a multiple of [`WIDTH`].
    #[inline(always)]
    fn all_distances<M: Machine<f64>>(
        &self,
        m: M,
        asked: &Planes,
        stored: &Planes,
        out: &mut [f64],
        scratch: &mut [f64],
    ) {
        let scratch = &mut scratch[..self.height * WIDTH];
        for column in (0..self.width).step_by(WIDTH) {
            self.distances(m, asked, stored, column, scratch);
            copy_column(scratch, &mut out[column..], asked.stride);
        }
    }

    /// For every pixel and the margins at its sides, the sum of the squared distances of the window's column. Numbers behind these are without meaning.
    ///
    /// Column by column of vectors, so that what is added stays in the first-level cache.
    #[inline(always)]
    fn sums_of_columns<M: Machine<f64>>(
        &self,
        m: M,
        asked: &Planes,
        stored: &Planes,
        margin: usize,
        out: &mut [f64],
        [sums, one, other]: &mut [&mut [f64]; 3],
    ) {
        for column in (0..self.width + 2 * margin).step_by(WIDTH) {
            self.distances(m, asked, stored, column, &mut sums[..(self.height + 2 * margin) * WIDTH]);
            run_sums(m, sums, [one, other], self.height * WIDTH, WIDTH, 2 * margin + 1);
            copy_column(&sums[..self.height * WIDTH], &mut out[column..], asked.stride);
        }
    }

    /// The squared distances of a column of vectors, from the first pixel or the margin above it on.
    #[inline(always)]
    fn distances<M: Machine<f64>>(
        &self,
        m: M,
        asked: &Planes,
        stored: &Planes,
        column: usize,
        out: &mut [f64],
    ) {
        let lines = out.len() / WIDTH;
        for c in 0..asked.channels {
            let z = &asked.numbers[(c * asked.rows + self.top) * asked.stride + self.left + column..];
            let y = &stored.numbers[(c * stored.rows + self.from.0) * stored.stride + self.from.1 + column..];
            let z = &z[..(lines - 1) * asked.stride + WIDTH];
            let y = &y[..(lines - 1) * stored.stride + WIDTH];
            for line in 0..lines {
                for k in (0..WIDTH).step_by(M::LANES) {
                    // SAFETY: WIDTH numbers stand from here on in each of the three, as their lengths say.
                    unsafe {
                        let z = m.load(z.get_unchecked(line * asked.stride + k..));
                        let y = m.load(y.get_unchecked(line * stored.stride + k..));
                        let out = out.get_unchecked_mut(line * WIDTH + k..);
                        let square = m.mul(m.sub(z, y), m.sub(z, y));
                        m.store(if c == 0 { square } else { m.add(m.load(out), square) }, out);
                    }
                }
            }
        }
    }
}

/// Writes vectors to lines, one to each.
#[inline(always)]
fn copy_column(vectors: &[f64], lines: &mut [f64], stride: usize) {
    for (from, line) in vectors.as_chunks::<WIDTH>().0.iter().zip(lines.chunks_mut(stride)) {
        *line.first_chunk_mut().expect("lines are padded to whole vectors") = *from;
    }
}

/// A vector of numbers.
#[inline(always)]
pub(crate) fn vector(numbers: &[f64]) -> &[f64; WIDTH] {
    numbers.first_chunk().expect("arrays are padded to whole vectors")
}

/// The number of pixels whose weights are computed at a time: a vector of AVX-512.
pub(crate) const WIDTH: usize = 8;

/// The number of lines whose numbers are summed at a time.
const LINES: usize = 16;

/// Replaces each number by the sum of the `side` numbers from it on. What was a column of the window becomes the window.
#[inline(always)]
fn sums_of_lines<M: Machine<f64>>(
    m: M,
    numbers: &mut [f64],
    [one, other]: [&mut [f64]; 2],
    length: usize,
    stride: usize,
    side: usize,
) {
    for from in (0..length).step_by(LINES * stride) {
        let count = (LINES * stride).min(length - from);
        run_sums(m, &mut numbers[from..], [&mut *one, &mut *other], count, 1, side);
    }
}

/// The sum of the `side` numbers that are `step` apart, from each of the first `count` on: from sums of 1, 2, 4, ... numbers, each in an array of its own.
/// The last of them are added as they are made.
#[inline(always)]
fn run_sums<M: Machine<f64>>(
    m: M,
    sums: &mut [f64],
    [one, other]: [&mut [f64]; 2],
    count: usize,
    step: usize,
    side: usize,
) {
    let (mut doubled, mut next) = (one, other);
    // The sum so far has `covered` numbers; `doubled` has `power`.
    let (mut covered, mut power) = (1, 1);
    let mut rest = side - 1;
    while rest > 3 || (power == 1 && rest > 0) {
        // A side is odd, so `doubled` is there before it is needed.
        if rest & 1 == 1 {
            add_to(m, &mut sums[..count], &doubled[covered * step..][..count]);
            covered += power;
        }
        // Those that sums still reach.
        let count = (count + (side - 2 * power) * step).next_multiple_of(WIDTH);
        let from: &[f64] = if power == 1 { sums } else { doubled };
        add(m, &mut next[..count], &from[..count], &from[power * step..][..count]);
        std::mem::swap(&mut doubled, &mut next);
        power *= 2;
        rest >>= 1;
    }
    let from = |covered: usize| &doubled[covered * step..][..count];
    let sums = &mut sums[..count];
    match rest {
        0 => {}
        1 => add_to(m, sums, from(covered)),
        2 => add_pairs(m, sums, from(covered), from(covered + power)),
        _ => {
            add_three(m, sums, from(covered), from(covered + power), from(covered + 2 * power));
        }
    }
}

/// to = a + b
#[inline(always)]
fn add<M: Machine<f64>>(m: M, to: &mut [f64], a: &[f64], b: &[f64]) {
    let lanes = to.chunks_exact_mut(M::LANES).zip(a.chunks_exact(M::LANES).zip(b.chunks_exact(M::LANES)));
    for (to, (a, b)) in lanes {
        // SAFETY: chunks of LANES numbers.
        unsafe { m.store(m.add(m.load(a), m.load(b)), to) };
    }
}

/// sums = sums + a
#[inline(always)]
fn add_to<M: Machine<f64>>(m: M, sums: &mut [f64], a: &[f64]) {
    for (sums, a) in sums.chunks_exact_mut(M::LANES).zip(a.chunks_exact(M::LANES)) {
        // SAFETY: chunks of LANES numbers.
        unsafe { m.store(m.add(m.load(sums), m.load(a)), sums) };
    }
}

/// sums = sums + (a + b)
#[inline(always)]
fn add_pairs<M: Machine<f64>>(m: M, sums: &mut [f64], a: &[f64], b: &[f64]) {
    let lanes = sums.chunks_exact_mut(M::LANES).zip(a.chunks_exact(M::LANES).zip(b.chunks_exact(M::LANES)));
    for (sums, (a, b)) in lanes {
        // SAFETY: chunks of LANES numbers.
        unsafe { m.store(m.add(m.load(sums), m.add(m.load(a), m.load(b))), sums) };
    }
}

/// sums = (sums + a) + (b + c)
#[inline(always)]
fn add_three<M: Machine<f64>>(m: M, sums: &mut [f64], a: &[f64], b: &[f64], c: &[f64]) {
    let pairs = b.chunks_exact(M::LANES).zip(c.chunks_exact(M::LANES));
    let lanes = sums.chunks_exact_mut(M::LANES).zip(a.chunks_exact(M::LANES).zip(pairs));
    for (sums, (a, (b, c))) in lanes {
        // SAFETY: chunks of LANES numbers.
        unsafe {
            let sum = m.add(m.load(sums), m.load(a));
            m.store(m.add(sum, m.add(m.load(b), m.load(c))), sums);
        }
    }
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
