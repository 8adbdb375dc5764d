//! What theory says about the capacity of any memory, and of particular ones.

use puruspe::{inverfc, ln_gamma};

pub use super::channel::{Channel, entropy, normal_tail};
use super::{Passage, Task};

/// log₂ of the number of random patterns up to which the mean error can vanish as D grows: D·C. `None` where
/// guessing each unit by itself is already within the threshold, so that there is no limit.
pub fn asymptote(task: Task, dim: usize, threshold: f64) -> Option<f64> {
    task.channel().filter(|_| task.is_limited(threshold)).map(|channel| dim as f64 * channel.capacity)
}

/// Estimates log₂ of the number of random patterns that the best decoder holds at D units: D·C − √(D·V)
/// Q⁻¹(ε) + ½ log₂ D, for masks without the last term (Polyanskiy, Poor & Verdú 2010). ε is the share of cues
/// that are decoded as another pattern. It is three times the threshold on units, since about a third of the
/// units are wrong then.
pub fn finite_length(task: Task, dim: usize, threshold: f64) -> Option<f64> {
    let (Channel { capacity, dispersion }, d) = (task.channel()?, dim as f64);
    let wrong = 3.0 * threshold;
    let far = std::f64::consts::SQRT_2 * inverfc(2.0 * wrong);
    (wrong < 0.5 && task.is_limited(threshold)).then(|| {
        let third = if matches!(task, Task::Mask(_)) { 0.0 } else { 0.5 * d.log2() };
        d * capacity - (d * dispersion).sqrt() * far + third
    })
}

/// 0.138 D: up to this many patterns a classical network has states near them (Amit, Gutfreund & Sompolinsky
/// 1985).
pub fn classical(dim: usize) -> f64 {
    0.138 * dim as f64
}

/// D/(4 ln D): this many patterns are all recalled without error by a classical network (McEliece et al.
/// 1987). `None` for a single unit, where the law does not hold.
pub fn classical_exact(dim: usize) -> Option<f64> {
    (dim > 1).then(|| dim as f64 / (4.0 * (dim as f64).ln()))
}

/// D^(k−1)/(2(2k − 3)!! ln D): this many patterns are recalled without error by a dense memory of degree k
/// (Krotov & Hopfield 2016). `None` for a single unit, where the law does not hold.
pub fn of_degree(degree: u32, dim: usize) -> Option<f64> {
    let odd: f64 = (1..=2 * degree as u64 - 3).step_by(2).map(|k| k as f64).product();
    (dim > 1).then(|| (dim as f64).powi(degree as i32 - 1) / (2.0 * odd * (dim as f64).ln()))
}

/// D^d/(2(2d − 1)!! ln D): a memory of sequences with f(u) = u^d goes from each of this many patterns to the next without
/// error, and D^d/(2(d + 1)(2d − 1)!! ln D) for a whole sequence without error (Chaudhry et al. 2023). `None` for a single
/// unit, where the laws do not hold.
pub fn sequence(degree: u32, dim: usize, passage: Passage) -> Option<f64> {
    let all = if passage == Passage::Whole { f64::from(degree) + 1.0 } else { 1.0 };
    of_degree(degree + 1, dim).map(|patterns| patterns / all)
}

/// β^(D−1)/(2 ln D) with β = e²/cosh 2: the same for f(u) = exp((D − 1)(u − 1)), and β^(D−1)/(2 D ln β) for a whole sequence
/// (Chaudhry et al. 2023). The noise in them is not Gaussian, so both are too large for small D. `None` for a single unit.
pub fn exponential_sequence(dim: usize, passage: Passage) -> Option<f64> {
    let beta = 2f64.exp() / 2f64.cosh();
    let d = dim as f64;
    let logarithm = if passage == Passage::Whole { d * beta.ln() } else { d.ln() };
    (dim > 1).then(|| beta.powf(d - 1.0) / (2.0 * logarithm))
}

/// ln of the number of patterns that a dense memory with F = exp recalls from cues with a share ρ of flipped
/// units: D·I(1 − 2ρ)/2 with I(a) = ½((1 + a) ln(1 + a) + (1 − a) ln(1 − a)) (Demircigil et al. 2017).
pub fn exponential(flipped: f64, dim: usize) -> f64 {
    let a = 1.0 - 2.0 * flipped;
    let part = |x: f64| if x > 0.0 { x * x.ln() } else { 0.0 };
    dim as f64 * 0.25 * (part(1.0 + a) + part(1.0 - a))
}

/// The exact share of wrong units of the best decoder, for N random patterns whose units are lost with
/// probability p. With K units left, M ~ Bin(N − 1, 2^−K) other patterns agree in all of them. A lost unit is
/// then decided by a vote of M + 1 patterns.
pub fn erasure_error(dim: usize, p: f64, patterns: usize) -> f64 {
    let d = dim as f64;
    let left = |k: usize| binomial(d, k as f64, 1.0 - p);
    (0..=dim).map(|k| left(k) * (d - k as f64) / d * vote_error(patterns - 1, 0.5f64.powi(k as i32))).sum()
}

/// The largest number of patterns whose [`erasure_error`] is within the threshold, up to `most`.
pub fn erasure_capacity(dim: usize, p: f64, threshold: f64, most: usize) -> usize {
    let passes = |n: usize| erasure_error(dim, p, n) <= threshold;
    let (mut low, mut high) = (0, 1);
    while high <= most && passes(high) {
        (low, high) = (high, 2 * high);
    }
    high = high.min(most + 1);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if passes(middle) { low = middle } else { high = middle }
    }
    low
}

/// P(k of n), each with probability p.
fn binomial(n: f64, k: f64, p: f64) -> f64 {
    if p <= 0.0 || p >= 1.0 {
        let certain = if p <= 0.0 { 0.0 } else { n };
        return f64::from(u8::from(k == certain));
    }
    let ways = ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0);
    (ways + k * p.ln() + (n - k) * (-p).ln_1p()).exp()
}

/// How often a vote of one pattern and M others with random units goes against that pattern. Ties are broken
/// by a coin. M ~ Bin(n, q).
fn vote_error(n: usize, q: f64) -> f64 {
    let (count, mean) = (n as f64, n as f64 * q);
    let reach = 12.0 * (mean * (1.0 - q)).sqrt() + 30.0;
    let first = (mean - reach).max(0.0).floor() as usize;
    let last = ((mean + reach).ceil() as usize).min(n);
    (first..=last).map(|m| binomial(count, m as f64, q) * against(m)).sum()
}

/// ½(1 − C(2m, m)/4ᵐ) with m = ⌈M/2⌉: the probability that a vote of one pattern and M others goes against
/// that pattern.
fn against(others: usize) -> f64 {
    /// From this number on, Stirling's series is as exact as the product.
    const MANY: usize = 500;
    let m = others.div_ceil(2);
    let tie = match m {
        ..MANY => (1..=m).map(|i| (2 * i - 1) as f64 / (2 * i) as f64).product(),
        _ => {
            let m = m as f64;
            (1.0 - 1.0 / (8.0 * m) + 1.0 / (128.0 * m * m)) / (std::f64::consts::PI * m).sqrt()
        }
    };
    0.5 * (1.0 - tie)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values computed independently of this program, to five digits.
    #[test]
    fn channels_have_the_known_capacities() {
        for (signal, capacity) in
            [(0.5, 0.20696), (0.6, 0.31908), (0.68, 0.43825), (0.8, 0.68165), (0.9, 0.92489)]
        {
            let found = Channel::gaussian(signal).capacity;
            assert!((found - capacity).abs() < 6e-6, "{signal}: {found}");
        }
        assert!((Channel::gaussian(0.68).dispersion - 0.65197).abs() < 6e-6);
        assert!((Task::Signal(0.68).uncoded_error() - 0.177).abs() < 5e-4);
        // A binary symmetric channel with p = 0.11 has a capacity of half a bit (Cover & Thomas).
        assert!((Channel::flips(0.11).capacity - 0.5).abs() < 1e-3);
        assert!(asymptote(Task::Signal(0.89), 10, 0.03).is_none());
    }

    /// Published values, and values computed by hand.
    #[test]
    fn the_laws_are_as_published() {
        let near = |found: Option<f64>, expected: f64, by: f64| (found.expect("D > 1") - expected).abs() < by;
        assert!(near(classical_exact(100), 100.0 / (4.0 * 4.605_170_2), 1e-6));
        // k = 2: D/(2 ln D); k = 3: D²/(6 ln D).
        assert!(near(of_degree(2, 50), 50.0 / (2.0 * 50f64.ln()), 1e-9));
        assert!(near(of_degree(3, 50), 2500.0 / (6.0 * 50f64.ln()), 1e-9));
        // Sequences: D/(2 ln D), D²/(6 ln D), D³/(30 ln D) for a step; of a whole sequence a half, a third and a quarter.
        for (degree, odd) in [(1, 1.0), (2, 3.0), (3, 15.0)] {
            let step = 50f64.powi(degree) / (2.0 * odd * 50f64.ln());
            assert!(near(sequence(degree as u32, 50, Passage::Step), step, 1e-9));
            assert!(near(sequence(degree as u32, 50, Passage::Whole), step / f64::from(degree + 1), 1e-9));
        }
        // β = 7.38906/3.76220.
        assert!(near(exponential_sequence(2, Passage::Step), 1.964_032 / (2.0 * 2f64.ln()), 1e-5));
        assert!(near(exponential_sequence(2, Passage::Whole), 1.964_032 / (4.0 * 1.964_032f64.ln()), 1e-5));
        assert!(classical_exact(1).is_none() && of_degree(2, 1).is_none());
        // Without flips: 2^(D/2).
        assert!((exponential(0.0, 40) - 20.0 * std::f64::consts::LN_2).abs() < 1e-12);
        assert_eq!(exponential(0.5, 40), 0.0);
    }

    /// The votes of a few patterns, counted by hand; and capacities computed independently of this program.
    #[test]
    fn erasures_are_exact() {
        // One other pattern: it differs in half of the cases, which is a tie. Two: both must differ. Three:
        // all three differ, or two of them and the coin.
        for (others, expected) in [(0, 0.0), (1, 0.25), (2, 0.25), (3, 0.125 + 0.5 * 0.375)] {
            assert!((against(others) - expected).abs() < 1e-12, "{others}");
        }
        // The product, and the series that replaces it.
        let product: f64 = (1..=500).map(|i| (2 * i - 1) as f64 / (2 * i) as f64).product();
        assert!((against(1000) - 0.5 * (1.0 - product)).abs() < 1e-12);
        for (dim, capacity) in [(10, 5), (16, 29), (24, 355), (32, 4563)] {
            assert_eq!(erasure_capacity(dim, 0.5, 0.03, 1 << 20), capacity, "D = {dim}");
            // The estimate is rough for small D.
            let estimate = finite_length(Task::Mask(0.5), dim, 0.03).expect("a limit");
            assert!(
                (estimate - (capacity as f64).log2()).abs() < 0.6 + 2.0 / dim as f64,
                "D = {dim}: {estimate}"
            );
        }
    }
}
