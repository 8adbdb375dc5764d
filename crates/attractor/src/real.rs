//! The two number types a state may have, `f32` and `f64`.

#[doc(inline)]
pub use attractor_kernels::{PerReal, Real};
