//! `attractor recommend`

use std::io::Write;

use anyhow::Result;
use attractor_data::{Corruption, Rows};
use attractor_experiments::{Experiment, recommend};

use super::make_folder;
use crate::args::Recommend;
use crate::load;

/// Patterns that are stored where nobody says how many: what all pairs take grows with their square.
const MOST: usize = 2000;
/// Cues where nobody says how many.
const CUES: usize = 1000;

pub fn run(args: &Recommend) -> Result<()> {
    load::threads(&args.work)?;
    let table = Rows::open(&args.patterns, &load::reading(&args.files)?)?.all()?;
    let (rows, dim) = (table.rows(), table.columns());
    let count = args.count.unwrap_or(MOST).clamp(1, rows.max(1));
    if count < rows && args.count.is_none() && !args.work.quiet {
        eprintln!("note: {count} of {rows} patterns are stored, evenly spaced; --count for more");
    }
    let picked: Vec<usize> = (0..count.min(rows)).map(|i| i * rows / count).collect();
    let mut corruptions = Vec::new();
    for text in &args.corruption {
        corruptions.push(Corruption::parse(text, table.shape(), dim)?);
    }
    let cues = args.cues.unwrap_or(CUES.min(picked.len()));
    let config = recommend::Config {
        name: args.patterns.display().to_string(),
        grey: table.dtype().is_raw(),
        patterns: table.select(&picked).floats(),
        corruptions,
        cues,
        seed: args.seed,
        command: format!(
            "attractor recommend --patterns {} --corruption {} --count {count} --cues {cues} --seed {} --out DIR",
            args.patterns.display(),
            args.corruption.join(" "),
            args.seed
        ),
    };
    config.check()?;
    if let Some(folder) = &args.out {
        make_folder(folder)?;
    }
    let bar = crate::progress::bar(config.parts(), args.work.quiet);
    let report = config.run(&mut |done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    if let Some(folder) = &args.out {
        report.write(folder)?;
    }
    write!(std::io::stdout().lock(), "{}", report.markdown())?;
    Ok(())
}
