//! Descriptions of potentials, in TOML or JSON. `docs/ideas/potentials.md` documents the format.

use std::path::Path;

use attractor::potentials::{Amplitude, DoubleWell, Form, Noising, Quadratic};
use ndarray::Array2;
use serde_json::Value;

use super::entry::{Entry, show};
use super::fields;
use crate::error::{Error, Result};

/// The fields that every potential has, and those of each kind.
const COMMON: [&str; 2] = ["kind", "sigma"];
const KINDS: [(&str, &[&str]); 2] = [
    ("quadratic", &["units", "minimum", "hessian", "eigenvalues", "eigenvectors"]),
    ("double-well", &["strength", "well"]),
];

/// Reads the description of a noise-injection dynamics dx = −∇V dτ + σ dW, and the arrays that it names.
///
/// The format is JSON if the file's name ends in `.json`, else TOML.
///
/// # Errors
/// The file cannot be read or parsed; a field or kind is unknown; sizes disagree; a Hessian that is not symmetric; a
/// number is outside its range. The error names the field.
pub fn read_potential(path: &Path) -> Result<Noising> {
    potential_from_text(path, &std::fs::read_to_string(path).map_err(|e| Error::read(path, e))?)
}

/// Reads the description of a potential from the text of a file. `path` is used in messages and to find the arrays that
/// it names, and its ending gives the format.
///
/// ```
/// let text = "hessian = [[1.0, -0.5], [-0.5, 1.0]]\nsigma = 1.0";
/// let noising = attractor_data::potential_from_text("pull.toml".as_ref(), text)?;
/// assert_eq!(noising.form.dim(), Some(2));
/// # Ok::<(), attractor_data::Error>(())
/// ```
///
/// # Errors
/// As [`read_potential`].
pub fn potential_from_text(path: &Path, text: &str) -> Result<Noising> {
    let fields = fields(path, text)?;
    let entry = Entry { path, place: String::new(), fields: &fields };
    let name = entry.optional("kind").map_or(Some("quadratic"), Value::as_str);
    let Some((kind, known)) = KINDS.iter().find(|(kind, _)| name == Some(kind)) else {
        let known = KINDS.map(|(kind, _)| kind).join(" or ");
        let found = entry.optional("kind").map_or("nothing".to_owned(), show);
        return Err(entry.wrong("kind", known, found, "name the kind of the potential"));
    };
    entry.only(&[&COMMON, *known].concat())?;
    let form = match *kind {
        "double-well" => {
            let number = |field: &str| match entry.optional(field) {
                Some(value) => entry.positive(field, value),
                None => Ok(1.0),
            };
            let wells = DoubleWell::new(number("strength")?, number("well")?);
            Form::DoubleWell(wells.map_err(|error| entry.refused(error))?)
        }
        _ => Form::Quadratic(quadratic(&entry)?),
    };
    Ok(Noising { form, amplitude: amplitude(&entry)? })
}

/// A list of numbers, a matrix, or one number for all units.
enum Numbers {
    One(f64),
    List(Vec<f64>),
    Matrix(Array2<f64>),
}

fn numbers(entry: &Entry, field: &str) -> Result<Option<Numbers>> {
    let expected = "a number, a list of numbers, rows of numbers or the name of an array's file";
    Ok(Some(match entry.optional(field) {
        None => return Ok(None),
        Some(value @ Value::Number(_)) => Numbers::One(entry.number(field, value)?),
        Some(Value::Array(list)) if matches!(list.first(), Some(Value::Array(_))) => {
            Numbers::Matrix(entry.rows(field, &mut super::entry::Units::default())?)
        }
        Some(Value::Array(list)) if !list.is_empty() => {
            Numbers::List(entry.numbers(field, &mut super::entry::Units::default())?)
        }
        Some(Value::String(file)) => {
            let table = entry.array(field, file)?;
            match table.nrows() {
                1 => Numbers::List(table.into_raw_vec_and_offset().0),
                _ => Numbers::Matrix(table),
            }
        }
        Some(other) => return Err(entry.wrong(field, expected, show(other), "write it as one of these")),
    }))
}

fn quadratic(entry: &Entry) -> Result<Quadratic> {
    let given = numbers(entry, "minimum")?;
    let (hessian, eigenvalues) = (numbers(entry, "hessian")?, numbers(entry, "eigenvalues")?);
    let units = match entry.optional("units") {
        None => None,
        Some(value) => match value.as_u64() {
            Some(units @ 1..) => Some(units as usize),
            _ => {
                return Err(entry.wrong(
                    "units",
                    "a whole number > 0",
                    show(value),
                    "give the units of a state",
                ));
            }
        },
    };
    let width = |numbers: &Option<Numbers>| match numbers {
        Some(Numbers::List(list)) => Some(list.len()),
        Some(Numbers::Matrix(rows)) => Some(rows.ncols()),
        _ => None,
    };
    let known = width(&hessian).or(width(&eigenvalues)).or(width(&given)).or(units);
    let Some(units) = known else {
        let cure = "give the number of units of a state";
        return Err(entry.wrong("units", "given, since no list says how many there are", "nothing", cure));
    };
    let minimum = match given {
        None => vec![0.0; units],
        Some(Numbers::One(m)) => vec![m; units],
        Some(Numbers::List(list)) => list,
        Some(Numbers::Matrix(rows)) => {
            let found = format!("{} rows", rows.nrows());
            return Err(entry.wrong("minimum", "one number a unit", found, "write it as [a, b, ...]"));
        }
    };
    let made = match (hessian, eigenvalues) {
        (Some(Numbers::Matrix(matrix)), None) => Quadratic::new(minimum, matrix.view()),
        (Some(Numbers::List(diagonal)), None) => Quadratic::diagonal(minimum, diagonal),
        (Some(Numbers::One(h)), None) => Quadratic::diagonal(minimum, vec![h; units]),
        (None, Some(eigenvalues)) => {
            let list = match eigenvalues {
                Numbers::List(list) => list,
                Numbers::One(h) => vec![h; units],
                Numbers::Matrix(rows) => {
                    let found = format!("{} rows", rows.nrows());
                    return Err(entry.wrong(
                        "eigenvalues",
                        "one number a unit",
                        found,
                        "write it as [a, b, ...]",
                    ));
                }
            };
            match numbers(entry, "eigenvectors")? {
                Some(Numbers::Matrix(rows)) => Quadratic::from_eigen(minimum, list, rows),
                Some(_) => {
                    let cure = "give one eigenvector a row";
                    return Err(entry.wrong("eigenvectors", "rows of numbers", "one list", cure));
                }
                None => Quadratic::diagonal(minimum, list),
            }
        }
        (both, _) => {
            let found = if both.is_some() { "both" } else { "neither" };
            let cure = "give the matrix H, or its eigenvalues (with eigenvectors)";
            return Err(entry.wrong("hessian", "given, or eigenvalues instead", found, cure));
        }
    };
    made.map_err(|error| entry.refused(error))
}

fn amplitude(entry: &Entry) -> Result<Amplitude> {
    const CURE: &str = "noise that depends on the state is not part of Eq. 15; write sigma = 1.0, \
                        { first = 0.1, rate = 2.0 } or { times = [0, 1], values = [0.1, 1] }";
    let value = entry.needed("sigma")?;
    let made = match value {
        Value::Number(_) => Amplitude::constant(entry.number("sigma", value)?),
        Value::Object(fields) => {
            let own = Entry { path: entry.path, place: "sigma".into(), fields };
            if fields.contains_key("times") {
                own.only(&["times", "values"])?;
                let units = &mut super::entry::Units::default();
                Amplitude::table(own.numbers("times", units)?, own.numbers("values", units)?)
            } else {
                own.only(&["first", "rate"])?;
                let number = |field: &str| own.number(field, own.needed(field)?);
                Amplitude::exponential(number("first")?, number("rate")?)
            }
        }
        other => {
            return Err(entry.wrong(
                "sigma",
                "a number, or a function of time as a table",
                show(other),
                CURE,
            ));
        }
    };
    made.map_err(|error| entry.refused(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Noising> {
        potential_from_text("p.toml".as_ref(), text)
    }

    fn refused(text: &str, parts: &[&str]) {
        let error = read(text).map(|_| ()).expect_err(text).to_string();
        parts.iter().for_each(|part| assert!(error.contains(part), "{part} in {error}"));
        assert!(!error.contains('\n'), "{error}");
    }

    #[test]
    fn every_form_is_read() {
        let quadratic = |text: &str| match read(text).unwrap().form {
            Form::Quadratic(quadratic) => quadratic,
            other => panic!("{other:?}"),
        };
        let full = quadratic("minimum = [1, 2]\nhessian = [[2, 1], [1, 2]]\nsigma = 1");
        assert!((full.rates()[0] - 3.0).abs() < 1e-15 && full.minimum() == [1.0, 2.0]);
        assert_eq!(quadratic("hessian = [1, 2, 3]\nsigma = 1").rates(), [1.0, 2.0, 3.0]);
        assert_eq!(quadratic("units = 4\nhessian = 0.4\nminimum = 2\nsigma = 1").minimum(), [2.0; 4]);
        let turned = quadratic("eigenvalues = [1, 2]\neigenvectors = [[0, 1], [1, 0]]\nsigma = 1");
        assert_eq!(turned.matrix()[[0, 0]], 2.0);
        let wells = read("kind = \"double-well\"\nstrength = 2\nsigma = { first = 0.1, rate = 3 }").unwrap();
        assert_eq!(wells.form.dim(), None);
        assert_eq!(wells.amplitude.as_exponential(), Some((0.1, 3.0)));
        let table = read("hessian = [1]\nsigma = { times = [0, 1], values = [1, 2] }").unwrap();
        assert_eq!(table.amplitude.at(0.5).unwrap(), 1.5);
    }

    #[test]
    fn what_is_wrong_is_named() {
        refused("hessian = [[1, 0.5], [-0.5, 1]]\nsigma = 1", &["p.toml", "symmetric", "Eq. 15"]);
        refused("hessian = [[1, 0.5, 1], [-0.5, 1, 1]]\nsigma = 1", &["3 x 3", "2 x 3"]);
        refused("hessian = [nan]\nsigma = 1", &["hessian"]);
        refused("hessian = [1]", &["sigma", "given"]);
        refused("hessian = [1]\nsigma = \"0.1 * x\"", &["sigma", "depends on the state"]);
        refused("hessian = [1]\nsigma = 0", &["sigma"]);
        refused("hessian = [1]\neigenvalues = [1]\nsigma = 1", &["hessian", "both"]);
        refused("minimum = [1]\nsigma = 1", &["hessian", "neither"]);
        refused("hessian = 1\nsigma = 1", &["units"]);
        refused("hessian = \"none.npy\"\nsigma = 1", &["none.npy"]);
        refused("kind = \"cubic\"\nsigma = 1", &["kind", "quadratic or double-well", "cubic"]);
        refused("kind = \"double-well\"\nhessian = [1]\nsigma = 1", &["hessian", "strength"]);
        refused("hessian = [1]\nsigma = { times = [1, 2], values = [1, 1] }", &["times", "begin at 0"]);
        refused("hessian = [1e13]\nsigma = 1", &["eigenvalues"]);
        refused("hessian = [1\n", &["TOML"]);
    }
}
