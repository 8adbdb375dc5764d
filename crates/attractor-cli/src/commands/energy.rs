//! `attractor energy`

use std::io::{BufWriter, Write};

use anyhow::Result;
use attractor::memories::{Options, model};
use attractor::{Error, Real};
use attractor_data::read_npy;

use crate::args::Energy;
use crate::load::{self, Precision, Source};

pub fn run(args: &Energy, options: &Options) -> Result<()> {
    let source = load::source(&args.store)?;
    match source.precision {
        Precision::F32 => energy::<f32>(args, &source, options),
        Precision::F64 => energy::<f64>(args, &source, options),
    }
}

fn energy<F: Real>(args: &Energy, source: &Source, options: &Options) -> Result<()> {
    let (options, sigma) = level(args, options)?;
    let memory = load::memory::<F>(&args.store, source, &options)?;
    let states = read_npy(&args.states)?;
    let states = states.to_floats::<F>(0..states.rows());
    let energies = memory.energies(states.view(), sigma)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for energy in energies {
        writeln!(out, "{energy:?}")?;
    }
    Ok(out.flush()?)
}

/// β and σ name the same level, β = 1/σ²: whichever was given becomes what the model takes.
fn level(args: &Energy, options: &Options) -> Result<(Options, Option<f64>)> {
    let takes_beta = model(&args.store.model)?.card.parameters.iter().any(|p| p.name == "beta");
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
    let sigma = match beta.filter(|_| !takes_beta && args.store.model == "diffusion") {
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
