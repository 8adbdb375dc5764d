//! Log-sums over patterns whose costs are known: the likelihood of many noise levels, from one pass over the patterns.

use crate::machine::{Level, MOST_LANES, Machine, On};

/// ln Σ_n exp(a·u_n + b·v_n + w_n): the log-sum of logits that are made of two numbers of each pattern, such as its squared
/// distance and its squared norm, and of its log weight (0 if there are none).
///
/// # Panics
/// If the lists have unequal lengths.
pub fn log_sum_of(u: &[f64], v: &[f64], [a, b]: [f64; 2], log_weights: Option<&[f64]>) -> f64 {
    assert!(u.len() == v.len() && log_weights.is_none_or(|w| w.len() == u.len()), "one number a pattern");
    Level::best().run::<f64, _, _>(LogSum { u, v, factors: [a, b], log_weights })
}

struct LogSum<'a> {
    u: &'a [f64],
    v: &'a [f64],
    factors: [f64; 2],
    log_weights: Option<&'a [f64]>,
}

impl LogSum<'_> {
    /// The logits of the patterns from `first` on that fill a vector. Beyond the last pattern they are the last one's.
    #[inline(always)]
    fn logits<M: Machine<f64>>(&self, m: M, first: usize) -> M::Vector {
        let pick = |numbers: &[f64]| -> M::Vector {
            // SAFETY: LANES numbers follow where there are as many, and no machine has more lanes than `last` numbers.
            unsafe {
                match numbers.get(first..first + M::LANES) {
                    Some(some) => m.load(some),
                    None => {
                        let mut last = [numbers[numbers.len() - 1]; MOST_LANES];
                        last[..numbers.len() - first].copy_from_slice(&numbers[first..]);
                        m.load(&last)
                    }
                }
            }
        };
        let [a, b] = self.factors;
        let weight = match self.log_weights {
            Some(weights) => pick(weights),
            None => m.splat(0.0),
        };
        m.multiply_add(m.splat(a), pick(self.u), m.multiply_add(m.splat(b), pick(self.v), weight))
    }
}

impl<M: Machine<f64>> On<M, f64> for LogSum<'_> {
    #[inline(always)]
    fn run(self, m: M) -> f64 {
        let count = self.u.len();
        if count == 0 {
            return f64::NEG_INFINITY;
        }
        let mut top = m.splat(f64::NEG_INFINITY);
        let mut first = 0;
        while first < count {
            top = m.max(self.logits(m, first), top);
            first += M::LANES;
        }
        let mut lanes = [f64::NEG_INFINITY; MOST_LANES];
        // SAFETY: no machine has more lanes than there is room.
        unsafe { m.store(top, &mut lanes) };
        let top = lanes.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut mass = m.splat(0.0);
        let (mut first, whole) = (0, count / M::LANES * M::LANES);
        while first < whole {
            mass = m.add(mass, m.exp_negative(m.sub(self.logits(m, first), m.splat(top))));
            first += M::LANES;
        }
        let mut lanes = [0.0; MOST_LANES];
        // SAFETY: as above.
        unsafe { m.store(mass, &mut lanes) };
        let mut total: f64 = lanes.iter().sum();
        if first < count {
            let mut last = [0.0; MOST_LANES];
            // SAFETY: as above.
            unsafe { m.store(m.exp_negative(m.sub(self.logits(m, first), m.splat(top))), &mut last) };
            total += last[..count - first].iter().sum::<f64>();
        }
        top + total.ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_sums_are_plain_sums() {
        /// Rounding of a few operations on numbers up to 10³.
        const ROUNDING: f64 = 1e-12;
        for n in [1, 3, 8, 9, 100] {
            let u: Vec<f64> = (0..n).map(|i| f64::from(i * i % 37)).collect();
            let v: Vec<f64> = (0..n).map(|i| f64::from(i * 7 % 11)).collect();
            let w: Vec<f64> = (0..n).map(|i| -f64::from(i % 3)).collect();
            for factors in [[-0.5, 0.1], [-20.0, 0.0], [0.0, 0.0]] {
                for weights in [None, Some(&w[..])] {
                    let logit = |i: usize| {
                        factors[0] * u[i] + factors[1] * v[i] + weights.map_or(0.0, |w: &[f64]| w[i])
                    };
                    let top = (0..u.len()).map(logit).fold(f64::NEG_INFINITY, f64::max);
                    let plain = top + (0..u.len()).map(|i| (logit(i) - top).exp()).sum::<f64>().ln();
                    let found = log_sum_of(&u, &v, factors, weights);
                    assert!(
                        (found - plain).abs() < ROUNDING * (1.0 + plain.abs()),
                        "{n}: {found} for {plain}"
                    );
                }
            }
        }
    }
}
