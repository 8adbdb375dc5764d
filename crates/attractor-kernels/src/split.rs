//! Sums of numbers that a row of bits splits in two, and the tables of numbers for them.
//!
//! A unit of a dense associative memory compares the patterns in which it is +1 with those in which it is −1. With a
//! bit for each pattern and a table of what each contributes, that is one pass of additions.

#[cfg(target_arch = "x86_64")]
use crate::machine::{Avx2, Avx512, proven};
use crate::machine::{Level, Machine, On, OnAny, Portable, Token};

/// The number of sums in progress, on every machine, so that all machines add in the same order.
const SUMS: usize = 32;

/// Σ set\[n\] over the bits that are 1, and Σ unset\[n\] over those that are 0. Bit n is bit n mod 64 of word ⌊n/64⌋.
///
/// # Panics
/// If there are not as many numbers in both, or fewer words than they need.
pub fn split_sums(bits: &[u64], set: &[f64], unset: &[f64]) -> [f64; 2] {
    assert!(set.len() == unset.len() && bits.len() >= set.len().div_ceil(64), "one bit a number");
    let split = Split { bits, set, unset };
    #[cfg(target_arch = "x86_64")]
    match Level::best() {
        Level::Portable(token) => token.enter(split),
        Level::Avx2(token) => token.enter(split),
        Level::Avx512(token) => token.enter(split),
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let Level::Portable(token) = Level::best();
        token.enter(split)
    }
}

/// Adds `change` to the numbers whose bit is 1, and −`change` to the others.
pub fn add_signs(bits: &[u64], change: f64, numbers: &mut [f64]) {
    assert!(bits.len() >= numbers.len().div_ceil(64), "one bit a number");
    Level::best().run::<f64, _, _>(AddSigns { bits, change, numbers });
}

/// exp(u − top) of each number. No number may be above `top`.
pub fn exp_below(numbers: &mut [f64], top: f64) {
    struct Exp<'a>(&'a mut [f64], f64);
    impl<M: Machine<f64>> On<M, ()> for Exp<'_> {
        #[inline(always)]
        fn run(self, m: M) {
            let Exp(numbers, top) = self;
            let mut whole = numbers.chunks_exact_mut(M::LANES);
            for some in &mut whole {
                // SAFETY: chunks of LANES numbers.
                unsafe { m.store(m.exp_negative(m.sub(m.load(some), m.splat(top))), some) };
            }
            let rest = whole.into_remainder();
            let mut last = [top; crate::machine::MOST_LANES];
            last[..rest.len()].copy_from_slice(rest);
            // SAFETY: no machine has more lanes than `last` has numbers.
            unsafe { m.store(m.exp_negative(m.sub(m.load(&last), m.splat(top))), &mut last) };
            rest.copy_from_slice(&last[..rest.len()]);
        }
    }
    run(Exp(numbers, top));
}

/// u^k of each number, by repeated squaring: exact for whole numbers while products are below 2⁵³.
pub fn raise(numbers: &mut [f64], k: u32) {
    struct Raise<'a>(&'a mut [f64], u32);
    impl<M: Token> On<M, ()> for Raise<'_> {
        #[inline(always)]
        fn run(self, _m: M) {
            const SOME: usize = 16;
            let Raise(numbers, k) = self;
            for some in numbers.chunks_mut(SOME) {
                let (mut result, mut power) = ([1.0; SOME], [0.0; SOME]);
                power[..some.len()].copy_from_slice(some);
                let mut left = k;
                while left > 0 {
                    for l in 0..SOME {
                        result[l] *= if left & 1 == 1 { power[l] } else { 1.0 };
                        power[l] *= power[l];
                    }
                    left >>= 1;
                }
                some.copy_from_slice(&result[..some.len()]);
            }
        }
    }
    run(Raise(numbers, k));
}

fn run<R, T: OnAny<f64, R>>(work: T) -> R {
    Level::best().run::<f64, R, T>(work)
}

struct AddSigns<'a> {
    bits: &'a [u64],
    change: f64,
    numbers: &'a mut [f64],
}

impl<M: Token> On<M, ()> for AddSigns<'_> {
    #[inline(always)]
    fn run(self, _m: M) {
        let changes = [-self.change, self.change];
        for (numbers, &word) in self.numbers.chunks_mut(64).zip(self.bits) {
            for (n, number) in numbers.iter_mut().enumerate() {
                *number += changes[(word >> n & 1) as usize];
            }
        }
    }
}

struct Split<'a> {
    bits: &'a [u64],
    set: &'a [f64],
    unset: &'a [f64],
}

/// Adds the numbers that bits choose, 32 at a time.
trait Choose: Token {
    type Sums: Copy;
    fn zero(self) -> Self::Sums;
    /// Adds those of 32 numbers whose bit is 1.
    fn add(self, sums: Self::Sums, numbers: &[f64; SUMS], bits: u32) -> Self::Sums;
    fn numbers(self, sums: Self::Sums) -> [f64; SUMS];
}

impl Choose for Portable {
    type Sums = [f64; SUMS];

    #[inline(always)]
    fn zero(self) -> Self::Sums {
        [0.0; SUMS]
    }
    #[inline(always)]
    fn add(self, mut sums: Self::Sums, numbers: &[f64; SUMS], bits: u32) -> Self::Sums {
        for l in 0..SUMS {
            sums[l] += if bits >> l & 1 == 1 { numbers[l] } else { 0.0 };
        }
        sums
    }
    #[inline(always)]
    fn numbers(self, sums: Self::Sums) -> [f64; SUMS] {
        sums
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Avx2, Avx512, Choose, SUMS, proven};

    impl Choose for Avx2 {
        type Sums = [__m256d; SUMS / 4];

        #[inline(always)]
        fn zero(self) -> Self::Sums {
            proven!(self => [_mm256_setzero_pd(); SUMS / 4])
        }
        #[inline(always)]
        fn add(self, mut sums: Self::Sums, numbers: &[f64; SUMS], bits: u32) -> Self::Sums {
            // Eight vectors fill 32 numbers.
            proven!(self => {
                let four = _mm256_setr_epi64x(1, 2, 4, 8);
                for v in 0..SUMS / 4 {
                    let bits = _mm256_set1_epi64x(i64::from(bits >> (4 * v)));
                    let chosen = _mm256_cmpeq_epi64(_mm256_and_si256(bits, four), four);
                    let number = _mm256_loadu_pd(numbers.as_ptr().add(4 * v));
                    sums[v] = _mm256_add_pd(sums[v], _mm256_and_pd(_mm256_castsi256_pd(chosen), number));
                }
                sums
            })
        }
        #[inline(always)]
        fn numbers(self, sums: Self::Sums) -> [f64; SUMS] {
            let mut numbers = [0.0; SUMS];
            for v in 0..SUMS / 4 {
                // Eight vectors fill 32 numbers.
                proven!(self => _mm256_storeu_pd(numbers.as_mut_ptr().add(4 * v), sums[v]));
            }
            numbers
        }
    }

    impl Choose for Avx512 {
        type Sums = [__m512d; SUMS / 8];

        #[inline(always)]
        fn zero(self) -> Self::Sums {
            proven!(self => [_mm512_setzero_pd(); SUMS / 8])
        }
        #[inline(always)]
        fn add(self, mut sums: Self::Sums, numbers: &[f64; SUMS], bits: u32) -> Self::Sums {
            for v in 0..SUMS / 8 {
                // Four vectors fill 32 numbers.
                proven!(self => {
                    let number = _mm512_loadu_pd(numbers.as_ptr().add(8 * v));
                    sums[v] = _mm512_mask_add_pd(sums[v], (bits >> (8 * v)) as u8, sums[v], number);
                });
            }
            sums
        }
        #[inline(always)]
        fn numbers(self, sums: Self::Sums) -> [f64; SUMS] {
            let mut numbers = [0.0; SUMS];
            for v in 0..SUMS / 8 {
                // Four vectors fill 32 numbers.
                proven!(self => _mm512_storeu_pd(numbers.as_mut_ptr().add(8 * v), sums[v]));
            }
            numbers
        }
    }
}

impl<C: Choose> On<C, [f64; 2]> for Split<'_> {
    #[inline(always)]
    fn run(self, c: C) -> [f64; 2] {
        let (set, set_rest) = self.set.as_chunks::<SUMS>();
        let (unset, unset_rest) = self.unset.as_chunks::<SUMS>();
        let half = |k: usize| (self.bits[k / 2] >> (SUMS * (k % 2))) as u32;
        let (mut ones, mut zeros) = (c.zero(), c.zero());
        for (k, (set, unset)) in set.iter().zip(unset).enumerate() {
            ones = c.add(ones, set, half(k));
            zeros = c.add(zeros, unset, !half(k));
        }
        if !set_rest.is_empty() {
            let padded = |rest: &[f64]| {
                let mut all = [0.0; SUMS];
                all[..rest.len()].copy_from_slice(rest);
                all
            };
            ones = c.add(ones, &padded(set_rest), half(set.len()));
            zeros = c.add(zeros, &padded(unset_rest), !half(set.len()));
        }
        [c.numbers(ones), c.numbers(zeros)].map(total)
    }
}

/// The sum of the sums, in pairs.
fn total(mut sums: [f64; SUMS]) -> f64 {
    let mut half = SUMS / 2;
    while half > 0 {
        for l in 0..half {
            sums[l] += sums[l + half];
        }
        half /= 2;
    }
    sums[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_choose() {
        for n in [1, 31, 32, 33, 64, 100, 1000] {
            let bits: Vec<u64> =
                (0..n as u64).step_by(64).map(|k| (k + 3).wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
            let bit = |i: usize| bits[i / 64] >> (i % 64) & 1 == 1;
            // Whole numbers, whose sums are exact in any order.
            let set: Vec<f64> = (0..n).map(|i| (i * i % 97) as f64).collect();
            let unset: Vec<f64> = (0..n).map(|i| (i * 31 % 89) as f64 - 40.0).collect();
            let expected = [
                (0..n).filter(|&i| bit(i)).map(|i| set[i]).sum::<f64>(),
                (0..n).filter(|&i| !bit(i)).map(|i| unset[i]).sum(),
            ];
            assert_eq!(split_sums(&bits, &set, &unset), expected, "{n}");
            let thirds = |x: &f64| x / 3.0;
            let (set, unset): (Vec<_>, Vec<_>) =
                (set.iter().map(thirds).collect(), unset.iter().map(thirds).collect());
            let split = || Split { bits: &bits, set: &set, unset: &unset };
            let portable = Portable.enter(split());
            #[cfg(target_arch = "x86_64")]
            {
                Avx2::new().into_iter().for_each(|token| assert_eq!(token.enter(split()), portable));
                Avx512::new().into_iter().for_each(|token| assert_eq!(token.enter(split()), portable));
            }
            assert_eq!(split_sums(&bits, &set, &unset), portable, "{n}");
            let mut moved = set.clone();
            add_signs(&bits, 2.0, &mut moved);
            for i in 0..n {
                assert_eq!(moved[i], set[i] + if bit(i) { 2.0 } else { -2.0 });
            }
        }
    }

    #[test]
    fn tables_are_powers_and_exponentials() {
        /// Rounding of the kernels' exponential, in units in the last place.
        const ULPS: f64 = 4.0;
        let numbers: Vec<f64> = (0..77).map(|i| f64::from(i * 5 - 300)).collect();
        for k in [1, 2, 3, 7, 30] {
            let mut powers = numbers.clone();
            raise(&mut powers, k);
            for (u, power) in numbers.iter().zip(powers) {
                let exact = u.powi(k as i32);
                assert!((power - exact).abs() <= 8.0 * f64::EPSILON * exact.abs(), "{u}^{k}: {power}");
            }
        }
        let mut exps = numbers.clone();
        exp_below(&mut exps, 80.0);
        for (u, e) in numbers.iter().zip(exps) {
            assert!((e / (u - 80.0).exp() - 1.0).abs() < ULPS * f64::EPSILON, "exp({u} - 80): {e}");
        }
    }
}
