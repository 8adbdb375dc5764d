//! Expectation–maximisation, in the log domain.

use std::ops::ControlFlow;

use attractor::noise::{Purpose, Stream};
use attractor::{Result, threads};
use ndarray::{Array2, ArrayView2};

use crate::data::Data;
use crate::gaussian::{Form, Gaussian, Scatter};
use crate::settings::Settings;
use crate::start::start;

/// A component with less than this of one row is taken away. The likelihood does not change by it.
const NOTHING: f64 = 1e-8;

/// How far a fit is, for whoever watches it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// The number of components that is being fitted.
    pub components: usize,
    /// The number of the start, from 0.
    pub start: usize,
    /// The number of starts.
    pub starts: usize,
    /// The number of iterations from this start.
    pub iteration: usize,
    /// The mean log-likelihood of a row, in nats.
    pub log_likelihood: f64,
}

/// Sees the progress after each iteration, and can stop the fit.
pub type Watch<'a> = &'a mut dyn FnMut(&Progress) -> ControlFlow<()>;

/// A fitted mixture, in the units of [`Data`].
#[derive(Clone, Debug)]
pub struct Run {
    /// The weights, which sum to 1.
    pub weights: Vec<f64>,
    pub gaussians: Vec<Gaussian>,
    /// The mean log-likelihood of a row at the start and after each iteration.
    pub path: Vec<f64>,
    pub converged: bool,
    pub stopped: bool,
}

/// How a mixture explains rows.
pub struct Expectation {
    /// K lists of N numbers: the probability that row n comes from component k.
    pub shares: Vec<Vec<f64>>,
    /// ln p of each row.
    pub logs: Vec<f64>,
    /// Their mean.
    pub log_likelihood: f64,
}

/// The most likely of several runs from different starts.
pub fn best_run(
    data: &Data,
    components: usize,
    form: Form,
    settings: &Settings,
    watch: Watch,
) -> Result<Run> {
    // One Gaussian has one best fit, which the first iteration finds.
    let starts = if components == 1 { 1 } else { settings.restarts };
    let mut best: Option<Run> = None;
    for number in 0..starts {
        let row = (components as u64) << 32 | number as u64;
        let mut stream = Stream::new(settings.seed, Purpose::Fit, row);
        let progress =
            Progress { components, start: number, starts, iteration: 0, log_likelihood: f64::NEG_INFINITY };
        let run = run(data, form, settings, &mut stream, progress, watch)?;
        let stopped = run.stopped;
        if best.as_ref().is_none_or(|best| run.log_likelihood() > best.log_likelihood()) {
            best = Some(run);
        }
        if stopped {
            break;
        }
    }
    Ok(best.expect("one start at least"))
}

fn run(
    data: &Data,
    form: Form,
    settings: &Settings,
    stream: &mut Stream,
    mut progress: Progress,
    watch: Watch,
) -> Result<Run> {
    let rows = data.rows.view();
    let units = rows.ncols() as f64 * data.spread.ln();
    let (weights, gaussians) = start(rows, progress.components, form, stream)?;
    let mut run = Run { weights, gaussians, path: Vec::new(), converged: false, stopped: false };
    let mut found = run.expectation(rows);
    run.path.push(found.log_likelihood);
    for iteration in 1..=settings.iterations {
        run.maximise(rows, found.shares, form)?;
        found = run.expectation(rows);
        let gain = found.log_likelihood - run.log_likelihood();
        run.path.push(found.log_likelihood);
        progress = Progress { iteration, log_likelihood: found.log_likelihood - units, ..progress };
        if watch(&progress).is_break() {
            run.stopped = true;
            break;
        }
        if gain <= settings.tolerance * (1.0 + found.log_likelihood.abs()) {
            run.converged = true;
            break;
        }
    }
    Ok(run)
}

impl Run {
    /// The mean log-likelihood of a row that was fitted.
    pub fn log_likelihood(&self) -> f64 {
        self.path[self.path.len() - 1]
    }

    /// The posterior of each component for each row: w_k p_k(x)/Σ w p, from the logs, relative to the largest.
    pub fn expectation(&self, rows: ArrayView2<f64>) -> Expectation {
        let work = 2.0 * (rows.len() * rows.ncols() * self.weights.len()) as f64;
        let mut shares = threads::map(self.weights.len(), work, |k| {
            let mut logs = self.gaussians[k].log_densities(rows);
            logs.iter_mut().for_each(|log| *log += self.weights[k].ln());
            logs
        });
        /// The rows whose shares one task computes.
        const TOGETHER: usize = 1024;
        let count = rows.nrows();
        let logs = &shares;
        // The work of exponentials, as of other operations.
        let parts = threads::map(count.div_ceil(TOGETHER), 20.0 * (count * logs.len()) as f64, |part| {
            let some = part * TOGETHER..count.min((part + 1) * TOGETHER);
            let mut own: Vec<Vec<f64>> = logs.iter().map(|logs| logs[some.clone()].to_vec()).collect();
            let all: Vec<f64> = (0..some.len()).map(|n| shares_of(&mut own, n)).collect();
            (own, all)
        });
        let mut all = Vec::with_capacity(count);
        for (part, (own, logs)) in parts.into_iter().enumerate() {
            for (shares, own) in shares.iter_mut().zip(own) {
                shares[part * TOGETHER..][..own.len()].copy_from_slice(&own);
            }
            all.extend(logs);
        }
        let log_likelihood = all.iter().sum::<f64>() / rows.nrows() as f64;
        Expectation { shares, logs: all, log_likelihood }
    }

    /// The weights and Gaussians that are most likely given these shares.
    fn maximise(&mut self, rows: ArrayView2<f64>, shares: Vec<Vec<f64>>, form: Form) -> Result<()> {
        let shares: Vec<Vec<f64>> =
            shares.into_iter().filter(|own| own.iter().sum::<f64>() > NOTHING).collect();
        let smaller = rows.nrows().min(form.dim) as f64;
        let work = 4.0 * rows.len() as f64 * smaller + 9.0 * shares.len() as f64 * smaller.powi(3);
        let count = rows.nrows() as f64;
        let found = threads::map(shares.len(), work, |k| {
            let scatter = Scatter::of(rows, &shares[k]);
            (scatter.total / count, Gaussian::most_likely(scatter, form))
        });
        let (weights, gaussians): (Vec<f64>, Vec<_>) = found.into_iter().unzip();
        self.weights = weights;
        self.gaussians = gaussians.into_iter().collect::<Result<_>>()?;
        Ok(())
    }
}

/// Turns the logs of row n into shares, and returns the log of their sum.
fn shares_of(logs: &mut [Vec<f64>], n: usize) -> f64 {
    let peak = logs.iter().map(|logs| logs[n]).fold(f64::NEG_INFINITY, f64::max);
    let mut mass = 0.0;
    for logs in logs.iter_mut() {
        logs[n] = (logs[n] - peak).exp();
        mass += logs[n];
    }
    logs.iter_mut().for_each(|logs| logs[n] /= mass);
    peak + mass.ln()
}

/// N × K probabilities from K lists.
pub fn table(shares: &[Vec<f64>]) -> Array2<f64> {
    let rows = shares.first().map_or(0, Vec::len);
    Array2::from_shape_fn((rows, shares.len()), |(n, k)| shares[k][n])
}
