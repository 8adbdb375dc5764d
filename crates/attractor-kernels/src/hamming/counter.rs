//! Bit counts of eight rows at a time, in the instructions of each machine.

#[cfg(target_arch = "x86_64")]
use crate::machine::{Avx2, Vpopcnt};
use crate::machine::{Level, On, Portable, Token};
use crate::packed::{EIGHT, Eight};

/// Bit counts of eight rows at a time, on a machine whose instructions `self` proves to exist.
pub(super) trait Counter: Token {
    /// The type of one word of eight rows.
    type Words: Copy;
    /// The type of eight counts.
    type Counts: Copy;
    fn zero(self) -> Self::Counts;
    fn load(self, words: &Eight) -> Self::Words;
    /// Adds the number of bits of `known` in which `query` differs from each row.
    fn add(self, counts: Self::Counts, words: Self::Words, query: u64, known: u64) -> Self::Counts;
    fn numbers(self, counts: Self::Counts) -> [u64; EIGHT];
    /// A mask with one bit for each row: whether its count is at most `limit`.
    fn at_most(self, counts: Self::Counts, limit: u64) -> u32;
}

impl Counter for Portable {
    type Words = [u64; EIGHT];
    type Counts = [u64; EIGHT];

    #[inline(always)]
    fn zero(self) -> Self::Counts {
        [0; EIGHT]
    }
    #[inline(always)]
    fn load(self, words: &Eight) -> Self::Words {
        words.0
    }
    #[inline(always)]
    fn add(self, mut counts: Self::Counts, words: Self::Words, query: u64, known: u64) -> Self::Counts {
        for r in 0..EIGHT {
            counts[r] += u64::from(((words[r] ^ query) & known).count_ones());
        }
        counts
    }
    #[inline(always)]
    fn numbers(self, counts: Self::Counts) -> [u64; EIGHT] {
        counts
    }
    #[inline(always)]
    fn at_most(self, counts: Self::Counts, limit: u64) -> u32 {
        (0..EIGHT).fold(0, |bits, r| bits | u32::from(counts[r] <= limit) << r)
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Avx2, Counter, EIGHT, Eight, Vpopcnt};
    use crate::machine::proven;

    // Counts the bits of each half byte by a table (Muła, Kurz & Lemire 2018).
    impl Counter for Avx2 {
        type Words = [__m256i; 2];
        type Counts = [__m256i; 2];

        #[inline(always)]
        fn zero(self) -> Self::Counts {
            proven!(self => [_mm256_setzero_si256(); 2])
        }
        #[inline(always)]
        fn load(self, words: &Eight) -> Self::Words {
            let words: *const __m256i = words.0.as_ptr().cast();
            // Two vectors fill eight words, which are aligned.
            proven!(self => [words.read(), words.add(1).read()])
        }
        #[inline(always)]
        fn add(self, mut counts: Self::Counts, words: Self::Words, query: u64, known: u64) -> Self::Counts {
            proven!(self => {
                let (query, known) = (_mm256_set1_epi64x(query as i64), _mm256_set1_epi64x(known as i64));
                let low = _mm256_set1_epi8(15);
                let table = _mm256_broadcastsi128_si256(_mm_setr_epi8(
                    0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
                ));
                for half in 0..2 {
                    let bits = _mm256_and_si256(_mm256_xor_si256(words[half], query), known);
                    let high = _mm256_and_si256(_mm256_srli_epi16::<4>(bits), low);
                    let ones = _mm256_add_epi8(
                        _mm256_shuffle_epi8(table, _mm256_and_si256(bits, low)),
                        _mm256_shuffle_epi8(table, high),
                    );
                    let ones = _mm256_sad_epu8(ones, _mm256_setzero_si256());
                    counts[half] = _mm256_add_epi64(counts[half], ones);
                }
                counts
            })
        }
        #[inline(always)]
        fn numbers(self, counts: Self::Counts) -> [u64; EIGHT] {
            let mut numbers = [0; EIGHT];
            // Two vectors fill eight numbers.
            proven!(self => {
                _mm256_storeu_si256(numbers.as_mut_ptr().cast(), counts[0]);
                _mm256_storeu_si256(numbers.as_mut_ptr().add(4).cast(), counts[1]);
            });
            numbers
        }
        #[inline(always)]
        fn at_most(self, counts: Self::Counts, limit: u64) -> u32 {
            // Counts and limits are far below 2^63, so signed comparisons do.
            proven!(self => {
                let limit = _mm256_set1_epi64x(limit as i64);
                let low = _mm256_castsi256_pd(_mm256_cmpgt_epi64(counts[0], limit));
                let high = _mm256_castsi256_pd(_mm256_cmpgt_epi64(counts[1], limit));
                !(_mm256_movemask_pd(low) as u32 | (_mm256_movemask_pd(high) as u32) << 4) & 0xFF
            })
        }
    }

    impl Counter for Vpopcnt {
        type Words = __m512i;
        type Counts = __m512i;

        #[inline(always)]
        fn zero(self) -> Self::Counts {
            proven!(self => _mm512_setzero_si512())
        }
        #[inline(always)]
        fn load(self, words: &Eight) -> Self::Words {
            // A vector is eight words, which are aligned.
            proven!(self => words.0.as_ptr().cast::<__m512i>().read())
        }
        #[inline(always)]
        fn add(self, counts: Self::Counts, words: Self::Words, query: u64, known: u64) -> Self::Counts {
            proven!(self => {
                let differ = _mm512_xor_si512(words, _mm512_set1_epi64(query as i64));
                let bits = _mm512_and_si512(differ, _mm512_set1_epi64(known as i64));
                _mm512_add_epi64(counts, _mm512_popcnt_epi64(bits))
            })
        }
        #[inline(always)]
        fn numbers(self, counts: Self::Counts) -> [u64; EIGHT] {
            let mut numbers = [0; EIGHT];
            // A vector is eight numbers.
            proven!(self => _mm512_storeu_si512(numbers.as_mut_ptr().cast(), counts));
            numbers
        }
        #[inline(always)]
        fn at_most(self, counts: Self::Counts, limit: u64) -> u32 {
            proven!(self => u32::from(_mm512_cmple_epu64_mask(counts, _mm512_set1_epi64(limit as i64))))
        }
    }
}

/// Counts bits in the instructions of a level. AVX-512 alone does not help: it needs its instruction that counts
/// bits.
#[cfg(target_arch = "x86_64")]
pub(super) fn on_level<R, T: On<Portable, R> + On<Avx2, R> + On<Vpopcnt, R>>(level: Level, work: T) -> R {
    match level {
        Level::Portable(token) => token.enter(work),
        Level::Avx2(token) => token.enter(work),
        Level::Avx512(token) => match token.vpopcnt() {
            Some(token) => token.enter(work),
            None => token.avx2().enter(work),
        },
    }
}
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn on_level<R, T: On<Portable, R>>(level: Level, work: T) -> R {
    let Level::Portable(token) = level;
    token.enter(work)
}
