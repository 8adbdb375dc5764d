//! Writes recalled states: as an array, an archive, a picture or a folder of pictures.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use anyhow::{Result, bail};
use attractor::fields::{Field, Kind, field};
use attractor::memories::Row;
use attractor::{Memory, Preparation, Real, Recall};
use attractor_data::{NpyWriter, NpzWriter, Number, Shape};
use attractor_figures::{Canvas, Picture};
use attractor_session::About;
use ndarray::{Array1, ArrayView2};

use crate::files::make_folder;
use crate::streams::say;

/// A writer of rows, batch by batch.
pub enum Output<F> {
    Npy(NpyWriter<F>),
    Npz { archive: NpzWriter, columns: Vec<Column> },
    Pictures { place: PathBuf, one: bool, canvas: Canvas },
}

/// Fields of a row that an archive holds beside the states, with the number that stands for a missing value. Without
/// such a number, the array holds only the rows that have the field.
const KEPT: [(&str, Option<f64>); 4] =
    [("memory", Some(-1.0)), ("overlap", Some(0.0)), ("energy", None), ("match", None)];

/// The values of one field in all rows.
pub struct Column {
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

/// What an output holds: the name of the rows in an archive, and the fields beside them.
pub struct Content {
    rows: &'static str,
    fields: Vec<Column>,
}

impl Content {
    /// Recalled states with some fields of their reports.
    pub fn states() -> Self {
        Content { rows: "states", fields: Column::all() }
    }

    /// Cues.
    pub fn cues() -> Self {
        Content { rows: "cues", fields: Vec::new() }
    }
}

/// Whether an output is a folder: one that is there, or a path that ends in a slash.
pub fn is_folder(path: &Path) -> bool {
    path.is_dir() || path.to_string_lossy().ends_with(['/', '\\'])
}

/// Endings of formats that are not written. They are refused, since the file would not be what its name says.
const OTHERS: [&str; 11] =
    ["csv", "tsv", "txt", "jpg", "jpeg", "gif", "safetensors", "memory", "gz", "bin", "json"];

impl<F: Real + Number> Output<F> {
    /// Creates the output that the path asks for: by its ending, or a folder of pictures.
    pub fn create(
        path: &Path,
        content: Content,
        rows: usize,
        columns: usize,
        canvas: impl FnOnce() -> Option<Canvas>,
    ) -> Result<Self> {
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        let folder = is_folder(path);
        let pictures = |place: &Path, one| match canvas() {
            Some(canvas) => Ok(Output::Pictures { place: place.to_owned(), one, canvas }),
            None => bail!(
                "out: expected rows that are images, to write pictures to {}, found rows of {columns} values, which make no square image; give --shape HxW or CxHxW",
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
                archive: NpzWriter::create::<F>(path, content.rows, rows, columns)?,
                columns: content.fields,
            }),
            Some("png") if rows == 1 => pictures(path, true),
            Some("png") => bail!(
                "out: one picture holds one row, found {rows}; give a folder (--out {}/){}",
                path.with_extension("").display(),
                if content.fields.is_empty() { "" } else { ", or draw a grid with --picture" }
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

/// Names for pictures of rows, if the rows came from named pictures: the names of those, ending in `.png`. `None` if two names would be the same or one would lie outside its folder.
pub fn file_names(labels: Option<&[String]>) -> Option<Vec<String>> {
    let inside = |path: &Path| path.components().all(|c| matches!(c, Component::Normal(_)));
    let picture = |path: &Path| {
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        matches!(ending.as_deref(), Some("png" | "jpg" | "jpeg"))
    };
    let labels = labels?;
    if !labels.iter().map(Path::new).all(|path| inside(path) && picture(path)) {
        return None;
    }
    let unique = |names: &[String]| names.iter().collect::<BTreeSet<_>>().len() == names.len();
    let replaced: Vec<String> =
        labels.iter().map(|l| Path::new(l).with_extension("png").to_string_lossy().into_owned()).collect();
    // With a.png and a.jpg in one folder, both endings are kept.
    let added = || labels.iter().map(|l| format!("{l}.png")).collect::<Vec<_>>();
    Some(replaced).filter(|names| unique(names)).or_else(|| Some(added()).filter(|names| unique(names)))
}

/// How states of a memory are drawn. Raw data have a grey scale from 0 to 1; other data from the smallest to the
/// largest value of the patterns.
pub fn canvas<F: Real>(memory: &dyn Memory<F>, shape: Option<Shape>, raw: bool) -> Option<Canvas> {
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
    /// Whether recalled and stored states are drawn as ±1. The two levels of each unit, as which they are returned, would
    /// show the mean of all patterns in every picture.
    spins: bool,
    rows: Vec<[Option<Vec<f64>>; 4]>,
    labels: Vec<String>,
    cues: usize,
}

impl Grid {
    /// The largest number of cues that are drawn.
    const MOST: usize = 16;

    /// An empty grid, for states of `units` units.
    pub fn new(path: &Path, units: usize, canvas: Option<Canvas>, spins: bool) -> Result<Self> {
        if path.extension().is_some_and(|ending| !ending.eq_ignore_ascii_case("png")) {
            bail!("picture: expected a .png file to draw to, found {}", path.display());
        }
        let Some(canvas) = canvas else {
            bail!(
                "picture: expected states that are images, found rows of {units} values, which make no square image; give --shape HxW or CxHxW"
            );
        };
        // This finds out before the work whether the path can be written to.
        drop(attractor_data::NewFile::create(path)?);
        Ok(Grid { path: path.to_owned(), canvas, spins, rows: Vec::new(), labels: Vec::new(), cues: 0 })
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
        self.cues += rows.len();
        for (k, row) in rows.iter().enumerate().take(left) {
            let wide =
                |values: ndarray::ArrayView1<F>| values.iter().map(|v| v.to_f64()).collect::<Vec<f64>>();
            let mut cue = wide(cues.row(k));
            if let Some(known) = known {
                let known = known.row(if known.nrows() == 1 { 0 } else { k });
                // Unknown units are drawn as holes.
                cue.iter_mut().zip(known).filter(|(_, known)| !**known).for_each(|(v, _)| *v = f64::NAN);
            }
            let state = match self.spins {
                true => {
                    let state = states.row(k).to_owned().insert_axis(ndarray::Axis(0));
                    memory.preparation().forward(state).iter().map(|v| v.to_f64()).collect()
                }
                false => wide(states.row(k)),
            };
            // Of a shape it is the point that is nearest to the state.
            let nearest = row.memory.and_then(|n| match memory.patterns() {
                Some(patterns) if self.spins => Some(patterns.row(n).iter().map(|v| v.to_f64()).collect()),
                Some(patterns) => Some(wide(patterns.restored_row(n).view())),
                None => memory.abilities().mixture.map(|mixture| mixture.project(n, states.row(k))),
            });
            let (low, high) = self.ends(1);
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

    /// The values that are drawn black and white in a column.
    fn ends(&self, column: usize) -> (f64, f64) {
        if self.spins && column > 0 { (-1.0, 1.0) } else { self.canvas.range }
    }

    /// Draws the grid and writes it.
    pub fn finish(self, quiet: bool) -> Result<()> {
        let headings = match self.spins {
            true => ["cue", "recalled ±1", "nearest ±1", "difference"],
            false => ["cue", "recalled", "nearest", "difference"],
        };
        let mut picture = Picture::new(&headings, &self.labels, self.canvas.shape);
        for (row, images) in self.rows.iter().enumerate() {
            for (column, image) in images.iter().enumerate() {
                if let Some(values) = image {
                    let canvas = Canvas { range: self.ends(column), ..self.canvas };
                    picture.draw(row, column, canvas, |unit| Some(values[unit]).filter(|v| !v.is_nan()));
                }
            }
        }
        picture.write_png(&self.path)?;
        if !quiet && self.spins {
            say!(
                "note: the picture shows states of ±1: a unit is white above its mean over all patterns, else black"
            );
        }
        if !quiet && self.rows.len() < self.cues {
            say!("note: the picture shows the first {} of {} rows", self.rows.len(), self.cues);
        }
        wrote(quiet, &self.path);
        Ok(())
    }
}

/// Says that a file was written.
pub fn wrote(quiet: bool, path: &Path) {
    if !quiet {
        say!("wrote {}", path.display());
    }
}

/// Writes recalled states to a file, a picture, both or neither.
pub struct States<F> {
    output: Option<(Output<F>, PathBuf)>,
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
        let spins = matches!(memory.preparation(), Preparation::Spins { .. });
        let grid = picture.map(|path| Grid::new(path, memory.dim(), canvas(), spins)).transpose()?;
        let create = |path| Output::create(path, Content::states(), rows, memory.dim(), canvas);
        let output = out.map(|path| create(path).map(|output| (output, path.to_owned()))).transpose()?;
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
        if let Some((output, _)) = &mut self.output {
            output.append(states, rows, places)?;
        }
        if let Some(grid) = &mut self.grid {
            grid.append(memory, cues, known, states, rows, names);
        }
        Ok(())
    }

    /// Completes the output, and says where it is unless `quiet`.
    pub fn finish(self, quiet: bool) -> Result<()> {
        if let Some((output, path)) = self.output {
            output.finish()?;
            wrote(quiet, &path);
        }
        self.grid.map_or(Ok(()), |grid| grid.finish(quiet))
    }
}
