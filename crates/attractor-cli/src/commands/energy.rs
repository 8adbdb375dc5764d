//! `attractor energy`

use std::io::{BufWriter, Write};

use anyhow::Result;
use attractor::memories::{Options, model};
use attractor::{Error, Real};
use attractor_data::Rows;
use ndarray::Array2;

use crate::args::Energy;
use crate::in_precision;
use crate::load::{self, Loaded, Source};

pub fn run(args: &Energy, options: &Options) -> Result<()> {
    let (source, precision) = load::source(&args.store)?;
    in_precision!(precision, energy(args, source, options))
}

fn energy<F: Real>(args: &Energy, source: Source, options: &Options) -> Result<()> {
    let model = match &source {
        Source::Stored(summary) => summary.spec.model.clone(),
        Source::Patterns(_) => {
            args.store.patterns.model.clone().unwrap_or_else(|| load::DEFAULT_MODEL.into())
        }
    };
    let (options, sigma) = level(args, &model, options)?;
    let Loaded { memory, shape, .. } = load::memory::<F>(&args.store, source, &options)?;
    let mut states = Rows::open(&args.states, &load::reading(&args.store.files)?)?.laid_out_as(shape);
    let mut out = BufWriter::new(std::io::stdout().lock());
    if states.head().rows == 0 {
        memory.energies(Array2::from_elem((0, states.head().columns), F::ZERO).view(), sigma)?;
    }
    let batch = load::batch_of(states.head().columns);
    while let Some(batch) = states.next_batch(batch)? {
        for energy in memory.energies(batch.floats::<F>().view(), sigma)? {
            writeln!(out, "{energy:?}")?;
        }
    }
    Ok(out.flush()?)
}

/// β and σ name the same level, β = 1/σ²: whichever was given becomes what the model takes.
fn level(args: &Energy, name: &str, options: &Options) -> Result<(Options, Option<f64>)> {
    let takes_beta = model(name)?.card.parameters.iter().any(|p| p.name == "beta");
    let beta = options.iter().find(|(name, _)| *name == "beta").map(|(_, value)| value.to_owned());
    let mut kept = Options::default();
    options.iter().filter(|(name, _)| takes_beta || *name != "beta").for_each(|(name, value)| {
        kept.set(name, value);
    });
    if let Some(sigma) = args.sigma.filter(|_| takes_beta) {
        if !(1e-15..=1e15).contains(&sigma) {
            return Err(Error::parameter("sigma", "a number from 1e-15 to 1e15 for this model", sigma).into());
        }
        kept.set("beta", &format!("{:?}", 1.0 / (sigma * sigma)));
    }
    let sigma = match beta.filter(|_| !takes_beta && name == "diffusion") {
        Some(text) => {
            let beta: f64 =
                text.parse().ok().filter(|b| *b > 0.0).ok_or_else(|| {
                    Error::parameter("beta", "a number > 0 (or --sigma) for this model", &text)
                })?;
            Some(1.0 / beta.sqrt())
        }
        None => args.sigma,
    };
    Ok((kept, sigma))
}
