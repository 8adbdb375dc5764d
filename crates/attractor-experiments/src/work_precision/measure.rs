//! One pattern set: its reference solution, and the distance of every run from it.

use attractor::diffusion::{Process, Sampler, power_levels, time_levels};
use attractor::dynamics::Start;
use attractor::energies::{Denoise, Points};
use attractor::{Grid, NoObserver, Patterns, Stop, recall};
use attractor_data::{Corruption, corrupt, random_spins};
use attractor_report::Result;
use ndarray::{Array2, ArrayView1};

use super::reference::{dormand_prince_5, runge_kutta_4};
use super::{Config, Key, PATH_LEVEL, Place, Setting, Spacing, grid_samplers, studied};

/// The results of cues that an [`Entry`](super::Entry) is made from. Sums of parts add up to the whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sum {
    /// Root mean square distance of each cue, over its units.
    pub distances: Vec<f64>,
    /// The squares of these distances, summed over cues.
    pub square: f64,
    /// Share of units whose sign differs from the reference's, summed over cues.
    pub changed: f64,
}

impl Sum {
    fn of(states: &Array2<f64>, reference: &Array2<f64>) -> Self {
        let units = states.ncols() as f64;
        let distance = |(z, r): (ArrayView1<f64>, ArrayView1<f64>)| {
            (z.iter().zip(r).map(|(z, r)| (z - r).powi(2)).sum::<f64>() / units).sqrt()
        };
        let changed = states.iter().zip(reference).filter(|(z, r)| (**z < 0.0) != (**r < 0.0)).count();
        let distances: Vec<f64> = states.outer_iter().zip(reference.outer_iter()).map(distance).collect();
        Sum { square: distances.iter().map(|d| d * d).sum(), distances, changed: changed as f64 / units }
    }

    pub(super) fn of_parts<'a>(parts: impl IntoIterator<Item = &'a Sum>) -> Self {
        parts.into_iter().fold(Sum::default(), |mut all, part| {
            all.distances.extend(&part.distances);
            all.square += part.square;
            all.changed += part.changed;
            all
        })
    }

    /// The root of the mean squared distance over parts.
    pub(super) fn rms_of(parts: &[&Sum]) -> f64 {
        let square: f64 = parts.iter().map(|p| p.square).sum();
        (square / Self::cues_of(parts)).sqrt()
    }

    /// The share of changed signs over parts.
    pub(super) fn signs_of(parts: &[&Sum]) -> f64 {
        parts.iter().map(|p| p.changed).sum::<f64>() / Self::cues_of(parts)
    }

    /// The median distance over parts; for an even number of cues the upper one.
    pub(super) fn median_of(parts: &[&Sum]) -> f64 {
        let mut all: Vec<f64> = parts.iter().flat_map(|p| &p.distances).copied().collect();
        let middle = all.len() / 2;
        match all.is_empty() {
            true => 0.0,
            false => *all.select_nth_unstable_by(middle, f64::total_cmp).1,
        }
    }

    fn cues_of(parts: &[&Sum]) -> f64 {
        parts.iter().map(|p| p.distances.len()).sum::<usize>() as f64
    }

    pub(super) fn rms(&self) -> f64 {
        Self::rms_of(&[self])
    }

    pub(super) fn median(&self) -> f64 {
        Self::median_of(&[self])
    }

    pub(super) fn signs(&self) -> f64 {
        Self::signs_of(&[self])
    }
}

/// How well the two reference solutions agree.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Check {
    /// Their distance at the path level.
    pub path: Sum,
    /// Their distance at the end.
    pub end: Sum,
}

impl Check {
    pub(super) fn merge(&mut self, other: &Check) {
        self.path = Sum::of_parts([&self.path, &other.path]);
        self.end = Sum::of_parts([&self.end, &other.end]);
    }
}

/// The results of one pattern set.
pub(super) struct Part {
    pub sums: Vec<(Key, Sum)>,
    pub check: Check,
}

/// The level from which the reference goes to σ = 0 in one read of the denoiser. ±1 patterns are at least 2
/// apart, so all other weights are below e^{−2/0.02²}.
const REFERENCE_LAST: f64 = 0.02;

/// Makes patterns and cues from a seed, and runs everything from these cues.
pub(super) fn part(config: &Config, setting: &Setting, set: usize, seed: u64) -> Result<Part> {
    let patterns: Array2<f64> = random_spins(setting.patterns, setting.dim, seed);
    let cued = Array2::from_shape_fn((config.cues, setting.dim), |(i, j)| {
        patterns[[(set * config.cues + i) % setting.patterns, j]]
    });
    let states = corrupt(cued, &Corruption::Signal(setting.signal), seed, 0, false)?.cues / setting.signal;
    let first = Process::sigma_of_signal(setting.signal)?;
    let points = Points::new(Patterns::new(patterns)?);
    let runs = Runs { points: &points, process: config.process(), states: &states, first, seed };

    let steps = config.reference_steps;
    let path = runge_kutta_4(&points, &states, first, PATH_LEVEL, steps)?;
    let end = runs.finish(&runge_kutta_4(&points, &path, PATH_LEVEL, REFERENCE_LAST, steps / 4)?)?;
    let mut check = Check::default();
    if set == 0 {
        let other = dormand_prince_5(&points, &states, first, PATH_LEVEL, steps)?;
        let other_end =
            runs.finish(&dormand_prince_5(&points, &other, PATH_LEVEL, REFERENCE_LAST, steps / 4)?)?;
        check = Check { path: Sum::of(&other, &path), end: Sum::of(&other_end, &end) };
    }

    let mut sums = Vec::new();
    let mut add = |place, (name, sampler): (&'static str, Sampler), spacing: Spacing, budget: usize| {
        let steps = match place {
            Place::Path => sampler.evaluations_per_step().and_then(|each| budget.checked_div(each)),
            Place::End => sampler.steps_within(budget),
        };
        let steps = steps.unwrap_or(1);
        let fixed = sampler.evaluations(steps).expect("a studied sampler reads a fixed number of times");
        let evaluations = if place == Place::Path { budget } else { fixed };
        let key = Key { place, sampler: name, spacing: spacing.name(), evaluations };
        let (states, reference) = match place {
            Place::Path => (runs.to_path_level(sampler, spacing, steps)?, &path),
            Place::End => (runs.to_end(sampler, spacing, steps)?, &end),
        };
        if sums.iter().all(|(other, _)| *other != key) {
            sums.push((key, Sum::of(&states, reference)));
        }
        Ok::<(), attractor_report::Error>(())
    };
    for sampler in studied() {
        let (own, method) = (Spacing::default_of(sampler), (sampler.name(), sampler));
        let single = [1];
        let budgets = if sampler == Sampler::OneStep { &single[..] } else { &config.end_evaluations };
        budgets.iter().try_for_each(|&budget| add(Place::End, method, own, budget))?;
        if set < config.path_sets && !sampler.is_stochastic() && sampler != Sampler::OneStep {
            config.path_evaluations.iter().try_for_each(|&budget| add(Place::Path, method, own, budget))?;
        }
        if grid_samplers().any(|other| other == sampler) {
            for &spacing in config.spacings.iter().filter(|s| **s != own) {
                config
                    .grid_evaluations
                    .iter()
                    .try_for_each(|&budget| add(Place::End, method, spacing, budget))?;
            }
        }
    }
    Ok(Part { sums, check })
}

/// Runs from the same cues.
struct Runs<'a> {
    points: &'a Points<f64>,
    process: Process,
    states: &'a Array2<f64>,
    /// The noise level of the cues.
    first: f64,
    seed: u64,
}

impl Runs<'_> {
    /// D(z; σ) at the last level of the reference.
    fn finish(&self, states: &Array2<f64>) -> Result<Array2<f64>> {
        Ok(self.points.denoise(states.view(), &vec![REFERENCE_LAST; states.nrows()])?)
    }

    fn run(&self, sampler: Sampler, levels: Array2<f64>) -> Result<Array2<f64>> {
        let rows: Vec<u64> = (0..self.states.nrows() as u64).collect();
        let start = Start { states: self.states.view(), rows: &rows, seed: self.seed, held: None };
        let stop = Stop { tolerance: 0.0, early: false };
        let dynamics = sampler.dynamics(self.points, self.process, 0.0);
        Ok(recall(dynamics.as_ref(), start, None, &Grid::Levels(levels), stop, &mut NoObserver)?.states)
    }

    fn to_end(&self, sampler: Sampler, spacing: Spacing, steps: usize) -> Result<Array2<f64>> {
        let first = vec![self.first; self.states.nrows()];
        let spread = self.points.patterns().spread();
        self.run(
            sampler,
            match spacing {
                Spacing::Power { rho, last } => power_levels(&first, last * spread, rho, steps),
                Spacing::Time => time_levels(&self.process, &first, steps),
            },
        )
    }

    /// The states at [`PATH_LEVEL`], with the same kind of spacing from the cue's level on.
    fn to_path_level(&self, sampler: Sampler, spacing: Spacing, steps: usize) -> Result<Array2<f64>> {
        let level = |i: usize| {
            let share = i as f64 / steps as f64;
            let between = |a: f64, b: f64| a + share * (b - a);
            match spacing {
                Spacing::Power { rho, .. } => {
                    between(self.first.powf(1.0 / rho), PATH_LEVEL.powf(1.0 / rho)).powf(rho)
                }
                Spacing::Time => {
                    self.process.sigma(between(self.process.time(self.first), self.process.time(PATH_LEVEL)))
                }
            }
        };
        self.run(sampler, Array2::from_shape_fn((steps + 1, self.states.nrows()), |(i, _)| level(i)))
    }
}
