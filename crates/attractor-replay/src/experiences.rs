//! What happens to a memory.

use attractor_data::Shape;
use ndarray::ArrayView2;

/// What happens to the memory: events, and a stream of other experiences. All rows have the units of the patterns as
/// they were before any preparation.
#[derive(Clone, Debug)]
pub struct Experiences<'a, F> {
    /// The events, E × D. An event that is stored already is that memory; others become new memories.
    pub events: ArrayView2<'a, F>,
    /// A label for each event.
    pub labels: Option<Vec<String>>,
    /// Experiences that come one after the other, S × D. The first run takes them in this order, each other run in a
    /// random order of its own.
    pub stream: Option<ArrayView2<'a, F>>,
    /// A label for each of them.
    pub stream_labels: Option<Vec<String>>,
    /// The units of each event that a replay keeps, E × D, or one row for all events. The others are taken from a
    /// semantic memory that fits the core. `None` replays events whole.
    pub core: Option<ArrayView2<'a, bool>>,
    /// The shape of the images, for cues with a block removed.
    pub shape: Option<Shape>,
    /// Whether values are grey values from 0 to 1, for cues with flipped units.
    pub grey: bool,
}

impl<'a, F> Experiences<'a, F> {
    /// Events alone.
    pub fn new(events: ArrayView2<'a, F>) -> Self {
        Experiences {
            events,
            labels: None,
            stream: None,
            stream_labels: None,
            core: None,
            shape: None,
            grey: false,
        }
    }
}
