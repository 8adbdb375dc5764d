//! `attractor reproduce`

use std::io::Write;

use anyhow::Result;
use attractor_experiments::dispersed_memories::{fig1, fig2, table1};
use attractor_experiments::{Experiment, work_precision};

use super::make_folder;
use crate::args::{Experiment as Common, Reproduce};

pub fn run(experiment: &Reproduce) -> Result<()> {
    match *experiment {
        Reproduce::Table1 { repetitions, ref common } => {
            reproduce(common, &table1::Config { repetitions, seed: common.seed, ..Default::default() })
        }
        Reproduce::Fig1 { ref common } => {
            reproduce(common, &fig1::Config { seed: common.seed, ..Default::default() })
        }
        Reproduce::Fig2 { ref common } => {
            reproduce(common, &fig2::Config { seed: common.seed, ..Default::default() })
        }
        Reproduce::WorkPrecision { sets, ref common } => {
            reproduce(common, &work_precision::Config { sets, seed: common.seed, ..Default::default() })
        }
    }
}

fn reproduce(common: &Common, experiment: &dyn Experiment) -> Result<()> {
    experiment.check()?;
    make_folder(&common.out)?;
    let bar = crate::progress::bar(experiment.parts(), common.quiet);
    let report = experiment.run(&mut |done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    report.write(&common.out)?;
    write!(std::io::stdout().lock(), "{}", report.markdown())?;
    Ok(())
}
