//! Timing calls.

use std::time::Instant;

/// The times of calls, in seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Times(Vec<f64>);

impl Times {
    /// Times one more call.
    pub fn take<T>(&mut self, call: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = call();
        // The clock may be too coarse to see the call; then count one tick.
        self.push(start.elapsed().as_secs_f64().max(1e-9));
        result
    }

    /// Adds a time that was measured elsewhere.
    pub fn push(&mut self, seconds: f64) {
        self.0.push(seconds);
    }

    /// Adds all times of another measurement.
    pub fn extend(&mut self, other: &Times) {
        self.0.extend_from_slice(&other.0);
    }

    /// The number of times.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The shortest time: that of a call while nothing else runs. Needs at least one call.
    pub fn best(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// The median time. Needs at least one call.
    pub fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
        0.5 * (low + high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn best_and_median() {
        let mut times = Times::default();
        for seconds in [3.0, 1.0, 10.0, 2.0] {
            times.push(seconds);
        }
        assert_eq!((times.count(), times.best(), times.median()), (4, 1.0, 2.5));
        assert!(times.take(|| 7) == 7 && times.best() > 0.0);
    }
}
