//! Peak rates of this machine: multiply-adds, exponentials and reading, each measured alone.
//!
//! The time of a kernel is only meaningful beside the time that its operations must take. Each of these loops does
//! one kind of work, in the instructions that the kernels use. They do not measure time: each does the work it is
//! given on the caller's thread, and returns the amount of work.

use std::hint::black_box;

use crate::machine::{Level, MOST_LANES, Machine, On, array};
use crate::real::{Real, entry};

/// One kind of work.
pub enum Work<'a, F> {
    /// Multiply-adds that stay in the registers; this many for each number.
    MultiplyAdds(usize),
    /// The kernels' exponential; this many passes over numbers in the first-level cache.
    Exponentials(usize),
    /// Reading these numbers once, from first to last, for their sum.
    Read(&'a [F]),
}

entry! {
    /// Does the work, and says how much it was: floating-point operations (a multiply-add is two),
    /// exponentials, or bytes.
    ///
    /// ```
    /// use attractor::kernels::peak::{Work, exert};
    /// let operations = exert::<f32>(&Work::MultiplyAdds(1000));
    /// assert!(operations >= 2.0 * 1000.0);
    /// assert_eq!(exert(&Work::Read(&[1.0_f64, 2.0, 3.0])), 24.0);
    /// ```
    pub fn exert<F: Real>(work: &Work<F>) -> f64 {
        Level::best().run::<F, _, _>(work)
    }
}

impl<F: Real, M: Machine<F>> On<M, f64> for &Work<'_, F> {
    #[inline(always)]
    fn run(self, m: M) -> f64 {
        // As many chains as there are registers.
        if M::REGISTERS >= 32 {
            by::<F, M, CHAINS_OF_32>(m, self)
        } else if M::FMA {
            by::<F, M, CHAINS_OF_16>(m, self)
        } else {
            by::<F, M, CHAINS_OF_PAIRS>(m, self)
        }
    }
}

/// The name of the instructions that the kernels use on this machine.
pub fn instructions() -> &'static str {
    match Level::best() {
        Level::Portable(_) => "portable",
        #[cfg(target_arch = "x86_64")]
        Level::Avx2(_) => "AVX2",
        #[cfg(target_arch = "x86_64")]
        Level::Avx512(_) => "AVX-512",
    }
}

/// The number of independent chains of multiply-adds. They hide the latency of one and, with the two factors, need no
/// more registers than there are. Vectors without fused multiply-add are portable ones, which take two registers
/// each.
const CHAINS_OF_32: usize = 24;
const CHAINS_OF_16: usize = 12;
const CHAINS_OF_PAIRS: usize = 6;

#[inline(always)]
fn by<F: Real, M: Machine<F>, const CHAINS: usize>(m: M, work: &Work<F>) -> f64 {
    match *work {
        Work::MultiplyAdds(rounds) => multiply_adds::<F, M, CHAINS>(m, rounds),
        Work::Exponentials(rounds) => exponentials::<F, M>(m, rounds),
        Work::Read(numbers) => {
            black_box(sum::<F, M>(m, numbers));
            size_of_val(numbers) as f64
        }
    }
}

#[inline(always)]
fn multiply_adds<F: Real, M: Machine<F>, const CHAINS: usize>(m: M, rounds: usize) -> f64 {
    // x ← x/2 + 1 stays near 2, far from underflow. The black box keeps the compiler from computing it in advance.
    let (factor, term) = black_box((F::HALF, F::ONE));
    let (factor, term) = (m.splat(factor), m.splat(term));
    let starts = black_box([F::ONE; CHAINS]);
    let mut sums = array!([m.splat(F::ONE); CHAINS], |chain| m.splat(starts[chain]));
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = m.multiply_add(*sum, factor, term);
        }
    }
    black_box(sums);
    2.0 * (CHAINS * M::LANES) as f64 * rounds as f64
}

/// The number of values whose exponentials are taken. With the results they take 8 or 16 KiB, less than a first-level
/// cache.
const NUMBERS: usize = 1024;

#[inline(always)]
fn exponentials<F: Real, M: Machine<F>>(_m: M, rounds: usize) -> f64 {
    // All values are in the range where the result is a normal number.
    let mut numbers = [F::ZERO; NUMBERS];
    for (i, number) in numbers.iter_mut().enumerate() {
        *number = F::from_f64(-80.0 * i as f64 / NUMBERS as f64);
    }
    let mut results = [F::ZERO; NUMBERS];
    for _ in 0..rounds {
        for (result, number) in results.iter_mut().zip(black_box(&numbers)) {
            *result = number.exp_negative(M::FMA);
        }
        black_box(&mut results);
    }
    (NUMBERS * rounds) as f64
}

/// The number of positions that are read side by side. The machine prefetches at each of them.
const STREAMS: usize = 8;

/// The number of vectors read at each position in turn.
const SIDE: usize = 2;

/// The sum of all numbers.
#[inline(always)]
fn sum<F: Real, M: Machine<F>>(m: M, numbers: &[F]) -> F {
    let one = m.splat(F::ONE);
    let step = SIDE * M::LANES;
    let part = numbers.len() / STREAMS / step * step;
    let mut sums = [[m.splat(F::ZERO); SIDE]; STREAMS];
    for at in (0..part).step_by(step) {
        for (stream, sums) in sums.iter_mut().enumerate() {
            for (side, sum) in sums.iter_mut().enumerate() {
                // SAFETY: within the first STREAMS · part numbers.
                let vector = unsafe { m.load(numbers.get_unchecked(stream * part + at + side * M::LANES..)) };
                *sum = m.multiply_add(vector, one, *sum);
            }
        }
    }
    let mut total = numbers[STREAMS * part..].iter().copied().sum();
    for sum in sums.as_flattened() {
        let mut lanes = [F::ZERO; MOST_LANES];
        // SAFETY: no machine has more lanes.
        unsafe { m.store(*sum, &mut lanes) };
        total += lanes.into_iter().sum();
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Portable;

    #[test]
    fn every_number_is_read_once() {
        for count in [0, 1, 63, 64, 255, 256, 257, 5_000] {
            let numbers: Vec<f64> = (1..=count).map(f64::from).collect();
            let expected = f64::from(count) * f64::from(count + 1) / 2.0;
            assert_eq!(sum::<f64, Portable>(Portable, &numbers), expected);
            assert_eq!(exert(&Work::Read(&numbers)), 8.0 * f64::from(count));
        }
    }

    /// A hundred rounds are a hundred times the work of one, on every machine.
    #[test]
    fn work_is_what_was_asked_for() {
        fn check<F: Real>() {
            let once = exert::<F>(&Work::MultiplyAdds(1));
            assert!(once >= 2.0 * CHAINS_OF_PAIRS as f64);
            assert_eq!(exert::<F>(&Work::MultiplyAdds(100)), 100.0 * once);
            assert_eq!(exert::<F>(&Work::Exponentials(3)), 3.0 * NUMBERS as f64);
        }
        check::<f32>();
        check::<f64>();
    }
}
