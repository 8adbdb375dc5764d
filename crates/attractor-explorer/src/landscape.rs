//! The energies that the plane shows, by name.

use std::str::FromStr;

use attractor::energies::Interaction;
use attractor::{Error, Memory, Patterns, Result, Spec};

/// Which energy a plane shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Landscape {
    /// E_σ of diffusion: `diffusion`.
    Diffusion,
    /// The modern Hopfield energy at β = 1/σ², of the points: `modern`. With `true` logits compare distances:
    /// `modern:distance`.
    Modern(bool),
    /// The modern Hopfield energy at β = 1/σ², by distance, with weights that are exactly 0 beyond a reach: `sparsemax` and
    /// `entmax:1.5`.
    Compact(Separation),
    /// The log-sum-ReLU energy at β = 1/σ²: `log-sum-relu`.
    LogSumRelu,
    /// The dense associative memory of the points: `dense:` and an interaction, as in `dense:poly:3`.
    Dense(Interaction),
    /// The classical network (Hebb) of the signs of the points: `hopfield`.
    Hopfield,
}

/// A separation of finite reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Separation {
    /// `sparsemax`.
    Sparsemax,
    /// `entmax:1.5`.
    Entmax,
}

impl Separation {
    fn name(self) -> &'static str {
        match self {
            Separation::Sparsemax => "sparsemax",
            Separation::Entmax => "entmax:1.5",
        }
    }
}

impl FromStr for Landscape {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "diffusion" => Ok(Landscape::Diffusion),
            "modern" => Ok(Landscape::Modern(false)),
            "modern:distance" => Ok(Landscape::Modern(true)),
            "sparsemax" => Ok(Landscape::Compact(Separation::Sparsemax)),
            "entmax:1.5" => Ok(Landscape::Compact(Separation::Entmax)),
            "log-sum-relu" => Ok(Landscape::LogSumRelu),
            "hopfield" => Ok(Landscape::Hopfield),
            _ => match name.strip_prefix("dense:") {
                Some(interaction) => Ok(Landscape::Dense(interaction.parse()?)),
                None => {
                    let names = [
                        "diffusion",
                        "modern",
                        "modern:distance",
                        "sparsemax",
                        "entmax:1.5",
                        "log-sum-relu",
                        "dense:INTERACTION",
                        "hopfield",
                    ];
                    Err(Error::unknown("landscape", name, names))
                }
            },
        }
    }
}

impl Landscape {
    /// Whether states are real numbers, so that updates descend to the minima between them. Those of the other models are ±1.
    pub(crate) fn is_real(self) -> bool {
        !matches!(self, Landscape::Dense(_) | Landscape::Hopfield)
    }

    /// The model on the command line whose energy this is at σ, and its options. `None` for diffusion, whose memory has all
    /// levels.
    pub fn model(self, sigma: f64) -> Option<(&'static str, Vec<(&'static str, String)>)> {
        let beta = ("beta", (1.0 / (sigma * sigma)).to_string());
        let by_distance = |on: bool| ("norm-bias", if on { "on" } else { "off" }.to_string());
        Some(match self {
            Landscape::Diffusion => return None,
            Landscape::Modern(distance) => ("modern", vec![beta, by_distance(distance)]),
            Landscape::Compact(separation) => {
                ("modern", vec![("separation", separation.name().to_string()), beta, by_distance(true)])
            }
            Landscape::LogSumRelu => ("log-sum-relu", vec![beta]),
            Landscape::Dense(interaction) => ("dense", vec![("interaction", interaction.to_string())]),
            Landscape::Hopfield => ("hopfield", Vec::new()),
        })
    }

    /// The memory of these points with this landscape, at σ. `None` for diffusion.
    pub(crate) fn memory(self, patterns: &Patterns<f64>, sigma: f64) -> Result<Option<Box<dyn Memory<f64>>>> {
        let Some((name, options)) = self.model(sigma) else { return Ok(None) };
        let mut spec = Spec::new(name);
        options.into_iter().for_each(|(option, value)| spec.set(option, value));
        let patterns = match self {
            Landscape::Hopfield => {
                let sign = |value: &f64| if *value < 0.0 { -1.0 } else { 1.0 };
                Patterns::new(patterns.values().map(sign))?
            }
            _ => patterns.clone(),
        };
        spec.build(patterns).map(Some)
    }
}
