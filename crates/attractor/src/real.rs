//! The two number types a state may have, `f32` and `f64`.

use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// `f32` or `f64`: the only type parameter of the library.
///
/// Times, noise levels and statistics are always `f64`. The trait is sealed.
pub trait Real:
    Copy
    + Default
    + Debug
    + Display
    + PartialEq
    + PartialOrd
    + Send
    + Sync
    + Sum
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + sealed::Kernel
    + 'static
{
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// One half.
    const HALF: Self;
    /// Unit roundoff: half the distance from 1 to the next number.
    const ROUNDOFF: f64;
    /// The largest squared norm a vector may have, far below overflow.
    const LARGEST_SQUARE: f64;
    /// The smallest spread of patterns whose squares are far from underflow.
    const SMALLEST_SPREAD: f64;
    /// The largest inverse temperature that the kernels tell from infinity.
    const LARGEST_BETA: f64;
    /// `"f32"` or `"f64"`.
    const NAME: &'static str;

    /// The nearest value of this type.
    fn of(value: f64) -> Self;
    /// The value, widened.
    fn wide(self) -> f64;
    /// Neither NaN nor infinite.
    fn is_finite(self) -> bool;
    /// Absolute value.
    fn abs(self) -> Self;
    /// Of two values, one for each number type, the one of this type: how generic code reaches what is compiled or
    /// listed for each type by itself.
    fn choose<T: PerReal>(of_f32: T::Value<f32>, of_f64: T::Value<f64>) -> T::Value<Self>;
}

/// Something that there is one of for each number type: see [`Real::choose`].
pub trait PerReal {
    /// What it is for `F`.
    type Value<F: Real>;
}

use std::ops::Range;

use crate::kernels::peak::Work;
use crate::kernels::product::{self, Task};
use crate::kernels::stream::{self, Job};
use crate::kernels::{Cut, Difference, Near, Parts, Spread, Sums};

pub(crate) mod sealed {
    use std::ops::Range;

    use crate::kernels::machine::Machine;
    use crate::kernels::peak::Work;
    use crate::kernels::product::Task;
    use crate::kernels::stream::Job;
    use crate::kernels::{Cut, Difference, Near, Parts, Spread, Sums};

    /// Constants of the exponential.
    pub struct Exp<F: 'static> {
        /// Of the polynomial, highest power first.
        pub coefficients: &'static [F],
        /// 1.5 · 2^mantissa: adding it rounds to a whole number.
        pub magic: F,
        /// Below this it is 0.
        pub lowest: F,
        /// 1/ln 2.
        pub log2_e: F,
        /// ln 2 in two parts, and their signs turned.
        pub minus_ln2: [F; 2],
    }

    /// What the kernels need of a number; hidden, so that no other type can be a `Real`.
    pub trait Kernel: Copy + 'static {
        /// Vectors without any particular instruction set.
        type Portable: Machine<Self>;
        /// Vectors with AVX2 and fused multiply-add.
        #[cfg(target_arch = "x86_64")]
        type Avx2: Machine<Self>;
        /// Vectors with AVX-512.
        #[cfg(target_arch = "x86_64")]
        type Avx512: Machine<Self>;
        /// [`tile`](crate::kernels::dots::tile) at its best on this machine. This and the next two are
        /// not generic, so that the kernels are compiled once, in this crate.
        fn tile(rows: &[Self], dim: usize, packed: &[[Self; 8]], out: &mut [[Self; 8]]);
        /// One range of patterns past one block of queries, read for the mean of the job's values.
        fn attend(job: &Job<Self>, block: Range<usize>, range: Range<usize>) -> Parts<Sums<Self>>;
        /// The same for the posterior, with its best `top`.
        fn posterior(job: &Job<Self>, block: Range<usize>, range: Range<usize>, top: usize) -> Parts<Spread>;
        /// The same for the patterns that are near.
        fn near<'a>(
            job: &Job<Self>,
            block: Range<usize>,
            range: Range<usize>,
            cut: Cut<'a>,
        ) -> Parts<Near<'a>>;
        /// ½‖state − y_n‖² of some rows `which` of `values`.
        fn half_squares(values: &[Self], which: &[u32], state: &[Self], out: &mut Vec<f64>);
        /// Sums of a difference over units, of some rows with one pack of queries.
        fn pairs(
            difference: Difference,
            rows: [&[Self]; 2],
            queries: [&[[Self; 16]]; 2],
            out: &mut [[f64; 16]],
        );
        /// Some rows of a matrix product.
        fn product(task: &Task<Self>, out: &mut [Self]);
        /// One kind of work alone.
        fn exert(work: &Work<Self>) -> f64;
        /// `sum += weight · value`.
        fn add_scaled(weight: f64, value: &[Self], sum: &mut [f64]);
        /// `self · a + b`, in one rounding where `fused`.
        fn multiply_add(self, a: Self, b: Self, fused: bool) -> Self;
        /// What the exponential is made of: see [`exp_negative`](Kernel::exp_negative).
        const EXP: Exp<Self>;
        /// `exp(self)` for `self ≤ 0`, exactly 0 below the smallest normal number; with fused
        /// multiply-adds where the machine has them.
        fn exp_negative(self, fused: bool) -> Self;
        /// `ln(self)` of a positive normal number.
        fn ln_positive(self, fused: bool) -> Self;
    }
}

macro_rules! real {
    ($type:ident, |$of_f32:ident, $of_f64:ident| $choice:expr, $bits:ident, $wide:literal, $square:literal, $beta:literal, $smallest:literal, $name:literal,
     $magic:literal, $mantissa:literal, $bias:literal, $lowest:literal,
     $ln2_high:literal, $ln2_low:literal, $polynomial:expr, $signed:ident, $series:expr) => {
        impl Real for $type {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const HALF: Self = 0.5;
            const ROUNDOFF: f64 = $type::EPSILON as f64 / 2.0;
            const LARGEST_SQUARE: f64 = $square;
            const SMALLEST_SPREAD: f64 = $smallest;
            const LARGEST_BETA: f64 = $beta;
            const NAME: &'static str = $name;

            #[inline(always)]
            fn of(value: f64) -> Self {
                value as $type
            }
            #[inline(always)]
            fn wide(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $type::is_finite(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $type::abs(self)
            }
            #[inline(always)]
            fn choose<T: PerReal>($of_f32: T::Value<f32>, $of_f64: T::Value<f64>) -> T::Value<Self> {
                $choice
            }
        }

        impl sealed::Kernel for $type {
            type Portable = crate::kernels::machine::Portable;
            #[cfg(target_arch = "x86_64")]
            type Avx2 = crate::kernels::machine::Avx2;
            #[cfg(target_arch = "x86_64")]
            type Avx512 = crate::kernels::machine::Avx512;

            #[inline(never)]
            fn tile(rows: &[Self], dim: usize, packed: &[[Self; 8]], out: &mut [[Self; 8]]) {
                crate::kernels::dots::tile_at_best::<Self, 8>(rows, dim, packed, out);
            }
            #[inline(never)]
            fn attend(job: &Job<Self>, block: Range<usize>, range: Range<usize>) -> Parts<Sums<Self>> {
                let width = job.width();
                stream::pass_at_best::<Self, _, $wide, { 2 * $wide }, { 4 * $wide }>(
                    job,
                    block,
                    range,
                    &|lanes| Sums::new(lanes, width),
                )
            }
            #[inline(never)]
            fn posterior(
                job: &Job<Self>,
                block: Range<usize>,
                range: Range<usize>,
                top: usize,
            ) -> Parts<Spread> {
                stream::pass_at_best::<Self, _, $wide, { 2 * $wide }, { 4 * $wide }>(
                    job,
                    block,
                    range,
                    &|lanes| Spread::new(lanes, top),
                )
            }

            #[inline(never)]
            fn near<'a>(
                job: &Job<Self>,
                block: Range<usize>,
                range: Range<usize>,
                cut: Cut<'a>,
            ) -> Parts<Near<'a>> {
                let room = range.len() / 4 * 3;
                stream::pass_at_best::<Self, _, $wide, { 2 * $wide }, { 4 * $wide }>(
                    job,
                    block,
                    range,
                    &|lanes| Near::new(lanes, cut, room),
                )
            }

            #[inline(never)]
            fn half_squares(values: &[Self], which: &[u32], state: &[Self], out: &mut Vec<f64>) {
                crate::kernels::half_squares(values, which, state, out);
            }

            #[inline(never)]
            fn pairs(
                difference: Difference,
                rows: [&[Self]; 2],
                queries: [&[[Self; 16]]; 2],
                out: &mut [[f64; 16]],
            ) {
                crate::kernels::pairs::at_best::<Self>(difference, rows, queries, out);
            }

            #[inline(never)]
            fn product(task: &Task<Self>, out: &mut [Self]) {
                product::at_best(task, out);
            }

            #[inline(never)]
            fn exert(work: &Work<Self>) -> f64 {
                crate::kernels::peak::at_best(work)
            }

            #[inline(never)]
            fn add_scaled(weight: f64, value: &[Self], sum: &mut [f64]) {
                crate::kernels::pairs::add_scaled::<Self>(weight, value, sum);
            }

            #[inline(always)]
            fn multiply_add(self, a: Self, b: Self, fused: bool) -> Self {
                if fused { self.mul_add(a, b) } else { self * a + b }
            }

            const EXP: sealed::Exp<Self> = sealed::Exp {
                coefficients: &$polynomial,
                magic: $magic,
                lowest: $lowest,
                log2_e: std::$type::consts::LOG2_E,
                minus_ln2: [-$ln2_high, -$ln2_low],
            };

            // exp(x) = 2^k · exp(r), k = round(x / ln 2): adding 1.5 · 2^mantissa rounds to an
            // integer and leaves k in the low bits, ready to be shifted into the exponent; exp(r)
            // is its Taylor polynomial on |r| ≤ ln 2 / 2. Straight-line code, so that a loop over
            // lanes becomes vector instructions.
            #[inline(always)]
            fn exp_negative(self, fused: bool) -> Self {
                let fma = |a: $type, b: $type, c: $type| a.multiply_add(b, c, fused);
                let x = if self < $lowest { $lowest } else { self };
                let shifted = fma(x, std::$type::consts::LOG2_E, $magic);
                let k = shifted - $magic;
                let r = fma(k, -$ln2_low, fma(k, -$ln2_high, x));
                let coefficients = <Self as sealed::Kernel>::EXP.coefficients;
                let mut p = coefficients[0];
                for &c in &coefficients[1..] {
                    p = fma(p, r, c);
                }
                let power = $type::from_bits((shifted.to_bits() << $mantissa).wrapping_add($bias));
                if self < $lowest { 0.0 } else { p * power }
            }

            // x = 2^k · m with m in [√½, √2): ln m = 2 artanh(s) of s = (m − 1)/(m + 1), by its series.
            #[inline(always)]
            fn ln_positive(self, fused: bool) -> Self {
                let fma = |a: $type, b: $type, c: $type| a.multiply_add(b, c, fused);
                let root = std::$type::consts::FRAC_1_SQRT_2.to_bits();
                let k = (self.to_bits().wrapping_sub(root) as $signed) >> $mantissa;
                let m = $type::from_bits(self.to_bits().wrapping_sub((k << $mantissa) as $bits));
                // k as a number: the low bits of one that is large enough to have whole steps.
                const OFFSET: $signed = 1 << ($mantissa - 1);
                let whole = ((1 as $bits) << $mantissa) as $type;
                let k = $type::from_bits(whole.to_bits().wrapping_add((k + OFFSET) as $bits))
                    - (whole + OFFSET as $type);
                let s = (m - 1.0) / (m + 1.0);
                let square = s * s;
                const COEFFICIENTS: &[$type] = &$series;
                let mut p = COEFFICIENTS[0];
                for &c in &COEFFICIENTS[1..] {
                    p = fma(p, square, c);
                }
                fma(k, $ln2_high, fma(k, $ln2_low, 2.0 * s * p))
            }
        }
    };
}

// The polynomials end where the next term of exp on |r| ≤ 0.3466 is below a quarter of the unit
// roundoff: r^8/8! = 5.2e-9 for f32, r^14/14! = 4.1e-18 for f64; and those of artanh on |s| ≤ 0.1716
// likewise: s^10/11 = 2.0e-9, s^22/23 = 6.2e-19.
real!(
    f32,
    |of_f32, _of_f64| of_f32,
    u32,
    16,
    1e37,
    1e30,
    1e-12,
    "f32",
    12_582_912.0,
    23,
    0x3f80_0000,
    -87.0,
    0.693_359_4,
    -2.121_944_4e-4,
    [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0],
    i32,
    [1.0 / 9.0, 1.0 / 7.0, 1.0 / 5.0, 1.0 / 3.0, 1.0]
);
real!(
    f64,
    |_of_f32, of_f64| of_f64,
    u64,
    8,
    1e100,
    1e200,
    1e-90,
    "f64",
    6_755_399_441_055_744.0,
    52,
    0x3ff0_0000_0000_0000,
    -708.0,
    0.693_147_180_369_123_8,
    1.908_214_929_270_587_7e-10,
    [
        1.0 / 6_227_020_800.0,
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0
    ],
    i64,
    [
        1.0 / 21.0,
        1.0 / 19.0,
        1.0 / 17.0,
        1.0 / 15.0,
        1.0 / 13.0,
        1.0 / 11.0,
        1.0 / 9.0,
        1.0 / 7.0,
        1.0 / 5.0,
        1.0 / 3.0,
        1.0
    ]
);

#[cfg(test)]
mod tests {
    use super::sealed::Kernel;

    /// Rounding of the scaled polynomial and of its argument reduction, in units in the last place.
    const ULPS: f64 = 4.0;

    #[test]
    fn ln_is_the_library_ln() {
        for i in 0..200_000 {
            let x = (f64::from(i - 100_000) / 3_000.0).exp();
            for fused in [true, false] {
                // Relative, or near 1 in units of what was subtracted from 1.
                let error = (x.ln_positive(fused) - x.ln()).abs() / x.ln().abs().max(f64::MIN_POSITIVE);
                assert!(error < ULPS * f64::EPSILON, "ln({x}) is off by {error:e}");
                let narrow = x as f32;
                let exact = f64::from(narrow).ln();
                let error = (f64::from(narrow.ln_positive(fused)) - exact).abs();
                assert!(
                    error <= ULPS * f64::from(f32::EPSILON) * exact.abs(),
                    "ln({narrow}) is off by {error:e}"
                );
            }
        }
        assert_eq!(1.0_f64.ln_positive(true), 0.0);
    }

    #[test]
    fn exp_is_the_library_exp() {
        for i in 0..200_000 {
            let x = -708.0 * f64::from(i) / 200_000.0;
            let relative = (x.exp_negative(true) / x.exp() - 1.0).abs();
            assert!(relative < ULPS * f64::EPSILON, "exp({x}) is off by {relative:e}");
            let relative = (x.exp_negative(false) / x.exp() - 1.0).abs();
            assert!(relative < ULPS * f64::EPSILON, "unfused exp({x}) is off by {relative:e}");
            let x = -87.0 * i as f32 / 200_000.0;
            let relative = (f64::from(x.exp_negative(true)) / f64::from(x).exp() - 1.0).abs();
            assert!(relative < ULPS * f64::from(f32::EPSILON), "exp({x}) is off by {relative:e}");
        }
        assert_eq!((-1e6_f32).exp_negative(true), 0.0);
        assert_eq!(f64::NEG_INFINITY.exp_negative(true), 0.0);
        assert_eq!(0.0_f32.exp_negative(true), 1.0);
    }
}
