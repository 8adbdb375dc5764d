//! The read: log-sum, posterior mean and second moment of many patterns, in one pass.

use ndarray::{Array2, ArrayView2};

use super::machine::Machine;
use super::stream::{self, Fold, Form, Job, Lanes, Part, Tile};
use crate::patterns::Patterns;
use crate::real::Real;

/// What reading a memory gives, one entry a query: the unnormalised triple (log-sum, mean, second
/// moment).
///
/// With logits ℓ_n and w = softmax(ℓ): log-sum = ln Σ_n exp ℓ_n, mean = Σ w_n y_n, second = Σ w_n ‖y_n‖².
/// The log-sum is kept as peak + ln mass, which stays exact where β is huge. Reads of disjoint sets
/// of patterns [`merge`](Read::merge) into the read of their union.
#[derive(Clone, Debug)]
pub struct Read<F> {
    /// The largest logit.
    pub peak: Vec<f64>,
    /// Σ exp(ℓ_n − peak).
    pub mass: Vec<f64>,
    /// Posterior mean Σ w_n y_n, B × D.
    pub mean: Array2<F>,
    /// Posterior second moment Σ w_n ‖y_n‖².
    pub second: Vec<f64>,
}

impl<F: Real> Read<F> {
    /// A read of nothing, to be merged into.
    pub fn empty(queries: usize, dim: usize) -> Self {
        Read {
            peak: vec![f64::NEG_INFINITY; queries],
            mass: vec![0.0; queries],
            mean: Array2::from_elem((queries, dim), F::ZERO),
            second: vec![0.0; queries],
        }
    }

    /// ln Σ exp ℓ_n of each query.
    pub fn log_sum(&self) -> Vec<f64> {
        self.peak.iter().zip(&self.mass).map(|(p, m)| p + m.ln()).collect()
    }

    /// Adds the read of other patterns by the same queries. Associative up to rounding.
    pub fn merge(&mut self, other: &Read<F>) {
        for q in 0..self.peak.len() {
            let mean = other.mean.row(q);
            let mean = mean.to_slice().expect("means are stored row-major");
            self.merge_row(q, other.peak[q], other.mass[q], other.second[q], mean, 1.0);
        }
    }

    /// Merges a read of one query whose second moment and mean are still to be multiplied by `factor`.
    fn merge_row(&mut self, q: usize, peak: f64, mass: f64, second: f64, mean: &[F], factor: f64) {
        if mass == 0.0 {
            return;
        }
        let top = self.peak[q].max(peak);
        let ours = if self.mass[q] > 0.0 { self.mass[q] * (self.peak[q] - top).exp() } else { 0.0 };
        let theirs = mass * (peak - top).exp();
        let total = ours + theirs;
        let (a, b) = (ours / total, theirs / total * factor);
        self.peak[q] = top;
        self.mass[q] = total;
        self.second[q] = a * self.second[q] + b * second;
        let (a, b) = (F::of(a), F::of(b));
        let mut own = self.mean.row_mut(q);
        let own = own.as_slice_mut().expect("means are stored row-major");
        own.iter_mut().zip(mean).for_each(|(own, &other)| *own = a * *own + b * other);
    }
}

/// Reads all patterns by all queries.
///
/// `queries` B × D, `betas` one inverse temperature a query, in (0, ∞). Logits are those of [`Form`],
/// with ln π_n added where the patterns have weights. Cost 4·B·N·D operations and B·N exponentials;
/// memory for tiles and B × D results only.
///
/// ```
/// use attractor::{Patterns, kernels::{attend, Form}};
/// use ndarray::array;
/// let patterns = Patterns::new(array![[1.0_f64, 0.0], [0.0, 1.0]])?;
/// // Equidistant: both weights are one half.
/// let read = attend(&patterns, array![[0.5, 0.5]].view(), &[4.0], Form::Distance);
/// assert_eq!(read.mean, array![[0.5, 0.5]]);
/// // ln(2 exp(−4 · ¼)) = ln 2 − 1
/// assert!((read.log_sum()[0] - (2.0_f64.ln() - 1.0)).abs() < 1e-15);
/// # Ok::<(), attractor::Error>(())
/// ```
pub fn attend<F: Real>(patterns: &Patterns<F>, queries: ArrayView2<F>, betas: &[f64], form: Form) -> Read<F> {
    let dim = patterns.dim();
    let mut read = Read::empty(queries.nrows(), dim);
    let merge = |parts: Vec<Part<Sums<F>>>| {
        for part in parts {
            for (lane, &least) in part.least.iter().enumerate() {
                let q = part.first + lane;
                let sums = &part.fold;
                let peak = -stream::usable_beta::<F>(betas[q]) * least;
                let (mass, mean) = (sums.mass[lane], &sums.mean[lane * dim..(lane + 1) * dim]);
                read.merge_row(q, peak, mass, sums.second[lane], mean, 1.0 / mass);
            }
        }
    };
    let job = Job { patterns, queries, betas, form };
    stream::stream(&job, |job, block, range| F::attend(job, block, range, dim), merge);
    read
}

/// ln Σ exp ℓ_n alone: half the work of [`attend`].
pub fn log_sum<F: Real>(
    patterns: &Patterns<F>,
    queries: ArrayView2<F>,
    betas: &[f64],
    form: Form,
) -> Vec<f64> {
    let mut read = Read::<F>::empty(queries.nrows(), 0);
    let merge = |parts: Vec<Part<Sums<F>>>| {
        for part in parts {
            for (lane, &least) in part.least.iter().enumerate() {
                let q = part.first + lane;
                let peak = -stream::usable_beta::<F>(betas[q]) * least;
                read.merge_row(q, peak, part.fold.mass[lane], 0.0, &[], 1.0);
            }
        }
    };
    let job = Job { patterns, queries, betas, form };
    stream::stream(&job, |job, block, range| F::attend(job, block, range, 0), merge);
    read.log_sum()
}

/// Sums relative to the least cost, for the lanes of one pack.
pub struct Sums<F> {
    mass: Vec<f64>,
    second: Vec<f64>,
    /// Unnormalised means, one lane after the other; empty where no mean is asked for.
    mean: Vec<F>,
    active: Vec<u32>,
}

impl<F: Real> Sums<F> {
    pub(crate) fn new(lanes: usize, dim: usize) -> Self {
        Sums {
            mass: vec![0.0; lanes],
            second: vec![0.0; lanes],
            mean: vec![F::ZERO; lanes * dim],
            active: Vec::new(),
        }
    }
}

/// Terms summed in `F` before they join the f64 total.
const CHAIN: usize = 32;

impl<F: Real> Fold<F> for Sums<F> {
    #[inline(always)]
    fn absorb<M: Machine<F>, const L: usize>(
        &mut self,
        tile: &Tile<F>,
        lanes: &Lanes<L>,
        _gaps: &[[F; L]],
        weights: &[[F; L]],
        falls: &[f64; L],
    ) {
        let rescale: [f64; L] = std::array::from_fn(|l| (-falls[l]).exp());
        for l in 0..L {
            self.mass[l] *= rescale[l];
            self.second[l] *= rescale[l];
        }
        for (weights, squares) in weights.chunks(CHAIN).zip(tile.squares.chunks(CHAIN)) {
            let mut mass = [F::ZERO; L];
            let mut second = [F::ZERO; L];
            for (weight, &square) in weights.iter().zip(squares) {
                let square = F::of(square);
                for l in 0..L {
                    mass[l] += weight[l];
                    second[l] += weight[l] * square;
                }
            }
            for l in 0..L {
                self.mass[l] += mass[l].wide();
                self.second[l] += second[l].wide();
            }
        }
        if self.mean.is_empty() {
            return;
        }
        // Patterns that weigh exactly nothing for every query here are left out.
        self.active.clear();
        for (n, weight) in weights.iter().enumerate() {
            let mut any = false;
            for l in 0..L {
                any |= weight[l] > F::ZERO;
            }
            if any {
                self.active.push(n as u32);
            }
        }
        let rescale: [F; L] = std::array::from_fn(|l| F::of(rescale[l]));
        let vectors = tile.dim / M::LANES;
        let fours = lanes.live / 4 * 4;
        // Two vectors of units by four queries: eight sums in flight hide the latency of an addition,
        // and the tile's columns stay in the first-level cache for the next four queries.
        for pair in 0..vectors / 2 {
            for lane in (0..fours).step_by(4) {
                self.add_columns::<M, L, 4, 2>(tile, weights, lane, 2 * pair * M::LANES, &rescale);
            }
        }
        if vectors % 2 == 1 {
            for lane in (0..fours).step_by(4) {
                self.add_columns::<M, L, 4, 1>(tile, weights, lane, (vectors - 1) * M::LANES, &rescale);
            }
        }
        // Eight vectors of units for each query that is left.
        for lane in fours..lanes.live {
            for eight in 0..vectors / 8 {
                self.add_columns::<M, L, 1, 8>(tile, weights, lane, 8 * eight * M::LANES, &rescale);
            }
            for vector in vectors / 8 * 8..vectors {
                self.add_columns::<M, L, 1, 1>(tile, weights, lane, vector * M::LANES, &rescale);
            }
        }
        for unit in vectors * M::LANES..tile.dim {
            self.add_unit::<M, L>(tile, weights, lanes.live, unit, &rescale);
        }
    }
}

impl<F: Real> Sums<F> {
    /// mean = rescale · mean + Σ_n w_n y_n for one unit of all lanes, side by side.
    #[inline(always)]
    fn add_unit<M: Machine<F>, const L: usize>(
        &mut self,
        tile: &Tile<F>,
        weights: &[[F; L]],
        live: usize,
        unit: usize,
        rescale: &[F; L],
    ) {
        let mut sums = [F::ZERO; L];
        for &n in &self.active {
            let value = tile.rows[n as usize * tile.dim + unit];
            let weight = &weights[n as usize];
            for l in 0..L {
                sums[l] = weight[l].multiply_add(value, sums[l], M::FMA);
            }
        }
        for lane in 0..live {
            let mean = &mut self.mean[lane * tile.dim + unit];
            *mean = *mean * rescale[lane] + sums[lane];
        }
    }

    /// The same for `C` vectors of units of `Q` lanes.
    #[inline(always)]
    fn add_columns<M: Machine<F>, const L: usize, const Q: usize, const C: usize>(
        &mut self,
        tile: &Tile<F>,
        weights: &[[F; L]],
        lane: usize,
        unit: usize,
        rescale: &[F; L],
    ) {
        assert!(unit + C * M::LANES <= tile.dim && lane + Q <= L);
        let mut sums = [[M::splat(F::ZERO); C]; Q];
        for &n in &self.active {
            let n = n as usize;
            debug_assert!(n < weights.len());
            // SAFETY: `active` holds rows of this tile, and the columns and lanes were checked.
            unsafe {
                let weight = weights.get_unchecked(n);
                let pattern = tile.rows.get_unchecked(n * tile.dim + unit..);
                let values: [M::Vector; C] =
                    std::array::from_fn(|c| M::load(pattern.get_unchecked(c * M::LANES..)));
                for q in 0..Q {
                    let weight = M::splat(*weight.get_unchecked(lane + q));
                    for c in 0..C {
                        sums[q][c] = M::multiply_add(weight, values[c], sums[q][c]);
                    }
                }
            }
        }
        for q in 0..Q {
            let start = (lane + q) * tile.dim + unit;
            let factor = M::splat(rescale[lane + q]);
            let means = &mut self.mean[start..start + C * M::LANES];
            for (mean, sum) in means.chunks_exact_mut(M::LANES).zip(sums[q]) {
                // SAFETY: chunks of LANES numbers.
                unsafe { M::store(M::multiply_add(factor, M::load(mean), sum), mean) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::machine::Portable;
    use crate::kernels::stream::pass;
    use crate::noise::{Purpose, Stream};

    /// What other machines run: the arrays instead of this machine's registers, 8 lanes instead of 16.
    #[test]
    fn the_portable_kernel_gives_the_same_read() {
        /// Rounding of f32 sums in another order of fused and unfused operations.
        const ROUNDING: f32 = 1e-5;
        let mut noise = Stream::new(1, Purpose::Patterns, 0);
        let (n, d, b) = (300, 37, 11);
        let values = Array2::from_shape_fn((n, d), |_| noise.normal() as f32);
        let queries = Array2::from_shape_fn((b, d), |_| noise.normal() as f32);
        let patterns = Patterns::new(values).expect("patterns");
        let betas = vec![0.2; b];
        let read = attend(&patterns, queries.view(), &betas, Form::Distance);
        let job = Job { patterns: &patterns, queries: queries.view(), betas: &betas, form: Form::Distance };
        let parts = pass::<f32, _, Portable, 8>(&job, 0..b, 0..n, &|lanes| Sums::new(lanes, d));
        for part in parts {
            for lane in 0..part.least.len() {
                let q = part.first + lane;
                let mass = part.fold.mass[lane];
                assert!((mass / read.mass[q] - 1.0).abs() < f64::from(ROUNDING), "row {q}");
                for j in 0..d {
                    let mean = part.fold.mean[lane * d + j] / mass as f32;
                    assert!((mean - read.mean[[q, j]]).abs() < ROUNDING, "row {q}, unit {j}");
                }
            }
        }
    }
}
