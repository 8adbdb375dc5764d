//! Products of mapped vectors: dot, cosine, Pearson's correlation, and the paper's "dot product".

use std::sync::Arc;

use ndarray::{ArcArray2, Array2, ArrayView1, ArrayView2};

use super::{Compare, Convention, Similarity, map_rows};
use crate::error::{Error, Result};
use crate::kernels::dots;
use crate::message;
use crate::message::Argument;
use crate::real::Real;

/// What is done to a vector before it is multiplied.
#[derive(Clone, Copy)]
enum Map {
    /// Nothing.
    None,
    /// x/‖x‖, or 0.
    Unit,
    /// x − mean(x), to length 1, or 0 if x is constant.
    Centred,
    /// x/Σx.
    Share,
    /// x/c.
    Over(f64),
    /// x/‖x‖, which is no number for 0.
    Direction,
}

impl Map {
    fn apply<F: Real>(self, x: ArrayView1<F>, to: &mut [f64]) {
        to.iter_mut().zip(x).for_each(|(to, x)| *to = x.wide());
        let length = |x: &[f64]| x.iter().map(|v| v * v).sum::<f64>().sqrt();
        let divisor = match self {
            Map::None => return,
            Map::Unit | Map::Direction => length(to),
            Map::Centred => {
                let largest = to.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
                let mean = to.iter().sum::<f64>() / to.len() as f64;
                to.iter_mut().for_each(|v| *v -= mean);
                // What only rounding of the mean leaves of a constant vector is nothing.
                let rounding = 4.0 * to.len() as f64 * f64::EPSILON * largest * (to.len() as f64).sqrt();
                Some(length(to)).filter(|length| *length > rounding).unwrap_or(0.0)
            }
            Map::Share => to.iter().sum(),
            Map::Over(divisor) => divisor,
        };
        let zero = divisor == 0.0 && matches!(self, Map::Unit | Map::Centred);
        to.iter_mut().for_each(|v| *v = if zero { 0.0 } else { *v / divisor });
    }
}

struct Products<F> {
    keys: ArcArray2<F>,
    queries: Map,
}

impl<F: Real> Compare<F> for Products<F> {
    fn scores(&self, queries: ArrayView2<F>) -> Array2<f64> {
        let products = match self.queries {
            Map::None => dots(queries, self.keys.view()),
            map => dots(map_rows(queries, |x, to| map.apply(x, to)).view(), self.keys.view()),
        };
        products.mapv(F::wide)
    }

    fn factors(&self) -> Option<ArrayView2<'_, F>> {
        Some(self.keys.view())
    }
}

pub(super) fn compare<F: Real>(
    similarity: Similarity,
    convention: Convention,
    keys: ArcArray2<F>,
) -> Result<Arc<dyn Compare<F>>> {
    let published = convention == Convention::Uhn2022;
    let (of_keys, queries) = match similarity {
        Similarity::Dot => (Map::None, Map::None),
        Similarity::Cosine if published => {
            let norm = keys.iter().map(|x| x.wide() * x.wide()).sum::<f64>().sqrt();
            (Map::Over(norm), Map::Direction)
        }
        Similarity::Cosine => (Map::Unit, Map::Unit),
        Similarity::Pearson if published => {
            return Err(Error::Undefined {
                model: "uhn2022",
                what: "similarity pearson",
                reason: message!["the published code has none; leave ", Argument::option("compat"), " away"],
            });
        }
        Similarity::Pearson => (Map::Centred, Map::Centred),
        _ => (Map::Share, Map::Share),
    };
    let keys = match of_keys {
        Map::None => keys,
        map => map_rows(keys.view(), |x, to| map.apply(x, to)).into_shared(),
    };
    Ok(Arc::new(Products { keys, queries }))
}

/// Vectors as they are multiplied in the corrected convention.
pub(super) fn map_queries<F: Real>(similarity: Similarity, vectors: ArrayView2<F>) -> Array2<F> {
    let map = match similarity {
        Similarity::Cosine => Map::Unit,
        Similarity::Pearson => Map::Centred,
        Similarity::L1Dot => Map::Share,
        _ => Map::None,
    };
    map_rows(vectors, |x, to| map.apply(x, to))
}
