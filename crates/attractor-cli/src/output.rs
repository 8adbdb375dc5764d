//! Where recalled states go: an array, an archive, a picture or a folder of pictures.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use attractor::memories::Row;
use attractor::{Memory, Real};
use attractor_data::{NpyWriter, NpzWriter, Number, Shape};
use attractor_figures::{Canvas, Picture};
use ndarray::{Array1, ArrayView2};

use crate::files::make_folder;

/// Recalled states, as they come.
pub enum Output<F> {
    Npy(NpyWriter<F>),
    Npz { archive: NpzWriter, memory: Vec<i64>, overlap: Vec<f64>, energy: Vec<f64>, matching: Vec<f64> },
    Pictures { place: PathBuf, one: bool, canvas: Canvas },
}

/// Endings that promise another format.
const OTHERS: [&str; 11] =
    ["csv", "tsv", "txt", "jpg", "jpeg", "gif", "safetensors", "memory", "gz", "bin", "json"];

impl<F: Real + Number> Output<F> {
    /// The kind that the path's ending, or its being a folder, asks for.
    pub fn create(
        path: &Path,
        rows: usize,
        columns: usize,
        canvas: impl FnOnce() -> Option<Canvas>,
    ) -> Result<Self> {
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        let folder = path.is_dir() || path.to_string_lossy().ends_with(['/', '\\']);
        let pictures = |place: &Path, one| match canvas() {
            Some(canvas) => Ok(Output::Pictures { place: place.to_owned(), one, canvas }),
            None => bail!(
                "out: {} asks for pictures, but {columns} values are no square image; give --shape HxW or CxHxW",
                path.display()
            ),
        };
        match ending.as_deref() {
            _ if folder => {
                let output = pictures(path, false)?;
                make_folder(path)?;
                Ok(output)
            }
            Some("npz") => Ok(Output::Npz {
                archive: NpzWriter::create::<F>(path, "states", rows, columns)?,
                memory: Vec::new(),
                overlap: Vec::new(),
                energy: Vec::new(),
                matching: Vec::new(),
            }),
            Some("png") if rows == 1 => pictures(path, true),
            Some("png") => bail!(
                "out: one picture holds one recalled state, found {rows} cues; give a folder (--out {}/) or draw a grid with --picture",
                path.with_extension("").display()
            ),
            Some(other) if OTHERS.contains(&other) => bail!(
                "out: expected a .npy, .npz or .png file or a folder/ to write, found {}; choose one of these endings",
                path.display()
            ),
            _ => Ok(Output::Npy(NpyWriter::create(path, rows, columns)?)),
        }
    }

    /// The next states and what is reported of them.
    pub fn append(&mut self, states: ArrayView2<F>, rows: &[Row], names: &[String]) -> Result<()> {
        match self {
            Output::Npy(writer) => writer.append(states)?,
            Output::Npz { archive, memory, overlap, energy, matching } => {
                archive.append(states)?;
                memory.extend(rows.iter().map(|r| r.memory.map_or(-1, |m| m as i64)));
                overlap.extend(rows.iter().map(|r| r.overlap.unwrap_or(0.0)));
                energy.extend(rows.iter().filter_map(|r| r.energy));
                matching.extend(rows.iter().filter_map(|r| r.matching));
            }
            Output::Pictures { place, one, canvas } => {
                for (state, name) in states.outer_iter().zip(names) {
                    let path = if *one { place.clone() } else { place.join(name) };
                    if let Some(folder) = path.parent().filter(|f| !*one && !f.as_os_str().is_empty()) {
                        make_folder(folder)?;
                    }
                    canvas.write_png(&path, |unit| state[unit].wide())?;
                }
            }
        }
        Ok(())
    }

    /// Puts everything in its place.
    pub fn finish(self) -> Result<()> {
        match self {
            Output::Npy(writer) => writer.finish()?,
            Output::Npz { mut archive, memory, overlap, energy, matching } => {
                archive.add("memory", Array1::from(memory).view());
                archive.add("overlap", Array1::from(overlap).view());
                if !energy.is_empty() {
                    archive.add("energy", Array1::from(energy).view());
                }
                if !matching.is_empty() {
                    archive.add("match", Array1::from(matching).view());
                }
                archive.finish()?;
            }
            Output::Pictures { .. } => {}
        }
        Ok(())
    }
}

/// How states of a memory are drawn: bytes and prepared data on a scale of 0 to 1, all else from the
/// smallest to the largest value of its patterns.
pub fn canvas<F: Real>(memory: &dyn Memory<F>, shape: Option<Shape>, raw: bool) -> Option<Canvas> {
    let shape = shape.or_else(|| Shape::square(memory.dim()))?;
    let range = match memory.patterns() {
        Some(patterns) if !raw => {
            let values = patterns.restored();
            let low = values.iter().map(|v| v.wide()).fold(f64::INFINITY, f64::min);
            let high = values.iter().map(|v| v.wide()).fold(f64::NEG_INFINITY, f64::max);
            if high > low { (low, high) } else { (low - 0.5, low + 0.5) }
        }
        _ => (0.0, 1.0),
    };
    Some(Canvas { shape, range })
}

/// A grid of the first cues: cue, recalled state, nearest memory and what differs between the two.
pub struct Grid {
    path: PathBuf,
    canvas: Canvas,
    rows: Vec<[Option<Vec<f64>>; 4]>,
    labels: Vec<String>,
}

impl Grid {
    /// Cues that are drawn.
    const MOST: usize = 16;

    /// An empty grid.
    pub fn new(path: &Path, canvas: Option<Canvas>) -> Result<Self> {
        let Some(canvas) = canvas else {
            bail!("picture: the rows are no square images; give --shape HxW or CxHxW");
        };
        // A place that cannot be written to is found out before the work, not after it.
        drop(attractor_data::NewFile::create(path)?);
        Ok(Grid { path: path.to_owned(), canvas, rows: Vec::new(), labels: Vec::new() })
    }

    /// Adds cues until the grid is full.
    pub fn append<F: Real>(
        &mut self,
        memory: &dyn Memory<F>,
        cues: ArrayView2<F>,
        known: Option<ArrayView2<bool>>,
        states: ArrayView2<F>,
        rows: &[Row],
        names: &[String],
    ) {
        let left = Self::MOST - self.rows.len();
        for (k, row) in rows.iter().enumerate().take(left) {
            let wide = |values: ndarray::ArrayView1<F>| values.iter().map(|v| v.wide()).collect::<Vec<f64>>();
            let mut cue = wide(cues.row(k));
            if let Some(known) = known {
                let known = known.row(if known.nrows() == 1 { 0 } else { k });
                // Unknown units are drawn as holes.
                cue.iter_mut().zip(known).filter(|(_, known)| !**known).for_each(|(v, _)| *v = f64::NAN);
            }
            let state = wide(states.row(k));
            let nearest = row.memory.zip(memory.patterns()).map(|(n, p)| wide(p.restored_row(n).view()));
            let (low, high) = self.canvas.range;
            let difference = nearest.as_ref().map(|nearest| {
                state.iter().zip(nearest).map(|(s, n)| low + (s - n).abs().min(high - low)).collect()
            });
            let label = row.memory.and_then(|n| memory.label(n)).map(str::to_owned);
            let label = label.or(row.memory.map(|n| n.to_string())).unwrap_or_else(|| "refused".into());
            self.labels.push(format!("{} -> {label}", names[k]));
            let recalled = (!row.refused).then_some(state);
            self.rows.push([Some(cue), recalled, nearest, difference]);
        }
    }

    /// Draws it.
    pub fn finish(self) -> Result<()> {
        let headings = ["cue", "recalled", "nearest", "difference"];
        let mut picture = Picture::new(&headings, &self.labels, self.canvas.shape);
        for (row, images) in self.rows.iter().enumerate() {
            for (column, image) in images.iter().enumerate() {
                if let Some(values) = image {
                    picture.draw(row, column, self.canvas, |unit| Some(values[unit]).filter(|v| !v.is_nan()));
                }
            }
        }
        Ok(picture.write_png(&self.path)?)
    }
}
