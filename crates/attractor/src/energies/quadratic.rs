//! The energy of classical Hopfield networks: E(x) = −½ xᵀWx.

use ndarray::{Array2, ArrayView1, ArrayView2};

use super::{Energy, Flip, Gradient};
use crate::error::{Error, Result, check_width};
use crate::kernels::{Whole, dots};
use crate::real::Real;

/// E(x) = −½ xᵀWx for a symmetric coupling matrix W (D × D).
///
/// (Hopfield 1982; Ambrogioni 2023, Eq. 2, which lacks the sign.) W is held in f64, in which Hebbian sums of ±1
/// products and their fields are exact integers, so that ties are exact. Couplings that are whole numbers are also kept in
/// two bytes each, from which fields of ±1 states are read. Fields of other couplings carry rounding: a field
/// of at most 10⁻¹² max(Σ_k |W_jk|, max |W|) counts as 0. The energy includes the diagonal, which adds a constant for ±1 states.
#[derive(Clone, Debug)]
pub struct Quadratic {
    weights: Array2<f64>,
    /// W in two bytes a coupling, if couplings are whole numbers of that size.
    whole: Option<Whole>,
    /// The diagonal W_jj, as a vector.
    diagonal: Vec<f64>,
    /// The rounding of each unit's field. `None` if couplings are whole numbers, whose sums are exact.
    rounding: Option<Vec<f64>>,
}

/// The share of Σ_k |W_jk| up to which a field may be rounding: sums of many products, kept up to date over many flips.
const ROUNDING: f64 = 1e-12;

impl Quadratic {
    /// The landscape of a coupling matrix.
    ///
    /// # Errors
    /// W not square, not finite, or not symmetric up to rounding, because then there is no energy.
    pub fn new(weights: Array2<f64>) -> Result<Self> {
        let (rows, columns) = weights.dim();
        if rows != columns || rows == 0 {
            return Err(Error::shape(
                "coupling matrix W",
                "D × D",
                format!("{rows} × {columns}"),
                "give one row and one column a unit",
            ));
        }
        crate::patterns::check_states("coupling matrix W", weights.view(), "repair the matrix")?;
        let largest = weights.iter().fold(0.0_f64, |m, w| m.max(w.abs()));
        if let Some((i, j)) = asymmetry(weights.view(), 1e-9 * largest) {
            return Err(Error::parameter(
                "coupling matrix W",
                "a symmetric matrix (an asymmetric one has no energy)",
                format!("W[{i},{j}] = {} but W[{j},{i}] = {}", weights[[i, j]], weights[[j, i]]),
            ));
        }
        let diagonal = weights.diag().to_vec();
        let exact = weights.iter().all(|w| w.fract() == 0.0);
        // The couplings of a unit may all be rounding, so they are also measured by the largest of all.
        let size = |row: ArrayView1<f64>| ROUNDING * row.iter().map(|w| w.abs()).sum::<f64>().max(largest);
        let rounding = (!exact).then(|| weights.outer_iter().map(size).collect());
        let whole = Whole::of(weights.view());
        Ok(Quadratic { weights: weights.as_standard_layout().into_owned(), whole, diagonal, rounding })
    }

    /// The coupling matrix W.
    pub fn weights(&self) -> ArrayView2<'_, f64> {
        self.weights.view()
    }

    /// The fields Wx of each row, in f64. Sums of whole numbers are exact, so both ways have the same bits.
    fn products<F: Real>(&self, states: ArrayView2<F>) -> Array2<f64> {
        let exact = self.whole.as_ref().and_then(|whole| whole.fields(states));
        exact.unwrap_or_else(|| dots(states.mapv(F::to_f64).view(), self.weights.view()))
    }
}

/// An entry that differs from its mirror image across the diagonal by more than `tolerance`. The matrix is compared
/// in square blocks, so that both rows and columns stay in the cache.
fn asymmetry(weights: ArrayView2<f64>, tolerance: f64) -> Option<(usize, usize)> {
    const SIDE: usize = 32;
    let blocks = weights.nrows().div_ceil(SIDE);
    let places = |block: usize| block * SIDE..weights.nrows().min((block + 1) * SIDE);
    let differ = |&(i, j): &(usize, usize)| (weights[[i, j]] - weights[[j, i]]).abs() > tolerance;
    let pairs = (0..blocks).flat_map(|a| (a..blocks).map(move |b| (a, b)));
    pairs.flat_map(|(a, b)| places(a).flat_map(move |i| places(b).map(move |j| (i, j)))).find(differ)
}

impl<F: Real> Energy<F> for Quadratic {
    fn dim(&self) -> usize {
        self.weights.nrows()
    }

    fn energy(&self, states: ArrayView2<F>, _level: &[f64]) -> Result<Vec<f64>> {
        check_width("states", states.ncols(), self.weights.nrows())?;
        let fields = self.products(states);
        let pairs = states.outer_iter().zip(fields.outer_iter());
        Ok(pairs.map(|(x, h)| -0.5 * x.iter().zip(h).map(|(x, h)| x.to_f64() * h).sum::<f64>()).collect())
    }
}

impl<F: Real> Gradient<F> for Quadratic {
    fn gradient(&self, states: ArrayView2<F>, _level: &[f64]) -> Result<Array2<F>> {
        check_width("states", states.ncols(), self.weights.nrows())?;
        Ok(self.products(states).mapv(|h| F::from_f64(-h)))
    }
}

impl<F: Real> Flip<F> for Quadratic {
    /// The fields Wx: O(D²) once, then O(D) for each flip.
    fn local(&self, state: &[F]) -> Vec<f64> {
        let state = ArrayView2::from_shape((1, state.len()), state).expect("one row");
        self.products(state).into_raw_vec_and_offset().0
    }

    /// W is read once for all states.
    fn locals(&self, states: ArrayView2<F>) -> Vec<Vec<f64>> {
        self.products(states).outer_iter().map(|fields| fields.to_vec()).collect()
    }

    fn drive(&self, state: &[F], unit: usize, local: &[f64]) -> Result<f64> {
        Ok(local[unit] - self.diagonal[unit] * state[unit].to_f64())
    }

    fn inertia(&self, unit: usize) -> f64 {
        self.diagonal[unit]
    }

    fn rounding(&self, unit: usize) -> f64 {
        self.rounding.as_ref().map_or(0.0, |rounding| rounding[unit])
    }

    fn fields(&self, states: ArrayView2<F>) -> Result<Array2<f64>> {
        check_width("states", states.ncols(), self.weights.nrows())?;
        let mut fields = self.products(states);
        if let Some(rounding) = &self.rounding {
            for mut row in fields.outer_iter_mut() {
                row.iter_mut().zip(rounding).filter(|(h, r)| h.abs() <= **r).for_each(|(h, _)| *h = 0.0);
            }
        }
        Ok(fields)
    }

    /// Sums of whole numbers are exact in any order. Of other couplings they are not.
    fn followed(&self) -> usize {
        // Above that, the product of many states is faster, which reads couplings once for all of them.
        self.whole.as_ref().map_or(0, |_| self.weights.nrows() / 4)
    }

    fn follow(&self, up: &[usize], down: &[usize], change: f64, fields: &mut [f64]) {
        let whole = self.whole.as_ref().expect("whole couplings");
        whole.add_rows(up, down, change, fields);
    }

    fn flip(&self, state: &mut [F], unit: usize, value: F, local: &mut [f64]) {
        let change = value.to_f64() - state[unit].to_f64();
        match &self.whole {
            Some(whole) => whole.add_row(unit, change, local),
            None => local.iter_mut().zip(self.weights.row(unit)).for_each(|(field, w)| *field += change * w),
        }
        state[unit] = value;
    }
}
