//! Known models as a similarity, a separation and an output.

use super::Output;
use crate::error::{Error, Result};
use crate::options::Name;
use crate::separations::{Beta, Separation};
use crate::similarities::Similarity;

/// The similarity, separation and output of a known model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preset {
    /// How alike a key and a cue are.
    pub similarity: Similarity,
    /// How similarities become weights.
    pub separation: Separation,
    /// What is done with the state that is read.
    pub output: Output,
}

impl Default for Preset {
    /// The best combination of the paper, with the sharpest separation.
    fn default() -> Self {
        is(Similarity::Manhattan, Separation::Max, Output::Identity)
    }
}

/// The name of a model, and its preset for patterns of a number of units.
pub type Named = (&'static str, fn(usize) -> Preset);

const fn is(similarity: Similarity, separation: Separation, output: Output) -> Preset {
    Preset { similarity, separation, output }
}

const AUTO: Separation = Separation::Softmax(Beta::Auto);

/// The model table of Millidge et al. (2022), row by row, and two more.
///
/// `classical`: Hopfield (1982) with the diagonal kept. `bidirectional`: one pass of Kosko (1988), where the values
/// are the other layer. `sparse-distributed` (or `sdm`): Kanerva (1988) with the patterns as hard locations and a radius
/// of 0.451 D as in his example. `continuous-sdm`: Bricken & Pehlevan (2021). `dense[:K]`: Krotov & Hopfield (2016) with an energy of
/// degree K (default 3), to first order in a unit's own share. `modern`: Ramsauer et al. (2021). `attention`: Vaswani
/// et al. (2017), keys = patterns. `nearest`: nearest neighbour. `predictive`: the squared prediction error of the
/// paper's code. `episodic`: the dictionary of Pritzel et al. (2017).
pub const PRESETS: &[Named] = &[
    ("classical", |_| is(Similarity::Dot, Separation::Identity, Output::Sign)),
    ("bidirectional", |_| is(Similarity::Dot, Separation::Identity, Output::Sign)),
    ("sparse-distributed", |dim| {
        is(Similarity::Hamming, Separation::Threshold((0.451 * dim as f64).floor()), Output::Sign)
    }),
    ("continuous-sdm", |_| is(Similarity::Cosine, AUTO, Output::Identity)),
    ("dense", |_| is(Similarity::Dot, Separation::Polynomial(2.0), Output::Sign)),
    ("modern", |_| is(Similarity::Dot, AUTO, Output::Identity)),
    ("attention", |dim| {
        let beta = Beta::Value(1.0 / (dim as f64).sqrt());
        is(Similarity::Dot, Separation::Softmax(beta), Output::Identity)
    }),
    ("nearest", |_| is(Similarity::Euclidean, Separation::Max, Output::Identity)),
    ("predictive", |_| is(Similarity::Euclidean, AUTO, Output::Identity)),
    ("episodic", |_| is(Similarity::InverseEuclidean, Separation::KMax(50), Output::Identity)),
];

/// A preset's short name, and its name.
const SHORT: (&str, &str) = ("sdm", "sparse-distributed");

/// The presets by name, with their formulas.
pub(super) fn forms() -> Vec<Name> {
    let form = |(name, preset): &Named| {
        let Preset { similarity, separation, output } = preset(UNITS);
        let sign = if output == Output::Sign { ", sign" } else { "" };
        let degree = if *name == "dense" { "; K, 3 if not given, is the degree of the energy" } else { "" };
        let about = format!("{similarity}, {separation}{sign}{degree}").into();
        Name { about, ..Name::new(if *name == "dense" { "dense[:K]" } else { name }) }
    };
    /// The number of units for which presets are shown.
    const UNITS: usize = 100;
    PRESETS.iter().map(form).collect()
}

/// Returns an error if there is no preset with this name.
pub(super) fn check(name: &str) -> Result<()> {
    // The list of presets does not depend on the number of units.
    Preset::find(name, 1).map(|_| ())
}

impl Preset {
    /// The preset with this name for patterns of `dim` units; `dense:K` has an energy of degree K ≥ 2.
    ///
    /// # Errors
    /// A name that is not in [`PRESETS`]; a degree below 2.
    pub fn find(name: &str, dim: usize) -> Result<Self> {
        if let Some(degree) = name.strip_prefix("dense:") {
            let exponent = degree.parse::<u32>().ok().filter(|k| (2..=1000).contains(k)).map(|k| k - 1);
            let exponent =
                exponent.ok_or_else(|| Error::parameter("preset", "dense:K with K from 2 to 1000", name))?;
            return Ok(is(Similarity::Dot, Separation::Polynomial(f64::from(exponent)), Output::Sign));
        }
        let name = if name == SHORT.0 { SHORT.1 } else { name };
        let found = PRESETS.iter().find(|(known, _)| *known == name);
        let known = || PRESETS.iter().map(|(name, _)| *name).chain(["dense:K"]);
        found.map(|(_, preset)| preset(dim)).ok_or_else(|| Error::unknown("preset", name, known()))
    }
}
