//! From the values of a panel's axes to places on the page.

use super::scene::{Place, Rect};

/// The rectangle of a panel with its axes.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub rect: Rect,
    pub ends: [(f64, f64); 2],
    pub log: [bool; 2],
}

impl Frame {
    /// Whether the axes can show a point at all.
    pub fn shows(&self, (x, y): (f64, f64)) -> bool {
        [(x, self.log[0]), (y, self.log[1])].iter().all(|(v, log)| v.is_finite() && (*v > 0.0 || !log))
    }

    /// Whether a point lies within the range of both axes.
    pub fn holds(&self, (x, y): (f64, f64)) -> bool {
        [x, y].iter().zip(self.ends).all(|(v, (low, high))| (low..=high).contains(v))
    }

    /// The place of a point on the page.
    pub fn at(&self, (x, y): (f64, f64)) -> Place {
        let share = |value: f64, axis: usize| {
            let (low, high) = self.ends[axis];
            match self.log[axis] {
                true => (value.max(f64::MIN_POSITIVE) / low).ln() / (high / low).ln(),
                false => (value - low) / (high - low),
            }
        };
        let Rect { x: left, y: top, width, height } = self.rect;
        (left + share(x, 0) * width, top + (1.0 - share(y, 1)) * height)
    }
}
