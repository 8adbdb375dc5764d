//! Confidence intervals of shares.

/// A confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Whether a value lies in the interval.
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// Wilson's 95 % interval of a probability, from `successes` in `trials` independent trials (at least 1).
///
/// ```
/// let interval = attractor::intervals::wilson(5, 10);
/// assert!((interval.low - 0.2366).abs() < 1e-4 && (interval.high - 0.7634).abs() < 1e-4);
/// ```
pub fn wilson(successes: usize, trials: usize) -> Interval {
    const Z: f64 = 1.959_963_984_540_054;
    let (n, p) = (trials as f64, successes as f64 / trials as f64);
    let middle = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    // Rounding must not put an end on the wrong side of the observed share.
    Interval { low: (middle - half).clamp(0.0, p), high: (middle + half).clamp(p, 1.0) }
}
