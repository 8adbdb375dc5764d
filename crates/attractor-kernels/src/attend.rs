//! Reads of a memory: log-sum, posterior mean and second moment of many patterns, in one pass.

use std::ops::Range;

use ndarray::{Array2, ArrayView2};

use crate::centred::Triple;
use crate::elsewhere;
use crate::machine::{Machine, Single, array, lanes};
use crate::real::{Real, entry};
use crate::signs;
use crate::stored::Stored;
use crate::stream::{self, Fold, Form, Job, Lanes, Part, Parts, Pass, Tile, Values, Weighed};
use crate::threads;
use crate::wire::{Ask, In, Out, Sent};

/// The read of a memory, with one entry for each query: the unnormalised triple (log-sum, mean, second moment).
///
/// With logits ℓ_n and w = softmax(ℓ): log-sum = ln Σ_n exp ℓ_n, mean = Σ w_n y_n, second = Σ w_n ‖y_n‖². The log-sum
/// is kept as peak + ln mass, which stays exact for huge β. Reads of disjoint sets of patterns [`merge`](Read::merge)
/// into the read of their union.
#[derive(Clone, Debug)]
pub struct Read<F> {
    /// The largest logit.
    pub peak: Vec<f64>,
    /// Σ exp(ℓ_n − peak).
    pub mass: Vec<f64>,
    /// The posterior mean Σ w_n y_n, B × D. For values (see [`attend_values`]) it is Σ w_n v_n, B × Dᵥ.
    pub mean: Array2<F>,
    /// Posterior second moment Σ w_n ‖y_n‖².
    pub second: Vec<f64>,
    /// The pattern with the largest logit, or the first of several. It is only valid for a read of one set of
    /// patterns.
    pub best: Vec<usize>,
}

impl<F: Real> Read<F> {
    /// An empty read, into which others can be merged.
    pub fn empty(queries: usize, dim: usize) -> Self {
        Read {
            peak: vec![f64::NEG_INFINITY; queries],
            mass: vec![0.0; queries],
            mean: Array2::from_elem((queries, dim), F::ZERO),
            second: vec![0.0; queries],
            best: vec![0; queries],
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

    /// Merges a read of one query. Its second moment and mean still have to be multiplied by `factor`.
    pub fn merge_row(&mut self, q: usize, peak: f64, mass: f64, second: f64, mean: &[F], factor: f64) {
        if mass == 0.0 {
            return;
        }
        let (ours, theirs) = merge_mass(&mut self.peak[q], &mut self.mass[q], peak, mass);
        let (a, b) = (ours, theirs * factor);
        self.second[q] = a * self.second[q] + b * second;
        let (a, b) = (F::from_f64(a), F::from_f64(b));
        let mut own = self.mean.row_mut(q);
        let own = own.as_slice_mut().expect("means are stored row-major");
        own.iter_mut().zip(mean).for_each(|(own, &other)| *own = a * *own + b * other);
    }
}

/// Adds a sum of exp(ℓ − other_peak) to a sum of exp(ℓ − peak), and returns the shares of both.
pub(crate) fn merge_mass(peak: &mut f64, mass: &mut f64, other_peak: f64, other_mass: f64) -> (f64, f64) {
    if other_mass == 0.0 {
        return (1.0, 0.0);
    }
    let top = peak.max(other_peak);
    let ours = if *mass > 0.0 { *mass * (*peak - top).exp() } else { 0.0 };
    let theirs = other_mass * (other_peak - top).exp();
    let total = ours + theirs;
    (*peak, *mass) = (top, total);
    (ours / total, theirs / total)
}

/// What earlier sums are multiplied by when the least cost fell by `fall`/β.
#[inline(always)]
pub(crate) fn rescale(fall: f64, fused: bool) -> f64 {
    if fall > 0.0 { Real::exp_negative(-fall, fused) } else { 1.0 }
}

entry! {
    /// Reads all patterns for all queries.
    ///
    /// `queries` is B × D; `betas` has one inverse temperature in (0, ∞) for each query. Logits are those of
    /// [`Form`], plus ln π_n if the patterns have weights. Cost: 4·B·N·D operations and B·N exponentials. Memory:
    /// only tiles and B × D results.
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
    pub fn attend<F: Real>(patterns: &Stored<F>, queries: ArrayView2<F>, betas: &[f64], form: Form) -> Read<F> {
        read(&Job { patterns, values: Values::Own, queries, betas, form })
    }
}

entry! {
    /// Reads other vectors than those that are compared: one value (a row of `values`, N × Dᵥ) for each pattern, with
    /// mean = Σ w_n v_n, B × Dᵥ. This is a hetero-associative memory, or attention with keys and values.
    ///
    /// All else is as in [`attend`]: w, peak, mass and the second moment Σ w_n ‖y_n‖² come from the patterns. Values
    /// must be finite.
    ///
    /// # Panics
    /// If there is not one value for each pattern.
    ///
    /// ```
    /// use attractor::{Patterns, kernels::{attend_values, Form}};
    /// use ndarray::array;
    /// let patterns = Patterns::new(array![[1.0_f64, 0.0], [0.0, 1.0]])?;
    /// let names = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    /// let read = attend_values(&patterns, names.view(), array![[0.1, 0.8]].view(), &[1e9], Form::Distance);
    /// assert_eq!(read.mean, array![[4.0, 5.0, 6.0]]);
    /// # Ok::<(), attractor::Error>(())
    /// ```
    pub fn attend_values<F: Real>(
        patterns: &Stored<F>,
        values: ArrayView2<F>,
        queries: ArrayView2<F>,
        betas: &[f64],
        form: Form,
    ) -> Read<F> {
        assert_eq!(values.nrows(), patterns.len(), "there must be one value a pattern");
        let values = values.as_standard_layout();
        read(&Job { patterns, values: Values::Others(values.view()), queries, betas, form })
    }
}

fn read<F: Real>(job: &Job<F>) -> Read<F> {
    let Some(centred) = job.patterns.centred() else {
        return read_as_given(job);
    };
    let queries = centred.queries(job.queries, job.form);
    let about = |values| Job { patterns: &centred.stored, values, ..job.by(queries.view(), job.betas) };
    let values = job.by(queries.view(), job.betas).values;
    let mut read = read_as_given(&about(values));
    let Read { peak, mean, second, .. } = &mut read;
    centred.restore(job, Triple { peak, mean, second }, || read_as_given(&about(Values::Own)).mean);
    read
}

fn read_as_given<F: Real>(job: &Job<F>) -> Read<F> {
    match signs::near_of(job, 1, matches!(job.values, Values::Own)) {
        Some(lists) => read_near(job, &lists),
        None => read_all(job),
    }
}

/// Reads the few patterns whose weight is not negligible. Queries with many such patterns read all patterns.
fn read_near<F: Real>(job: &Job<F>, lists: &signs::Lists) -> Read<F> {
    let (width, near) = (job.width(), &lists.near);
    let mut read = Read::empty(job.queries.nrows(), width);
    let few = threads::map(near.len(), 0.0, |q| {
        let list = near[q].as_ref()?;
        let beta = stream::usable_beta::<F>(job.betas[q]);
        let peak = list.iter().map(|n| n.1).fold(f64::NEG_INFINITY, f64::max);
        let best = list.iter().find(|n| n.1 == peak).map_or(0, |n| n.0);
        let (mut mass, mut mean) = (0.0, vec![0.0; width]);
        for &(n, product) in list {
            let weight = (beta * (product - peak)).exp();
            mass += weight;
            match &job.values {
                Values::Own => lists.add_scaled(n, weight, &mut mean),
                Values::None => {}
                Values::Others(values) => {
                    mean.iter_mut().zip(values.row(n)).for_each(|(sum, v)| *sum += weight * v.to_f64());
                }
            }
        }
        mean.iter_mut().for_each(|m| *m /= mass);
        Some((peak, best, mass, mean))
    });
    let square = job.patterns.dim() as f64;
    for (q, few) in few.into_iter().enumerate() {
        let Some((peak, best, mass, mean)) = few else {
            continue;
        };
        read.peak[q] = near_peak(job, q, peak);
        (read.mass[q], read.second[q], read.best[q]) = (mass, square, best);
        read.mean.row_mut(q).iter_mut().zip(mean).for_each(|(to, from)| *to = F::from_f64(from));
    }
    let rest: Vec<usize> = (0..near.len()).filter(|&q| near[q].is_none()).collect();
    if !rest.is_empty() {
        let (queries, betas) = signs::rest(job, &rest);
        let others = read_all(&job.by(queries.view(), &betas));
        for (k, &q) in rest.iter().enumerate() {
            (read.peak[q], read.mass[q], read.second[q]) = (others.peak[k], others.mass[k], others.second[k]);
            read.best[q] = others.best[k];
            read.mean.row_mut(q).assign(&others.mean.row(k));
        }
    }
    read
}

/// The largest logit of a query, from the largest dot product with patterns of ±1.
pub(crate) fn near_peak<F: Real>(job: &Job<F>, q: usize, product: f64) -> f64 {
    let beta = stream::usable_beta::<F>(job.betas[q]);
    match job.form {
        Form::Dot => beta * product,
        Form::Distance => {
            let own: f64 = job.queries.row(q).iter().map(|z| z.to_f64() * z.to_f64()).sum();
            beta * (product - (own + job.patterns.dim() as f64) / 2.0)
        }
    }
}

fn read_all<F: Real>(job: &Job<F>) -> Read<F> {
    let (width, betas) = (job.width(), job.betas);
    let mut read = Read::empty(job.queries.nrows(), width);
    let merge = |parts: Vec<Part<Sums<F>>>| {
        for part in parts {
            for (lane, &least) in part.least.iter().enumerate() {
                let q = part.first + lane;
                let sums = &part.fold;
                let peak = -stream::usable_beta::<F>(betas[q]) * least;
                let (mass, mean) = (sums.mass[lane], &sums.mean[lane * width..(lane + 1) * width]);
                if peak > read.peak[q] {
                    read.best[q] = part.best[lane];
                }
                read.merge_row(q, peak, mass, sums.second[lane], mean, 1.0 / mass);
            }
        }
    };
    match job.patterns.shards() {
        Some(_) => elsewhere::stream(job, Ask::Read { mean: width > 0 }, merge),
        None => stream::stream(job, pass, merge),
    }
    read
}

/// The sums of every range, which are what a part of a memory answers.
pub(crate) fn sums<F: Real>(job: &Job<F>, finish: impl FnMut(Parts<Sums<F>>)) {
    stream::stream(job, pass, finish);
}

entry! {
    /// Streams one range of patterns past one block of queries, to read the mean of the job's values.
    fn pass<F: Real>(job: &Job<F>, block: Range<usize>, range: Range<usize>) -> Parts<Sums<F>> {
        let width = job.width();
        let pass = Pass { job, block, range, make: |lanes| Sums::new(lanes, width) };
        pass.at_best::<{ lanes::<F>(1) }, { lanes::<F>(2) }, { lanes::<F>(4) }>()
    }
}

entry! {
    /// The log-sum ln Σ exp ℓ_n alone, which is half the work of [`attend`].
    pub fn log_sum<F: Real>(
        patterns: &Stored<F>,
        queries: ArrayView2<F>,
        betas: &[f64],
        form: Form,
    ) -> Vec<f64> {
        read(&Job { patterns, values: Values::None, queries, betas, form }).log_sum()
    }
}

/// Sums relative to the least cost, for the lanes of one pack of queries.
pub(crate) struct Sums<F> {
    mass: Vec<f64>,
    second: Vec<f64>,
    /// Unnormalised means, one lane after the other. Empty if no mean is asked for.
    mean: Vec<F>,
}

impl<F: Real> Sums<F> {
    fn new(lanes: usize, width: usize) -> Self {
        Sums { mass: vec![0.0; lanes], second: vec![0.0; lanes], mean: vec![F::ZERO; lanes * width] }
    }
}

impl<F: Real> Sent<F> for Sums<F> {
    fn send(&self, lane: usize, _first: usize, out: &mut Out) {
        let width = self.mean.len() / self.mass.len();
        out.float(self.mass[lane]);
        out.float(self.second[lane]);
        self.mean[lane * width..(lane + 1) * width].iter().for_each(|x| out.number(*x));
    }

    fn receive(of: &mut In, width: usize) -> Result<Self, String> {
        Ok(Sums { mass: vec![of.float()?], second: vec![of.float()?], mean: of.numbers(width)? })
    }

    fn missing(width: usize) -> Self {
        Sums { mass: vec![1.0], second: vec![0.0], mean: vec![F::ZERO; width] }
    }
}

impl<F: Real> Fold<F> for Sums<F> {
    #[inline(always)]
    fn absorb<M: Machine<F>, const L: usize>(
        &mut self,
        m: M,
        tile: &Tile<F>,
        lanes: &Lanes<L>,
        weighed: &Weighed<F, L>,
    ) {
        // Few tiles bring a new best. In all others every factor is exactly 1.
        let fell = weighed.falls.iter().any(|&fall| fall > 0.0);
        let rescale = match fell {
            true => array!([1.0; L], |l| rescale(weighed.falls[l], M::FMA)),
            false => [1.0; L],
        };
        for l in 0..L {
            self.mass[l] = self.mass[l] * rescale[l] + weighed.mass[l];
            self.second[l] = self.second[l] * rescale[l] + weighed.second[l];
        }
        if self.mean.is_empty() {
            return;
        }
        let rescale = array!([F::ONE; L], |l| F::from_f64(rescale[l]));
        let product = Product { tile, weighed, rescale: &rescale, live: lanes.live };
        // Several sums in progress hide the latency of an addition: as many as the registers hold beside the vectors
        // that are added.
        let mut unit = 0;
        if M::REGISTERS >= 32 {
            unit = self.add_vectors::<M, L, 6, 4>(m, &product, unit);
        } else {
            unit = self.add_vectors::<M, L, 6, 2>(m, &product, unit);
        }
        unit = self.add_vectors::<M, L, 8, 1>(m, &product, unit);
        while unit + 4 <= tile.width {
            self.add_units_in_lanes::<M, L, 4>(m, &product, unit);
            unit += 4;
        }
        if unit + 2 <= tile.width {
            self.add_units_in_lanes::<M, L, 2>(m, &product, unit);
            unit += 2;
        }
        if unit < tile.width {
            self.add_units_in_lanes::<M, L, 1>(m, &product, unit);
        }
    }
}

/// What a tile adds to a mean: Σ_n w_n v_n over its values. The earlier mean is multiplied by `rescale`.
struct Product<'a, F, const L: usize> {
    tile: &'a Tile<'a, F>,
    weighed: &'a Weighed<'a, F, L>,
    rescale: &'a [F; L],
    live: usize,
}

impl<F: Real> Sums<F> {
    /// All whole groups of `C` vectors of units, from `unit` on: `Q` queries at a time, then four, then one. Returns
    /// the next unit.
    #[inline(always)]
    fn add_vectors<M: Machine<F>, const L: usize, const Q: usize, const C: usize>(
        &mut self,
        m: M,
        product: &Product<F, L>,
        mut unit: usize,
    ) -> usize {
        let many = if Q <= L { product.live / Q * Q } else { 0 };
        let queries = if L >= 4 { many + (product.live - many) / 4 * 4 } else { 0 };
        let from = unit;
        // The tile's columns stay in the first-level cache for the next queries.
        while unit + C * M::LANES <= product.tile.width {
            for lane in (0..many).step_by(Q) {
                self.add_columns::<M, L, Q, C>(m, product, lane, unit);
            }
            for lane in (many..queries).step_by(4) {
                self.add_columns::<M, L, 4, C>(m, product, lane, unit);
            }
            unit += C * M::LANES;
        }
        // The remaining queries, one at a time, with enough vectors to hide the latency.
        for lane in queries..product.live {
            let mut at = from;
            while at + 8 * M::LANES <= unit {
                self.add_columns::<M, L, 1, 8>(m, product, lane, at);
                at += 8 * M::LANES;
            }
            while at + 4 * M::LANES <= unit {
                self.add_columns::<M, L, 1, 4>(m, product, lane, at);
                at += 4 * M::LANES;
            }
            while at < unit {
                self.add_columns::<M, L, 1, 1>(m, product, lane, at);
                at += M::LANES;
            }
        }
        unit
    }

    /// `U` units of all lanes, side by side: the rest of a row beyond its vectors.
    #[inline(always)]
    fn add_units_in_lanes<M: Machine<F>, const L: usize, const U: usize>(
        &mut self,
        m: M,
        product: &Product<F, L>,
        unit: usize,
    ) {
        if L == 1 {
            self.add_units::<Single<M>, L, 1, U>(Single(m), product, unit);
        } else if L == M::LANES {
            self.add_units::<M, L, 1, U>(m, product, unit);
        } else if L == 2 * M::LANES {
            self.add_units::<M, L, 2, U>(m, product, unit);
        } else {
            self.add_units::<M, L, 4, U>(m, product, unit);
        }
    }

    #[inline(always)]
    fn add_units<M: Machine<F>, const L: usize, const V: usize, const U: usize>(
        &mut self,
        m: M,
        product: &Product<F, L>,
        unit: usize,
    ) {
        let (width, values) = (product.tile.width, product.tile.values);
        assert!(unit + U <= width && L == V * M::LANES);
        let mut sums = [[m.splat(F::ZERO); V]; U];
        for &n in product.weighed.active {
            let n = n as usize;
            debug_assert!(n < product.weighed.weights.len());
            // SAFETY: `active` holds values of this tile, L is V vectors, the units were checked.
            unsafe {
                let weight = product.weighed.weights.get_unchecked(n);
                let weights = array!([m.splat(F::ZERO); V], |v| m.load(weight.get_unchecked(v * M::LANES..)));
                for u in 0..U {
                    let value = m.splat(*values.get_unchecked(n * width + unit + u));
                    for v in 0..V {
                        sums[u][v] = m.multiply_add(value, weights[v], sums[u][v]);
                    }
                }
            }
        }
        for u in 0..U {
            let mut sum = [F::ZERO; L];
            for v in 0..V {
                // SAFETY: `sum` holds L numbers, which are V vectors.
                unsafe { m.store(sums[u][v], &mut sum[v * M::LANES..]) };
            }
            for lane in 0..product.live {
                let mean = &mut self.mean[lane * width + unit + u];
                *mean = product.rescale[lane].multiply_add(*mean, sum[lane], M::FMA);
            }
        }
    }

    /// `C` vectors of units of `Q` lanes.
    #[inline(always)]
    fn add_columns<M: Machine<F>, const L: usize, const Q: usize, const C: usize>(
        &mut self,
        m: M,
        product: &Product<F, L>,
        lane: usize,
        unit: usize,
    ) {
        let (width, values) = (product.tile.width, product.tile.values);
        assert!(unit + C * M::LANES <= width && lane + Q <= L);
        let mut sums = [[m.splat(F::ZERO); C]; Q];
        for &n in product.weighed.active {
            let n = n as usize;
            debug_assert!(n < product.weighed.weights.len());
            // SAFETY: `active` holds values of this tile, and the columns and lanes were checked.
            unsafe {
                let weight = product.weighed.weights.get_unchecked(n);
                let value = values.get_unchecked(n * width + unit..);
                let vectors = array!([m.splat(F::ZERO); C], |c| m.load(value.get_unchecked(c * M::LANES..)));
                for q in 0..Q {
                    let weight = m.splat(*weight.get_unchecked(lane + q));
                    for c in 0..C {
                        sums[q][c] = m.multiply_add(weight, vectors[c], sums[q][c]);
                    }
                }
            }
        }
        for q in 0..Q {
            let start = (lane + q) * width + unit;
            let factor = m.splat(product.rescale[lane + q]);
            let means = &mut self.mean[start..start + C * M::LANES];
            for (mean, sum) in means.chunks_exact_mut(M::LANES).zip(sums[q]) {
                // SAFETY: chunks of LANES numbers.
                unsafe { m.store(m.multiply_add(factor, m.load(mean), sum), mean) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use crate::machine::InLanes;
    use crate::machine::{Level, Portable, Token};
    use crate::packed::Packed;
    use crate::stored::Streamed;
    use attractor::noise::{Purpose, Stream};

    fn example(b: usize, n: usize, d: usize) -> (Stored<f32>, Array2<f32>) {
        let mut noise = Stream::new(1, Purpose::Patterns, 0);
        let values = Array2::from_shape_fn((n, d), |_| noise.normal() as f32);
        let queries = Array2::from_shape_fn((b, d), |_| noise.normal() as f32);
        (Stored::held(values, 1.0), queries)
    }

    fn job<'a>(patterns: &'a Stored<f32>, queries: ArrayView2<'a, f32>, betas: &'a [f64]) -> Job<'a, f32> {
        Job { patterns, values: Values::Own, queries, betas, form: Form::Distance }
    }

    /// The code of other machines: arrays instead of this machine's registers, and 8 lanes instead of 16 or 32.
    #[test]
    fn the_portable_kernel_gives_the_same_read() {
        /// The rounding of f32 sums in another order of fused and unfused operations.
        const ROUNDING: f32 = 1e-5;
        let (n, d, b) = (300, 37, 11);
        let (patterns, queries) = example(b, n, d);
        let betas = vec![0.2; b];
        let read = attend(&patterns, queries.view(), &betas, Form::Distance);
        let job = job(&patterns, queries.view(), &betas);
        let pass = Pass { job: &job, block: 0..b, range: 0..n, make: |lanes| Sums::new(lanes, d) };
        let parts = Portable.enter(InLanes::<_, 8>(pass));
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

    /// The best pattern is the nearest, in any tile and range, for numbers and for bits.
    #[test]
    fn the_best_pattern_is_the_nearest() {
        let mut noise = Stream::new(2, Purpose::Patterns, 0);
        for (n, d) in [(7, 5), (500, 24), (500, 40), (3000, 60), (400, 2000)] {
            let b = 20;
            let signs = Array2::from_shape_fn((n, d), |_| if noise.normal() < 0.0 { -1.0_f32 } else { 1.0 });
            let numbers = Array2::from_shape_fn((n, d), |_| noise.normal() as f32);
            let bits = Arc::new(Packed::from_signs(signs.view()));
            let packed = Stored::streamed(Streamed::new(bits.clone()), d as f64, 1.0).with_bits(bits);
            for (patterns, values) in [(packed, signs), (Stored::held(numbers.clone(), 1.0), numbers)] {
                let queries = Array2::from_shape_fn((b, d), |(q, j)| {
                    values[[q * (n - 1) / (b - 1), j]] + noise.normal() as f32
                });
                let read = attend(&patterns, queries.view(), &vec![0.7; b], Form::Distance);
                for (q, query) in queries.outer_iter().enumerate() {
                    let cost = |n: usize| -> f64 {
                        query.iter().zip(values.row(n)).map(|(z, y)| f64::from(z - y).powi(2)).sum()
                    };
                    let nearest = (0..n).min_by(|a, b| cost(*a).total_cmp(&cost(*b)));
                    assert_eq!(Some(read.best[q]), nearest, "{n} × {d}, query {q}");
                }
            }
        }
    }

    /// Wider vectors hold more queries or units, and change no sum.
    #[test]
    #[cfg(target_arch = "x86_64")]
    fn avx512_gives_the_bits_of_avx2() {
        let Level::Avx512(avx512) = Level::best() else {
            println!("skipped: this machine has no AVX-512");
            return;
        };
        for (n, d, b) in [(300, 37, 41), (150, 64, 64), (100, 10, 33), (80, 784, 45)] {
            let (patterns, queries) = example(b, n, d);
            let betas = vec![3.0 / d as f64; b];
            let job = job(&patterns, queries.view(), &betas);
            let pass = || Pass { job: &job, block: 0..b, range: 0..n, make: |lanes| Sums::new(lanes, d) };
            let bits = |parts: Vec<Part<Sums<f32>>>| -> Vec<(u64, Vec<u32>)> {
                let lanes = parts.iter().flat_map(|part| {
                    (0..part.least.len()).map(|l| {
                        let mean = &part.fold.mean[l * d..(l + 1) * d];
                        (part.fold.mass[l].to_bits(), mean.iter().map(|m| m.to_bits()).collect())
                    })
                });
                lanes.collect()
            };
            let narrow = bits(avx512.avx2().enter(InLanes::<_, 16>(pass())));
            let wide = bits(avx512.enter(InLanes::<_, 32>(pass())));
            assert_eq!(narrow, wide, "{n}×{d}, {b} queries");
            let widest = bits(avx512.enter(InLanes::<_, 64>(pass())));
            assert_eq!(narrow, widest, "{n}×{d}, {b} queries");
        }
    }
}
