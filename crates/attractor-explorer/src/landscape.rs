//! The energies that the plane shows, by name.

use std::str::FromStr;

use attractor::energies::Interaction;
use attractor::{Error, Memory, Patterns, Real, Result, Spec};

/// Which energy a plane shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Landscape {
    /// E_σ of diffusion: `diffusion`.
    Diffusion,
    /// The modern Hopfield energy at β = 1/σ², of the points: `modern`. With `true` logits compare distances:
    /// `modern:distance`.
    Modern(bool),
    /// The dense associative memory of the points: `dense:` and an interaction, as in `dense:poly:3`.
    Dense(Interaction),
    /// The classical network (Hebb) of the signs of the points: `hopfield`.
    Hopfield,
}

impl FromStr for Landscape {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "diffusion" => Ok(Landscape::Diffusion),
            "modern" => Ok(Landscape::Modern(false)),
            "modern:distance" => Ok(Landscape::Modern(true)),
            "hopfield" => Ok(Landscape::Hopfield),
            _ => match name.strip_prefix("dense:") {
                Some(interaction) => Ok(Landscape::Dense(interaction.parse()?)),
                None => {
                    let names = ["diffusion", "modern", "modern:distance", "dense:INTERACTION", "hopfield"];
                    Err(Error::unknown("landscape", name, names))
                }
            },
        }
    }
}

impl Landscape {
    /// The memory of these points with this landscape, at σ. `None` for diffusion, whose memory has all levels.
    pub(crate) fn memory<F: Real>(
        self,
        patterns: &Patterns<F>,
        sigma: f64,
    ) -> Result<Option<Box<dyn Memory<F>>>> {
        let spec = match self {
            Landscape::Diffusion => return Ok(None),
            Landscape::Modern(distance) => {
                Spec::new("modern").with("beta", 1.0 / (sigma * sigma)).with("norm-bias", distance)
            }
            Landscape::Dense(interaction) => Spec::new("dense").with("interaction", interaction.to_string()),
            Landscape::Hopfield => Spec::new("hopfield"),
        };
        let patterns = match self {
            Landscape::Hopfield => {
                let sign = |value: &F| if *value < F::ZERO { -F::ONE } else { F::ONE };
                Patterns::new(patterns.values().map(sign))?
            }
            _ => patterns.clone(),
        };
        spec.build(patterns).map(Some)
    }
}
