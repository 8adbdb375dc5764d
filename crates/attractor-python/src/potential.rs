//! Potentials of noise-injection dynamics.

use std::path::PathBuf;
use std::sync::Arc;

use attractor::potentials::{Amplitude, Curvature, DoubleWell, Form, FromFunctions, Noising, Quadratic};
use ndarray::Array2;
use numpy::PyArray1;
use pyo3::prelude::*;

use crate::arrays::{read, read_if};
use crate::error::{foreign as carried, refused, unreadable};

/// A noise-injection dynamics with a potential.
#[pyclass(frozen, module = "attractor._attractor")]
pub struct Potential(pub Noising);

/// The noise as Python gives it: a number, a first value and a rate, or times and values.
#[derive(FromPyObject)]
pub enum Sigma {
    Constant(f64),
    Exponential(f64, f64),
    Table(Vec<f64>, Vec<f64>),
}

impl Sigma {
    fn amplitude(self) -> PyResult<Amplitude> {
        match self {
            Sigma::Constant(sigma) => Amplitude::constant(sigma),
            Sigma::Exponential(first, rate) => Amplitude::exponential(first, rate),
            Sigma::Table(times, values) => Amplitude::table(times, values),
        }
        .map_err(refused)
    }
}

#[pymethods]
impl Potential {
    /// A quadratic potential, by its Hessian or by the eigenvalues and eigenvectors (rows) of it. Without eigenvectors
    /// these are the units.
    #[staticmethod]
    #[pyo3(signature = (minimum, sigma, *, hessian=None, eigenvalues=None, eigenvectors=None))]
    fn quadratic(
        minimum: Vec<f64>,
        sigma: Sigma,
        hessian: Option<&Bound<'_, PyAny>>,
        eigenvalues: Option<Vec<f64>>,
        eigenvectors: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let made = match (hessian, eigenvalues) {
            (Some(hessian), _) => Quadratic::new(minimum, read::<f64>("hessian", hessian)?.as_array()),
            (None, eigenvalues) => {
                let values = eigenvalues.unwrap_or_default();
                match read_if::<f64>("eigenvectors", eigenvectors)? {
                    Some(rows) => Quadratic::from_eigen(minimum, values, rows.as_array().to_owned()),
                    None => Quadratic::diagonal(minimum, values),
                }
            }
        };
        let form = Form::Quadratic(made.map_err(refused)?);
        Ok(Potential(Noising { form, amplitude: sigma.amplitude()? }))
    }

    /// A double well in each unit.
    #[staticmethod]
    fn double_well(strength: f64, well: f64, sigma: Sigma) -> PyResult<Self> {
        let form = Form::DoubleWell(DoubleWell::new(strength, well).map_err(refused)?);
        Ok(Potential(Noising { form, amplitude: sigma.amplitude()? }))
    }

    /// A potential of Python functions, which take an array of D numbers and return a number, a list of D numbers, and a
    /// list of D numbers or of D such lists.
    #[staticmethod]
    fn functions(
        dim: usize,
        value: Py<PyAny>,
        gradient: Py<PyAny>,
        hessian: Py<PyAny>,
        sigma: Sigma,
    ) -> PyResult<Self> {
        let value = move |x: &[f64]| {
            Python::attach(|py| value.bind(py).call1((PyArray1::from_slice(py, x),))?.extract::<f64>())
                .map_err(carried)
        };
        let gradient = move |x: &[f64]| {
            Python::attach(|py| {
                gradient.bind(py).call1((PyArray1::from_slice(py, x),))?.extract::<Vec<f64>>()
            })
            .map_err(carried)
        };
        let hessian = move |x: &[f64]| Python::attach(|py| curvature(py, &hessian, x)).map_err(carried);
        let form = Form::Other(Arc::new(FromFunctions::new(dim, value, gradient, hessian)));
        Ok(Potential(Noising { form, amplitude: sigma.amplitude()? }))
    }

    /// The potential that a file describes.
    #[staticmethod]
    fn read(path: PathBuf) -> PyResult<Self> {
        attractor_data::read_potential(&path).map(Potential).map_err(unreadable)
    }
}

fn curvature(py: Python<'_>, hessian: &Py<PyAny>, x: &[f64]) -> PyResult<Curvature> {
    let answer = hessian.bind(py).call1((PyArray1::from_slice(py, x),))?;
    if let Ok(diagonal) = answer.extract::<Vec<f64>>() {
        return Ok(Curvature::Diagonal(diagonal));
    }
    let rows = answer.extract::<Vec<Vec<f64>>>()?;
    let columns = rows.first().map_or(0, Vec::len);
    let numbers: Vec<f64> = rows.iter().flatten().copied().collect();
    // Rows of unequal length have no shape of their own; the first row's shows them as wrong.
    let shape =
        if numbers.len() == rows.len() * columns { (rows.len(), columns) } else { (1, numbers.len()) };
    Ok(Curvature::Full(Array2::from_shape_vec(shape, numbers).expect("so many numbers")))
}
