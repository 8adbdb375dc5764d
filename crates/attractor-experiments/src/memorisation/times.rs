//! When a network generalises and when it memorises, and how these times grow with the rows.

use attractor_report::statistics::student;

use super::networks::Learned;

/// A slope with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope {
    /// The slope.
    pub value: f64,
    /// The interval, with three points or more.
    pub interval: Option<(f64, f64)>,
}

/// The slope of ln y against ln x by least squares, with Student's interval from what is left. `None` for fewer than two x.
pub fn slope(points: &[(f64, f64)]) -> Option<Slope> {
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let count = logs.len() as f64;
    let (x, y) = logs.iter().fold((0.0, 0.0), |(x, y), p| (x + p.0 / count, y + p.1 / count));
    let width: f64 = logs.iter().map(|p| (p.0 - x).powi(2)).sum();
    if logs.len() < 2 || width <= 0.0 {
        return None;
    }
    let value = logs.iter().map(|p| (p.0 - x) * (p.1 - y)).sum::<f64>() / width;
    let left: f64 = logs.iter().map(|p| (p.1 - y - value * (p.0 - x)).powi(2)).sum();
    let interval = (logs.len() > 2).then(|| {
        let freedom = logs.len() - 2;
        let half = student(freedom) * (left / freedom as f64 / width).sqrt();
        (value - half, value + half)
    });
    Some(Slope { value, interval })
}

/// Where a curve first rises to a height, linear in ln step between looks; the first look if it is there already.
fn rises(curve: &[(f64, f64)], height: f64) -> Option<f64> {
    let k = curve.iter().position(|(_, value)| *value >= height)?;
    if k == 0 {
        return Some(curve[0].0);
    }
    let ((x, y), (to, upper)) = (curve[k - 1], curve[k]);
    Some(x * (to / x).powf((height - y) / (upper - y)))
}

impl Learned {
    /// τ_mem: the step at which f_mem is half-way between its floor r^D and 1, where all are copies. (Bonnaire et al. draw f_mem over its last
    /// value; here a network that never remembers has no τ_mem. The monitor of an audit asks from which
    /// checkpoint on f_mem exceeds its null, which is earlier.) `clusters` takes f_mem across clusters.
    pub fn memorising(&self, clusters: bool, floor: f64) -> Option<f64> {
        let rate = usize::from(clusters);
        let curve: Vec<(f64, f64)> =
            self.looks.iter().map(|look| (look.step as f64, look.rates[rate].value)).collect();
        rises(&curve, 0.5 * (1.0 + floor))
    }

    /// τ_gen: the step at which the sliced Wasserstein distance of generated rows from the data has made nine tenths of its fall from
    /// the first look to the best.
    pub fn generalising(&self) -> Option<f64> {
        let first = self.looks.first()?.wasserstein[0];
        let best = self.looks.iter().map(|look| look.wasserstein[0]).fold(f64::INFINITY, f64::min);
        let curve: Vec<(f64, f64)> =
            self.looks.iter().map(|look| (look.step as f64, -look.wasserstein[0])).collect();
        (first > best).then(|| rises(&curve, -(best + 0.1 * (first - best))))?
    }
}

#[cfg(test)]
mod tests {
    use super::super::networks::Look;
    use super::*;

    #[test]
    fn a_power_law_has_its_exponent() {
        let points: Vec<(f64, f64)> = [1.0, 2.0, 5.0, 9.0].map(|x: f64| (x, 3.0 * x.powf(1.3))).to_vec();
        let found = slope(&points).expect("a slope");
        assert!((found.value - 1.3).abs() < 1e-12);
        let (low, high) = found.interval.expect("an interval");
        assert!(high - low < 1e-9);
        assert!(slope(&points[..1]).is_none());
        // ln 2, ln 4, ln 8 against ln 1, ln 4, ln 16 with a step: by hand, slope ½, no rest.
        let half = slope(&[(1.0, 2.0), (4.0, 4.0), (16.0, 8.0)]).expect("a slope");
        assert!((half.value - 0.5).abs() < 1e-12);
    }

    #[test]
    fn times_are_read_between_looks() {
        let look = |step: u64, f_mem: f64, distance: f64| {
            let mut look = Look { step, wasserstein: [distance, 0.0], ..Look::default() };
            look.rates[0].value = f_mem;
            look
        };
        let learned = Learned {
            looks: vec![look(10, 0.0, 2.0), look(100, 0.0, 1.0), look(1000, 1.0, 1.5)],
            ..Learned::default()
        };
        // Half-way between 100 and 1000 on a logarithmic scale.
        assert!((learned.memorising(false, 0.0).expect("a time") - 100.0 * 10.0_f64.sqrt()).abs() < 1e-9);
        // From a floor of ⅓ the middle is ⅔.
        assert!(
            (learned.memorising(false, 1.0 / 3.0).expect("a time") - 100.0 * 10.0_f64.powf(2.0 / 3.0)).abs()
                < 1e-9
        );
        // Nine tenths of the way from 2 to 1.
        assert!((learned.generalising().expect("a time") - 10.0 * 10.0_f64.powf(0.9)).abs() < 1e-9);
        assert_eq!(learned.memorising(true, 0.0), None);
    }
}
