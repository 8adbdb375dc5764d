//! UniPC of order 2: a predictor whose step is corrected by the next step's read.

use ndarray::{Array2, ArrayViewMut2};

use super::units::{Units, ends};
use super::{Context, Entry, Facts, Flow, Solver, Steps, ratio};
use crate::dynamics::{Dynamics, Start};
use crate::energies::Reader;
use crate::error::Result;
use crate::real::Real;

/// The unified predictor and corrector (Zhao et al. 2023, Algorithms 1 and 2, data prediction, B(h) = e^h − 1):
///
/// ```text
/// corrector   z ← (σ/σ_last) z_last + (1 − e^{−h}) (D_last + ρ₁ (D_2nd − D_last)/r + ρ₂ (D − D_last))
/// predictor   z' = (σ'/σ) z + (1 − e^{−h'}) (D + ½ (D − D_last) h'/h)
/// ```
///
/// h = ln σ_last/σ and h' = ln σ/σ' are the last step and this one, and r = −h_2nd/h. D is read at the state that was predicted,
/// and serves both, so a correction costs nothing. The predictor is [`DpmSolverPlusPlus2M`](super::DpmSolverPlusPlus2M). The states
/// that are shown are the predicted ones. Order 3; one read for each step.
#[derive(Clone, Copy, Debug)]
pub struct UniPc;

impl Entry for UniPc {
    const FACTS: Facts = Facts {
        name: "unipc",
        about: "UniPC, a second-order predictor with a corrector that makes it third, one read a step",
        steps: 24,
        ..Facts::FLOW
    };

    fn dynamics<'a, F: Real>(context: Context<'a, F>) -> Box<dyn Dynamics<F> + 'a> {
        Box::new(Flow { denoiser: context.denoiser, solver: UniPc })
    }
}

impl<F: Real> Solver<F> for UniPc {
    fn start(&self, start: &Start<F>) -> Box<dyn Steps<F>> {
        let (shape, rows) = (start.states.dim(), start.states.nrows());
        let empty = || Array2::from_elem(shape, F::ZERO);
        Box::new(Corrected {
            states: empty(),
            last: empty(),
            second: empty(),
            levels: vec![[None, None]; rows],
            straight: vec![false; rows],
        })
    }
}

struct Corrected<F> {
    /// Where the last step started, corrected.
    states: Array2<F>,
    /// The last two reads.
    last: Array2<F>,
    second: Array2<F>,
    /// The levels of those reads.
    levels: Vec<[Option<Units<f64>>; 2]>,
    /// Whether the last step of each row went straight to the pattern that was read.
    straight: Vec<bool>,
}

/// The factors of the last state, of D_last, of D_2nd and of D in a correction.
type Correction = [f64; 4];

/// The correction of a step from the level `last` to `now`, after one from `second`.
fn correction(now: f64, last: f64, second: Option<f64>) -> Correction {
    let shrink = ratio(last, now);
    let h = -shrink.ln();
    let share = 1.0 - shrink;
    let Some(second) = second else {
        // ρ = ½: the trapezoidal rule.
        return [shrink, 0.5 * share, 0.0, 0.5 * share];
    };
    let r = (last / second).ln() / h;
    // φ₂ and φ₃ of −h over its φ₁; b₁ = ρ₁ + ρ₂ and b₂ = r ρ₁ + ρ₂.
    let (b1, b2) = shares(h);
    let rho = (b1 - b2) / (1.0 - r);
    let of_now = b1 - rho;
    [shrink, share * (1.0 - rho / r - of_now), share * rho / r, share * of_now]
}

/// ((e^{−h} − 1)/(−h) − 1)/(e^{−h} − 1) and 2 ((e^{−h} − 1)/h² + 1/h − ½)/(e^{−h} − 1).
fn shares(h: f64) -> (f64, f64) {
    /// Below it the terms cancel, and a series is exact.
    const SMALL: f64 = 0.1;
    let less = (-h).exp_m1();
    if h >= SMALL {
        return ((-less / h - 1.0) / less, 2.0 * (less / (h * h) + 1.0 / h - 0.5) / less);
    }
    // Σ_{n ≥ 2} (−h)^{n−1}/n! and Σ_{n ≥ 3} (−h)^{n−2}/n!, up to h⁹/11!.
    let (mut one, mut two, mut term) = (0.0, 0.0, 0.5);
    for n in 2..12 {
        if n > 2 {
            term *= -h / n as f64;
            two += term;
        }
        one += term * -h;
    }
    (one / less, 2.0 * two / less)
}

impl<F: Real> Corrected<F> {
    /// The correction of each unit of a row, if it has made a step.
    fn correction(&self, row: usize, ends: &Units<(f64, f64)>) -> Option<Units<Correction>> {
        let [last, second] = &self.levels[row];
        let last = last.as_ref()?;
        let one = |unit: usize, now: f64| {
            let (last, second) = (last.at(unit), second.as_ref().map(|levels| levels.at(unit)));
            correction(now, last, second)
        };
        Some(match ends {
            Units::All((now, _)) => Units::All(one(0, *now)),
            Units::Each(all) => {
                Units::Each(all.iter().enumerate().map(|(unit, &(now, _))| one(unit, now)).collect())
            }
        })
    }
}

impl<F: Real> Steps<F> for Corrected<F> {
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
            let correct = self.correction(row, &ends[k]);
            let before = self.levels[row][0].clone();
            let (mut z, mean) = (states.row_mut(k), means.row(k));
            let mut straight = true;
            for j in 0..z.len() {
                let (now, next) = ends[k].at(j);
                let d = mean[j].to_f64();
                let (last, second) = (self.last[[row, j]].to_f64(), self.second[[row, j]].to_f64());
                let mut state = z[j].to_f64();
                if let Some([keep, of_last, of_second, of_now]) = correct.as_ref().map(|of| of.at(j)) {
                    let start = self.states[[row, j]].to_f64();
                    state = keep * start + of_last * last + of_second * second + of_now * d;
                }
                let shrink = ratio(now, next);
                let h = -shrink.ln();
                let weight = match before.as_ref().map(|levels| levels.at(j)) {
                    Some(level) if h.is_finite() && level > now && h > 0.0 => h / (2.0 * (level / now).ln()),
                    _ => 0.0,
                };
                straight &= weight == 0.0 || d == last;
                self.states[[row, j]] = F::from_f64(state);
                self.second[[row, j]] = self.last[[row, j]];
                self.last[[row, j]] = mean[j];
                z[j] = F::from_f64(shrink * state + (1.0 - shrink) * (d + weight * (d - last)));
            }
            self.straight[row] = straight && (correct.is_none() || next_is_end(&ends[k]));
            self.levels[row] = [Some(ends[k].map(|(from, _)| from)), before];
        }
        Ok(())
    }

    fn goes_straight(&self, row: usize) -> bool {
        self.straight[row]
    }
}

/// Whether a step goes to level 0.
fn next_is_end(ends: &Units<(f64, f64)>) -> bool {
    ends.at(0).1 == 0.0
}
