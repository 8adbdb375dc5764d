//! The bridge, an unbiased stochastic recall: draws the memory, then a path to it.

use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2};

use super::units::{check_along, ends};
use super::{Context, Entry, Facts};
use crate::dynamics::{Dynamics, Motion, Run, Start, bridge};
use crate::energies::Denoise;
use crate::error::Result;
use crate::noise::{Purpose, Stream, streams};
use crate::real::Real;

/// Exact stochastic recall, at any number of steps.
///
/// The reverse SDE from z at level σ₀ ends in pattern n with probability w_n(z;σ₀). So the first step
/// [draws](Denoise::draw_row) y from the posterior. Later steps walk the Brownian bridge from z to y: mean y + (σ'²/σ²)(z
/// − y), variance σ'²(1 − σ'²/σ²). Stochastic samplers are tested against it. Cost: one pass of N·D operations for
/// each row.
pub(super) struct Bridge;

impl Entry for Bridge {
    const FACTS: Facts = Facts {
        name: "bridge",
        about: "draws the memory from the posterior, then the path to it: exact at any number of steps",
        stochastic: true,
        samples: true,
        steps: 24,
        reads: Some((0, 0)),
        ..Facts::FLOW
    };

    fn dynamics<'a, F: Real>(context: Context<'a, F>) -> Box<dyn Dynamics<F> + 'a> {
        Box::new(Walks { denoiser: context.denoiser })
    }
}

/// The walks to memories that are drawn from a denoiser. The denoiser is not read on the way.
struct Walks<'a, F> {
    denoiser: &'a dyn Denoise<F>,
}

impl<F: Real> Dynamics<F> for Walks<'_, F> {
    fn dim(&self) -> usize {
        self.denoiser.dim()
    }

    fn motion(&self) -> Motion {
        Motion::Flow
    }

    fn start(&self, start: Start<F>) -> Result<Box<dyn Run<F> + '_>> {
        check_along(self.denoiser.noise())?;
        Ok(Box::new(Walk {
            denoiser: self.denoiser,
            targets: vec![None; start.states.nrows()],
            streams: streams(start.seed, Purpose::Recall, start.rows),
        }))
    }
}

struct Walk<'a, F> {
    denoiser: &'a dyn Denoise<F>,
    targets: Vec<Option<Array1<f64>>>,
    streams: Vec<Stream>,
}

impl<F: Real> Run<F> for Walk<'_, F> {
    fn step(&mut self, rows: &[usize], mut states: ArrayViewMut2<F>, from: &[f64], to: &[f64]) -> Result<()> {
        let ends = ends(self.denoiser.noise(), from, to)?;
        for (k, &row) in rows.iter().enumerate() {
            let stream = &mut self.streams[row];
            if self.targets[row].is_none() {
                let state = states.row(k).mapv(F::to_f64);
                let drawn =
                    self.denoiser.draw_row(row, state.as_slice().expect("a copy"), from[k], stream)?;
                self.targets[row] = Some(drawn.into());
            }
            let target = self.targets[row].as_ref().expect("drawn");
            for (j, (z, &y)) in states.row_mut(k).iter_mut().zip(target).enumerate() {
                let (from, to) = ends[k].at(j);
                *z = F::from_f64(bridge(z.to_f64(), y, from, to, || stream.normal()));
            }
        }
        Ok(())
    }

    fn pull(&mut self, rows: &[usize], states: ArrayView2<F>, levels: &[f64]) -> Result<Array2<F>> {
        self.denoiser.denoise_rows(rows, states, levels)
    }
}
