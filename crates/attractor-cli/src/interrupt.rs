//! Ctrl-C: at once, or when work that must be saved first has heard of it.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether someone listens.
static LISTENING: AtomicBool = AtomicBool::new(false);

/// Whether there was a Ctrl-C while someone listened.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// What happens at Ctrl-C: those who listen are told; nobody listening, or at the second time, the program ends, with
/// files in the making removed.
pub fn interrupted() {
    if LISTENING.load(Ordering::SeqCst) && !INTERRUPTED.swap(true, Ordering::SeqCst) {
        eprintln!("\nstopping after this step, to save (once more: at once)");
        return;
    }
    attractor_data::abandon_unfinished();
    eprintln!("\nattractor: interrupted; nothing was left half-written");
    std::process::exit(130);
}

/// Listens from now on, or no more.
pub fn listen(on: bool) {
    LISTENING.store(on, Ordering::SeqCst);
}

/// Whether there was a Ctrl-C since.
pub fn heard() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}
