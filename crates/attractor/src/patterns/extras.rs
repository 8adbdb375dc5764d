//! What can be stored with each pattern besides its values.

use ndarray::{Array2, Axis, concatenate};

use crate::error::{Error, Result};
use crate::real::Real;

/// The labels, prior weights and associated vectors of patterns, each optional, with one entry for each pattern.
#[derive(Clone, Debug)]
pub struct Extras<F> {
    /// The labels, such as file names or classes.
    pub labels: Option<Vec<String>>,
    /// The prior weights π_n > 0, with any sum.
    pub weights: Option<Vec<f64>>,
    /// The associated vectors, N × Dv.
    pub associated: Option<Array2<F>>,
}

impl<F> Default for Extras<F> {
    fn default() -> Self {
        Extras { labels: None, weights: None, associated: None }
    }
}

impl<F: Real> Extras<F> {
    /// The extras of some patterns, in this order.
    pub(super) fn select(self, rows: &[usize]) -> Self {
        Extras {
            labels: self.labels.map(|l| rows.iter().map(|&r| l[r].clone()).collect()),
            weights: self.weights.map(|w| rows.iter().map(|&r| w[r]).collect()),
            associated: self.associated.map(|a| a.select(Axis(0), rows)),
        }
    }

    /// The extras of `old` patterns followed by `new` ones. If only one side has labels, the other side gets empty
    /// labels. Weights and associated vectors must be on both sides or on neither, because no default makes sense.
    pub(super) fn join(self, more: Self, old: usize, new: usize) -> Result<Self> {
        let labels = (self.labels.is_some() || more.labels.is_some()).then(|| {
            let mut labels = self.labels.unwrap_or_else(|| vec![String::new(); old]);
            labels.extend(more.labels.unwrap_or_else(|| vec![String::new(); new]));
            labels
        });
        let uneven = |what: &str, there: bool| {
            let (has, lacks) = if there { ("stored", "new") } else { ("new", "stored") };
            let cure = format!("give {what} to all patterns or to none");
            Error::shape(
                what,
                "all patterns alike",
                format!("{what} of the {has} patterns, none of the {lacks} ones"),
                cure,
            )
        };
        let weights = match (self.weights, more.weights) {
            (None, None) => None,
            (Some(mut a), Some(b)) => {
                crate::error::check_rows("pattern weights", b.len(), new)?;
                a.extend(b);
                Some(a)
            }
            (a, _) => return Err(uneven("weights", a.is_some())),
        };
        let associated = match (self.associated, more.associated) {
            (None, None) => None,
            (Some(a), Some(b)) => {
                crate::error::check_width("values", b.ncols(), a.ncols())?;
                Some(concatenate(Axis(0), &[a.view(), b.view()]).expect("equal widths"))
            }
            (a, _) => return Err(uneven("values", a.is_some())),
        };
        Ok(Extras { labels, weights, associated })
    }
}
