//! How many locations a word activates, and how well stored words can then be told apart (Kanerva 1988, derived
//! anew).
//!
//! Words and locations are random. A location is active for a word with probability p, and for two words at distance
//! d with probability p₂(d), which is p² only on average. A word that is read at its own address has a active
//! locations, a ~ Binomial(M, p). Its field has two parts: a times its bit, since the word was written to each of
//! these locations; and the sum of what the T − 1 other words wrote there. Each of these contributes a random sign
//! times l, the number of locations that it shares with the word. Given a, l is Binomial(a, p₂(d)/p), so ⟨l²⟩ = a p +
//! a(a − 1) ⟨p₂²⟩/p², and
//!
//! ```text
//! P(bit right) = Σ_a P(a) Φ( a / √((T − 1) (a p + a (a − 1) ⟨p₂²⟩ / p²)) )
//! ```
//!
//! With a at its mean and its spread counted as noise, with ⟨p₂²⟩ = p⁴ (D → ∞) and T − 1 ≈ T, this becomes Kanerva's
//! signal-to-noise ratio ρ² = p M / (1 + p T (1 + p² M)), which is largest at p = (2 M T)^(−1/3).

/// The binomial distribution of `n` fair bits.
pub(super) struct Binomial {
    mass: Vec<f64>,
    at_most: Vec<f64>,
}

impl Binomial {
    pub(super) fn new(n: usize) -> Self {
        let mut mass = vec![0.0; n + 1];
        let mut log = -(n as f64) * std::f64::consts::LN_2;
        for k in 0..=n / 2 {
            if k > 0 {
                log += ((n - k + 1) as f64 / k as f64).ln();
            }
            mass[k] = log.exp();
            mass[n - k] = mass[k];
        }
        let mut sum = 0.0;
        let at_most = mass.iter().map(|m| {
            sum += m;
            f64::min(sum, 1.0)
        });
        Binomial { at_most: at_most.collect(), mass }
    }

    /// P(k bits or fewer).
    pub(super) fn at_most(&self, k: usize) -> f64 {
        self.at_most[k.min(self.at_most.len() - 1)]
    }

    /// The smallest k for which P(k bits or fewer) ≥ `p`.
    pub(super) fn quantile(&self, p: f64) -> usize {
        /// How much rounding can reduce a sum that reaches `p` exactly.
        const ROUNDING: f64 = 1e-11;
        let short = |sum: &f64| *sum < p * (1.0 - ROUNDING);
        self.at_most.partition_point(short).min(self.at_most.len() - 1)
    }
}

/// Kanerva's activation probability (2 M T)^(−1/3), at which his signal-to-noise ratio is largest.
pub(super) fn best_activation(locations: usize, words: usize) -> f64 {
    (2.0 * locations as f64 * words as f64).powf(-1.0 / 3.0)
}

/// Words of D bits in M random locations within radius R.
#[derive(Clone, Copy, Debug)]
pub(super) struct Theory {
    locations: f64,
    /// p
    activation: f64,
    /// ⟨p₂²⟩/p²: the probability that two locations which are active for one word are both active for another.
    pair: f64,
}

impl Theory {
    /// Cost O(D^1.5).
    pub(super) fn new(locations: usize, dim: usize, radius: usize) -> Self {
        /// Distances of random words beyond this many standard deviations are ignored.
        const FAR: f64 = 9.0;
        let all = Binomial::new(dim);
        let activation = all.at_most(radius);
        let reach = (FAR * (dim as f64).sqrt() / 2.0).ceil() as usize;
        let distances = (dim / 2).saturating_sub(reach)..=(dim / 2 + reach).min(dim);
        let square: f64 = distances.map(|d| all.mass[d] * both_active(dim, radius, d).powi(2)).sum();
        Theory { locations: locations as f64, activation, pair: square / activation.powi(2) }
    }

    /// The probability that a bit is read right if `words` are stored. A tie counts half.
    pub(super) fn fidelity(&self, words: f64) -> f64 {
        /// The number of active locations is summed over this many standard deviations.
        const FAR: f64 = 10.0;
        let (m, p) = (self.locations, self.activation);
        let right = |a: f64| {
            let noise = (words - 1.0) * (a * p + a * (a - 1.0) * self.pair);
            if a == 0.0 {
                0.5
            } else if noise > 0.0 {
                1.0 - upper_tail(a / noise.sqrt())
            } else {
                1.0
            }
        };
        if p >= 1.0 {
            return right(m);
        }
        // Binomial(M, p) by ratios, from its middle outwards.
        let middle = (m * p).floor();
        let reach = FAR * (m * p * (1.0 - p)).sqrt() + FAR;
        let (mut total, mut sum) = (0.0, 0.0);
        let mut add = |a: f64, mass: f64| {
            total += mass;
            sum += mass * right(a);
        };
        let (mut a, mut mass) = (middle, 1.0);
        while a <= m && a <= middle + reach {
            add(a, mass);
            mass *= (m - a) / (a + 1.0) * p / (1.0 - p);
            a += 1.0;
        }
        (a, mass) = (middle, 1.0);
        while a >= 1.0 && a >= middle - reach {
            mass *= a / (m - a + 1.0) * (1.0 - p) / p;
            a -= 1.0;
            add(a, mass);
        }
        sum / total
    }

    /// The largest number of words for which a bit is read right with this probability.
    pub(super) fn capacity(&self, fidelity: f64) -> f64 {
        /// No memory that fits in a computer holds this many words.
        const MOST: f64 = 1e15;
        if self.fidelity(1.0) < fidelity {
            return 0.0;
        }
        let (mut low, mut high) = (1.0, MOST);
        while high - low > 1.0 {
            let middle = if high > 4.0 * low { (low * high).sqrt() } else { 0.5 * (low + high) }.floor();
            if self.fidelity(middle) >= fidelity { low = middle } else { high = middle }
        }
        low
    }
}

/// p₂(d): the probability that a random location lies within `radius` of both of two words at distance d.
///
/// In the d units where the words differ, the location differs from the first word in i of them and from the second
/// in d − i.
fn both_active(dim: usize, radius: usize, d: usize) -> f64 {
    let (differ, agree) = (Binomial::new(d), Binomial::new(dim - d));
    let within = |i: usize| radius.checked_sub(i.max(d - i)).map_or(0.0, |left| agree.at_most(left));
    differ.mass.iter().enumerate().map(|(i, mass)| mass * within(i)).sum()
}

/// The probability that a standard normal number exceeds z ≥ 0.
fn upper_tail(z: f64) -> f64 {
    let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
    if z > 3.0 {
        // Laplace's continued fraction.
        let fraction = (1..=60).rev().fold(z, |below, k| z + f64::from(k) / below);
        return density / fraction;
    }
    // Φ = ½ + φ Σ z^(2k+1) / (1·3·…·(2k+1)).
    let (mut term, mut sum) = (z, z);
    for k in 1..60 {
        term *= z * z / f64::from(2 * k + 1);
        sum += term;
    }
    0.5 - density * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums of binomial coefficients in whole numbers, up to the largest n that 128 bits hold.
    #[test]
    fn the_binomial_is_the_exact_sum() {
        /// The rounding of a hundred logarithms and as many additions.
        const ROUNDING: f64 = 1e-12;
        for n in [1, 2, 7, 63, 64, 65, 120] {
            let binomial = Binomial::new(n);
            let (mut coefficient, mut sum) = (1_u128, 0_u128);
            for k in 0..=n {
                if k > 0 {
                    coefficient = coefficient * (n - k + 1) as u128 / k as u128;
                }
                sum += coefficient;
                let exact = sum as f64 / 2.0_f64.powi(n as i32);
                let found = binomial.at_most(k);
                assert!((found / exact - 1.0).abs() < ROUNDING, "{n}, {k}: {found:e} for {exact:e}");
                // Close to 1, the remainder is smaller than the rounding error.
                if 1.0 - exact > 1e-9 {
                    assert_eq!(binomial.quantile(exact), k, "{n}");
                }
            }
        }
    }

    /// From `scipy.stats.norm.sf`.
    #[test]
    fn the_normal_tail_is_the_tables() {
        const ROUNDING: f64 = 1e-13;
        for (z, exact) in [
            (0.0, 0.5),
            (1.0, 0.158_655_253_931_457_07),
            (2.9, 0.001_865_813_300_384_037_7),
            (3.1, 0.000_967_603_213_218_356_1),
            (6.0, 9.865_876_450_376_946e-10),
        ] {
            let found = upper_tail(z);
            assert!((found - exact).abs() < ROUNDING * f64::max(1.0, z), "{z}: {found:e} for {exact:e}");
        }
    }

    /// All pairs (word at distance d, location) of 10 bits, counted.
    #[test]
    fn shared_locations_are_those_counted() {
        let dim = 10;
        for radius in [1, 3, 4, 10] {
            for d in 0..=dim {
                let word = (1_u32 << d) - 1;
                let near = |a: u32| a.count_ones() <= radius && (a ^ word).count_ones() <= radius;
                let exact = (0..1_u32 << dim).filter(|&a| near(a)).count() as f64 / f64::from(1 << dim);
                let found = both_active(dim, radius as usize, d);
                assert!((found - exact).abs() < 1e-12, "radius {radius}, distance {d}: {found} for {exact}");
            }
        }
    }

    /// Kanerva's signal-to-noise ratio on a fine grid of p.
    #[test]
    fn the_best_activation_is_where_the_ratio_is_largest() {
        for (m, t) in [(1000.0, 50.0), (1e6, 1e4), (1e5, 1e5)] {
            let ratio = |p: f64| p * m / (1.0 + p * t * (1.0 + p * p * m));
            let best = (1..20_000)
                .map(|k| 10_f64.powf(-f64::from(k) / 4000.0))
                .max_by(|a, b| ratio(*a).total_cmp(&ratio(*b)))
                .expect("a grid");
            let formula = best_activation(m as usize, t as usize);
            assert!((best / formula - 1.0).abs() < 1e-3, "M {m}, T {t}: {best} for {formula}");
        }
    }
}
