//! Benchmarks: how fast the kernels are on this machine ([`speed`]), and how time and memory grow with the
//! size of the task ([`scaling`]).

pub mod counted;
pub mod scaling;
pub mod speed;
