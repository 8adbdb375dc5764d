//! `attractor landscape`

use std::path::Path;

use anyhow::{Result, bail};
use attractor::memories::Options;
use attractor::{Memory, Preparation};
use attractor_data::{NpzWriter, write_atomically};
use attractor_figures::landscape::{Drawn, Plane, Sample, Settings, draw_memory};
use attractor_report::Table;
use ndarray::{Array1, Array2};

use crate::args::Landscape;
use crate::output::wrote;
use crate::streams::say;
use crate::{load, progress};

pub fn run(args: &Landscape, options: &Options) -> Result<()> {
    load::distinct(&[Some(&args.store.memory), args.through.as_ref()], &[("out", Some(&args.out))])?;
    load::concern(&args.store.files, &[Some(&args.store.memory), args.through.as_ref()])?;
    let ending = args.out.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    if !matches!(ending.as_str(), "svg" | "png" | "csv" | "npz") {
        bail!("out: expected a .svg, .png, .csv or .npz file, found {}", args.out.display());
    }
    drop(attractor_data::NewFile::create(&args.out)?);
    if !(2..=500).contains(&args.size) {
        bail!("size: expected 2 to 500 points a side, found {}", args.size);
    }
    // Energies need double precision.
    let made = load::session_in::<f64>(&args.store, options)?;
    let memory = made.memory.as_ref();
    let corners =
        args.through.as_deref().map(|path| corners(path, args, memory, made.about.shape)).transpose()?;
    let drawn = ending != "csv" && ending != "npz";
    if args.sigma.len() > 12 && drawn {
        bail!("sigma: expected at most 12 noise levels in one picture, found {}", args.sigma.len());
    }
    if !args.sigma.is_empty() && memory.denoiser().is_none() {
        bail!(
            "sigma: expected a memory with a landscape for each noise level, found {}, which has one landscape; leave --sigma away or choose another model",
            memory.name()
        );
    }
    let settings = Settings {
        through: corners,
        sigmas: args.sigma.clone(),
        columns: args.size,
        margin: args.margin,
        units: made.about.units.clone(),
    };
    let quiet = args.store.work.quiet;
    if !quiet && matches!(memory.preparation(), Preparation::Spins { .. }) {
        say!(
            "note: states of the plane are thresholded to ±1, as cues are, so the landscape has steps; patterns of ±1 have a smooth one"
        );
    }
    let bar = progress::bar("states", quiet);
    let drawn = draw_memory(memory, &settings, &mut |done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    if !quiet {
        levels(&drawn);
    }
    let samples = &drawn.landscape.samples;
    match ending.as_str() {
        "csv" => {
            let text = Table::numbers("landscape", &Sample::COLUMNS, samples).csv();
            write_atomically(&args.out, |file| file.write_all(text.as_bytes()))?;
        }
        "npz" => arrays(&args.out, samples, &drawn.plane)?,
        _ => drawn.landscape.figure.write_to(&args.out)?,
    }
    wrote(quiet, &args.out);
    Ok(())
}

/// Says which noise levels are drawn, and why.
fn levels(drawn: &Drawn) {
    let Some(critical) = drawn.critical else { return };
    let each: Vec<String> = drawn.sigmas.iter().map(|sigma| format!("{sigma:.3}")).collect();
    let collapse = critical.collapse.map_or(String::new(), |sigma| {
        format!(
            ", and at {sigma:.3} half of the uncertainty about the memory of a true cue is gone (collapse)"
        )
    });
    say!(
        "noise levels {}: at {:.3} the valley about the mean splits (speciation){collapse}; --sigma chooses others",
        each.join(", "),
        critical.speciation
    );
}

/// Reads the three states that the plane passes through.
fn corners(
    path: &Path,
    args: &Landscape,
    memory: &dyn Memory<f64>,
    shape: Option<attractor_data::Shape>,
) -> Result<Array2<f64>> {
    let rows = load::rows_like(path, &args.store.files, shape, args.store.work.quiet)?;
    let states = rows.all()?.floats::<f64>();
    if states.dim() != (3, memory.dim()) {
        bail!(
            "{}: expected three states of {} units, found {} of {}",
            path.display(),
            memory.dim(),
            states.nrows(),
            states.ncols()
        );
    }
    if memory.landscape().is_ok() {
        memory.energies(states.view(), memory.denoiser().map(|_| &[1.0; 3][..]))?;
    }
    Ok(states)
}

/// Writes the numbers as arrays, one per column.
fn arrays(path: &Path, samples: &[Sample], plane: &Plane) -> Result<()> {
    // The point (x, y) of the plane is the state origin + x·across + y·up.
    let [origin, across, up] = plane.axes();
    let axes = Array2::from_shape_fn((3, origin.len()), |(i, j)| [origin, across, up][i][j]);
    let mut archive = NpzWriter::create::<f64>(path, "plane", 3, origin.len())?;
    archive.append(axes.view())?;
    for (key, number) in Sample::COLUMNS {
        archive.add(key, samples.iter().map(number).collect::<Array1<f64>>().view());
    }
    Ok(archive.finish()?)
}
