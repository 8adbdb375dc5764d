//! How the states of a memory move in a recall.

use super::levels::LevelModel;
use crate::dynamics::Dynamics;
use crate::real::Real;

/// How the states of a memory move in a recall: to rest in one landscape, or through noise levels.
pub struct RecallPath<'a, F: Real> {
    pub(super) way: Way<'a, F>,
}

pub(super) enum Way<'a, F: Real> {
    ToRest(ToRest<'a, F>),
    ThroughLevels(&'a dyn LevelModel<F>),
}

/// The updates of a memory with one landscape.
pub(super) struct ToRest<'a, F: Real> {
    pub dynamics: Box<dyn Dynamics<F> + 'a>,
    pub tolerance: f64,
    pub updates: Option<usize>,
    /// Whether the final states of additional units are values.
    pub values: bool,
}

impl<'a, F: Real> RecallPath<'a, F> {
    /// A path to rest: the updates of a dynamics, until they change nothing.
    ///
    /// `tolerance`, ≥ 0, is the largest change of a unit that counts as rest, unless the request gives one. `updates`
    /// is the number of updates to make if the request gives neither a number nor a tolerance; `None` means until
    /// rest.
    ///
    /// A dynamics may have more units than the memory. The additional units start at 0, and their final states are
    /// the recalled [values](super::Recall::values).
    pub fn to_rest(dynamics: Box<dyn Dynamics<F> + 'a>, tolerance: f64, updates: Option<usize>) -> Self {
        RecallPath { way: Way::ToRest(ToRest { dynamics, tolerance, updates, values: true }) }
    }

    /// This path, whose additional units are earlier states or others that no report shows.
    pub fn with_hidden_units(mut self) -> Self {
        if let Way::ToRest(path) = &mut self.way {
            path.values = false;
        }
        self
    }

    /// This path to rest, by another dynamics.
    pub(super) fn moved_by(mut self, dynamics: Box<dyn Dynamics<F> + 'a>) -> Self {
        if let Way::ToRest(path) = &mut self.way {
            path.dynamics = dynamics;
        }
        self
    }

    /// A path through noise levels.
    pub(super) fn through_levels(memory: &'a dyn LevelModel<F>) -> Self {
        RecallPath { way: Way::ThroughLevels(memory) }
    }
}
