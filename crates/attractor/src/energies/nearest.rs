//! The memory nearest to a state.

use ndarray::{ArrayView1, ArrayView2};

use crate::kernels::{Packed, nearest, nearest_by_bits};
use crate::patterns::Patterns;
use crate::real::Real;

/// The memory that a state lies on or is nearest to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearest {
    /// The index of the memory.
    pub memory: usize,
    /// The cosine between the state and the memory's nearest point, which for ±1 states is (1/D) x·y. 0 if either
    /// vector is zero.
    pub overlap: f64,
    /// The distance from that point: root mean square over units, in raw units.
    pub distance: f64,
}

impl Nearest {
    /// Compares a state with the nearest point of a memory. `rms` converts a squared distance to a root mean square
    /// distance in raw units.
    pub(super) fn at<F: Real>(
        memory: usize,
        state: ArrayView1<F>,
        point: impl Iterator<Item = f64>,
        rms: impl Fn(f64) -> f64,
    ) -> Self {
        let (mut product, mut square, mut own, mut apart) = (0.0, 0.0, 0.0, 0.0);
        for (x, y) in state.iter().map(|x| x.to_f64()).zip(point) {
            product += x * y;
            square += x * x;
            own += y * y;
            apart += (x - y).powi(2);
        }
        let norms = (square * own).sqrt();
        let overlap = if norms > 0.0 { (product / norms).clamp(-1.0, 1.0) } else { 0.0 };
        Nearest { memory, overlap, distance: rms(apart) }
    }
}

/// The pattern nearest to each state, if all are ±1: what [`nearest_patterns`] finds, from bits.
pub(crate) fn nearest_signs<F: Real>(
    patterns: &Patterns<F>,
    signs: &Packed,
    states: ArrayView2<F>,
) -> Option<Vec<Nearest>> {
    if !states.iter().fold(true, |all, x| all & (x.abs() == F::ONE)) {
        return None;
    }
    let (dim, scale) = (patterns.dim() as f64, patterns.preparation().scale());
    let one = |(memory, differ): (usize, u32)| {
        let differ = f64::from(differ);
        let rms = (4.0 * differ / dim).sqrt() / scale;
        Nearest { memory, overlap: (dim - 2.0 * differ) / dim, distance: rms }
    };
    Some(nearest_by_bits(&Packed::from_signs(states), signs).into_iter().map(one).collect())
}

/// The nearest pattern of each (prepared) state: it is searched unless it is known. Ties go to the lowest index.
pub(crate) fn nearest_patterns<F: Real>(
    patterns: &Patterns<F>,
    states: ArrayView2<F>,
    known: Option<Vec<usize>>,
) -> Vec<Nearest> {
    let memories = known.unwrap_or_else(|| nearest(patterns, states));
    let (dim, scale) = (patterns.dim() as f64, patterns.preparation().scale());
    let points = patterns.select(&memories);
    let one = |((state, n), point): ((ArrayView1<F>, usize), ArrayView1<F>)| {
        Nearest::at(n, state, point.iter().map(|y| y.to_f64()), |square| (square / dim).sqrt() / scale)
    };
    states.outer_iter().zip(memories).zip(points.outer_iter()).map(one).collect()
}
