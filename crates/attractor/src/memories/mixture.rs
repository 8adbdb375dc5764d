//! Memories that can be shapes as well as points, with the same recall.

use super::diffusion::{noising_of, on_options};
use super::{Card, Diffusion, Family, Learned, Memory};
use crate::diffusion::{MEMORY_PARAMETERS, Sampling};
use crate::energies::Mixture;
use crate::error::Result;
use crate::options::Options;
use crate::patterns::Patterns;
use crate::potentials::Noising;
use crate::real::Real;

/// The entry of this model in [`MODELS`](super::MODELS).
pub(super) const CARD: Card = Card {
    name: "mixture",
    aliases: &["extended"],
    title: "Diffusion on memories of any form: points, subspaces, segments, spheres, clouds",
    equation: "E_s(z) = -s^2 ln sum_c w_c int exp(-|z-y|^2/2s^2) p_c(dy);  dz/ds = (z - D(z;s))/s down to s = 0",
    parameters: MEMORY_PARAMETERS,
    cost: "as diffusion for points and clouds; about 4 k D operations a step, cue and shape of k dimensions",
    source: "Ambrogioni (2023), section 5.2, Eq. 23",
    weights: true,
    values: true,
    levels: true,
    described: true,
    potential: true,
    family: Family::Diffusion,
    ..Card::PLAIN
};

/// Builds a mixture of points from patterns. For shapes see [`mixture`].
pub(super) fn build<F: Real>(
    patterns: Patterns<F>,
    options: &Options,
    given: Option<Learned>,
) -> Result<Box<dyn Memory<F>>> {
    mixture_with(patterns.into(), options, noising_of(given))
}

/// A memory of this mixture with the sampling and process of [`MEMORY_PARAMETERS`], under a potential if one is given.
///
/// # Errors
/// Options outside their range; a process `potential` without a potential, or a potential with another process; what
/// [`Diffusion::with_noising`] refuses.
pub fn mixture_with<F: Real>(
    memory: Mixture<F>,
    options: &Options,
    noising: Option<Noising>,
) -> Result<Box<dyn Memory<F>>> {
    Ok(Box::new(on_options(memory, options, noising, with_twice_the_steps, &CARD)?))
}

fn with_twice_the_steps(sampling: Sampling) -> Sampling {
    Sampling { steps: sampling.steps.or(Some(2 * sampling.sampler.default_steps())), ..sampling }
}

/// A memory of this mixture. If the sampling does not give the number of steps, the sampler takes twice its usual
/// number, because where a recall ends on a shape is decided along the way.
///
/// ```
/// use attractor::energies::{Component, Kind, Mixture};
/// use attractor::diffusion::Sampling;
/// use attractor::memories::{Request, mixture};
/// let point = |x: f64| Component { kind: Kind::Point(vec![x, 0.0]), weight: 1.0, label: None };
/// let memory = mixture(Mixture::new(vec![point(1.0), point(-1.0)])?, Sampling::default())?;
/// let recall = memory.recall(&Request::new(ndarray::array![[0.4, 0.1]].view()))?;
/// assert_eq!(recall.rows[0].memory, Some(0));
/// # Ok::<(), attractor::Error>(())
/// ```
///
/// # Errors
/// A sampling outside its range.
pub fn mixture<F: Real>(memory: Mixture<F>, sampling: Sampling) -> Result<Box<dyn Memory<F>>> {
    Ok(Box::new(Diffusion::with_card(memory, with_twice_the_steps(sampling), &CARD)?))
}
