//! Experiments of Ambrogioni (2023), *In search of dispersed memories*.

pub mod table1;
