//! How alike a stored key and a query are: the first third of a single-shot memory (Millidge et al. 2022).
//!
//! A score is larger the more alike the two are. Distances are scores by their negative, or by their
//! reciprocal as in the paper's code. [`Convention::Uhn2022`] computes what that code computes, slips
//! included; the default is what the names say.
//!
//! A similarity is one file and one line of the list below. What it must say, and what it may, is the trait
//! `Measure`; what it does not say is refused.

mod cosine;
mod distances;
mod divergences;
mod dot;
mod euclidean;
mod hamming;
mod inverse_euclidean;
mod inverse_manhattan;
mod jensen_shannon;
mod kl;
mod l1_dot;
mod manhattan;
mod means;
mod measure;
mod pearson;
mod products;
mod reverse_kl;
mod slope;

pub(crate) use measure::{
    BestState, Compare, Descent, EnergyOf, Growth, Measure, Pair, Stated, Update, WeightFacts,
};
pub use slope::{ROUNDING, Slope};

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use ndarray::{ArcArray2, Array2, ArrayView2};

use crate::error::{CueCure, Error, Result, check_width};
use crate::message;
use crate::message::{Argument, Message};
use crate::patterns::check_states;
use crate::real::Real;

macro_rules! similarities {
    ($($name:ident: $module:ident, $doc:literal;)*) => {
        /// How alike two vectors are.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Similarity { $(#[doc = $doc] $name),* }

        /// Every similarity, in the order of the paper's tables.
        pub const SIMILARITIES: &[Facts] = &[$($module::FACTS),*];

        /// The name of every similarity, in the order of [`SIMILARITIES`].
        pub fn names() -> &'static [&'static str] {
            &[$($module::FACTS.name),*]
        }

        impl Similarity {
            /// What there is to know of it.
            pub fn facts(self) -> &'static Facts {
                match self {
                    $(Similarity::$name => const { &$module::FACTS }),*
                }
            }

            fn measure<F: Real>(self) -> Arc<dyn Measure<F>> {
                match self {
                    $(Similarity::$name => Arc::new($module::$name)),*
                }
            }
        }
    };
}

similarities! {
    Dot: dot, "x·z";
    Cosine: cosine, "x·z/(‖x‖‖z‖); 0 if either is zero.";
    Pearson: pearson, "The cosine after each vector's own mean is subtracted; 0 if either is constant.";
    Euclidean: euclidean, "−‖x − z‖²";
    Manhattan: manhattan, "−‖x − z‖₁";
    InverseEuclidean: inverse_euclidean, "1/(‖x − z‖² + δ), δ = 10⁻⁴";
    InverseManhattan: inverse_manhattan, "1/(‖x − z‖₁ + δ), δ = 10⁻⁴";
    L1Dot: l1_dot, "(x/Σx)·(z/Σz), the paper's \"dot product\"";
    KullbackLeibler: kl, "−KL(p‖q) of stored p and cue q, both smoothed: p = (x + ε)/Σ(x + ε), ε = 10⁻⁴";
    ReverseKullbackLeibler: reverse_kl, "−KL(q‖p)";
    JensenShannon: jensen_shannon, "−½KL(p‖m) − ½KL(q‖m), m = (p + q)/2: at least −ln 2";
    Hamming: hamming, "The number of equal bits.";
}

/// Signs that scores can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// Any: products.
    Any,
    /// None above 0: distances by their negative.
    Negative,
    /// None below 0: counts and reciprocals of distances.
    Positive,
}

/// What vectors a similarity is defined for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// All.
    Any,
    /// Amounts: no unit below 0.
    Amounts,
    /// Amounts that do not all vanish.
    Shares,
    /// Two values: −1 and 1, or 0 and 1.
    Bits,
}

/// What there is to know of a similarity.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Which one it is.
    pub similarity: Similarity,
    /// Its name, as on the command line.
    pub name: &'static str,
    /// Its score of a stored x and a cue z.
    pub formula: &'static str,
    /// Signs of its scores.
    pub range: Range,
    /// What it is defined for.
    pub data: Data,
    /// The least score within a radius (a distance), or at least so large, of vectors of so many units.
    least: fn(f64, usize) -> f64,
}

/// δ of the reciprocals: an exact match weighs 10⁴ and not infinity.
pub const DELTA: f64 = 1e-4;
/// ε of the divergences, added to each unit.
pub const EPSILON: f64 = 1e-4;

impl Similarity {
    /// Its name.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// The least score of keys within a radius of the cue, for similarities that are distances (‖x − z‖ for
    /// the Euclidean ones); for the others the radius is the least score itself.
    pub fn least_score(self, radius: f64, dim: usize) -> f64 {
        (self.facts().least)(radius, dim)
    }
}

impl fmt::Display for Similarity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Similarity {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = SIMILARITIES.iter().find(|f| f.name == name);
        found.map(|f| f.similarity).ok_or_else(|| Error::unknown("similarity", name, names().iter().copied()))
    }
}

/// Whose arithmetic is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Convention {
    /// What the names say.
    #[default]
    Corrected,
    /// The code published with Millidge et al. (2022), slip for slip: distances are reciprocals without δ,
    /// "cosine" divides by the norm of the whole store, the divergences add ε after normalising and are
    /// reciprocals that may be negative, and "Jensen–Shannon" is the harmonic mean of two divergences, which
    /// is largest for the least alike.
    Uhn2022,
}

/// Stored keys, ready to be compared with queries.
///
/// ```
/// use attractor::similarities::{Convention, Keys, Similarity};
/// use ndarray::array;
/// let keys = Keys::new(Similarity::Manhattan, array![[0.0_f64, 1.0], [2.0, 2.0]], Convention::Corrected)?;
/// assert_eq!(keys.scores(array![[0.0, 0.0]].view())?, array![[-1.0, -4.0]]);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone)]
pub struct Keys<F> {
    similarity: Similarity,
    convention: Convention,
    measure: Arc<dyn Measure<F>>,
    values: ArcArray2<F>,
    compare: Arc<dyn Compare<F>>,
}

impl<F> fmt::Debug for Keys<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Keys { similarity, convention, .. } = self;
        f.debug_struct("Keys").field("similarity", similarity).field("convention", convention).finish()
    }
}

impl<F: Real> Keys<F> {
    /// Keys as rows, N × D.
    ///
    /// # Errors
    /// No keys, numbers that are not finite, keys that the similarity is not defined for, a similarity that
    /// the published code does not have.
    pub fn new(
        similarity: Similarity,
        keys: impl Into<ArcArray2<F>>,
        convention: Convention,
    ) -> Result<Self> {
        let keys = keys.into();
        if keys.is_empty() {
            return Err(Error::Empty { what: "keys".into(), cure: "give an N × D array".into() });
        }
        check(similarity, convention, "patterns", keys.view())?;
        let keys = if keys.is_standard_layout() {
            keys
        } else {
            keys.as_standard_layout().into_owned().into_shared()
        };
        let (measure, values) = (similarity.measure(), keys.clone());
        let compare = match convention {
            Convention::Corrected => measure.compare(keys)?,
            Convention::Uhn2022 => measure.published(keys).ok_or_else(|| Error::Undefined {
                model: "uhn2022",
                what: "such similarity",
                reason: message![
                    format!("the published code has no {similarity}; leave "),
                    Argument::option("compat"),
                    " away"
                ],
            })?,
        };
        Ok(Keys { similarity, convention, measure, values, compare })
    }

    /// The same keys, compared by a similarity that is in no list.
    #[cfg(test)]
    pub(crate) fn measured_by(self, measure: impl Measure<F> + 'static) -> Self {
        let compare = measure.compare(self.values.clone()).expect("keys that can be compared");
        Keys { measure: Arc::new(measure), compare, ..self }
    }

    /// By what they are compared.
    pub fn similarity(&self) -> Similarity {
        self.similarity
    }

    /// Whose arithmetic is used.
    pub fn convention(&self) -> Convention {
        self.convention
    }

    /// What the similarity says of itself.
    pub(crate) fn measure(&self) -> &dyn Measure<F> {
        &*self.measure
    }

    /// The keys, N × D.
    pub fn values(&self) -> ArrayView2<'_, F> {
        self.values.view()
    }

    /// Scores of queries (B × D) with all keys, B × N. Cost B·N·D operations.
    ///
    /// Not finite only in the published convention: +∞ for an exact match, NaN where a vector sums to 0.
    ///
    /// # Errors
    /// Queries of another width, not finite, or that the similarity is not defined for.
    pub fn scores(&self, queries: ArrayView2<F>) -> Result<Array2<f64>> {
        check_width("cues", queries.ncols(), self.values.ncols())?;
        check(self.similarity, self.convention, "cues", queries)?;
        Ok(self.compare.scores(queries))
    }
}

/// Refuses vectors that a similarity is not defined for.
fn check<F: Real>(
    similarity: Similarity,
    convention: Convention,
    what: &str,
    vectors: ArrayView2<F>,
) -> Result<()> {
    check_states(what, vectors, CueCure)?;
    let facts = similarity.facts();
    if convention == Convention::Uhn2022 || matches!(facts.data, Data::Any | Data::Bits) {
        return Ok(());
    }
    let refuse = |expected: &str, found: String, cure: Message| {
        Err(Error::shape(format!("{what} for {}", facts.name), expected, found, cure))
    };
    for (row, vector) in vectors.outer_iter().enumerate() {
        if let Some(unit) = vector.iter().position(|&x| x < F::ZERO) {
            return refuse(
                "amounts, none below 0",
                format!("{} at row {row}, unit {unit}", vector[unit]),
                message![
                    "clip the values to 0, leave the preparation away (",
                    Argument::set("prepare", "none"),
                    "), or choose a similarity that takes any numbers, as pearson"
                ],
            );
        }
        if facts.data == Data::Shares && vector.iter().all(|&x| x == F::ZERO) {
            return refuse(
                "amounts with a positive sum",
                format!("row {row}, which is all 0"),
                "leave that row away, or choose a similarity that takes any numbers, as pearson".into(),
            );
        }
    }
    Ok(())
}

/// Every row by the same map.
fn map_rows<F: Real>(rows: ArrayView2<F>, map: impl Fn(ndarray::ArrayView1<F>, &mut [f64])) -> Array2<F> {
    let mut mapped = Array2::from_elem(rows.dim(), F::ZERO);
    let mut wide = vec![0.0; rows.ncols()];
    for (row, mut to) in rows.outer_iter().zip(mapped.outer_iter_mut()) {
        map(row, &mut wide);
        to.iter_mut().zip(&wide).for_each(|(to, &from)| *to = F::from_f64(from));
    }
    mapped
}
