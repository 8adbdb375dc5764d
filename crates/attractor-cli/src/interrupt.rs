//! Handles Ctrl-C: the program ends at once, or after work that must be saved first.

use crate::streams::say;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a command wants to end by itself after Ctrl-C.
static LISTENING: AtomicBool = AtomicBool::new(false);

/// Whether Ctrl-C was pressed while a command listened.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// The handler of Ctrl-C. A command that listens is told. If none listens, or at the second Ctrl-C, unfinished files
/// are removed and the program ends.
pub fn on_ctrl_c() {
    if LISTENING.load(Ordering::SeqCst) && !INTERRUPTED.swap(true, Ordering::SeqCst) {
        say!("\nstopping after this step, to save (once more: at once)");
        return;
    }
    attractor_data::abandon_unfinished();
    say!("\nattractor: interrupted; nothing was left half-written");
    std::process::exit(130);
}

/// Starts or stops listening for Ctrl-C.
pub fn listen(on: bool) {
    LISTENING.store(on, Ordering::SeqCst);
}

/// Whether Ctrl-C was pressed since then.
pub fn pressed() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}
