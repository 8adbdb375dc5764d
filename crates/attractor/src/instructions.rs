//! The instruction sets of the processor that the kernels use.
//!
//! By default they use the best that the machine has. Results have the same bits with AVX2 and AVX-512.

use crate::error::{Error, Result};
use crate::kernels::machine::Level;

/// The environment variable whose value the program and the Python package give to [`limit`].
pub const VARIABLE: &str = "ATTRACTOR_INSTRUCTIONS";

/// Lets the kernels use no better instructions than these, for the rest of the process: `portable`, `avx2` or `avx512`.
/// On a machine that lacks them, they use the best that it has.
///
/// ```standalone_crate
/// attractor::instructions::limit("avx2")?;
/// assert_ne!(attractor::instructions::used(), "avx512");
/// # Ok::<(), attractor::Error>(())
/// ```
///
/// # Errors
/// Another name; a call after the first computation.
pub fn limit(name: &str) -> Result<()> {
    Level::limit(name).map_err(|expected| Error::parameter(VARIABLE, expected, name))
}

/// The name of the instructions in use.
pub fn used() -> &'static str {
    Level::best().name()
}
