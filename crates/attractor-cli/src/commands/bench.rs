//! `attractor bench`

use std::io::Write;
use std::path::Path;

use anyhow::{Result, bail};
use attractor_bench::speed;
use attractor_data::{NewFile, write_atomically};
use attractor_report::{Experiment, Report};

use crate::args::Bench;
use crate::{progress, streams};

pub fn run(args: &Bench) -> Result<()> {
    if let Some(path) = &args.out {
        if !matches!(ending(path).as_str(), "md" | "json" | "csv" | "html") {
            bail!("out: expected a .md, .json, .csv or .html file, found {}", path.display());
        }
        // This finds out before the work whether the path can be written to.
        drop(NewFile::create(path)?);
    }
    let config = config(args);
    config.check()?;
    let report = progress::followed(&config, args.quiet)?;
    if let Some(path) = &args.out {
        let text = written(&report, path)?;
        write_atomically(path, |file| file.write_all(text.as_bytes()))?;
    }
    write!(streams::stdout(args.out.is_some()), "{}", report.markdown())?;
    Ok(())
}

fn config(args: &Bench) -> speed::Config {
    let usual = if args.quick { speed::Config::quick() } else { speed::Config::default() };
    let given = [("memory", args.memory), ("threads", args.threads)];
    let given = given.iter().filter_map(|(name, value)| value.map(|value| format!(" --{name} {value}")));
    speed::Config {
        threads: args.threads,
        memory: args.memory.unwrap_or(usual.memory),
        command: usual.command.clone() + &given.collect::<String>(),
        ..usual
    }
}

fn written(report: &Report, path: &Path) -> Result<String> {
    Ok(match ending(path).as_str() {
        "json" => serde_json::to_string_pretty(&report.json())? + "\n",
        "csv" => report.results.csv(),
        "html" => report.html()?,
        _ => report.markdown(),
    })
}

fn ending(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
}
