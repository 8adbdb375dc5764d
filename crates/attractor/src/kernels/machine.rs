//! What the micro-kernels need of a machine: one vector register and a multiply-add.
//!
//! Only instruction sets that the tests execute are here. The rest of the kernels is straight-line
//! code over lanes that the compiler vectorises for whichever machine it is inlined into.

use std::marker::PhantomData;

use crate::real::Real;

/// A machine's vectors of `F`.
///
/// Loads and stores check nothing: slices must hold at least [`LANES`](Machine::LANES) numbers.
pub trait Machine<F: Copy>: Copy + Send + Sync + 'static {
    /// A vector register.
    type Vector: Copy;
    /// Numbers in it.
    const LANES: usize;
    /// Whether multiply and add are one instruction here.
    const FMA: bool;

    fn splat(value: F) -> Self::Vector;
    /// # Safety
    /// `from` holds at least LANES numbers.
    unsafe fn load(from: &[F]) -> Self::Vector;
    /// # Safety
    /// `to` has room for at least LANES numbers.
    unsafe fn store(vector: Self::Vector, to: &mut [F]);
    /// a · b + c
    fn multiply_add(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
}

/// Any machine, by arrays. `FMA` where the target has it at least (aarch64).
#[derive(Clone, Copy)]
pub struct Portable;

macro_rules! portable {
    ($type:ident, $lanes:literal) => {
        impl Machine<$type> for Portable {
            type Vector = [$type; $lanes];
            const LANES: usize = $lanes;
            const FMA: bool = cfg!(target_arch = "aarch64");

            #[inline(always)]
            fn splat(value: $type) -> Self::Vector {
                [value; $lanes]
            }
            #[inline(always)]
            unsafe fn load(from: &[$type]) -> Self::Vector {
                debug_assert!(from.len() >= $lanes);
                // SAFETY: the caller's.
                unsafe { from.as_ptr().cast::<Self::Vector>().read_unaligned() }
            }
            #[inline(always)]
            unsafe fn store(vector: Self::Vector, to: &mut [$type]) {
                debug_assert!(to.len() >= $lanes);
                // SAFETY: the caller's.
                unsafe { to.as_mut_ptr().cast::<Self::Vector>().write_unaligned(vector) }
            }
            #[inline(always)]
            fn multiply_add(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
                std::array::from_fn(|l| {
                    if cfg!(target_arch = "aarch64") { a[l].mul_add(b[l], c[l]) } else { a[l] * b[l] + c[l] }
                })
            }
        }
    };
}
portable!(f32, 8);
portable!(f64, 4);

/// x86-64 with AVX2 and fused multiply-add. Used only inside functions compiled for both, after
/// asking the machine.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub struct Avx2;

#[cfg(target_arch = "x86_64")]
macro_rules! avx2 {
    ($type:ident, $vector:ident, $lanes:literal, $splat:ident, $load:ident, $store:ident, $fma:ident) => {
        impl Machine<$type> for Avx2 {
            type Vector = std::arch::x86_64::$vector;
            const LANES: usize = $lanes;
            const FMA: bool = true;

            // SAFETY, here and below: reached only from functions compiled for AVX2 and FMA.
            #[inline(always)]
            fn splat(value: $type) -> Self::Vector {
                unsafe { std::arch::x86_64::$splat(value) }
            }
            #[inline(always)]
            unsafe fn load(from: &[$type]) -> Self::Vector {
                debug_assert!(from.len() >= $lanes);
                unsafe { std::arch::x86_64::$load(from.as_ptr()) }
            }
            #[inline(always)]
            unsafe fn store(vector: Self::Vector, to: &mut [$type]) {
                debug_assert!(to.len() >= $lanes);
                unsafe { std::arch::x86_64::$store(to.as_mut_ptr(), vector) }
            }
            #[inline(always)]
            fn multiply_add(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
                unsafe { std::arch::x86_64::$fma(a, b, c) }
            }
        }
    };
}
#[cfg(target_arch = "x86_64")]
avx2!(f32, __m256, 8, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_fmadd_ps);
#[cfg(target_arch = "x86_64")]
avx2!(f64, __m256d, 4, _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_fmadd_pd);

/// One number at a time, rounding as machine `M` does: for a single query, whose lanes would be idle.
#[derive(Clone, Copy)]
pub struct Single<M>(PhantomData<M>);

impl<F: Real, M: Machine<F>> Machine<F> for Single<M> {
    type Vector = F;
    const LANES: usize = 1;
    const FMA: bool = M::FMA;

    #[inline(always)]
    fn splat(value: F) -> F {
        value
    }
    #[inline(always)]
    unsafe fn load(from: &[F]) -> F {
        debug_assert!(!from.is_empty());
        // SAFETY: the caller's.
        unsafe { *from.as_ptr() }
    }
    #[inline(always)]
    unsafe fn store(vector: F, to: &mut [F]) {
        debug_assert!(!to.is_empty());
        // SAFETY: the caller's.
        unsafe { *to.as_mut_ptr() = vector }
    }
    #[inline(always)]
    fn multiply_add(a: F, b: F, c: F) -> F {
        a.multiply_add(b, c, M::FMA)
    }
}

/// Calls the body compiled for this machine: AVX2 with fused multiply-add where there is one, else
/// what the target has at least. The body must be `#[inline(always)]` all the way down, and generic
/// over a [`Machine`] as the last of its types.
macro_rules! at_best {
    ($vis:vis fn $name:ident<$($generic:ident : $bound:path),* ; $($const:ident : $const_type:ty),*>
        ($($arg:ident : $type:ty),* $(,)?) $(-> $result:ty)? = $body:ident) => {
        $vis fn $name<$($generic: $bound,)* $(const $const: $const_type),*>($($arg: $type),*) $(-> $result)? {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma")]
                fn fast<$($generic: $bound,)* $(const $const: $const_type),*>($($arg: $type),*) $(-> $result)? {
                    $body::<$($generic,)* F::Avx2, $($const),*>($($arg),*)
                }
                if std::arch::is_x86_feature_detected!("avx2")
                    && std::arch::is_x86_feature_detected!("fma")
                {
                    // SAFETY: the machine has what the function was compiled for.
                    return unsafe { fast::<$($generic,)* $($const),*>($($arg),*) };
                }
            }
            $body::<$($generic,)* F::Portable, $($const),*>($($arg),*)
        }
    };
}
pub(crate) use at_best;
