//! Correlations, confidence intervals and tests.

pub use attractor::intervals::{Interval, wilson};
use attractor::noise::{Purpose, Stream};

/// Sums over pairs (x, y) from which Pearson's correlation follows. The sums of two parts add up to those of
/// both.
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

    /// Adds the pairs of another sum.
    pub fn add(&mut self, other: &Pairs) {
        self.n += other.n;
        self.x += other.x;
        self.y += other.y;
        self.xx += other.xx;
        self.yy += other.yy;
        self.xy += other.xy;
    }

    /// Pearson's correlation; 0 if x or y is constant.
    pub fn correlation(&self) -> f64 {
        let covariance = self.xy - self.x * self.y / self.n;
        let variance = |square: f64, sum: f64| square - sum * sum / self.n;
        let product = variance(self.xx, self.x) * variance(self.yy, self.y);
        if product > 0.0 { covariance / product.sqrt() } else { 0.0 }
    }
}

/// The 95 % percentile bootstrap interval of a statistic of independent parts.
///
/// Whole parts are resampled, so dependence within a part does not make the interval too narrow.
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

/// The 97.5 % quantile of Student's t with so many degrees of freedom (at least 1).
///
/// P(|T| > t) = I_x(ν/2, ½) with x = ν/(ν + t²), the regularised incomplete beta function.
pub fn student(freedom: usize) -> f64 {
    let freedom = freedom as f64;
    let x = puruspe::invbetai(0.05, 0.5 * freedom, 0.5);
    (freedom * (1.0 - x) / x).sqrt()
}

/// Student's 95 % t interval of the mean of independent runs; `None` for a single run.
pub fn of_runs(runs: &[f64]) -> Option<Interval> {
    let freedom = runs.len().checked_sub(1).filter(|f| *f > 0)?;
    let n = runs.len() as f64;
    let mean = runs.iter().sum::<f64>() / n;
    let variance = runs.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / freedom as f64;
    let half = student(freedom) * (variance / n).sqrt();
    Some(Interval { low: mean - half, high: mean + half })
}

/// The exact two-sided sign test: the probability of `a` against `b`, or of a more uneven outcome, if each of
/// a + b trials goes either way with equal chance. For paired successes it is McNemar's test.
pub fn sign_test(a: usize, b: usize) -> f64 {
    let (n, few) = (a + b, a.min(b));
    // P(k) = C(n, k)/2ⁿ, each computed from the previous one, in logarithms.
    let mut log = -(n as f64) * std::f64::consts::LN_2;
    let mut tail = log.exp();
    for k in 1..=few {
        log += ((n - k + 1) as f64 / k as f64).ln();
        tail += log.exp();
    }
    (2.0 * tail).min(1.0)
}

/// The probability of a χ² at least as large with so many degrees of freedom, if the counts have the expected
/// distribution: Γ(k/2, χ²/2)/Γ(k/2). `None` without degrees of freedom, where nothing is compared.
pub fn chi_square_tail(chi_square: f64, freedom: usize) -> Option<f64> {
    match freedom {
        0 => None,
        _ if !chi_square.is_finite() => Some(0.0),
        _ => Some(puruspe::gammq(freedom as f64 / 2.0, chi_square / 2.0)),
    }
}

/// The median. For an even number of values it is the mean of the middle two.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => 0.5 * (values[n / 2 - 1] + values[n / 2]),
    }
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
        // 2 · 1.96/√400, to 10 %: the uncertainty from 400 values and 2,000 resamples (3 sd).
        assert!((width / (2.0 * 1.96 / 20.0) - 1.0).abs() < 0.12, "width {width}");
    }

    /// Published values of Wilson's interval, and a t interval computed by hand.
    #[test]
    fn intervals_of_shares_are_the_textbook_s() {
        let near = |a: f64, b: f64| (a - b).abs() < 1e-4;
        let half = wilson(5, 10);
        assert!(near(half.low, 0.2366) && near(half.high, 0.7634), "{half:?}");
        let none = wilson(0, 10);
        assert!(none.low == 0.0 && near(none.high, 0.2775), "{none:?}");
        assert_eq!(wilson(10, 10).high, 1.0);
        // Mean 3, standard error √(2.5/5), t = 2.776445 with 4 degrees of freedom.
        let five = of_runs(&[1.0, 2.0, 3.0, 4.0, 5.0]).expect("five");
        assert!(near(five.low, 3.0 - 2.776_445 * 0.5_f64.sqrt()), "{five:?}");
        assert_eq!(of_runs(&[1.0]), None);
    }

    /// scipy.stats.t.ppf(0.975, ν).
    #[test]
    fn quantiles_of_t_are_scipy_s() {
        for (freedom, expected) in [
            (1, 12.706_204_736_174_694),
            (2, 4.302_652_729_749_462),
            (5, 2.570_581_835_636_314_6),
            (11, 2.200_985_160_091_639),
            (23, 2.068_657_610_419_048_6),
            (139, 1.977_177_724_490_333),
            (1 << 20, 1.959_966_246_916_765),
        ] {
            let found = student(freedom);
            assert!((found / expected - 1.0).abs() < 1e-6, "{freedom}: {found}");
        }
    }

    #[test]
    fn the_tail_of_chi_square_is_the_table_s() {
        // The quantiles of the tables: p = .05 at 1, 5 and 10 degrees of freedom, and e^(−χ²/2) at 2.
        for (chi_square, freedom) in
            [(3.841_458_820_694_124, 1), (11.070_497_693_516_35, 5), (18.307_038_053_275_15, 10)]
        {
            let p = chi_square_tail(chi_square, freedom).expect("a test");
            assert!((p - 0.05).abs() < 1e-9, "{p}");
        }
        let p = chi_square_tail(7.0, 2).expect("a test");
        assert!((p - (-3.5f64).exp()).abs() < 1e-12, "{p}");
        assert_eq!(chi_square_tail(f64::INFINITY, 3), Some(0.0));
        assert_eq!(chi_square_tail(0.0, 0), None);
    }

    #[test]
    fn the_sign_test_is_the_binomial_one() {
        // By counting: 2/2⁴; 2 (1 + 5)/2⁵; all outcomes.
        for (a, b, expected) in [(4, 0, 0.125), (1, 4, 0.375), (3, 3, 1.0), (0, 0, 1.0)] {
            assert!((sign_test(a, b) - expected).abs() < 1e-12, "{a} {b}");
        }
        // scipy.stats.binomtest(40, 100).pvalue
        assert!((sign_test(40, 60) - 0.056_887_933_640_980_784).abs() < 1e-9);
    }
}
