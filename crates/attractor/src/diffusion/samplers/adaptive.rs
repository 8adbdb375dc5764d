//! The Dormand–Prince method: each row takes steps as long as the accuracy allows.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};

use super::units::Units;
use super::{Context, Entry, Facts, Flow, Solver, Steps, combine};
use crate::dynamics::{Dynamics, Start};
use crate::energies::{NoiseShape, Reader};
use crate::error::Result;
use crate::real::Real;

/// Runge–Kutta of order 5 with an error estimate of order 4 (Dormand & Prince 1980) for the flow dz/dσ = (z − D)/σ.
/// The variable is σ, in which straight paths toward one pattern are exact for steps of any length.
///
/// Each row takes its own steps inside each interval of the grid, with an error of at most `accuracy` for each step
/// (root mean square over units, in the units of the states), or the rounding error if that is larger. The step to σ
/// = 0 is the denoiser. Six reads for each step, including rejected steps.
#[derive(Clone, Copy, Debug)]
pub struct DormandPrince {
    /// The largest error of a step. ∞ makes one step for each interval.
    pub accuracy: f64,
}

impl Entry for DormandPrince {
    const FACTS: Facts = Facts {
        name: "dormand-prince",
        about: "Dormand and Prince's pair of order 5(4), as many steps as the accuracy asks for",
        steps: 24,
        reads: None,
        options: &["accuracy"],
        ..Facts::FLOW
    };

    fn dynamics<'a, F: Real>(context: Context<'a, F>) -> Box<dyn Dynamics<F> + 'a> {
        Box::new(Flow { denoiser: context.denoiser, solver: DormandPrince { accuracy: context.accuracy } })
    }
}

impl<F: Real> Solver<F> for DormandPrince {
    fn start(&self, start: &Start<F>) -> Box<dyn Steps<F>> {
        Box::new(Stepper { accuracy: self.accuracy, steps: vec![f64::INFINITY; start.rows.len()] })
    }
}

struct Stepper {
    accuracy: f64,
    /// The length of the next step of each row.
    steps: Vec<f64>,
}

impl<F: Real> Steps<F> for Stepper {
    fn step(
        &mut self,
        reader: &mut dyn Reader<F>,
        rows: &[usize],
        mut states: ArrayViewMut2<F>,
        from: &[f64],
        to: &[f64],
    ) -> Result<()> {
        // Rows that end at 0 go to the posterior mean instead of making a step.
        let ends: Vec<usize> = (0..rows.len()).filter(|&k| to[k] == 0.0).collect();
        let others: Vec<usize> = (0..rows.len()).filter(|&k| to[k] > 0.0 && to[k] != from[k]).collect();
        if !ends.is_empty() {
            let mut part = states.select(Axis(0), &ends);
            let levels: Vec<f64> = ends.iter().map(|&k| from[k]).collect();
            let ids: Vec<usize> = ends.iter().map(|&k| rows[k]).collect();
            let means = reader.denoise(&ids, part.view(), &levels)?;
            combine(part.view_mut(), means.view(), |_| Units::All((0.0, 1.0)));
            ends.iter().zip(part.outer_iter()).for_each(|(&k, z)| states.row_mut(k).assign(&z));
        }
        if others.is_empty() {
            return Ok(());
        }
        let pick = |values: &[f64]| others.iter().map(|&k| values[k]).collect::<Vec<f64>>();
        let ids: Vec<usize> = others.iter().map(|&k| rows[k]).collect();
        let mut steps: Vec<f64> = ids.iter().map(|&row| self.steps[row]).collect();
        let mut part = states.select(Axis(0), &others);
        stretch(reader.noise(), &mut part, &pick(from), false)?;
        let mut slope = |part: &[usize], states: ArrayView2<F>, sigmas: &[f64]| -> Result<Slope<F>> {
            let rows: Vec<usize> = part.iter().map(|&k| ids[k]).collect();
            let mut slopes = means(reader, &rows, states, sigmas)?;
            for (k, (mut slope, state)) in slopes.outer_iter_mut().zip(states.outer_iter()).enumerate() {
                slope
                    .iter_mut()
                    .zip(state)
                    .for_each(|(d, z)| *d = F::from_f64((z.to_f64() - d.to_f64()) / sigmas[k]));
            }
            Ok(Slope { states: slopes, extra: vec![0.0; sigmas.len()] })
        };
        let path =
            Path { from: &pick(from), to: &pick(to), accuracy: self.accuracy, extra_accuracy: f64::INFINITY };
        let (mut part, _) = integrate(&mut slope, part, &path, &mut steps)?;
        stretch(reader.noise(), &mut part, &pick(to), true)?;
        for ((&k, z), step) in others.iter().zip(part.outer_iter()).zip(steps) {
            states.row_mut(k).assign(&z);
            self.steps[rows[k]] = step;
        }
        Ok(())
    }
}

/// Multiplies each unit by c = σ/r, or divides by it. Then noise is σ in all units.
fn stretch<F: Real>(noise: NoiseShape, states: &mut Array2<F>, sigmas: &[f64], back: bool) -> Result<()> {
    let NoiseShape::Units(noise) = noise else { return Ok(()) };
    for (mut row, &sigma) in states.outer_iter_mut().zip(sigmas) {
        for (z, r) in row.iter_mut().zip(noise.at(sigma)?.levels) {
            let factor = if back { r / sigma } else { sigma / r };
            *z = F::from_f64(z.to_f64() * factor);
        }
    }
    Ok(())
}

/// What takes the place of D in the flow of stretched states. With unequal noise it is g c D, where g = d ln r/d ln σ:
/// the flow dz/d ln r = z − D gives dw/dσ = (w − g c D)/σ for w = c z.
fn means<F: Real>(
    reader: &mut dyn Reader<F>,
    rows: &[usize],
    states: ArrayView2<F>,
    sigmas: &[f64],
) -> Result<Array2<F>> {
    if !matches!(reader.noise(), NoiseShape::Units(_)) {
        return reader.denoise(rows, states, sigmas);
    }
    let mut unstretched = states.to_owned();
    stretch(reader.noise(), &mut unstretched, sigmas, true)?;
    let mut means = reader.denoise(rows, unstretched.view(), sigmas)?;
    let NoiseShape::Units(noise) = reader.noise() else { return Ok(means) };
    for (mut row, &sigma) in means.outer_iter_mut().zip(sigmas) {
        let at = noise.at(sigma)?;
        for (d, (r, growth)) in row.iter_mut().zip(at.levels.iter().zip(&at.growth)) {
            *d = F::from_f64(growth * sigma / r * d.to_f64());
        }
    }
    Ok(means)
}

/// A function that gives the slopes of some rows, at their states and levels.
pub(crate) type Slopes<'a, F> = dyn FnMut(&[usize], ArrayView2<F>, &[f64]) -> Result<Slope<F>> + 'a;

/// The slopes of states, and of one further number for each row.
pub(crate) struct Slope<F> {
    pub states: Array2<F>,
    pub extra: Vec<f64>,
}

/// The first and last level of each row to be integrated, and the accuracy of a step.
pub(crate) struct Path<'a> {
    pub from: &'a [f64],
    pub to: &'a [f64],
    /// The root mean square error over units.
    pub accuracy: f64,
    /// The error of the further number.
    pub extra_accuracy: f64,
}

const NODES: [f64; 7] = [0.0, 1.0 / 5.0, 3.0 / 10.0, 4.0 / 5.0, 8.0 / 9.0, 1.0, 1.0];

#[rustfmt::skip]
const WEIGHTS: [[f64; 6]; 6] = [
    [1.0 / 5.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [3.0 / 40.0, 9.0 / 40.0, 0.0, 0.0, 0.0, 0.0],
    [44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0, 0.0, 0.0, 0.0],
    [19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0, 0.0, 0.0],
    [9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0, 0.0],
    [35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0],
];

/// The weights of order 5 minus those of order 4.
const ERRORS: [f64; 7] =
    [71.0 / 57600.0, 0.0, -71.0 / 16695.0, 71.0 / 1920.0, -17253.0 / 339200.0, 22.0 / 525.0, -1.0 / 40.0];

/// The number of trial steps after which an accuracy counts as out of reach. The loop then reports the row as
/// diverged.
const MOST_TRIALS: usize = 10_000;

/// A row that is being integrated.
struct Progress {
    row: usize,
    level: f64,
    extra: f64,
}

/// Integrates each row with its own steps, from its first to its last level. `steps` holds the lengths of the first
/// steps, and then of the next ones. Returns the last states (NaN for a row whose accuracy is out of reach) and the
/// integrals of the further slope.
pub(crate) fn integrate<F: Real>(
    slope: &mut Slopes<F>,
    mut states: Array2<F>,
    path: &Path,
    steps: &mut [f64],
) -> Result<(Array2<F>, Vec<f64>)> {
    let mut extras = vec![0.0; states.nrows()];
    let mut ways: Vec<Progress> =
        (0..states.nrows()).map(|row| Progress { row, level: path.from[row], extra: 0.0 }).collect();
    let mut now = states.clone();
    let rows: Vec<usize> = (0..states.nrows()).collect();
    let mut first = slope(&rows, now.view(), path.from)?;
    for _ in 0..MOST_TRIALS {
        if ways.is_empty() {
            return Ok((states, extras));
        }
        let trial = Trial::new(slope, &ways, &now, first, path, steps)?;
        // The last stage is the step of order 5 itself, and the first stage of the next step.
        let last = &trial.slopes[WEIGHTS.len()];
        let (mut next, mut next_slope) =
            (now, Slope { states: last.states.clone(), extra: last.extra.clone() });
        let mut going = Vec::new();
        for (k, way) in ways.iter_mut().enumerate() {
            let (error, gain) = trial.error(k, way, path);
            let (length, step) = (trial.lengths[k], &mut steps[way.row]);
            let factor = (0.9 * error.powf(-0.2)).clamp(0.2, 5.0);
            if error <= 1.0 {
                way.extra += gain;
                way.level += length;
                next.row_mut(k).assign(&trial.ahead.row(k));
                let is_done = length == trial.left[k];
                // A last step that was cut short is no evidence against longer steps.
                *step = if is_done { step.max(length.abs() * factor) } else { length.abs() * factor };
                if is_done {
                    states.row_mut(way.row).assign(&trial.ahead.row(k));
                    extras[way.row] = way.extra;
                    continue;
                }
            } else {
                *step = length.abs() * factor.min(0.9);
                next_slope.states.row_mut(k).assign(&trial.slopes[0].states.row(k));
                next_slope.extra[k] = trial.slopes[0].extra[k];
            }
            going.push(k);
        }
        if going.len() < ways.len() {
            next = next.select(Axis(0), &going);
            next_slope = Slope {
                states: next_slope.states.select(Axis(0), &going),
                extra: going.iter().map(|&k| next_slope.extra[k]).collect(),
            };
            let mut k = 0;
            ways.retain(|_| {
                k += 1;
                going.binary_search(&(k - 1)).is_ok()
            });
        }
        (now, first) = (next, next_slope);
    }
    for way in ways {
        states.row_mut(way.row).fill(F::from_f64(f64::NAN));
    }
    Ok((states, extras))
}

/// A step of each row, which is taken if its error is small enough.
struct Trial<F> {
    /// What is left of each row's way, and the length of its step.
    left: Vec<f64>,
    lengths: Vec<f64>,
    /// The slopes at the seven nodes.
    slopes: Vec<Slope<F>>,
    /// The states after the step.
    ahead: Array2<F>,
    /// Rows whose step leads to infinite numbers or NaN. It is tried again with a shorter length.
    broken: Vec<bool>,
}

impl<F: Real> Trial<F> {
    /// Evaluates the slopes of a step from the states `now`, where the slope is `first`.
    fn new(
        slope: &mut Slopes<F>,
        ways: &[Progress],
        now: &Array2<F>,
        first: Slope<F>,
        path: &Path,
        steps: &[f64],
    ) -> Result<Self> {
        let rows: Vec<usize> = ways.iter().map(|way| way.row).collect();
        let left: Vec<f64> = ways.iter().map(|way| path.to[way.row] - way.level).collect();
        let length = |(way, left): (&Progress, &f64)| left.abs().min(steps[way.row]).copysign(*left);
        let lengths: Vec<f64> = ways.iter().zip(&left).map(length).collect();
        let mut slopes = vec![first];
        let mut ahead = now.clone();
        let mut broken = vec![false; ways.len()];
        for (weights, node) in WEIGHTS.iter().zip(&NODES[1..]) {
            ahead.assign(now);
            for (k, mut z) in ahead.outer_iter_mut().enumerate() {
                let mut square = 0.0;
                for (j, z) in z.iter_mut().enumerate() {
                    let weights = weights.iter().zip(&slopes);
                    let moved: f64 = weights.map(|(w, slope)| w * slope.states[[k, j]].to_f64()).sum();
                    *z = F::from_f64(z.to_f64() + lengths[k] * moved);
                    square += z.to_f64() * z.to_f64();
                }
                if square.is_nan() || square > F::LARGEST_SQUARE {
                    broken[k] = true;
                    z.assign(&now.row(k));
                }
            }
            let level = |(k, way): (usize, &Progress)| match *node {
                // The exact end, where the sum below would round.
                1.0 if lengths[k] == left[k] => path.to[way.row],
                node => way.level + node * lengths[k],
            };
            let levels: Vec<f64> = ways.iter().enumerate().map(level).collect();
            slopes.push(slope(&rows, ahead.view(), &levels)?);
        }
        Ok(Trial { left, lengths, slopes, ahead, broken })
    }

    /// The error of the step of row k, relative to the accuracy (∞ if it is NaN), and the gain of the further number.
    fn error(&self, k: usize, way: &Progress, path: &Path) -> (f64, f64) {
        let Trial { lengths, slopes, ahead, .. } = self;
        let (mut square, mut largest) = (0.0, 0.0_f64);
        for j in 0..ahead.ncols() {
            let error: f64 =
                ERRORS.iter().zip(slopes).map(|(e, slope)| e * slope.states[[k, j]].to_f64()).sum();
            square += (lengths[k] * error).powi(2);
            largest = largest.max(ahead[[k, j]].to_f64().abs());
        }
        let units = (square / ahead.ncols() as f64).sqrt() / (path.accuracy + 16.0 * F::ROUNDOFF * largest);
        let weigh =
            |weights: &[f64]| -> f64 { weights.iter().zip(slopes).map(|(w, s)| w * s.extra[k]).sum() };
        let gain = lengths[k] * weigh(&WEIGHTS[5]);
        let rounding = 16.0 * f64::EPSILON * (way.extra + gain).abs();
        let extra = (lengths[k] * weigh(&ERRORS)).abs() / (path.extra_accuracy + rounding);
        let is_broken = self.broken[k] || units.is_nan() || extra.is_nan();
        (if is_broken { f64::INFINITY } else { units.max(extra) }, gain)
    }
}
