//! Checks that a caller's functions are those of a potential.

use super::{Curvature, Potential};
use crate::error::{Error, Result};

/// Differences of gradients agree with the Hessian to this share of its largest number. It is far above the error of
/// the differences (10⁻⁹ for smooth functions of size 1), and far below any drift that turns on purpose.
const AGREES: f64 = 1e-4;

/// The relative length of a difference: the cube root of rounding.
const LENGTH: f64 = 6e-6;

/// Returns an error if the functions of a potential do not fit together at `x`: a gradient or Hessian of wrong size or
/// not finite, a Hessian that is not symmetric or not the derivative of the gradient, or a gradient that is not the
/// derivative of V.
///
/// A drift that is not conservative shows as a gradient whose derivative is not symmetric. Eq. 15 excludes it, since
/// Eq. 18 then has no energy. Cost: 2 D gradients and 2 D values.
///
/// # Errors
/// As above, and the errors of the functions.
pub fn check_conservative(potential: &dyn Potential, x: &[f64]) -> Result<()> {
    let dim = potential.dim();
    let hessian = hessian_at(potential, x)?;
    let entry = |i: usize, j: usize| match &hessian {
        Curvature::Diagonal(diagonal) if i == j => diagonal[i],
        Curvature::Diagonal(_) => 0.0,
        Curvature::Full(matrix) => matrix[[i, j]],
    };
    let gradient = gradient_at(potential, x)?;
    let largest = (0..dim)
        .flat_map(|i| (0..dim).map(move |j| (i, j)))
        .fold(0.0_f64, |l, (i, j)| l.max(entry(i, j).abs()));
    let steepest = gradient.iter().fold(0.0_f64, |l, g| l.max(g.abs()));
    let mut moved = x.to_vec();
    for j in 0..dim {
        let length = LENGTH * x[j].abs().max(1.0);
        let mut at = |sign: f64| -> Result<(f64, Vec<f64>)> {
            moved[j] = x[j] + sign * length;
            let both = (value_at(potential, &moved)?, gradient_at(potential, &moved)?);
            moved[j] = x[j];
            Ok(both)
        };
        let ((high, up), (low, down)) = (at(1.0)?, at(-1.0)?);
        for i in 0..dim {
            let found = (up[i] - down[i]) / (2.0 * length);
            let room = AGREES * (largest + steepest);
            if (found - entry(i, j)).abs() > room {
                return Err(Error::parameter(
                    "gradient of the potential",
                    format!(
                        "the gradient of one potential, with the Hessian's {} at row {i}, column {j} (a drift that \
                         turns has no energy, and Eq. 15 excludes it)",
                        entry(i, j)
                    ),
                    format!("a derivative of {found}"),
                ));
            }
        }
        let slope = (high - low) / (2.0 * length);
        if (slope - gradient[j]).abs() > AGREES * (largest + steepest + high.abs()) {
            return Err(Error::parameter(
                "gradient of the potential",
                format!("the derivative of V, {slope} at unit {j}"),
                gradient[j],
            ));
        }
    }
    Ok(())
}

fn value_at(potential: &dyn Potential, x: &[f64]) -> Result<f64> {
    let value = potential.value(x)?;
    if value.is_finite() { Ok(value) } else { Err(Error::parameter("potential V", "a finite number", value)) }
}

/// The gradient at `x`, of the right size and finite.
pub(crate) fn gradient_at(potential: &dyn Potential, x: &[f64]) -> Result<Vec<f64>> {
    let gradient = potential.gradient(x)?;
    check_list("gradient of the potential", &gradient, x.len())?;
    Ok(gradient)
}

/// The Hessian at `x`, of the right size, finite and symmetric.
pub(crate) fn hessian_at(potential: &dyn Potential, x: &[f64]) -> Result<Curvature> {
    const WHAT: &str = "Hessian of the potential";
    let hessian = potential.hessian(x)?;
    match &hessian {
        Curvature::Diagonal(diagonal) => check_list(WHAT, diagonal, x.len())?,
        Curvature::Full(matrix) => {
            if matrix.dim() != (x.len(), x.len()) {
                return Err(Error::shape(
                    WHAT,
                    format!("{0} x {0}", x.len()),
                    format!("{} x {}", matrix.nrows(), matrix.ncols()),
                    "return one row and one column a unit",
                ));
            }
            let largest = matrix.iter().fold(0.0_f64, |l, h| l.max(h.abs()));
            // This also refuses NaN.
            let even = |((i, j), h): ((usize, usize), &f64)| (h - matrix[[j, i]]).abs() <= 1e-9 * largest;
            if let Some(((i, j), h)) = matrix.indexed_iter().find(|&entry| !even(entry)) {
                return Err(Error::parameter(
                    WHAT,
                    "a finite symmetric matrix (a drift that turns is the gradient of no potential)",
                    format!("{h} at row {i}, column {j}, and {} at row {j}, column {i}", matrix[[j, i]]),
                ));
            }
        }
    }
    Ok(hessian)
}

fn check_list(what: &str, values: &[f64], units: usize) -> Result<()> {
    if values.len() != units {
        let found = values.len().to_string();
        return Err(Error::shape(what, format!("{units} numbers"), found, "return one number a unit"));
    }
    match values.iter().position(|v| !v.is_finite()) {
        Some(unit) => Err(Error::NotFinite {
            what: what.into(),
            found: values[unit].to_string(),
            row: 0,
            unit,
            cure: "return finite numbers".into(),
        }),
        None => Ok(()),
    }
}
