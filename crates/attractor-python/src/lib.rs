//! The Rust half of the Python package: `attractor._attractor`.
//!
//! It takes arrays of the right type and returns dictionaries of arrays. What users see (classes, defaults,
//! conversions, docstrings) is in `python/attractor/`.

mod arrays;
mod audit;
mod build;
mod callable;
mod density;
mod effect;
mod error;
mod experiments;
mod explorer;
mod facts;
mod local;
mod memory;
mod minima;
mod observe;
mod options;
mod potential;
mod recall;
mod replay;
mod shards;
mod stored;
mod sums;

use attractor::analysis::{Counts, Effect, TraceEvents, TraceStep};
use attractor::memories::{Ending, Row};
use attractor_replay::Round;
use pyo3::prelude::*;

use crate::recall::listed;

/// Associative memory, in Rust.
#[pymodule]
mod _attractor {
    #[pymodule_export]
    use super::audit::{Monitor, audit, audit_of_rows, inspect};
    #[pymodule_export]
    use super::experiments::{
        Report, Study, capacity, corrupt, digits, merge, part, read, recommend, reproduce,
    };
    #[pymodule_export]
    use super::explorer::{explorer, write_text};
    #[pymodule_export]
    use super::facts::{Sampling, experiments, models, processes, samplers, training};
    #[pymodule_export]
    use super::memory::Memory;
    #[pymodule_export]
    use super::minima::minima;
    #[pymodule_export]
    use super::potential::Potential;
    #[pymodule_export]
    use super::replay::replay;
    #[pymodule_export]
    use super::shards::{Part, append_to_parts, part_summary, shard};
    #[pymodule_export]
    use super::stored::{append, compact};
    #[pymodule_export]
    use super::threads::{after_fork, get_threads, set_threads};
    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        if let Some(name) = std::env::var_os(attractor::instructions::VARIABLE) {
            attractor::instructions::limit(&name.to_string_lossy()).map_err(crate::error::refused)?;
        }
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("OUTCOMES", Ending::NAMES)?;
        module.add("ROW", listed(Row::FIELDS))?;
        module.add("MOMENT", listed(TraceStep::FIELDS))?;
        module.add("MARKS", listed(TraceEvents::FIELDS))?;
        module.add("COUNTS", listed(Counts::FIELDS))?;
        module.add("EFFECT", listed(Effect::FIELDS))?;
        module.add("ROUND", listed(Round::FIELDS))
    }
}

mod threads {
    use pyo3::prelude::*;

    use crate::error::refused;

    /// Sets the number of threads of the kernels.
    #[pyfunction]
    pub fn set_threads(count: usize) -> PyResult<()> {
        attractor::threads::set(count).map_err(refused)
    }

    /// The number of threads of the kernels.
    #[pyfunction]
    pub fn get_threads(py: Python<'_>) -> usize {
        py.detach(attractor::threads::count)
    }

    /// Must be called in a forked process, since threads do not survive a fork.
    #[pyfunction]
    pub fn after_fork() {
        attractor::threads::after_fork();
    }
}
