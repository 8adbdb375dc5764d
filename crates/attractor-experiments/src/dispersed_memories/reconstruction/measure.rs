//! How much is stored of an event, how near reconstructions come to it, and what they drift to.

use std::sync::Arc;

use attractor::diffusion::{Sampler, Sampling};
use attractor::energies::{Encoder, Event, Mixture, Reconstruction, Surprise, surprise};
use attractor::noise::{Purpose, Stream};
use attractor::{Request, memories, threads};
use attractor_data::Shape;
use attractor_report::Result;
use attractor_report::statistics::{Interval, bootstrap};
use ndarray::{Array1, Array2, ArrayView1};

use super::{Config, Digits};

/// A way to store events: how many numbers it keeps of one, and how far reconstructions are from it.
pub(super) struct Stored {
    pub rule: &'static str,
    /// Its threshold or size, in words.
    pub what: String,
    /// The mean number of stored numbers of an event.
    pub numbers: f64,
    /// The error of the mean of many recalls: root mean square of a unit, over units and events.
    pub mean: f64,
    pub mean_interval: Interval,
    /// The error of a single recall.
    pub single: f64,
    pub single_interval: Interval,
}

/// The squared errors of one event, per unit.
struct Errors {
    numbers: f64,
    mean: f64,
    single: f64,
}

/// The recalls of one event from its core alone.
pub(super) struct Recalled {
    pub class: u8,
    pub units: Vec<usize>,
    /// The first recalls.
    pub recalls: Vec<Vec<f64>>,
    /// The mean of all of them.
    pub mean: Vec<f64>,
    /// Root mean square over stored units of the error of single recalls.
    pub core_error: f64,
    /// Root mean square over free units: of single recalls, of the mean of all, and of the conditional mean.
    pub single_error: f64,
    pub mean_error: f64,
    pub expected_error: f64,
    /// How far the mean of the free units moved from the event to its prototype: 0 at the event, 1 at the prototype.
    pub shift: f64,
    /// Squared distances of the mean of the first r recalls from the conditional mean over the variance of a recall,
    /// for the numbers r of [`AVERAGED`]. 1/r is expected.
    pub averages: Vec<f64>,
}

/// Numbers of recalls that are averaged.
pub(super) const AVERAGED: [usize; 4] = [1, 4, 16, 64];

/// What a memory of one event expects of it: mean and total variance.
fn expected(semantic: &Mixture<f64>, y: &[f64], encoder: Arc<Encoder>) -> Result<(Mixture<f64>, f64)> {
    let all = encoder.len() == y.len();
    let memory = Reconstruction::new(semantic, vec![Event::of(y, encoder)?])?.mixture::<f64>()?;
    // The spread of a single point is its length.
    let variance = if all { 0.0 } else { memory.spread().powi(2) * y.len() as f64 };
    Ok((memory, variance))
}

fn square(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

impl Config {
    /// The curve over thresholds, with other ways to choose as many numbers beside it.
    pub(super) fn curve(&self, data: &Digits, semantic: &Mixture<f64>) -> Result<Vec<Stored>> {
        let dim = data.events.ncols();
        let least = self.thresholds.last().copied().unwrap_or(1.0);
        let paths: Vec<Surprise> = threads::parallel(data.events.nrows(), |n| {
            surprise(semantic, &data.events.row(n).to_vec(), least)
        })
        .into_iter()
        .collect::<attractor::Result<_>>()?;
        let none = Arc::new(Encoder::units(dim, Vec::new())?);
        let mut curve = vec![self.stored("nothing", "", data, semantic, |_| Ok(none.clone()))?];
        for threshold in &self.thresholds {
            let what = format!("surprise:{threshold}");
            let encoder = |n: usize| paths[n].encoder(*threshold).map(Arc::new);
            curve.push(self.stored("surprise", &what, data, semantic, encoder)?);
        }
        for count in [4, 8, 16, 32] {
            let units = |n: usize| {
                let mut all: Vec<usize> = (0..dim).collect();
                Stream::new(self.seed, Purpose::Order, n as u64).shuffle(&mut all);
                Encoder::units(dim, all[..count].to_vec()).map(Arc::new)
            };
            curve.push(self.stored("random units", &format!("{count} of them"), data, semantic, units)?);
        }
        for count in [4, 8, 16, 32] {
            let encoder = Arc::new(Encoder::components(semantic, count)?);
            let what = format!("components:{count}");
            curve.push(self.stored("components", &what, data, semantic, |_| Ok(encoder.clone()))?);
        }
        for side in [4, 2] {
            let encoder = Arc::new(Encoder::averages(dim, &Shape::grey(8, 8).blocks(side))?);
            let what = format!("blocks:{side}");
            curve.push(self.stored("blocks", &what, data, semantic, |_| Ok(encoder.clone()))?);
        }
        let whole = Arc::new(Encoder::units(dim, (0..dim).collect())?);
        curve.push(self.stored("everything", "", data, semantic, |_| Ok(whole.clone()))?);
        Ok(curve)
    }

    /// The errors of one way to store all events. They follow from the mean and the variance of what is recalled.
    fn stored(
        &self,
        rule: &'static str,
        what: &str,
        data: &Digits,
        semantic: &Mixture<f64>,
        encoder: impl Fn(usize) -> attractor::Result<Arc<Encoder>> + Sync,
    ) -> Result<Stored> {
        let dim = data.events.ncols() as f64;
        let one = |n: usize| -> Result<Errors> {
            let (y, encoder) = (data.events.row(n).to_vec(), encoder(n)?);
            let numbers = encoder.len() as f64;
            let (memory, variance) = expected(semantic, &y, encoder)?;
            let mean = square(memory.mean(), &y) / dim;
            Ok(Errors { numbers, mean, single: mean + variance / dim })
        };
        let errors: Vec<Errors> =
            threads::parallel(data.events.nrows(), one).into_iter().collect::<Result<_>>()?;
        let average = |of: fn(&Errors) -> f64, some: &[&Errors]| {
            some.iter().map(|errors| of(errors)).sum::<f64>() / some.len() as f64
        };
        let root = |of| move |some: &[&Errors]| average(of, some).sqrt();
        let all: Vec<&Errors> = errors.iter().collect();
        let (mean, single) = (root(|e| e.mean), root(|e| e.single));
        Ok(Stored {
            rule,
            what: what.to_owned(),
            numbers: average(|e| e.numbers, &all),
            mean: mean(&all),
            mean_interval: bootstrap(&errors, self.seed, mean),
            single: single(&all),
            single_interval: bootstrap(&errors, self.seed, single),
        })
    }

    /// Recalls every event from its core alone, that is from noise.
    pub(super) fn recalls(&self, data: &Digits, semantic: &Mixture<f64>) -> Result<Vec<Recalled>> {
        let prototypes: Vec<Vec<f64>> = (0..10).map(|class| data.prototype(class)).collect();
        let one = |n: usize| {
            let class = data.labels[n];
            self.recalled(n, data.events.row(n), class, &prototypes[usize::from(class)], semantic)
        };
        threads::parallel(data.events.nrows(), one).into_iter().collect()
    }

    fn recalled(
        &self,
        n: usize,
        y: ArrayView1<f64>,
        class: u8,
        prototype: &[f64],
        semantic: &Mixture<f64>,
    ) -> Result<Recalled> {
        let state = y.to_vec();
        let found = surprise(semantic, &state, self.threshold)?;
        let encoder = Arc::new(found.encoder(self.threshold)?);
        let units = encoder.kept_units().unwrap_or_default().to_vec();
        let (density, variance) = expected(semantic, &state, encoder)?;
        let expectation = density.mean().to_vec();
        let sampling = Sampling { sampler: Sampler::Bridge, ..Sampling::default() };
        let memory = memories::mixture(density, sampling)?;
        let rows: Vec<u64> = (0..self.repeats as u64).map(|row| (n * self.repeats) as u64 + row).collect();
        let (cues, level) = memory.prior_samples(&rows, self.seed)?;
        let request = Request {
            level,
            seed: self.seed,
            first_row: rows[0],
            report: false,
            ..Request::new(cues.view())
        };
        let states = memory.recall(&request)?.states;
        let mean = states.mean_axis(ndarray::Axis(0)).unwrap_or_else(|| Array1::zeros(y.len())).to_vec();
        let free: Vec<usize> = (0..y.len()).filter(|unit| !units.contains(unit)).collect();
        let root = |some: &[usize], of: &dyn Fn(usize) -> f64| {
            let sum: f64 = some.iter().map(|&unit| of(unit)).sum();
            if some.is_empty() { 0.0 } else { (sum / some.len() as f64).sqrt() }
        };
        let of_recalls = |unit: usize| {
            states.column(unit).iter().map(|x| (x - y[unit]).powi(2)).sum::<f64>() / self.repeats as f64
        };
        let along: f64 = free.iter().map(|&u| (mean[u] - y[u]) * (prototype[u] - y[u])).sum();
        let whole: f64 = free.iter().map(|&u| (prototype[u] - y[u]).powi(2)).sum();
        Ok(Recalled {
            class,
            core_error: root(&units, &of_recalls),
            single_error: root(&free, &of_recalls),
            mean_error: root(&free, &|unit| (mean[unit] - y[unit]).powi(2)),
            expected_error: root(&free, &|unit| (expectation[unit] - y[unit]).powi(2)),
            shift: if whole > 0.0 { along / whole } else { 0.0 },
            averages: averages(&states, &expectation, variance),
            recalls: states.outer_iter().take(3).map(|state| state.to_vec()).collect(),
            mean,
            units,
        })
    }
}

/// How near means of recalls are to the conditional mean: over disjoint groups of recalls.
fn averages(states: &Array2<f64>, expectation: &[f64], variance: f64) -> Vec<f64> {
    let ratio = |size: &usize| {
        let groups: Vec<f64> = states
            .axis_chunks_iter(ndarray::Axis(0), *size)
            .filter(|chunk| chunk.nrows() == *size)
            .map(|chunk| {
                let mean = chunk.sum_axis(ndarray::Axis(0)) / *size as f64;
                square(&mean.to_vec(), expectation)
            })
            .collect();
        match (groups.is_empty(), variance > 0.0) {
            (false, true) => groups.iter().sum::<f64>() / groups.len() as f64 / variance,
            _ => f64::NAN,
        }
    };
    AVERAGED.iter().map(ratio).collect()
}
