//! Planes in the space of states.

use ndarray::{Array1, Array2, ArrayView2};

use crate::{Error, Result};

/// A plane in the space of states.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    origin: Vec<f64>,
    across: Vec<f64>,
    up: Vec<f64>,
}

impl Plane {
    /// The plane of a memory with two units: the space itself.
    pub fn plain() -> Self {
        Plane { origin: vec![0.0; 2], across: vec![1.0, 0.0], up: vec![0.0, 1.0] }
    }

    /// The plane through `origin` along two directions, which are made orthonormal.
    ///
    /// # Errors
    /// Vectors of different lengths; directions that span no plane.
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
        // For nearly parallel directions the remainder is only rounding.
        match unit(rest).filter(|_| share.abs() < 1.0 - 1e-9) {
            Some(up) => Ok(Plane { origin, across, up }),
            None => refuse("two directions that span a plane", "parallel ones".into()),
        }
    }

    /// The plane through the mean of `states` along their first two principal components, the directions of
    /// largest variance. If the states vary in fewer than two directions, axes of single units are used for
    /// the missing ones.
    pub fn principal(states: &Array2<f64>) -> Self {
        /// Iterations of block power iteration: directions whose variances differ by 2 % are separated to
        /// 10⁻⁸.
        const ITERATIONS: usize = 500;
        /// A variance below this share of the largest is rounding.
        const ROUNDING: f64 = 1e-12;
        let dim = states.ncols();
        let mean = states.mean_axis(ndarray::Axis(0)).unwrap_or_else(|| Array1::zeros(dim));
        let from = states - &mean;
        // The columns differ, so that no direction is missed by chance.
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
        // Start from the unit vector that is farthest from the given direction.
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

    /// The variances of states along the two axes.
    pub fn variances(&self, states: ArrayView2<f64>) -> [f64; 2] {
        let places: Vec<(f64, f64)> = states.outer_iter().map(|state| self.place(&state.to_vec())).collect();
        let variance = |of: fn(&(f64, f64)) -> f64| {
            let mean = places.iter().map(of).sum::<f64>() / places.len() as f64;
            places.iter().map(|place| (of(place) - mean).powi(2)).sum::<f64>() / places.len() as f64
        };
        [variance(|place| place.0), variance(|place| place.1)]
    }

    /// The origin and the two unit vectors of the axes.
    pub fn axes(&self) -> [&[f64]; 3] {
        [&self.origin, &self.across, &self.up]
    }

    /// The state at a place of the plane.
    pub fn state(&self, (x, y): (f64, f64)) -> Vec<f64> {
        let along = self.across.iter().zip(&self.up).map(|(a, u)| x * a + y * u);
        self.origin.iter().zip(along).map(|(o, v)| o + v).collect()
    }

    /// The place of a state, projected onto the plane.
    pub fn place(&self, state: &[f64]) -> (f64, f64) {
        let from: Vec<f64> = state.iter().zip(&self.origin).map(|(z, o)| z - o).collect();
        (dot(&from, &self.across), dot(&from, &self.up))
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
