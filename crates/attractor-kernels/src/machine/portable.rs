//! Portable code for any machine: vectors as arrays, and one number at a time.

use super::{Machine, On, Token};
use crate::real::Real;

/// Any machine, with arrays as vectors. `FMA` if every machine of the target has it (aarch64).
#[derive(Clone, Copy, Debug)]
pub struct Portable;

impl Token for Portable {
    #[inline(never)]
    fn enter<R, T: On<Self, R>>(self, work: T) -> R {
        work.run(self)
    }
}

macro_rules! portable {
    ($type:ident { lanes: $lanes:literal, mantissa: $mantissa:literal, one_in_bits: $one:literal }) => {
        impl Machine<$type> for Portable {
            type Vector = [$type; $lanes];
            const LANES: usize = $lanes;
            const REGISTERS: usize = 16;
            const FMA: bool = cfg!(target_arch = "aarch64");

            #[inline(always)]
            fn splat(self, value: $type) -> Self::Vector {
                [value; $lanes]
            }
            #[inline(always)]
            unsafe fn load(self, from: &[$type]) -> Self::Vector {
                debug_assert!(from.len() >= $lanes);
                // SAFETY: `from` holds LANES numbers, as the caller promises.
                unsafe { from.as_ptr().cast::<Self::Vector>().read_unaligned() }
            }
            #[inline(always)]
            unsafe fn store(self, vector: Self::Vector, to: &mut [$type]) {
                debug_assert!(to.len() >= $lanes);
                // SAFETY: `to` has room for LANES numbers, as the caller promises.
                unsafe { to.as_mut_ptr().cast::<Self::Vector>().write_unaligned(vector) }
            }
            #[inline(always)]
            fn multiply_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
                std::array::from_fn(|l| {
                    if cfg!(target_arch = "aarch64") { a[l].mul_add(b[l], c[l]) } else { a[l] * b[l] + c[l] }
                })
            }
            #[inline(always)]
            fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                std::array::from_fn(|l| a[l] + b[l])
            }
            #[inline(always)]
            fn sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                std::array::from_fn(|l| a[l] - b[l])
            }
            #[inline(always)]
            fn mul(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                std::array::from_fn(|l| a[l] * b[l])
            }
            #[inline(always)]
            fn min(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                std::array::from_fn(|l| if a[l] < b[l] { a[l] } else { b[l] })
            }
            #[inline(always)]
            fn max(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                std::array::from_fn(|l| if a[l] > b[l] { a[l] } else { b[l] })
            }
            #[inline(always)]
            fn scale(
                self,
                p: Self::Vector,
                shifted: Self::Vector,
                x: Self::Vector,
                lowest: Self::Vector,
            ) -> Self::Vector {
                std::array::from_fn(|l| {
                    let power = $type::from_bits((shifted[l].to_bits() << $mantissa).wrapping_add($one));
                    if x[l] < lowest[l] { 0.0 } else { p[l] * power }
                })
            }
            #[inline(always)]
            fn any_positive(self, a: Self::Vector) -> bool {
                a.iter().any(|&a| a > 0.0)
            }
            #[inline(always)]
            fn at_most(self, a: Self::Vector, b: Self::Vector) -> u64 {
                (0..$lanes).map(|l| u64::from(a[l] <= b[l]) << l).sum()
            }
        }
    };
}
portable!(f32 { lanes: 8, mantissa: 23, one_in_bits: 0x3f80_0000 });
portable!(f64 { lanes: 4, mantissa: 52, one_in_bits: 0x3ff0_0000_0000_0000 });

/// One number at a time, rounded as machine `M` rounds. It is for a single query, whose other lanes would be idle.
#[derive(Clone, Copy)]
pub struct Single<M>(pub M);

impl<M: Token> Token for Single<M> {
    #[inline(always)]
    fn enter<R, T: On<Self, R>>(self, work: T) -> R {
        work.run(self)
    }
}

impl<F: Real, M: Machine<F>> Machine<F> for Single<M> {
    type Vector = F;
    const LANES: usize = 1;
    const REGISTERS: usize = M::REGISTERS;
    const FMA: bool = M::FMA;

    #[inline(always)]
    fn splat(self, value: F) -> F {
        value
    }
    #[inline(always)]
    unsafe fn load(self, from: &[F]) -> F {
        debug_assert!(!from.is_empty());
        // SAFETY: `from` holds a number, as the caller promises.
        unsafe { *from.as_ptr() }
    }
    #[inline(always)]
    unsafe fn store(self, vector: F, to: &mut [F]) {
        debug_assert!(!to.is_empty());
        // SAFETY: `to` has room for a number, as the caller promises.
        unsafe { *to.as_mut_ptr() = vector }
    }
    #[inline(always)]
    fn multiply_add(self, a: F, b: F, c: F) -> F {
        a.multiply_add(b, c, M::FMA)
    }
    #[inline(always)]
    fn add(self, a: F, b: F) -> F {
        a + b
    }
    #[inline(always)]
    fn sub(self, a: F, b: F) -> F {
        a - b
    }
    #[inline(always)]
    fn mul(self, a: F, b: F) -> F {
        a * b
    }
    #[inline(always)]
    fn min(self, a: F, b: F) -> F {
        if a < b { a } else { b }
    }
    #[inline(always)]
    fn max(self, a: F, b: F) -> F {
        if a > b { a } else { b }
    }
    #[inline(always)]
    fn scale(self, _p: F, _shifted: F, x: F, _lowest: F) -> F {
        x.exp_negative(M::FMA)
    }
    #[inline(always)]
    fn any_positive(self, a: F) -> bool {
        a > F::ZERO
    }
    #[inline(always)]
    fn at_most(self, a: F, b: F) -> u64 {
        u64::from(a <= b)
    }
    #[inline(always)]
    fn exp_negative(self, x: F) -> F {
        x.exp_negative(M::FMA)
    }
}
