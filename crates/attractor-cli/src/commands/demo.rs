//! `attractor demo`

use std::io::Write;

use anyhow::Result;
use attractor_experiments::demo::{self, Config};

use super::make_folder;
use crate::args::Demo;

pub fn run(args: &Demo) -> Result<()> {
    let report = demo::run(Config { count: args.count, seed: args.seed })?;
    make_folder(&args.out)?;
    report.write(&args.out)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} handwritten digits of 8 x 8 pixels, stored, corrupted and recalled:\n", args.count)?;
    writeln!(out, "{}", report.table())?;
    let folder = args.out.display();
    writeln!(
        out,
        "exact: every pixel rounds to its stored grey level (hopfield, dense: black or white, as stored)."
    )?;
    if args.count > 9 {
        writeln!(out, "hopfield is overloaded: 64 units hold about 9 random patterns; try --count 5.")?;
    }
    writeln!(out, "Picture: {folder}/demo.png\n\nGo on with:")?;
    writeln!(out, "  attractor recall --memory {folder}/memory.npy --cues {folder}/cues.npy --sigma 0.4")?;
    Ok(())
}
