//! The memory of a plane in single precision, for what moves.

use attractor::Memory;
use attractor::Result;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Zip};

use crate::contents::{Contents, built};

/// A memory in single precision, about its middle and in units of its extent: so memories that are small, huge or far from 0
/// keep all the digits that a picture shows.
pub(crate) struct Quick {
    memory: Box<dyn Memory<f32>>,
    middle: [f64; 2],
    extent: f64,
}

impl Quick {
    pub fn new(contents: &Contents) -> Result<Self> {
        let places = contents.places();
        let ends = |unit: usize| {
            let low = places.iter().map(|place| place[unit]).fold(f64::INFINITY, f64::min);
            let high = places.iter().map(|place| place[unit]).fold(f64::NEG_INFINITY, f64::max);
            [low, high]
        };
        let ends = [ends(0), ends(1)];
        let middle = ends.map(|[low, high]| low / 2.0 + high / 2.0);
        let most = |values: [f64; 2]| values[0].abs().max(values[1].abs());
        let width = most(ends.map(|[low, high]| high / 2.0 - low / 2.0));
        // One pattern has no extent: then its distance from 0, and for a pattern at 0 any.
        let extent = [width, most(middle), 1.0].into_iter().find(|extent| *extent > 0.0).unwrap_or(1.0);
        Ok(Quick { memory: built(&contents.moved(middle, extent))?, middle, extent })
    }

    pub fn memory(&self) -> &dyn Memory<f32> {
        self.memory.as_ref()
    }

    /// A level in units of the extent.
    pub fn level(&self, sigma: f64) -> f64 {
        sigma / self.extent
    }

    /// An energy ½ d² in the units of the plane.
    pub fn energy(&self, energy: f64) -> f64 {
        energy * self.extent * self.extent
    }

    /// States about the middle.
    pub fn inward(&self, states: ArrayView2<f64>) -> Array2<f32> {
        Array2::from_shape_fn(states.dim(), |(k, unit)| {
            ((states[[k, unit]] - self.middle[unit]) / self.extent) as f32
        })
    }

    /// Writes states about the middle where they are in the plane.
    pub fn outward(&self, moved: &Array2<f32>, states: ArrayViewMut2<f64>) {
        Zip::indexed(states).and(moved).for_each(|(_, unit), state, moved| {
            *state = self.middle[unit] + self.extent * f64::from(*moved);
        });
    }
}
