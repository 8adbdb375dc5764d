//! The clamp, which holds known units during a recall.

use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use crate::error::{Error, Result};
use crate::noise::{Purpose, Stream, streams};
use crate::real::Real;

/// The known units of a batch, and the values to which they are held.
///
/// A deterministic recall holds the values themselves. This includes the probability flow: the flow of a known unit
/// is z = y + σc with any constant c, and c = 0 adds no noise. For an SDE the known units are noised to the current
/// level, by the Brownian bridge to y, which is their exact reverse diffusion.
#[derive(Clone, Debug)]
pub struct Clamp<F> {
    known: Array2<bool>,
    values: Array2<F>,
    path: Path,
}

#[derive(Clone, Debug)]
enum Path {
    Still,
    Bridge(Vec<Stream>),
}

impl<F: Real> Clamp<F> {
    /// Holds `values` where `known` is true. Other values are ignored.
    ///
    /// # Errors
    /// Shapes that differ.
    pub fn new(known: ArrayView2<bool>, values: ArrayView2<F>) -> Result<Self> {
        if known.dim() != values.dim() {
            return Err(Error::shape(
                "clamp mask",
                format!("{} × {}, as the cues", values.nrows(), values.ncols()),
                format!("{} × {}", known.nrows(), known.ncols()),
                "give one row for all cues or one row a cue",
            ));
        }
        Ok(Clamp { known: known.to_owned(), values: values.to_owned(), path: Path::Still })
    }

    /// Noises the known units to the current level, for a stochastic recall.
    pub fn noised(mut self, seed: u64, rows: &[u64]) -> Self {
        self.path = Path::Bridge(streams(seed, Purpose::Clamp, rows));
        self
    }

    /// The mask of known units, B × D.
    pub fn known(&self) -> ArrayView2<'_, bool> {
        self.known.view()
    }

    /// Sets the known units of `states` after a step from the states `before` at level `from` to level `to`. With
    /// `from = ∞` they are set without regard to earlier states.
    pub(crate) fn impose(
        &mut self,
        rows: &[usize],
        before: ArrayView2<F>,
        mut states: ArrayViewMut2<F>,
        from: &[f64],
        to: &[f64],
    ) {
        for (k, (&row, mut state)) in rows.iter().zip(states.outer_iter_mut()).enumerate() {
            for j in 0..state.len() {
                if !self.known[[row, j]] {
                    continue;
                }
                let value = self.values[[row, j]];
                state[j] = match &mut self.path {
                    Path::Still => value,
                    Path::Bridge(streams) => {
                        let stream = &mut streams[row];
                        F::from_f64(bridge(before[[k, j]].to_f64(), value.to_f64(), from[k], to[k], || {
                            stream.normal()
                        }))
                    }
                };
            }
        }
    }
}

/// A point at level `to` of the noising path that starts at `y` and passes `z` at level `from`. Its mean is y +
/// (to²/from²)(z − y), its variance to²(1 − to²/from²). At level 0 it is y, and no noise is drawn.
pub fn bridge(z: f64, y: f64, from: f64, to: f64, noise: impl FnOnce() -> f64) -> f64 {
    if to == 0.0 {
        return y;
    }
    let share = (to / from).powi(2);
    let pull = if share > 0.0 { share * (z - y) } else { 0.0 };
    y + pull + to * (1.0 - share).sqrt() * noise()
}
