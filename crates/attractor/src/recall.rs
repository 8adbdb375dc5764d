//! The recall loop, which is the same for all memories.

use ndarray::{Array2, ArrayView1, ArrayView2};

use crate::dynamics::{Clamp, Dynamics, Motion, ReadOut, Run, Start, Undefined};
use crate::energies::Reads;
use crate::error::{CueCure, Result, check_rows, check_width};
use crate::observe::{Frame, Observer};
use crate::patterns::{check_states, is_usable, pick};
use crate::real::Real;

/// How the recall of one row ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The state came to rest.
    Settled {
        /// The first step that changed nothing (to tolerance).
        step: usize,
    },
    /// The state was still moving after the last step, or the dynamics never rests.
    StillMoving,
    /// The state alternates between two states (synchronous updates only).
    TwoCycle {
        /// The step at which the cycle was first seen.
        step: usize,
    },
    /// The observer stopped the recall while the state was moving. The state is the one at that step.
    Stopped {
        /// The number of steps finished before.
        step: usize,
    },
    /// The state became infinite or NaN. The state given back is the last finite one.
    Diverged {
        /// The step at which this happened.
        step: usize,
    },
    /// The memory does not say where the state moves, such as when no stored pattern has a weight for it. The state
    /// given back is the one before that step.
    Undefined {
        /// The step at which this happened.
        step: usize,
        /// Why there is no next state.
        reason: &'static str,
    },
}

/// How long a recall runs: a number of updates, or a sequence of noise levels.
#[derive(Clone, Debug)]
pub enum Grid {
    /// At most this many updates, for a memory with one landscape.
    Updates(usize),
    /// Falling noise levels σ, one column for each row of the batch: (steps + 1) × B.
    Levels(Array2<f64>),
}

impl Grid {
    /// The number of steps.
    pub fn steps(&self) -> usize {
        match self {
            Grid::Updates(steps) => *steps,
            Grid::Levels(levels) => levels.nrows().saturating_sub(1),
        }
    }

    fn level(&self, step: usize, rows: &[usize]) -> Vec<f64> {
        match self {
            Grid::Updates(_) => vec![0.0; rows.len()],
            Grid::Levels(levels) => rows.iter().map(|&row| levels[[step, row]]).collect(),
        }
    }

    fn ends_at_zero(&self, row: usize) -> bool {
        matches!(self, Grid::Levels(levels) if levels[[levels.nrows() - 1, row]] == 0.0)
    }
}

/// When a row counts as at rest, and whether it then stops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop {
    /// For a map, the largest change of a unit in one step that counts as rest. For a flow, the largest distance,
    /// root mean square over units, between a state and its posterior mean at the last positive level.
    pub tolerance: f64,
    /// Whether a row stops when it is at rest. Otherwise all its steps are made.
    pub early: bool,
}

/// The result of the loop, with one entry for each row.
#[derive(Clone, Debug)]
pub struct Recalled<F> {
    /// Final states, B × D.
    pub states: Array2<F>,
    /// How each row ended.
    pub outcomes: Vec<Outcome>,
    /// The number of steps that each row made.
    pub steps: Vec<usize>,
    /// How much of the memory each row has read, if the dynamics counts it.
    pub reads: Option<Vec<Reads>>,
    /// What the last update of each row read, if the dynamics keeps it.
    pub last_read: Option<ReadOut<F>>,
}

impl<F: Real> Recalled<F> {
    /// The result before the first step: no state has moved.
    pub(crate) fn standing(states: &Array2<F>) -> Self {
        let b = states.nrows();
        Recalled {
            states: states.clone(),
            outcomes: vec![Outcome::StillMoving; b],
            steps: vec![0; b],
            reads: None,
            last_read: None,
        }
    }
}

/// Recalls a batch: steps `dynamics` from `start` along `grid` until each row has an outcome.
///
/// After each step, `clamp` puts the known units back. The `observer` sees the batch before the first step and after
/// each step, and can stop the recall; rows that are still moving then have the outcome [`Outcome::Stopped`]. If the
/// observer does not [watch](Observer::watches) the steps, a row that is [certain](crate::dynamics::Run::goal) to end
/// at some state goes there at once. The loop runs on the caller's thread; only kernels use other threads.
///
/// # Errors
/// Wrong shapes, states that are not finite, and the errors of the dynamics. A recall that does not settle is not an
/// error.
pub fn recall<F: Real>(
    dynamics: &dyn Dynamics<F>,
    start: Start<F>,
    mut clamp: Option<Clamp<F>>,
    grid: &Grid,
    stop: Stop,
    observer: &mut dyn Observer<F>,
) -> Result<Recalled<F>> {
    check_width("cues", start.states.ncols(), dynamics.dim())?;
    check_rows("row ids", start.rows.len(), start.states.nrows())?;
    check_states("cues", start.states, CueCure)?;
    let b = start.states.nrows();
    if let Grid::Levels(levels) = grid {
        check_rows("columns of the grid", levels.ncols(), b)?;
    }
    let all: Vec<usize> = (0..b).collect();
    let mut first = start.states.to_owned();
    if let Some(clamp) = &mut clamp {
        clamp.impose(&all, start.states, first.view_mut(), &vec![f64::INFINITY; b], &grid.level(0, &all));
    }
    let held = clamp.as_ref().map(|c| c.known().to_owned());
    let mut run =
        dynamics.start(Start { states: first.view(), held: held.as_ref().map(|h| h.view()), ..start })?;

    let mut result = Recalled::standing(&first);
    let judge = Judge {
        motion: dynamics.motion(),
        grid,
        stop,
        // If nobody sees the steps, only the final state matters.
        unseen: clamp.is_none() && !observer.watches(),
    };
    let mut batch = UnderWay { levels: grid.level(0, &all), rows: all, states: first, before: None };
    let mut observe = |step, batch: &UnderWay<F>, levels: &[f64]| {
        let UnderWay { rows, states, .. } = batch;
        observer.observe(Frame { step, steps: grid.steps(), rows, states: states.view(), levels }).is_break()
    };
    let mut interrupted = observe(0, &batch, &batch.levels);
    for step in 1..=grid.steps() {
        if batch.rows.is_empty() || interrupted {
            break;
        }
        let to = grid.level(step, &batch.rows);
        let from = batch.states.clone();
        run.step(&batch.rows, batch.states.view_mut(), &batch.levels, &to)?;
        if let Some(clamp) = &mut clamp {
            clamp.impose(&batch.rows, from.view(), batch.states.view_mut(), &batch.levels, &to);
        }
        interrupted = observe(step, &batch, &to);
        for Undefined { row, reason } in run.undefined() {
            result.outcomes[row] = Outcome::Undefined { step, reason };
        }
        let going = judge.going(step, &batch, from.view(), run.as_ref(), &mut result);
        batch.go_on(&going, from, to, judge.motion);
    }
    for (k, &row) in batch.rows.iter().enumerate() {
        result.states.row_mut(row).assign(&batch.states.row(k));
        let under_way = result.steps[row] < grid.steps() && result.outcomes[row] == Outcome::StillMoving;
        if interrupted && under_way {
            result.outcomes[row] = Outcome::Stopped { step: result.steps[row] };
        }
    }
    result.reads = run.reads();
    result.last_read = run.last_read();
    if judge.motion == Motion::Flow {
        judge_flow(run.as_mut(), grid, stop, held.as_ref(), &mut result)?;
    }
    Ok(result)
}

/// The rows of a batch that are still being recalled.
struct UnderWay<F> {
    rows: Vec<usize>,
    states: Array2<F>,
    levels: Vec<f64>,
    /// Their states one step earlier. Only kept for a map.
    before: Option<Array2<F>>,
}

impl<F: Real> UnderWay<F> {
    /// Keeps only the rows at the positions `going`, after a step from the states `from` to the levels `to`.
    fn go_on(&mut self, going: &[usize], from: Array2<F>, to: Vec<f64>, motion: Motion) {
        let kept = motion == Motion::Map;
        if going.len() < self.rows.len() {
            self.rows = going.iter().map(|&k| self.rows[k]).collect();
            self.levels = going.iter().map(|&k| to[k]).collect();
            self.states = pick(self.states.view(), going);
            self.before = kept.then(|| pick(from.view(), going));
        } else {
            self.levels = to;
            self.before = kept.then_some(from);
        }
    }
}

/// Decides after each step which rows have ended, and how.
struct Judge<'a> {
    motion: Motion,
    grid: &'a Grid,
    stop: Stop,
    /// Whether nobody sees the steps, so that a row can go at once to the state where it is certain to end.
    unseen: bool,
}

impl Judge<'_> {
    /// Records the outcome of each row that ended in the step from the states `from`, with its state. Returns the
    /// positions in the batch of the rows that go on.
    fn going<F: Real>(
        &self,
        step: usize,
        batch: &UnderWay<F>,
        from: ArrayView2<F>,
        run: &dyn Run<F>,
        result: &mut Recalled<F>,
    ) -> Vec<usize> {
        let mut going = Vec::with_capacity(batch.rows.len());
        for (k, &row) in batch.rows.iter().enumerate() {
            let (state, from) = (batch.states.row(k), from.row(k));
            let undefined = matches!(result.outcomes[row], Outcome::Undefined { .. });
            if undefined || !is_usable(state) {
                if !undefined {
                    result.outcomes[row] = Outcome::Diverged { step };
                }
                result.steps[row] = step;
                result.states.row_mut(row).assign(&from);
                continue;
            }
            // (At level 0 no state moves.)
            let lands = self.unseen && batch.levels[k] > 0.0 && self.grid.ends_at_zero(row);
            if let Some(goal) = run.goal(row).filter(|_| lands) {
                result.steps[row] = self.grid.steps();
                result.states.row_mut(row).assign(&goal);
                continue;
            }
            let before = batch.before.as_ref().map(|before| before.row(k));
            result.outcomes[row] = self.outcome(step, result.outcomes[row], state, from, before);
            // A map that has not moved at all never will: further steps would change nothing.
            let still = self.motion == Motion::Map && state == from;
            result.steps[row] = if still && !self.stop.early { self.grid.steps() } else { step };
            if still || self.stop.early && result.outcomes[row] != Outcome::StillMoving {
                result.states.row_mut(row).assign(&state);
            } else {
                going.push(k);
            }
        }
        going
    }

    /// The outcome of a row after a step from the state `from`. `before` is the state one step earlier.
    fn outcome<F: Real>(
        &self,
        step: usize,
        outcome: Outcome,
        state: ArrayView1<F>,
        from: ArrayView1<F>,
        before: Option<ArrayView1<F>>,
    ) -> Outcome {
        if !matches!(self.motion, Motion::Map | Motion::Sweeps) {
            return outcome;
        }
        let change = largest_change(state, from);
        let (moves, rests) = (change > self.stop.tolerance, change <= self.stop.tolerance);
        let cycles = moves && before.is_some_and(|before| before == state);
        match outcome {
            Outcome::Settled { .. } if moves => Outcome::StillMoving,
            Outcome::Settled { .. } => outcome,
            Outcome::TwoCycle { .. } if !rests => outcome,
            _ if cycles => Outcome::TwoCycle { step },
            _ if rests => Outcome::Settled { step },
            _ => outcome,
        }
    }
}

/// Judges the end of a flow: it has settled if its free units are at rest in the landscape of its last positive
/// level.
fn judge_flow<F: Real>(
    run: &mut dyn Run<F>,
    grid: &Grid,
    stop: Stop,
    held: Option<&Array2<bool>>,
    result: &mut Recalled<F>,
) -> Result<()> {
    let last = |row: usize| match grid {
        Grid::Levels(levels) => levels.column(row).iter().rev().copied().find(|&s| s > 0.0),
        Grid::Updates(_) => None,
    };
    let levels: Vec<f64> = (0..result.steps.len()).map(|row| last(row).unwrap_or(0.0)).collect();
    let rows: Vec<usize> = (0..levels.len()).collect();
    let pulled = run.pull(&rows, result.states.view(), &levels)?;
    for (row, (state, pulled)) in result.states.outer_iter().zip(pulled.outer_iter()).enumerate() {
        let (mut square, mut free) = (0.0, 0);
        for j in (0..state.len()).filter(|&j| held.is_none_or(|h| !h[[row, j]])) {
            square += (state[j] - pulled[j]).to_f64().powi(2);
            free += 1;
        }
        let rest = (square / f64::from(free.max(1))).sqrt() <= stop.tolerance;
        if rest && result.outcomes[row] == Outcome::StillMoving {
            let step = result.steps[row];
            result.outcomes[row] = Outcome::Settled { step };
        }
    }
    Ok(())
}

/// The largest change of a unit from one state to another. A NaN does not count.
pub(crate) fn largest_change<F: Real>(a: ArrayView1<F>, b: ArrayView1<F>) -> f64 {
    const LANES: usize = 16;
    let (Some(a), Some(b)) = (a.as_slice(), b.as_slice()) else {
        return a.iter().zip(b).map(|(&a, &b)| (a - b).abs().to_f64()).fold(0.0, f64::max);
    };
    // Lanes side by side, so that the compiler finds the vectors.
    let mut most = [F::ZERO; LANES];
    let (chunks, rest) = a.as_chunks::<LANES>();
    let (others, others_rest) = b.as_chunks::<LANES>();
    let larger = |most: &mut F, a: F, b: F| {
        let change = (a - b).abs();
        *most = if change > *most { change } else { *most };
    };
    for (a, b) in chunks.iter().zip(others) {
        for l in 0..LANES {
            larger(&mut most[l], a[l], b[l]);
        }
    }
    rest.iter().zip(others_rest).for_each(|(&a, &b)| larger(&mut most[0], a, b));
    most.into_iter().map(F::to_f64).fold(0.0, f64::max)
}
