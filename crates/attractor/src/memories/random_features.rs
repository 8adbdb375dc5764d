//! Memory of fixed size: the Gaussian kernel sum, estimated from random features.

use ndarray::Array2;

use super::{Abilities, Card, Describe, Family, Learned, Level, Memory, MemoryModel, RecallPath, Request};
use crate::dynamics::Downhill;
use crate::energies::{BETAS, FEATURES, NOT_POSITIVE, RandomFeatures};
use crate::error::{Result, check_width};
use crate::memories::prior::Prior;
use crate::message;
use crate::message::{Argument, Message};
use crate::options::{CountRange, Fallback, Kind, Options, Parameter};
use crate::patterns::{Patterns, Preparation};
use crate::real::Real;
use crate::separations::Beta;

/// The kind of an inverse temperature.
const BETA: Kind = Kind::Number(BETAS);

/// The entry of this model in [`MODELS`](super::MODELS).
pub(super) const CARD: Card = Card {
    name: "random-features",
    aliases: &["drdam"],
    title: "Memory of fixed size (random features)",
    equation: "E(x) = -1/beta ln 1/M sum_j (C_j cos w_j.x + S_j sin w_j.x), C_j + i S_j = sum_n exp(i w_j.y_n);  x <- x - s grad E(x)",
    parameters: &[
        Parameter {
            name: "features",
            kind: Kind::Count(FEATURES),
            default: Fallback::Is("16384"),
            help: "How many random features to keep, M; patterns of D units are told apart up to about M/(2 D) of them",
        },
        Parameter {
            name: "beta",
            kind: Kind::AutoOr(&BETA),
            default: Fallback::Is("auto"),
            help: "Inverse temperature, fixed when the first patterns are stored; auto makes it just large enough to separate most of them",
        },
        Parameter {
            name: "feature-seed",
            kind: Kind::Count(CountRange::ANY),
            default: Fallback::Is("0"),
            help: "Seed of the frequencies of the features",
        },
    ],
    cost: "8 D M operations and 4 M sines an update and cue, 2 D M a pattern; 2 M + D numbers are kept, and D M drawn from the seed",
    source: "Hoover et al. (2024); Rahimi and Recht (2007)",
    weights: true,
    streams: true,
    family: Family::Modern,
    ..Card::PLAIN
};

/// The options of a memory of random features.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeatureOptions {
    /// The number of features M, ≥ 1.
    pub features: usize,
    /// The inverse temperature. Auto is [`RandomFeatures::separating_beta`].
    pub beta: Beta,
    /// The seed of the frequencies.
    pub seed: u64,
}

impl Default for FeatureOptions {
    /// 16,384 features, β = auto, seed 0.
    fn default() -> Self {
        FeatureOptions { features: 16_384, beta: Beta::Auto, seed: 0 }
    }
}

/// A memory of fixed size: x ← x − s∇Ê(x), where Ê is the energy of [`RandomFeatures`] (Hoover et al. 2024).
///
/// It keeps sums over the patterns and none of the patterns. So patterns can be added and removed in O(D·M) each, and its file
/// has the same size whatever their number; but reports name no memory. Recall lowers Ê at each step. A cue at which the estimate
/// of the kernel sum is not positive has no energy: it keeps its state, with the outcome
/// [`Undefined`](crate::Outcome::Undefined).
///
/// ```
/// use attractor::{Patterns, memories::{FeatureOptions, Memory, RandomFeaturesMemory, Request}};
/// use ndarray::array;
/// let y = array![[1.0_f64, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]];
/// let memory = RandomFeaturesMemory::new(&Patterns::new(y)?, FeatureOptions::default())?;
/// let more = memory.append(array![[-1.0, 1.0, 1.0, 1.0]], None)?;
/// let recall = more.recall(&Request::new(array![[-0.7, 0.6, 1.1, 0.8]].view()))?;
/// assert!(recall.states.iter().zip([-1.0, 1.0, 1.0, 1.0]).all(|(x, y)| (x - y).abs() < 0.1));
/// // What is removed leaves the sums as they were.
/// let again = more.remove(array![[-1.0, 1.0, 1.0, 1.0]], None)?;
/// assert_eq!(again.energy().sums(), memory.energy().sums());
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RandomFeaturesMemory<F> {
    energy: RandomFeatures<F>,
    preparation: Preparation,
}

impl<F: Real> RandomFeaturesMemory<F> {
    /// Stores patterns.
    ///
    /// # Errors
    /// Options outside their range; patterns that cannot be read; weights outside 10⁻⁶ to 10⁶.
    pub fn new(patterns: &Patterns<F>, options: FeatureOptions) -> Result<Self> {
        let beta = match options.beta {
            Beta::Value(beta) => Some(beta),
            Beta::Auto => None,
        };
        let energy = RandomFeatures::of_patterns(patterns, options.features, beta, options.seed)?;
        Ok(RandomFeaturesMemory { energy, preparation: patterns.preparation().clone() })
    }

    /// The memory of a landscape, which may be one of [kept sums](RandomFeatures::of_sums), over states of this preparation.
    ///
    /// # Errors
    /// Sums of no patterns; a preparation of another width.
    pub fn of(energy: RandomFeatures<F>, preparation: Preparation) -> Result<Self> {
        energy.sums().check()?;
        preparation.check(energy.sums().dim())?;
        Ok(RandomFeaturesMemory { energy, preparation })
    }

    /// The landscape.
    pub fn energy(&self) -> &RandomFeatures<F> {
        &self.energy
    }

    /// This memory with more patterns, in raw units; see [`RandomFeatures::add`].
    ///
    /// # Errors
    /// Patterns of another width or not finite; weights outside their range.
    pub fn append(&self, raw: Array2<F>, weights: Option<&[f64]>) -> Result<Self> {
        let mut changed = self.clone();
        changed.energy.add(self.prepared(raw)?.view(), weights)?;
        Ok(changed)
    }

    /// This memory without some patterns, in raw units; see [`RandomFeatures::remove`].
    ///
    /// # Errors
    /// As [`append`](Self::append); all patterns or more; patterns that were hardly ever added.
    pub fn remove(&self, raw: Array2<F>, weights: Option<&[f64]>) -> Result<Self> {
        let mut changed = self.clone();
        changed.energy.remove(self.prepared(raw)?.view(), weights)?;
        Ok(changed)
    }

    fn prepared(&self, raw: Array2<F>) -> Result<Array2<F>> {
        check_width("patterns", raw.ncols(), self.energy.sums().dim())?;
        Ok(self.preparation.forward(raw))
    }
}

impl<F: Real> MemoryModel<F> for RandomFeaturesMemory<F> {
    fn name(&self) -> &'static str {
        CARD.name
    }

    fn dim(&self) -> usize {
        self.energy.sums().dim()
    }

    fn abilities(&self) -> Abilities<'_, F> {
        Abilities {
            features: Some(&self.energy),
            kept_preparation: Some(&self.preparation),
            inverse_temperature: Some(self.energy.sums().beta),
            spread: Some(self.energy.sums().spread()),
            describe: Some(self),
            ..Abilities::without_patterns().descending(&self.energy)
        }
    }

    fn path(&self, _request: &Request<F>) -> Result<RecallPath<'_, F>> {
        /// The largest change that counts as rest, in spreads of the patterns: far below the error of the landscape.
        const REST: f64 = 1e-5;
        let dynamics = Downhill { energy: &self.energy, undefined: NOT_POSITIVE };
        Ok(RecallPath::to_rest(Box::new(dynamics), REST * self.energy.sums().spread(), None))
    }

    /// Gaussian noise with the mean and the spread of the patterns, which the sums keep.
    fn prior_samples(&self, rows: &[u64], seed: u64) -> Result<(Array2<F>, Level)> {
        let (mean, spread) = (self.energy.sums().mean(), self.energy.sums().spread());
        let prior = Prior { mean: &mean, spread, preparation: &self.preparation, highest: f64::INFINITY };
        Ok((self.preparation.backward(prior.around(rows, seed, spread)), Level::Estimate))
    }
}

impl<F: Real> Describe for RandomFeaturesMemory<F> {
    fn notes(&self) -> Vec<Message> {
        vec!["it keeps sums over its patterns and none of them, so reports name no memory".into()]
    }

    fn warnings(&self) -> Vec<Message> {
        let sums = self.energy.sums();
        let (distinct, features) = (sums.distinct(), sums.features());
        let needed = 2.0 * distinct * sums.dim() as f64;
        // One pattern alone is exact with few features.
        if sums.patterns == 1 || needed <= features as f64 {
            return Vec::new();
        }
        // In two digits, upwards.
        let digits = 10f64.powf(needed.log10().floor() - 1.0);
        let enough = (needed / digits).ceil() * digits;
        vec![message![
            format!(
                "{features} features tell about {:.0} patterns of {} units apart, and these are as {distinct:.0}; ",
                features as f64 / (2.0 * sums.dim() as f64),
                sums.dim()
            ),
            Argument::option("features"),
            format!(" {enough:.0} are enough")
        ]]
    }
}

/// Builds the memory from named options.
pub(super) fn build<F: Real>(
    patterns: Patterns<F>,
    options: &Options,
    _learned: Option<Learned>,
) -> Result<Box<dyn Memory<F>>> {
    let usual = FeatureOptions::default();
    let options = FeatureOptions {
        features: options.count("features").unwrap_or(usual.features),
        beta: options.number("beta").map_or(Beta::Auto, Beta::Value),
        seed: options.seed("feature-seed").unwrap_or(usual.seed),
    };
    Ok(Box::new(RandomFeaturesMemory::new(&patterns, options)?))
}
