//! Learning rules, which turn patterns into couplings.

use std::str::FromStr;

use ndarray::{Array1, Array2, ArrayView2, Zip, s};

use crate::error::Error;
use crate::kernels::dots;
use crate::memories::{Learned, Weights};
use crate::message;
use crate::message::Argument;
use crate::options::find;
use crate::patterns::Patterns;
use crate::real::Real;

/// The learning rule: how patterns become a coupling matrix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Learning {
    /// W = Σ_n y_n y_nᵀ (Ambrogioni 2023, Eq. 3), not scaled. For ±1 patterns these are exact sums of integers.
    #[default]
    Hebb,
    /// W is the projection onto the span of the patterns (Personnaz, Guyon & Dreyfus 1985): every linearly
    /// independent pattern is a fixed point, up to D of them. Patterns are learned one at a time, from the part of
    /// each that is not yet in the span.
    PseudoInverse,
    /// ΔW_ij = (y_i y_j − y_i h_ji − h_ij y_j)/D, h_ij = Σ_{k≠i,j} W_ik y_k (Storkey & Valabregue
    /// 1999): local and incremental like Hebb, with a higher capacity. The result depends on the order of the
    /// patterns.
    Storkey,
    /// W as it is given. Patterns are not learned, and only compared with.
    Given,
}

impl FromStr for Learning {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        find("rule", Self::ALL, name)
    }
}

impl Learning {
    /// The name of the rule for couplings that are given.
    pub const GIVEN: &str = "given";

    /// All rules with their names.
    pub const ALL: &[(&'static str, Self)] = &[
        ("hebb", Self::Hebb),
        ("pseudo-inverse", Self::PseudoInverse),
        ("storkey", Self::Storkey),
        (Self::GIVEN, Self::Given),
    ];

    /// The coupling matrix with its diagonal. Learning continues from the matrix of the first patterns, if given.
    pub(super) fn couplings<F: Real>(
        self,
        patterns: &Patterns<F>,
        learned: Option<Learned>,
    ) -> Result<Array2<f64>, Error> {
        let dim = patterns.dim();
        if dim > MOST_UNITS {
            let gigabytes = (dim as f64).powi(2) * 8e-9;
            return Err(Error::shape(
                "patterns",
                format!("at most {MOST_UNITS} units for couplings between all pairs of them"),
                format!("{dim}, which take {gigabytes:.0} GB"),
                message!["use smaller images (", Argument::Resize, ") or another model"],
            ));
        }
        let (done, couplings) = match learned {
            Some(Learned { patterns, weights: Weights::Couplings(couplings) }) => (patterns, couplings),
            _ if self == Learning::Given => {
                let cure = message!["give them (", Argument::option("couplings"), ") or another rule"];
                return Err(Error::Empty { what: "couplings of the rule given".to_owned(), cure });
            }
            _ => (0, Array2::zeros((dim, dim))),
        };
        if done > patterns.len() || couplings.dim() != (dim, dim) {
            return Err(Error::shape(
                "learned couplings",
                format!("{dim} × {dim} from at most {} patterns", patterns.len()),
                format!("{} × {} from {done}", couplings.nrows(), couplings.ncols()),
                "store the patterns again",
            ));
        }
        let new = patterns.values().slice_move(s![done.., ..]);
        Ok(match self {
            _ if new.is_empty() => couplings,
            Learning::Given => couplings,
            Learning::Hebb => {
                let units = new.t().mapv(F::to_f64).as_standard_layout().into_owned();
                couplings + dots(units.view(), units.view())
            }
            Learning::PseudoInverse => without_rounding(each(couplings, new, |weights, y| {
                // The part of y that is not yet in the span. The second pass removes the rounding errors of the
                // first.
                let fresh = &y - &weights.dot(&y);
                let fresh = &fresh - &weights.dot(&fresh);
                let square = fresh.dot(&fresh);
                if square > DEPENDENT * y.dot(&y) {
                    add_outer(weights, 1.0 / square, &fresh, &fresh);
                }
            })),
            Learning::Storkey => each(couplings, new, |weights, y| {
                let scale = 1.0 / y.len() as f64;
                // The fields without each unit's own coupling; h_ij also leaves out unit j.
                let field = &weights.dot(&y) - &(&weights.diag() * &y);
                Zip::indexed(weights).for_each(|(i, j), w| {
                    let other = if i == j { 0.0 } else { *w };
                    let (h_ij, h_ji) = (field[i] - other * y[j], field[j] - other * y[i]);
                    *w += scale * (y[i] * y[j] - y[i] * h_ji - y[j] * h_ij);
                });
            }),
        })
    }
}

/// The largest number of units; their couplings take 8 GB.
pub(in crate::memories) const MOST_UNITS: usize = 32_000;

/// A pattern counts as a linear combination of earlier ones if less than this share of its square is new.
const DEPENDENT: f64 = 1e-10;

/// The entries of a projection are at most 1, so entries of the size of rounding errors are set to 0. Patterns that
/// span all states then give the identity, whose fields keep every unit.
fn without_rounding(weights: Array2<f64>) -> Array2<f64> {
    const ROUNDING: f64 = 1e-12;
    weights.mapv(|w| if w.abs() < ROUNDING { 0.0 } else { w })
}

/// Learns the patterns one after the other.
fn each<F: Real>(
    mut weights: Array2<f64>,
    patterns: ArrayView2<F>,
    learn: impl Fn(&mut Array2<f64>, Array1<f64>),
) -> Array2<f64> {
    for pattern in patterns.outer_iter() {
        learn(&mut weights, pattern.mapv(F::to_f64));
    }
    weights
}

/// W += a x yᵀ
fn add_outer(weights: &mut Array2<f64>, a: f64, x: &Array1<f64>, y: &Array1<f64>) {
    Zip::indexed(weights).for_each(|(i, j), w| *w += a * (x[i] * y[j]));
}
