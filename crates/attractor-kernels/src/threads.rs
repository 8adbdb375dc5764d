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

    use super::{crew, pool};

    pub fn within(f: &mut (dyn FnMut() + Send)) {
        match (rayon::current_thread_index(), pool::usual()) {
            (None, Some(pool)) => pool.install(f),
            _ => f(),
        }
    }

    /// Calls `f` on 0, 1, … `tasks` − 1, on all threads, or on those of the pool that the caller is in. The caller takes
    /// part unless the tasks are `long`: these may have loops of their own, for which the pool's threads steal from each
    /// other.
    pub fn each(tasks: usize, long: bool, f: &(dyn Fn(usize) + Sync)) {
        let on_all = || (0..tasks).into_par_iter().for_each(f);
        match (rayon::current_thread_index(), pool::usual()) {
            (Some(_), _) => on_all(),
            (None, Some(pool)) if long => pool.install(on_all),
            (None, Some(pool)) => crew::each(pool, tasks, f),
            (None, None) => (0..tasks).for_each(f),
        }
    }
}

/// The caller with the threads of a pool as helpers. A helper that wakes up too late is not waited for: so a short loop
/// costs little more than on one thread, also on a busy machine.
#[cfg(feature = "rayon")]
mod crew {
    use std::any::Any;
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

    use rayon::ThreadPool;

    /// A loop, which its caller outlives.
    struct Loop {
        /// Valid until the loop is closed and no helper works in it.
        f: *const (dyn Fn(usize) + Sync),
        tasks: usize,
        next: AtomicUsize,
        helpers: Mutex<Helpers>,
        /// Notified when the last helper leaves.
        left: Condvar,
    }

    #[derive(Default)]
    struct Helpers {
        /// Whether none may begin any more.
        closed: bool,
        working: usize,
        panic: Option<Box<dyn Any + Send>>,
    }

    // SAFETY: the function may be called from several threads, and is there as long as anyone calls it.
    unsafe impl Send for Loop {}
    // SAFETY: as above.
    unsafe impl Sync for Loop {}

    impl Loop {
        fn helpers(&self) -> MutexGuard<'_, Helpers> {
            self.helpers.lock().unwrap_or_else(PoisonError::into_inner)
        }

        /// Takes tasks until none is left.
        fn work(&self) -> Result<(), Box<dyn Any + Send>> {
            catch_unwind(AssertUnwindSafe(|| {
                loop {
                    let task = self.next.fetch_add(1, Ordering::Relaxed);
                    if task >= self.tasks {
                        return;
                    }
                    // SAFETY: the caller of `each` works here, or a helper that has begun, for whom it waits.
                    unsafe { (*self.f)(task) };
                }
            }))
        }

        fn help(&self) {
            {
                let mut helpers = self.helpers();
                if helpers.closed {
                    return;
                }
                helpers.working += 1;
            }
            let result = self.work();
            let mut helpers = self.helpers();
            helpers.working -= 1;
            helpers.panic = helpers.panic.take().or(result.err());
            if helpers.working == 0 {
                self.left.notify_one();
            }
        }
    }

    /// Calls `f` on 0, 1, … `tasks` − 1. Panics if a call does, after all others have ended.
    pub fn each(pool: &ThreadPool, tasks: usize, f: &(dyn Fn(usize) + Sync)) {
        /// How often the caller looks for the end of its helpers before it sleeps, with so many pauses between: for tens of
        /// microseconds.
        const LOOKS: usize = 100;
        const PAUSES: usize = 16;
        let threads = pool.current_num_threads().min(tasks);
        if threads < 2 {
            return (0..tasks).for_each(f);
        }
        // SAFETY: only the lifetime changes; `f` is called by no one after this function has closed the loop and waited.
        let f = unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), &'static (dyn Fn(usize) + Sync)>(f) };
        let next = AtomicUsize::new(0);
        let all = Arc::new(Loop { f, tasks, next, helpers: Mutex::default(), left: Condvar::new() });
        for _ in 1..threads {
            let all = all.clone();
            pool.spawn(move || all.help());
        }
        let own = all.work();
        let mut helpers = all.helpers();
        helpers.closed = true;
        // Most helpers end within microseconds of each other, and to sleep and wake takes as long.
        for _ in 0..LOOKS {
            if helpers.working == 0 {
                break;
            }
            drop(helpers);
            (0..PAUSES).for_each(|_| std::hint::spin_loop());
            helpers = all.helpers();
        }
        while helpers.working > 0 {
            helpers = all.left.wait(helpers).unwrap_or_else(PoisonError::into_inner);
        }
        let panic = own.err().or(helpers.panic.take());
        drop(helpers);
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

/// Calls `f`.
#[cfg(not(feature = "rayon"))]
pub fn within<T>(f: impl FnOnce() -> T) -> T {
    f()
}

/// The work, in floating-point operations, at which waking threads pays. Waking one costs the caller some microseconds, in
/// which a core does about this many operations.
const WORTH_A_THREAD: f64 = 1e6;

/// Whether work, in floating-point operations, is shared among threads.
pub(crate) fn shares(work: f64) -> bool {
    work >= WORTH_A_THREAD && count() > 1
}

/// Calls `f` on each task, on all threads if the work (in floating-point operations) is worth waking them.
#[cfg(feature = "rayon")]
pub fn each<T: Send>(tasks: Vec<T>, work: f64, f: impl Fn(T) + Sync + Send) {
    if tasks.len() < 2 || !shares(work) {
        return tasks.into_iter().for_each(f);
    }
    let tasks: Vec<Mutex<Option<T>>> = tasks.into_iter().map(|task| Mutex::new(Some(task))).collect();
    shared::each(tasks.len(), work.is_infinite(), &|number| {
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
    if tasks < 2 || !shares(work) {
        return (0..tasks).map(f).collect();
    }
    let results: Vec<Mutex<Option<T>>> = (0..tasks).map(|_| Mutex::new(None)).collect();
    shared::each(tasks, work.is_infinite(), &|task| {
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

#[cfg(all(test, feature = "rayon"))]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const SHARED: f64 = 2.0 * WORTH_A_THREAD;

    /// Short loops, one after the other: helpers begin too late for some of them, and in the middle of others.
    #[test]
    fn each_task_is_done_once() {
        for tasks in (0..2000).map(|k| k % 37) {
            let done: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
            let results = map(tasks, SHARED, |task| done[task].fetch_add(1, Ordering::Relaxed) + 10 * task);
            assert!(results.into_iter().eq((0..tasks).map(|task| 10 * task)));
            assert!(done.iter().all(|done| done.load(Ordering::Relaxed) == 1));
        }
    }

    #[test]
    fn loops_may_stand_in_loops() {
        let sums = map(20, SHARED, |a| map(20, SHARED, |b| a * b).into_iter().sum::<usize>());
        assert!(sums.into_iter().eq((0..20).map(|a| 190 * a)));
    }

    /// A panic in any task reaches the caller, when no one works any more; the next loop is as before.
    #[test]
    fn a_panic_reaches_the_caller() {
        for bad in [0, 7, 99] {
            let working = AtomicUsize::new(0);
            let all = || {
                map(100, SHARED, |task| {
                    working.fetch_add(1, Ordering::SeqCst);
                    assert_ne!(task, bad, "the bad one");
                    working.fetch_sub(1, Ordering::SeqCst);
                })
            };
            let panic = catch_unwind(AssertUnwindSafe(all)).expect_err("a task panics");
            assert!(panic.downcast_ref::<String>().is_some_and(|text| text.contains("the bad one")));
            assert_eq!(working.load(Ordering::SeqCst), 1);
            assert_eq!(map(3, SHARED, |task| task), [0, 1, 2]);
        }
    }
}
