//! The two number types a state may have, `f32` and `f64`.

use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// `f32` or `f64`. This is the only type parameter of the library.
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
    + sealed::Sealed
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
    /// The largest inverse temperature that the kernels distinguish from infinity.
    const LARGEST_BETA: f64;
    /// `"f32"` or `"f64"`.
    const NAME: &'static str;

    /// The nearest value of this type.
    fn from_f64(value: f64) -> Self;
    /// The value, widened.
    fn to_f64(self) -> f64;
    /// Whether the value is neither NaN nor infinite.
    fn is_finite(self) -> bool;
    /// Absolute value.
    fn abs(self) -> Self;
    /// Chooses, from one value for each number type, the one of this type. Generic code uses it to reach what is
    /// compiled or listed separately for each type.
    fn choose<T: PerReal>(of_f32: T::Value<f32>, of_f64: T::Value<f64>) -> T::Value<Self>;

    /// `self · a + b`, rounded once if `fused`.
    #[doc(hidden)]
    fn multiply_add(self, a: Self, b: Self, fused: bool) -> Self;
    /// The constants of the exponential: see [`exp_negative`](Real::exp_negative).
    #[doc(hidden)]
    const EXP: Exp<Self>;
    /// `exp(self)` for `self ≤ 0`, exactly 0 below the smallest normal number. Uses fused multiply-adds if the
    /// machine has them.
    #[doc(hidden)]
    fn exp_negative(self, fused: bool) -> Self;
    /// `ln(self)` of a positive normal number.
    #[doc(hidden)]
    fn ln_positive(self, fused: bool) -> Self;
}

/// A family with one type for each number type: see [`Real::choose`].
pub trait PerReal {
    /// The type for `F`.
    type Value<F: Real>;
}

mod sealed {
    /// Hidden, so that no other type can be a `Real`.
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// The constants of the exponential.
#[doc(hidden)]
pub struct Exp<F: 'static> {
    /// The coefficients of the polynomial, highest power first.
    pub coefficients: &'static [F],
    /// 1.5 · 2^mantissa: adding it rounds to a whole number.
    pub magic: F,
    /// Below this the exponential is 0.
    pub lowest: F,
    /// 1/ln 2.
    pub log2_e: F,
    /// −ln 2, as the sum of two parts.
    pub minus_ln2: [F; 2],
}

macro_rules! real {
    ($type:ident {
        name: $name:literal,
        choose: |$of_f32:ident, $of_f64:ident| $choice:expr,
        largest_square: $square:literal,
        smallest_spread: $smallest:literal,
        largest_beta: $beta:literal,
        bits: $bits:ident,
        signed_bits: $signed:ident,
        mantissa: $mantissa:literal,
        one_in_bits: $one:literal,
        magic: $magic:literal,
        lowest_exponent: $lowest:literal,
        ln2: $ln2_high:literal + $ln2_low:literal,
        exponential: $polynomial:expr,
        logarithm: $series:expr,
    }) => {
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
            fn from_f64(value: f64) -> Self {
                value as $type
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
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

            #[inline(always)]
            fn multiply_add(self, a: Self, b: Self, fused: bool) -> Self {
                if fused { self.mul_add(a, b) } else { self * a + b }
            }

            const EXP: Exp<Self> = Exp {
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
                let coefficients = <Self as Real>::EXP.coefficients;
                let mut p = coefficients[0];
                for &c in &coefficients[1..] {
                    p = fma(p, r, c);
                }
                let power = $type::from_bits((shifted.to_bits() << $mantissa).wrapping_add($one));
                if self < $lowest { 0.0 } else { p * power }
            }

            // x = 2^k · m with m in [√½, √2): ln m = 2 artanh(s) of s = (m − 1)/(m + 1), by its series.
            #[inline(always)]
            fn ln_positive(self, fused: bool) -> Self {
                let fma = |a: $type, b: $type, c: $type| a.multiply_add(b, c, fused);
                let root = std::$type::consts::FRAC_1_SQRT_2.to_bits();
                let k = (self.to_bits().wrapping_sub(root) as $signed) >> $mantissa;
                let m = $type::from_bits(self.to_bits().wrapping_sub((k << $mantissa) as $bits));
                // k as a number, from the low bits of a number so large that its steps are whole numbers.
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
real!(f32 {
    name: "f32",
    choose: |of_f32, _of_f64| of_f32,
    largest_square: 1e37,
    smallest_spread: 1e-12,
    largest_beta: 1e30,
    bits: u32,
    signed_bits: i32,
    mantissa: 23,
    one_in_bits: 0x3f80_0000,
    magic: 12_582_912.0,
    lowest_exponent: -87.0,
    ln2: 0.693_359_4 + -2.121_944_4e-4,
    exponential: [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0],
    logarithm: [1.0 / 9.0, 1.0 / 7.0, 1.0 / 5.0, 1.0 / 3.0, 1.0],
});
real!(f64 {
    name: "f64",
    choose: |_of_f32, of_f64| of_f64,
    largest_square: 1e100,
    smallest_spread: 1e-90,
    largest_beta: 1e200,
    bits: u64,
    signed_bits: i64,
    mantissa: 52,
    one_in_bits: 0x3ff0_0000_0000_0000,
    magic: 6_755_399_441_055_744.0,
    lowest_exponent: -708.0,
    ln2: 0.693_147_180_369_123_8 + 1.908_214_929_270_587_7e-10,
    exponential: [
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
        1.0,
    ],
    logarithm: [
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
        1.0,
    ],
});

/// A kernel's entry point: a function that is generic over [`Real`] but compiled once, in this crate, for any number
/// of callers.
///
/// `entry! { fn name<F: Real>(argument: Type<F>, …) -> Result<F> { … } }` makes two functions that are not generic,
/// one for each number type, and a generic one that only chooses between them. In the body `F` is a name for `f32` or
/// `f64`.
macro_rules! entry {
    (
        $(#[$attribute:meta])*
        $visibility:vis fn $name:ident<$($life:lifetime,)* $real:ident: Real>($($argument:ident: $type:ty),* $(,)?)
            $(-> $result:ty)? $body:block
    ) => {
        $(#[$attribute])*
        #[inline]
        $visibility fn $name<$($life,)* $real: $crate::real::Real>($($argument: $type),*) $(-> $result)? {
            struct Compiled;
            impl $crate::real::PerReal for Compiled {
                type Value<$real: $crate::real::Real> = for<$($life),*> fn($($type),*) $(-> $result)?;
            }
            <$real>::choose::<Compiled>($name::single::compiled, $name::double::compiled)($($argument),*)
        }

        mod $name {
            $crate::real::entry!(@one f32 single [$($life),*] $real ($($argument: $type),*) [$(-> $result)?] $body);
            $crate::real::entry!(@one f64 double [$($life),*] $real ($($argument: $type),*) [$(-> $result)?] $body);
        }
    };
    (
        @one $type:ident $name:ident [$($life:lifetime),*] $real:ident ($($argument:ident: $of:ty),*)
            [$($result:tt)*] $body:block
    ) => {
        pub mod $name {
            #[allow(unused_imports, reason = "not every body uses what its module imports")]
            use super::super::*;

            type $real = $type;

            #[inline(never)]
            pub fn compiled<$($life),*>($($argument: $of),*) $($result)* $body
        }
    };
}
pub(crate) use entry;

#[cfg(test)]
mod tests {
    use super::Real;

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
