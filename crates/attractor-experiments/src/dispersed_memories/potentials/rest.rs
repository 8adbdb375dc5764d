//! The fixed points of Eq. 18 go to those of the variance-exploding energy as τ → 0.

use std::sync::Arc;

use attractor::Patterns;
use attractor::energies::{Denoise, Linearised, Points};
use attractor::noise::{Purpose, Stream};
use attractor::potentials::{Amplitude, DoubleWell, Potential, Quadratic};
use attractor_report::Result;
use ndarray::Array2;

/// Units and patterns.
pub const UNITS: usize = 8;
pub const PATTERNS: usize = 10;
/// The times.
const TIMES: [f64; 6] = [0.03, 0.01, 3e-3, 1e-3, 3e-4, 1e-4];

/// The fixed points of one potential at one time, found from the patterns.
#[derive(Clone, Debug)]
pub struct Rest {
    pub form: &'static str,
    pub time: f64,
    /// The mean distance of a fixed point from that of the variance-exploding energy, root mean square over units.
    pub distance: f64,
    /// The largest of these distances.
    pub largest: f64,
}

/// The fixed points x = D(x) near each pattern.
fn settle(of: impl Fn(&Array2<f64>) -> Result<Array2<f64>>, patterns: &Array2<f64>) -> Result<Array2<f64>> {
    /// The largest change at rest, and the most updates. Each update shrinks the error by about the weight of other
    /// patterns.
    const STILL: f64 = 1e-13;
    const MOST: usize = 2000;
    let mut x = patterns.clone();
    for _ in 0..MOST {
        let next = of(&x)?;
        let change = (&next - &x).iter().fold(0.0_f64, |most, d| most.max(d.abs()));
        x = next;
        if change < STILL {
            break;
        }
    }
    Ok(x)
}

/// The fixed points of a coupled quadratic potential and of a double well, against those without a potential.
pub fn fixed_points(seed: u64) -> Result<Vec<Rest>> {
    let mut stream = Stream::new(seed, Purpose::Patterns, 0);
    let values = Array2::from_shape_fn((PATTERNS, UNITS), |_| stream.normal());
    let patterns = Patterns::new(values.clone())?;
    let hessian = Array2::from_shape_fn((UNITS, UNITS), |(i, j)| {
        f64::from(u8::from(i == j)) + 0.5 * (-(i.abs_diff(j) as f64)).exp()
    });
    let forms: [(&str, Arc<dyn Potential>); 2] = [
        ("quadratic", Arc::new(Quadratic::new(vec![0.0; UNITS], hessian.view())?)),
        ("double well", Arc::new(DoubleWell::new(1.0, 1.0)?.over(UNITS))),
    ];
    let free = Points::new(patterns.clone());
    let mut all = Vec::new();
    for (form, potential) in forms {
        let memory = Linearised::new(patterns.clone(), potential, Amplitude::constant(1.0)?)?;
        // The energy of Eq. 18 falls along the drift of the reverse SDE.
        let driven = memory.driven(true);
        for time in TIMES {
            let levels = [f64::sqrt(time); PATTERNS];
            let own = settle(|x| Ok(driven.denoise(x.view(), &levels)?), &values)?;
            let plain = settle(|x| Ok(free.denoise(x.view(), &levels)?), &values)?;
            let apart = |n: usize| {
                let square = (&own.row(n) - &plain.row(n)).iter().map(|d| d * d).sum::<f64>();
                (square / UNITS as f64).sqrt()
            };
            let distances: Vec<f64> = (0..PATTERNS).map(apart).collect();
            all.push(Rest {
                form,
                time,
                distance: distances.iter().sum::<f64>() / PATTERNS as f64,
                largest: distances.iter().copied().fold(0.0, f64::max),
            });
        }
    }
    Ok(all)
}
