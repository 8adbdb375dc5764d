//! A diffusion model learned by a score network.

use std::sync::Arc;

use super::{Card, Denoiser, Family, Learned, Memory, Weights};
use crate::diffusion::{PARAMETERS, Sampling};
use crate::error::{Error, Result};
use crate::message;
use crate::message::Argument;
use crate::networks::Network;
use crate::options::Options;
use crate::patterns::Patterns;
use crate::real::Real;

/// The entry of this model in [`MODELS`](super::MODELS).
pub(super) const CARD: Card = Card {
    name: "network",
    title: "Diffusion learned by a score network",
    equation: "dz/ds = (z - D(z;s))/s down to s = 0;  D of weights that descend E |e - net(y + s e)|^2",
    parameters: PARAMETERS,
    cost: "2 operations a weight, a read and cue, with one or two reads a step; the weights",
    source: "Ambrogioni (2023), Eq. 22 and App. A; Karras et al. (2022)",
    levels: true,
    trained: true,
    family: Family::Diffusion,
    ..Card::PLAIN
};

/// Builds the memory from named options and the weights that were learned from these patterns.
pub(super) fn build<F: Real>(
    patterns: Patterns<F>,
    options: &Options,
    learned: Option<Learned>,
) -> Result<Box<dyn Memory<F>>> {
    match learned {
        Some(Learned { patterns: count, weights: Weights::Network(network) }) if count == patterns.len() => {
            Ok(Box::new(memory(network, patterns, Sampling::from_options(options)?)?))
        }
        _ => Err(Error::Undefined {
            model: CARD.name,
            what: "weights of its own for these patterns",
            reason: message![
                "they are learned by training (",
                Argument::Training,
                "), anew if patterns change"
            ],
        }),
    }
}

/// A trained network as a memory. `patterns` are its training patterns, with which reports compare recalled states.
///
/// ```
/// use attractor::diffusion::Sampling;
/// use attractor::memories::{Level, Memory, Request, learned};
/// use attractor::networks::{Architecture, Kind, Network};
/// use attractor::Patterns;
/// use ndarray::array;
/// let patterns = Patterns::new(array![[1.0_f32, 1.0, -1.0], [-1.0, 1.0, 1.0]])?;
/// let architecture = Architecture { kind: Kind::Paper, dim: 3, width: 8, depth: 3 };
/// let network = Network::initialized(architecture, [0.03, 11.0], 1.0, 0)?;
/// let memory = learned(network, patterns, Sampling::default())?;
/// let cue = array![[0.9_f32, 0.7, -1.2]];
/// let recall = memory.recall(&Request { level: Level::Sigma(0.5), ..Request::new(cue.view()) })?;
/// assert_eq!(recall.states.dim(), (1, 3));
/// # Ok::<(), attractor::Error>(())
/// ```
///
/// # Errors
/// Patterns of another width; a sampling outside its range.
pub fn learned<F: Real>(
    network: Network<f32>,
    patterns: Patterns<F>,
    sampling: Sampling,
) -> Result<Box<dyn Memory<F>>> {
    Ok(Box::new(memory(Arc::new(network), patterns, sampling)?))
}

fn memory<F: Real>(
    network: Arc<Network<f32>>,
    patterns: Patterns<F>,
    sampling: Sampling,
) -> Result<Denoiser<'static, F>> {
    crate::error::check_width("patterns", patterns.dim(), network.architecture().dim)?;
    Denoiser::of_card(&CARD, Box::new(network.cast::<F>()), sampling)?.learned_of(network, patterns)
}
