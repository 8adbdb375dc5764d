//! Writes recalled states: as an array, an archive, a picture or a folder of pictures.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use attractor::fields::{Field, Kind, field};
use attractor::memories::Row;
use attractor::{Memory, Real, Recall};
use attractor_data::{NpyWriter, NpzWriter, Number, Shape};
use attractor_figures::{Canvas, Picture};
use attractor_session::About;
use ndarray::{Array1, ArrayView2};

use crate::files::make_folder;

/// A writer of recalled states, batch by batch.
enum Output<F> {
    Npy(NpyWriter<F>),
    Npz { archive: NpzWriter, columns: Vec<Column> },
    Pictures { place: PathBuf, one: bool, canvas: Canvas },
}

/// Fields of a row that an archive holds beside the states, with the number that stands for a missing value. Without
/// such a number, the array holds only the rows that have the field.
const KEPT: [(&str, Option<f64>); 4] =
    [("memory", Some(-1.0)), ("overlap", Some(0.0)), ("energy", None), ("match", None)];

/// The values of one field in all rows.
struct Column {
    field: &'static Field<Row>,
    missing: Option<f64>,
    values: Vec<f64>,
}

impl Column {
    fn all() -> Vec<Self> {
        let column = |(name, missing): (&str, Option<f64>)| {
            field(Row::FIELDS, name).map(|field| Column { field, missing, values: Vec::new() })
        };
        KEPT.into_iter().filter_map(column).collect()
    }

    fn append(&mut self, rows: &[Row]) {
        let value = |row| (self.field.get)(row).number().or(self.missing);
        self.values.extend(rows.iter().filter_map(value));
    }

    fn put(self, archive: &mut NpzWriter) {
        let Column { field, missing, values } = self;
        match field.kind {
            _ if missing.is_none() && values.is_empty() => {}
            Kind::Whole => {
                archive.add(field.name, values.iter().map(|v| *v as i64).collect::<Array1<_>>().view())
            }
            _ => archive.add(field.name, Array1::from(values).view()),
        }
    }
}

/// Endings of formats that are not written. They are refused, since the file would not be what its name says.
const OTHERS: [&str; 11] =
    ["csv", "tsv", "txt", "jpg", "jpeg", "gif", "safetensors", "memory", "gz", "bin", "json"];

impl<F: Real + Number> Output<F> {
    /// Creates the output that the path asks for: by its ending, or a folder of pictures.
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
                "out: expected states that are images, to write pictures to {}, found rows of {columns} values, which make no square image; give --shape HxW or CxHxW",
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
                columns: Column::all(),
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

    /// Adds the next states and their reports.
    pub fn append(&mut self, states: ArrayView2<F>, rows: &[Row], names: &[String]) -> Result<()> {
        match self {
            Output::Npy(writer) => writer.append(states)?,
            Output::Npz { archive, columns } => {
                archive.append(states)?;
                columns.iter_mut().for_each(|column| column.append(rows));
            }
            Output::Pictures { place, one, canvas } => {
                for (state, name) in states.outer_iter().zip(names) {
                    let path = if *one { place.clone() } else { place.join(name) };
                    if let Some(folder) = path.parent().filter(|f| !*one && !f.as_os_str().is_empty()) {
                        make_folder(folder)?;
                    }
                    canvas.write_png(&path, |unit| state[unit].to_f64())?;
                }
            }
        }
        Ok(())
    }

    /// Completes the output.
    pub fn finish(self) -> Result<()> {
        match self {
            Output::Npy(writer) => writer.finish()?,
            Output::Npz { mut archive, columns } => {
                columns.into_iter().for_each(|column| column.put(&mut archive));
                archive.finish()?;
            }
            Output::Pictures { .. } => {}
        }
        Ok(())
    }
}

/// How states of a memory are drawn. Raw data have a grey scale from 0 to 1; other data from the smallest to the
/// largest value of the patterns.
fn canvas<F: Real>(memory: &dyn Memory<F>, shape: Option<Shape>, raw: bool) -> Option<Canvas> {
    let shape = shape.or_else(|| Shape::square(memory.dim()))?;
    let range = match memory.patterns() {
        Some(patterns) if !raw => {
            let values = patterns.restored();
            let low = values.iter().map(|v| v.to_f64()).fold(f64::INFINITY, f64::min);
            let high = values.iter().map(|v| v.to_f64()).fold(f64::NEG_INFINITY, f64::max);
            if high > low { (low, high) } else { (low - 0.5, low + 0.5) }
        }
        _ => (0.0, 1.0),
    };
    Some(Canvas { shape, range })
}

/// A grid of the first cues: cue, recalled state, nearest memory and what differs between the two.
struct Grid {
    path: PathBuf,
    canvas: Canvas,
    rows: Vec<[Option<Vec<f64>>; 4]>,
    labels: Vec<String>,
}

impl Grid {
    /// The largest number of cues that are drawn.
    const MOST: usize = 16;

    /// An empty grid, for states of `units` units.
    pub fn new(path: &Path, units: usize, canvas: Option<Canvas>) -> Result<Self> {
        let Some(canvas) = canvas else {
            bail!(
                "picture: expected states that are images, found rows of {units} values, which make no square image; give --shape HxW or CxHxW"
            );
        };
        // This finds out before the work whether the path can be written to.
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
            let wide =
                |values: ndarray::ArrayView1<F>| values.iter().map(|v| v.to_f64()).collect::<Vec<f64>>();
            let mut cue = wide(cues.row(k));
            if let Some(known) = known {
                let known = known.row(if known.nrows() == 1 { 0 } else { k });
                // Unknown units are drawn as holes.
                cue.iter_mut().zip(known).filter(|(_, known)| !**known).for_each(|(v, _)| *v = f64::NAN);
            }
            let state = wide(states.row(k));
            // Of a shape it is the point that is nearest to the state.
            let nearest = row.memory.and_then(|n| match memory.patterns() {
                Some(patterns) => Some(wide(patterns.restored_row(n).view())),
                None => memory.abilities().mixture.map(|mixture| mixture.project(n, states.row(k))),
            });
            let (low, high) = self.canvas.range;
            let difference = nearest.as_ref().map(|nearest| {
                state.iter().zip(nearest).map(|(s, n)| low + (s - n).abs().min(high - low)).collect()
            });
            let label = row.memory.and_then(|n| memory.label(n)).map(str::to_owned);
            let label =
                label.or(row.memory.map(|n| n.to_string())).unwrap_or_else(|| row.ending().name().into());
            self.labels.push(format!("{} -> {label}", names[k]));
            let recalled = row.has_answer().then_some(state);
            self.rows.push([Some(cue), recalled, nearest, difference]);
        }
    }

    /// Draws the grid and writes it.
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

/// Writes recalled states to a file, a picture, both or neither.
pub struct States<F> {
    output: Option<Output<F>>,
    grid: Option<Grid>,
}

impl<F: Real + Number> States<F> {
    /// Creates the files that `out` and `picture` name, for `rows` rows. `shape` is that of the cues, if they are
    /// images.
    pub fn create(
        out: Option<&Path>,
        picture: Option<&Path>,
        rows: usize,
        memory: &dyn Memory<F>,
        about: &About,
        shape: Option<Shape>,
    ) -> Result<Self> {
        let canvas = || canvas(memory, about.shape.or(shape), about.raw);
        let grid = picture.map(|path| Grid::new(path, memory.dim(), canvas())).transpose()?;
        let output = out.map(|path| Output::create(path, rows, memory.dim(), canvas)).transpose()?;
        Ok(States { output, grid })
    }

    /// Adds the next recalls. `places` are the file names of their pictures, `names` the names of their cues in the
    /// grid.
    pub fn append(
        &mut self,
        memory: &dyn Memory<F>,
        cues: ArrayView2<F>,
        known: Option<ArrayView2<bool>>,
        recalled: &Recall<F>,
        places: &[String],
        names: &[String],
    ) -> Result<()> {
        let (states, rows) = (recalled.states.view(), &recalled.rows);
        if let Some(output) = &mut self.output {
            output.append(states, rows, places)?;
        }
        if let Some(grid) = &mut self.grid {
            grid.append(memory, cues, known, states, rows, names);
        }
        Ok(())
    }

    /// Completes the output.
    pub fn finish(self) -> Result<()> {
        self.output.map_or(Ok(()), Output::finish)?;
        self.grid.map_or(Ok(()), Grid::finish)
    }
}
