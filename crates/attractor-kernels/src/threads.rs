//! The number of threads, and a parallel map that returns its results in order.
//!
//! The result of a task does not depend on the number of threads.

#[cfg(feature = "rayon")]
use std::sync::{Mutex, atomic::Ordering};

/// The largest number of threads.
#[cfg(feature = "rayon")]
const MOST: usize = 512;

#[cfg(feature = "rayon")]
mod pool {
    use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

    use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

    use super::MOST;

    /// The number of threads asked for; 0 means one for each core.
    pub static WANTED: AtomicUsize = AtomicUsize::new(0);

    /// The thread pools, one for each number of threads that was ever asked for. A pool is started when it is first
    /// needed and never freed, since a caller may be in it. This is not a `OnceLock` or a `Mutex`, since a forked
    /// process must be able to forget the pools without waiting for anyone.
    static POOLS: [AtomicPtr<ThreadPool>; MOST + 1] =
        [const { AtomicPtr::new(std::ptr::null_mut()) }; MOST + 1];

    /// The pool of this many threads, which is started now if there is none.
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

    /// The pool of the number of threads that was asked for. `None` if the system does not start them, as where the number
    /// of processes is limited: then work is done on the calling thread. (Outside of a pool, rayon would start its own, and
    /// panic.)
    pub fn usual() -> Option<&'static ThreadPool> {
        of(WANTED.load(Ordering::Acquire)).ok()
    }

    /// Forgets all pools without touching their threads.
    pub fn forget() {
        POOLS.iter().for_each(|pool| pool.store(std::ptr::null_mut(), Ordering::Release));
    }
}

/// Sets the number of threads, 1 to 512. The default is one for each core, or `RAYON_NUM_THREADS`. Work that has
/// already started keeps its threads.
///
/// # Errors
/// The expected range or number, for a number outside the range or more threads than the system can start.
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

/// The number of threads. It is 1 if the system starts no others.
#[cfg(feature = "rayon")]
pub fn count() -> usize {
    match (rayon::current_thread_index(), pool::usual()) {
        (Some(_), _) => rayon::current_num_threads(),
        (None, Some(pool)) => pool.current_num_threads(),
        (None, None) => 1,
    }
}

/// The number of threads.
#[cfg(not(feature = "rayon"))]
pub fn count() -> usize {
    1
}

/// Forgets the thread pools. To be called in a forked process, which does not have their threads.
#[cfg(feature = "rayon")]
pub fn after_fork() {
    pool::forget();
}

/// Calls `f` on one of these threads, so that the parallel loops in it find them awake.
#[cfg(feature = "rayon")]
pub fn within<T: Send>(f: impl FnOnce() -> T + Send) -> T {
    let (mut f, mut result) = (Some(f), None);
    shared::within(&mut || result = f.take().map(|f| f()));
    result.expect("it was called")
}

/// The parts that go into rayon. They are generic over nothing, so that rayon's code is compiled once and not for each
/// closure, in each crate.
#[cfg(feature = "rayon")]
mod shared {
    use rayon::prelude::*;

    use super::pool;

    pub fn within(f: &mut (dyn FnMut() + Send)) {
        match (rayon::current_thread_index(), pool::usual()) {
            (None, Some(pool)) => pool.install(f),
            _ => f(),
        }
    }

    /// Calls `f` on 0, 1, … `tasks` − 1, on all threads, or on those of the pool that the caller is in.
    pub fn each(tasks: usize, f: &(dyn Fn(usize) + Sync)) {
        let on_all = || (0..tasks).into_par_iter().for_each(f);
        match (rayon::current_thread_index(), pool::usual()) {
            (Some(_), _) => on_all(),
            (None, Some(pool)) => pool.install(on_all),
            (None, None) => (0..tasks).for_each(f),
        }
    }
}

/// Calls `f`.
#[cfg(not(feature = "rayon"))]
pub fn within<T>(f: impl FnOnce() -> T) -> T {
    f()
}

/// The work, in floating-point operations, at which waking threads pays. Waking them and waiting for them costs up to
/// 0.3 ms on a busy machine, in which a core does about this many operations.
#[cfg(feature = "rayon")]
const WORTH_A_THREAD: f64 = 1e7;

/// Calls `f` on each task, on all threads if the work (in floating-point operations) is worth waking them.
#[cfg(feature = "rayon")]
pub fn each<T: Send>(tasks: Vec<T>, work: f64, f: impl Fn(T) + Sync + Send) {
    if tasks.len() < 2 || work < WORTH_A_THREAD {
        return tasks.into_iter().for_each(f);
    }
    let tasks: Vec<Mutex<Option<T>>> = tasks.into_iter().map(|task| Mutex::new(Some(task))).collect();
    shared::each(tasks.len(), &|number| {
        let task = tasks[number].lock().expect("no one else has this task").take();
        f(task.expect("each task is done once"));
    });
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
    if tasks < 2 || work < WORTH_A_THREAD {
        return (0..tasks).map(f).collect();
    }
    let results: Vec<Mutex<Option<T>>> = (0..tasks).map(|_| Mutex::new(None)).collect();
    shared::each(tasks, &|task| {
        let result = f(task);
        *results[task].lock().expect("no one else has this place") = Some(result);
    });
    let result = |place: Mutex<Option<T>>| place.into_inner().expect("its task is done");
    results.into_iter().map(|place| result(place).expect("each task is done")).collect()
}

/// `f(0), f(1), … f(tasks − 1)`, on all threads: for tasks that are long by themselves.
pub fn parallel<T: Send>(tasks: usize, f: impl Fn(usize) -> T + Sync) -> Vec<T> {
    map(tasks, f64::INFINITY, f)
}

/// `f(0), f(1), … f(tasks − 1)`.
#[cfg(not(feature = "rayon"))]
pub fn map<T: Send>(tasks: usize, _work: f64, f: impl Fn(usize) -> T + Sync) -> Vec<T> {
    (0..tasks).map(f).collect()
}
