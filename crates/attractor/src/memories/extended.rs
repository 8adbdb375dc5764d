//! Memories that are more than points: the same recall, on a mixture of shapes.

use super::diffusion::{PARAMETERS, course};
use super::{Card, Diffusion, Learned, Memory, Options};
use crate::energies::Mixture;
use crate::error::Result;
use crate::patterns::Patterns;
use crate::real::Real;

/// What [`MODELS`](super::MODELS) says of it.
pub(super) const CARD: Card = Card {
    name: "extended",
    title: "Diffusion on memories of any form: points, subspaces, segments, spheres, clouds",
    equation: "E_s(z) = -s^2 ln sum_c w_c int exp(-|z-y|^2/2s^2) p_c(dy);  dz/ds = (z - D(z;s))/s down to s = 0",
    parameters: PARAMETERS,
    cost: "as diffusion for points and clouds; about 4 k D operations a step, cue and shape of k dimensions",
    source: "Ambrogioni (2023), section 5.2, Eq. 23",
    spins: false,
    raw: false,
    weights: true,
    values: true,
    streams: false,
    levels: true,
    described: true,
    trained: false,
    coupled: false,
};

/// From patterns alone: each a point. With shapes: [`mixture`].
pub(super) fn build<F: Real>(
    patterns: Patterns<F>,
    options: &Options,
    _learned: Option<Learned>,
) -> Result<Box<dyn Memory<F>>> {
    mixture(patterns.into(), options)
}

/// An extended memory of this mixture, with the model's options by name.
///
/// ```
/// use attractor::energies::{Component, Kind, Mixture};
/// use attractor::memories::{Options, Request, extended};
/// let point = |x: f64| Component { kind: Kind::Point(vec![x, 0.0]), weight: 1.0, label: None };
/// let memory = extended(Mixture::new(vec![point(1.0), point(-1.0)])?, &Options::default())?;
/// let recall = memory.recall(&Request::new(ndarray::array![[0.4, 0.1]].view()))?;
/// assert_eq!(recall.rows[0].memory, Some(0));
/// # Ok::<(), attractor::Error>(())
/// ```
///
/// # Errors
/// An option that it does not have, or a value outside its range.
pub fn mixture<F: Real>(memory: Mixture<F>, options: &Options) -> Result<Box<dyn Memory<F>>> {
    super::spec::check_options(&CARD, options)?;
    let mut course = course(options, &CARD)?;
    // Where on a shape a recall ends is decided on the way, so it needs more steps than points do.
    course.steps = course.steps.or(Some(2 * course.sampler.default_steps()));
    Ok(Box::new(Diffusion::with_card(memory, course, &CARD)?))
}
