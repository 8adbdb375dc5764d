//! Similarities: how alike a stored key and a query are. They are the first part of a single-shot memory (Millidge et
//! al. 2022).
//!
//! The more alike the two vectors are, the larger is the score. Distances are used as negative distances, or as
//! reciprocals as in the paper's code. [`Convention::Uhn2022`] computes what that code computes, including its
//! errors. The default convention computes what the names say.
//!
//! To add a similarity, add one file and one line to the list below. The trait `Measure` says what it must supply and
//! what it can supply. What it does not supply is refused.

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

/// Makes the list. Each line has the name of the similarity, its module and its documentation. The module has
/// `FACTS` and a struct of that name.
macro_rules! similarities {
    ($($name:ident: $module:ident, $doc:literal;)*) => {
        /// A similarity: how alike two vectors are.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Similarity { $(#[doc = $doc] $name),* }

        /// Every similarity, in the order of the paper's tables.
        pub const SIMILARITIES: &[Facts] = &[$($module::FACTS),*];

        /// The names of all similarities, in the order of [`SIMILARITIES`].
        pub fn names() -> &'static [&'static str] {
            &[$($module::FACTS.name),*]
        }

        impl Similarity {
            /// The facts of this similarity.
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

/// The signs that scores can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// Any sign, as for products.
    Any,
    /// Never above 0, as for negative distances.
    Negative,
    /// Never below 0, as for counts and reciprocals of distances.
    Positive,
}

/// The vectors for which a similarity is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// All vectors.
    Any,
    /// Amounts: no unit is below 0.
    Amounts,
    /// Amounts that are not all 0.
    Shares,
    /// Vectors with two values: −1 and 1, or 0 and 1.
    Bits,
}

/// The facts of a similarity.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The similarity.
    pub similarity: Similarity,
    /// The name, as on the command line.
    pub name: &'static str,
    /// The formula of its score, for a stored x and a cue z.
    pub formula: &'static str,
    /// The signs of its scores.
    pub range: Range,
    /// The vectors for which it is defined.
    pub data: Data,
    /// The smallest score within a radius, for vectors of a number of units. For a similarity that is not a distance
    /// it is the radius itself.
    least: fn(f64, usize) -> f64,
}

/// The δ of reciprocals: with it an exact match has weight 10⁴ and not infinity.
pub const DELTA: f64 = 1e-4;
/// The ε of divergences, which is added to each unit.
pub const EPSILON: f64 = 1e-4;

impl Similarity {
    /// The name.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// The smallest score of keys within a radius of the cue, for similarities that are distances (‖x − z‖ for the
    /// Euclidean ones). For other similarities the radius is itself the smallest score.
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

/// The convention of the arithmetic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Convention {
    /// Computes what the names say.
    #[default]
    Corrected,
    /// Computes what the code published with Millidge et al. (2022) computes, with its errors. Distances are
    /// reciprocals without δ. "Cosine" divides by the norm of the whole store. Divergences add ε after normalising,
    /// and are reciprocals that may be negative. "Jensen–Shannon" is the harmonic mean of two divergences, which is
    /// largest for the least similar.
    Uhn2022,
}

/// Stored keys, prepared for comparison with queries.
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
    /// Keys from the rows of an array, N × D.
    ///
    /// # Errors
    /// No keys; numbers that are not finite; keys for which the similarity is not defined; a similarity that the
    /// published code does not have.
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

    /// Keys of `dim` units that others hold, who compare them.
    pub(crate) fn elsewhere(similarity: Similarity, dim: usize) -> Self {
        let values = Array2::from_elem((0, dim), F::ZERO).into_shared();
        let (measure, convention) = (similarity.measure(), Convention::Corrected);
        Keys { similarity, convention, measure, values, compare: Arc::new(Elsewhere) }
    }

    /// Keys that are compared by a similarity that is not in the list.
    #[cfg(test)]
    pub(crate) fn measured_by(self, measure: impl Measure<F> + 'static) -> Self {
        let compare = measure.compare(self.values.clone()).expect("keys that can be compared");
        Keys { measure: Arc::new(measure), compare, ..self }
    }

    /// The similarity by which keys are compared.
    pub fn similarity(&self) -> Similarity {
        self.similarity
    }

    /// The convention of the arithmetic.
    pub fn convention(&self) -> Convention {
        self.convention
    }

    /// The similarity's implementation.
    pub(crate) fn measure(&self) -> &dyn Measure<F> {
        &*self.measure
    }

    /// The keys, N × D.
    pub fn values(&self) -> ArrayView2<'_, F> {
        self.values.view()
    }

    /// The scores of queries (B × D) with all keys, B × N. Cost: B·N·D operations.
    ///
    /// Scores are always finite, except in the published convention: +∞ for an exact match, NaN if a vector sums to
    /// 0.
    ///
    /// # Errors
    /// Queries of another width, not finite, or for which the similarity is not defined.
    pub fn scores(&self, queries: ArrayView2<F>) -> Result<Array2<f64>> {
        self.check(queries)?;
        Ok(self.compare.scores(queries))
    }

    /// Returns the error of queries that cannot be compared.
    pub(crate) fn check(&self, queries: ArrayView2<F>) -> Result<()> {
        check_width("cues", queries.ncols(), self.values.ncols())?;
        check(self.similarity, self.convention, "cues", queries)
    }
}

/// The comparison with keys that others hold, of which there are none here.
struct Elsewhere;

impl<F: Real> Compare<F> for Elsewhere {
    fn scores(&self, queries: ArrayView2<F>) -> Array2<f64> {
        Array2::zeros((queries.nrows(), 0))
    }
}

/// Returns an error for vectors for which a similarity is not defined.
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

/// Applies the same map to every row.
fn map_rows<F: Real>(rows: ArrayView2<F>, map: impl Fn(ndarray::ArrayView1<F>, &mut [f64])) -> Array2<F> {
    let mut mapped = Array2::from_elem(rows.dim(), F::ZERO);
    let mut wide = vec![0.0; rows.ncols()];
    for (row, mut to) in rows.outer_iter().zip(mapped.outer_iter_mut()) {
        map(row, &mut wide);
        to.iter_mut().zip(&wide).for_each(|(to, &from)| *to = F::from_f64(from));
    }
    mapped
}
