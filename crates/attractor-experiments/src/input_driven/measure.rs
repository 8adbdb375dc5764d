//! What is measured of cues that stay on.

use attractor::memories::Spec;
use attractor::noise::{Purpose, Stream};
use attractor::{Level, Memory, Patterns, Request};
use attractor_capacity::set_seed;
use attractor_data::random_spins;
use attractor_report::Result;
use ndarray::{Array2, ArrayView1, ArrayView2};

/// The gains that are compared.
pub const GAINS: [f64; 5] = [0.0, 0.5, 1.0, 4.0, 100.0];
/// The shares of a second pattern in a mixed cue; the first has 1.
pub const MIXTURES: [f64; 4] = [0.0, 0.5, 0.8, 0.9];
/// The standard deviation of the noise in a mixed cue.
pub const NOISE: f64 = 1.0;
/// Units and patterns of the noisy network, as in the authors' program (github.com/sim1bet/Input-Driven-Hopfield).
pub const NETWORK: (usize, usize) = (1024, 10);
/// The range of the share of the right memory in its input, and of the others, from the same program.
pub const SHARES: [(f64, f64); 2] = [(2.0, 3.5), (0.8, 1.5)];
/// Temperatures in parts of D.
pub const TEMPERATURES: [f64; 6] = [0.05, 0.2, 0.4, 0.6, 0.8, 1.1];
/// Sweeps of the noisy network.
pub const SWEEPS: usize = 100;
/// The most recalls of each noisy network.
pub const MOST_NOISY: usize = 400;
/// How alike a wrong cue is to its pattern.
pub const LIKENESSES: [f64; 3] = [0.2, 0.5, 0.9];

/// A memory of mixed cues.
pub struct Contestant {
    pub name: &'static str,
    model: &'static str,
    options: &'static [(&'static str, &'static str)],
    /// Patterns for each unit.
    pub load: f64,
}

/// The memories that recall mixed cues.
pub const CONTESTANTS: [Contestant; 8] = [
    Contestant { name: "hopfield", model: "hopfield", options: &[], load: 0.05 },
    Contestant { name: "hopfield, loaded", model: "hopfield", options: &[], load: 0.25 },
    Contestant { name: "dense poly:3", model: "dense", options: &[], load: 1.0 },
    Contestant { name: "dense exp", model: "dense", options: &[("interaction", "exp")], load: 1.0 },
    Contestant { name: "modern", model: "modern", options: &[], load: 1.0 },
    Contestant { name: "modern, β = 3/D", model: "modern", options: &[("beta", "3/D")], load: 1.0 },
    Contestant { name: "diffusion", model: "diffusion", options: &[], load: 1.0 },
    Contestant {
        name: "diffusion, drawn",
        model: "diffusion",
        options: &[("sampler", "bridge"), ("steps", "1")],
        load: 1.0,
    },
];

impl Contestant {
    fn build(&self, patterns: &Array2<f32>) -> Result<Box<dyn Memory<f32>>> {
        let spec = self.options.iter().fold(Spec::new(self.model), |spec, &(name, value)| match value {
            "3/D" => spec.with(name, 3.0 / patterns.ncols() as f64),
            value => spec.with(name, value),
        });
        Ok(spec.build(Patterns::new(patterns.clone())?)?)
    }
}

/// How many mixed cues a memory recalls right.
pub struct Mixed {
    pub memory: &'static str,
    pub patterns: usize,
    pub mixture: f64,
    pub gain: f64,
    /// Recalls that ended nearest to the first pattern of the mixture.
    pub right: usize,
    /// Of these, those that ended on it: at an overlap of at least 0.95.
    pub clean: usize,
    /// Cues that are nearest to it.
    pub decoder: usize,
    pub cues: usize,
}

type Tell<'a> = &'a mut dyn FnMut(usize, usize) -> Result<()>;

/// Cues u = y_n + b y_(n+1) + ε, for pattern after pattern, and the index n of each.
fn mixed_cues(patterns: ArrayView2<f32>, count: usize, mixture: f64, seed: u64) -> (Array2<f32>, Vec<usize>) {
    let n = patterns.nrows();
    let mut cues = Array2::zeros((count, patterns.ncols()));
    for (row, mut cue) in cues.outer_iter_mut().enumerate() {
        let mut stream = Stream::new(seed, Purpose::Corruption, row as u64);
        let (first, second) = (patterns.row(row % n), patterns.row((row + 1) % n));
        for ((u, &a), &b) in cue.iter_mut().zip(first).zip(second) {
            *u = (f64::from(a) + mixture * f64::from(b) + NOISE * stream.normal()) as f32;
        }
    }
    (cues, (0..count).map(|row| row % n).collect())
}

fn nearest(patterns: ArrayView2<f32>, cue: ArrayView1<f32>) -> usize {
    let overlaps = patterns.dot(&cue);
    (0..overlaps.len()).max_by(|&a, &b| overlaps[a].total_cmp(&overlaps[b])).unwrap_or(0)
}

/// The pattern that a state is most like, up to the sign, and the size of their product: a classical network's valley at −y is that at y.
fn likest(patterns: ArrayView2<f32>, state: ArrayView1<f32>) -> (usize, f64) {
    let products = patterns.dot(&state);
    let all = products.iter().map(|product| f64::from(product.abs())).enumerate();
    all.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or_default()
}

/// Mixed cues: every memory at every mixture and gain.
pub fn mixed(dim: usize, cues: usize, seed: u64, tell: Tell) -> Result<Vec<Mixed>> {
    let mut all = Vec::new();
    let steps = CONTESTANTS.len() * MIXTURES.len();
    for (k, contestant) in CONTESTANTS.iter().enumerate() {
        let count = (contestant.load * dim as f64).round() as usize;
        let patterns = random_spins::<f32>(count, dim, set_seed(seed, dim, 0));
        let memory = contestant.build(&patterns)?;
        for (m, mixture) in MIXTURES.into_iter().enumerate() {
            let (given, right) = mixed_cues(patterns.view(), cues, mixture, seed);
            let decoded =
                given.outer_iter().zip(&right).filter(|(u, n)| nearest(patterns.view(), *u) == **n).count();
            for gain in GAINS {
                // The second pattern is noise to a memory that knows of one.
                let level = Level::Sigma(NOISE.hypot(mixture));
                let request = Request { level, seed, keep_cue: gain, ..Request::new(given.view()) };
                let rows = memory.recall(&request)?.rows;
                let is_right = |row: usize| rows[row].memory == Some(right[row]);
                let clean =
                    |row: usize| is_right(row) && rows[row].overlap.is_some_and(|overlap| overlap >= 0.95);
                all.push(Mixed {
                    memory: contestant.name,
                    patterns: count,
                    mixture,
                    gain,
                    right: (0..cues).filter(|&row| is_right(row)).count(),
                    clean: (0..cues).filter(|&row| clean(row)).count(),
                    decoder: decoded,
                    cues,
                });
            }
            tell(k * MIXTURES.len() + m + 1, steps)?;
        }
    }
    Ok(all)
}

/// How many memories of a classical network exist under an input.
pub struct Threshold {
    pub gain: f64,
    /// How many of the memories have D α > Σ α.
    pub exist: usize,
    /// How many are at rest in the network.
    pub at_rest: usize,
    pub memories: usize,
}

/// Orthogonal memories (rows of a Hadamard matrix) under an input in which memory n has the share 1/(1 + n/2).
pub fn thresholds(seed: u64) -> Result<Vec<Threshold>> {
    const SIZE: (usize, usize) = (64, 32);
    let (dim, count) = SIZE;
    let sign = |n: usize, j: usize| if (n & j).count_ones().is_multiple_of(2) { 1.0_f32 } else { -1.0 };
    let patterns = Array2::from_shape_fn((count, dim), |(n, j)| sign(n, j));
    let shares: Vec<f64> = (0..count).map(|n| 1.0 / (1.0 + n as f64 / 2.0)).collect();
    let input = Array2::from_shape_fn((count, dim), |(_, j)| {
        (0..count).map(|n| shares[n] * f64::from(patterns[[n, j]])).sum::<f64>() as f32
    });
    let memory = Spec::new("hopfield").build(Patterns::new(patterns.clone())?)?;
    let one = |gain: f64| -> Result<Threshold> {
        let alpha: Vec<f64> = shares.iter().map(|share| share.powf(2.0 * gain)).collect();
        let all: f64 = alpha.iter().sum();
        let request = Request {
            updates: Some(1),
            seed,
            keep_cue: gain,
            input: Some(input.view()),
            ..Request::new(patterns.view())
        };
        let states = memory.recall(&request)?.states;
        Ok(Threshold {
            gain,
            exist: alpha.iter().filter(|alpha| dim as f64 * **alpha > all).count(),
            at_rest: (0..count).filter(|&n| states.row(n) == patterns.row(n)).count(),
            memories: count,
        })
    };
    [0.0, 0.25, 0.5, 1.0, 1.5, 2.0].into_iter().map(one).collect()
}

/// A noisy classical network, from random states.
pub struct Noisy {
    /// In parts of D.
    pub temperature: f64,
    pub gain: f64,
    /// Recalls that ended nearest to the memory with the largest share in the input.
    pub found: usize,
    pub runs: usize,
    /// The mean overlap with it, of the recalls that found it.
    pub overlap: Option<f64>,
    /// The root of m = tanh(m D/T): the overlap at rest of a memory of weight 1, far below capacity.
    pub theory: f64,
}

/// The largest root of m = tanh(m/t).
fn magnetisation(temperature: f64) -> f64 {
    (0..10_000).fold(1.0, |m: f64, _| (m / temperature).tanh())
}

/// Random states of ten memories in noise, with an input in which one has a larger share than the others.
pub fn noisy(runs: usize, seed: u64, tell: Tell) -> Result<Vec<Noisy>> {
    let (dim, count) = NETWORK;
    let patterns = random_spins::<f32>(count, dim, set_seed(seed, dim, 1));
    let mut inputs = Array2::<f32>::zeros((runs, dim));
    for (row, mut input) in inputs.outer_iter_mut().enumerate() {
        let mut stream = Stream::new(seed, Purpose::Corruption, row as u64);
        for (n, pattern) in patterns.outer_iter().enumerate() {
            let (low, high) = SHARES[usize::from(n != row % count)];
            let share = (low + (high - low) * stream.uniform()) as f32;
            input.scaled_add(share, &pattern);
        }
    }
    let starts = random_spins::<f32>(runs, dim, set_seed(seed, dim, 2));
    let mut all = Vec::new();
    for (k, temperature) in TEMPERATURES.into_iter().enumerate() {
        let spec =
            Spec::new("hopfield").with("update", "glauber").with("temperature", temperature * dim as f64);
        let memory = spec.build(Patterns::new(patterns.clone())?)?;
        for gain in [0.0, 0.5, 1.0] {
            let request = Request {
                updates: Some(SWEEPS),
                seed,
                keep_cue: gain,
                input: Some(inputs.view()),
                ..Request::new(starts.view())
            };
            let states = memory.recall(&request)?.states;
            let found: Vec<f64> = (0..runs)
                .map(|row| (row, likest(patterns.view(), states.row(row))))
                .filter(|(row, (n, _))| *n == row % count)
                .map(|(_, (_, overlap))| overlap / dim as f64)
                .collect();
            let mean = found.iter().sum::<f64>() / found.len() as f64;
            all.push(Noisy {
                temperature,
                gain,
                found: found.len(),
                runs,
                overlap: (!found.is_empty()).then_some(mean),
                theory: magnetisation(temperature),
            });
        }
        tell(k + 1, TEMPERATURES.len())?;
    }
    Ok(all)
}

/// A state that is right, under a cue that is wrong.
pub struct Wrong {
    pub memory: &'static str,
    pub likeness: f64,
    pub gain: f64,
    /// Recalls that ended nearest to the pattern of the wrong cue.
    pub taken: usize,
    pub runs: usize,
}

/// Starts at stored patterns, with a cue that stays on of another one, as like it as `likeness` says.
pub fn wrong(dim: usize, runs: usize, seed: u64) -> Result<Vec<Wrong>> {
    let mut all = Vec::new();
    for contestant in CONTESTANTS.iter().filter(|one| !one.name.contains(',')) {
        let count = (contestant.load * dim as f64).round() as usize;
        let patterns = random_spins::<f32>(count, dim, set_seed(seed, dim, 0));
        let memory = contestant.build(&patterns)?;
        let starts = Array2::from_shape_fn((runs, dim), |(row, j)| patterns[[row % count, j]]);
        for likeness in LIKENESSES {
            let mut input = Array2::from_shape_fn((runs, dim), |(row, j)| patterns[[(row + 1) % count, j]]);
            for (row, mut input) in input.outer_iter_mut().enumerate() {
                let mut stream = Stream::new(seed, Purpose::Corruption, row as u64);
                input.mapv_inplace(|y| if stream.uniform() < (1.0 + likeness) / 2.0 { y } else { -y });
            }
            for gain in GAINS.into_iter().filter(|gain| *gain > 0.0) {
                let request = Request {
                    level: Level::Sigma(NOISE),
                    seed,
                    keep_cue: gain,
                    input: Some(input.view()),
                    ..Request::new(starts.view())
                };
                let states = memory.recall(&request)?.states;
                let taken = |row: &usize| likest(patterns.view(), states.row(*row)).0 == (row + 1) % count;
                all.push(Wrong {
                    memory: contestant.name,
                    likeness,
                    gain,
                    taken: (0..runs).filter(taken).count(),
                    runs,
                });
            }
        }
    }
    Ok(all)
}
