//! A memory of images or of ±1 units, and its recalls step by step.

use std::ops::ControlFlow;

use attractor::analysis::{TraceStep, trace};
use attractor::{Frame, Level, Memory, Patterns, Request, Result, Spec};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

/// A memory of many units.
pub struct Images {
    memory: Box<dyn Memory<f64>>,
}

/// One recall, step by step.
pub struct Steps {
    /// The states, (steps + 1) × D. The first is the cue as the memory takes it.
    pub states: Array2<f64>,
    /// What is recorded of each state; empty if units are known to a diffusion memory, whose landscape then depends on which.
    pub trace: Vec<TraceStep>,
    /// The memory nearest to the last state.
    pub nearest: Option<usize>,
}

impl Images {
    /// A memory of a model, with one option if `option` is not empty, of these patterns (N × D).
    ///
    /// # Errors
    /// An unknown model or option; patterns that the model refuses.
    pub fn new(model: &str, options: &[(&str, &str)], patterns: Array2<f64>) -> Result<Self> {
        let mut spec = Spec::new(model);
        options.iter().for_each(|(name, value)| spec.set(name, *value));
        Ok(Images { memory: spec.build(Patterns::new(patterns)?)? })
    }

    /// The memory.
    pub fn memory(&self) -> &dyn Memory<f64> {
        self.memory.as_ref()
    }

    /// Recalls one cue, and records every step. `sigma` is the level of the cue, or NaN to have it estimated; `known` says which
    /// units are known, and is empty if none is.
    ///
    /// # Errors
    /// Those of the recall.
    pub fn steps(&self, cue: ArrayView1<f64>, known: &[bool], sigma: f64, seed: u64) -> Result<Steps> {
        let cues = cue.insert_axis(Axis(0));
        let level = if sigma.is_nan() { Level::Estimate } else { Level::Sigma(sigma) };
        let mask = ArrayView2::from_shape((1, known.len()), known).ok().filter(|_| !known.is_empty());
        let request = Request { level, seed, known: mask, ..Request::new(cues) };
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
        let states =
            Array2::from_shape_vec((states.len() / cue.len(), cue.len()), states).expect("whole states");
        Ok(Steps {
            states: self.memory.preparation().backward(states),
            trace: Vec::new(),
            nearest: recall.rows.first().and_then(|row| row.memory),
        })
    }

    /// Recalls many copies of a cue, each with random numbers of its own: the last states, and the nearest memory of each.
    ///
    /// # Errors
    /// Those of the recall.
    pub fn repeat(
        &self,
        cue: ArrayView1<f64>,
        count: usize,
        sigma: f64,
        seed: u64,
    ) -> Result<(Array2<f64>, Vec<usize>)> {
        let cues = cue.broadcast((count, cue.len())).expect("one row for all").to_owned();
        let level = if sigma.is_nan() { Level::Estimate } else { Level::Sigma(sigma) };
        let recall = self.memory.recall(&Request { level, seed, top: 1, ..Request::new(cues.view()) })?;
        let nearest = recall.rows.iter().map(|row| row.memory.unwrap_or(usize::MAX)).collect();
        Ok((recall.states, nearest))
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
}
