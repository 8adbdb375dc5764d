//! The trace of a recall, step by step.

use std::ops::ControlFlow;

use ndarray::{Array2, Array3, Axis, concatenate, stack};

use super::{Growth, largest_variance};
use crate::energies::{Denoise, NoiseShape, local_dimensions};
use crate::error::{Error, Result};
use crate::fields::{Field, Kind};
use crate::memories::{KeptLevels, Memory, Recall, Request, kept_of, under_cues};
use crate::message;
use crate::message::Argument;
use crate::observe::{Frame, NoObserver, Observer};
use crate::real::Real;

/// What is recorded of a state at one step.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceStep {
    /// The noise level σ in the cue's own units; 0 for memories with one landscape.
    pub sigma: f64,
    /// The process's time at that σ, and its scale s, for diffusion.
    pub time: Option<(f64, f64)>,
    /// The energy at that level, if the memory has one: for diffusion in the cue's own units, for other models as in
    /// reports.
    pub energy: Option<f64>,
    /// The entropy of the posterior over memories, in nats.
    pub entropy: Option<f64>,
    /// The participation ratio of the posterior.
    pub participation: Option<f64>,
    /// The [local dimension](crate::energies::local_dimensions) at the state, for diffusion memories with a density.
    pub local_dimension: Option<f64>,
    /// The most probable memory, and its weight.
    pub favourite: Option<(usize, f64)>,
    /// The nearest memory.
    pub memory: Option<usize>,
    /// The largest posterior variance λ, in squared units of the cue, for diffusion at σ > 0.
    pub variance: Option<f64>,
    /// The growth rates of deviations, per time of the process, for diffusion at σ > 0.
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
            name: "local_dimension",
            kind: Kind::Number,
            doc: "local dimension Σ w ‖z − y‖²/σ² of the memory at the state",
            get: |m| m.local_dimension.into(),
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

/// The steps at which a recall commits to a memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TraceEvents {
    /// Speciation: the first step at which the landscape E_σ curves downward at the state in some direction (λ > 1.01
    /// σ²), so that valleys separate there. Along an extended memory, where the landscape is flat, λ is about σ². 0
    /// means from the start; `None` means never, or that the model is not a diffusion memory.
    pub speciates: Option<usize>,
    /// Commitment: the first step from which on one memory has more than half of the posterior until the end. 0 means
    /// from the start; `None` means that no memory does.
    pub commits: Option<usize>,
}

impl TraceEvents {
    /// Every field, in the order in which they are written.
    pub const FIELDS: &'static [Field<TraceEvents>] = &[
        Field {
            name: "speciates",
            kind: Kind::Whole,
            doc: "step at which the symmetry breaks: the largest posterior variance exceeds 1.01 sigma^2",
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

/// The recalls of a batch, step by step.
#[derive(Clone, Debug)]
pub struct Trace<F> {
    /// The raw states, (steps + 1) × B × D. A row that is at rest keeps its state.
    pub states: Array3<F>,
    /// What is recorded at each state: for each row a list of steps + 1 entries.
    pub moments: Vec<Vec<TraceStep>>,
    /// The events of each row.
    pub marks: Vec<TraceEvents>,
    /// The recall itself.
    pub recall: Recall<F>,
}

impl<F: Real> Trace<F> {
    /// Joins the traces of several batches of one memory. Rows of a batch that ended earlier keep their last state, as
    /// rows at rest do. `None` without a trace.
    pub fn joined(mut parts: Vec<Self>) -> Option<Self> {
        if parts.len() < 2 {
            return parts.pop();
        }
        let steps = parts.iter().map(|part| part.states.len_of(Axis(0))).max()?;
        for part in &mut parts {
            let own = part.states.len_of(Axis(0));
            let filled: Vec<usize> = (0..steps).map(|step| step.min(own - 1)).collect();
            part.states = part.states.select(Axis(0), &filled);
            for moments in &mut part.moments {
                moments.extend(moments.last().cloned().into_iter().cycle().take(steps - own));
            }
        }
        let views: Vec<_> = parts.iter().map(|part| part.states.view()).collect();
        let states = concatenate(Axis(1), &views).expect("equally many steps and units");
        let (mut moments, mut marks, mut recalls) = (Vec::new(), Vec::new(), Vec::new());
        for part in parts {
            moments.extend(part.moments);
            marks.extend(part.marks);
            recalls.push(part.recall);
        }
        Some(Trace { states, moments, marks, recall: Recall::joined(recalls)? })
    }
}

/// Recalls a batch of cues and records every step.
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
/// // First the symmetry breaks; later one of the two memories has more than half of the posterior.
/// assert!(marks.speciates.is_some() && marks.commits.is_some());
/// assert_eq!(trace.moments[0].last().unwrap().memory, Some(0));
/// # Ok::<(), attractor::Error>(())
/// ```
///
/// # Errors
/// Those of [`Memory::recall`]; known units in a diffusion memory, because its landscape then depends on the mask.
pub fn trace<F: Real>(memory: &dyn Memory<F>, request: &Request<F>) -> Result<Trace<F>> {
    trace_observed(memory, request, &mut NoObserver)
}

/// [`trace`] that shows each step to an observer after it was recorded. If the observer stops the recall, the trace
/// ends there.
///
/// # Errors
/// Those of [`trace`].
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
                "known units are exact at every level, so each mask has a landscape of its own; trace without ",
                Argument::Known
            ],
        });
    }
    let b = request.cues.nrows();
    let preparation = memory.preparation();
    // Prepared states and levels of all rows. Rows that have ended keep theirs.
    let mut prepared = Array2::from_elem((b, memory.dim()), F::ZERO);
    let mut levels = vec![0.0; b];
    let mut steps: Vec<Array2<F>> = Vec::new();
    let mut moments = vec![Vec::new(); b];
    let mut failed = None;
    let abilities = memory.abilities();
    let through_levels = abilities.denoiser.is_some();
    let rest = match request.kept()? {
        Some(gain) if !through_levels => Some(under_cues(memory.model(), request, gain)?),
        _ => None,
    };
    // Through levels, the cues that stay on are known once their levels are, at the first step.
    let mut kept = None;
    let mut watch = |frame: Frame<F>| {
        for (k, &row) in frame.rows.iter().enumerate() {
            prepared.row_mut(row).assign(&frame.states.row(k));
            levels[row] = frame.levels[k];
        }
        steps.push(preparation.backward(prepared.clone()));
        if frame.step == 0 && through_levels {
            match kept_of(memory.model(), request, prepared.view(), &levels) {
                Ok(cues) => kept = cues,
                Err(error) => {
                    failed = Some(error);
                    return ControlFlow::Break(());
                }
            }
        }
        let looked = match (&rest, &kept) {
            (Some(rest), _) => look(rest.as_ref(), &prepared, &levels),
            (None, Some(cues)) => KeptLevels::new(memory.model(), cues)
                .and_then(|kept| look(&kept as &dyn Memory<F>, &prepared, &levels)),
            (None, None) => look(memory, &prepared, &levels),
        };
        match looked {
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

/// Whether the noise of a denoiser is that of a process (s, σ), equal in all directions.
fn is_plain<F: Real>(denoiser: &dyn Denoise<F>) -> bool {
    matches!(denoiser.noise(), NoiseShape::Equal) && denoiser.is_posterior_mean()
}

/// Records all rows at one step.
fn look<F: Real>(memory: &dyn Memory<F>, states: &Array2<F>, levels: &[f64]) -> Result<Vec<TraceStep>> {
    let scale = memory.preparation().scale();
    let energies = memory.landscape().ok().map(|energy| energy.energy(states.view(), levels)).transpose()?;
    let posteriors = match memory.abilities().posterior {
        Some(posterior) => posterior.posterior_if_any(states.view(), levels, 1)?,
        None => None,
    };
    let nearest = memory.nearest(states.view())?;
    let diffusion = memory.denoiser().zip(memory.sampling()).zip(memory.spread());
    let variances = match diffusion {
        // Under a potential the Jacobian of D is no multiple of the covariance.
        Some(((denoiser, _), spread)) if is_plain(denoiser) => {
            Some(largest_variance(denoiser, states.view(), levels, spread)?)
        }
        _ => None,
    };
    let dimensions = match diffusion {
        Some(((denoiser, _), _)) if is_plain(denoiser) && posteriors.is_some() => {
            Some(local_dimensions(denoiser, states.view(), levels)?)
        }
        _ => None,
    };
    // The time and scale of a process that has one scale.
    let clock = diffusion.filter(|((denoiser, _), _)| is_plain(*denoiser));
    let clock = clock.map(|((_, sampling), _)| sampling.process);
    let moment = |row: usize| {
        let posterior = posteriors.as_ref().and_then(|p| p[row].as_ref());
        let level = levels[row];
        let variance = variances.as_ref().filter(|_| level > 0.0).map(|v| v[row] / (scale * scale));
        TraceStep {
            sigma: level / scale,
            time: clock.map(|p| (p.time(level / scale), p.scale_at(level / scale))),
            energy: energies
                .as_ref()
                .map(|e| if diffusion.is_some() { e[row] / (scale * scale) } else { e[row] }),
            entropy: posterior.map(|p| p.entropy),
            participation: posterior.map(|p| p.participation),
            local_dimension: dimensions.as_ref().and_then(|of| of[row]),
            favourite: posterior.map(|p| p.top[0]),
            memory: nearest.as_ref().map(|nearest| nearest[row].memory),
            variance,
            growth: clock.zip(variance).map(|(process, v)| Growth::at(&process, level / scale, v)),
        }
    };
    Ok((0..levels.len()).map(moment).collect())
}

/// The events of one row.
fn marks(moments: &[TraceStep]) -> TraceEvents {
    /// A multiple of σ² that is above the rounding error of a flat direction.
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
