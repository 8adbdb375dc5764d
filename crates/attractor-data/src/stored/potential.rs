//! The potential of a stored memory: what its file keeps of it.

use std::path::Path;

use attractor::potentials::{Amplitude, DoubleWell, Form, Noising, Quadratic};
use serde_json::{Value, json};

use super::read::Arrays;
use super::{Array, array, vector};
use crate::error::{Error, Result};

/// The numbers of a potential that need no array.
pub(super) fn says(noising: &Noising) -> Value {
    let form = match &noising.form {
        Form::DoubleWell(wells) => json!({ "strength": wells.strength(), "well": wells.well() }),
        _ => json!({}),
    };
    let sigma = match (noising.amplitude.as_constant(), noising.amplitude.as_exponential()) {
        (Some(sigma), _) => json!(sigma),
        (_, Some((first, rate))) => json!({ "first": first, "rate": rate }),
        _ => Value::Null,
    };
    json!({ "kind": kind(&noising.form), "numbers": form, "sigma": sigma })
}

fn kind(form: &Form) -> &'static str {
    match form {
        Form::Quadratic(_) => "quadratic",
        Form::DoubleWell(_) => "double-well",
        Form::Other(_) => "function",
    }
}

/// Returns an error for a potential that a file cannot keep, because it is a function.
pub(super) fn check(noising: &Noising) -> Result<()> {
    let amplitude = &noising.amplitude;
    let numbers = amplitude.as_constant().is_some()
        || amplitude.as_exponential().is_some()
        || amplitude.as_table().is_some();
    if numbers && !matches!(noising.form, Form::Other(_)) {
        return Ok(());
    }
    Err(Error::content(
        Path::new("memory"),
        "a quadratic potential or a double well, whose numbers a file can keep",
        "a function",
        "keep the patterns, and give the function again",
    ))
}

/// The arrays of a potential.
pub(super) fn arrays(noising: &Noising) -> Vec<Array> {
    let mut arrays = Vec::new();
    if let Form::Quadratic(quadratic) = &noising.form {
        arrays.push(vector("potential.minimum", quadratic.minimum()));
        arrays.push(vector("potential.eigenvalues", quadratic.rates()));
        if let Some(directions) = quadratic.directions() {
            arrays.push(array("potential.eigenvectors", directions.dim(), directions.iter().copied()));
        }
    }
    if let Some((times, values)) = noising.amplitude.as_table() {
        arrays.push(vector("potential.times", times));
        arrays.push(vector("potential.sigma", &values));
    }
    arrays
}

/// Reads the potential of a file.
pub(super) fn read(arrays: &Arrays, says: &Value) -> Result<Noising> {
    let refused = |error: attractor::Error| arrays.refused(&error);
    let number =
        |value: &Value| value.as_f64().ok_or_else(|| arrays.wrong("a potential without its numbers"));
    let sigma = &says["sigma"];
    let amplitude = match sigma {
        Value::Null => Amplitude::table(arrays.needed("potential.times")?, arrays.needed("potential.sigma")?),
        Value::Number(_) => Amplitude::constant(number(sigma)?),
        other => Amplitude::exponential(number(&other["first"])?, number(&other["rate"])?),
    };
    let form = match says["kind"].as_str() {
        Some("double-well") => {
            let numbers = &says["numbers"];
            let wells = DoubleWell::new(number(&numbers["strength"])?, number(&numbers["well"])?);
            Form::DoubleWell(wells.map_err(refused)?)
        }
        Some("quadratic") => {
            let (minimum, rates) =
                (arrays.needed("potential.minimum")?, arrays.needed("potential.eigenvalues")?);
            let made = match arrays.table("potential.eigenvectors")? {
                Some(directions) => Quadratic::from_eigen(minimum, rates, directions),
                None => Quadratic::diagonal(minimum, rates),
            };
            Form::Quadratic(made.map_err(refused)?)
        }
        _ => return Err(arrays.wrong("a potential of an unknown kind")),
    };
    Ok(Noising { form, amplitude: amplitude.map_err(refused)? })
}
