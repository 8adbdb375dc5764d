//! A memory of images or of ±1 units, and its recalls step by step.

use std::ops::ControlFlow;

use attractor::analysis::{TraceStep, posterior, trace};
use attractor::memories::{Weights, model};
use attractor::{Error, Frame, Level, Memory, Patterns, Prepare, Request, Result, Spec};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

/// A memory of many units.
pub struct Images {
    memory: Box<dyn Memory<f64>>,
}

/// One recall, step by step.
pub struct Steps {
    /// The states, (steps + 1) × D. The first is the cue as the memory takes it.
    pub states: Array2<f64>,
    /// What is recorded of each state; empty if units are known to a diffusion memory, whose landscape then depends on
    /// which.
    pub trace: Vec<TraceStep>,
    /// The memory nearest to the last state.
    pub nearest: Option<usize>,
}

/// Where many recalls ended.
pub struct Ends {
    /// The last states, one for each cue.
    pub states: Array2<f64>,
    /// The memory nearest to each of them, if the memory knows its patterns.
    pub nearest: Vec<Option<usize>>,
}

impl Images {
    /// A memory of a model, with these options, of these patterns (N × D). `raw` patterns, such as grey levels, are prepared as
    /// the command line prepares bytes: about their mean, with a root mean square of 1, or thresholded for models of ±1 units.
    ///
    /// # Errors
    /// An unknown model or option; patterns that the model refuses.
    pub fn new(name: &str, options: &[(&str, &str)], patterns: Array2<f64>, raw: bool) -> Result<Self> {
        let mut spec = Spec::new(name);
        options.iter().for_each(|(option, value)| spec.set(option, *value));
        let prepare = if raw { Prepare::Normalize } else { Prepare::None };
        let patterns = Patterns::prepared(patterns, prepare, raw && model(name)?.card.spins)?;
        Ok(Images { memory: spec.build(patterns)? })
    }

    /// The memory.
    pub fn memory(&self) -> &dyn Memory<f64> {
        self.memory.as_ref()
    }

    /// Recalls one cue, and records every step. `sigma` is the level of the cue, or NaN to have it estimated; `known` says
    /// which units are known, and is empty if none is.
    ///
    /// # Errors
    /// Those of the recall.
    pub fn steps(&self, cue: ArrayView1<f64>, known: &[bool], sigma: f64, seed: u64) -> Result<Steps> {
        let cues = cue.insert_axis(Axis(0));
        let mask = ArrayView2::from_shape((1, known.len()), known).ok().filter(|_| !known.is_empty());
        let request = Request { level: level(sigma), seed, known: mask, ..Request::new(cues) };
        if request.known.is_none() || self.memory.denoiser().is_none() {
            let traced = trace(self.memory.as_ref(), &request)?;
            return Ok(Steps {
                states: traced.states.index_axis(Axis(1), 0).to_owned(),
                trace: traced.moments.into_iter().next().unwrap_or_default(),
                nearest: traced.recall.rows.first().and_then(|row| row.memory),
            });
        }
        let mut states: Vec<f64> = Vec::new();
        let mut watch = |frame: Frame<f64>| {
            states.extend(frame.states.row(0).iter());
            ControlFlow::Continue(())
        };
        let recall = self.memory.recall_observed(&request, &mut watch)?;
        let count = states.len() / cue.len();
        let states = Array2::from_shape_vec((count, cue.len()), states).expect("whole states");
        Ok(Steps {
            states: self.memory.preparation().backward(states),
            trace: Vec::new(),
            nearest: recall.rows.first().and_then(|row| row.memory),
        })
    }

    /// Recalls many cues, each with random numbers of its own.
    ///
    /// # Errors
    /// Those of the recall.
    pub fn ends(&self, cues: ArrayView2<f64>, sigma: f64, seed: u64) -> Result<Ends> {
        let recall =
            self.memory.recall(&Request { level: level(sigma), seed, top: 1, ..Request::new(cues) })?;
        Ok(Ends { states: recall.states, nearest: recall.rows.iter().map(|row| row.memory).collect() })
    }

    /// States recalled from noise, without a cue.
    ///
    /// # Errors
    /// A memory without a prior.
    pub fn imagine(&self, count: usize, seed: u64) -> Result<Array2<f64>> {
        let rows: Vec<u64> = (0..count as u64).collect();
        let (cues, level) = self.memory.prior_samples(&rows, seed)?;
        Ok(self.memory.recall(&Request { level, seed, report: false, ..Request::new(cues.view()) })?.states)
    }

    /// The most probable memories of a state, best first, with their probabilities. Empty for a model without a posterior.
    ///
    /// # Errors
    /// A level outside its range.
    pub fn posterior(&self, state: ArrayView1<f64>, sigma: f64, top: usize) -> Result<Vec<(usize, f64)>> {
        match posterior(self.memory.as_ref(), state.insert_axis(Axis(0)), &[sigma], top) {
            Ok(found) => Ok(found.into_iter().next().map(|posterior| posterior.top).unwrap_or_default()),
            Err(Error::Undefined { .. }) => Ok(Vec::new()),
            Err(other) => Err(other),
        }
    }

    /// The couplings of a classical network, D × D.
    pub fn couplings(&self) -> Option<Array2<f64>> {
        match self.memory.learned()?.weights {
            Weights::Couplings(couplings) => Some(couplings),
            _ => None,
        }
    }
}

fn level(sigma: f64) -> Level {
    if sigma.is_nan() { Level::Estimate } else { Level::Sigma(sigma) }
}
