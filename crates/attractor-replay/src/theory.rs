//! Closed forms of what replay does to weights.

/// The distribution of how many of n draws from Pólya's urn are of a kind, which begins with mass a against b of all
/// others, while each draw adds mass 1 to its own kind. It is the Beta-binomial distribution,
///
/// ```text
/// P(k) = C(n, k) B(a + k, b + n − k)/B(a, b),    mean n a/(a + b),
/// ```
///
/// and the share (a + k)/(a + b + n) has the limit Beta(a, b). The mean of the share is a/(a + b) at every n: it is a
/// martingale.
///
/// Returns n + 1 probabilities. `a`, `b` > 0. Cost: n operations.
///
/// ```
/// use attractor_replay::theory::{beta_binomial, quantile};
/// // One event against 19 other experiences, after 200 replays: half of all runs have at most 7 replays of it.
/// let counts = beta_binomial(200, 1.0, 19.0);
/// assert_eq!(quantile(&counts, 0.5), 7);
/// let mean: f64 = counts.iter().enumerate().map(|(k, p)| p * (1.0 + k as f64) / 220.0).sum();
/// assert!((mean - 0.05).abs() < 1e-12);
/// ```
pub fn beta_binomial(n: usize, a: f64, b: f64) -> Vec<f64> {
    // P(0) = Π (b + i)/(a + b + i), and each probability from the one before it, in logarithms.
    let mut log: f64 = (0..n).map(|i| ((b + i as f64) / (a + b + i as f64)).ln()).sum();
    let mut found = vec![log.exp()];
    for k in 0..n {
        let (k, left) = (k as f64, (n - k) as f64);
        log += (left / (k + 1.0)).ln() + ((a + k) / (b + left - 1.0)).ln();
        found.push(log.exp());
    }
    found
}

/// The smallest k up to which a distribution over 0, 1, … has at least the probability `p`.
pub fn quantile(probabilities: &[f64], p: f64) -> usize {
    let mut sum = 0.0;
    let reached = |probability: &f64| {
        sum += probability;
        sum >= p
    };
    probabilities.iter().position(reached).unwrap_or(probabilities.len().saturating_sub(1))
}

/// The binomial distribution of n trials with probability p: n + 1 probabilities.
pub fn binomial(n: usize, p: f64) -> Vec<f64> {
    if p <= 0.0 || p >= 1.0 {
        let at = if p <= 0.0 { 0 } else { n };
        return (0..=n).map(|k| if k == at { 1.0 } else { 0.0 }).collect();
    }
    let mut log = n as f64 * (1.0 - p).ln();
    let odds = (p / (1.0 - p)).ln();
    let mut found = vec![log.exp()];
    for k in 0..n {
        log += ((n - k) as f64 / (k as f64 + 1.0)).ln() + odds;
        found.push(log.exp());
    }
    found
}

/// The mean number of generations until a memory that is fitted anew to n samples of itself in each generation
/// (Wright–Fisher) has only one of two kinds left, from k samples of one kind. It solves (I − Q)t = 1, with Q the
/// chain's transitions between the numbers 1 to n − 1.
///
/// Returns t for k = 0 to n. `n` ≥ 1. Cost: n³/3 operations.
///
/// ```
/// use attractor_replay::theory::collapse_times;
/// // Two samples: a half of all generations leave one kind only.
/// assert!((collapse_times(2)[1] - 2.0).abs() < 1e-12);
/// ```
pub fn collapse_times(n: usize) -> Vec<f64> {
    let size = n.saturating_sub(1);
    // Rows of [I − Q | 1].
    let mut rows: Vec<Vec<f64>> = (1..n)
        .map(|k| {
            let next = binomial(n, k as f64 / n as f64);
            let mut row: Vec<f64> = (1..n).map(|j| f64::from(j == k) - next[j]).collect();
            row.push(1.0);
            row
        })
        .collect();
    // I − Q is an M-matrix, whose elimination needs no exchange of rows.
    for at in 0..size {
        let (above, below) = rows.split_at_mut(at + 1);
        let pivot = &above[at];
        for row in below {
            let factor = row[at] / pivot[at];
            if factor != 0.0 {
                row[at..].iter_mut().zip(&pivot[at..]).for_each(|(x, p)| *x -= factor * p);
            }
        }
    }
    let mut times = vec![0.0; n + 1];
    for at in (0..size).rev() {
        let known: f64 = (at + 1..size).map(|j| rows[at][j] * times[j + 1]).sum();
        times[at + 1] = (rows[at][size] - known) / rows[at][at];
    }
    times
}

/// The same time in the limit of many samples, −2n[w ln w + (1 − w) ln(1 − w)], for the first weight w of a kind.
pub fn collapse_time(n: usize, weight: f64) -> f64 {
    let part = |w: f64| if w > 0.0 { w * w.ln() } else { 0.0 };
    -2.0 * n as f64 * (part(weight) + part(1.0 - weight))
}

/// The mean of Σw² in generation g of a memory that is fitted anew in each generation to k samples of itself and to f
/// new experiences, from Σw² = `first`. With n = k + f,
///
/// ```text
/// S' = (n + k(k − 1) S)/n²,    which stays at S = n/(n² − k(k − 1)).
/// ```
///
/// Without new experiences 1 − S, the probability that two samples differ, falls by the factor 1 − 1/n, and all is lost
/// but one. With them diversity stays (Kimura & Crow 1964 for infinitely many kinds).
///
/// ```
/// use attractor_replay::theory::concentration;
/// // Without immigration the probability that two samples differ falls as (1 − 1/n)^g.
/// let differ = 1.0 - concentration(20, 0, 0.5, 10);
/// assert!((differ - 0.5 * 0.95_f64.powi(10)).abs() < 1e-12);
/// ```
pub fn concentration(replays: usize, fresh: usize, first: f64, generations: u64) -> f64 {
    let (k, n) = (replays as f64, (replays + fresh) as f64);
    (0..generations).fold(first, |s, _| (n + k * (k - 1.0) * s) / (n * n))
}

/// The mean weight of an event after t rounds of one self-sampled replay and f new experiences each, while masses
/// accumulate: m a/(a + b), with m growing by the factor 1 + 1/M in a round that begins with the total mass M.
///
/// With f = 0 it is constant; with f > 0 it falls as t^(−f/(1+f)).
///
/// ```
/// use attractor_replay::theory::diluted;
/// assert!((diluted(1.0, 19.0, 0.0, 200) - 0.05).abs() < 1e-12);
/// assert!(diluted(1.0, 19.0, 1.0, 200) < 0.05 / 4.0);
/// ```
pub fn diluted(a: f64, b: f64, fresh: f64, rounds: u64) -> f64 {
    let (mut event, mut total) = (a, a + b);
    for _ in 0..rounds {
        event *= 1.0 + 1.0 / total;
        total += 1.0 + fresh;
    }
    event / total
}

/// The distribution of the number of samples of a kind, 0 to n, after g generations of a memory that is fitted anew to
/// n samples of itself in each generation (Wright–Fisher), from k samples. Its mean is k at every g.
///
/// Cost: g n² operations.
///
/// ```
/// use attractor_replay::theory::wright_fisher;
/// let after = wright_fisher(2, 1, 3);
/// // Each generation of one of two kinds is left with a half of its probability.
/// assert!((after[1] - 0.125).abs() < 1e-12 && (after[0] - 0.4375).abs() < 1e-12);
/// ```
pub fn wright_fisher(n: usize, k: usize, generations: u64) -> Vec<f64> {
    let chain: Vec<Vec<f64>> = (0..=n).map(|k| binomial(n, k as f64 / n as f64)).collect();
    let mut now: Vec<f64> = (0..=n).map(|j| f64::from(u8::from(j == k))).collect();
    for _ in 0..generations {
        now = (0..=n).map(|j| now.iter().zip(&chain).map(|(p, next)| p * next[j]).sum()).collect();
    }
    now
}
