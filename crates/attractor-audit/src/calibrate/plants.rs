//! The plants of a calibration.

use attractor::Patterns;
use attractor::diffusion::{Sampler, Sampling, Spacing};
use attractor::energies::{ImageForm, Local, LocalRule, Windows};
use attractor::memories::{LocalDiffusion, Memory, Request};
use attractor::noise::Stream;
use attractor_data::{Cells, Layout, Records, Shape};
use ndarray::{Array2, Axis};

use super::Base;
use crate::mosaic::{self, pieces};
use crate::rows::{Rows, evenly};
use crate::settings::Settings;

/// Levels of noise, as shares of the usual distance of neighbours.
const NOISE: [f64; 5] = [0.05, 0.1, 0.25, 0.5, 1.0];

/// Shares of columns that come from another row.
const COLUMNS: [f64; 3] = [0.1, 0.25, 0.5];

/// Plants of one kind.
pub(super) struct Plant {
    pub name: String,
    pub rows: Rows,
    pub pixels: Option<Array2<f32>>,
}

/// Some of `rows` numbers, drawn without replacement.
pub(super) fn drawn(rows: usize, count: usize, stream: &mut Stream) -> Vec<usize> {
    let mut all: Vec<usize> = (0..rows).collect();
    let count = count.min(rows);
    for n in 0..count {
        let other = n + stream.below(rows - n);
        all.swap(n, other);
    }
    all.truncate(count);
    all
}

/// Some of the pixels of images.
pub(super) fn picked(pixels: &Array2<f32>, rows: &[usize]) -> Array2<f32> {
    pixels.select(Axis(0), rows)
}

/// The pixels that belong to changed rows, if rows are pixels.
pub(super) fn matching(base: &Base, rows: &Rows) -> Option<Array2<f32>> {
    match rows {
        _ if !base.are_pixels => None,
        Rows::Single(values) => Some(values.clone()),
        Rows::Double(values) => Some(values.mapv(|v| v as f32)),
        Rows::Table(_) => None,
    }
}

/// All kinds of plants that these rows allow.
pub(super) fn planted(
    base: &Base,
    bases: &[usize],
    usual: f64,
    settings: &Settings,
    stream: &mut Stream,
) -> Vec<Plant> {
    let rows = base.rows.train.select(bases);
    let plant = |name: String, rows: Rows| Plant { name, pixels: matching(base, &rows), rows };
    let mut all = vec![Plant {
        name: "exact copy".into(),
        pixels: base.images.as_ref().map(|(sets, _)| picked(&sets.train, bases)),
        rows: rows.clone(),
    }];
    for level in NOISE {
        all.push(plant(format!("noise {level}"), noisy(&rows, level * usual, stream)));
    }
    if let Rows::Table(records) = &rows {
        let Rows::Table(train) = &base.rows.train else { return all };
        for share in COLUMNS {
            let mixed = Rows::Table(exchanged(records, train, share, stream));
            all.push(plant(format!("columns {share}"), mixed));
        }
    }
    if let Some((sets, shape)) = base.images.as_ref().filter(|_| base.are_pixels) {
        let pixels = picked(&sets.train, bases);
        let change = |name: &str, f: &dyn Fn(usize, usize) -> (usize, usize)| {
            plant(name.into(), Rows::Single(moved(&pixels, *shape, f)))
        };
        let (height, width) = (shape.height, shape.width);
        all.push(change("shift by a pixel", &|row, column| (row, column.saturating_sub(1))));
        all.push(change("flip", &|row, column| (row, width - 1 - column)));
        // Twentieths are cut off at each side, at least a pixel.
        let inner = |size: usize, at: usize| {
            let margin = (size / 20).max(1).min(size.saturating_sub(1) / 2);
            margin + at * (size - 2 * margin) / size
        };
        all.push(change("crop", &|row, column| (inner(height, row), inner(width, column))));
        all.extend(mosaics(&sets.train, &pixels, *shape, settings, stream));
    }
    all
}

/// Rows with normal noise of this length; of a table, each number moves by so much of its range in the mean.
pub(super) fn noisy(rows: &Rows, length: f64, stream: &mut Stream) -> Rows {
    match rows {
        Rows::Single(values) => {
            let unit = length / (values.ncols() as f64).sqrt();
            Rows::Single(values.mapv(|v| (f64::from(v) + unit * stream.normal()) as f32))
        }
        Rows::Double(values) => {
            let unit = length / (values.ncols() as f64).sqrt();
            Rows::Double(values.mapv(|v| v + unit * stream.normal()))
        }
        Rows::Table(records) => {
            let columns = records.columns.iter().map(|cells| match cells.numbers() {
                Some(numbers) => {
                    let known = || numbers.iter().copied().filter(|v| !v.is_nan());
                    let range =
                        known().fold(f64::NEG_INFINITY, f64::max) - known().fold(f64::INFINITY, f64::min);
                    let unit = if range.is_finite() { length * range } else { 0.0 };
                    // The mean of |ε| is √(2/π).
                    let unit = unit * (std::f64::consts::PI / 2.0).sqrt();
                    Cells::Numbers(numbers.iter().map(|v| v + unit * stream.normal()).collect())
                }
                None => cells.clone(),
            });
            Rows::Table(Records { names: records.names.clone(), columns: columns.collect() })
        }
    }
}

/// Rows of a table with a share of their cells, at least one, from other training rows.
fn exchanged(rows: &Records, train: &Records, share: f64, stream: &mut Stream) -> Records {
    let columns = rows.columns.len();
    let count = ((share * columns as f64).round() as usize).clamp(1, columns);
    let mut texts: Vec<Vec<Option<String>>> = rows.columns.iter().map(Cells::texts).collect();
    let others: Vec<Vec<Option<String>>> = train.columns.iter().map(Cells::texts).collect();
    for row in 0..rows.rows() {
        let other = stream.below(train.rows());
        for column in drawn(columns, count, stream) {
            texts[column][row] = others[column][other].clone();
        }
    }
    Records { names: rows.names.clone(), columns: texts.into_iter().map(Cells::Texts).collect() }
}

/// Images whose pixel at a place is that of another place.
fn moved(images: &Array2<f32>, shape: Shape, from: &dyn Fn(usize, usize) -> (usize, usize)) -> Array2<f32> {
    Array2::from_shape_fn(images.dim(), |(image, unit)| {
        let (channel, row, column) = shape.place(unit);
        let (row, column) = from(row, column);
        images[[image, shape.unit(channel, row, column)]]
    })
}

/// Mosaics of training images.
fn mosaics(
    train: &Array2<f32>,
    pixels: &Array2<f32>,
    shape: Shape,
    settings: &Settings,
    stream: &mut Stream,
) -> Vec<Plant> {
    let plant = |name: &str, pixels: Array2<f32>| Plant {
        name: name.into(),
        rows: Rows::Single(pixels.clone()),
        pixels: Some(pixels),
    };
    let mut all = Vec::new();
    let windows = mosaic::windows(shape, 4);
    if !windows.is_empty() {
        let mixed = pasted(pixels, train, stream, |_| windows.clone());
        all.push(plant("mosaic", mixed));
    }
    if shape.height > 2 && shape.width > 2 {
        let mixed = pasted(pixels, train, stream, |stream| {
            let cuts = [shape.height, shape.width].map(|size| 1 + stream.below(size - 1));
            quarters(shape, cuts)
        });
        all.push(plant("mosaic, 2 x 2 cut anywhere", mixed));
    }
    if settings.looks_at_pixels() {
        let made = overlapping(train, pixels.nrows(), shape, settings);
        all.extend(made.map(|made| plant("mosaic, local denoiser", made)));
    }
    all
}

/// Images of which every part comes from another training image.
fn pasted(
    pixels: &Array2<f32>,
    train: &Array2<f32>,
    stream: &mut Stream,
    parts: impl Fn(&mut Stream) -> Vec<Vec<usize>>,
) -> Array2<f32> {
    let mut mixed = pixels.clone();
    for mut image in mixed.outer_iter_mut() {
        for units in parts(stream) {
            let other = train.row(stream.below(train.nrows()));
            units.iter().for_each(|&unit| image[unit] = other[unit]);
        }
    }
    mixed
}

/// The units of the four parts of an image that is cut at a row and at a column.
fn quarters(shape: Shape, [row, column]: [usize; 2]) -> Vec<Vec<usize>> {
    let mut parts = vec![Vec::new(); 4];
    for unit in 0..shape.size() {
        let (_, y, x) = shape.place(unit);
        parts[2 * usize::from(y >= row) + usize::from(x >= column)].push(unit);
    }
    parts
}

/// What the memory `local` makes from noise with the windows of the audit. `None` if training images are equal.
fn overlapping(train: &Array2<f32>, count: usize, shape: Shape, settings: &Settings) -> Option<Array2<f32>> {
    /// Numbers in the training images that it knows, at most. What it makes of some images is less near to pieces of all.
    const NUMBERS: usize = 1 << 21;
    /// Steps of its sampler, which fall to this level in spreads by equal factors. Pixels change their piece until late, so steps that end soon end between pieces.
    const STEPS: usize = 40;
    const LAST: f64 = 1e-2;
    let most = (NUMBERS / shape.size()).max(1);
    let stored = Patterns::new(picked(train, &evenly(train.nrows(), most))).ok()?;
    let Shape { height, width, channels, layout } = shape;
    let form = ImageForm { height, width, channels, planes: layout == Layout::Chw };
    let side = settings.local.window.unwrap_or_else(|| pieces::side(shape, settings.windows));
    let windows = Windows::constant(side).ok()?;
    let local = Local::new(stored, form, false, LocalRule::Local, windows).ok()?;
    let sampling = Sampling {
        sampler: Sampler::Ddim,
        steps: Some(STEPS),
        spacing: Some(Spacing::Exponential),
        last: Some(LAST),
        ..Sampling::default()
    };
    let memory = LocalDiffusion::new(local, sampling).ok()?;
    let memory: &dyn Memory<f32> = &memory;
    let rows: Vec<u64> = (0..count as u64).collect();
    let (cues, level) = memory.prior_samples(&rows, settings.seed).ok()?;
    let request = Request { level, seed: settings.seed, report: false, ..Request::new(cues.view()) };
    Some(memory.recall(&request).ok()?.states)
}
