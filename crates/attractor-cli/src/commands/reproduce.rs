//! `attractor reproduce`

use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;

use anyhow::{Result, bail};
use attractor_capacity::dims;
use attractor_data::{Reading, Rows, read};
use attractor_experiments::Settings;
use attractor_experiments::universal_hopfield::Images;
use attractor_report::Experiment;

use super::make_folder;
use crate::args::{Images as OfImages, Reproduce};
use crate::load;

pub fn run(experiment: &Reproduce) -> Result<()> {
    let (name, settings, common) = match experiment {
        Reproduce::Table1 { repetitions, common } => {
            ("table1", Settings { repetitions: Some(*repetitions), ..Settings::default() }, common)
        }
        Reproduce::Fig1 { common } => ("fig1", Settings::default(), common),
        Reproduce::Fig2 { common } => ("fig2", Settings::default(), common),
        Reproduce::Fig3 { profile, sets, learned, shared, common } => {
            let settings = Settings {
                profile: Some(profile.parse()?),
                sets: *sets,
                learned: match learned.as_deref() {
                    Some("none") => Some(Vec::new()),
                    text => text.map(dims).transpose()?,
                },
                store: Some(common.out.join(super::capacity::CELLS)),
                shard: Some(super::capacity::shard(&shared.shard)?),
                ..Settings::default()
            };
            make_folder(&common.out)?;
            ("fig3", settings, common)
        }
        Reproduce::Learning { sets, common } => {
            ("learning", Settings { sets: Some(*sets), ..Settings::default() }, common)
        }
        Reproduce::WorkPrecision { sets, common } => {
            ("work-precision", Settings { sets: Some(*sets), ..Settings::default() }, common)
        }
        Reproduce::Scaling { common } => ("scaling", Settings::default(), common),
        Reproduce::UhnSimilarity(of) => ("uhn-similarity", of_images(of)?, &of.common),
        Reproduce::UhnNoise(of) => ("uhn-noise", of_images(of)?, &of.common),
        Reproduce::UhnMask(of) => ("uhn-mask", of_images(of)?, &of.common),
        Reproduce::UhnSeparation(of) => ("uhn-separation", of_images(of)?, &of.common),
        Reproduce::UhnThreshold(of) => ("uhn-threshold", of_images(of)?, &of.common),
        Reproduce::UhnHetero(of) => ("uhn-hetero", of_images(of)?, &of.common),
    };
    let experiment = attractor_experiments::experiment(name, Settings { seed: common.seed, ..settings })?;
    run_shown(experiment.as_ref(), &common.out, common.quiet)
}

/// Runs an experiment with a bar, into a folder and on standard output.
pub fn run_shown(experiment: &dyn Experiment, out: &Path, quiet: bool) -> Result<()> {
    make_folder(out)?;
    let bar = crate::progress::bar(experiment.parts(), quiet);
    let report = experiment.run(&mut |done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
        Ok(())
    })?;
    bar.finish_and_clear();
    report.write(out)?;
    write!(std::io::stdout().lock(), "{}", report.markdown())?;
    Ok(())
}

fn of_images(of: &OfImages) -> Result<Settings> {
    let data = match &of.data {
        None => None,
        Some(path) => {
            let table = Rows::open(path, &load::reading(&of.files)?)?.all()?;
            let order = of.order.as_deref().map(order).transpose()?;
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
            Some(Images::new(name, table, order.as_deref(), arguments(of, path))?)
        }
    };
    Ok(Settings { data, images: of.images, runs: of.runs, threshold: of.threshold, ..Settings::default() })
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
