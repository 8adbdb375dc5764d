//! `attractor reproduce`

use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;

use anyhow::{Result, bail};
use attractor_capacity::array;
use attractor_data::{Layout, ReadOptions, read};
use attractor_experiments::experiment;
use attractor_report::{Data, Experiment, Given};

use super::make_folder;
use crate::args::{Common, Images, Reproduce};
use crate::{load, progress, streams};

pub fn run(args: &Reproduce) -> Result<()> {
    let Common { seed, out, quiet } = &args.common;
    if args.keeps {
        make_folder(out)?;
    }
    let mut settings = args.settings.clone();
    array::resolve(&mut settings, &super::capacity::variable)?;
    let given = Given {
        settings,
        seed: *seed,
        data: args.images.as_ref().map(images).transpose()?.flatten(),
        store: args.keeps.then(|| out.join(super::capacity::CELLS)),
    };
    run_shown(experiment(args.name, given)?.as_ref(), out, *quiet)
}

/// Runs an experiment with a progress bar. Its report goes to a folder, and a summary to standard output.
pub fn run_shown(experiment: &dyn Experiment, out: &Path, quiet: bool) -> Result<()> {
    make_folder(out)?;
    let report = progress::followed(experiment, quiet)?;
    report.write(out)?;
    write!(streams::stdout(true), "{}\n{}", report.summary(), whereabouts(out))?;
    Ok(())
}

/// Says where a report is.
pub fn whereabouts(folder: &Path) -> String {
    let of = |name: &str| folder.join(name).display().to_string();
    let path = of("report.html");
    format!("Report: {path}, also as {} and {}\n", of("report.md"), of("results.csv"))
}

/// Reads the named images. `None` means the images that ship with the program.
fn images(of: &Images) -> Result<Option<Data>> {
    load::concern(&of.files, &[of.data.as_ref()])?;
    let Some(path) = &of.data else {
        return Ok(None);
    };
    let table = load::rows(path, &of.files, false)?.all()?;
    let order = of.order.as_deref().map(order).transpose()?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(Some(Data { name, table, order, arguments: arguments(of, path) }))
}

/// Reads row numbers from a file.
fn order(path: &Path) -> Result<Vec<usize>> {
    let numbers = read(path, &ReadOptions::default())?.numbers::<f64>();
    let row = |&number: &f64| {
        /// Up to here, every whole number is an f64.
        const MOST: f64 = 9_007_199_254_740_992.0;
        if number.fract() != 0.0 || !(0.0..MOST).contains(&number) {
            bail!("{}: expected row numbers from 0 on, found {number}; give whole numbers", path.display());
        }
        Ok(number as usize)
    };
    numbers.iter().map(row).collect()
}

/// The options that name the images, as on the command line.
fn arguments(of: &Images, path: &Path) -> String {
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
    add("layout", of.files.layout.map(Layout::name));
    add("resize", of.files.resize.as_deref());
    if of.files.grey {
        arguments += " --grey";
    }
    arguments
}
