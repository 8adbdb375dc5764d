//! Planes in the space of states.

use ndarray::{Array1, Array2};

use crate::{Error, Result};

/// A plane in the space of states.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    origin: Vec<f64>,
    across: Vec<f64>,
    up: Vec<f64>,
}

impl Plane {
    /// The plane that two units are.
    pub fn plain() -> Self {
        Plane { origin: vec![0.0; 2], across: vec![1.0, 0.0], up: vec![0.0, 1.0] }
    }

    /// The plane through `origin` along two directions, which are brought to unit length and right angles.
    ///
    /// # Errors
    /// Lengths that disagree, directions that span no plane.
    pub fn through(origin: Vec<f64>, across: Vec<f64>, up: Vec<f64>) -> Result<Self> {
        let refuse = |expected: &str, found: String| Err(Error::setting("plane", expected, found));
        if across.len() != origin.len() || up.len() != origin.len() {
            let found = format!("{}, {} and {} numbers", origin.len(), across.len(), up.len());
            return refuse("an origin and two directions of one length", found);
        }
        let unit = |v: Vec<f64>| {
            let norm = dot(&v, &v).sqrt();
            let fits = norm.is_finite() && norm > 0.0;
            fits.then(|| v.iter().map(|x| x / norm).collect::<Vec<f64>>())
        };
        let Some((across, up)) = unit(across).zip(unit(up)) else {
            return refuse("directions that are finite and not zero", "one that is not".into());
        };
        let share = dot(&across, &up);
        let rest: Vec<f64> = up.iter().zip(&across).map(|(u, a)| u - share * a).collect();
        // What is left of nearly parallel directions is rounding.
        match unit(rest).filter(|_| share.abs() < 1.0 - 1e-9) {
            Some(up) => Ok(Plane { origin, across, up }),
            None => refuse("two directions that span a plane", "parallel ones".into()),
        }
    }

    /// The plane through the mean of `states` along their first two principal components: the directions in
    /// which they differ most. Where they differ in fewer than two, units stand for what is missing.
    pub fn principal(states: &Array2<f64>) -> Self {
        /// Block power iteration: variances 2 % apart are told to 10⁻⁸.
        const ITERATIONS: usize = 500;
        /// Of the larger variance: less is rounding.
        const ROUNDING: f64 = 1e-12;
        let dim = states.ncols();
        let mean = states.mean_axis(ndarray::Axis(0)).unwrap_or_else(|| Array1::zeros(dim));
        let from = states - &mean;
        // Columns that differ: no direction is left out by chance.
        let mut first = Array1::from_shape_fn(dim, |j| 1.0 + (j as f64).sin());
        let mut second = Array1::from_shape_fn(dim, |j| 1.0 + (1.7 * j as f64).cos());
        let length = |v: &Array1<f64>| v.dot(v).sqrt().max(f64::MIN_POSITIVE);
        let (mut most, mut next) = (0.0, 0.0);
        for _ in 0..ITERATIONS {
            first = from.t().dot(&from.dot(&first));
            most = length(&first);
            first /= most;
            second = from.t().dot(&from.dot(&second));
            let share = first.dot(&second);
            second.scaled_add(-share, &first);
            next = length(&second);
            second /= next;
        }
        // The unit along which a direction is longest is the worst to stand beside it.
        let unit = |beside: &Array1<f64>| {
            let least = (0..dim).min_by(|&a, &b| beside[a].abs().total_cmp(&beside[b].abs())).unwrap_or(0);
            let mut unit = Array1::zeros(dim);
            unit[least] = 1.0;
            unit.scaled_add(-beside[least], beside);
            unit
        };
        let scale = mean.dot(&mean) + from.iter().map(|x| x * x).sum::<f64>();
        if most <= ROUNDING * scale {
            first = unit(&Array1::zeros(dim));
        }
        if next <= ROUNDING * most.max(ROUNDING * scale) {
            second = unit(&first);
        }
        let unit = |v: Array1<f64>| (&v / length(&v)).to_vec();
        Plane { origin: mean.to_vec(), across: unit(first), up: unit(second) }
    }

    /// Origin, and the unit vectors of its axes.
    pub fn axes(&self) -> [&[f64]; 3] {
        [&self.origin, &self.across, &self.up]
    }

    /// The state at a place.
    pub fn state(&self, (x, y): (f64, f64)) -> Vec<f64> {
        let along = self.across.iter().zip(&self.up).map(|(a, u)| x * a + y * u);
        self.origin.iter().zip(along).map(|(o, v)| o + v).collect()
    }

    /// The place below a state.
    pub fn place(&self, state: &[f64]) -> (f64, f64) {
        let from: Vec<f64> = state.iter().zip(&self.origin).map(|(z, o)| z - o).collect();
        (dot(&from, &self.across), dot(&from, &self.up))
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
