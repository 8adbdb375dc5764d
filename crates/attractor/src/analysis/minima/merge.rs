//! Joins states that are near each other.

use std::collections::BTreeMap;

use ndarray::{Array1, ArrayView1};

use crate::noise::{Purpose, Stream};
use crate::real::Real;

/// Places that states were added to: a state within the tolerance of a place belongs to it, and another is a new one. So
/// the result depends on the order of states, and on nothing else.
pub(super) struct Places<F> {
    /// The first state of each place.
    pub states: Vec<Array1<F>>,
    /// How many states were counted at each place.
    pub found: Vec<usize>,
    /// The largest root mean square distance within a place.
    tolerance: f64,
    /// A direction, along which near states are near.
    direction: Vec<f64>,
    /// The places along the direction, in steps of the tolerance.
    along: BTreeMap<i64, Vec<usize>>,
}

impl<F: Real> Places<F> {
    pub fn new(dim: usize, tolerance: f64) -> Self {
        let mut stream = Stream::new(0, Purpose::Attribution, 0);
        let mut direction: Vec<f64> = (0..dim).map(|_| stream.normal()).collect();
        let length = direction.iter().map(|u| u * u).sum::<f64>().sqrt();
        direction.iter_mut().for_each(|u| *u /= length);
        // A root mean square t over D units is a length of t√D.
        let tolerance = (tolerance * (dim as f64).sqrt()).max(f64::MIN_POSITIVE);
        Places { states: Vec::new(), found: Vec::new(), tolerance, direction, along: BTreeMap::new() }
    }

    /// Adds a place of its own that no state was counted at yet.
    pub fn insert(&mut self, state: ArrayView1<F>) {
        self.along.entry(self.cell(state)).or_default().push(self.states.len());
        self.states.push(state.to_owned());
        self.found.push(0);
    }

    /// Counts a state at the nearest place within the tolerance, or at a new one.
    pub fn count(&mut self, state: ArrayView1<F>) {
        let cell = self.cell(state);
        let near = self.along.range(cell.saturating_sub(2)..=cell.saturating_add(2)).flat_map(|(_, all)| all);
        let distances = near.map(|&n| (distance(self.states[n].view(), state), n));
        let within = distances.filter(|(distance, _)| *distance <= self.tolerance);
        match within.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))) {
            Some((_, n)) => self.found[n] += 1,
            None => {
                self.insert(state);
                *self.found.last_mut().expect("a place") += 1;
            }
        }
    }

    /// The place of a state along the direction, in steps of the tolerance.
    fn cell(&self, state: ArrayView1<F>) -> i64 {
        let place: f64 = state.iter().zip(&self.direction).map(|(x, u)| x.to_f64() * u).sum();
        (place / self.tolerance).clamp(-9e18, 9e18) as i64
    }
}

fn distance<F: Real>(a: ArrayView1<F>, b: ArrayView1<F>) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a.to_f64() - b.to_f64()).powi(2)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_states_are_one_place() {
        let mut places = Places::<f64>::new(2, 0.1);
        for (x, y) in [(0.0, 0.0), (0.1, 0.05), (1.0, 0.0), (0.0, 0.1), (1.0, 0.13), (0.0, -0.2)] {
            places.count(ndarray::array![x, y].view());
        }
        // The tolerance is a length of 0.1 √2.
        assert_eq!(places.found, [3, 2, 1]);
        assert_eq!(places.states[1], ndarray::array![1.0, 0.0]);
        // A state is counted at the nearest of two places that are both within the tolerance.
        places.insert(ndarray::array![1.0, 0.05].view());
        places.count(ndarray::array![1.0, 0.04].view());
        assert_eq!(places.found, [3, 2, 1, 1]);
    }
}
