//! Masses of memories, and how replays change them. Nothing here knows what a memory is.

use attractor::noise::Stream;

/// The probabilities with which a power of the weights chooses a memory, pₙ = wₙ^γ/Σw^γ. A memory without mass is never
/// chosen.
///
/// Cost: one power for each memory.
///
/// ```
/// use attractor_replay::urn::sharpened;
/// assert_eq!(sharpened(&[1.0, 3.0], 1.0), [0.25, 0.75]);
/// assert!((sharpened(&[1.0, 3.0], 2.0)[1] - 0.9).abs() < 1e-15);
/// ```
pub fn sharpened(masses: &[f64], exponent: f64) -> Vec<f64> {
    // Relative to the largest mass, so that no power overflows.
    let largest = masses.iter().copied().fold(0.0, f64::max);
    let power = |mass: &f64| match *mass > 0.0 {
        true if exponent == 1.0 => mass / largest,
        true => (mass / largest).powf(exponent),
        false => 0.0,
    };
    let powers: Vec<f64> = masses.iter().map(power).collect();
    let total: f64 = powers.iter().sum();
    powers.into_iter().map(|p| p / total).collect()
}

/// How often each of the items is chosen in `count` independent draws with these probabilities, which sum to 1.
///
/// Cost: one addition for each item, and log₂ N comparisons for each draw.
pub fn draws(probabilities: &[f64], count: usize, stream: &mut Stream) -> Vec<u64> {
    let mut counts = vec![0; probabilities.len()];
    if count == 0 {
        return counts;
    }
    let mut sum = 0.0;
    let cumulative: Vec<f64> = probabilities
        .iter()
        .map(|p| {
            sum += p;
            sum
        })
        .collect();
    let last = probabilities.iter().rposition(|p| *p > 0.0).unwrap_or(0);
    for _ in 0..count {
        let at = stream.uniform() * sum;
        // Items without probability have the same sum as the one before them, and are skipped.
        counts[cumulative.partition_point(|c| *c <= at).min(last)] += 1;
    }
    counts
}

/// The masses after a round: m ← λm + s·c. If there was no replay and nothing would be left (λ = 0), they stay as they
/// are, since a memory that nothing happens to does not change its weights.
pub fn reinforce(masses: &mut [f64], counts: &[u64], keep: f64, strength: f64) {
    if keep == 0.0 && counts.iter().all(|c| *c == 0) {
        return;
    }
    for (mass, count) in masses.iter_mut().zip(counts) {
        *mass = keep * *mass + strength * *count as f64;
    }
}

/// The entropy −Σ w ln w of the weights, in nats, and how many memories share them, 1/Σw².
pub fn diversity(masses: &[f64]) -> (f64, f64) {
    let total: f64 = masses.iter().sum();
    let (mut entropy, mut squares) = (0.0, 0.0);
    for mass in masses.iter().filter(|m| **m > 0.0) {
        let weight = mass / total;
        entropy -= weight * weight.ln();
        squares += weight * weight;
    }
    (f64::max(entropy, 0.0), 1.0 / squares)
}

/// A quantile of sorted values (at least one), between two of them by linear interpolation.
///
/// ```
/// use attractor_replay::urn::quantile;
/// assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), 3.0);
/// ```
pub fn quantile(sorted: &[f64], p: f64) -> f64 {
    let at = p * (sorted.len() - 1) as f64;
    let (low, share) = (at.floor() as usize, at.fract());
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + share * (sorted[high] - sorted[low])
}
