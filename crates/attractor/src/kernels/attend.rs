//! The read: log-sum, posterior mean and second moment of many patterns, in one pass.

use ndarray::{Array2, ArrayView2};

use super::machine::Machine;
use super::stream::{self, Fold, Form, Lanes, Part, Tile};
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
            self.merge_row(q, other.peak[q], other.mass[q], other.second[q], mean);
        }
    }

    fn merge_row(&mut self, q: usize, peak: f64, mass: f64, second: f64, mean: &[F]) {
        if mass == 0.0 {
            return;
        }
        let top = self.peak[q].max(peak);
        let ours = self.mass[q] * (self.peak[q] - top).exp();
        let theirs = mass * (peak - top).exp();
        let total = ours + theirs;
        let (a, b) = (ours / total, theirs / total);
        self.peak[q] = top;
        self.mass[q] = total;
        self.second[q] = a * self.second[q] + b * second;
        let (a, b) = (F::of(a), F::of(b));
        for (own, other) in self.mean.row_mut(q).iter_mut().zip(mean) {
            *own = a * *own + b * *other;
        }
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
pub fn attend<F: Real>(
    patterns: &Patterns<F>,
    queries: ArrayView2<F>,
    betas: &[f64],
    form: Form,
) -> Read<F> {
    let dim = patterns.dim();
    let mut read = Read::empty(queries.nrows(), dim);
    let merge = |parts: Vec<Part<Sums<F>>>| {
        for part in parts {
            for (lane, &least) in part.least.iter().enumerate() {
                let q = part.first + lane;
                let sums = &part.fold;
                let mass = sums.mass[lane];
                let inverse = F::of(1.0 / mass);
                let mean: Vec<F> =
                    sums.mean[lane * dim..(lane + 1) * dim].iter().map(|&m| m * inverse).collect();
                let peak = -stream::usable_beta::<F>(betas[q]) * least;
                read.merge_row(q, peak, mass, sums.second[lane] / mass, &mean);
            }
        }
    };
    let make = |lanes| Sums::new(lanes, dim);
    stream::stream(patterns, queries, betas, form, make, merge);
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
                read.merge_row(q, peak, part.fold.mass[lane], 0.0, &[]);
            }
        }
    };
    stream::stream(patterns, queries, betas, form, |lanes| Sums::new(lanes, 0), merge);
    read.log_sum()
}

/// Sums relative to the least cost, for the lanes of one pack.
struct Sums<F> {
    mass: Vec<f64>,
    second: Vec<f64>,
    /// Unnormalised means, one lane after the other; empty where no mean is asked for.
    mean: Vec<F>,
    active: Vec<u32>,
}

impl<F: Real> Sums<F> {
    fn new(lanes: usize, dim: usize) -> Self {
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
        // Two vectors of units by four queries: eight sums in flight hide the latency of an addition,
        // and the tile's columns stay in the first-level cache for the next four queries.
        let mut unit = 0;
        while unit + 2 * M::LANES <= tile.dim {
            self.add_means::<M, L, 2>(tile, weights, lanes.live, unit, &rescale);
            unit += 2 * M::LANES;
        }
        while unit + M::LANES <= tile.dim {
            self.add_means::<M, L, 1>(tile, weights, lanes.live, unit, &rescale);
            unit += M::LANES;
        }
        for unit in unit..tile.dim {
            for lane in 0..lanes.live {
                let term = |n: usize| weights[n][lane] * tile.rows[n * tile.dim + unit];
                let mut sum = F::ZERO;
                self.active.iter().for_each(|&n| sum += term(n as usize));
                let mean = &mut self.mean[lane * tile.dim + unit];
                *mean = *mean * rescale[lane] + sum;
            }
        }
    }
}

impl<F: Real> Sums<F> {
    /// mean = rescale · mean + Σ_n w_n y_n for all lanes, in `C` vectors of units from `unit` on.
    #[inline(always)]
    fn add_means<M: Machine<F>, const L: usize, const C: usize>(
        &mut self,
        tile: &Tile<F>,
        weights: &[[F; L]],
        live: usize,
        unit: usize,
        rescale: &[F; L],
    ) {
        let mut lane = 0;
        while lane + 4 <= live {
            self.add_columns::<M, L, 4, C>(tile, weights, lane, unit, rescale);
            lane += 4;
        }
        while lane < live {
            self.add_columns::<M, L, 1, C>(tile, weights, lane, unit, rescale);
            lane += 1;
        }
    }

    /// The same for `Q` lanes from `lane` on.
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
