//! Correlations and bootstrap intervals.

use attractor::noise::{Purpose, Stream};

/// Sums over pairs (x, y), enough for their Pearson correlation; sums of parts are sums of the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pairs {
    n: f64,
    x: f64,
    y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
}

impl Pairs {
    /// Adds one pair.
    pub fn push(&mut self, x: f64, y: f64) {
        self.add(&Pairs { n: 1.0, x, y, xx: x * x, yy: y * y, xy: x * y });
    }

    /// Adds all pairs of another sum.
    pub fn add(&mut self, other: &Pairs) {
        self.n += other.n;
        self.x += other.x;
        self.y += other.y;
        self.xx += other.xx;
        self.yy += other.yy;
        self.xy += other.xy;
    }

    /// Pearson's correlation; 0 if either side does not vary.
    pub fn correlation(&self) -> f64 {
        let covariance = self.xy - self.x * self.y / self.n;
        let variance = |square: f64, sum: f64| square - sum * sum / self.n;
        let product = variance(self.xx, self.x) * variance(self.yy, self.y);
        if product > 0.0 { covariance / product.sqrt() } else { 0.0 }
    }
}

/// A confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Whether a value lies in it.
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// Percentile bootstrap interval of 95 % of a statistic of independent parts.
///
/// Parts are resampled whole, so dependence within a part does not narrow the interval.
pub fn bootstrap<T>(parts: &[T], seed: u64, statistic: impl Fn(&[&T]) -> f64) -> Interval {
    const RESAMPLES: usize = 2000;
    let mut stream = Stream::new(seed, Purpose::Bootstrap, 0);
    let mut values: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let sample: Vec<&T> = (0..parts.len()).map(|_| &parts[stream.below(parts.len())]).collect();
            statistic(&sample)
        })
        .collect();
    values.sort_by(f64::total_cmp);
    let quantile = |p: f64| values[(p * (RESAMPLES - 1) as f64).round() as usize];
    Interval { low: quantile(0.025), high: quantile(0.975) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlation_is_numpy_s() {
        let mut pairs = Pairs::default();
        for (x, y) in [(1.0, 2.0), (2.0, 1.0), (3.0, 5.0), (4.0, 4.0)] {
            pairs.push(x, y);
        }
        // np.corrcoef([1, 2, 3, 4], [2, 1, 5, 4])[0, 1]; by hand 5/√(5·10).
        let expected = std::f64::consts::FRAC_1_SQRT_2;
        assert!((pairs.correlation() - expected).abs() < 1e-15);
    }

    #[test]
    fn bootstrap_of_a_mean_is_its_standard_error() {
        let mut stream = Stream::new(0, Purpose::Patterns, 0);
        let values: Vec<f64> = (0..400).map(|_| stream.normal()).collect();
        let mean = |v: &[&f64]| v.iter().copied().sum::<f64>() / v.len() as f64;
        let interval = bootstrap(&values, 1, mean);
        let width = interval.high - interval.low;
        // 2 · 1.96/√400, to the 10 % that 400 values and 2,000 resamples leave uncertain (3 sd).
        assert!((width / (2.0 * 1.96 / 20.0) - 1.0).abs() < 0.12, "width {width}");
    }
}
