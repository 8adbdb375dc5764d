//! The gradient of scores, Σ_μ w_μ ∂S_μ/∂x, for flows along them.

use ndarray::{Array2, ArrayView2};

use super::measure::{Sloped, Stated};
use super::{Convention, Keys};
use crate::error::{Error, Result, check_rows, check_width};
use crate::real::Real;

/// √δ of |x| ≈ √(x² + δ). Below this distance in a unit, a smooth Manhattan distance is rounded off.
pub const ROUNDING: f64 = 1e-2;

/// The gradient of a weighted sum of scores, and how fast it falls with the state.
#[derive(Clone, Debug)]
pub struct Slope {
    /// Σ_μ w_μ ∂S_μ/∂x_i, B × D.
    pub pull: Array2<f64>,
    /// C_i ≥ 0 such that the pull is C_i(m_i − x_i), if it is a pull towards some m that depends on the weights alone
    /// (distances); 0 for other similarities. B × D.
    pub stiffness: Array2<f64>,
}

impl<F: Real> Keys<F> {
    /// Why these scores have no gradient, if they have none.
    pub fn flat(&self) -> Option<&'static str> {
        self.sloped().err()
    }

    fn sloped(&self) -> Stated<&dyn Sloped<F>> {
        match self.convention {
            Convention::Corrected => self.measure.slope(),
            Convention::Uhn2022 => Err("the published scores have poles and jumps"),
        }
    }

    /// Scores that are differentiable everywhere, B × N. They are those of [`scores`](Self::scores), except that |x|
    /// in Manhattan distances is √(x² + δ), δ = 10⁻⁴. Cost: B·N·D operations.
    ///
    /// # Errors
    /// Those of [`scores`](Self::scores); a similarity without a gradient.
    pub fn smooth_scores(&self, queries: ArrayView2<F>) -> Result<Array2<f64>> {
        self.needs_slope()?.smooth_scores(self, queries)
    }

    /// The gradient of Σ_μ w_μ S_μ at each query, for the [smooth scores](Self::smooth_scores). Cost: B·N·D
    /// operations.
    ///
    /// ```
    /// use attractor::similarities::{Convention, Keys, Similarity};
    /// use ndarray::array;
    /// let keys = Keys::new(Similarity::Euclidean, array![[0.0_f64, 1.0], [2.0, 2.0]], Convention::Corrected)?;
    /// // ∂/∂x of −½|x − y₁|² − ½|x − y₂|² at 0: y₁ + y₂.
    /// let slope = keys.slope(array![[0.0, 0.0]].view(), array![[0.5, 0.5]].view())?;
    /// assert_eq!(slope.pull, array![[2.0, 3.0]]);
    /// # Ok::<(), attractor::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`smooth_scores`](Self::smooth_scores); weights whose shape is not B × N.
    pub fn slope(&self, queries: ArrayView2<F>, weights: ArrayView2<f64>) -> Result<Slope> {
        let sloped = self.needs_slope()?;
        check_width("cues", queries.ncols(), self.values.ncols())?;
        check_rows("weights", weights.nrows(), queries.nrows())?;
        check_rows("weights of keys", weights.ncols(), self.values.nrows())?;
        sloped.slope(self, queries, weights)
    }

    /// The keys as they are multiplied with queries. For similarities that are not products, the keys themselves.
    pub(super) fn factors(&self) -> ArrayView2<'_, F> {
        self.compare.factors().unwrap_or_else(|| self.values())
    }

    fn needs_slope(&self) -> Result<&dyn Sloped<F>> {
        self.sloped().map_err(|reason| Error::Undefined {
            model: self.similarity.name(),
            what: "slope",
            reason: reason.into(),
        })
    }
}
