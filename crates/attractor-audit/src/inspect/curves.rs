//! What noise does to stored patterns, level by level.

use attractor::analysis::CriticalLevels;
use attractor::energies::{Denoise, Points, local_dimensions};
use attractor::memories::{Diffusion, Level, Memory, Request};
use attractor::noise::{Purpose, Stream};
use attractor::{Patterns, Result as CoreResult};
use attractor_report::Result;
use ndarray::{Array2, ArrayView2};

use super::Settings;
use crate::clusters::Clusters;
use crate::inside;
use crate::rows::evenly;

/// What was measured at one noise level: means over patterns and noise, unless said otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct AtLevel {
    /// The level, in the units of the patterns.
    pub sigma: f64,
    /// The entropy of the posterior of a noisy pattern, as a share of ln N.
    pub entropy: f64,
    /// The posterior weight of the pattern's own cluster: the share of recalls by the reverse SDE that return to it.
    pub weight: f64,
    /// The share of U-turns that return: noise to the level, then recall by the probability flow, ends in the pattern's
    /// own cluster.
    pub returns: f64,
    /// The median of the local dimension at stored patterns.
    pub stored: f64,
    /// The same at patterns that are left out.
    pub new: Option<f64>,
}

/// The levels at which a pattern is lost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lost {
    /// The pattern.
    pub pattern: usize,
    /// The level at which its own cluster has half of the posterior of its noisy versions: its collapse level.
    pub collapse: Option<f64>,
    /// The level from which half of its U-turns return: the size of its basin.
    pub basin: Option<f64>,
}

/// What was measured at each level, and of each pattern.
#[derive(Clone, Debug)]
pub struct Curves {
    /// From the highest level to the lowest.
    pub levels: Vec<AtLevel>,
    /// The patterns that were examined.
    pub patterns: Vec<Lost>,
}

/// Measures at levels from three times speciation to a quarter of collapse.
pub(super) fn measure(
    memory: &Diffusion<f64>,
    patterns: &Patterns<f64>,
    clusters: &Clusters,
    critical: &CriticalLevels,
    settings: &Settings,
    progress: &mut dyn FnMut(usize) -> Result<()>,
) -> Result<Curves> {
    let examined = evenly(patterns.len(), settings.examine);
    let noise = Noise::new(&examined, patterns.dim(), settings);
    let left_out = LeftOut::new(patterns, settings.examine)?;
    let (mut levels, mut weights, mut returns) = (Vec::new(), Vec::new(), Vec::new());
    for (k, sigma) in inside::spaced(inside::range(critical), settings.levels).into_iter().enumerate() {
        let cues = noise.at(patterns, sigma);
        let looked = Looked::at(memory, patterns, clusters, &noise.own, (cues.view(), sigma), settings.seed)?;
        let stored = local_dimensions(
            memory.mixture(),
            patterns.select(&examined).view(),
            &vec![sigma; examined.len()],
        )?;
        levels.push(AtLevel {
            sigma,
            entropy: mean(&looked.entropies),
            weight: mean(&looked.weights),
            returns: mean(&looked.returns),
            stored: middle(stored),
            new: left_out.as_ref().map(|left| left.dimension(sigma)).transpose()?,
        });
        weights.push(of_patterns(&looked.weights, settings.draws));
        returns.push(of_patterns(&looked.returns, settings.draws));
        progress(k + 1)?;
    }
    let sigmas: Vec<f64> = levels.iter().map(|level| level.sigma).collect();
    let lost = examined.iter().enumerate().map(|(k, &pattern)| Lost {
        pattern,
        collapse: half(&sigmas, &weights, k),
        basin: half(&sigmas, &returns, k),
    });
    Ok(Curves { patterns: lost.collect(), levels })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The median. The mean would be that of the few patterns that lie far out.
fn middle(values: Vec<Option<f64>>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().flatten().collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The mean over the draws of each pattern.
fn of_patterns(values: &[f64], draws: usize) -> Vec<f64> {
    values.chunks(draws).map(mean).collect()
}

/// The highest level at which the curve of one pattern rises to ½ from above, linear in ln σ between levels; the highest of
/// all if it is above ½ there.
fn half(sigmas: &[f64], curves: &[Vec<f64>], pattern: usize) -> Option<f64> {
    let at = |k: usize| curves[k][pattern];
    let k = (0..sigmas.len()).find(|&k| at(k) >= 0.5)?;
    if k == 0 {
        return Some(sigmas[0]);
    }
    let share = (0.5 - at(k - 1)) / (at(k) - at(k - 1));
    Some(sigmas[k - 1] * (sigmas[k] / sigmas[k - 1]).powf(share))
}

/// The noise of each pattern and draw. It has the same directions at every level, so that curves are smooth.
struct Noise {
    /// The pattern of each cue.
    own: Vec<usize>,
    directions: Array2<f64>,
}

impl Noise {
    fn new(examined: &[usize], dim: usize, settings: &Settings) -> Self {
        let own: Vec<usize> = examined.iter().flat_map(|&n| vec![n; settings.draws]).collect();
        let mut directions = Array2::zeros((own.len(), dim));
        for (row, (mut direction, &pattern)) in directions.outer_iter_mut().zip(&own).enumerate() {
            let id = (pattern * settings.draws + row % settings.draws) as u64;
            let mut stream = Stream::new(settings.seed, Purpose::Corruption, id);
            direction.mapv_inplace(|_: f64| stream.normal());
        }
        Noise { own, directions }
    }

    fn at(&self, patterns: &Patterns<f64>, sigma: f64) -> Array2<f64> {
        patterns.select(&self.own) + &self.directions * sigma
    }
}

/// What was seen of each cue.
struct Looked {
    entropies: Vec<f64>,
    weights: Vec<f64>,
    returns: Vec<f64>,
}

impl Looked {
    fn at(
        memory: &Diffusion<f64>,
        patterns: &Patterns<f64>,
        clusters: &Clusters,
        own: &[usize],
        (cues, sigma): (ArrayView2<f64>, f64),
        seed: u64,
    ) -> CoreResult<Self> {
        let sigmas = vec![sigma; own.len()];
        let most = (patterns.len() as f64).ln();
        let posteriors = memory.mixture().posterior(cues, &sigmas, 1)?;
        let sums = memory.mixture().log_sum(cues, &sigmas)?;
        let mut members: std::collections::HashMap<u32, Vec<usize>> = std::collections::HashMap::new();
        clusters.of.iter().enumerate().for_each(|(row, &of)| members.entry(of).or_default().push(row));
        // π_n exp(−‖z − y_n‖²/2σ²) over the sum of all.
        let weight = |row: usize| {
            let cluster = &members[&clusters.of[own[row]]];
            let one = |&n: &usize| {
                let square: f64 =
                    cues.row(row).iter().zip(patterns.row(n)).map(|(z, y)| (z - y).powi(2)).sum();
                (-square / (2.0 * sigma * sigma) - most - sums[row]).exp()
            };
            cluster.iter().map(one).sum::<f64>().min(1.0)
        };
        let raw = patterns.preparation().backward(cues.to_owned());
        let request = Request { level: Level::Sigma(sigma), seed, ..Request::new(raw.view()) };
        let recall = memory.recall(&request)?;
        let returns = |row: usize| {
            let ended = recall.rows[row].memory.map(|memory| clusters.of[memory]);
            f64::from(u8::from(ended == Some(clusters.of[own[row]])))
        };
        Ok(Looked {
            entropies: posteriors.iter().map(|p| if most > 0.0 { p.entropy / most } else { 0.0 }).collect(),
            weights: (0..own.len()).map(weight).collect(),
            returns: (0..own.len()).map(returns).collect(),
        })
    }
}

/// A memory without some of its patterns, which are then new to it.
struct LeftOut {
    memory: Points<f64>,
    states: Array2<f64>,
}

impl LeftOut {
    /// The patterns that are left out are evenly spaced, and at most a tenth of all. `None` for fewer than twenty patterns.
    fn new(patterns: &Patterns<f64>, most: usize) -> Result<Option<Self>> {
        /// One of so many patterns is left out.
        const ONE_OF: usize = 10;
        if patterns.len() < 2 * ONE_OF {
            return Ok(None);
        }
        let out = evenly(patterns.len(), most.min(patterns.len() / ONE_OF));
        let memory = Points::new(patterns.remove(&out)?);
        Ok(Some(LeftOut { memory, states: patterns.select(&out) }))
    }

    fn dimension(&self, sigma: f64) -> Result<f64> {
        let found = local_dimensions(&self.memory, self.states.view(), &vec![sigma; self.states.nrows()])?;
        Ok(middle(found))
    }
}
