//! Diffusion recall with known units.
//!
//! Known units leave few patterns, and a large memory is read once to find them, for all cues together ([`Left`]). Each cue
//! then recalls among its own. Other memories are stretched as a whole, once for each mask.

use std::collections::HashMap;
use std::ops::ControlFlow;

use ndarray::{Array2, ArrayView2, Axis};

use super::Diffusion;
use super::left::Left;
use crate::energies::{Mixture, NARROWED, Reads, SharedPosterior};
use crate::error::Result;
use crate::kernels::{Form, posterior};
use crate::memories::levels::{Cues, Known, LevelModel, descend};
use crate::observe::{Frame, Observer};
use crate::real::Real;
use crate::recall::Recalled;

/// The noise level assigned to known units, in spreads.
const EXACT: f64 = 1e-4;
/// At this level, in radii of the memory, a unit carries less than 10⁻⁶ of a nat of information.
const SILENT: f64 = 1e3;

/// Groups some rows by their known units, in the order of each group's first row.
fn by_mask(known: ArrayView2<bool>, rows: impl Iterator<Item = usize>) -> Vec<(Vec<bool>, Vec<usize>)> {
    let mut places: HashMap<Vec<bool>, usize> = HashMap::new();
    let mut groups: Vec<(Vec<bool>, Vec<usize>)> = Vec::new();
    for row in rows {
        let mask = known.row(row);
        let place = *places.entry(mask.to_vec()).or_insert(groups.len());
        if place == groups.len() {
            groups.push((mask.to_vec(), Vec::new()));
        }
        groups[place].1.push(row);
    }
    groups
}

/// Rows that recall together: those of one mask, or one row among the patterns that its known units leave.
struct Together {
    mask: Vec<bool>,
    rows: Vec<usize>,
    among: Option<Vec<usize>>,
}

/// Shows the states of some rows of a batch to an observer, in unstretched units.
struct Unstretched<'a, F> {
    observer: &'a mut dyn Observer<F>,
    rows: &'a [usize],
    factors: &'a [F],
}

impl<F: Real> Observer<F> for Unstretched<'_, F> {
    fn observe(&mut self, frame: Frame<F>) -> ControlFlow<()> {
        let rows: Vec<usize> = frame.rows.iter().map(|&r| self.rows[r]).collect();
        let mut states = frame.states.to_owned();
        each_unit(&mut states, self.factors, |z, factor| z / factor);
        self.observer.observe(Frame { rows: &rows, states: states.view(), ..frame })
    }
}

/// Changes every unit of all rows, each with its own factor.
fn each_unit<F: Real>(states: &mut Array2<F>, factors: &[F], change: impl Fn(F, F) -> F) {
    for mut row in states.outer_iter_mut() {
        row.iter_mut().zip(factors).for_each(|(z, &factor)| *z = change(*z, factor));
    }
}

/// What a row has read whose memory were a few patterns: all patterns once to find them, and then these.
fn among_few(reads: Reads, few: usize) -> Reads {
    let narrow = reads.full + reads.narrow;
    Reads { full: 1, spread: 0, narrow, patterns: reads.patterns + few * reads.full, largest: few }
}

impl<F: Real> Diffusion<F> {
    /// What known units leave of the patterns: for large memories of patterns that are held as numbers, unless reads of all
    /// patterns were asked for.
    fn left<'a>(&'a self, cues: &'a Cues<F>, known: &'a Known<F>) -> Option<Left<'a, F>> {
        let patterns = self.memory.patterns()?;
        let suits = self.sampling.narrow && patterns.are_held() && patterns.len() >= NARROWED;
        suits.then(|| Left {
            patterns,
            cues,
            known,
            exact: EXACT * self.memory.spread(),
            stretch: |ratio: f64| stretch(ratio, 1.0 / EXACT),
            stochastic: self.sampling.is_stochastic(),
        })
    }

    /// The posterior at the cue's level. Known units are exact: they get a noise level of 10⁻⁴ spreads. Other units
    /// have their own level, or carry no information if no level was given.
    pub(super) fn posterior_with_known(
        &self,
        cues: &Cues<F>,
        known: &Known<F>,
    ) -> Result<Vec<SharedPosterior>> {
        let mut result = vec![None; cues.states.nrows()];
        if let Some(left) = self.left(cues, known) {
            left.each_distances(cues.level_given, |row, of_known, of_others| {
                result[row] = Some(left.posterior(row, of_known, of_others));
            });
        }
        let others = (0..result.len()).filter(|&row| result[row].is_none()).collect::<Vec<_>>();
        for (mask, rows) in by_mask(known.mask.view(), others.into_iter()) {
            let level = cues.levels[rows[0]];
            let exact = EXACT * self.memory.spread();
            let units: Vec<usize> = (0..mask.len()).filter(|&j| mask[j]).collect();
            let mut queries = cues.states.select(Axis(0), &rows);
            let values = known.values.select(Axis(0), &rows);
            let silent = !cues.level_given;
            let found = if units.is_empty() {
                self.memory.shared_posterior(queries.view(), &vec![level; rows.len()], cues.top)?
            } else if let (true, Some(patterns)) = (silent, self.memory.patterns()) {
                let betas = vec![1.0 / (exact * exact); rows.len()];
                let values = values.select(Axis(1), &units);
                let patterns = patterns.select_units(&units)?;
                let found = posterior(&patterns, values.view(), &betas, Form::Distance, cues.top);
                let alone = |posterior| SharedPosterior { posterior, event_share: None };
                found.into_iter().map(alone).collect()
            } else {
                // A level so high that units without a given level carry no information.
                let level = if silent { self.prior().level_of_radii(SILENT) } else { level };
                let factors = factors(&mask, level / exact, if silent { f64::INFINITY } else { 1.0 / EXACT });
                for (mut query, value) in queries.outer_iter_mut().zip(values.outer_iter()) {
                    units.iter().for_each(|&j| query[j] = value[j] * factors[j]);
                }
                let stretched = self.memory.stretch(&factors)?;
                stretched.shared_posterior(queries.view(), &vec![level; rows.len()], cues.top)?
            };
            for (row, posterior) in rows.into_iter().zip(found) {
                result[row] = Some(posterior);
            }
        }
        Ok(result.into_iter().map(|p| p.expect("every row has a mask")).collect())
    }

    /// Recall with known units. These are exact, so they distinguish patterns from the start, at any level of the
    /// other units. Recall therefore runs in stretched units, in which one level stands for both kinds. (If known
    /// units counted only as much as the level of the others allows, their evidence would come too late: the other
    /// units would already have moved towards another pattern.)
    pub(super) fn descend_with_known(
        &self,
        cues: &Cues<F>,
        known: &Known<F>,
        observer: &mut dyn Observer<F>,
    ) -> Result<Recalled<F>> {
        let mut all = Recalled::standing(&cues.states);
        let mut parts = Vec::new();
        let mut whole = vec![true; cues.states.nrows()];
        if let Some(left) = self.left(cues, known) {
            left.each_distances(false, |row, of_known, _| {
                if let Some(patterns) = left.patterns(row, of_known) {
                    whole[row] = false;
                    let mask = known.mask.row(row).to_vec();
                    parts.push(Together { mask, rows: vec![row], among: Some(patterns) });
                }
            });
        }
        let others = (0..whole.len()).filter(|&row| whole[row]);
        let masks = by_mask(known.mask.view(), others).into_iter();
        parts.extend(masks.map(|(mask, rows)| Together { mask, rows, among: None }));
        for Together { mask, rows, among } in parts {
            // With known units all rows have the same level.
            let factors = factors(&mask, cues.levels[rows[0]] / (EXACT * self.memory.spread()), 1.0 / EXACT);
            let memory = match (&among, self.memory.patterns()) {
                (Some(some), Some(patterns)) => Mixture::from(patterns.among(some)?.stretch(&factors)?),
                _ => self.memory.stretch(&factors)?,
            };
            let stretched = |values: &Array2<F>| {
                let mut values = values.select(Axis(0), &rows);
                each_unit(&mut values, &factors, |z, factor| z * factor);
                values
            };
            let part = Cues {
                seed: cues.seed,
                top: cues.top,
                level_given: cues.level_given,
                rows: rows.iter().map(|&r| cues.rows[r]).collect(),
                states: stretched(&cues.states),
                levels: rows.iter().map(|&r| cues.levels[r]).collect(),
                known: Some(Known {
                    mask: known.mask.select(Axis(0), &rows),
                    values: stretched(&known.values),
                }),
                kept: None,
                // The spread of this memory, not of the stretched one.
                spread: cues.spread,
                scale: cues.scale,
                stop: cues.stop,
            };
            let mut observer = Unstretched { observer, rows: &rows, factors: &factors };
            let mut part = descend(&memory, &self.sampling, &part, &mut observer)?;
            each_unit(&mut part.states, &factors, |z, factor| z / factor);
            for (k, &row) in rows.iter().enumerate() {
                all.states.row_mut(row).assign(&part.states.row(k));
                (all.outcomes[row], all.steps[row]) = (part.outcomes[k], part.steps[k]);
            }
            if let Some(mut reads) = part.reads {
                if let Some(some) = &among {
                    reads.iter_mut().for_each(|reads| *reads = among_few(*reads, some.len()));
                }
                let own = all.reads.get_or_insert_with(|| vec![Reads::default(); cues.states.nrows()]);
                rows.iter().zip(reads).for_each(|(&row, reads)| own[row] = reads);
            }
        }
        Ok(all)
    }
}

/// The factors that stretch known units so that all units have the level of the others. `ratio` is that level divided
/// by the level of the known units; the factor is at most `most`.
fn factors<F: Real>(mask: &[bool], ratio: f64, most: f64) -> Vec<F> {
    let stretch = F::from_f64(stretch(ratio, most));
    mask.iter().map(|&known| if known { stretch } else { F::ONE }).collect()
}

/// The factor of known units: a power of two, so that stretching and undoing it is exact.
fn stretch(ratio: f64, most: f64) -> f64 {
    ratio.clamp(1.0, most).log2().floor().exp2()
}
