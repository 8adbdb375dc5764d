//! `attractor landscape`

use std::path::Path;

use anyhow::{Result, bail};
use attractor::Memory;
use attractor::memories::Options;
use attractor_data::{NpzWriter, write_atomically};
use attractor_figures::landscape::{Plane, Sample, Settings, draw_memory};
use attractor_report::Table;
use ndarray::{Array1, Array2};

use crate::args::Landscape;
use crate::load;

pub fn run(args: &Landscape, options: &Options) -> Result<()> {
    load::distinct(&[Some(&args.store.memory), args.through.as_ref()], &[("out", Some(&args.out))])?;
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
    let settings =
        Settings { through: corners, sigmas: args.sigma.clone(), columns: args.size, margin: args.margin };
    let (drawn, plane) = draw_memory(memory, &settings)?;
    match ending.as_str() {
        "csv" => {
            let text = Table::numbers("landscape", &Sample::COLUMNS, &drawn.samples).csv();
            write_atomically(&args.out, |file| file.write_all(text.as_bytes()))?;
        }
        "npz" => arrays(&args.out, &drawn.samples, &plane)?,
        _ => drawn.figure.write_to(&args.out)?,
    }
    Ok(())
}

/// Reads the three states that the plane passes through.
fn corners(
    path: &Path,
    args: &Landscape,
    memory: &dyn Memory<f64>,
    shape: Option<attractor_data::Shape>,
) -> Result<Array2<f64>> {
    let rows = load::rows(path, &args.store.files, args.store.work.quiet)?.laid_out_as(shape);
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
