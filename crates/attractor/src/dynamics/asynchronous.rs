//! Asynchronous updates, one unit after the other: sign and Glauber rules on any [`Flip`] landscape.

use ndarray::{Array2, ArrayViewMut2};

use super::{Dynamics, Motion, Run, Start, Tie};
use crate::energies::Flip;
use crate::error::{Error, Result};
use crate::noise::{Purpose, Stream, streams};
use crate::options::find;
use crate::real::Real;
use crate::threads;

/// The order in which a sweep visits the units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// A new random order in each sweep, from the row's own stream.
    #[default]
    Random,
    /// Units in the order 0, 1, 2, ….
    Fixed,
}

impl Order {
    /// Both orders with their names.
    pub const ALL: &[(&'static str, Self)] = &[("random", Self::Random), ("fixed", Self::Fixed)];
}

impl std::str::FromStr for Order {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        find("order", Self::ALL, name)
    }
}

/// The rule by which a unit takes its new value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// The sign of the field: drive + inertia · value. The energy never rises for a symmetric W with W_jj ≥ 0, and
    /// for every dense landscape.
    Sign(Tie),
    /// +1 with probability 1/(1 + exp(−2 drive/T)). After many sweeps the state is a sample of exp(−E/T) (Glauber
    /// 1963).
    Glauber {
        /// The temperature T > 0, in units of the energy.
        temperature: f64,
    },
}

/// Updates units one after the other. One step is a sweep over all units. What a unit becomes whose field is 0 is its [`Tie`].
///
/// Cost for each sweep and row: O(D²) for a coupling matrix, O(ND) for a dense landscape. Fields or overlaps are kept
/// from flip to flip and from sweep to sweep.
#[derive(Clone, Copy)]
pub struct Asynchronous<'a, F> {
    /// The landscape.
    pub energy: &'a dyn Flip<F>,
    /// The order in which units are visited.
    pub order: Order,
    /// The update rule.
    pub rule: Rule,
}

impl<F: Real> Dynamics<F> for Asynchronous<'_, F> {
    fn dim(&self) -> usize {
        self.energy.dim()
    }

    fn motion(&self) -> Motion {
        match self.rule {
            Rule::Sign(_) => Motion::Sweeps,
            Rule::Glauber { .. } => Motion::Stochastic,
        }
    }

    fn start(&self, start: Start<F>) -> Result<Box<dyn Run<F> + '_>> {
        let streams = streams(start.seed, Purpose::Recall, start.rows);
        let states = start.states;
        let units: Vec<usize> = (0..self.energy.dim()).collect();
        let rows = streams
            .into_iter()
            .zip(self.energy.locals(states.view()))
            .enumerate()
            .map(|(row, (stream, local))| Row {
                local,
                units: match start.held {
                    Some(held) => units.iter().copied().filter(|&j| !held[[row, j]]).collect(),
                    None => units.clone(),
                },
                analogue: states.row(row).iter().any(|&x| !is_spin(x)),
                stream,
            })
            .collect();
        Ok(Box::new(Sweeps { rule: *self, rows }))
    }
}

#[derive(Clone)]
struct Row {
    /// The fields or overlaps of the row's state.
    local: Vec<f64>,
    /// The units that may change.
    units: Vec<usize>,
    /// Whether `local` was summed from a state whose values are not all ±1.
    analogue: bool,
    stream: Stream,
}

fn is_spin<F: Real>(x: F) -> bool {
    x == F::ZERO || x.abs() == F::ONE
}

struct Sweeps<'a, F> {
    rule: Asynchronous<'a, F>,
    rows: Vec<Row>,
}

impl<F: Real> Sweeps<'_, F> {
    /// One sweep over the units of a row, which is row `index` of the batch.
    fn sweep(&self, index: usize, row: &mut Row, state: &mut [F]) -> Result<()> {
        if self.rule.order == Order::Random {
            row.stream.shuffle(&mut row.units);
        }
        let own = self.rule.energy.of_row(index);
        let energy = own.as_deref().unwrap_or(self.rule.energy);
        let mut local = row.local.clone();
        energy.unfold(state, &mut local);
        for &unit in &row.units {
            let drive = energy.drive(state, unit, &local)?;
            let value = match self.rule.rule {
                Rule::Sign(tie) => {
                    let field = drive + energy.inertia(unit) * state[unit].to_f64();
                    let field = if field.abs() <= energy.rounding(unit) { 0.0 } else { field };
                    tie.sign(field, state[unit])
                }
                Rule::Glauber { temperature } => {
                    let up = 1.0 / (1.0 + (-2.0 * drive / temperature).exp());
                    if row.stream.uniform() < up { F::ONE } else { -F::ONE }
                }
            };
            if value != state[unit] {
                energy.flip(state, unit, value, &mut local);
            }
        }
        let kept = row.local.len();
        row.local.copy_from_slice(&local[..kept]);
        if row.analogue && state.iter().all(|&x| is_spin(x)) {
            // Rounding errors from the analogue cue would break ties. Sums of ±1 values are exact.
            row.local = energy.local(state);
            row.analogue = false;
        }
        Ok(())
    }
}

impl<F: Real> Run<F> for Sweeps<'_, F> {
    fn step(
        &mut self,
        rows: &[usize],
        mut states: ArrayViewMut2<F>,
        _from: &[f64],
        _to: &[f64],
    ) -> Result<()> {
        let dim = states.ncols();
        let work = (rows.len() * dim * self.rows.first().map_or(0, |r| r.local.len().max(dim))) as f64;
        let swept = threads::map(rows.len(), work, |k| {
            let mut row = self.rows[rows[k]].clone();
            let mut state = states.row(k).to_vec();
            self.sweep(rows[k], &mut row, &mut state).map(|()| (row, state))
        });
        for (k, result) in swept.into_iter().enumerate() {
            let (row, state) = result?;
            self.rows[rows[k]] = row;
            states.row_mut(k).assign(&Array2::from_shape_vec((1, dim), state).expect("one row").row(0));
        }
        Ok(())
    }
}
