//! Writes every step of every cue to one file: a table (.csv) or arrays (.npz).

use std::io::Write;
use std::path::Path;

use anyhow::{Result, bail};
use attractor::Real;
use attractor::analysis::TraceStep;
use attractor_data::{NewFile, NpzWriter, Number};
use ndarray::{Array1, ArrayView1, Axis};

/// The columns before the fields of a step.
const PLACE: [&str; 2] = ["row", "step"];

/// Names of the columns before the state. Missing numbers are NaN in arrays and empty in tables.
fn columns() -> impl Iterator<Item = &'static str> {
    PLACE.into_iter().chain(TraceStep::FIELDS.iter().map(|field| field.name))
}

/// A writer of steps, one at a time.
pub enum StepsFile<F> {
    Csv(NewFile),
    /// The number of steps is known only at the end, so states are kept until then.
    Npz {
        file: std::path::PathBuf,
        states: Vec<F>,
        dim: usize,
        columns: Vec<Vec<f64>>,
    },
}

impl<F: Real + Number> StepsFile<F> {
    /// Creates the file, in the format of the path's ending.
    pub fn create(path: &Path, dim: usize) -> Result<Self> {
        match path.extension().map(|e| e.to_string_lossy().to_lowercase()).as_deref() {
            Some("csv") => {
                let mut file = NewFile::create(path)?;
                let states: String = (0..dim).map(|j| format!(",x{j}")).collect();
                let heading = columns().collect::<Vec<_>>().join(",");
                writeln!(file, "{heading}{states}").map_err(|error| file.refused(error))?;
                Ok(StepsFile::Csv(file))
            }
            Some("npz") => {
                drop(NewFile::create(path)?);
                let columns = vec![Vec::new(); columns().count()];
                Ok(StepsFile::Npz { file: path.to_owned(), states: Vec::new(), dim, columns })
            }
            _ => bail!("out: expected a .csv or .npz file for the steps, found {}", path.display()),
        }
    }

    /// Adds one step of one cue.
    pub fn append(&mut self, row: u64, step: usize, moment: &TraceStep, state: ArrayView1<F>) -> Result<()> {
        let fields = TraceStep::FIELDS.iter().map(|field| (field.get)(moment).number());
        let values = [Some(row as f64), Some(step as f64)].into_iter().chain(fields);
        match self {
            StepsFile::Csv(file) => {
                let text: Vec<String> = values
                    .map(|v| v.filter(|v| v.is_finite()).map_or(String::new(), |v| v.to_string()))
                    .collect();
                let state: String = state.iter().map(|x| format!(",{x}")).collect();
                writeln!(file, "{}{state}", text.join(",")).map_err(|error| file.refused(error))?;
            }
            StepsFile::Npz { states, columns, .. } => {
                states.extend(state);
                columns.iter_mut().zip(values).for_each(|(c, v)| c.push(v.unwrap_or(f64::NAN)));
            }
        }
        Ok(())
    }

    /// Completes the file.
    pub fn finish(self) -> Result<()> {
        match self {
            StepsFile::Csv(file) => file.commit()?,
            StepsFile::Npz { file, states, dim, columns } => {
                let rows = columns[0].len();
                let mut archive = NpzWriter::create::<F>(&file, "states", rows, dim)?;
                archive.append(Array1::from(states).view().insert_axis(Axis(0)))?;
                for (name, values) in self::columns().zip(columns) {
                    archive.add(name, Array1::from(values).view());
                }
                archive.finish()?;
            }
        }
        Ok(())
    }
}
