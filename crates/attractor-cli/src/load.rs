//! From names on the command line to memories and states.

use anyhow::{Context, Result, bail};
use attractor::memories::{Options, Spec, model};
use attractor::{Memory, Patterns, Preparation, Prepare, Real};
use attractor_data::{Dtype, Table, read_npy};

use crate::args::Store;

/// The number type of the states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    F32,
    F64,
}

/// The memory file, and what it says about how to work with it.
pub struct Source {
    pub table: Table,
    pub precision: Precision,
}

/// Reads the memory file and sets up threads.
pub fn source(store: &Store) -> Result<Source> {
    // The name first: a wrong one should not wait for a large file.
    model(&store.model)?;
    if let Some(threads) = store.threads {
        if !(1..=512).contains(&threads) {
            bail!("threads: expected a whole number from 1 to 512, found {threads}");
        }
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global()
            .context("cannot start the threads")?;
    }
    let table = read_npy(&store.memory)?;
    let precision = match store.dtype.as_deref() {
        Some("f32") => Precision::F32,
        Some("f64") => Precision::F64,
        Some(other) => bail!("dtype: expected f32 or f64, found {other}"),
        None if table.dtype() == Dtype::F64 => Precision::F64,
        None => Precision::F32,
    };
    Ok(Source { table, precision })
}

/// Builds the memory, and tells what a user should know of it.
pub fn memory<F: Real>(store: &Store, source: &Source, options: &Options) -> Result<Box<dyn Memory<F>>> {
    let table = &source.table;
    let spins = model(&store.model)?.card.spins;
    let prepare = match store.prepare.as_str() {
        "auto" if table.dtype().is_raw() => Prepare::Normalize,
        "auto" => Prepare::None,
        name => name.parse::<Prepare>().map_err(|_| {
            anyhow::anyhow!("prepare: expected none, center, normalize or auto, found {name}")
        })?,
    };
    let values = table.to_floats::<F>(0..table.rows());
    let patterns = Patterns::prepared(values, prepare, spins)?;
    if !store.quiet {
        let how = match patterns.preparation() {
            Preparation::Identity if spins && !patterns.are_spins() => {
                eprintln!(
                    "note: {} recalls ±1 states, but the patterns have other values; --prepare normalize thresholds them",
                    store.model
                );
                "used as given".to_owned()
            }
            preparation => preparation.describe(),
        };
        let scaled = if table.dtype() == Dtype::U8 { "uint8 read as value/255, " } else { "" };
        eprintln!(
            "{}: {} patterns of {} units, {}{how}; {}",
            store.model,
            patterns.len(),
            patterns.dim(),
            scaled,
            F::NAME
        );
        for note in patterns.notes() {
            eprintln!("note: {note}");
        }
    }
    let spec = Spec { model: store.model.clone(), options: options.clone() };
    Ok(spec.build(patterns)?)
}
