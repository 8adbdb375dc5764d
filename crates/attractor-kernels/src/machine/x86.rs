//! x86-64: the tokens, and their vectors.

use std::arch::is_x86_feature_detected as has;
use std::arch::x86_64::*;

use super::{Machine, On, Token, array};

/// The proof of AVX2, fused multiply-add and bit counting (POPCNT).
#[derive(Clone, Copy, Debug)]
pub struct Avx2(Made);

/// The proof of AVX-512 (F, VL, DQ, BW), and of everything that [`Avx2`] proves.
#[derive(Clone, Copy, Debug)]
pub struct Avx512(Made);

/// The proof of AVX-512 with bit counting (VPOPCNTDQ), and of everything that [`Avx512`] proves.
#[derive(Clone, Copy, Debug)]
pub struct Vpopcnt(Made);

/// A private type, so that tokens can only be made here.
#[derive(Clone, Copy, Debug)]
struct Made;

impl Avx2 {
    /// The token, if this machine has the instructions.
    #[inline]
    pub fn new() -> Option<Self> {
        (has!("avx2") && has!("fma") && has!("popcnt") && has!("bmi1")).then_some(Avx2(Made))
    }
}

impl Avx512 {
    /// The token, if this machine has the instructions.
    #[inline]
    pub fn new() -> Option<Self> {
        Avx2::new()?;
        let wide = has!("avx512f") && has!("avx512vl") && has!("avx512dq") && has!("avx512bw");
        wide.then_some(Avx512(Made))
    }

    /// The token of the narrower vectors, which such a machine also has.
    #[inline(always)]
    pub fn avx2(self) -> Avx2 {
        Avx2(Made)
    }

    /// The token of bit counting, if this machine has the instruction.
    #[inline]
    pub fn vpopcnt(self) -> Option<Vpopcnt> {
        has!("avx512vpopcntdq").then_some(Vpopcnt(Made))
    }
}

macro_rules! enter {
    ($token:ident, $features:literal) => {
        impl Token for $token {
            #[inline]
            fn enter<R, T: On<Self, R>>(self, work: T) -> R {
                #[inline(never)]
                #[target_feature(enable = $features)]
                fn inside<R, T: On<$token, R>>(token: $token, work: T) -> R {
                    work.run(token)
                }
                // SAFETY: a token is made only on a machine that has the instructions.
                unsafe { inside(self, work) }
            }
        }
    };
}
enter!(Avx2, "avx2,fma,popcnt,bmi1");
enter!(Avx512, "avx2,fma,popcnt,bmi1,avx512f,avx512vl,avx512dq,avx512bw");
enter!(Vpopcnt, "avx2,fma,popcnt,bmi1,avx512f,avx512vl,avx512dq,avx512bw,avx512vpopcntdq");

/// Instructions that a token proves to exist. The place that uses them says which addresses are valid.
macro_rules! proven {
    ($token:ident => $instructions:expr) => {{
        let _proof: Self = $token;
        // SAFETY: a token is made only on a machine that has the instructions; addresses are
        // as said there.
        unsafe { $instructions }
    }};
}
pub(crate) use proven;

macro_rules! machine {
    ($token:ident of $type:ident {
        vector: $vector:ident,
        lanes: $lanes:literal,
        registers: $registers:literal,
        splat: $splat:ident,
        load: $load:ident,
        store: $store:ident,
        multiply_add: $fma:ident,
        add: $add:ident,
        sub: $sub:ident,
        mul: $mul:ident,
        min: $min:ident,
        max: $max:ident,
        scale: |$p:ident, $shifted:ident, $x:ident, $lowest:ident| $scaled:expr,
        any_positive: |$a:ident| $any:expr,
        at_most: |$b:ident, $c:ident| $at_most:expr,
        $(turn: $turn:ident,)?
    }) => {
        impl Machine<$type> for $token {
            type Vector = $vector;
            const LANES: usize = $lanes;
            const REGISTERS: usize = $registers;
            const FMA: bool = true;

            #[inline(always)]
            fn splat(self, value: $type) -> $vector {
                proven!(self => $splat(value))
            }
            #[inline(always)]
            unsafe fn load(self, from: &[$type]) -> $vector {
                debug_assert!(from.len() >= $lanes);
                proven!(self => $load(from.as_ptr()))
            }
            #[inline(always)]
            unsafe fn store(self, vector: $vector, to: &mut [$type]) {
                debug_assert!(to.len() >= $lanes);
                proven!(self => $store(to.as_mut_ptr(), vector))
            }
            #[inline(always)]
            fn multiply_add(self, a: $vector, b: $vector, c: $vector) -> $vector {
                proven!(self => $fma(a, b, c))
            }
            #[inline(always)]
            fn add(self, a: $vector, b: $vector) -> $vector {
                proven!(self => $add(a, b))
            }
            #[inline(always)]
            fn sub(self, a: $vector, b: $vector) -> $vector {
                proven!(self => $sub(a, b))
            }
            #[inline(always)]
            fn mul(self, a: $vector, b: $vector) -> $vector {
                proven!(self => $mul(a, b))
            }
            #[inline(always)]
            fn min(self, a: $vector, b: $vector) -> $vector {
                proven!(self => $min(a, b))
            }
            #[inline(always)]
            fn max(self, a: $vector, b: $vector) -> $vector {
                proven!(self => $max(a, b))
            }
            #[inline(always)]
            fn scale(self, $p: $vector, $shifted: $vector, $x: $vector, $lowest: $vector) -> $vector {
                proven!(self => $scaled)
            }
            #[inline(always)]
            fn any_positive(self, $a: $vector) -> bool {
                proven!(self => $any)
            }
            #[inline(always)]
            fn at_most(self, $b: $vector, $c: $vector) -> u64 {
                proven!(self => $at_most)
            }
            $(#[inline(always)]
            unsafe fn turn(self, rows: &[*const $type], columns: &mut [$vector]) {
                proven!(self => $turn(rows, columns))
            })?
        }
    };
}

machine!(Avx2 of f32 {
    vector: __m256,
    lanes: 8,
    registers: 16,
    splat: _mm256_set1_ps,
    load: _mm256_loadu_ps,
    store: _mm256_storeu_ps,
    multiply_add: _mm256_fmadd_ps,
    add: _mm256_add_ps,
    sub: _mm256_sub_ps,
    mul: _mm256_mul_ps,
    min: _mm256_min_ps,
    max: _mm256_max_ps,
    scale: |p, shifted, x, lowest| {
        let power = _mm256_slli_epi32::<23>(_mm256_castps_si256(shifted));
        let power = _mm256_castsi256_ps(_mm256_add_epi32(power, _mm256_set1_epi32(0x3f80_0000)));
        _mm256_and_ps(_mm256_mul_ps(p, power), _mm256_cmp_ps::<_CMP_GE_OQ>(x, lowest))
    },
    any_positive: |a| _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(a, _mm256_setzero_ps())) != 0,
    at_most: |a, b| u64::from(_mm256_movemask_ps(_mm256_cmp_ps::<_CMP_LE_OQ>(a, b)).cast_unsigned()),
    turn: turn_f32,
});

machine!(Avx2 of f64 {
    vector: __m256d,
    lanes: 4,
    registers: 16,
    splat: _mm256_set1_pd,
    load: _mm256_loadu_pd,
    store: _mm256_storeu_pd,
    multiply_add: _mm256_fmadd_pd,
    add: _mm256_add_pd,
    sub: _mm256_sub_pd,
    mul: _mm256_mul_pd,
    min: _mm256_min_pd,
    max: _mm256_max_pd,
    scale: |p, shifted, x, lowest| {
        let power = _mm256_slli_epi64::<52>(_mm256_castpd_si256(shifted));
        let power = _mm256_castsi256_pd(_mm256_add_epi64(power, _mm256_set1_epi64x(0x3ff0_0000_0000_0000)));
        _mm256_and_pd(_mm256_mul_pd(p, power), _mm256_cmp_pd::<_CMP_GE_OQ>(x, lowest))
    },
    any_positive: |a| _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_GT_OQ>(a, _mm256_setzero_pd())) != 0,
    at_most: |a, b| u64::from(_mm256_movemask_pd(_mm256_cmp_pd::<_CMP_LE_OQ>(a, b)).cast_unsigned()),
    turn: turn_f64,
});

machine!(Avx512 of f32 {
    vector: __m512,
    lanes: 16,
    registers: 32,
    splat: _mm512_set1_ps,
    load: _mm512_loadu_ps,
    store: _mm512_storeu_ps,
    multiply_add: _mm512_fmadd_ps,
    add: _mm512_add_ps,
    sub: _mm512_sub_ps,
    mul: _mm512_mul_ps,
    min: _mm512_min_ps,
    max: _mm512_max_ps,
    scale: |p, shifted, x, lowest| {
        let power = _mm512_slli_epi32::<23>(_mm512_castps_si512(shifted));
        let power = _mm512_castsi512_ps(_mm512_add_epi32(power, _mm512_set1_epi32(0x3f80_0000)));
        _mm512_maskz_mul_ps(_mm512_cmp_ps_mask::<_CMP_GE_OQ>(x, lowest), p, power)
    },
    any_positive: |a| _mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, _mm512_setzero_ps()) != 0,
    at_most: |a, b| u64::from(_mm512_cmp_ps_mask::<_CMP_LE_OQ>(a, b)),
    turn: turn_sixteen,
});

machine!(Avx512 of f64 {
    vector: __m512d,
    lanes: 8,
    registers: 32,
    splat: _mm512_set1_pd,
    load: _mm512_loadu_pd,
    store: _mm512_storeu_pd,
    multiply_add: _mm512_fmadd_pd,
    add: _mm512_add_pd,
    sub: _mm512_sub_pd,
    mul: _mm512_mul_pd,
    min: _mm512_min_pd,
    max: _mm512_max_pd,
    scale: |p, shifted, x, lowest| {
        let power = _mm512_slli_epi64::<52>(_mm512_castpd_si512(shifted));
        let power = _mm512_castsi512_pd(_mm512_add_epi64(power, _mm512_set1_epi64(0x3ff0_0000_0000_0000)));
        _mm512_maskz_mul_pd(_mm512_cmp_pd_mask::<_CMP_GE_OQ>(x, lowest), p, power)
    },
    any_positive: |a| _mm512_cmp_pd_mask::<_CMP_GT_OQ>(a, _mm512_setzero_pd()) != 0,
    at_most: |a, b| u64::from(_mm512_cmp_pd_mask::<_CMP_LE_OQ>(a, b)),
    turn: turn_eight,
});

/// [`Machine::turn`] for eight rows. Rows r and r + 4 share a register, whose halves are transposed at once.
/// # Safety
/// Those of [`Machine::turn`], on a machine that has AVX2.
#[inline(always)]
unsafe fn turn_f32(rows: &[*const f32], columns: &mut [__m256]) {
    assert!(rows.len() >= 8 && columns.len() >= 8);
    // SAFETY: eight numbers can be read of each row, and the machine has AVX2, as the caller promises.
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

/// [`Machine::turn`] for four rows of f64.
/// # Safety
/// Those of [`Machine::turn`], on a machine that has AVX2.
#[inline(always)]
unsafe fn turn_f64(rows: &[*const f64], columns: &mut [__m256d]) {
    assert!(rows.len() >= 4 && columns.len() >= 4);
    // SAFETY: four numbers can be read of each row, and the machine has AVX2, as the caller promises.
    unsafe {
        for k in [0, 2] {
            let pair = |r: usize| _mm256_loadu2_m128d(rows[r + 2].add(k), rows[r].add(k));
            let (a, b) = (pair(0), pair(1));
            columns[k] = _mm256_unpacklo_pd(a, b);
            columns[k + 1] = _mm256_unpackhi_pd(a, b);
        }
    }
}

/// [`Machine::turn`] for sixteen rows of f32: four squares of eight.
/// # Safety
/// Those of [`Machine::turn`], on a machine that has AVX-512.
#[inline(always)]
unsafe fn turn_sixteen(rows: &[*const f32], columns: &mut [__m512]) {
    assert!(rows.len() >= 16 && columns.len() >= 16);
    // SAFETY: sixteen numbers can be read of each row, and the machine has AVX-512, as the caller promises.
    unsafe {
        for k in [0, 8] {
            let from = array!([rows[0]; 16], |r| rows[r].add(k));
            let mut halves = [[_mm256_setzero_ps(); 8]; 2];
            turn_f32(&from[..8], &mut halves[0]);
            turn_f32(&from[8..], &mut halves[1]);
            for j in 0..8 {
                let low = _mm512_castps256_ps512(halves[0][j]);
                columns[k + j] = _mm512_insertf32x8::<1>(low, halves[1][j]);
            }
        }
    }
}

/// [`Machine::turn`] for eight rows of f64: four squares of four.
/// # Safety
/// Those of [`Machine::turn`], on a machine that has AVX-512.
#[inline(always)]
unsafe fn turn_eight(rows: &[*const f64], columns: &mut [__m512d]) {
    assert!(rows.len() >= 8 && columns.len() >= 8);
    // SAFETY: eight numbers can be read of each row, and the machine has AVX-512, as the caller promises.
    unsafe {
        for k in [0, 4] {
            let from = array!([rows[0]; 8], |r| rows[r].add(k));
            let mut halves = [[_mm256_setzero_pd(); 4]; 2];
            turn_f64(&from[..4], &mut halves[0]);
            turn_f64(&from[4..], &mut halves[1]);
            for j in 0..4 {
                let low = _mm512_castpd256_pd512(halves[0][j]);
                columns[k + j] = _mm512_insertf64x4::<1>(low, halves[1][j]);
            }
        }
    }
}
