//! `attractor demo`

use std::io::Write;

use anyhow::{Result, bail};
use attractor_experiments::demo::{self, Config};

use super::make_folder;
use crate::args::Demo;
use crate::{load, progress, streams};

/// How many digits are stored by default.
const DIGITS: usize = 100;

pub fn run(args: &Demo) -> Result<()> {
    load::threads(&args.work)?;
    if args.cues == 0 {
        bail!("cues: expected at least one, found 0");
    }
    load::concern(&args.files, &[args.patterns.as_ref()])?;
    let config = match &args.patterns {
        Some(path) => {
            let rows = load::rows(path, &args.files, args.work.quiet)?;
            let all = rows.head().rows;
            let mut images = rows.all()?;
            if let Some(count) = args.count {
                if !(1..=all).contains(&count) {
                    bail!(
                        "count: expected 1 to {all} images, as there are in {}, found {count}",
                        path.display()
                    );
                }
                images = images.select(&(0..count).collect::<Vec<_>>());
            }
            Config::own(images, args.cues, args.seed)?
        }
        None => {
            let config = Config::digits(args.count.unwrap_or(DIGITS), args.seed)?;
            Config { cues: args.cues.min(config.cues), ..config }
        }
    };
    make_folder(&args.out)?;
    let bar = progress::bar("recalls", args.work.quiet);
    let report = demo::run(&config, |done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    report.write(&args.out)?;
    let mut out = streams::stdout(true);
    let (stored, folder) = (config.images.rows(), args.out.display());
    let what = if args.patterns.is_some() { "images" } else { "handwritten digits of 8 x 8 pixels" };
    writeln!(out, "{stored} {what} stored; {} of them corrupted and recalled:\n", config.cues)?;
    writeln!(out, "{}", report.table())?;
    writeln!(
        out,
        "exact: every pixel at its stored grey level (hopfield, dense: black or white, as stored)."
    )?;
    writeln!(out, "right: nearest to the memory it was made from. refused: matches no memory (p = 0.01).")?;
    if args.patterns.is_none() && stored > 9 {
        writeln!(out, "hopfield is overloaded: 64 units hold about 9 random patterns; try --count 5.")?;
    }
    writeln!(out, "Picture: {folder}/demo.png\n\nGo on with:")?;
    writeln!(out, "  attractor recall --memory {folder}/memory.npy --cues {folder}/cues.npy --sigma 0.4")?;
    writeln!(out, "  attractor explore")?;
    Ok(())
}
