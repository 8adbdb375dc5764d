//! Threads, in one place: how many there are, and a map over task numbers whose results come back in order.
//!
//! What a task computes does not depend on how many threads there are, so no result does.

#[doc(inline)]
pub use attractor_kernels::threads::*;

#[cfg(feature = "rayon")]
use crate::error::{Error, Result};

/// Uses so many threads from now on, 1 to 512; without this, one for each core (or `RAYON_NUM_THREADS`). Work
/// that is under way stays where it is.
///
/// ```
/// attractor::threads::set(2)?;
/// assert_eq!(attractor::threads::count(), 2);
/// # Ok::<(), attractor::Error>(())
/// ```
///
/// # Errors
/// A number outside the range, or more threads than the system starts.
#[cfg(feature = "rayon")]
pub fn set(count: usize) -> Result<()> {
    attractor_kernels::threads::set(count).map_err(|expected| Error::parameter("threads", expected, count))
}
