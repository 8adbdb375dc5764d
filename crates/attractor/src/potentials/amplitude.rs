//! The amplitude σ(τ) of injected noise.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::options::NumberRange;
use crate::quadrature::LEGENDRE;

/// The range of amplitudes.
const AMPLITUDES: NumberRange = NumberRange::between(1e-12, 1e12);

/// Beyond this exponent, e^{−x} is below the rounding of a sum.
const NEGLIGIBLE: f64 = 40.0;

/// The number of equal parts in which a function is integrated.
const PARTS: usize = 16;

/// The noise σ(τ) of dx = −∇V dτ + σ(τ) dW, > 0, in the units of the patterns per root time.
///
/// ```
/// use attractor::potentials::Amplitude;
/// assert_eq!(Amplitude::constant(2.0)?.at(0.3)?, 2.0);
/// assert_eq!(Amplitude::table(vec![0.0, 1.0], vec![1.0, 3.0])?.at(0.5)?, 2.0);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone)]
pub struct Amplitude {
    kind: Kind,
    /// A factor of all values.
    factor: f64,
}

#[derive(Clone)]
enum Kind {
    Constant,
    /// σ = e^{rate·τ}.
    Exponential {
        rate: f64,
    },
    /// Straight lines between these times; constant outside them.
    Table {
        times: Arc<[f64]>,
        values: Arc<[f64]>,
    },
    Function(Arc<dyn Fn(f64) -> f64 + Send + Sync>),
}

impl fmt::Debug for Amplitude {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Amplitude");
        out.field("factor", &self.factor);
        match &self.kind {
            Kind::Constant => out.finish(),
            Kind::Exponential { rate } => out.field("rate", rate).finish(),
            Kind::Table { times, values } => out.field("times", times).field("values", values).finish(),
            Kind::Function(_) => out.finish_non_exhaustive(),
        }
    }
}

impl PartialEq for Amplitude {
    fn eq(&self, other: &Self) -> bool {
        let kinds = match (&self.kind, &other.kind) {
            (Kind::Constant, Kind::Constant) => true,
            (Kind::Exponential { rate: a }, Kind::Exponential { rate: b }) => a == b,
            (Kind::Table { times: t, values: v }, Kind::Table { times, values }) => t == times && v == values,
            (Kind::Function(a), Kind::Function(b)) => Arc::ptr_eq(a, b),
            _ => false,
        };
        kinds && self.factor == other.factor
    }
}

impl Amplitude {
    /// A constant σ, 10⁻¹² to 10¹².
    ///
    /// # Errors
    /// A value outside its range.
    pub fn constant(sigma: f64) -> Result<Self> {
        AMPLITUDES.check("sigma of the potential", sigma)?;
        Ok(Amplitude { kind: Kind::Constant, factor: sigma })
    }

    /// σ(τ) = `first`·e^{`rate`·τ}, as in variance-exploding models whose noise levels grow geometrically. `first` is
    /// 10⁻¹² to 10¹², and `rate` −10⁶ to 10⁶.
    ///
    /// # Errors
    /// A value outside its range.
    pub fn exponential(first: f64, rate: f64) -> Result<Self> {
        AMPLITUDES.check("sigma of the potential", first)?;
        NumberRange::between(-1e6, 1e6).check("rate of sigma", rate)?;
        Ok(Amplitude { kind: Kind::Exponential { rate }, factor: first })
    }

    /// σ(τ) by straight lines between `values` at `times`. Times begin at 0 and rise; after the last one σ is
    /// constant.
    ///
    /// # Errors
    /// Lists of unequal length or empty; times that do not begin at 0 and rise; a value outside 10⁻¹² to 10¹².
    pub fn table(times: Vec<f64>, values: Vec<f64>) -> Result<Self> {
        if times.len() != values.len() {
            return Err(Error::shape(
                "sigma of the potential",
                format!("one value for each of {} times", times.len()),
                values.len().to_string(),
                "give as many values as times",
            ));
        }
        if times.first() != Some(&0.0) {
            let found = times.first().map_or("none".into(), f64::to_string);
            return Err(Error::parameter("times of sigma", "times that begin at 0", found));
        }
        let falls = |pair: &&[f64]| !(pair[1].is_finite() && pair[0] < pair[1]);
        if let Some(pair) = times.windows(2).find(falls) {
            let found = format!("{} after {}", pair[1], pair[0]);
            return Err(Error::parameter("times of sigma", "finite times that rise", found));
        }
        values.iter().try_for_each(|&value| AMPLITUDES.check("sigma of the potential", value))?;
        Ok(Amplitude { kind: Kind::Table { times: times.into(), values: values.into() }, factor: 1.0 })
    }

    /// σ(τ) as a function, whose values must be 10⁻¹² to 10¹². Integrals over [0, τ] use 16 parts of 48 nodes each, so
    /// that σ should be smooth within a sixteenth of τ.
    pub fn function(sigma: impl Fn(f64) -> f64 + Send + Sync + 'static) -> Self {
        Amplitude { kind: Kind::Function(Arc::new(sigma)), factor: 1.0 }
    }

    /// This amplitude times a factor > 0, as after a change of units.
    pub fn scaled(mut self, factor: f64) -> Self {
        self.factor *= factor;
        self
    }

    /// The constant value, if it is one.
    pub fn as_constant(&self) -> Option<f64> {
        matches!(self.kind, Kind::Constant).then_some(self.factor)
    }

    /// The first value and the rate of an exponential amplitude.
    pub fn as_exponential(&self) -> Option<(f64, f64)> {
        match self.kind {
            Kind::Exponential { rate } => Some((self.factor, rate)),
            _ => None,
        }
    }

    /// The times and values of a table.
    pub fn as_table(&self) -> Option<(&[f64], Vec<f64>)> {
        match &self.kind {
            Kind::Table { times, values } => Some((times, values.iter().map(|v| v * self.factor).collect())),
            _ => None,
        }
    }

    /// σ(τ), τ ≥ 0.
    ///
    /// # Errors
    /// A function whose value is outside its range.
    pub fn at(&self, time: f64) -> Result<f64> {
        let value = match &self.kind {
            Kind::Constant => 1.0,
            Kind::Exponential { rate } => (rate * time).exp(),
            Kind::Table { times, values } => interpolated(times, values, time),
            Kind::Function(sigma) => {
                let value = sigma(time);
                AMPLITUDES.check("sigma of the potential", value)?;
                value
            }
        };
        Ok(value * self.factor)
    }

    /// ln ∫₀^τ e^{2hu} σ(u)² du, and its derivative with respect to ln τ. For τ > 0. Closed for a constant and an
    /// exponential; otherwise one quadrature.
    pub(crate) fn log_integral(&self, rate: f64, time: f64) -> Result<(f64, f64)> {
        let factor = 2.0 * self.factor.ln();
        match self.kind {
            Kind::Constant => {
                let (log, slope) = log_growth(2.0 * rate * time);
                Ok((factor + time.ln() + log, slope))
            }
            Kind::Exponential { rate: own } => {
                let (log, slope) = log_growth(2.0 * (rate + own) * time);
                Ok((factor + time.ln() + log, slope))
            }
            _ => self.by_quadrature(rate, time),
        }
    }

    fn by_quadrature(&self, rate: f64, time: f64) -> Result<(f64, f64)> {
        // The exponential is taken relative to its largest value, which is at the end for h > 0 and at 0 for h < 0.
        let peak = (2.0 * rate * time).max(0.0);
        let reach = if rate == 0.0 { time } else { (NEGLIGIBLE / (2.0 * rate.abs())).min(time) };
        let (from, to) = if rate > 0.0 { (time - reach, time) } else { (0.0, reach) };
        let mut knots = vec![from];
        match &self.kind {
            Kind::Table { times, .. } => knots.extend(times.iter().filter(|&&t| from < t && t < to)),
            _ => knots.extend((1..PARTS).map(|k| from + (to - from) * k as f64 / PARTS as f64)),
        }
        knots.push(to);
        let mut sum = 0.0;
        for part in knots.windows(2) {
            let half = (part[1] - part[0]) / 2.0;
            for (node, weight) in LEGENDRE.iter() {
                let u = part[0] + half * (1.0 + node);
                let sigma = self.at(u)?;
                sum += half * weight * (2.0 * rate * u - peak).exp() * sigma * sigma;
            }
        }
        let end = (2.0 * rate * time - peak).exp() * self.at(time)?.powi(2);
        Ok((peak + sum.ln(), time * end / sum))
    }
}

/// ln((eˣ − 1)/x), and its derivative with respect to ln τ plus 1 for x ∝ τ: x eˣ/(eˣ − 1).
fn log_growth(x: f64) -> (f64, f64) {
    if x == 0.0 {
        return (0.0, 1.0);
    }
    let size = x.abs();
    // 1 − e^{−|x|}, which neither cancels nor overflows.
    let rest = -(-size).exp_m1();
    let slope = if x > 0.0 { size / rest } else { size * (-size).exp() / rest };
    (x.max(0.0) + (rest / size).ln(), slope)
}

fn interpolated(times: &[f64], values: &[f64], time: f64) -> f64 {
    let next = times.partition_point(|t| *t <= time);
    if next == times.len() {
        return values[next - 1];
    }
    let share = (time - times[next - 1]) / (times[next] - times[next - 1]);
    values[next - 1] + share * (values[next] - values[next - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rounding of a sum of some hundred terms, in a logarithm of size 10².
    const ROUNDING: f64 = 1e-13;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < ROUNDING * (1.0 + b.abs()), "{a} {b}");
    }

    #[test]
    fn quadrature_is_the_closed_form() {
        let closed = Amplitude::constant(1.3).unwrap();
        let function = Amplitude::function(|_| 1.3);
        let table = Amplitude::table(vec![0.0, 0.1, 2.0], vec![1.3; 3]).unwrap();
        for rate in [-300.0, -1.0, -1e-9, 0.0, 1e-9, 0.4, 2.0, 500.0] {
            for time in [1e-9, 0.01, 1.0, 7.0] {
                let (log, slope) = closed.log_integral(rate, time).unwrap();
                for other in [&function, &table] {
                    let (same, also) = other.log_integral(rate, time).unwrap();
                    close(same, log);
                    assert!((also - slope).abs() < 1e-11 * (1.0 + slope), "{also} {slope}");
                }
            }
        }
    }

    #[test]
    fn an_exponential_adds_its_rate() {
        let closed = Amplitude::exponential(0.5, 1.5).unwrap();
        let function = Amplitude::function(|t| 0.5 * (1.5 * t).exp());
        for rate in [-4.0, -1.5, 0.0, 3.0] {
            close(closed.log_integral(rate, 0.7).unwrap().0, function.log_integral(rate, 0.7).unwrap().0);
        }
    }

    #[test]
    fn short_times_keep_their_digits() {
        // ∫₀^τ e^{2hu} du = τ (1 + hτ + …).
        let (log, slope) = Amplitude::constant(1.0).unwrap().log_integral(3.0, 1e-12).unwrap();
        close(log, (1e-12_f64).ln() + 3e-12);
        close(slope, 1.0 + 3e-12);
    }

    #[test]
    fn tables_are_checked() {
        assert!(Amplitude::table(vec![0.0, 1.0], vec![1.0]).is_err());
        assert!(Amplitude::table(vec![0.5, 1.0], vec![1.0, 1.0]).is_err());
        assert!(Amplitude::table(vec![0.0, 0.0], vec![1.0, 1.0]).is_err());
        assert!(Amplitude::table(vec![0.0, 1.0], vec![1.0, 0.0]).is_err());
        assert!(Amplitude::table(vec![], vec![]).is_err());
        assert!(Amplitude::function(|_| f64::NAN).log_integral(1.0, 1.0).is_err());
    }
}
