//! The recall of every memory with one landscape: updates until they change nothing.

use std::mem::take;
use std::ops::ControlFlow;

use ndarray::{Array2, Axis, concatenate, s};

use super::abilities::Abilities;
use super::memory::MemoryModel;
use super::path::ToRest;
use super::report::{Recall, Regime, Row};
use super::request::Request;
use super::succession::Played;
use crate::dynamics::{Clamp, Motion, Start};
use crate::error::Result;
use crate::observe::{Frame, Observer};
use crate::real::Real;
use crate::recall::{Grid, Outcome, Stop, recall};

/// Recalls a batch by the updates of a dynamics.
pub(super) fn to_rest<F: Real>(
    model: &dyn MemoryModel<F>,
    path: ToRest<F>,
    request: &Request<F>,
    observer: &mut dyn Observer<F>,
) -> Result<Recall<F>> {
    let abilities = model.abilities();
    let (dim, preparation) = (model.dim(), abilities.preparation());
    let dynamics = path.dynamics.as_ref();
    let more = dynamics.dim().saturating_sub(dim);
    let states = with_more_units(request.states(dim, preparation)?, more, F::ZERO);
    let clamp = match request.known {
        Some(known) if more == 0 => Some(Clamp::new(known, states.view())?),
        Some(known) => {
            Some(Clamp::new(with_more_units(known.to_owned(), more, false).view(), states.view())?)
        }
        None => None,
    };
    let (grid, stop) = grid(request, dynamics.motion(), &path)?;
    let rows = request.rows();
    let start = Start { states: states.view(), rows: &rows, seed: request.seed, held: None };
    let order = abilities.order.filter(|_| request.report);
    let mut visits =
        Visits { abilities: &abilities, seen: vec![Vec::new(); rows.len()], on: order.is_some(), observer };
    let mut recalled =
        recall(dynamics, start, clamp, &grid, stop, &mut FirstUnits { observer: &mut visits, dim })?;
    let seen = visits.seen;
    let all = take(&mut recalled.states);
    let (states, values) = match more {
        0 => (all, None),
        _ => {
            let values = path.values.then(|| all.slice(s![.., dim..]).to_owned());
            (all.slice(s![.., ..dim]).to_owned(), values)
        }
    };
    if !request.report {
        return Ok(Recall::without_report(preparation.backward(states), &recalled));
    }
    let levels = vec![0.0; rows.len()];
    let mut read = match recalled.last_read.take() {
        Some(read) => read,
        None => model.read_out(states.view(), request.top)?,
    };
    let energies = match abilities.landscape {
        Ok(landscape) => {
            Some(read.energies.take().map_or_else(|| landscape.energy(states.view(), &levels), Ok)?)
        }
        Err(_) => None,
    };
    if let (true, Some(posterior)) = (read.posteriors.is_empty(), abilities.posterior) {
        let posteriors = posterior.posterior(states.view(), &levels, request.top)?;
        read.posteriors = posteriors.into_iter().flatten().map(Some).collect();
    }
    let nearest = abilities.nearest(states.view(), read.nearest.take())?;
    let log_weights = abilities.patterns.and_then(|patterns| patterns.log_weights());
    let prior = match log_weights {
        Some(log_weights) => Some(1.0 / log_weights.iter().map(|w| (2.0 * w).exp()).sum::<f64>()),
        None => abilities.memories().map(|memories| memories as f64),
    };
    let mut values = values.or(read.values);
    let mut posteriors = read.posteriors.into_iter();
    let row = |row: usize| {
        let posterior = posteriors.next().flatten();
        if let Outcome::Undefined { .. } = recalled.outcomes[row] {
            values.iter_mut().for_each(|values| values.row_mut(row).fill(F::ZERO));
            return Row { beta: abilities.inverse_temperature, ..Row::ended(&recalled, row, None) };
        }
        Row {
            energy: energies.as_ref().map(|energies| energies[row]).filter(|energy| energy.is_finite()),
            regime: posterior.as_ref().zip(prior).map(|(p, prior)| Regime::of(p.participation, prior)),
            posterior,
            beta: abilities.inverse_temperature,
            played: order.map(|order| {
                let (visited, overlaps): (Vec<usize>, Vec<f64>) = seen[row].iter().copied().unzip();
                Box::new(Played::of(visited, &overlaps, order))
            }),
            ..Row::ended(&recalled, row, nearest.as_ref().map(|nearest| nearest[row]))
        }
    };
    let rows = (0..rows.len()).map(row).collect();
    Ok(Recall { states: preparation.backward(states), values, rows })
}

/// The number of updates, and when a row counts as at rest.
///
/// A request with only a number of updates gets exactly that many. One with only a tolerance runs until it settles.
/// With both, whichever comes first applies. With neither, the memory decides. A random dynamics never settles, so it
/// always has a number.
fn grid<F: Real>(request: &Request<F>, motion: Motion, path: &ToRest<F>) -> Result<(Grid, Stop)> {
    /// A recall that has not settled after this many updates is reported as still moving.
    const ENOUGH: usize = 10_000;
    /// The number of updates of a random dynamics if nothing gives one.
    const SAMPLES: usize = 100;
    let tolerance = request.tolerance_or(path.tolerance)?;
    let own = path.updates.filter(|_| request.tolerance.is_none());
    let samples = (motion == Motion::Stochastic).then_some(SAMPLES);
    let updates = request.updates.or(own).or(samples);
    let early = updates.is_none() || request.tolerance.is_some();
    Ok((Grid::Updates(updates.unwrap_or(ENOUGH)), Stop { tolerance, early }))
}

/// Appends `more` units with this value to each row.
fn with_more_units<T: Copy>(rows: Array2<T>, more: usize, value: T) -> Array2<T> {
    if more == 0 {
        return rows;
    }
    let units = Array2::from_elem((rows.nrows(), more), value);
    concatenate(Axis(1), &[rows.view(), units.view()]).expect("equally many rows")
}

/// Records the memory nearest to each state, and its overlap, for a memory of sequences.
struct Visits<'a, 'b, F: Real> {
    abilities: &'a Abilities<'b, F>,
    observer: &'a mut dyn Observer<F>,
    on: bool,
    /// For each row of the batch, one entry for each step.
    seen: Vec<Vec<(usize, f64)>>,
}

impl<F: Real> Observer<F> for Visits<'_, '_, F> {
    fn observe(&mut self, frame: Frame<F>) -> ControlFlow<()> {
        if self.on
            && let Ok(Some(nearest)) = self.abilities.nearest(frame.states, None)
        {
            for (&row, nearest) in frame.rows.iter().zip(nearest) {
                self.seen[row].push((nearest.memory, nearest.overlap));
            }
        }
        self.observer.observe(frame)
    }

    fn watches(&self) -> bool {
        self.observer.watches()
    }
}

/// Shows only the first units of each state to an observer.
struct FirstUnits<'a, F> {
    observer: &'a mut dyn Observer<F>,
    dim: usize,
}

impl<F: Real> Observer<F> for FirstUnits<'_, F> {
    fn observe(&mut self, frame: Frame<F>) -> ControlFlow<()> {
        let states = frame.states.slice_move(s![.., ..self.dim]);
        self.observer.observe(Frame { states, ..frame })
    }

    fn watches(&self) -> bool {
        self.observer.watches()
    }
}
