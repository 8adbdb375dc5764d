//! Decoders are programs of others, and some panic at damaged files. Their panics become errors.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread is caught and becomes an error, so that a panic hook has nothing to say. Decoders of
/// pictures and tables are programs of others, and some panic at damaged files.
pub fn panics_are_caught() -> bool {
    CAUGHT.get()
}

/// What a decoder returns, or `None` if it panics.
pub(super) fn guarded<T>(decode: impl FnOnce() -> T) -> Option<T> {
    let before = CAUGHT.replace(true);
    let decoded = catch_unwind(AssertUnwindSafe(decode));
    CAUGHT.set(before);
    decoded.ok()
}
