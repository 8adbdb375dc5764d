//! What is measured of sequences.

use attractor::memories::{Played as Order, Spec};
use attractor::threads;
use attractor::{Memory, Patterns, Prepare, Request};
use attractor_capacity::set_seed;
use attractor_capacity::theory::normal_tail;
use attractor_data::{digits, random_spins};
use attractor_report::Result;
use ndarray::{Array2, ArrayView2, s};

/// Units and patterns of the first sequence.
pub const LONG: (usize, usize) = (300, 100);

/// Units and patterns of the sequence with dwell, its steps and its drive.
pub const HELD: (usize, usize, usize, f64) = (100, 40, 5, 2.5);

/// Units and patterns of the sequence with noise, and how long it is played.
pub const NOISY: (usize, usize, usize) = (64, 50, 20);

/// How one sequence is played from its first pattern, in several sets.
pub struct Played {
    pub separation: &'static str,
    /// For each set, how many of its steps lead to the next pattern without a wrong unit.
    pub exact: Vec<usize>,
    /// For each set, the updates in order, when it is played from its first pattern on.
    pub ordered: Vec<usize>,
    /// The memories that the first set visited.
    pub visited: Vec<usize>,
}

/// How memories with dwell are held, in several sets.
pub struct Held {
    pub separation: &'static str,
    /// For each set, the share of updates in order.
    pub ordered: Vec<f64>,
    /// For each set, the share of memories that were visited in order and held for exactly as many steps as they should be.
    pub exactly: Vec<f64>,
    /// The memories that the first set visited.
    pub visited: Vec<usize>,
}

/// How many steps are right in a sequence of patterns that are alike.
pub struct Alike {
    pub data: &'static str,
    /// The mean overlap of two patterns.
    pub overlap: f64,
    pub separation: &'static str,
    pub rule: &'static str,
    pub right: usize,
    pub steps: usize,
}

/// How well noisy transitions keep the order.
pub struct Noisy {
    pub sigma: f64,
    /// Wrong first steps, from a stored pattern, and of how many.
    pub first: (usize, usize),
    /// The sum over other patterns of the probability that one is nearer than the right one.
    pub bound: f64,
    /// Updates in order, and of how many.
    pub ordered: (usize, usize),
}

fn sequence(patterns: ArrayView2<f32>, options: &[(&str, &str)]) -> Result<Box<dyn Memory<f32>>> {
    let spec = options.iter().fold(Spec::new("sequence"), |spec, (name, value)| spec.with(name, *value));
    Ok(spec.build(Patterns::new(patterns.to_owned())?)?)
}

/// How many patterns are followed by the next one without a wrong unit.
fn exact(memory: &dyn Memory<f32>, patterns: ArrayView2<f32>) -> Result<usize> {
    let request = Request { updates: Some(1), report: false, ..Request::new(patterns) };
    let next = memory.recall(&request)?.states;
    Ok((1..patterns.nrows()).filter(|&n| next.row(n - 1) == patterns.row(n)).count())
}

/// Plays from the first pattern.
fn play(memory: &dyn Memory<f32>, patterns: ArrayView2<f32>, updates: usize) -> Result<Order> {
    let request = Request { updates: Some(updates), ..Request::new(patterns.slice_move(s![..1, ..])) };
    let rows = memory.recall(&request)?.rows;
    Ok(rows[0].played.as_deref().cloned().unwrap_or_default())
}

/// One result for each set of random patterns.
fn each<T: Send>(
    (dim, count): (usize, usize),
    sets: usize,
    seed: u64,
    of: impl Fn(ArrayView2<f32>) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let one = |set: usize| of(random_spins::<f32>(count, dim, set_seed(seed, dim, set)).view());
    threads::parallel(sets, one).into_iter().collect()
}

pub fn played(sets: usize, seed: u64) -> Result<Vec<Played>> {
    let of = |separation: &'static str| {
        let all = each(LONG, sets, seed, |patterns| {
            let memory = sequence(patterns, &[("separation", separation)])?;
            let order = play(memory.as_ref(), patterns, LONG.1 - 1)?;
            Ok((exact(memory.as_ref(), patterns)?, order))
        })?;
        Ok(Played {
            separation,
            exact: all.iter().map(|(exact, _)| *exact).collect(),
            ordered: all.iter().map(|(_, order)| order.ordered).collect(),
            visited: all[0].1.visited.clone(),
        })
    };
    ["poly:1", "poly:2", "poly:3", "exp"].into_iter().map(of).collect()
}

pub fn held(sets: usize, seed: u64) -> Result<Vec<Held>> {
    let (dim, count, dwell, drive) = HELD;
    let (steps, drive) = (dwell.to_string(), drive.to_string());
    let of = |separation: &'static str| {
        let options = [("separation", separation), ("dwell", &steps), ("drive", &drive), ("closed", "")];
        let all = each((dim, count), sets, seed, |patterns| {
            let memory = sequence(patterns, &options)?;
            play(memory.as_ref(), patterns, count * dwell)
        })?;
        let exactly = |order: &Order| {
            // The first `count` stays are those of the memories in turn, if the order was kept.
            let mut first = 0;
            let right = |(place, held): &(usize, &usize)| {
                let memory = order.visited[first];
                first += **held;
                memory == *place && **held == dwell
            };
            order.held.iter().take(count).enumerate().filter(right).count() as f64 / count as f64
        };
        Ok(Held {
            separation,
            ordered: all.iter().map(|order| order.ordered as f64 / (count * dwell) as f64).collect(),
            exactly: all.iter().map(exactly).collect(),
            visited: all[0].visited.clone(),
        })
    };
    ["poly:1", "poly:2", "poly:5", "poly:10", "exp"].into_iter().map(of).collect()
}

/// Random patterns of which two units in three and more are +1; and digits, black and white.
pub fn alike(seed: u64) -> Result<Vec<Alike>> {
    /// The mean of a unit of biased patterns.
    const BIAS: f64 = 0.6;
    const DIGITS: usize = 60;
    let (dim, count) = LONG;
    let mut noise = attractor::noise::Stream::new(seed, attractor::noise::Purpose::Patterns, dim as u64);
    let biased = Array2::from_shape_fn((count, dim), |_| {
        if noise.uniform() < 0.5 * (1.0 + BIAS) { 1.0_f32 } else { -1.0 }
    });
    let images = digits().images.mapv(f32::from);
    let images = images.slice(s![..DIGITS, ..]).to_owned();
    // Bright pixels, in the same places for all: thresholds of each pixel by its mean would take out what digits share.
    let half = images.iter().fold(0.0_f32, |most, &v| most.max(v)) / 2.0;
    let images = images.mapv(|v| if v > half { 1.0 } else { -1.0 });
    let images = Patterns::prepared(images, Prepare::None, true)?.values().to_owned();
    let mut all = Vec::new();
    for (data, patterns) in [("biased", biased), ("digits", images)] {
        for separation in ["poly:1", "poly:2", "poly:3", "exp"] {
            for rule in ["hebb", "pseudo-inverse"] {
                let memory = sequence(patterns.view(), &[("separation", separation), ("rule", rule)])?;
                let right = exact(memory.as_ref(), patterns.view())?;
                let steps = patterns.nrows() - 1;
                all.push(Alike { data, overlap: mean_overlap(&patterns), separation, rule, right, steps });
            }
        }
    }
    Ok(all)
}

/// The mean overlap of two different patterns.
fn mean_overlap(patterns: &Array2<f32>) -> f64 {
    let (count, dim) = patterns.dim();
    let products = patterns.dot(&patterns.t());
    let all: f64 = products.iter().map(|&p| f64::from(p)).sum();
    (all / dim as f64 - count as f64) / (count * (count - 1)) as f64
}

pub fn noisy(seed: u64) -> Result<Vec<Noisy>> {
    /// How many recalls start at each pattern.
    const EACH: usize = 20;
    let (dim, count, updates) = NOISY;
    let patterns = random_spins::<f32>(count, dim, set_seed(seed, dim, 0));
    let cues =
        patterns.select(ndarray::Axis(0), &(0..count * EACH).map(|row| row % count).collect::<Vec<_>>());
    let distances = patterns.dot(&patterns.t()).mapv(|p| (2.0 * (dim as f64 - f64::from(p))).sqrt());
    let of = |sigma: f64| {
        let spec = Spec::new("continuous-sequence").with("noise", sigma).with("closed", true);
        let memory = spec.build(Patterns::new(patterns.clone())?)?;
        let request = Request { updates: Some(updates), seed, ..Request::new(cues.view()) };
        let rows = memory.recall(&request)?.rows;
        let orders: Vec<&Order> = rows.iter().filter_map(|row| row.played.as_deref()).collect();
        let wrong = orders.iter().filter(|o| o.visited[1] != (o.visited[0] + 1) % count).count();
        let nearer = distances.iter().filter(|d| **d > 0.0).map(|d| normal_tail(d / (2.0 * sigma)));
        Ok(Noisy {
            sigma,
            first: (wrong, orders.len()),
            bound: nearer.sum::<f64>() / count as f64,
            ordered: (orders.iter().map(|o| o.ordered).sum(), orders.len() * updates),
        })
    };
    [1.5, 2.0, 2.5, 3.0, 3.5, 4.0].into_iter().map(of).collect()
}
