//! Score networks, which store memories in the weights of a neural network, and their forward pass.
//!
//! A network sees x = θz with θ = 1/√(1 + σ²), which has the variance of the patterns at every level. For any
//! training process it is a denoiser D(z;σ), like that of stored patterns, so it recalls with every sampler. The
//! crate `attractor-networks` trains the weights.

mod architecture;

use std::fmt;

use ndarray::{Array2, ArrayView2};

pub use architecture::{Architecture, Kind, Layer, signal};

use crate::energies::Denoise;
use crate::error::{Error, Result, check_rows, check_width};
use crate::kernels::{Panel, ROWS, Strided, product};
use crate::noise::{Purpose, Stream};
use crate::real::Real;
use crate::threads;

/// A score network with its weights, which is a denoiser.
///
/// ```
/// use attractor::energies::Denoise;
/// use attractor::networks::{Architecture, Kind, Network};
/// use ndarray::array;
/// let architecture = Architecture { kind: Kind::Paper, dim: 3, width: 8, depth: 3 };
/// // Weights before training, for levels from 0.03 to 11.
/// let network = Network::<f32>::initialized(architecture, [0.03, 11.0], 1.0, 0)?;
/// let means = network.denoise(array![[0.5, -0.2, 0.1]].view(), &[0.7])?;
/// assert_eq!(means.dim(), (1, 3));
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Network<F> {
    architecture: Architecture,
    /// The lowest and highest level of its training, in spreads.
    levels: [f64; 2],
    /// The scale of a unit.
    spread: f64,
    /// The weights of each layer: outputs × (inputs + conditions + 1), row by row. The last column is the bias.
    weights: Vec<Vec<F>>,
}

impl<F> fmt::Debug for Network<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("architecture", &self.architecture).finish_non_exhaustive()
    }
}

impl<F: Real> Network<F> {
    /// A network with these weights. Each layer has outputs × (inputs + conditions + 1) numbers, the bias last.
    ///
    /// `levels` are the lowest and highest level of training, in spreads. A state with less noise is treated as if it
    /// had the lowest level. A state with more noise is replaced by z σ̂²/σ² at the highest level σ̂, which is exact
    /// for patterns of equal norm. `spread` is the scale of a unit.
    ///
    /// # Errors
    /// Sizes that do not fit the architecture; weights, levels or a spread that are not finite.
    pub fn new(
        architecture: Architecture,
        levels: [f64; 2],
        spread: f64,
        weights: Vec<Vec<F>>,
    ) -> Result<Self> {
        architecture.check()?;
        let [low, high] = levels;
        if !(low > 0.0 && low < high && high.is_finite()) {
            let found = format!("{low} and {high}");
            return Err(Error::parameter("levels", "two numbers > 0, the first one smaller", found));
        }
        if !(spread > 0.0 && spread.is_finite()) {
            return Err(Error::parameter("spread", "a finite number > 0", spread));
        }
        let sizes = sizes(&architecture);
        let found: Vec<usize> = weights.iter().map(Vec::len).collect();
        if found != sizes {
            let cure = "use the weights of a network of that architecture";
            return Err(Error::shape("weights", format!("{sizes:?} by layer"), format!("{found:?}"), cure));
        }
        for (layer, weights) in weights.iter().enumerate() {
            if let Some(unit) = weights.iter().position(|w| !w.is_finite()) {
                let found = weights[unit].to_string();
                let cure = "train again at a lower rate".into();
                return Err(Error::NotFinite { what: "weights".into(), found, row: layer, unit, cure });
            }
        }
        Ok(Network { architecture, levels, spread, weights })
    }

    /// A network before training: weights and biases uniform in ±1/√(inputs + conditions).
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    pub fn initialized(architecture: Architecture, levels: [f64; 2], spread: f64, seed: u64) -> Result<Self> {
        architecture.check()?;
        let layer = |(number, layer): (usize, &Layer)| {
            let row = layer.inputs + architecture.conditions();
            let bound = 1.0 / (row as f64).sqrt();
            let mut stream = Stream::new(seed, Purpose::Weights, number as u64);
            let weight = || F::from_f64(bound * (2.0 * stream.uniform() - 1.0));
            std::iter::repeat_with(weight).take(layer.outputs * (row + 1)).collect()
        };
        let weights = architecture.layers().iter().enumerate().map(layer).collect();
        Self::new(architecture, levels, spread, weights)
    }

    /// The architecture.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// The lowest and highest level of its training, in spreads.
    pub fn levels(&self) -> [f64; 2] {
        self.levels
    }

    /// The scale of a unit.
    pub fn spread(&self) -> f64 {
        self.spread
    }

    /// The weights, as in [`new`](Self::new).
    pub fn weights(&self) -> &[Vec<F>] {
        &self.weights
    }

    /// The weights of a layer, for changing them.
    ///
    /// # Panics
    /// If there is no such layer.
    pub fn layer_mut(&mut self, layer: usize) -> &mut [F] {
        &mut self.weights[layer]
    }

    /// The network in another number type.
    pub fn cast<G: Real>(&self) -> Network<G> {
        let weights = self
            .weights
            .iter()
            .map(|layer| layer.iter().map(|w| G::from_f64(w.to_f64())).collect())
            .collect();
        Network { architecture: self.architecture, levels: self.levels, spread: self.spread, weights }
    }

    /// The forward pass. The first panel holds the network's input. The pass writes the other panels: the input of
    /// each further layer, and last the output. States are columns. Rows are units, then conditions, then a row of
    /// ones; the last panel has units only. Panels of an earlier pass are reused.
    ///
    /// Cost: 2 operations for each weight and state.
    pub fn forward(&self, panels: &mut Vec<Panel<F>>) {
        let conditions = self.architecture.conditions();
        let layers = self.architecture.layers();
        panels.resize_with(layers.len() + 1, Panel::default);
        let states = panels[0].dim().1;
        for (number, (layer, weights)) in layers.iter().zip(&self.weights).enumerate() {
            let (known, others) = panels.split_at_mut(number + 1);
            let (before, after) = (&known[number], &mut others[0]);
            if number + 1 == layers.len() {
                after.resize(layer.outputs, states);
            } else {
                after.resize(layer.outputs + conditions + 1, states);
                for row in 0..=conditions {
                    after.row_mut(layer.outputs + row).copy_from_slice(before.row(layer.inputs + row));
                }
            }
            let (stride, terms) = (after.stride(), before.dim().0);
            let a = Strided { numbers: weights, row: terms, column: 1 };
            let skipped = layer.residual.then(|| known[number - 1].numbers());
            let rows = &mut after.numbers_mut()[..layer.outputs * stride];
            let tasks = rows.chunks_mut(ROWS * stride).enumerate().collect();
            let work = 2.0 * (weights.len() * stride) as f64;
            threads::each(tasks, work, |(task, out): (usize, &mut [F])| {
                let first = task * ROWS;
                product(a, first..first + out.len() / stride, before, out);
                if layer.rectified {
                    out.iter_mut().for_each(|u| *u = if *u > F::ZERO { *u } else { F::ZERO });
                }
                if let Some(skipped) = skipped {
                    out.iter_mut().zip(&skipped[first * stride..]).for_each(|(u, h)| *u += *h);
                }
            });
        }
    }

    /// The denoised states D(z;σ) of some rows.
    fn denoise_rows(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Array2<F> {
        let [low, high] = self.levels;
        // For each state a level for which the network was trained, and the factor for the state.
        let known: Vec<(f64, f64)> = sigmas
            .iter()
            .map(|sigma| {
                let sigma = sigma / self.spread;
                let shrink = if sigma > high { (high / sigma).powi(2) } else { 1.0 };
                (sigma.clamp(low, high), shrink / self.spread)
            })
            .collect();
        let inputs = self.architecture.dim + self.architecture.conditions();
        let mut entrance = Panel::zeros(inputs + 1, states.nrows());
        entrance.row_mut(inputs).fill(F::ONE);
        for (row, (state, (sigma, factor))) in states.outer_iter().zip(&known).enumerate() {
            let factor = factor * signal(*sigma);
            let units = state.iter().map(|z| factor * z.to_f64());
            for (input, value) in units.chain(self.architecture.condition(*sigma)).enumerate() {
                entrance.row_mut(input)[row] = F::from_f64(value);
            }
        }
        let mut panels = vec![entrance];
        self.forward(&mut panels);
        let out = &panels[panels.len() - 1];
        Array2::from_shape_fn(states.dim(), |(row, unit)| {
            let (sigma, factor) = known[row];
            let z = states[[row, unit]].to_f64() * factor;
            F::from_f64(self.spread * self.architecture.denoised(sigma, z, out.row(unit)[row].to_f64()))
        })
    }
}

/// The number of weights in each layer.
fn sizes(architecture: &Architecture) -> Vec<usize> {
    let size = |layer: &Layer| layer.outputs * (layer.inputs + architecture.conditions() + 1);
    architecture.layers().iter().map(size).collect()
}

impl<F: Real> Denoise<F> for Network<F> {
    fn dim(&self) -> usize {
        self.architecture.dim
    }

    fn denoise(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Array2<F>> {
        /// The number of states in one pass. Their layers stay in the second-level cache.
        const TOGETHER: usize = 128;
        check_width("states", states.ncols(), self.architecture.dim)?;
        check_rows("noise levels", sigmas.len(), states.nrows())?;
        let rows = states.nrows();
        let weights: usize = self.weights.iter().map(Vec::len).sum();
        let parts = threads::map(rows.div_ceil(TOGETHER), 2.0 * (rows * weights) as f64, |part| {
            let rows = part * TOGETHER..rows.min((part + 1) * TOGETHER);
            self.denoise_rows(states.slice(ndarray::s![rows.clone(), ..]), &sigmas[rows])
        });
        let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
        Ok(ndarray::concatenate(ndarray::Axis(0), &views)
            .unwrap_or_else(|_| Array2::from_elem(states.dim(), F::ZERO)))
    }
}
