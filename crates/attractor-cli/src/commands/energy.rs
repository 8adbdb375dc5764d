//! `attractor energy`

use std::io::Write;

use anyhow::{Result, bail};
use attractor::analysis::{self, Density};
use attractor::memories::{Options, model};
use attractor::options::Value;
use attractor::{Error, Memory, Real};
use attractor_data::Shape;
use attractor_session::{Precision, batch_of, with_memory};
use ndarray::Array2;

use crate::args::Energy;
use crate::{load, streams};

pub fn run(args: &Energy, options: &Options) -> Result<()> {
    load::concern(&args.store.files, &[Some(&args.store.memory), Some(&args.states)])?;
    let (source, mut setup) = load::source(&args.store, options)?;
    // The flow's integral is a sum of differences, so it needs double precision.
    if args.density == Some(Density::Flow) {
        setup.precision = Some(Precision::F64);
    }
    let (options, sigma) = level(args, source.model(&setup), options)?;
    setup.options = options;
    let session = load::built(source, &setup, &args.store.work)?;
    with_memory!(&session.memory, memory => energy(args, memory, session.about.shape, sigma, args.density))
}

fn energy<F: Real>(
    args: &Energy,
    memory: &dyn Memory<F>,
    shape: Option<Shape>,
    sigma: Option<f64>,
    density: Option<Density>,
) -> Result<()> {
    let mut states = load::rows_like(&args.states, &args.store.files, shape, args.store.work.quiet)?;
    let mut out = streams::stdout(false);
    if states.head().rows == 0 {
        let none = Array2::from_elem((0, states.head().columns), F::ZERO);
        memory.energies(none.view(), sigma.map(|_| &[][..]))?;
    }
    let batch = batch_of(states.head().columns);
    while let Some(batch) = states.next_batch(batch)? {
        let states = batch.floats::<F>();
        let levels = sigma.map(|sigma| vec![sigma; states.nrows()]);
        // A density asks for the level that was given, also of a model that has none.
        let given = args.sigma.map(|sigma| vec![sigma; states.nrows()]).or_else(|| levels.clone());
        let numbers = match (density, &given) {
            (None, _) => memory.energies(states.view(), levels.as_deref())?,
            (Some(way), Some(levels)) => analysis::density(memory, states.view(), levels, way)?,
            (Some(_), None) => bail!("density: expected a noise level (--sigma) with it, found none"),
        };
        for number in numbers {
            writeln!(out, "{number:?}")?;
        }
    }
    Ok(out.flush()?)
}

/// Converts between β and σ, which name the same level, β = 1/σ²: the model gets the one that it takes.
fn level(args: &Energy, name: &str, options: &Options) -> Result<(Options, Option<f64>)> {
    let card = model(name)?.card;
    let takes_beta = card.parameter("beta").is_some();
    let mut kept = options.clone();
    let beta = if takes_beta { None } else { kept.remove("beta") };
    if let Some(sigma) = args.sigma.filter(|_| takes_beta) {
        if !(1e-15..=1e15).contains(&sigma) {
            return Err(Error::parameter("sigma", "a number from 1e-15 to 1e15 for this model", sigma).into());
        }
        kept.set("beta", 1.0 / (sigma * sigma));
    }
    let sigma = match beta.filter(|_| card.levels) {
        Some(Value::Number(beta)) => Some(1.0 / beta.sqrt()),
        Some(other) => {
            return Err(Error::parameter("beta", "a number > 0 (or --sigma) for this model", other).into());
        }
        None => args.sigma.filter(|_| !takes_beta),
    };
    Ok((kept, sigma))
}
