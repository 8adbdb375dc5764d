//! What is measured.

use attractor::energies::{Energy, Gradient, LogSumExp, RandomFeatures};
use attractor::memories::{Beta, Modern, RandomFeaturesMemory};
use attractor::noise::{Purpose, Stream};
use attractor::{Memory, Outcome, Patterns, Preparation, Request};
use attractor_data::random_spins;
use attractor_report::statistics::{Interval, of_runs};
use attractor_report::{Progress, Result};
use ndarray::{Array2, ArrayView2, Axis, s};

use super::{COPY, Config, NEAR};

/// Where states lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At patterns.
    At,
    /// A tenth of the units of a pattern flipped.
    Near,
    /// Random states.
    Far,
}

impl Place {
    /// All of them.
    pub const ALL: [Place; 3] = [Place::At, Place::Near, Place::Far];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Place::At => "at patterns",
            Place::Near => "10 % flipped",
            Place::Far => "random",
        }
    }
}

/// Errors of energy and gradient with M features.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Errors {
    /// Where.
    pub place: Place,
    /// β, as a share of the one that just separates the patterns.
    pub beta: f64,
    /// β itself, mean over sets.
    pub inverse_temperature: f64,
    /// Features M.
    pub features: usize,
    /// Root mean square error of βE, where there is an energy.
    pub energy: f64,
    /// The standard deviation of K̂ in theory, divided by K: root mean square over states.
    pub theory_energy: f64,
    /// Root mean square error of a unit of the gradient.
    pub gradient: f64,
    /// The same in theory.
    pub theory_gradient: f64,
    /// The share of states where K̂ ≤ 0, which have no energy.
    pub without: f64,
}

/// Wrong units of what is recalled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recalled {
    /// The cues.
    pub place: Place,
    /// β, as a share of the one that just separates the patterns.
    pub beta: f64,
    /// Features M; `None` is the exact energy.
    pub features: Option<usize>,
    /// The share of wrong units, mean over sets.
    pub wrong: f64,
    /// Its 95 % interval.
    pub interval: Interval,
    /// The share of cues without an energy.
    pub without: f64,
}

/// A memory of one size with more and more patterns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grown {
    /// Whether patterns are copies of prototypes.
    pub copies: bool,
    /// Patterns N.
    pub patterns: usize,
    /// The effective number of distinct patterns that it finds in its sums, mean over sets.
    pub distinct: f64,
    /// The share of wrong units of recalled prototypes or patterns, mean over sets.
    pub wrong: f64,
    /// Its 95 % interval.
    pub interval: Interval,
}

/// All results.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// Errors, by β, M and place.
    pub errors: Vec<Errors>,
    /// Wrong units, by β, M and place.
    pub recalled: Vec<Recalled>,
    /// The memory of one size.
    pub grown: Vec<Grown>,
}

/// So many updates a recall makes at most.
const UPDATES: usize = 100;
/// The change of a unit that counts as rest, far below the errors.
const REST: f64 = 1e-4;

/// What one set gives: the same numbers in the same order for each.
#[derive(Default)]
struct Found {
    errors: Vec<Errors>,
    recalled: Vec<Recalled>,
    grown: Vec<Grown>,
}

pub(super) fn measure(config: &Config, progress: &mut Progress) -> Result<Measured> {
    let mut sets = Vec::with_capacity(config.sets);
    progress(0, config.sets)?;
    for set in 0..config.sets {
        sets.push(of_set(config, config.seed.wrapping_add(set as u64))?);
        progress(set + 1, config.sets)?;
    }
    let n = sets.len() as f64;
    let mean = |of: &dyn Fn(&Found) -> f64| sets.iter().map(of).sum::<f64>() / n;
    let squares = |of: &dyn Fn(&Found) -> f64| mean(&|found| of(found).powi(2)).sqrt();
    let interval = |of: &dyn Fn(&Found) -> f64| {
        let all: Vec<f64> = sets.iter().map(of).collect();
        let mean = mean(of);
        let ends = of_runs(&all).unwrap_or(Interval { low: mean, high: mean });
        // A share.
        (mean, Interval { low: ends.low.max(0.0), high: ends.high.min(1.0) })
    };
    let errors = (0..sets[0].errors.len()).map(|k| Errors {
        inverse_temperature: mean(&|f| f.errors[k].inverse_temperature),
        energy: squares(&|f| f.errors[k].energy),
        theory_energy: squares(&|f| f.errors[k].theory_energy),
        gradient: squares(&|f| f.errors[k].gradient),
        theory_gradient: squares(&|f| f.errors[k].theory_gradient),
        without: mean(&|f| f.errors[k].without),
        ..sets[0].errors[k]
    });
    let recalled = (0..sets[0].recalled.len()).map(|k| {
        let (wrong, interval) = interval(&|f| f.recalled[k].wrong);
        let without = mean(&|f| f.recalled[k].without);
        Recalled { wrong, interval, without, ..sets[0].recalled[k] }
    });
    let grown = (0..sets[0].grown.len()).map(|k| {
        let (wrong, interval) = interval(&|f| f.grown[k].wrong);
        Grown { wrong, interval, distinct: mean(&|f| f.grown[k].distinct), ..sets[0].grown[k] }
    });
    Ok(Measured { errors: errors.collect(), recalled: recalled.collect(), grown: grown.collect() })
}

/// States with each unit flipped with this probability.
fn flipped(states: ArrayView2<f32>, share: f64, stream: &mut Stream) -> Array2<f32> {
    states.mapv(|x| if stream.uniform() < share { -x } else { x })
}

fn of_set(config: &Config, seed: u64) -> Result<Found> {
    let patterns: Array2<f32> = random_spins(config.patterns, config.dim, seed);
    let mut stream = Stream::new(seed, Purpose::Corruption, 0);
    let cues = patterns.slice(s![..config.patterns.min(config.cues), ..]);
    let near = flipped(cues, NEAR, &mut stream);
    let far = flipped(cues, 0.5, &mut stream);
    let states = [cues.to_owned(), near, far];
    let stored = Patterns::new(patterns.clone())?;
    let separating = RandomFeatures::separating_beta(&stored)?;
    let mut found = Found::default();
    for &share in &config.betas {
        let beta = share * separating;
        let exact = LogSumExp::new(stored.clone(), beta, true)?;
        let modern = Modern::with_norm_bias(stored.clone(), Beta::Value(beta), true)?;
        let none = Recalled {
            place: Place::At,
            beta: share,
            features: None,
            wrong: 0.0,
            interval: Interval { low: 0.0, high: 0.0 },
            without: 0.0,
        };
        for place in [Place::At, Place::Near] {
            found.recalled.push(recalled(
                &modern,
                &states[place as usize],
                cues,
                Recalled { place, ..none },
            )?);
        }
        for &ratio in &config.ratios {
            let features = config.features(ratio);
            let mut energy = RandomFeatures::new(features, beta, seed, config.dim)?;
            energy.add(patterns.view(), None)?;
            for (place, states) in Place::ALL.into_iter().zip(&states) {
                let of = errors(&energy, &exact, states.view())?;
                found.errors.push(Errors { place, beta: share, inverse_temperature: beta, features, ..of });
            }
            let memory = RandomFeaturesMemory::of(energy, Preparation::Identity)?;
            for place in [Place::At, Place::Near] {
                let of = Recalled { place, features: Some(features), ..none };
                found.recalled.push(recalled(&memory, &states[place as usize], cues, of)?);
            }
        }
    }
    found.grown = grown(config, seed)?;
    Ok(found)
}

/// Errors at these states, beside their standard deviations in theory: those of K̂ and of its gradient from N patterns that
/// are far from each other, N/2M and βN/2M a unit, where a pattern's own term has none.
fn errors(energy: &RandomFeatures<f32>, exact: &LogSumExp<f32>, states: ArrayView2<f32>) -> Result<Errors> {
    let (beta, features) = (energy.sums().beta, energy.sums().features());
    let levels = vec![0.0; states.nrows()];
    let (found, truth) = (energy.energy(states, &levels)?, exact.energy(states, &levels)?);
    let with: Vec<usize> = (0..found.len()).filter(|&k| found[k].is_finite()).collect();
    let some = states.select(Axis(0), &with);
    let (slopes, true_slopes) =
        (energy.gradient(some.view(), &[])?, exact.gradient(some.view(), &vec![0.0; with.len()])?);
    let root_mean = |sum: f64, count: usize| (sum / count.max(1) as f64).sqrt();
    let of_energy = with.iter().map(|&k| (beta * (found[k] - truth[k])).powi(2)).sum();
    let of_slopes = slopes.iter().zip(&true_slopes).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    let noise = (energy.sums().patterns as f64 / (2.0 * features as f64)).sqrt();
    // 1/K of each state, from E = −β⁻¹ ln K.
    let of_noise = truth.iter().map(|e| (noise * (beta * e).exp()).powi(2)).sum();
    let theory = root_mean(of_noise, truth.len());
    Ok(Errors {
        place: Place::At,
        beta,
        inverse_temperature: beta,
        features,
        energy: root_mean(of_energy, with.len()),
        theory_energy: theory,
        gradient: root_mean(of_slopes, slopes.len()),
        theory_gradient: theory / beta.sqrt(),
        without: 1.0 - with.len() as f64 / found.len() as f64,
    })
}

/// The share of units whose sign is not that of the pattern, after recall. A cue that cannot be recalled stays.
fn recalled(
    memory: &dyn Memory<f32>,
    cues: &Array2<f32>,
    patterns: ArrayView2<f32>,
    of: Recalled,
) -> Result<Recalled> {
    let request =
        Request { updates: Some(UPDATES), tolerance: Some(REST), report: false, ..Request::new(cues.view()) };
    let recall = memory.recall(&request)?;
    let wrong = recall.states.iter().zip(patterns).filter(|(x, y)| **x * **y <= 0.0).count();
    let without = recall.rows.iter().filter(|row| matches!(row.outcome, Outcome::Undefined { .. })).count();
    Ok(Recalled {
        wrong: wrong as f64 / patterns.len() as f64,
        without: without as f64 / recall.rows.len() as f64,
        ..of
    })
}

/// A memory of one size gets more and more patterns: copies of prototypes, or others that have nothing in common with them.
fn grown(config: &Config, seed: u64) -> Result<Vec<Grown>> {
    let prototypes: Array2<f32> = random_spins(config.prototypes, config.dim, seed);
    let beta = RandomFeatures::separating_beta(&Patterns::new(prototypes.clone())?)?;
    let most = config.copies.last().copied().unwrap_or(1);
    let mut all = Vec::new();
    for copies in [true, false] {
        let mut stream = Stream::new(seed, Purpose::Corruption, 1);
        let mut energy = RandomFeatures::new(config.spared(), beta, seed, config.dim)?;
        for copy in 1..=most {
            let rows = match copies {
                true => flipped(prototypes.view(), COPY, &mut stream),
                // The first are the prototypes, which are asked for.
                false if copy == 1 => prototypes.clone(),
                false => flipped(prototypes.view(), 0.5, &mut stream),
            };
            energy.add(rows.view(), None)?;
            if config.copies.contains(&copy) {
                let memory = RandomFeaturesMemory::of(energy.clone(), Preparation::Identity)?;
                let none = Interval { low: 0.0, high: 0.0 };
                let of = Recalled {
                    place: Place::At,
                    beta,
                    features: None,
                    wrong: 0.0,
                    interval: none,
                    without: 0.0,
                };
                let of = recalled(&memory, &prototypes, prototypes.view(), of)?;
                all.push(Grown {
                    copies,
                    patterns: copy * config.prototypes,
                    distinct: energy.sums().distinct(),
                    wrong: of.wrong,
                    interval: none,
                });
            }
        }
    }
    Ok(all)
}
