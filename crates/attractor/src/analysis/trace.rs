//! One recall, step by step.

use std::ops::ControlFlow;

use ndarray::{Array2, Array3, Axis, stack};

use super::{Growth, largest_variance};
use crate::error::{Error, Result};
use crate::fields::{Field, Kind};
use crate::memories::{Memory, Recall, Request};
use crate::message;
use crate::message::Argument;
use crate::observe::{Frame, NoObserver, Observer};
use crate::real::Real;

/// What a state says at one step.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceStep {
    /// Noise level σ in the cue's own units; 0 for memories with one landscape.
    pub sigma: f64,
    /// Time of the process at that σ, and its scale s, for diffusion.
    pub time: Option<(f64, f64)>,
    /// Energy at that level, where the memory has one; for diffusion in the cue's own units, else as in reports.
    pub energy: Option<f64>,
    /// Entropy of the posterior over memories, in nats.
    pub entropy: Option<f64>,
    /// Its participation ratio.
    pub participation: Option<f64>,
    /// Its most probable memory and the weight of that.
    pub favourite: Option<(usize, f64)>,
    /// The nearest memory.
    pub memory: Option<usize>,
    /// Largest posterior variance λ, in the cue's own units squared, for diffusion at σ > 0.
    pub variance: Option<f64>,
    /// How fast deviations grow, per time of the process, for diffusion at σ > 0.
    pub growth: Option<Growth>,
}

impl TraceStep {
    /// Every field, in the order in which they are written.
    pub const FIELDS: &'static [Field<TraceStep>] = &[
        Field {
            name: "sigma",
            kind: Kind::Number,
            doc: "noise level, in the units of the cues; 0 for memories with one landscape",
            get: |m| Some(m.sigma).into(),
        },
        Field {
            name: "time",
            kind: Kind::Number,
            doc: "time of the process at that level",
            get: |m| m.time.map(|(time, _)| time).into(),
        },
        Field {
            name: "scale",
            kind: Kind::Number,
            doc: "scale of the process at that level",
            get: |m| m.time.map(|(_, scale)| scale).into(),
        },
        Field {
            name: "energy",
            kind: Kind::Number,
            doc: "energy of the state in the landscape of that level",
            get: |m| m.energy.into(),
        },
        Field {
            name: "entropy",
            kind: Kind::Number,
            doc: "entropy of the posterior, in nats",
            get: |m| m.entropy.into(),
        },
        Field {
            name: "participation",
            kind: Kind::Number,
            doc: "participation ratio of the posterior",
            get: |m| m.participation.into(),
        },
        Field {
            name: "nearest",
            kind: Kind::Whole,
            doc: "index of the nearest memory",
            get: |m| m.memory.into(),
        },
        Field {
            name: "favourite",
            kind: Kind::Whole,
            doc: "index of the most probable memory",
            get: |m| m.favourite.map(|(n, _)| n).into(),
        },
        Field {
            name: "weight",
            kind: Kind::Number,
            doc: "probability of the favourite",
            get: |m| m.favourite.map(|(_, weight)| weight).into(),
        },
        Field {
            name: "variance",
            kind: Kind::Number,
            doc: "largest posterior variance, in squared units of the cues",
            get: |m| m.variance.into(),
        },
        Field {
            name: "growth_score",
            kind: Kind::Number,
            doc: "how fast deviations grow under the score",
            get: |m| m.growth.map(|g| g.score).into(),
        },
        Field {
            name: "growth_flow",
            kind: Kind::Number,
            doc: "how fast deviations grow under the probability flow",
            get: |m| m.growth.map(|g| g.flow).into(),
        },
        Field {
            name: "growth_sde",
            kind: Kind::Number,
            doc: "how fast deviations grow under the reverse SDE",
            get: |m| m.growth.map(|g| g.sde).into(),
        },
    ];
}

/// Where a recall turns, as numbers of steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TraceEvents {
    /// Speciation: the first step at which the landscape E_σ curves downward at the state in some direction
    /// (λ > 1.01 σ²), so that valleys part there; along an extended memory, where it is flat, λ is about σ².
    /// 0: it did so from the start. `None`: never, or no diffusion.
    pub speciates: Option<usize>,
    /// Commitment: the first step from which on one memory has more than half of the posterior to the end.
    /// 0: it had it from the start. `None`: no memory ever does.
    pub commits: Option<usize>,
}

impl TraceEvents {
    /// Every field, in the order in which they are written.
    pub const FIELDS: &'static [Field<TraceEvents>] = &[
        Field {
            name: "speciates",
            kind: Kind::Whole,
            doc: "step at which the symmetry breaks",
            get: |marks| marks.speciates.into(),
        },
        Field {
            name: "commits",
            kind: Kind::Whole,
            doc: "step from which on one memory has more than half of the posterior",
            get: |marks| marks.commits.into(),
        },
    ];
}

/// Recalls step by step.
#[derive(Clone, Debug)]
pub struct Trace<F> {
    /// Raw states, steps + 1 × B × D; rows that are at rest stay.
    pub states: Array3<F>,
    /// What they say, one list of steps + 1 a row.
    pub moments: Vec<Vec<TraceStep>>,
    /// Where each row turns.
    pub marks: Vec<TraceEvents>,
    /// The recall itself.
    pub recall: Recall<F>,
}

/// Recalls a batch of cues and looks at every step.
///
/// Cost: the recall, and at each step an energy, a posterior and (for diffusion) the power iteration of
/// [`largest_variance`]. Memory: steps × B × D states.
///
/// ```
/// use attractor::{Patterns, Request, Spec, analysis::trace};
/// use ndarray::array;
/// let patterns = Patterns::new(array![[1.0_f64, 1.0], [-1.0, -1.0]])?;
/// let memory = Spec::new("diffusion").build(patterns)?;
/// let trace = trace(memory.as_ref(), &Request::new(array![[0.1, 0.2]].view()))?;
/// let marks = trace.marks[0];
/// // First the symmetry breaks, then one of the two has more than half.
/// assert!(marks.speciates.is_some() && marks.commits.is_some());
/// assert_eq!(trace.moments[0].last().unwrap().memory, Some(0));
/// # Ok::<(), attractor::Error>(())
/// ```
///
/// # Errors
/// As [`Memory::recall`]; known units in a diffusion memory, whose landscape is then another at every mask.
pub fn trace<F: Real>(memory: &dyn Memory<F>, request: &Request<F>) -> Result<Trace<F>> {
    trace_observed(memory, request, &mut NoObserver)
}

/// The same, showing each step to an observer once it was looked at. A trace that it stops ends there.
///
/// # Errors
/// As [`trace`].
pub fn trace_observed<F: Real>(
    memory: &dyn Memory<F>,
    request: &Request<F>,
    observer: &mut dyn Observer<F>,
) -> Result<Trace<F>> {
    if request.known.is_some() && memory.denoiser().is_some() {
        return Err(Error::Undefined {
            model: memory.name(),
            what: "trace with known units",
            reason: message![
                "they are exact at every level, which makes another landscape of each mask; trace without ",
                Argument::Known
            ],
        });
    }
    let b = request.cues.nrows();
    let preparation = memory.preparation();
    // Prepared states and levels of all rows: those no longer under way stay as they are.
    let mut prepared = Array2::from_elem((b, memory.dim()), F::ZERO);
    let mut levels = vec![0.0; b];
    let mut steps: Vec<Array2<F>> = Vec::new();
    let mut moments = vec![Vec::new(); b];
    let mut failed = None;
    let mut watch = |frame: Frame<F>| {
        for (k, &row) in frame.rows.iter().enumerate() {
            prepared.row_mut(row).assign(&frame.states.row(k));
            levels[row] = frame.levels[k];
        }
        steps.push(preparation.backward(prepared.clone()));
        match look(memory, &prepared, &levels) {
            Ok(looks) => {
                moments.iter_mut().zip(looks).for_each(|(moments, look)| moments.push(look));
                observer.observe(frame)
            }
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    };
    let recall = memory.recall_observed(request, &mut watch)?;
    if let Some(error) = failed {
        return Err(error);
    }
    let views: Vec<_> = steps.iter().map(|s| s.view()).collect();
    let states = stack(Axis(0), &views).expect("the first step is always there");
    let marks = moments.iter().map(|m| marks(m)).collect();
    Ok(Trace { states, moments, marks, recall })
}

/// What all rows say at one step.
fn look<F: Real>(memory: &dyn Memory<F>, states: &Array2<F>, levels: &[f64]) -> Result<Vec<TraceStep>> {
    let scale = memory.preparation().scale();
    let energies = memory.landscape().ok().map(|energy| energy.energy(states.view(), levels)).transpose()?;
    let posteriors = memory.posterior(states.view(), levels, 1)?;
    let nearest = memory.nearest(states.view())?;
    let diffusion = memory.denoiser().zip(memory.sampling()).zip(memory.spread());
    let variances = match diffusion {
        Some(((denoiser, _), spread)) => Some(largest_variance(denoiser, states.view(), levels, spread)?),
        None => None,
    };
    let moment = |row: usize| {
        let posterior = posteriors.as_ref().map(|p| &p[row]);
        let level = levels[row];
        let variance = variances.as_ref().filter(|_| level > 0.0).map(|v| v[row] / (scale * scale));
        let process = diffusion.map(|((_, sampling), _)| sampling.process);
        TraceStep {
            sigma: level / scale,
            time: process.map(|p| (p.time(level / scale), p.scale_at(level / scale))),
            energy: energies
                .as_ref()
                .map(|e| if process.is_some() { e[row] / (scale * scale) } else { e[row] }),
            entropy: posterior.map(|p| p.entropy),
            participation: posterior.map(|p| p.participation),
            favourite: posterior.map(|p| p.top[0]),
            memory: nearest.as_ref().map(|nearest| nearest[row].memory),
            variance,
            growth: process.zip(variance).map(|(process, v)| Growth::at(&process, level / scale, v)),
        }
    };
    Ok((0..levels.len()).map(moment).collect())
}

/// Where one row turns.
fn marks(moments: &[TraceStep]) -> TraceEvents {
    /// Of σ²: more than rounding makes of a flat direction.
    const CURVED: f64 = 1.01;
    let curved = |m: &TraceStep| m.variance.is_some_and(|v| v > CURVED * m.sigma * m.sigma);
    let speciates = moments.iter().position(curved);
    let last = moments.last().and_then(|m| m.favourite).filter(|(_, weight)| *weight > 0.5);
    let holds =
        |moment: &TraceStep, memory: usize| moment.favourite.is_some_and(|(n, w)| n == memory && w > 0.5);
    let commits =
        last.map(|(memory, _)| moments.iter().rposition(|m| !holds(m, memory)).map_or(0, |step| step + 1));
    TraceEvents { speciates, commits }
}
