//! Memory in use, counted where it is asked for.
//!
//! Resident memory says little about one call: the system counts in pages, and what a call gives back stays
//! with the process. So a program that wants to know lets its allocator count, which costs nothing while
//! nobody asks.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};

/// The system's allocator, with a count. To be installed by a program:
///
/// ```
/// use attractor_bench::counted::{Counted, peak_of};
/// #[global_allocator]
/// static MEMORY: Counted = Counted;
/// let (length, bytes) = peak_of(|| vec![0_u8; 1_000_000].len());
/// assert!(length == 1_000_000 && bytes >= Some(1_000_000));
/// ```
pub struct Counted;

static INSTALLED: AtomicBool = AtomicBool::new(false);
static COUNTING: AtomicBool = AtomicBool::new(false);
/// Bytes in use beyond those when counting began; what was there before may be given back.
static NOW: AtomicIsize = AtomicIsize::new(0);
static MOST: AtomicIsize = AtomicIsize::new(0);

/// More or fewer bytes in use.
fn count(bytes: isize) {
    if COUNTING.load(Ordering::Relaxed) {
        let now = NOW.fetch_add(bytes, Ordering::Relaxed) + bytes;
        MOST.fetch_max(now, Ordering::Relaxed);
        INSTALLED.store(true, Ordering::Relaxed);
    }
}

// SAFETY: everything is done by the system's allocator, as it was asked; counting touches no memory of others.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the layout is as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the layout is as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the memory came from this allocator with this layout, as the caller promises.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // While it moves, the old and the new may both be there.
        count(size as isize);
        // SAFETY: the memory came from this allocator with this layout, as the caller promises.
        let moved = unsafe { System.realloc(memory, layout, size) };
        count(-(layout.size() as isize));
        moved
    }
}

/// What `call` gives, and the most bytes that were in use during it beyond those before, by all threads; none in
/// a program that has not installed [`Counted`]. One at a time.
pub fn peak_of<T>(call: impl FnOnce() -> T) -> (T, Option<usize>) {
    NOW.store(0, Ordering::Relaxed);
    MOST.store(0, Ordering::Relaxed);
    COUNTING.store(true, Ordering::Relaxed);
    // So that a call which asks for nothing is told from a program that does not count.
    drop(std::hint::black_box(Box::new(0_u8)));
    let result = call();
    COUNTING.store(false, Ordering::Relaxed);
    let counted = INSTALLED.load(Ordering::Relaxed);
    (result, counted.then(|| MOST.load(Ordering::Relaxed).max(0) as usize))
}
