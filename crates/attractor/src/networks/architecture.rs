//! The architectures of score networks.

use std::str::FromStr;

use crate::error::{Error, Result};

/// The kind of architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The network of Ambrogioni (2023), App. A: `depth` hidden layers of ReLU, with the signal θ as a further input
    /// of every layer. It predicts the noise: D = (x − √(1−θ²) s)/θ.
    Paper,
    /// A linear input layer, `depth` residual blocks of two layers, h + W₂ ReLU(W₁h), and a linear output layer.
    /// Sixteen sines and cosines of the noise level are inputs of every layer. The network predicts the residual of
    /// the best linear estimate (Karras et al. 2022, Table 1, with data of spread 1): D = θx + √(1−θ²) F.
    Residual,
}

impl Kind {
    /// All kinds with their names.
    pub const ALL: [(&'static str, Kind); 2] = [("paper", Kind::Paper), ("residual", Kind::Residual)];

    /// The default kind for patterns with this number of units: `paper` up to 32.
    pub fn for_units(dim: usize) -> Kind {
        if dim <= 32 { Kind::Paper } else { Kind::Residual }
    }

    /// The name.
    pub fn name(self) -> &'static str {
        Kind::ALL[self as usize].0
    }

    /// The default number of units in a hidden layer: 80 D for `paper`, 1,024 for `residual`.
    pub fn default_width(self, dim: usize) -> usize {
        match self {
            Kind::Paper => 80 * dim,
            Kind::Residual => 1024,
        }
    }

    /// The default number of hidden layers (3) or residual blocks (2).
    pub fn default_depth(self) -> usize {
        match self {
            Kind::Paper => 3,
            Kind::Residual => 2,
        }
    }
}

impl FromStr for Kind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Kind::ALL.iter().find(|(n, _)| *n == name);
        let known = || Kind::ALL.map(|(n, _)| n);
        found.map(|(_, kind)| *kind).ok_or_else(|| Error::unknown("architecture", name, known()))
    }
}

/// A network without its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Architecture {
    /// The kind.
    pub kind: Kind,
    /// The number of units in a state, D.
    pub dim: usize,
    /// The number of units in a hidden layer.
    pub width: usize,
    /// The number of hidden layers, or of residual blocks.
    pub depth: usize,
}

/// One layer: u = W [h; c; 1], where h is the previous layer and c the conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The number of units in the previous layer.
    pub inputs: usize,
    /// The number of units in this layer.
    pub outputs: usize,
    /// Whether a ReLU follows: max(u, 0).
    pub rectified: bool,
    /// Whether the layer two steps before is added: u + h.
    pub residual: bool,
}

/// The number of frequencies in the embedding of a noise level.
const FREQUENCIES: usize = 8;

impl Architecture {
    /// Returns an error for sizes outside their range, or too large for any machine.
    ///
    /// # Errors
    /// A width or depth outside its range.
    pub fn check(&self) -> Result<()> {
        /// 4 GB, and four times as much in training.
        const MOST_WEIGHTS: f64 = 1e9;
        let range = |name: &str, value: usize, most: usize| match (1..=most).contains(&value) {
            true => Ok(()),
            false => Err(Error::parameter(name, format!("a whole number from 1 to {most}"), value)),
        };
        range("units", self.dim, 10_000_000)?;
        range("width", self.width, 1_000_000)?;
        range("depth", self.depth, 100)?;
        let row = |layer: &Layer| (layer.inputs + self.conditions() + 1) as f64;
        let weights: f64 = self.layers().iter().map(|l| l.outputs as f64 * row(l)).sum();
        if weights > MOST_WEIGHTS {
            let expected = format!("at most {MOST_WEIGHTS:e} weights");
            return Err(Error::parameter(
                "width",
                expected,
                format!("{} ({weights:.1e} weights)", self.width),
            ));
        }
        Ok(())
    }

    /// The layers, from the state to the prediction.
    pub fn layers(&self) -> Vec<Layer> {
        let Architecture { kind, dim, width, depth } = *self;
        let plain = Layer { inputs: width, outputs: width, rectified: false, residual: false };
        let rectified = Layer { rectified: true, ..plain };
        let hidden = match kind {
            Kind::Paper => vec![rectified; depth],
            Kind::Residual => {
                let block = [rectified, Layer { residual: true, ..plain }];
                std::iter::once(plain).chain(std::iter::repeat_n(block, depth).flatten()).collect()
            }
        };
        let mut layers: Vec<Layer> = hidden.into_iter().chain([plain]).collect();
        if let Some(first) = layers.first_mut() {
            first.inputs = dim;
        }
        if let Some(last) = layers.last_mut() {
            last.outputs = dim;
        }
        layers
    }

    /// The number of conditions c, which tell every layer the noise level.
    pub fn conditions(&self) -> usize {
        match self.kind {
            Kind::Paper => 1,
            Kind::Residual => 2 * FREQUENCIES,
        }
    }

    /// The conditions for a level σ in spreads: θ = 1/√(1 + σ²), or cos and sin of πk·¼ ln σ for k = 1 to 8.
    pub fn condition(&self, sigma: f64) -> impl Iterator<Item = f64> {
        let (paper, signal) = (self.kind == Kind::Paper, signal(sigma));
        (0..self.conditions()).map(move |c| match paper {
            true => signal,
            false => {
                let angle = std::f64::consts::PI * (c / 2 + 1) as f64 * 0.25 * sigma.ln();
                if c % 2 == 0 { angle.cos() } else { angle.sin() }
            }
        })
    }

    /// What the network should predict for y and ε at σ: ε, or F = √(1−θ²) y − θ ε.
    pub fn target(&self, sigma: f64, pattern: f64, noise: f64) -> f64 {
        match self.kind {
            Kind::Paper => noise,
            // √(1 − θ²) = θσ.
            Kind::Residual => signal(sigma) * (sigma * pattern - noise),
        }
    }

    /// The denoised state, from a state z = y + σε and the network's prediction.
    pub fn denoised(&self, sigma: f64, z: f64, prediction: f64) -> f64 {
        match self.kind {
            Kind::Paper => z - sigma * prediction,
            Kind::Residual => signal(sigma) * (signal(sigma) * z + sigma * prediction),
        }
    }
}

/// The signal θ of a level. At it, x = θz has the variance of the patterns, as in a variance-preserving process.
pub fn signal(sigma: f64) -> f64 {
    1.0 / sigma.hypot(1.0)
}
