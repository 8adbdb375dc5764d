//! `attractor landscape`

use std::path::Path;

use anyhow::{Result, bail};
use attractor::Memory;
use attractor::energies::{Denoise, Energy};
use attractor::memories::Options;
use attractor::noise::{Purpose, Stream};
use attractor_data::{NpzWriter, Rows, write_atomically};
use attractor_experiments::figure::{Figure, Mark, Outline};
use attractor_experiments::landscape::{Level, Plane, View, draw};
use attractor_experiments::report::Table;
use ndarray::{Array1, Array2, ArrayView2};

use crate::args::Landscape;
use crate::load;

/// States of the memory that are drawn, and that the view is laid around.
const SHOWN: usize = 300;

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
    if !(0.0..=1e6).contains(&args.margin) {
        bail!("margin: expected a number from 0 to 1e6, found {:e}", args.margin);
    }
    let (source, _) = load::source(&args.store)?;
    // A picture needs no more, and energies no less.
    let loaded = load::memory::<f64>(&args.store, source, options)?;
    let memory = loaded.memory.as_ref();
    let corners =
        args.through.as_deref().map(|path| corners(path, args, memory, loaded.shape)).transpose()?;
    let drawn = ending != "csv" && ending != "npz";
    if args.sigma.len() > 12 && drawn {
        bail!("sigma: expected at most 12 noise levels in one picture, found {}", args.sigma.len());
    }
    let (figure, numbers, plane) = picture(memory, corners, &args.sigma, args.size, args.margin)?;
    match ending.as_str() {
        "csv" => {
            let text = numbers.csv();
            write_atomically(&args.out, |file| file.write_all(text.as_bytes()))?;
        }
        "npz" => arrays(&args.out, &numbers, &plane)?,
        _ => figure.write_to(&args.out)?,
    }
    Ok(())
}

/// The landscape of a memory at these levels, or at a few around its own scale, on the plane through three states, or
/// through the directions in which it differs most: as a picture and in numbers.
pub fn picture(
    memory: &dyn Memory<f64>,
    corners: Option<Array2<f64>>,
    sigmas: &[f64],
    size: usize,
    margin: f64,
) -> Result<(Figure, Table, Plane)> {
    let stored = stored(memory)?;
    let plane = plane(memory, corners.as_ref(), &stored)?;
    let corners = corners.unwrap_or_else(|| Array2::zeros((0, memory.dim())));
    let (x, y) = ends(&plane, stored.outer_iter().chain(corners.outer_iter()), memory, margin);
    let view = View { columns: size, ..View::new(plane, x, y) };
    let levels = levels(sigmas, memory)?;
    let raw = Raw(memory);
    let outline = |states: &Array2<f64>, name: &str| {
        let pieces = states.outer_iter().map(|s| vec![view.plane.place(&s.to_vec())]).collect();
        Mark::Outline(Outline { name: name.into(), pieces })
    };
    let marks =
        if corners.is_empty() { outline(&stored, "stored") } else { outline(&corners, "given states") };
    let levels: Vec<Level> = levels
        .into_iter()
        .map(|sigma| Level {
            title: sigma.map_or(memory.name().to_owned(), |s| format!("σ = {}", shown(s))),
            marks: vec![marks.clone()],
            sigma: sigma.unwrap_or(0.0),
        })
        .collect();
    let denoiser = memory.denoiser().map(|_| &raw as &dyn Denoise<f64>);
    let energy = match (memory.landscape(), denoiser) {
        (Ok(_), _) => Some(&raw as &dyn Energy<f64>),
        // A denoiser alone has a pull, of which an energy can be made.
        (Err(_), Some(_)) => None,
        (Err(reason), None) => return Err(reason.into()),
    };
    let (figure, numbers) = draw(energy, denoiser, &view, &levels)?;
    Ok((figure, numbers, view.plane))
}

/// Some states of the memory, in raw units: its patterns, or draws from it.
fn stored(memory: &dyn Memory<f64>) -> Result<Array2<f64>> {
    if let Some(patterns) = memory.patterns() {
        let rows: Vec<usize> =
            (0..patterns.len().min(SHOWN)).map(|n| n * patterns.len() / patterns.len().min(SHOWN)).collect();
        let mut states = Array2::zeros((rows.len(), memory.dim()));
        rows.iter().enumerate().for_each(|(k, &n)| states.row_mut(k).assign(&patterns.restored_row(n)));
        return Ok(states);
    }
    let Some(denoiser) = memory.denoiser() else {
        bail!("landscape: expected a memory with patterns, found {}", memory.name());
    };
    let mut stream = Stream::new(0, Purpose::Patterns, 0);
    let origin = vec![0.0; memory.dim()];
    // Shapes without end have no samples; a memory of such shapes alone is shown around its origin.
    let drawn = (0..SHOWN).filter_map(|_| denoiser.draw(&origin, f64::INFINITY, &mut stream).ok());
    let drawn: Vec<Vec<f64>> = drawn.collect();
    if drawn.is_empty() {
        return Ok(denoiser.denoise(Array2::zeros((1, memory.dim())).view(), &[1e15])?);
    }
    Ok(Array2::from_shape_fn((drawn.len(), memory.dim()), |(n, j)| drawn[n][j]))
}

/// The states that were given to lay the plane through.
fn corners(
    path: &Path,
    args: &Landscape,
    memory: &dyn Memory<f64>,
    shape: Option<attractor_data::Shape>,
) -> Result<Array2<f64>> {
    let rows = Rows::open(path, &load::reading(&args.store.files)?)?.laid_out_as(shape);
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

/// The plane that is drawn.
fn plane(memory: &dyn Memory<f64>, corners: Option<&Array2<f64>>, stored: &Array2<f64>) -> Result<Plane> {
    if let Some(states) = corners {
        let way = |n: usize| (&states.row(n) - &states.row(0)).to_vec();
        return Ok(Plane::through(states.row(0).to_vec(), way(1), way(2))?);
    }
    match memory.dim() {
        1 => bail!(
            "landscape: expected a memory of two or more units, found one; print its energies with `attractor energy`"
        ),
        2 => Ok(Plane::plain()),
        _ => Ok(Plane::principal(stored)),
    }
}

/// Where the view ends: around all states, and as wide at least as the memory's scale.
fn ends<'a>(
    plane: &Plane,
    states: impl Iterator<Item = ndarray::ArrayView1<'a, f64>>,
    memory: &dyn Memory<f64>,
    margin: f64,
) -> ((f64, f64), (f64, f64)) {
    let mut ends = [(f64::INFINITY, f64::NEG_INFINITY); 2];
    for state in states {
        let (x, y) = plane.place(&state.to_vec());
        for (end, at) in ends.iter_mut().zip([x, y]) {
            *end = (end.0.min(at), end.1.max(at));
        }
    }
    let spread = memory.spread().unwrap_or(1.0) / memory.preparation().scale();
    let longest = ends.iter().map(|e| e.1 - e.0).fold(spread, f64::max);
    // No strip: the shorter side is half of the longer at least.
    let wide = |(low, high): (f64, f64)| {
        let (middle, half) = ((low + high) / 2.0, ((high - low) / 2.0).max(longest / 4.0));
        let half = half + margin * longest / 2.0;
        (middle - half, middle + half)
    };
    (wide(ends[0]), wide(ends[1]))
}

/// Levels that were asked for, or a few around the memory's own scale.
fn levels(sigmas: &[f64], memory: &dyn Memory<f64>) -> Result<Vec<Option<f64>>> {
    const SPREADS: [f64; 4] = [2.0, 1.0, 0.5, 0.2];
    if memory.denoiser().is_none() {
        if !sigmas.is_empty() {
            bail!("sigma: {} has one landscape for all noise levels; leave --sigma away", memory.name());
        }
        return Ok(vec![None]);
    }
    if let Some(sigma) = sigmas.iter().find(|s| !(**s >= 0.0 && **s <= 1e12)) {
        bail!("sigma: expected numbers from 0 to 1e12, found {sigma}");
    }
    let own = memory.spread().unwrap_or(1.0) / memory.preparation().scale();
    Ok(match sigmas.is_empty() {
        true => SPREADS.iter().map(|s| Some(s * own)).collect(),
        false => sigmas.iter().copied().map(Some).collect(),
    })
}

/// Three digits are enough for a title.
fn shown(sigma: f64) -> String {
    let digits = (2 - sigma.abs().max(1e-12).log10().floor() as i32).clamp(0, 14) as usize;
    let text = format!("{sigma:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The numbers as arrays, one a column.
fn arrays(path: &Path, numbers: &Table, plane: &Plane) -> Result<()> {
    let column = |i: usize| -> Array1<f64> {
        numbers.rows.iter().map(|row| row[i].values[0].as_f64().unwrap_or(f64::NAN)).collect()
    };
    // A place (x, y) is the state origin + x across + y up.
    let [origin, across, up] = plane.axes();
    let axes = Array2::from_shape_fn((3, origin.len()), |(i, j)| [origin, across, up][i][j]);
    let mut archive = NpzWriter::create::<f64>(path, "plane", 3, origin.len())?;
    archive.append(axes.view())?;
    for (i, key) in numbers.columns.iter().flat_map(|c| &c.keys).enumerate() {
        archive.add(key, column(i).view());
    }
    Ok(archive.finish()?)
}

/// A memory over raw states, in whose units pictures are drawn.
struct Raw<'a>(&'a dyn Memory<f64>);

impl Energy<f64> for Raw<'_> {
    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn energy(&self, states: ArrayView2<f64>, level: &[f64]) -> attractor::Result<Vec<f64>> {
        let sigma = level.first().copied().unwrap_or(0.0);
        let levels = vec![sigma; states.nrows()];
        self.0.energies(states, self.0.denoiser().map(|_| &levels[..]))
    }
}

impl Denoise<f64> for Raw<'_> {
    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn denoise(&self, states: ArrayView2<f64>, sigmas: &[f64]) -> attractor::Result<Array2<f64>> {
        let preparation = self.0.preparation();
        let levels: Vec<f64> = sigmas.iter().map(|s| s * preparation.scale()).collect();
        let denoiser = self.0.denoiser().expect("asked only of diffusion memories");
        let means = denoiser.denoise(preparation.forward(states.to_owned()).view(), &levels)?;
        Ok(preparation.backward(means))
    }
}
