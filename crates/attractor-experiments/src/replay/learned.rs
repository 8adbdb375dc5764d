//! The learned version: one network, which learns a stream of experiences and what it recalls itself.

use attractor::noise::{Purpose, Stream};
use attractor::{Level, Patterns, Request};
use attractor_replay::{LearnedReplay, LearnedSettings, Teacher};
use attractor_report::team::{gathered, stray};
use attractor_report::{Result, Team};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, concatenate};
use serde_json::{Value, json};

use super::Config;
use super::exact::refused;

/// Units of the learned version.
pub(super) const UNITS: usize = 16;
/// Dimensions of the semantic memory: a Gaussian on a subspace.
pub(super) const LATENT: usize = 4;
/// Its standard deviation in all other directions.
pub(super) const THICKNESS: f64 = 0.1;
/// The noise of the cues, in spreads.
pub(super) const NOISE: f64 = 0.5;
/// A state has landed on the event within this distance: root mean square over units, in spreads.
pub(super) const LANDED: f64 = 0.25;
/// Training before the event: steps, and new experiences in each.
pub(super) const BEFORE: (usize, usize) = (2000, 32);
/// Settings of the rounds.
pub(super) const SETTINGS: LearnedSettings =
    LearnedSettings { width: 128, repeats: 8, rate: 1e-3, steps: 10, fresh: 24, replays: 8, seed: 0 };

/// What the networks are taught, in the order of the report.
pub(super) fn teachers() -> Vec<(&'static str, Teacher)> {
    let half = (0..UNITS).map(|j| j < UNITS / 2).collect();
    vec![
        ("disrupted", Teacher::Nothing),
        ("self-sampled", Teacher::SelfSampled),
        ("power 2", Teacher::Power(2.0)),
        ("cued", Teacher::Cued),
        ("cued, core only", Teacher::Core(half)),
        ("the event itself", Teacher::Whole),
    ]
}

/// What was measured of a network after some rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Measure {
    /// Distance between recalls of noisy cues and the event: root mean square over units in spreads; of the core and of
    /// the other units.
    pub errors: [f64; 2],
    /// Share of these recalls that land on the event.
    pub returned: f64,
    /// Share of free recalls that land on the event: its weight.
    pub weight: f64,
    /// Median distance of the other free recalls from the semantic subspace: what is left of semantic memory.
    pub off: f64,
}

impl Measure {
    /// As a value.
    pub fn value(&self) -> Value {
        json!([self.errors[0], self.errors[1], self.returned, self.weight, self.off])
    }

    /// From such a value; `None` if it is none.
    fn of(value: &Value) -> Option<Self> {
        // A number that was not finite is null.
        let numbers: Vec<f64> =
            value.as_array()?.iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect();
        let [core, rest, returned, weight, off] = numbers[..] else { return None };
        Some(Measure { errors: [core, rest], returned, weight, off })
    }
}

/// The semantic memory: orthonormal directions, each with a standard deviation of √(D/L), so that a unit has a variance
/// of 1.
struct Semantic {
    directions: Array2<f64>,
    stream: Stream,
}

impl Semantic {
    fn new(seed: u64) -> Self {
        let mut stream = Stream::new(seed, Purpose::Patterns, 0);
        let mut directions = Array2::from_shape_simple_fn((LATENT, UNITS), || stream.normal());
        for k in 0..LATENT {
            for other in 0..k {
                let overlap = directions.row(k).dot(&directions.row(other));
                let shadow = directions.row(other).mapv(|v| v * overlap);
                let mut row = directions.row_mut(k);
                row -= &shadow;
            }
            let norm = directions.row(k).dot(&directions.row(k)).sqrt();
            directions.row_mut(k).mapv_inplace(|v| v / norm);
        }
        Semantic { directions, stream }
    }

    /// New experiences.
    fn next(&mut self, count: usize) -> Array2<f32> {
        let scale = (UNITS as f64 / LATENT as f64).sqrt();
        let latent = Array2::from_shape_simple_fn((count, LATENT), || scale * self.stream.normal());
        let mut rows = latent.dot(&self.directions);
        rows.mapv_inplace(|v| v + THICKNESS * self.stream.normal());
        rows.mapv(|v| v as f32)
    }

    /// The distance of a state from the subspace, root mean square over the other directions.
    fn off(&self, state: ArrayView1<f32>) -> f64 {
        let wide = state.mapv(f64::from);
        let inside = self.directions.dot(&wide);
        let square = wide.dot(&wide) - inside.dot(&inside);
        (square.max(0.0) / (UNITS - LATENT) as f64).sqrt()
    }
}

/// Root mean square difference over these units.
fn distance(state: ArrayView1<f32>, event: ArrayView1<f32>, units: std::ops::Range<usize>) -> f64 {
    let count = units.len() as f64;
    (units.map(|j| f64::from(state[j] - event[j]).powi(2)).sum::<f64>() / count).sqrt()
}

impl Config {
    /// The measures of all teachers at all looks, for one network.
    pub(super) fn network(&self, number: usize) -> Result<Vec<Vec<Measure>>> {
        let seed = self.seed.wrapping_mul(1_000_003).wrapping_add(number as u64);
        let mut semantic = Semantic::new(seed);
        let event = Array1::from_shape_simple_fn(UNITS, || semantic.stream.normal() as f32);
        let shown = concatenate(Axis(0), &[event.view().insert_axis(Axis(0)), semantic.next(255).view()]);
        let patterns = Patterns::new(shown.expect("rows of one width"))?;
        let settings = LearnedSettings { seed, ..SETTINGS };
        let mut before = LearnedReplay::new(patterns, event.view(), settings).map_err(refused)?;
        let (steps, fresh) = self.before;
        for _ in 0..steps {
            let rows = semantic.next(fresh);
            before.learn(rows.view()).map_err(refused)?;
        }
        // The event is experienced once.
        let rows =
            concatenate(Axis(0), &[semantic.next(fresh - 1).view(), event.view().insert_axis(Axis(0))]);
        before.learn(rows.expect("rows of one width").view()).map_err(refused)?;
        let cues = Array2::from_shape_fn((self.recalls, UNITS), |(_, j)| {
            event[j] + (NOISE * semantic.stream.normal()) as f32
        });
        let mut all = Vec::new();
        for (_, teacher) in teachers() {
            let mut network = before.clone();
            // Every teacher has the same stream beside it.
            let mut stream =
                Semantic { directions: semantic.directions.clone(), stream: semantic.stream.clone() };
            let mut found = Vec::new();
            let mut done = 0;
            for look in &self.rounds {
                while done < *look {
                    network.round(&teacher, &mut |count| stream.next(count)).map_err(refused)?;
                    done += 1;
                }
                found.push(self.measured(&network, &semantic, event.view(), cues.view(), seed)?);
            }
            all.push(found);
        }
        Ok(all)
    }

    fn measured(
        &self,
        network: &LearnedReplay,
        semantic: &Semantic,
        event: ArrayView1<f32>,
        cues: ArrayView2<f32>,
        seed: u64,
    ) -> Result<Measure> {
        let memory = network.memory().map_err(refused)?;
        let request = Request { level: Level::Sigma(NOISE), report: false, ..Request::new(cues) };
        let states = memory.recall(&request)?.states;
        let mean = |units: std::ops::Range<usize>| {
            let all = states.outer_iter().map(|state| distance(state, event, units.clone()));
            all.sum::<f64>() / states.nrows() as f64
        };
        let landed = |state: &ArrayView1<f32>| distance(*state, event, 0..UNITS) <= LANDED;
        let returned = states.outer_iter().filter(landed).count() as f64 / states.nrows() as f64;
        let free = network.imagined(self.recalls, seed.wrapping_add(7)).map_err(refused)?;
        let weight = free.outer_iter().filter(landed).count() as f64 / free.nrows() as f64;
        let mut off: Vec<f64> =
            free.outer_iter().filter(|state| !landed(state)).map(|state| semantic.off(state)).collect();
        Ok(Measure {
            errors: [mean(0..UNITS / 2), mean(UNITS / 2..UNITS)],
            returned,
            weight,
            off: attractor_report::statistics::median(&mut off),
        })
    }

    /// The measures of all networks: by network, teacher and look. `tell` is called with the number of networks that are done.
    pub(super) fn learned(
        &self,
        team: &mut dyn Team,
        tell: &mut dyn FnMut(usize) -> Result<()>,
    ) -> Result<Vec<Vec<Vec<Measure>>>> {
        let cells: Vec<Value> = (0..self.networks).map(|number| json!(number)).collect();
        let looks = |value: &Value| value.as_array()?.iter().map(Measure::of).collect();
        let network =
            |value: &Value| value.as_array()?.iter().map(looks).collect::<Option<Vec<Vec<Measure>>>>();
        let found = gathered(team, &cells, tell)?;
        found.iter().map(|value| network(value).ok_or_else(|| stray(value))).collect()
    }
}
