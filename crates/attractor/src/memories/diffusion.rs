//! Exact-score diffusion on stored patterns.

use std::collections::HashMap;
use std::ops::ControlFlow;

use ndarray::{Array2, ArrayView2, Axis};

use super::report::{matches, read_values};
use super::{Card, Learned, Level, Memory, Options, Parameter, Recall, Request, Row};
use crate::diffusion::{LAST, Process, Sampler, estimate_levels};
use crate::dynamics::{Clamp, Start};
use crate::energies::{Denoise, Energy, Points};
use crate::error::{Error, Result};
use crate::kernels::{Form, Posterior, posterior};
use crate::noise::{Purpose, streams};
use crate::observe::{Frame, Observer};
use crate::patterns::Patterns;
use crate::real::Real;
use crate::recall::{Grid, Outcome, Recalled, Stop, recall};

/// What [`MODELS`](super::MODELS) says of it.
pub(super) const CARD: Card = Card {
    name: "diffusion",
    title: "Exact-score diffusion on stored patterns",
    equation: "E_s(z) = -s^2 ln 1/N sum_n exp(-|z-y_n|^2/2s^2);  dz/ds = (z - D(z;s))/s down to s = 0",
    parameters: &[
        Parameter {
            name: "process",
            values: "ve|vp",
            default: "vp",
            help: "Noising process: variance exploding or preserving",
        },
        Parameter {
            name: "gamma",
            values: "a number > 0",
            default: "0.8 (vp), 1 (ve)",
            help: "Rate of the process: gamma of vp, noise per root time of ve",
        },
        Parameter {
            name: "sampler",
            values: "euler|ddim|heun|dpmpp-2m|euler-maruyama|one-step",
            default: "dpmpp-2m",
            help: "How the state is taken down the noise levels; euler-maruyama is stochastic",
        },
        Parameter {
            name: "steps",
            values: "a whole number > 0",
            default: "24; 12 for heun, 48 for ddim, 300 for euler and euler-maruyama",
            help: "Steps of the sampler",
        },
    ],
    cost: "4 N D operations and N exponentials a step and cue (heun twice); N D numbers",
    source: "Ambrogioni (2023), Eq. 6-14 and App. A; samplers: Song et al. (2021), Karras et al. (2022), Lu et al. (2022)",
    spins: false,
    weighted: true,
};

/// A diffusion model whose training data are the stored patterns, with its exact score.
///
/// Recall denoises the cue from its noise level σ₀ to 0: along the probability flow (deterministic),
/// or along the reverse SDE, which ends in pattern n with the posterior probability w_n(z; σ₀). The
/// landscape at level σ is a modern Hopfield network's at β = 1/σ², so recall is a Hopfield recall
/// that cools as it goes (Ambrogioni 2023).
///
/// ```
/// use attractor::{Patterns, diffusion::{Process, Sampler}};
/// use attractor::memories::{Diffusion, Level, Memory, Request};
/// use ndarray::array;
/// let patterns = Patterns::new(array![[1.0_f64, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]])?;
/// let memory = Diffusion::new(patterns, Process::default(), Sampler::default(), None)?;
/// let cue = array![[0.9, 0.8, 0.1, -0.5]];
/// let request = Request { level: Level::Signal(0.68), ..Request::new(cue.view()) };
/// let recall = memory.recall(&request)?;
/// assert!((&recall.states - &array![[1.0, 1.0, -1.0, -1.0]]).iter().all(|d| d.abs() < 1e-6));
/// // Odds of the first pattern: exp of Δ‖z − y‖²/2σ₀² = 2·(0.8 − 0.1)·0.68/(1 − 0.68²).
/// let odds: f64 = (1.4_f64 * 0.68 / (1.0 - 0.68 * 0.68)).exp();
/// let first = recall.rows[0].posterior.as_ref().unwrap().top[0];
/// assert_eq!(first.0, 0);
/// assert!((first.1 - odds / (1.0 + odds)).abs() < 1e-12);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Diffusion<F> {
    points: Points<F>,
    process: Process,
    sampler: Sampler,
    steps: usize,
}

/// Each step's levels are held for a whole batch.
const MOST_STEPS: usize = 100_000;

impl<F: Real> Diffusion<F> {
    /// Stores patterns. `steps` of the sampler; its own number if `None`.
    ///
    /// # Errors
    /// No steps, or more than 100,000.
    pub fn new(
        patterns: Patterns<F>,
        process: Process,
        sampler: Sampler,
        steps: Option<usize>,
    ) -> Result<Self> {
        let steps = match (sampler, steps) {
            (Sampler::OneStep, _) => 1,
            (_, Some(steps)) if steps == 0 || steps > MOST_STEPS => {
                return Err(Error::parameter(
                    "steps",
                    format!("a whole number from 1 to {MOST_STEPS}"),
                    steps,
                ));
            }
            (_, steps) => steps.unwrap_or(sampler.default_steps()),
        };
        Ok(Diffusion { points: Points::new(patterns), process, sampler, steps })
    }

    /// Its landscapes and denoiser.
    pub fn points(&self) -> &Points<F> {
        &self.points
    }

    /// First states z and their levels, both prepared, and the levels in the cues' units.
    fn begin(&self, request: &Request<F>) -> Result<(Array2<F>, Vec<f64>)> {
        let patterns = self.points.patterns();
        let preparation = patterns.preparation();
        let cues = request.checked_cues(patterns.dim())?;
        let b = cues.nrows();
        let blind = request.known.is_some() && request.level == Level::Estimate;
        if blind {
            return self.begin_blind(request);
        }
        let (sigmas, clean) = match request.level {
            Level::Sigma(sigma) => {
                crate::energies::beta(sigma)?;
                (vec![sigma; b], cues)
            }
            Level::Signal(signal) => {
                let sigma = Process::sigma_of_signal(signal)?;
                (vec![sigma; b], cues.mapv(|x| F::of(x.wide() / signal)))
            }
            Level::Estimate => {
                let sigmas = estimate_levels(&self.points, &self.process, cues.view())?;
                let mut clean = cues;
                for (mut row, &sigma) in clean.outer_iter_mut().zip(&sigmas) {
                    let scale = self.process.scale_at(sigma);
                    row.mapv_inplace(|x| F::of(x.wide() / scale));
                }
                (sigmas, clean)
            }
        };
        Ok((preparation.forward(clean), sigmas))
    }

    /// First states of a clamped recall that knows nothing of the other units: a level so high that it
    /// hides which pattern a state came from. The flow starts at D(z;∞), the mean pattern, since noise
    /// would be evidence for patterns that happen to lie its way; the SDE needs that noise.
    fn begin_blind(&self, request: &Request<F>) -> Result<(Array2<F>, Vec<f64>)> {
        /// Of the patterns' own radius √D · spread.
        const HIDING: f64 = 3.0;
        let patterns = self.points.patterns();
        let sigma = HIDING * patterns.spread() * (patterns.dim() as f64).sqrt();
        let mean = patterns.mean();
        let mut states = Array2::from_shape_fn(request.cues.dim(), |(_, j)| F::of(mean[j]));
        if self.sampler.is_stochastic() {
            let mut noise = streams(request.seed, Purpose::Prior, &request.rows());
            for (mut row, stream) in states.outer_iter_mut().zip(&mut noise) {
                row.mapv_inplace(|z| F::of(z.wide() + sigma * stream.normal()));
            }
        }
        Ok((states, vec![sigma / patterns.preparation().scale(); request.cues.nrows()]))
    }

    /// Posterior at the cue's level. Known units are exact: they count as noisy at a level of 10⁻⁴
    /// spreads, the others at their own level or, where nothing was said of that, not at all.
    fn posterior(
        &self,
        request: &Request<F>,
        states: &Array2<F>,
        levels: &[f64],
        clamp: Option<&Array2<F>>,
    ) -> Result<Vec<Posterior>> {
        let patterns = self.points.patterns();
        let find = |patterns: &Patterns<F>, queries: &Array2<F>, sigma: f64| {
            let betas = vec![1.0 / (sigma * sigma); queries.nrows()];
            posterior(patterns, queries.view(), &betas, Form::Distance, request.top)
        };
        let (Some(known), Some(values)) = (request.known, clamp) else {
            let betas: Vec<f64> = levels.iter().map(|s| 1.0 / (s * s)).collect();
            return Ok(posterior(patterns, states.view(), &betas, Form::Distance, request.top));
        };
        let mut result = vec![None; states.nrows()];
        for (mask, rows) in by_mask(known) {
            let level = levels[rows[0]];
            let exact = EXACT * patterns.spread();
            let units: Vec<usize> = (0..mask.len()).filter(|&j| mask[j]).collect();
            let values = values.select(Axis(0), &rows);
            let found = if units.is_empty() {
                find(patterns, &states.select(Axis(0), &rows), level)
            } else if request.level == Level::Estimate || level <= exact {
                find(&patterns.select_units(&units)?, &values.select(Axis(1), &units), exact)
            } else {
                let factors = self.factors(&mask, level);
                let stretched = patterns.stretch(&factors)?;
                let mut queries = states.select(Axis(0), &rows);
                for (mut query, value) in queries.outer_iter_mut().zip(values.outer_iter()) {
                    units.iter().for_each(|&j| query[j] = value[j] * factors[j]);
                }
                find(&stretched, &queries, level)
            };
            for (row, posterior) in rows.into_iter().zip(found) {
                result[row] = Some(posterior);
            }
        }
        Ok(result.into_iter().map(|p| p.expect("every row has a mask")).collect())
    }
}

/// Known units count as noisy at this level, in spreads.
const EXACT: f64 = 1e-4;

/// Rows with the same known units, in the order of their first.
fn by_mask(known: ArrayView2<bool>) -> Vec<(Vec<bool>, Vec<usize>)> {
    let mut places: HashMap<Vec<bool>, usize> = HashMap::new();
    let mut groups: Vec<(Vec<bool>, Vec<usize>)> = Vec::new();
    for (row, mask) in known.outer_iter().enumerate() {
        let place = *places.entry(mask.to_vec()).or_insert(groups.len());
        if place == groups.len() {
            groups.push((mask.to_vec(), Vec::new()));
        }
        groups[place].1.push(row);
    }
    groups
}

/// Shows the states of some rows of a batch in their own units.
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

/// Changes every unit of all rows by its own factor.
fn each_unit<F: Real>(states: &mut Array2<F>, factors: &[F], change: impl Fn(F, F) -> F) {
    for mut row in states.outer_iter_mut() {
        row.iter_mut().zip(factors).for_each(|(z, &factor)| *z = change(*z, factor));
    }
}

impl<F: Real> Diffusion<F> {
    /// Takes states down the levels, in the landscapes of these points.
    fn descend(
        &self,
        points: &Points<F>,
        start: Start<F>,
        clamp: Option<Clamp<F>>,
        levels: &[f64],
        stop: Stop,
        observer: &mut dyn Observer<F>,
    ) -> Result<Recalled<F>> {
        let last = LAST * self.points.patterns().spread();
        let grid = Grid::Levels(self.sampler.levels(&self.process, levels, last, self.steps));
        recall(self.sampler.dynamics(points, self.process).as_ref(), start, clamp, &grid, stop, observer)
    }

    /// The same with known units. These have no noise, so they tell patterns apart from the start, at any
    /// level of the others: recall goes on in stretched units, where one level stands for both. (Known
    /// units that count only as much as the others' level lets them come too late: the rest has gone
    /// astray by then.)
    fn descend_known(
        &self,
        request: &Request<F>,
        states: &Array2<F>,
        values: &Array2<F>,
        levels: &[f64],
        stop: Stop,
        observer: &mut dyn Observer<F>,
    ) -> Result<Recalled<F>> {
        let patterns = self.points.patterns();
        let known = request.known.expect("known units");
        let (ids, b) = (request.rows(), states.nrows());
        let mut all =
            Recalled { states: states.clone(), outcomes: vec![Outcome::StillMoving; b], steps: vec![0; b] };
        for (mask, rows) in by_mask(known) {
            let factors = self.factors(&mask, levels[rows[0]]);
            let points = Points::new(patterns.stretch(&factors)?);
            let stretched = |values: &Array2<F>| {
                let mut values = values.select(Axis(0), &rows);
                each_unit(&mut values, &factors, |z, factor| z * factor);
                values
            };
            let (start, values) = (stretched(states), stretched(values));
            let ids: Vec<u64> = rows.iter().map(|&r| ids[r]).collect();
            let levels: Vec<f64> = rows.iter().map(|&r| levels[r]).collect();
            let clamp = Clamp::new(known.select(Axis(0), &rows).view(), values.view())?;
            let clamp = if self.sampler.is_stochastic() { clamp.noised(request.seed, &ids) } else { clamp };
            let start = Start { states: start.view(), rows: &ids, seed: request.seed, held: None };
            let mut observer = Unstretched { observer, rows: &rows, factors: &factors };
            let mut part = self.descend(&points, start, Some(clamp), &levels, stop, &mut observer)?;
            each_unit(&mut part.states, &factors, |z, factor| z / factor);
            for (k, &row) in rows.iter().enumerate() {
                all.states.row_mut(row).assign(&part.states.row(k));
                (all.outcomes[row], all.steps[row]) = (part.outcomes[k], part.steps[k]);
            }
        }
        Ok(all)
    }

    /// Factors by which known units are stretched, so that all units have the level of the others. With
    /// known units the level is the same in all rows.
    fn factors(&self, mask: &[bool], level: f64) -> Vec<F> {
        let exact = EXACT * self.points.patterns().spread();
        // A power of two, so that stretching and back is exact.
        let stretch = F::of((level / exact).clamp(1.0, 1.0 / EXACT).log2().floor().exp2());
        mask.iter().map(|&known| if known { stretch } else { F::ONE }).collect()
    }
}

impl<F: Real> Memory<F> for Diffusion<F> {
    fn name(&self) -> &'static str {
        CARD.name
    }

    fn dim(&self) -> usize {
        Denoise::dim(&self.points)
    }

    fn patterns(&self) -> Option<&Patterns<F>> {
        Some(self.points.patterns())
    }

    fn landscape(&self) -> &dyn Energy<F> {
        &self.points
    }

    fn denoiser(&self) -> Option<&dyn Denoise<F>> {
        Some(&self.points)
    }

    fn run(&self, request: &Request<F>, observer: &mut dyn Observer<F>) -> Result<Recall<F>> {
        /// Rest: root mean square distance per unit from the posterior mean, in spreads.
        const REST: f64 = 0.05;
        if request.updates.is_some() {
            return Err(Error::Undefined {
                model: CARD.name,
                what: "number of updates",
                reason: "it goes through noise levels; give the number of its steps (--steps)".into(),
            });
        }
        let patterns = self.points.patterns();
        let preparation = patterns.preparation();
        let (states, sigmas) = self.begin(request)?;
        let levels: Vec<f64> = sigmas.iter().map(|s| s * preparation.scale()).collect();
        let rows = request.rows();
        let values = match request.known {
            Some(_) => Some(preparation.forward(request.checked_cues(patterns.dim())?)),
            None => None,
        };
        let (_, stop) = super::updates(None, request.tolerance, REST * patterns.spread())?;
        let stop = Stop { early: false, ..stop };
        let posteriors = self.posterior(request, &states, &levels, values.as_ref())?;
        let recalled = match &values {
            Some(values) => self.descend_known(request, &states, values, &levels, stop, observer)?,
            None => {
                let start = Start { states: states.view(), rows: &rows, seed: request.seed, held: None };
                self.descend(&self.points, start, None, &levels, stop, observer)?
            }
        };
        let last = LAST * patterns.spread();
        let energies = self.points.energy(recalled.states.view(), &levels)?;
        // At the last level the weights of a state at rest are those of the pattern that it rests on.
        let betas = vec![1.0 / (last * last); rows.len()];
        let values = read_values(patterns, recalled.states.view(), &betas, Form::Distance);
        let area = preparation.scale().powi(2);
        let rows = matches(Some(patterns), recalled.states.view())
            .into_iter()
            .zip(energies)
            .zip(posteriors)
            .enumerate()
            .map(|(row, (((memory, overlap), energy), posterior))| Row {
                memory,
                overlap,
                posterior: Some(posterior),
                regime: None,
                energy: energy / area,
                sigma: Some(sigmas[row]),
                beta: None,
                matching: None,
                refused: false,
                outcome: recalled.outcomes[row],
                steps: recalled.steps[row],
            })
            .collect();
        Ok(Recall { states: preparation.backward(recalled.states), values, rows })
    }

    /// E_σ in the states' own units.
    fn energies(&self, states: ndarray::ArrayView2<F>, sigma: Option<f64>) -> Result<Vec<f64>> {
        let Some(sigma) = sigma else {
            return Err(Error::Undefined {
                model: CARD.name,
                what: "single energy",
                reason: "it has one landscape for each noise level; give the level (--sigma)".into(),
            });
        };
        let preparation = self.points.patterns().preparation();
        crate::error::check_width("states", states.ncols(), Memory::dim(self))?;
        crate::patterns::check_states("states", states, "give finite states")?;
        let states = preparation.forward(states.to_owned());
        let levels = vec![sigma * preparation.scale(); states.nrows()];
        let energies = self.points.energy(states.view(), &levels)?;
        Ok(energies.iter().map(|e| e / preparation.scale().powi(2)).collect())
    }
}

/// From named options.
pub(super) fn build<F: Real>(
    patterns: Patterns<F>,
    options: &Options,
    _learned: Option<Learned>,
) -> Result<Box<dyn Memory<F>>> {
    let name: String = options.get(&CARD, "process")?.unwrap_or_else(|| "vp".into());
    let mut process: Process = name.parse()?;
    if let Some(rate) = options.get(&CARD, "gamma")? {
        process = Process::named(&name, rate)?;
    }
    let sampler = match options.get::<String>(&CARD, "sampler")? {
        Some(name) => name.parse()?,
        None => Sampler::default(),
    };
    let steps = options.get(&CARD, "steps")?;
    Ok(Box::new(Diffusion::new(patterns, process, sampler, steps)?))
}
