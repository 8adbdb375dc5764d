//! What JavaScript calls. Numbers go across in flat arrays; an error becomes an exception with its sentence.

use attractor::analysis::TraceStep;
use attractor::fields::field;
use attractor::{Error, Result};
use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2};
use wasm_bindgen::prelude::*;

use crate::contents::Contents;
use crate::landscape::Landscape;
use crate::particles::Way;
use crate::plane::Grid;

/// The time t and the signal θ of the usual process at a noise level.
#[wasm_bindgen]
pub fn clock(sigma: f64) -> Vec<f64> {
    let process = attractor::diffusion::Process::default();
    vec![process.time(sigma), process.scale_at(sigma)]
}

type Answer<T> = std::result::Result<T, JsError>;

fn say<T>(result: Result<T>) -> Answer<T> {
    result.map_err(|error| JsError::new(&error.to_string()))
}

fn states(flat: &[f64], width: usize) -> Answer<ArrayView2<'_, f64>> {
    let rows = flat.len().checked_div(width).unwrap_or(0);
    say(ArrayView2::from_shape((rows, width), flat)
        .map_err(|_| Error::parameter("states", format!("rows of {width} units"), flat.len())))
}

/// The options of the command line for the model of a landscape at a level; empty for diffusion.
#[wasm_bindgen]
pub fn landscape_options(landscape: &str, sigma: f64) -> Answer<String> {
    let Some((model, options)) = say(landscape.parse::<Landscape>())?.model(sigma) else {
        return Ok(String::new());
    };
    let options: Vec<String> =
        options.into_iter().map(|(name, value)| format!(" --{name} {value}")).collect();
    Ok(format!("--model {model}{}", options.concat()))
}

/// A memory of two units: see [`crate::Plane`].
#[wasm_bindgen]
pub struct Plane(crate::Plane);

#[wasm_bindgen]
impl Plane {
    /// See [`Contents::from_flat`].
    #[wasm_bindgen(constructor)]
    pub fn new(points: &[f64], curves: &[f64], corners: &[u32], gaussians: &[f64]) -> Answer<Plane> {
        let contents = say(Contents::from_flat(points, curves, corners, gaussians))?;
        say(crate::Plane::new(contents)).map(Plane)
    }

    /// The energy of each state of a grid.
    pub fn energies(
        &self,
        landscape: &str,
        sigma: f64,
        corner: &[f64],
        step: &[f64],
        size: &[u32],
    ) -> Answer<Vec<f64>> {
        say(self.0.energies(say(landscape.parse::<Landscape>())?, sigma, &grid(corner, step, size)?))
    }

    /// See [`crate::Plane::quick_energies`].
    pub fn quick_energies(
        &self,
        landscape: &str,
        sigma: f64,
        corner: &[f64],
        step: &[f64],
        size: &[u32],
    ) -> Answer<Vec<f64>> {
        say(self.0.quick_energies(say(landscape.parse::<Landscape>())?, sigma, &grid(corner, step, size)?))
    }

    /// The pull −∇E at each state of a grid.
    pub fn pull(
        &self,
        landscape: &str,
        sigma: f64,
        corner: &[f64],
        step: &[f64],
        size: &[u32],
    ) -> Answer<Vec<f64>> {
        let pull = self.0.pull(say(landscape.parse::<Landscape>())?, sigma, &grid(corner, step, size)?);
        say(pull).map(flat)
    }

    /// See [`crate::Plane::read`].
    pub fn read(&self, x: f64, y: f64, sigma: f64) -> Answer<Vec<f64>> {
        say(self.0.read([x, y], sigma))
    }

    /// Speciation and collapse; NaN where there is none.
    pub fn critical(&self) -> Answer<Vec<f64>> {
        let levels = say(self.0.critical())?;
        Ok(vec![
            levels.map_or(f64::NAN, |levels| levels.speciation),
            levels.and_then(|levels| levels.collapse).unwrap_or(f64::NAN),
        ])
    }

    /// See [`crate::Plane::minima`].
    pub fn minima(&self, landscape: &str, starts: &[f64], sigma: f64) -> Answer<Vec<f64>> {
        say(self.0.minima(say(landscape.parse::<Landscape>())?, states(starts, 2)?, sigma)).map(flat)
    }

    /// See [`crate::Plane::basins`].
    pub fn basins(
        &self,
        landscape: &str,
        sigma: f64,
        corner: &[f64],
        step: &[f64],
        size: &[u32],
    ) -> Answer<Vec<u32>> {
        say(self.0.basins(say(landscape.parse::<Landscape>())?, sigma, &grid(corner, step, size)?))
    }

    /// The share of states of level σ that most probably come from each memory.
    pub fn shares(&self, cloud: &[f64], sigma: f64) -> Answer<Vec<f64>> {
        say(self.0.shares(states(cloud, 2)?, sigma))
    }

    /// Recalls cues of level σ.
    pub fn recall(&self, cues: &[f64], sigma: f64) -> Answer<Vec<f64>> {
        say(self.0.recall(states(cues, 2)?, sigma, 0)).map(flat)
    }

    /// Takes states from one level to another, in place: by the flow, or else by the SDE.
    pub fn carry(&self, cloud: &mut [f64], from: f64, to: f64, flow: bool, seed: f64) -> Answer<()> {
        let rows = cloud.len() / 2;
        let way = if flow { Way::Flow } else { Way::Sde };
        let moved = say(ArrayViewMut2::from_shape((rows, 2), cloud)
            .map_err(|_| Error::parameter("states", "rows of 2 units", rows)))?;
        say(self.0.carry(moved, (from, to), way, seed as u64))
    }

    /// States of the memory with noise σ.
    pub fn draws(&self, count: usize, sigma: f64, seed: f64) -> Answer<Vec<f64>> {
        say(self.0.draws(count, sigma, seed as u64)).map(flat)
    }

    /// The memory as a description in TOML.
    pub fn description(&self) -> String {
        self.0.contents().description()
    }
}

fn flat(rows: Array2<f64>) -> Vec<f64> {
    rows.iter().copied().collect()
}

fn grid(corner: &[f64], step: &[f64], size: &[u32]) -> Answer<Grid> {
    match (corner, step, size) {
        (&[x, y], &[dx, dy], &[columns, rows]) => {
            Ok(Grid { corner: [x, y], step: [dx, dy], size: [columns as usize, rows as usize] })
        }
        _ => Err(JsError::new("grid: expected two numbers each for corner, step and size")),
    }
}

/// Random words of ±1.
#[wasm_bindgen]
pub fn random_words(count: usize, units: usize, seed: f64) -> Vec<f64> {
    flat(crate::random_words(count, units, seed as u64))
}

/// A state with a share of its units flipped.
#[wasm_bindgen]
pub fn flipped(state: &[f64], share: f64, seed: f64) -> Vec<f64> {
    crate::flipped(state, share, seed as u64)
}

/// A state with noise.
#[wasm_bindgen]
pub fn noisy(state: &[f64], sigma: f64, seed: f64) -> Vec<f64> {
    crate::noisy(state, sigma, seed as u64)
}

/// A memory of many units: see [`crate::Images`].
#[wasm_bindgen]
pub struct Images(crate::Images);

/// One recall, step by step: see [`crate::Steps`].
#[wasm_bindgen]
pub struct Steps(crate::Steps);

/// Where many recalls ended: see [`crate::Ends`].
#[wasm_bindgen]
pub struct Ends(crate::Ends);

#[wasm_bindgen]
impl Images {
    /// A memory of a model of rows of `units` units. Options are pairs of lines: name, value.
    #[wasm_bindgen(constructor)]
    pub fn new(model: &str, options: &str, patterns: &[f64], units: usize, raw: bool) -> Answer<Images> {
        let lines: Vec<&str> = options.lines().collect();
        let options: Vec<(&str, &str)> = lines.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        say(crate::Images::new(model, &options, states(patterns, units)?.to_owned(), raw)).map(Images)
    }

    /// See [`crate::Images::steps`].
    pub fn steps(&self, cue: &[f64], known: &[u8], sigma: f64, seed: f64) -> Answer<Steps> {
        let known: Vec<bool> = known.iter().map(|unit| *unit != 0).collect();
        say(self.0.steps(ArrayView1::from(cue), &known, sigma, seed as u64)).map(Steps)
    }

    /// See [`crate::Images::ends`].
    pub fn ends(&self, cues: &[f64], units: usize, sigma: f64, seed: f64) -> Answer<Ends> {
        say(self.0.ends(states(cues, units)?, sigma, seed as u64)).map(Ends)
    }

    /// States recalled from noise.
    pub fn imagine(&self, count: usize, seed: f64) -> Answer<Vec<f64>> {
        say(self.0.imagine(count, seed as u64)).map(flat)
    }

    /// The most probable memories and their probabilities: memory, probability, memory, …
    pub fn posterior(&self, state: &[f64], sigma: f64, top: usize) -> Answer<Vec<f64>> {
        let found = say(self.0.posterior(ArrayView1::from(state), sigma, top))?;
        Ok(found.into_iter().flat_map(|(memory, weight)| [memory as f64, weight]).collect())
    }

    /// The couplings, row by row; empty for a model without.
    pub fn couplings(&self) -> Vec<f64> {
        self.0.couplings().map(flat).unwrap_or_default()
    }
}

#[wasm_bindgen]
impl Steps {
    /// The states, row by row.
    pub fn states(&self) -> Vec<f64> {
        self.0.states.iter().copied().collect()
    }

    /// A recorded number of each step by the name of its field, NaN where there is none. Empty if nothing was recorded.
    pub fn numbers(&self, name: &str) -> Answer<Vec<f64>> {
        let field = field(TraceStep::FIELDS, name)
            .ok_or_else(|| JsError::new("field: expected the name of a field of a trace"))?;
        Ok(self.0.trace.iter().map(|step| (field.get)(step).number().unwrap_or(f64::NAN)).collect())
    }

    /// The memory nearest to the last state, if there is one.
    pub fn nearest(&self) -> Option<u32> {
        self.0.nearest.map(|memory| memory as u32)
    }
}

#[wasm_bindgen]
impl Ends {
    /// The last states, row by row.
    pub fn states(&self) -> Vec<f64> {
        self.0.states.iter().copied().collect()
    }

    /// The memory nearest to each last state; −1 where there is none.
    pub fn nearest(&self) -> Vec<i32> {
        self.0.nearest.iter().map(|memory| memory.map_or(-1, |memory| memory as i32)).collect()
    }
}
