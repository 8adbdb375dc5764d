//! The common part of linear multistep methods: a step is a sum of the state and of what was read at this level and at those before.

use ndarray::{Array2, ArrayViewMut2, Zip};

use super::units::{Units, ends};
use super::{Solver, Steps};
use crate::dynamics::Start;
use crate::energies::Reader;
use crate::error::Result;
use crate::noise::{Purpose, Stream, streams};
use crate::real::Real;

/// The largest number of reads that a step keeps.
pub(super) const KEPT: usize = 3;

/// A step of one unit: z' = `keep` z + `now` v + Σ `before` v_last + `spread` ε.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Step {
    pub keep: f64,
    pub now: f64,
    /// The weights of earlier reads, newest first.
    pub before: [f64; KEPT],
    pub spread: f64,
}

/// A linear multistep method.
pub(super) trait Rule: Copy + Send + Sync + 'static {
    /// Whether what is kept of a read is the slope (z − D)/σ, instead of D.
    const SLOPES: bool = false;

    /// The step between two levels. `before` are the levels of earlier steps of this row, newest first, as many as there are.
    /// A step from level 0 is not asked for.
    fn step(self, from: f64, to: f64, before: &[f64]) -> Step;
}

/// The solver of a rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Linear<R>(pub R);

impl<F: Real, R: Rule> Solver<F> for Linear<R> {
    fn start(&self, start: &Start<F>) -> Box<dyn Steps<F>> {
        let rows = start.states.nrows();
        Box::new(Stepper {
            rule: self.0,
            reads: std::array::from_fn(|_| Array2::from_elem(start.states.dim(), F::ZERO)),
            levels: vec![Vec::new(); rows],
            straight: vec![false; rows],
            streams: streams(start.seed, Purpose::Recall, start.rows),
        })
    }
}

struct Stepper<F, R> {
    rule: R,
    /// What was read before, newest first.
    reads: [Array2<F>; KEPT],
    /// The levels of those reads for each row, newest first.
    levels: Vec<Vec<Units<f64>>>,
    straight: Vec<bool>,
    streams: Vec<Stream>,
}

impl<F: Real, R: Rule> Stepper<F, R> {
    /// The steps of a row's units.
    fn plan(&self, row: usize, ends: &Units<(f64, f64)>) -> Units<Step> {
        let before = &self.levels[row];
        let one = |unit: usize, (from, to): (f64, f64)| {
            let mut levels = [0.0; KEPT];
            levels.iter_mut().zip(before).for_each(|(level, units)| *level = units.at(unit));
            self.rule.step(from, to, &levels[..before.len()])
        };
        match ends {
            Units::All(ends) => Units::All(one(0, *ends)),
            Units::Each(ends) => {
                Units::Each(ends.iter().enumerate().map(|(unit, &ends)| one(unit, ends)).collect())
            }
        }
    }
}

impl<F: Real, R: Rule> Steps<F> for Stepper<F, R> {
    fn step(
        &mut self,
        reader: &mut dyn Reader<F>,
        rows: &[usize],
        mut states: ArrayViewMut2<F>,
        from: &[f64],
        to: &[f64],
    ) -> Result<()> {
        let means = reader.denoise(rows, states.view(), from)?;
        let ends = ends(reader.noise(), from, to)?;
        for (k, &row) in rows.iter().enumerate() {
            // At level 0, and between equal levels, nothing moves, and there is nothing to keep.
            if from[k] == 0.0 || from[k] == to[k] {
                continue;
            }
            let plan = self.plan(row, &ends[k]);
            let [first, second, third] = &mut self.reads;
            let (mut a, mut b, mut c) = (first.row_mut(row), second.row_mut(row), third.row_mut(row));
            let same = self.levels[row].len() == KEPT && a == means.row(k) && b == a && c == a;
            let own = plan.at(0);
            self.straight[row] =
                !R::SLOPES && own.spread == 0.0 && (same || own.before.iter().all(|w| *w == 0.0));
            let stream = &mut self.streams[row];
            let mut unit = 0;
            Zip::from(states.row_mut(k)).and(means.row(k)).and(&mut a).and(&mut b).and(&mut c).for_each(
                |z, &mean, a, b, c| {
                    let Step { keep, now, before, spread } = plan.at(unit);
                    let (from, _) = ends[k].at(unit);
                    unit += 1;
                    let (state, mean) = (z.to_f64(), mean.to_f64());
                    let read = match R::SLOPES {
                        true if from > 0.0 => (state - mean) / from,
                        true => 0.0,
                        false => mean,
                    };
                    let earlier = [a.to_f64(), b.to_f64(), c.to_f64()];
                    let past: f64 = before.iter().zip(earlier).map(|(weight, read)| weight * read).sum();
                    let noise = if spread > 0.0 { spread * stream.normal() } else { 0.0 };
                    *z = F::from_f64(keep * state + (now * read + past) + noise);
                    (*c, *b, *a) = (*b, *a, F::from_f64(read));
                },
            );
            let levels = &mut self.levels[row];
            levels.insert(0, ends[k].map(|(from, _)| from));
            levels.truncate(KEPT);
        }
        Ok(())
    }

    fn goes_straight(&self, row: usize) -> bool {
        self.straight[row]
    }
}
