//! Audits of generated rows.

use attractor_audit::inspect::Inspection;
use attractor_audit::{Audit, Distance, Given, Rows, Sets, Settings};
use attractor_data::{Cells, Records, Table};
use pyo3::prelude::*;

use crate::error::{failed, refused};
use crate::experiments::{Report, run, shaped, table};
use crate::options::{Named, typed};

/// A column of a table: numbers with NaN for gaps, or texts with None for them.
#[derive(FromPyObject)]
enum Column {
    Numbers(Vec<f64>),
    Texts(Vec<Option<String>>),
}

/// The names and columns of a table.
type Columns = (Option<Vec<String>>, Vec<Column>);

/// Rows of one set: an array, or a table of columns.
enum Set {
    Table(Table),
    Records(Records),
}

fn set(what: &str, rows: &Bound<'_, PyAny>, shape: Option<&str>) -> PyResult<Set> {
    match rows.extract::<Columns>() {
        Ok((names, columns)) => {
            let cells = |column| match column {
                Column::Numbers(values) => Cells::Numbers(values),
                Column::Texts(values) => Cells::Texts(values),
            };
            Ok(Set::Records(Records { names, columns: columns.into_iter().map(cells).collect() }))
        }
        Err(_) => Ok(Set::Table(shaped(table(what, rows)?, shape)?)),
    }
}

/// A set of each name, where one is given.
type Given3<'a, 'py> = (&'a Bound<'py, PyAny>, &'a Bound<'py, PyAny>, Option<&'a Bound<'py, PyAny>>);

fn sets(names: [&str; 3], (train, generated, heldout): Given3, shape: Option<&str>) -> PyResult<Sets<Set>> {
    Ok(Sets {
        train: set(names[0], train, shape)?,
        generated: set(names[1], generated, shape)?,
        heldout: heldout.map(|rows| set(names[2], rows, shape)).transpose()?,
    })
}

/// Rows as they are compared: a table column by column, or numbers.
fn rows(set: &Set, distance: Distance) -> Rows {
    match set {
        Set::Records(records) => Rows::Table(records.clone()),
        Set::Table(table) if distance == Distance::Gower => {
            let numbers = table.floats::<f64>();
            let columns =
                numbers.columns().into_iter().map(|column| Cells::Numbers(column.to_vec())).collect();
            Rows::Table(Records { names: None, columns })
        }
        Set::Table(table) => Rows::of(table),
    }
}

/// Audits generated rows.
#[pyfunction]
#[pyo3(signature = (train, generated, heldout, features, settings, *, again, shape, seed, calibrate, progress=None))]
#[expect(clippy::too_many_arguments, reason = "keywords of Python")]
pub fn audit(
    py: Python<'_>,
    train: &Bound<'_, PyAny>,
    generated: &Bound<'_, PyAny>,
    heldout: Option<&Bound<'_, PyAny>>,
    features: Option<Vec<Bound<'_, PyAny>>>,
    settings: &Named,
    again: String,
    shape: Option<&str>,
    seed: u64,
    calibrate: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<Report> {
    let options = typed(attractor_audit::PARAMETERS, settings)?;
    let distance = options.named("distance").map_err(refused)?.unwrap_or_default();
    let settings = Settings::from_options(&options, seed).map_err(refused)?;
    let given = sets(["train", "generated", "heldout"], (train, generated, heldout), shape)?;
    let compared = match &features {
        Some(all) => {
            let names = ["features of train", "features of generated", "features of heldout"];
            let own = sets(names, (&all[0], &all[1], all.get(2)), None)?;
            own.map(|set| rows(&set, distance))
        }
        None => Sets {
            train: rows(&given.train, distance),
            generated: rows(&given.generated, distance),
            heldout: given.heldout.as_ref().map(|set| rows(set, distance)),
        },
    };
    let images = match given {
        Sets { train: Set::Table(train), generated: Set::Table(generated), heldout } => match heldout {
            Some(Set::Records(_)) => None,
            Some(Set::Table(heldout)) => Some(Sets { train, generated, heldout: Some(heldout) }),
            None => Some(Sets { train, generated, heldout: None }),
        },
        _ => None,
    };
    let given =
        Given { rows: compared, images, names: Sets::default(), notes: Vec::new(), sources: Vec::new() };
    let audit = py.detach(|| Audit::new(given, settings)).map_err(failed)?;
    let audit = if calibrate { audit.calibrated() } else { audit };
    run(py, &audit, Some(again), progress)
}

/// Inspects patterns.
#[pyfunction]
#[pyo3(signature = (patterns, settings, *, again, seed, progress=None))]
pub fn inspect(
    py: Python<'_>,
    patterns: &Bound<'_, PyAny>,
    settings: &Named,
    again: String,
    seed: u64,
    progress: Option<Py<PyAny>>,
) -> PyResult<Report> {
    let options = typed(attractor_audit::inspect::PARAMETERS, settings)?;
    let settings = attractor_audit::inspect::Settings::from_options(&options, seed).map_err(failed)?;
    let rows = Rows::of(&table("patterns", patterns)?);
    let inspection = Inspection::new(rows, None, "patterns".into(), settings).map_err(failed)?;
    run(py, &inspection, Some(again), progress)
}
