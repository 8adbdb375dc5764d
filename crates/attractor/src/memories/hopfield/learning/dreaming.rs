//! The dreaming kernel, between Hebb's rule and the pseudo-inverse.

use ndarray::{Array2, ArrayView2};

use super::hebb::products;
use super::{DREAMS, Facts, Learning, TIMES};
use crate::error::{Error, Result};
use crate::kernels::dots;
use crate::linear::Cholesky;
use crate::real::Real;

pub(super) const FACTS: Facts = Facts {
    name: "dreaming",
    about: "between hebb and pseudo-inverse",
    options: &[DREAMS.name],
    read: |options| {
        let dreams = options.number(DREAMS.name).map_or(Dreams::Auto, Dreams::Time);
        Ok(Learning::Dreaming(dreams))
    },
    ..Facts::ANEW
};

/// The time that is best at nearly every load; see docs/ideas/dreaming.md.
const BEST: f64 = 8.0;

/// How long a network of the rule [`Dreaming`](Learning::Dreaming) dreams.
///
/// ```
/// use attractor::memories::{Dreams, Hopfield, HopfieldOptions, Learning};
/// use attractor::Patterns;
/// use ndarray::array;
/// let patterns = Patterns::new(array![[1.0_f64, 1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0]])?;
/// let learning = Learning::Dreaming(Dreams::Time(3.0));
/// let options = HopfieldOptions { learning, self_coupling: true, ..HopfieldOptions::default() };
/// let memory = Hopfield::new(patterns, options)?;
/// // C has the eigenvalues λ = 1.5 and 0.5, which become (1 + t)λ/(1 + tλ).
/// let trace: f64 = memory.quadratic().weights().diag().sum();
/// assert!((trace - (6.0 / 5.5 + 2.0 / 2.5)).abs() < 1e-12);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Dreams {
    /// t = 8. With random patterns, no other time lets recall begin with .013 more of the units flipped, at any load from
    /// N = 0.1 D to 0.9 D.
    #[default]
    Auto,
    /// The time t, 0 to 10⁶.
    Time(f64),
}

impl Dreams {
    /// The time t.
    pub fn time(self) -> f64 {
        match self {
            Dreams::Auto => BEST,
            Dreams::Time(time) => time,
        }
    }
}

/// J(t) = (1 + t) Yᵀ(I + tC)⁻¹Y/D with C = YYᵀ/D (Fachechi, Agliari & Barra 2019).
///
/// With s = 1/(1 + t) and A = sI + (1 − s)C it is YᵀA⁻¹Y/D = (L⁻¹Y)ᵀ(L⁻¹Y)/D, A = LLᵀ, which takes some N²D + ND²
/// operations. Where there are more patterns than units it is B⁻¹H with H = YᵀY/D and B = sI + (1 − s)H, which takes
/// ND² + 2D³.
pub(super) fn learn<F: Real>(
    _before: Array2<f64>,
    patterns: ArrayView2<F>,
    dreams: Dreams,
) -> Result<Array2<f64>> {
    let time = dreams.time();
    if !TIMES.contains(time) {
        return Err(Error::parameter(DREAMS.name, TIMES.to_string(), time));
    }
    let (count, dim) = patterns.dim();
    let (awake, asleep) = (1.0 / (1.0 + time), time / (1.0 + time));
    let factor = |products: &Array2<f64>| {
        let mut mixed = products * asleep;
        mixed.diag_mut().mapv_inplace(|d| d + awake);
        Cholesky::new(mixed.view())
    };
    if count > dim {
        let hebb = products(patterns) / dim as f64;
        let couplings = factor(&hebb)?.solve(hebb.view())?;
        return Ok((&couplings + &couplings.t()) / 2.0);
    }
    let wide = patterns.mapv(F::to_f64);
    let overlaps = dots(wide.view(), wide.view()) / dim as f64;
    let units = factor(&overlaps)?.half_solve(wide.t())?;
    Ok(dots(units.view(), units.view()) / dim as f64)
}
