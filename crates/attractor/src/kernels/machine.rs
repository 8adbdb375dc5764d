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
    /// Vector registers: how many sums a micro-kernel can hold.
    const REGISTERS: usize;
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

    /// a + b
    fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// a − b
    fn sub(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// a · b
    fn mul(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// The smaller of each two; of a NaN and a number b.
    fn min(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// The larger of each two; of a NaN and a number b.
    fn max(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// p · 2^k where x is no less than `lowest`, else 0; `shifted` is k plus the number whose last bits count ones.
    fn scale(p: Self::Vector, shifted: Self::Vector, x: Self::Vector, lowest: Self::Vector) -> Self::Vector;
    /// Whether any number is above 0.
    fn any_positive(a: Self::Vector) -> bool;

    /// exp(x) of numbers that are not positive: [`Kernel::exp_negative`](crate::real::sealed::Kernel) in all lanes.
    #[inline(always)]
    fn exp_negative(x: Self::Vector) -> Self::Vector
    where
        F: Real,
    {
        let exp = &F::EXP;
        let (magic, lowest) = (Self::splat(exp.magic), Self::splat(exp.lowest));
        let bounded = Self::max(x, lowest);
        let shifted = Self::multiply_add(bounded, Self::splat(exp.log2_e), magic);
        let k = Self::sub(shifted, magic);
        let r = Self::multiply_add(k, Self::splat(exp.minus_ln2[0]), bounded);
        let r = Self::multiply_add(k, Self::splat(exp.minus_ln2[1]), r);
        let mut p = Self::splat(exp.coefficients[0]);
        for &coefficient in &exp.coefficients[1..] {
            p = Self::multiply_add(p, r, Self::splat(coefficient));
        }
        Self::scale(p, shifted, x, lowest)
    }

    /// LANES numbers of each of LANES rows, turned round: `columns[k]` holds number `k` of every row.
    /// # Safety
    /// As many rows, that LANES numbers can be read of each, and room for as many columns.
    #[inline(always)]
    unsafe fn turn(rows: &[*const F], columns: &mut [Self::Vector])
    where
        F: Real,
    {
        for k in 0..Self::LANES {
            let mut column = [F::ZERO; MOST_LANES];
            for (number, row) in column.iter_mut().zip(&rows[..Self::LANES]) {
                // SAFETY: the caller's.
                *number = unsafe { *row.add(k) };
            }
            // SAFETY: no machine has more lanes.
            columns[k] = unsafe { Self::load(&column) };
        }
    }
}

/// The largest number of lanes that a machine has.
pub const MOST_LANES: usize = 16;

/// Any machine, by arrays. `FMA` where the target has it at least (aarch64).
#[derive(Clone, Copy)]
pub struct Portable;

macro_rules! portable {
    ($type:ident, $lanes:literal, $mantissa:literal, $bias:literal) => {
        impl Machine<$type> for Portable {
            type Vector = [$type; $lanes];
            const LANES: usize = $lanes;
            const REGISTERS: usize = 16;
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
            #[inline(always)]
            fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector {
                std::array::from_fn(|l| a[l] + b[l])
            }
            #[inline(always)]
            fn sub(a: Self::Vector, b: Self::Vector) -> Self::Vector {
                std::array::from_fn(|l| a[l] - b[l])
            }
            #[inline(always)]
            fn mul(a: Self::Vector, b: Self::Vector) -> Self::Vector {
                std::array::from_fn(|l| a[l] * b[l])
            }
            #[inline(always)]
            fn min(a: Self::Vector, b: Self::Vector) -> Self::Vector {
                std::array::from_fn(|l| if a[l] < b[l] { a[l] } else { b[l] })
            }
            #[inline(always)]
            fn max(a: Self::Vector, b: Self::Vector) -> Self::Vector {
                std::array::from_fn(|l| if a[l] > b[l] { a[l] } else { b[l] })
            }
            #[inline(always)]
            fn scale(
                p: Self::Vector,
                shifted: Self::Vector,
                x: Self::Vector,
                lowest: Self::Vector,
            ) -> Self::Vector {
                std::array::from_fn(|l| {
                    let power = $type::from_bits((shifted[l].to_bits() << $mantissa).wrapping_add($bias));
                    if x[l] < lowest[l] { 0.0 } else { p[l] * power }
                })
            }
            #[inline(always)]
            fn any_positive(a: Self::Vector) -> bool {
                a.iter().any(|&a| a > 0.0)
            }
        }
    };
}
portable!(f32, 8, 23, 0x3f80_0000);
portable!(f64, 4, 52, 0x3ff0_0000_0000_0000);

/// x86-64 with AVX2 and fused multiply-add. Used only inside functions compiled for both, after
/// asking the machine.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub struct Avx2;

/// x86-64 with AVX-512 (F, VL, DQ, BW), under the same condition.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub struct Avx512;

#[cfg(target_arch = "x86_64")]
macro_rules! x86 {
    ($machine:ident, $registers:literal, $type:ident, $vector:ident, $lanes:literal,
     $splat:ident, $load:ident, $store:ident, $fma:ident, $add:ident, $sub:ident, $mul:ident, $min:ident, $max:ident,
     $scale:ident, $positive:ident $(, $turn:ident)?) => {
        impl Machine<$type> for $machine {
            type Vector = std::arch::x86_64::$vector;
            const LANES: usize = $lanes;
            const REGISTERS: usize = $registers;
            const FMA: bool = true;

            // SAFETY, here and below: reached only from functions compiled for this machine.
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
            #[inline(always)]
            fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector {
                unsafe { std::arch::x86_64::$add(a, b) }
            }
            #[inline(always)]
            fn sub(a: Self::Vector, b: Self::Vector) -> Self::Vector {
                unsafe { std::arch::x86_64::$sub(a, b) }
            }
            #[inline(always)]
            fn mul(a: Self::Vector, b: Self::Vector) -> Self::Vector {
                unsafe { std::arch::x86_64::$mul(a, b) }
            }
            #[inline(always)]
            fn min(a: Self::Vector, b: Self::Vector) -> Self::Vector {
                unsafe { std::arch::x86_64::$min(a, b) }
            }
            #[inline(always)]
            fn max(a: Self::Vector, b: Self::Vector) -> Self::Vector {
                unsafe { std::arch::x86_64::$max(a, b) }
            }
            #[inline(always)]
            fn scale(p: Self::Vector, shifted: Self::Vector, x: Self::Vector, lowest: Self::Vector) -> Self::Vector {
                unsafe { $scale(p, shifted, x, lowest) }
            }
            #[inline(always)]
            fn any_positive(a: Self::Vector) -> bool {
                unsafe { $positive(a) }
            }
            $(#[inline(always)]
            unsafe fn turn(rows: &[*const $type], columns: &mut [Self::Vector]) {
                unsafe { $turn(rows, columns) }
            })?
        }
    };
}
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
mod vectors {
    use super::*;
    x86!(Avx2, 16, f32, __m256, 8, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_fmadd_ps,
        _mm256_add_ps, _mm256_sub_ps, _mm256_mul_ps, _mm256_min_ps, _mm256_max_ps, scale_ps, positive_ps, turn_f32);
    x86!(Avx2, 16, f64, __m256d, 4, _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_fmadd_pd,
        _mm256_add_pd, _mm256_sub_pd, _mm256_mul_pd, _mm256_min_pd, _mm256_max_pd, scale_pd, positive_pd, turn_f64);
    x86!(Avx512, 32, f32, __m512, 16, _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_fmadd_ps,
        _mm512_add_ps, _mm512_sub_ps, _mm512_mul_ps, _mm512_min_ps, _mm512_max_ps, scale_wide_ps, positive_wide_ps);
    x86!(Avx512, 32, f64, __m512d, 8, _mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_fmadd_pd,
        _mm512_add_pd, _mm512_sub_pd, _mm512_mul_pd, _mm512_min_pd, _mm512_max_pd, scale_wide_pd, positive_wide_pd);
}

/// [`Machine::scale`] and [`Machine::any_positive`], machine by machine. SAFETY of all: as above.
#[cfg(target_arch = "x86_64")]
macro_rules! vector_helpers {
    ($scale:ident, $positive:ident, $vector:ident, |$p:ident, $shifted:ident, $x:ident, $lowest:ident| $scaled:expr,
     |$a:ident| $any:expr) => {
        #[cfg(target_arch = "x86_64")]
        #[inline(always)]
        unsafe fn $scale(
            $p: std::arch::x86_64::$vector,
            $shifted: std::arch::x86_64::$vector,
            $x: std::arch::x86_64::$vector,
            $lowest: std::arch::x86_64::$vector,
        ) -> std::arch::x86_64::$vector {
            use std::arch::x86_64::*;
            unsafe { $scaled }
        }
        #[cfg(target_arch = "x86_64")]
        #[inline(always)]
        unsafe fn $positive($a: std::arch::x86_64::$vector) -> bool {
            use std::arch::x86_64::*;
            unsafe { $any }
        }
    };
}
#[cfg(target_arch = "x86_64")]
vector_helpers!(
    scale_ps,
    positive_ps,
    __m256,
    |p, shifted, x, lowest| {
        let power = _mm256_slli_epi32::<23>(_mm256_castps_si256(shifted));
        let power = _mm256_castsi256_ps(_mm256_add_epi32(power, _mm256_set1_epi32(0x3f80_0000)));
        _mm256_and_ps(_mm256_mul_ps(p, power), _mm256_cmp_ps::<_CMP_GE_OQ>(x, lowest))
    },
    |a| _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(a, _mm256_setzero_ps())) != 0
);
#[cfg(target_arch = "x86_64")]
vector_helpers!(
    scale_pd,
    positive_pd,
    __m256d,
    |p, shifted, x, lowest| {
        let power = _mm256_slli_epi64::<52>(_mm256_castpd_si256(shifted));
        let power = _mm256_castsi256_pd(_mm256_add_epi64(power, _mm256_set1_epi64x(0x3ff0_0000_0000_0000)));
        _mm256_and_pd(_mm256_mul_pd(p, power), _mm256_cmp_pd::<_CMP_GE_OQ>(x, lowest))
    },
    |a| _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_GT_OQ>(a, _mm256_setzero_pd())) != 0
);
#[cfg(target_arch = "x86_64")]
vector_helpers!(
    scale_wide_ps,
    positive_wide_ps,
    __m512,
    |p, shifted, x, lowest| {
        let power = _mm512_slli_epi32::<23>(_mm512_castps_si512(shifted));
        let power = _mm512_castsi512_ps(_mm512_add_epi32(power, _mm512_set1_epi32(0x3f80_0000)));
        _mm512_maskz_mul_ps(_mm512_cmp_ps_mask::<_CMP_GE_OQ>(x, lowest), p, power)
    },
    |a| _mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, _mm512_setzero_ps()) != 0
);
#[cfg(target_arch = "x86_64")]
vector_helpers!(
    scale_wide_pd,
    positive_wide_pd,
    __m512d,
    |p, shifted, x, lowest| {
        let power = _mm512_slli_epi64::<52>(_mm512_castpd_si512(shifted));
        let power = _mm512_castsi512_pd(_mm512_add_epi64(power, _mm512_set1_epi64(0x3ff0_0000_0000_0000)));
        _mm512_maskz_mul_pd(_mm512_cmp_pd_mask::<_CMP_GE_OQ>(x, lowest), p, power)
    },
    |a| _mm512_cmp_pd_mask::<_CMP_GT_OQ>(a, _mm512_setzero_pd()) != 0
);

/// [`Machine::turn`] of eight rows: rows r and r + 4 share a register, whose halves are turned at once.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn turn_f32(rows: &[*const f32], columns: &mut [std::arch::x86_64::__m256]) {
    use std::arch::x86_64::*;
    assert!(rows.len() >= 8 && columns.len() >= 8);
    // SAFETY: the caller's.
    unsafe {
        for k in [0, 4] {
            let pair = |r: usize| _mm256_loadu2_m128(rows[r + 4].add(k), rows[r].add(k));
            let (a, b, c, d) = (pair(0), pair(1), pair(2), pair(3));
            let (ab, cd) = (_mm256_unpacklo_ps(a, b), _mm256_unpacklo_ps(c, d));
            columns[k] = _mm256_shuffle_ps::<0x44>(ab, cd);
            columns[k + 1] = _mm256_shuffle_ps::<0xEE>(ab, cd);
            let (ab, cd) = (_mm256_unpackhi_ps(a, b), _mm256_unpackhi_ps(c, d));
            columns[k + 2] = _mm256_shuffle_ps::<0x44>(ab, cd);
            columns[k + 3] = _mm256_shuffle_ps::<0xEE>(ab, cd);
        }
    }
}

/// The same of four rows of f64.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn turn_f64(rows: &[*const f64], columns: &mut [std::arch::x86_64::__m256d]) {
    use std::arch::x86_64::*;
    assert!(rows.len() >= 4 && columns.len() >= 4);
    // SAFETY: the caller's.
    unsafe {
        for k in [0, 2] {
            let pair = |r: usize| _mm256_loadu2_m128d(rows[r + 2].add(k), rows[r].add(k));
            let (a, b) = (pair(0), pair(1));
            columns[k] = _mm256_unpacklo_pd(a, b);
            columns[k + 1] = _mm256_unpackhi_pd(a, b);
        }
    }
}

/// Bytes of a cache line; where it is another number, some loads cross lines and results stay.
pub const LINE: usize = 64;

/// Arrays of `L` numbers, one after the other, that begin at a cache line: no load of a whole vector
/// then crosses into a second line.
pub struct Aligned<F, const L: usize> {
    numbers: Vec<F>,
    start: usize,
    len: usize,
}

impl<F: Real, const L: usize> Aligned<F, L> {
    /// `len` arrays of zeros.
    pub fn zeros(len: usize) -> Self {
        let numbers = vec![F::ZERO; len * L + LINE / size_of::<F>()];
        let start = numbers.as_ptr().align_offset(LINE);
        Aligned { numbers, start, len }
    }

    /// The arrays.
    #[inline(always)]
    pub fn all(&self) -> &[[F; L]] {
        self.numbers[self.start..][..self.len * L].as_chunks().0
    }

    /// The arrays.
    #[inline(always)]
    pub fn rows(&mut self) -> &mut [[F; L]] {
        let numbers = &mut self.numbers[self.start..][..self.len * L];
        numbers.as_chunks_mut().0
    }
}

/// Asks for the cache line at `number`, to be in the second-level cache when it is read. No effect on
/// results.
#[inline(always)]
pub fn prefetch<F>(number: *const F) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: part of every x86-64; it never faults, whatever the address.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T1 }>(number.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = number;
}

/// One number at a time, rounding as machine `M` does: for a single query, whose lanes would be idle.
#[derive(Clone, Copy)]
pub struct Single<M>(PhantomData<M>);

impl<F: Real, M: Machine<F>> Machine<F> for Single<M> {
    type Vector = F;
    const LANES: usize = 1;
    const REGISTERS: usize = M::REGISTERS;
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
    #[inline(always)]
    fn add(a: F, b: F) -> F {
        a + b
    }
    #[inline(always)]
    fn sub(a: F, b: F) -> F {
        a - b
    }
    #[inline(always)]
    fn mul(a: F, b: F) -> F {
        a * b
    }
    #[inline(always)]
    fn min(a: F, b: F) -> F {
        if a < b { a } else { b }
    }
    #[inline(always)]
    fn max(a: F, b: F) -> F {
        if a > b { a } else { b }
    }
    #[inline(always)]
    fn scale(_p: F, _shifted: F, x: F, _lowest: F) -> F {
        x.exp_negative(M::FMA)
    }
    #[inline(always)]
    fn any_positive(a: F) -> bool {
        a > F::ZERO
    }
    #[inline(always)]
    fn exp_negative(x: F) -> F {
        x.exp_negative(M::FMA)
    }
}

/// The instruction sets that kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// What every machine of the target has.
    Portable,
    /// [`Avx2`].
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// [`Avx512`].
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    /// The best one that this machine has.
    pub fn best() -> Level {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            if has!("avx2") && has!("fma") {
                let wide = has!("avx512f") && has!("avx512vl") && has!("avx512dq") && has!("avx512bw");
                return if wide { Level::Avx512 } else { Level::Avx2 };
            }
        }
        Level::Portable
    }
}
