//! The arguments of `replay`. The settings of the protocol come from their own list.

use std::path::PathBuf;

use clap::Args;

use super::Store;
use super::common::{LESS, OUTPUT, RECALL};

/// Heading of what happens to the memory.
const EVENTS: &str = "Experiences";
/// Heading of the settings of a protocol.
pub const PROTOCOL: &str = "Protocol";

/// Arguments of `replay`.
#[derive(Args)]
pub struct Replay {
    #[command(flatten)]
    pub store: Store,
    /// The events, one per row: a file or folder of any kind that --memory takes, as wide as the patterns. An event that is
    /// stored already is that memory; others become new memories of mass --event-mass
    #[arg(long, value_name = "FILE", help_heading = EVENTS)]
    pub events: PathBuf,
    /// Other experiences, --fresh of which come in each round as new memories of mass 1. The first run takes them in the
    /// order of the file, each other run in a random order of its own
    #[arg(long, value_name = "FILE", help_heading = EVENTS)]
    pub stream: Option<PathBuf>,
    /// The core of the events: a file of one row for all events or of one for each, where a number other than 0 marks a
    /// unit that replays keep. The other units are taken from a stored memory that fits the core
    #[arg(long, value_name = "FILE", help_heading = LESS)]
    pub core: Option<PathBuf>,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = RECALL)]
    pub seed: u64,
    /// Write the memory with its new weights to this file, which every command takes as --memory. The state of the protocol
    /// is kept beside it, in FILE.replay
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub out: PathBuf,
    /// Go on from FILE.replay, which a stopped or a finished run left; all settings must be the same, but --rounds may be
    /// raised
    #[arg(long, help_heading = OUTPUT)]
    pub resume: bool,
    /// Print one JSON object for each round on stdout
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
    /// Save the state at least every X seconds
    #[arg(long, value_name = "X", default_value_t = 30.0, help_heading = LESS)]
    pub save_every: f64,
}
