//! Converts options between Python and Rust. Each value has the kind that its parameter declares.

use attractor::diffusion::POTENTIAL;
use attractor::memories::model;
use attractor::options::{Kind, Options, Parameter, Value};
use attractor::potentials::Noising;
use ndarray::Array2;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyList, PyString};

use crate::arrays::read;
use crate::error::refused;
use crate::potential::Potential;

/// Options as Python gives them, by name.
pub type Named<'py> = Bound<'py, PyDict>;

/// The options that a model declares. An unknown model has none; it is refused when it is built.
pub fn of_model(name: &str) -> &'static [Parameter] {
    model(name).map_or(&[], |found| found.card.parameters)
}

/// Converts options to typed ones. Undeclared names are kept: they are refused later, by the function that takes the
/// options.
pub fn typed(parameters: &[Parameter], named: &Named) -> PyResult<Options> {
    let mut options = Options::default();
    for (name, value) in named {
        let name: String = name.extract()?;
        // A potential as an object is taken by `noising`, an array by `array`.
        let is_array = ARRAYS.contains(&name.as_str()) && !value.is_instance_of::<PyString>();
        if is_array || value.is_instance_of::<Potential>() {
            continue;
        }
        let name = name.replace('_', "-");
        match parameters.iter().find(|p| p.name == name) {
            Some(parameter) => {
                let value = value_of(parameter, &value)?;
                options.set(&name, parameter.kind.read(parameter.name, &value).map_err(refused)?);
            }
            None => {
                options.set(&name, value.str()?.to_string());
            }
        }
    }
    Ok(options)
}

/// The potential, if the options have one as an object.
pub fn noising(named: &Named) -> PyResult<Option<Noising>> {
    let given = named.get_item(POTENTIAL)?;
    Ok(given.and_then(|value| Some(value.cast::<Potential>().ok()?.get().0.clone())))
}

/// The options that may be arrays instead of files.
const ARRAYS: [&str; 2] = ["couplings", "addresses"];

/// The array that an option is, if it is one.
pub fn array(named: &Named, option: &str) -> PyResult<Option<Array2<f64>>> {
    match named.get_item(option)?.filter(|value| !value.is_instance_of::<PyString>()) {
        Some(value) => Ok(Some(read::<f64>(option, &value)?.as_array().to_owned())),
        None => Ok(None),
    }
}

/// Converts a Python value. Its range is checked later, by the option's kind.
fn value_of(parameter: &Parameter, value: &Bound<'_, PyAny>) -> PyResult<Value> {
    let expected = |what: &str| {
        let found = value.repr().map_or_else(|_| "another object".to_owned(), |text| text.to_string());
        PyTypeError::new_err(format!("{}: expected {what}, found {found}", parameter.name.replace('-', "_")))
    };
    let is_bool =
        value.is_instance_of::<PyBool>() || value.get_type().name()?.to_string().starts_with("bool");
    match parameter.kind {
        Kind::Flag if !is_bool => return Err(expected("True or False")),
        Kind::Flag | Kind::Switch | Kind::AutoOr(Kind::Switch) if is_bool => {
            return Ok(Value::Flag(value.is_truthy()?));
        }
        ref kind if is_bool => return Err(expected(&kind.to_string())),
        _ => {}
    }
    if let (Kind::List(each), false) = (&parameter.kind, value.is_instance_of::<PyString>()) {
        let part = Parameter { kind: **each, ..*parameter };
        let values = value.try_iter().map_err(|_| expected("a list of numbers"))?;
        return values.map(|value| value_of(&part, &value?)).collect::<PyResult<_>>().map(Value::List);
    }
    if let Ok(text) = value.cast::<PyString>() {
        let words: Vec<String> = text.to_string().split_whitespace().map(str::to_owned).collect();
        return Ok(Value::Text(words.join(" ")));
    }
    if value.hasattr("__index__")? {
        return Ok(match (value.extract::<u64>(), value.extract::<f64>()) {
            (Ok(count), _) => Value::Count(count),
            (_, Ok(number)) => Value::Number(number),
            _ => Value::Text(value.str()?.to_string()),
        });
    }
    match value.hasattr("__float__")?.then(|| value.extract::<f64>()) {
        Some(Ok(number)) => Ok(Value::Number(number)),
        _ => Err(expected(&parameter.kind.to_string())),
    }
}

/// Options as a Python dictionary.
pub fn shown<'py>(py: Python<'py>, options: &Options) -> PyResult<Bound<'py, PyDict>> {
    let shown = PyDict::new(py);
    for (name, value) in options.iter() {
        match value {
            Value::Flag(on) => shown.set_item(name, on)?,
            Value::Count(count) => shown.set_item(name, count)?,
            Value::Number(number) => shown.set_item(name, number)?,
            Value::List(values) => {
                let numbers = values.iter().map(|value| match value {
                    Value::Number(number) => *number,
                    _ => f64::NAN,
                });
                shown.set_item(name, PyList::new(py, numbers)?)?;
            }
            text => shown.set_item(name, text.to_string())?,
        }
    }
    Ok(shown)
}
