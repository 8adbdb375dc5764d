//! The squared distance of two rows: in `f64`, and bounds of it in a fraction of the time.

use crate::machine::{Level, MOST_LANES, Machine, On};
use crate::real::{Real, entry};

entry! {
    /// ‖a − b‖² by direct differences in f64: symmetric to the bit, and 0 for equal rows.
    ///
    /// # Panics
    /// If the widths differ.
    pub fn square_apart<F: Real>(a: &[F], b: &[F]) -> f64 {
        assert_eq!(a.len(), b.len(), "rows must have the same number of units");
        Level::best().run_narrow::<F, _, _>(Apart { a, b })
    }
}

/// The arguments of [`square_apart`].
struct Apart<'a, F> {
    a: &'a [F],
    b: &'a [F],
}

impl<F: Real, M: Machine<F>> On<M, f64> for Apart<'_, F> {
    #[inline(always)]
    fn run(self, _m: M) -> f64 {
        /// Sums side by side: eight vectors of AVX2, so that none waits for the last.
        const LANES: usize = 32;
        let mut sums = [0.0_f64; LANES];
        let (a, a_rest) = self.a.as_chunks::<LANES>();
        let (b, b_rest) = self.b.as_chunks::<LANES>();
        for (x, y) in a.iter().zip(b) {
            for l in 0..LANES {
                let difference = x[l].to_f64() - y[l].to_f64();
                sums[l] += difference * difference;
            }
        }
        for (l, (x, y)) in a_rest.iter().zip(b_rest).enumerate() {
            let difference = x.to_f64() - y.to_f64();
            sums[l] += difference * difference;
        }
        sums.iter().sum()
    }
}

/// A lower and an upper bound of ‖a − b‖², of numbers of size 1 or so.
///
/// The sum of (aᵢ − bᵢ)² is made in `f32`. A term has at most three roundings, and a sum of n terms n more. All are counted, as shares
/// u = 2⁻²⁴ of the sum, for no term is negative. A term that is too small for `f32` is lost.
///
/// # Panics
/// If the widths differ.
pub fn square_between(a: &[f32], b: &[f32]) -> [f64; 2] {
    assert_eq!(a.len(), b.len(), "rows must have the same number of units");
    let sum = f64::from(Level::best().run::<f32, _, _>(About { a, b }));
    // Each of the sums side by side has at most as many terms, where vectors have one number. Then these are added.
    let roundings = a.len().div_ceil(SUMS) + SUMS * MOST_LANES + 4;
    let share = roundings as f64 * f64::from(f32::EPSILON);
    let lost = a.len() as f64 * f64::from(f32::MIN_POSITIVE);
    [(sum * (1.0 - share)).max(0.0), sum * (1.0 + share) + lost]
}

/// Vectors of sums, so that none waits for the last.
const SUMS: usize = 4;

/// The arguments of [`square_between`].
struct About<'a> {
    a: &'a [f32],
    b: &'a [f32],
}

impl<M: Machine<f32>> On<M, f32> for About<'_> {
    #[inline(always)]
    fn run(self, m: M) -> f32 {
        let mut sums = [m.splat(0.0); SUMS];
        let (a, b) = (self.a.chunks_exact(SUMS * M::LANES), self.b.chunks_exact(SUMS * M::LANES));
        let mut total: f32 = a.remainder().iter().zip(b.remainder()).map(|(x, y)| (x - y) * (x - y)).sum();
        for (x, y) in a.zip(b) {
            for v in 0..SUMS {
                // SAFETY: both hold SUMS vectors.
                let (x, y) = unsafe { (m.load(&x[v * M::LANES..]), m.load(&y[v * M::LANES..])) };
                let difference = m.sub(x, y);
                sums[v] = m.multiply_add(difference, difference, sums[v]);
            }
        }
        for sum in sums {
            let mut lanes = [0.0; MOST_LANES];
            // SAFETY: no machine has more lanes.
            unsafe { m.store(sum, &mut lanes) };
            total += lanes.iter().sum::<f32>();
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use attractor::noise::{Purpose, Stream};

    #[test]
    fn the_bounds_hold_and_are_close() {
        let mut noise = Stream::new(4, Purpose::Patterns, 0);
        for dim in [0, 1, 3, 16, 64, 65, 100, 784, 5000] {
            for size in [1e-25, 1e-3, 1.0] {
                let mut row = || -> Vec<f32> { (0..dim).map(|_| (size * noise.normal()) as f32).collect() };
                let (a, b) = (row(), row());
                let exact = square_apart(&a, &b);
                let [least, most] = square_between(&a, &b);
                assert!(least <= exact && exact <= most, "{dim}: {exact} not from {least} to {most}");
                // Unit roundoffs of 5,000 terms in four sums, twice, and of what is lost.
                assert!(most - least <= 4e-4 * exact + 1e-34, "{dim}: {least} to {most}");
                assert_eq!(square_between(&a, &a)[0], 0.0);
            }
        }
    }
}
