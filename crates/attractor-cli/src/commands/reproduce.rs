//! `attractor reproduce`

use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;

use anyhow::{Result, bail};
use attractor_data::{Reading, Rows, read};
use attractor_experiments::dispersed_memories::{fig1, fig2, table1};
use attractor_experiments::universal_hopfield::{
    Images, Setup, hetero, mask, noise, separation, similarity, threshold,
};
use attractor_experiments::{Experiment, work_precision};

use super::make_folder;
use crate::args::{Experiment as Common, Images as OfImages, Reproduce};
use crate::load;

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
        Reproduce::UhnSimilarity(ref of) => reproduce(&of.common, &similarity::Config::new(setup(of)?)),
        Reproduce::UhnNoise(ref of) => reproduce(&of.common, &noise::Config::new(setup(of)?)),
        Reproduce::UhnMask(ref of) => reproduce(&of.common, &mask::Config::new(setup(of)?)),
        Reproduce::UhnSeparation(ref of) => reproduce(&of.common, &separation::Config::new(setup(of)?)),
        Reproduce::UhnThreshold(ref of) => reproduce(&of.common, &threshold::Config::new(setup(of)?)),
        Reproduce::UhnHetero(ref of) => reproduce(&of.common, &hetero::Config::new(setup(of)?)),
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

fn setup(of: &OfImages) -> Result<Setup> {
    let images = match &of.data {
        None => Images::digits(),
        Some(path) => {
            let table = Rows::open(path, &load::reading(&of.files)?)?.all()?;
            let order = of.order.as_deref().map(order).transpose()?;
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
            Images::new(name, table, order.as_deref(), arguments(of, path))?
        }
    };
    Ok(Setup { images, runs: of.runs, largest: of.images, threshold: of.threshold, seed: of.common.seed })
}

/// Row numbers of a file.
fn order(path: &Path) -> Result<Vec<usize>> {
    let numbers = read(path, &Reading::default())?.numbers::<f64>();
    let row = |&number: &f64| {
        /// Whole numbers up to here have no gaps.
        const MOST: f64 = 9_007_199_254_740_992.0;
        if number.fract() != 0.0 || !(0.0..MOST).contains(&number) {
            bail!("{}: expected row numbers from 0 on, found {number}; give whole numbers", path.display());
        }
        Ok(number as usize)
    };
    numbers.iter().map(row).collect()
}

/// The options that name the images, as they would be typed.
fn arguments(of: &OfImages, path: &Path) -> String {
    let typed = |text: &str| match text.chars().all(|c| c.is_alphanumeric() || "/._-+:,@%".contains(c)) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    };
    let mut arguments = format!(" --data {}", typed(&path.to_string_lossy()));
    let mut add = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            let _ = write!(arguments, " --{name} {}", typed(value));
        }
    };
    add("order", of.order.as_deref().map(Path::to_string_lossy).as_deref());
    add("shape", of.files.shape.as_deref());
    add("layout", of.files.layout.as_deref());
    add("resize", of.files.resize.as_deref());
    if of.files.grey {
        arguments += " --grey";
    }
    arguments
}
