//! Counting the memory in use.
//!
//! Resident memory says little about a single call: the system counts in pages, and memory that a call frees
//! stays with the process. So a program that measures memory installs an allocator that counts. It costs next
//! to nothing while no measurement runs.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};

/// The allocator of the system, with a count of the bytes in use. A program installs it like this:
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
/// Bytes in use, relative to when counting began. It is negative if the call frees what was there before.
static NOW: AtomicIsize = AtomicIsize::new(0);
static MOST: AtomicIsize = AtomicIsize::new(0);

/// Changes the number of bytes in use.
fn count(bytes: isize) {
    if COUNTING.load(Ordering::Relaxed) {
        let now = NOW.fetch_add(bytes, Ordering::Relaxed) + bytes;
        MOST.fetch_max(now, Ordering::Relaxed);
        INSTALLED.store(true, Ordering::Relaxed);
    }
}

// SAFETY: every request is passed on to the system's allocator as it came; counting touches no other memory.
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
        // While a block moves, the old and the new one may both exist.
        count(size as isize);
        // SAFETY: the memory came from this allocator with this layout, as the caller promises.
        let moved = unsafe { System.realloc(memory, layout, size) };
        count(-(layout.size() as isize));
        moved
    }
}

/// The result of `call`, and the most bytes that were in use during it, by all threads, beyond those in use
/// before. `None` in a program that has not installed [`Counted`]. Only one measurement may run at a time.
pub fn peak_of<T>(call: impl FnOnce() -> T) -> (T, Option<usize>) {
    NOW.store(0, Ordering::Relaxed);
    MOST.store(0, Ordering::Relaxed);
    COUNTING.store(true, Ordering::Relaxed);
    // A call that allocates nothing would otherwise look like a program that does not count.
    drop(std::hint::black_box(Box::new(0_u8)));
    let result = call();
    COUNTING.store(false, Ordering::Relaxed);
    let counted = INSTALLED.load(Ordering::Relaxed);
    (result, counted.then(|| MOST.load(Ordering::Relaxed).max(0) as usize))
}
