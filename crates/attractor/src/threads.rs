//! The number of threads, and a parallel map that returns its results in order.
//!
//! The result of a task does not depend on the number of threads.

#[doc(inline)]
pub use attractor_kernels::threads::*;

#[cfg(feature = "rayon")]
use crate::error::{Error, Result};

/// Sets the number of threads, 1 to 512. The default is one for each core, or `RAYON_NUM_THREADS`. Work that has
/// already started keeps its threads.
///
/// ```
/// attractor::threads::set(2)?;
/// assert_eq!(attractor::threads::count(), 2);
/// # Ok::<(), attractor::Error>(())
/// ```
///
/// # Errors
/// A number outside the range, or more threads than the system can start.
#[cfg(feature = "rayon")]
pub fn set(count: usize) -> Result<()> {
    attractor_kernels::threads::set(count).map_err(|expected| Error::parameter("threads", expected, count))
}
