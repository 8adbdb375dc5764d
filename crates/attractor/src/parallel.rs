//! Threads, in one place: a map over task numbers whose results come back in order.
//!
//! What a task computes must not depend on how many threads there are; then nothing does.

/// `f(0), f(1), … f(tasks − 1)`, on all threads if the work (in floating-point operations) is
/// worth waking them.
#[cfg(feature = "rayon")]
pub(crate) fn map<T: Send>(tasks: usize, work: f64, f: impl Fn(usize) -> T + Sync) -> Vec<T> {
    use rayon::prelude::*;
    /// Waking threads and waiting for them costs up to 0.3 ms on a busy machine; a core does about this
    /// many operations in that time.
    const WORTH_A_THREAD: f64 = 1e7;
    if tasks < 2 || work < WORTH_A_THREAD {
        return (0..tasks).map(f).collect();
    }
    (0..tasks).into_par_iter().map(&f).collect()
}

/// `f(0), f(1), … f(tasks − 1)`.
#[cfg(not(feature = "rayon"))]
pub(crate) fn map<T: Send>(tasks: usize, _work: f64, f: impl Fn(usize) -> T + Sync) -> Vec<T> {
    (0..tasks).map(f).collect()
}
