//! Synchronous updates of all units at once: x ← sign of the fields.

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut1, ArrayViewMut2, Axis, s};

use super::{Dynamics, Motion, Run, Start, Tie};
use crate::energies::Flip;
use crate::error::Result;
use crate::patterns::pick;
use crate::real::Real;
use crate::threads;

/// The rows of a task.
const ROWS: usize = 16;

/// x_j ← sign(h_j) for all units at once, with the [fields](Flip::fields) h of any landscape: Wx for couplings (Hopfield 1982; Ambrogioni 2023,
/// Eq. 1), ½[E(x_j = −1) − E(x_j = +1)] for a dense one (Krotov & Hopfield 2016, Eq. 6).
///
/// What a unit becomes whose field is exactly 0 is its [`Tie`]: it keeps its value, so that a unit that starts at 0 takes the sign of its first field
/// that is not 0. Ends in a fixed point or, if W is not positive semi-definite, possibly in a 2-cycle. Cost for each row and step: D²
/// multiply-adds for couplings, O(ND) for a dense landscape.
#[derive(Clone, Copy)]
pub struct Synchronous<'a, F> {
    /// The landscape, which gives the fields.
    pub energy: &'a dyn Flip<F>,
    /// What a unit becomes whose field is 0.
    pub tie: Tie,
}

impl<F: Real> Dynamics<F> for Synchronous<'_, F> {
    fn dim(&self) -> usize {
        self.energy.dim()
    }

    fn motion(&self) -> Motion {
        Motion::Map
    }

    fn start(&self, _start: Start<F>) -> Result<Box<dyn Run<F> + '_>> {
        Ok(Box::new(Updates { dynamics: *self, before: None }))
    }
}

/// Updates, which follow the fields from step to step where few units change.
struct Updates<'a, F> {
    dynamics: Synchronous<'a, F>,
    before: Option<Before<F>>,
}

/// The last step: rows of the batch in rising order, with their states and fields.
struct Before<F> {
    rows: Vec<usize>,
    states: Array2<F>,
    fields: Array2<f64>,
}

impl<F: Real> Updates<'_, F> {
    /// The fields of all units: row k of `states` is row `rows[k]` of the batch.
    fn fields(&mut self, rows: &[usize], states: ArrayView2<F>) -> Result<Array2<f64>> {
        let energy = self.dynamics.energy;
        if rows.iter().any(|&row| energy.of_row(row).is_some()) {
            let mut fields = Array2::zeros(states.dim());
            for (k, &row) in rows.iter().enumerate() {
                let own = energy.of_row(row);
                let energy = own.as_deref().unwrap_or(energy);
                fields.row_mut(k).assign(&energy.fields(states.slice(s![k..=k, ..]))?.row(0));
            }
            return Ok(fields);
        }
        let Some(before) = self.before.take() else { return energy.fields(states) };
        let places = rows.iter().map(|row| before.rows.binary_search(row).ok());
        let Some(places) = places.collect::<Option<Vec<usize>>>() else { return energy.fields(states) };
        let mut fields =
            if rows == before.rows { before.fields } else { pick(before.fields.view(), &places) };
        let mut followed = vec![false; rows.len()];
        let work = 4.0 * fields.len() as f64;
        let tasks = fields.outer_iter_mut().zip(&mut followed).enumerate().collect();
        threads::each(tasks, work, |(k, (fields, followed)): (usize, (ArrayViewMut1<f64>, &mut bool))| {
            *followed = follow(energy, before.states.row(places[k]), states.row(k), fields);
        });
        let others: Vec<usize> = (0..rows.len()).filter(|&k| !followed[k]).collect();
        if !others.is_empty() {
            let anew = energy.fields(pick(states, &others).view())?;
            others.iter().zip(anew.outer_iter()).for_each(|(&k, row)| fields.row_mut(k).assign(&row));
        }
        Ok(fields)
    }
}

/// Changes the fields of one state to those of another. `false`, with the fields as they were, if many units differ, or if not all are 1, −1 or 0:
/// the fields of other states carry rounding.
fn follow<F: Real>(
    energy: &dyn Flip<F>,
    from: ArrayView1<F>,
    to: ArrayView1<F>,
    mut fields: ArrayViewMut1<f64>,
) -> bool {
    const SOME: usize = 16;
    let (from, to) = (from.to_slice().expect("row-major"), to.as_standard_layout());
    let to = to.as_slice().expect("contiguous");
    let whole = |x: F| (x == F::ZERO) | (x.abs() == F::ONE);
    let (mut up, mut down, mut change) = (Vec::new(), Vec::new(), F::ZERO);
    let most = energy.followed();
    for (chunk, (from, to)) in from.chunks(SOME).zip(to.chunks(SOME)).enumerate() {
        // No early end, so that the compiler finds the vectors.
        if !from.iter().zip(to).fold(true, |all, (from, to)| all & whole(*from) & whole(*to)) {
            return false;
        }
        let pairs = from.iter().zip(to).enumerate();
        let mut differ = pairs.fold(0_u32, |bits, (l, (from, to))| bits | u32::from(from != to) << l);
        while differ != 0 {
            let l = differ.trailing_zeros() as usize;
            differ &= differ - 1;
            let by = (to[l] - from[l]).abs();
            if change != F::ZERO && by != change {
                return false;
            }
            change = by;
            if to[l] > from[l] { up.push(chunk * SOME + l) } else { down.push(chunk * SOME + l) }
        }
        if up.len() + down.len() > most {
            return false;
        }
    }
    if change != F::ZERO {
        energy.follow(&up, &down, change.to_f64(), fields.as_slice_mut().expect("row-major"));
    }
    true
}

impl<F: Real> Run<F> for Updates<'_, F> {
    fn step(
        &mut self,
        rows: &[usize],
        mut states: ArrayViewMut2<F>,
        _from: &[f64],
        _to: &[f64],
    ) -> Result<()> {
        let fields = self.fields(rows, states.view())?;
        let before = (self.dynamics.energy.followed() > 0).then(|| states.to_owned());
        // A sign takes about as long as this many other operations.
        let work = 4.0 * fields.len() as f64;
        let tasks =
            states.axis_chunks_iter_mut(Axis(0), ROWS).zip(fields.axis_chunks_iter(Axis(0), ROWS)).collect();
        threads::each(tasks, work, |(states, fields): (ArrayViewMut2<F>, ArrayView2<f64>)| {
            self.dynamics.tie.signs(fields, states);
        });
        self.before = before.map(|states| Before { rows: rows.to_vec(), states, fields });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::energies::Quadratic;
    use crate::noise::{Purpose, Stream};

    /// Steps against plain sums: of states near patterns, of which few units change from step to step; of a state with zeros; of numbers; and with a
    /// unit that is held at a number, or moved by others between steps.
    #[test]
    fn followed_fields_are_plain_sums() {
        const UNITS: usize = 150;
        let mut stream = Stream::new(3, Purpose::Patterns, 0);
        let mut sign = || if stream.uniform() < 0.5 { -1.0 } else { 1.0 };
        let patterns = Array2::from_shape_simple_fn((25, UNITS), &mut sign);
        let mut weights = patterns.t().dot(&patterns);
        weights.diag_mut().fill(0.0);
        let energy = Quadratic::new(weights.clone()).expect("symmetric");
        let mut states = Array2::from_shape_fn((6, UNITS), |(q, j)| {
            let flips = (j * 7 + q * 13) % 5 == 0;
            if flips { -patterns[[q, j]] } else { patterns[[q, j]] }
        });
        states.row_mut(2).mapv_inplace(|x| if x > 0.0 { 0.0 } else { x });
        states.row_mut(3).mapv_inplace(|x| 0.3 * x);
        let dynamics = Synchronous::<f64> { energy: &energy, tie: Tie::Keep };
        let ids: Vec<u64> = (0..6).collect();
        let start = Start { states: states.view(), rows: &ids, seed: 0, held: None };
        let mut run = dynamics.start(start).expect("a run");
        let mut rows: Vec<usize> = (0..6).collect();
        for step in 0..6 {
            let before = states.clone();
            run.step(&rows, states.view_mut(), &[], &[]).expect("a step");
            for ((after, before), row) in states.outer_iter().zip(before.outer_iter()).zip(&rows) {
                for (j, &x) in after.iter().enumerate() {
                    let field: f64 = weights.row(j).dot(&before);
                    let held = if before[j] == 0.0 { 0.0 } else { before[j].signum() };
                    let expected = if field == 0.0 { held } else { field.signum() };
                    assert_eq!(x, expected, "step {step}, row {row}, unit {j}");
                }
            }
            for (mut state, row) in states.outer_iter_mut().zip(&rows) {
                match row {
                    4 => state[9] = 0.7,
                    5 => state.slice_mut(s![step * 20..step * 20 + 20]).mapv_inplace(|x| -x),
                    _ => {}
                }
            }
            if step == 2 {
                rows = vec![0, 3, 4, 5];
                states = pick(states.view(), &rows);
            }
        }
    }
}
