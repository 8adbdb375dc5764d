//! Threads, in one place: how many there are, and a map over task numbers whose results come back in order.
//!
//! What a task computes does not depend on how many threads there are, so no result does.

#[cfg(feature = "rayon")]
use std::sync::atomic::Ordering;

/// Most threads that can be asked for.
#[cfg(feature = "rayon")]
const MOST: usize = 512;

#[cfg(feature = "rayon")]
mod pool {
    use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

    use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

    use super::MOST;

    /// How many threads are wanted; 0 is one for each core.
    pub static WANTED: AtomicUsize = AtomicUsize::new(0);

    /// The threads of each number that was ever wanted, started when they are first needed and never freed: someone
    /// may be in them. Not a `OnceLock` or a `Mutex`, since a forked process must be able to forget them without
    /// waiting for anyone.
    static POOLS: [AtomicPtr<ThreadPool>; MOST + 1] =
        [const { AtomicPtr::new(std::ptr::null_mut()) }; MOST + 1];

    /// So many threads, started now if there are none.
    pub fn of(count: usize) -> Result<&'static ThreadPool, ThreadPoolBuildError> {
        let mut there = POOLS[count].load(Ordering::Acquire);
        if there.is_null() {
            let new = Box::into_raw(Box::new(ThreadPoolBuilder::new().num_threads(count).build()?));
            let stored = POOLS[count].compare_exchange(there, new, Ordering::AcqRel, Ordering::Acquire);
            there = match stored {
                Ok(_) => new,
                Err(other) => {
                    // SAFETY: it was never stored, so no one else has it.
                    drop(unsafe { Box::from_raw(new) });
                    other
                }
            };
        }
        // SAFETY: what is stored is never freed.
        Ok(unsafe { &*there })
    }

    /// Forgets all threads, without touching them.
    pub fn forget() {
        POOLS.iter().for_each(|pool| pool.store(std::ptr::null_mut(), Ordering::Release));
    }
}

/// Uses so many threads from now on, 1 to 512; without this, one for each core (or `RAYON_NUM_THREADS`). Work
/// that is under way stays where it is.
///
/// # Errors
/// A number outside the range, or more threads than the system starts: what was expected instead.
#[cfg(feature = "rayon")]
pub fn set(count: usize) -> Result<(), String> {
    if !(1..=MOST).contains(&count) {
        return Err(format!("a whole number from 1 to {MOST}"));
    }
    match pool::of(count) {
        Ok(_) => {
            pool::WANTED.store(count, Ordering::Release);
            Ok(())
        }
        Err(reason) => Err(format!("as many as the system starts ({reason})")),
    }
}

/// How many threads there are.
pub fn count() -> usize {
    within(|| {
        #[cfg(feature = "rayon")]
        return rayon::current_num_threads();
        #[cfg(not(feature = "rayon"))]
        1
    })
}

/// Forgets the threads there were: to be called in a new process that was forked, which has none of them.
#[cfg(feature = "rayon")]
pub fn after_fork() {
    pool::forget();
}

/// Calls `f` where rayon's iterators run on these threads (or on those of the pool that the caller is in).
#[cfg(feature = "rayon")]
pub fn within<T: Send>(f: impl FnOnce() -> T + Send) -> T {
    let inside = rayon::current_thread_index().is_some();
    match pool::of(pool::WANTED.load(Ordering::Acquire)) {
        Ok(pool) if !inside => pool.install(f),
        _ => f(),
    }
}

/// Calls `f`.
#[cfg(not(feature = "rayon"))]
pub fn within<T>(f: impl FnOnce() -> T) -> T {
    f()
}

/// Waking threads and waiting for them costs up to 0.3 ms on a busy machine; a core does about this many operations
/// in that time.
#[cfg(feature = "rayon")]
const WORTH_A_THREAD: f64 = 1e7;

/// Calls `f` on each task, on all threads if the work (in floating-point operations) is worth waking them.
#[cfg(feature = "rayon")]
pub fn each<T: Send>(tasks: Vec<T>, work: f64, f: impl Fn(T) + Sync + Send) {
    use rayon::prelude::*;
    if tasks.len() < 2 || work < WORTH_A_THREAD {
        return tasks.into_iter().for_each(f);
    }
    within(|| tasks.into_par_iter().for_each(&f));
}

/// Calls `f` on each task.
#[cfg(not(feature = "rayon"))]
pub fn each<T: Send>(tasks: Vec<T>, _work: f64, f: impl Fn(T) + Sync + Send) {
    tasks.into_iter().for_each(f);
}

/// `f(0), f(1), … f(tasks − 1)`, on all threads if the work (in floating-point operations) is
/// worth waking them.
#[cfg(feature = "rayon")]
pub fn map<T: Send>(tasks: usize, work: f64, f: impl Fn(usize) -> T + Sync) -> Vec<T> {
    use rayon::prelude::*;
    if tasks < 2 || work < WORTH_A_THREAD {
        return (0..tasks).map(f).collect();
    }
    within(|| (0..tasks).into_par_iter().map(&f).collect())
}

/// `f(0), f(1), … f(tasks − 1)`.
#[cfg(not(feature = "rayon"))]
pub fn map<T: Send>(tasks: usize, _work: f64, f: impl Fn(usize) -> T + Sync) -> Vec<T> {
    (0..tasks).map(f).collect()
}
