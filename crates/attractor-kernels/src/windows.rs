//! Posterior means in which every pixel asks with its own window.
//!
//! A *candidate* is a stored image at one offset. At each pixel p its squared distance to the query is summed over the
//! window of p alone, so each pixel has softmax weights of its own. Most windows are so far that they have none, which is
//! found out before any exponential is taken.
//!
//! All sums are made in `f64`.

use ndarray::{Array2, ArrayView2};

use crate::candidates::{Candidate, Grid, Keep, WIDTH, each_candidate, vector};
use crate::machine::{Level, Machine, On};
use crate::real::{Real, entry};
use crate::stored::{Stored, Window};
use crate::stream::usable_beta;
use crate::threads;

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
        // So far below the largest logit, the weights of all candidates together are below 2⁻⁵³, and lost in every sum. Most windows
        // at other places are as far.
        let lost = 37.0 + ((patterns.len() * candidates) as f64).ln();
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
            let how = (beta, ask.sides[row], ask.offsets, lost);
            some_windows(&numbers, images, &prior, grid, how)
        });
        let mut means = Array2::from_elem((rows, dim), F::ZERO);
        let mut parts = parts.into_iter();
        for mut row in means.outer_iter_mut() {
            let mut whole = Field::new(grid.pixels(), grid.channels);
            (0..ranges).for_each(|_| whole.merge(&parts.next().expect("one for each range")));
            for channel in 0..grid.channels {
                for pixel in 0..grid.pixels() {
                    let mean = whole.sums[channel * whole.padded + pixel] / whole.mass[pixel];
                    row[grid.at(pixel, channel)] = F::from_f64(mean);
                }
            }
        }
        means
    }
}

/// Running softmax sums of every pixel. Behind the last one there is room for a vector, so that no loop has a rest.
struct Field {
    /// The number of pixels with this room.
    padded: usize,
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
        let padded = pixels + WIDTH;
        let (peak, sums) = (vec![LOWEST; padded], vec![0.0; padded * channels]);
        Field { padded, peak, mass: vec![0.0; padded], sums }
    }

    fn merge(&mut self, other: &Field) {
        for p in 0..self.padded {
            let peak = self.peak[p].max(other.peak[p]);
            let (a, b) = ((self.peak[p] - peak).exp(), (other.peak[p] - peak).exp());
            self.peak[p] = peak;
            self.mass[p] = self.mass[p] * a + other.mass[p] * b;
            for at in (p..self.sums.len()).step_by(self.padded) {
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
        how: (f64, usize, bool, f64),
    ) -> Field {
        let (beta, side, offsets, lost) = how;
        let work = Candidates { query, images, prior, grid, beta, lost, how: (side, offsets) };
        Level::best().run::<f64, _, _>(work)
    }
}

struct Candidates<'a, F> {
    query: &'a [F],
    images: &'a [F],
    prior: &'a [f64],
    grid: Grid,
    beta: f64,
    lost: f64,
    how: (usize, bool),
}

impl<F: Real, M: Machine<f64>> On<M, Field> for Candidates<'_, F> {
    #[inline(always)]
    fn run(self, m: M) -> Field {
        let Candidates { query, images, prior, grid, beta, lost, how } = self;
        let field = Field::new(grid.pixels(), grid.channels);
        let mut weighed = Weighed { m, field, prior, beta, lost };
        each_candidate(m, query, images, prior, grid, how, &mut weighed);
        weighed.field
    }
}

/// Running sums of the candidates' weights.
struct Weighed<'a, M> {
    m: M,
    field: Field,
    prior: &'a [f64],
    beta: f64,
    lost: f64,
}

impl<M: Machine<f64>> Keep for Weighed<'_, M> {
    /// Adds a candidate to the sums of the pixels.
    #[inline(always)]
    fn take(&mut self, candidate: &Candidate) {
        let part = &candidate.part;
        let padded = part.width.next_multiple_of(WIDTH);
        for row in 0..part.height {
            let at = (part.top + row) * part.grid.width + part.left;
            let squares = &candidate.squares[row * candidate.stride..][..padded];
            let prior = self.prior[candidate.image];
            let peaks = &self.field.peak[at..][..padded];
            let how = (prior, self.beta, self.lost);
            if !any_counts(self.m, squares, peaks, how) {
                continue;
            }
            for start in (0..padded).step_by(WIDTH) {
                let (squares, peaks) = (&squares[start..], &self.field.peak[at + start..]);
                if any_counts(self.m, vector(squares), vector(peaks), how) {
                    self.add(candidate, (row, start), prior, at + start);
                }
            }
        }
    }
}

/// Whether any logit of some vectors of pixels is so near to the largest of its pixel that it counts.
#[inline(always)]
fn any_counts<M: Machine<f64>>(
    m: M,
    squares: &[f64],
    peaks: &[f64],
    (prior, beta, lost): (f64, f64, f64),
) -> bool {
    let (prior, half_beta, lost) = (m.splat(prior), m.splat(0.5 * beta), m.splat(lost));
    let mut most = m.splat(LOWEST);
    for (squares, peaks) in squares.chunks_exact(M::LANES).zip(peaks.chunks_exact(M::LANES)) {
        // SAFETY: chunks of LANES numbers.
        let (squares, peaks) = unsafe { (m.load(squares), m.load(peaks)) };
        let logits = m.sub(prior, m.mul(half_beta, squares));
        // Where the first number is NaN, the larger one is the second.
        most = m.max(m.sub(logits, m.sub(peaks, lost)), most);
    }
    m.any_positive(most)
}

impl<M: Machine<f64>> Weighed<'_, M> {
    /// Adds a vector of a candidate to the sums of its pixels.
    #[inline(always)]
    fn add(&mut self, candidate: &Candidate, (row, start): (usize, usize), prior: f64, at: usize) {
        let (part, field) = (&candidate.part, &mut self.field);
        let squares = vector(&candidate.squares[row * candidate.stride + start..]);
        let mut logits = [0.0; WIDTH];
        for k in 0..WIDTH {
            logits[k] = prior - 0.5 * self.beta * squares[k];
        }
        let [old, new] = raise(vector_mut(&mut field.peak[at..]), &logits, self.lost, M::FMA);
        let mass = vector_mut(&mut field.mass[at..]);
        for k in 0..WIDTH {
            mass[k] = mass[k] * old[k] + new[k];
        }
        for c in 0..part.grid.channels {
            let y = vector(&candidate.numbers(c, row)[start..]);
            let sums = vector_mut(&mut field.sums[c * field.padded + at..]);
            for k in 0..WIDTH {
                sums[k] = sums[k] * old[k] + new[k] * y[k];
            }
        }
    }
}

/// The factors of what was summed before, and the weights of what is new, when `peak` becomes the largest logit of all.
#[inline(always)]
fn raise(peak: &mut [f64; WIDTH], logits: &[f64; WIDTH], lost: f64, fused: bool) -> [[f64; WIDTH]; 2] {
    let (mut old, mut new) = ([0.0; WIDTH], [0.0; WIDTH]);
    for k in 0..WIDTH {
        let factor = (-(logits[k] - peak[k]).abs()).exp_negative(fused);
        let (rises, counts) = (logits[k] > peak[k], logits[k] > peak[k] - lost);
        old[k] = if rises { factor } else { 1.0 };
        // What is lost is 0, so that it does not matter what stands beside it in a vector.
        new[k] = if rises { 1.0 } else { factor };
        new[k] = if counts { new[k] } else { 0.0 };
        peak[k] = if rises { logits[k] } else { peak[k] };
    }
    [old, new]
}

/// A vector of numbers.
#[inline(always)]
fn vector_mut(numbers: &mut [f64]) -> &mut [f64; WIDTH] {
    numbers.first_chunk_mut().expect("arrays are padded to whole vectors")
}
