//! Experiments of Ambrogioni (2023), *In search of dispersed memories*.

pub mod fig1;
pub mod fig2;
pub mod fig3;
pub mod learning;
pub mod potentials;
pub mod probabilistic;
pub mod reconstruction;
pub mod table1;
