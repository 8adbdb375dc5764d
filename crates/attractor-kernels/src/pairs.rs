//! Distances and divergences of all pairs, as sums over units of a difference between a query and a row.
//!
//! Differences are taken unit by unit and not from dot products. So nearly equal vectors keep their digits, and equal
//! vectors have distance exactly 0. Queries lie side by side in lanes. Units are summed in blocks of 64 in the number
//! type of the data, and blocks in `f64`.

use std::marker::PhantomData;
use std::ops::Range;

use ndarray::{Array2, ArrayView2, Axis, concatenate, s};

use crate::dots::BLOCK;
use crate::machine::{Level, Machine, On, array};
use crate::real::{Real, entry};
use crate::threads;

/// The term that one unit adds to a pair's sum, for a row x and a query z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// (x − z)²
    Square,
    /// |x − z|
    Absolute,
    /// x (ln x − ln z), given both logarithms: the sum is KL(x‖z).
    Relative,
    /// z (ln z − ln x): the sum is KL(z‖x).
    Reverse,
    /// m ln m with m = (x + z)/2 > 0.
    Mixture,
    /// k (x − z)², in which the logarithms of the query are a mask k of 0 and 1 instead: the distance over known units.
    Known,
}

/// Rows or queries: their values, and their logarithms if a difference needs them.
#[derive(Clone, Copy, Debug)]
pub struct Operand<'a, F> {
    /// The values, one vector in each row.
    pub values: ArrayView2<'a, F>,
    /// Their logarithms. If none are needed, the values again.
    pub logarithms: ArrayView2<'a, F>,
}

impl<'a, F> Operand<'a, F> {
    /// Values without logarithms.
    pub fn plain(values: ArrayView2<'a, F>) -> Self {
        Operand { values, logarithms: values }
    }
}

/// The number of queries side by side.
const LANES: usize = 16;
/// The number of rows in a task.
const RANGE: usize = 512;

entry! {
    /// The sum over units of a difference, for each query (row of the result) and each row (column).
    ///
    /// Cost: B·N·D differences.
    ///
    /// ```
    /// use attractor::kernels::{Difference, Operand, pairs};
    /// use ndarray::array;
    /// let (x, z) = (array![[0.0_f64, 3.0], [1.0, 1.0]], array![[0.0, 1.0]]);
    /// let sums = pairs(Difference::Square, Operand::plain(z.view()), Operand::plain(x.view()));
    /// assert_eq!(sums, array![[4.0, 1.0]]);
    /// ```
    ///
    /// # Panics
    /// If the widths differ.
    pub fn pairs<F: Real>(difference: Difference, queries: Operand<F>, rows: Operand<F>) -> Array2<f64> {
        let (b, n, dim) = (queries.values.nrows(), rows.values.nrows(), rows.values.ncols());
        assert_eq!(queries.values.ncols(), dim, "queries and rows must have the same number of units");
        let mut result = Array2::zeros((b, n));
        if b == 0 || n == 0 || dim == 0 {
            return result;
        }
        let pack = |of: ArrayView2<F>| -> Vec<Vec<[F; LANES]>> {
            let packed = |first: usize| {
                (0..dim).map(|k| std::array::from_fn(|lane| of[[(first + lane).min(b - 1), k]])).collect()
            };
            (0..b).step_by(LANES).map(packed).collect()
        };
        let values = pack(queries.values);
        let with_logarithms = matches!(difference, Difference::Relative | Difference::Reverse | Difference::Known);
        let logarithms = if with_logarithms { pack(queries.logarithms) } else { Vec::new() };
        let (row_values, row_logarithms) =
            (rows.values.as_standard_layout(), rows.logarithms.as_standard_layout());
        let ranges = n.div_ceil(RANGE);
        let blocks = threads::map(values.len() * ranges, 3.0 * (b * n * dim) as f64, |task| {
            let (p, from) = (task / ranges, task % ranges * RANGE);
            let part = s![from..n.min(from + RANGE), ..];
            let (x, lx) = (row_values.slice(part), row_logarithms.slice(part));
            let mut sums = vec![[0.0; LANES]; x.nrows()];
            some_pairs(
                difference,
                [x.to_slice().expect("row-major"), lx.to_slice().expect("row-major")],
                [&values[p], logarithms.get(p).unwrap_or(&values[p])],
                &mut sums,
            );
            sums
        });
        for (task, sums) in blocks.into_iter().enumerate() {
            let (first, from) = (task / ranges * LANES, task % ranges * RANGE);
            for (n, lanes) in sums.iter().enumerate() {
                for (lane, &sum) in lanes.iter().enumerate().take(b - first) {
                    result[[first + lane, from + n]] = sum;
                }
            }
        }
        result
    }
}

/// The term of a [`Difference`], known at compile time, for vectors of rows x and queries z.
trait Term<F: Real> {
    fn of<M: Machine<F>>(m: M, x: [M::Vector; 2], z: [M::Vector; 2]) -> M::Vector;
}

macro_rules! terms {
    ($($name:ident($m:ident, [$x:ident, $log_x:ident], [$z:ident, $log_z:ident]) $formula:expr;)*) => {$(
        struct $name;
        impl<F: Real> Term<F> for $name {
            #[inline(always)]
            fn of<M: Machine<F>>($m: M, [$x, $log_x]: [M::Vector; 2], [$z, $log_z]: [M::Vector; 2]) -> M::Vector {
                $formula
            }
        }
    )*};
}
terms! {
    Square(m, [x, _l], [z, _k]) m.mul(m.sub(x, z), m.sub(x, z));
    Absolute(m, [x, _l], [z, _k]) m.max(m.sub(x, z), m.sub(z, x));
    Relative(m, [x, log_x], [_z, log_z]) m.mul(x, m.sub(log_x, log_z));
    Reverse(m, [_x, log_x], [z, log_z]) m.mul(z, m.sub(log_z, log_x));
    KnownSquare(m, [x, _l], [z, known]) m.mul(known, m.mul(m.sub(x, z), m.sub(x, z)));
}

entry! {
    /// All pairs of some rows with one pack of queries, in the best instructions of this machine.
    fn some_pairs<F: Real>(
        difference: Difference,
        rows: [&[F]; 2],
        queries: [&[[F; LANES]]; 2],
        out: &mut [[f64; LANES]],
    ) {
        match difference {
            Difference::Square => Level::best().run::<F, _, _>(Block::<F, Square>::new(rows, queries, out)),
            Difference::Absolute => Level::best().run::<F, _, _>(Block::<F, Absolute>::new(rows, queries, out)),
            Difference::Relative => Level::best().run::<F, _, _>(Block::<F, Relative>::new(rows, queries, out)),
            Difference::Reverse => Level::best().run::<F, _, _>(Block::<F, Reverse>::new(rows, queries, out)),
            Difference::Known => Level::best().run::<F, _, _>(Block::<F, KnownSquare>::new(rows, queries, out)),
            Difference::Mixture => Level::best().run::<F, _, _>(Mixture { rows: rows[0], queries: queries[0], out }),
        }
    }
}

/// Some rows with one pack of queries, for one difference.
struct Block<'a, F, T> {
    rows: [&'a [F]; 2],
    queries: [&'a [[F; LANES]]; 2],
    out: &'a mut [[f64; LANES]],
    term: PhantomData<T>,
}

impl<'a, F, T> Block<'a, F, T> {
    fn new(rows: [&'a [F]; 2], queries: [&'a [[F; LANES]]; 2], out: &'a mut [[f64; LANES]]) -> Self {
        Block { rows, queries, out, term: PhantomData }
    }
}

impl<F: Real, T: Term<F>, M: Machine<F>> On<M, ()> for Block<'_, F, T> {
    #[inline(always)]
    fn run(self, m: M) {
        // Eight sums in registers hide the latency of an addition.
        if M::LANES == LANES {
            self.all::<M, 8, 1>(m);
        } else if 2 * M::LANES == LANES {
            self.all::<M, 4, 2>(m);
        } else {
            self.all::<M, 2, 4>(m);
        }
    }
}

impl<F: Real, T: Term<F>> Block<'_, F, T> {
    /// `R` rows at a time, with all lanes in `V` vectors.
    #[inline(always)]
    fn all<M: Machine<F>, const R: usize, const V: usize>(self, m: M) {
        let dim = self.queries[0].len();
        assert!(self.queries[1].len() == dim && self.rows.iter().all(|r| r.len() == self.out.len() * dim));
        let whole = self.out.len() / R * R;
        for from in (0..dim).step_by(BLOCK) {
            let units = from..dim.min(from + BLOCK);
            for n in (0..whole).step_by(R) {
                block::<F, T, M, R, V>(m, self.rows, self.queries, n, units.clone(), &mut self.out[n..n + R]);
            }
            for n in whole..self.out.len() {
                block::<F, T, M, 1, V>(m, self.rows, self.queries, n, units.clone(), &mut self.out[n..n + 1]);
            }
        }
    }
}

/// `R` rows from the n-th on, with all lanes in `V` vectors, over one block of units.
#[inline(always)]
fn block<F: Real, T: Term<F>, M: Machine<F>, const R: usize, const V: usize>(
    m: M,
    rows: [&[F]; 2],
    queries: [&[[F; LANES]]; 2],
    n: usize,
    units: Range<usize>,
    out: &mut [[f64; LANES]],
) {
    let dim = queries[0].len();
    assert!(V * M::LANES == LANES && out.len() == R && units.end <= dim);
    assert!(rows.iter().all(|rows| rows.len() >= (n + R) * dim) && queries[1].len() == dim);
    let zero = m.splat(F::ZERO);
    let mut sums = [[zero; V]; R];
    for k in units {
        // SAFETY: unit k of rows n to n + R and of the queries, as checked above; LANES numbers are V vectors.
        unsafe {
            let z = array!([[zero; V]; 2], |kind| {
                let query = queries[kind].get_unchecked(k);
                array!([zero; V], |v| m.load(&query[v * M::LANES..]))
            });
            for r in 0..R {
                let x = array!([zero; 2], |kind| m.splat(*rows[kind].get_unchecked((n + r) * dim + k)));
                for v in 0..V {
                    sums[r][v] = m.add(sums[r][v], T::of(m, x, [z[0][v], z[1][v]]));
                }
            }
        }
    }
    for r in 0..R {
        let mut sum = [F::ZERO; LANES];
        for v in 0..V {
            // SAFETY: V vectors are LANES numbers.
            unsafe { m.store(sums[r][v], &mut sum[v * M::LANES..]) };
        }
        for lane in 0..LANES {
            out[r][lane] += sum[lane].to_f64();
        }
    }
}

/// Some rows with one pack of queries, for the entropy of their means.
struct Mixture<'a, F> {
    rows: &'a [F],
    queries: &'a [[F; LANES]],
    out: &'a mut [[f64; LANES]],
}

impl<F: Real, M: Machine<F>> On<M, ()> for Mixture<'_, F> {
    /// Most of the time goes into the logarithm, which the compiler finds the vectors of.
    #[inline(always)]
    fn run(self, _m: M) {
        let dim = self.queries.len();
        for (row, out) in self.rows.chunks_exact(dim).zip(self.out) {
            for (units, queries) in row.chunks(BLOCK).zip(self.queries.chunks(BLOCK)) {
                let mut sums = [F::ZERO; LANES];
                for (&x, z) in units.iter().zip(queries) {
                    for lane in 0..LANES {
                        let mean = F::HALF * (x + z[lane]);
                        sums[lane] += mean * mean.ln_positive(M::FMA);
                    }
                }
                for lane in 0..LANES {
                    out[lane] += sums[lane].to_f64();
                }
            }
        }
    }
}

entry! {
    /// Σ_n w_n v_n for each row of weights (B × N) over values (N × D), in `f64` and in the order of n. Values with
    /// weight 0 cost nothing.
    ///
    /// # Panics
    /// If there is not one value for each weight.
    pub fn weighted_sums<F: Real>(weights: ArrayView2<f64>, values: ArrayView2<F>) -> Array2<f64> {
        assert_eq!(weights.ncols(), values.nrows(), "there must be one value a weight");
        let values = values.as_standard_layout();
        let width = values.ncols();
        let b = weights.nrows();
        /// The number of sums that stay in the cache while values are read.
        const GROUP: usize = 8;
        let groups = threads::map(b.div_ceil(GROUP), 2.0 * (weights.len() * width) as f64, |group| {
            let rows = group * GROUP..b.min((group + 1) * GROUP);
            let mut sums = Array2::zeros((rows.len(), width));
            for (n, value) in values.outer_iter().enumerate() {
                let value = value.to_slice().expect("row-major");
                for (row, mut sum) in rows.clone().zip(sums.outer_iter_mut()) {
                    let weight = weights[[row, n]];
                    if weight != 0.0 {
                        add_scaled(weight, value, sum.as_slice_mut().expect("row-major"));
                    }
                }
            }
            sums
        });
        let views: Vec<_> = groups.iter().map(|sums| sums.view()).collect();
        if views.is_empty() {
            return Array2::zeros((b, width));
        }
        concatenate(Axis(0), &views).expect("equal widths")
    }
}

entry! {
    /// `sum += weight · value`.
    pub fn add_scaled<F: Real>(weight: f64, value: &[F], sum: &mut [f64]) {
        Level::best().run_narrow::<F, _, _>(AddScaled { weight, value, sum });
    }
}

/// A pattern in [`signed_sums`].
pub struct SignedTerm<'a, F> {
    /// The weight of the values in all units.
    pub even: f64,
    /// The values.
    pub values: &'a [F],
    /// The weight of the products in units that are not negative. In others it has the other sign.
    pub odd: f64,
    /// The products.
    pub products: &'a [F],
}

entry! {
    /// Σ even · values − sign(v) Σ odd · products of each unit, in `f64` and in the order of the terms.
    ///
    /// # Panics
    /// If a term has fewer units than there are.
    pub fn signed_sums<'a, F: Real>(terms: &[SignedTerm<'a, F>], units: &[F], sums: &mut [f64]) {
        Level::best().run_narrow::<F, _, _>(SignedSums { terms, units, sums });
    }
}

/// The arguments of [`signed_sums`].
struct SignedSums<'a, 'b, F> {
    terms: &'a [SignedTerm<'b, F>],
    units: &'a [F],
    sums: &'a mut [f64],
}

impl<F: Real, M: Machine<F>> On<M, ()> for SignedSums<'_, '_, F> {
    #[inline(always)]
    fn run(self, _m: M) {
        /// The number of sums that stay in registers.
        const SOME: usize = 16;
        let SignedSums { terms, units, sums } = self;
        let (whole, rest) = sums.as_chunks_mut::<SOME>();
        for (k, sums) in whole.iter_mut().enumerate() {
            *sums = some_signed::<F, SOME>(terms, units, k * SOME);
        }
        for (sum, k) in rest.iter_mut().zip(whole.len() * SOME..) {
            [*sum] = some_signed::<F, 1>(terms, units, k);
        }
    }
}

#[inline(always)]
fn some_signed<F: Real, const N: usize>(terms: &[SignedTerm<F>], units: &[F], from: usize) -> [f64; N] {
    let some = |numbers: &[F]| -> [F; N] { *numbers[from..].first_chunk().expect("as many units") };
    let (mut even, mut odd) = ([0.0; N], [0.0; N]);
    for term in terms {
        let (values, products) = (some(term.values), some(term.products));
        for k in 0..N {
            even[k] += term.even * values[k].to_f64();
            odd[k] += term.odd * products[k].to_f64();
        }
    }
    let units = some(units);
    for k in 0..N {
        even[k] = if units[k] < F::ZERO { even[k] + odd[k] } else { even[k] - odd[k] };
    }
    even
}

/// The arguments of [`add_scaled`].
struct AddScaled<'a, F> {
    weight: f64,
    value: &'a [F],
    sum: &'a mut [f64],
}

impl<F: Real, M: Machine<F>> On<M, ()> for AddScaled<'_, F> {
    #[inline(always)]
    fn run(self, _m: M) {
        self.sum.iter_mut().zip(self.value).for_each(|(sum, v)| *sum += self.weight * v.to_f64());
    }
}
