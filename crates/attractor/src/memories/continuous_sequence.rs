//! Memory of sequences of real patterns.

use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::sequence::NO_ENERGY;
use super::succession::{CLOSED, STARTS};
use super::{
    Abilities, Beta, Card, Family, Learned, Memory, MemoryModel, Modern, Posteriors, RecallPath, Request,
    Succession,
};
use crate::dynamics::{Dynamics, Motion, Run, Start};
use crate::energies::BETAS;
use crate::error::{Error, Result};
use crate::kernels::{Form, Posterior, attend_values, posterior};
use crate::noise::{Purpose, Stream, streams};
use crate::options::{Fallback, Kind, NumberRange, Options, Parameter};
use crate::patterns::{Patterns, Preparation};
use crate::real::Real;

/// The kind of an inverse temperature.
const BETA: Kind = Kind::Number(BETAS);

/// The entry of this model in [`MODELS`](super::MODELS).
pub(super) const CARD: Card = Card {
    name: "continuous-sequence",
    title: "Memory of sequences of real patterns",
    equation: "x <- sum_n y_(n+1) softmax_n(beta Y x);  with noise x <- sum_n y_(n+1) P(n | x + noise e)",
    parameters: &[
        Parameter {
            name: "beta",
            kind: Kind::AutoOr(&BETA),
            default: Fallback::Is("auto"),
            help: "Inverse temperature; auto makes it large enough to separate the stored patterns",
        },
        Parameter {
            name: "norm-bias",
            kind: Kind::AutoOr(&Kind::Switch),
            default: Fallback::Rule("auto, which is on for prepared patterns"),
            help: "Use logits beta x.y - beta |y|^2/2, which compare patterns of unequal norm by distance",
        },
        Parameter {
            name: NOISE,
            kind: Kind::Number(NumberRange::POSITIVE),
            default: Fallback::None,
            help: "Noise of a transition, in the units of the patterns: each state is noised, and its posterior at that level leads on",
        },
        CLOSED,
        STARTS,
    ],
    cost: "4 N D operations and N exponentials an update and cue; 2 N D numbers",
    source: "Chaudhry, Zavatone-Veth, Krotov & Pehlevan (2023); Ramsauer et al. (2021); Ambrogioni (2023), Eq. 12",
    family: Family::Sequences,
    ..Card::PLAIN
};

const NOISE: &str = "noise";

/// How the state of a [`ContinuousSequence`] leads on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Passage {
    /// softmax(β y·x), or with the norm bias softmax(−β‖x − y‖²/2).
    Softmax(Beta, bool),
    /// A noisy transition at this level σ > 0, in the units of prepared patterns.
    Noisy(f64),
}

/// Memory of sequences of real patterns: x ← Σ_n y_{n+1} softmax(βYx)_n. It is a modern Hopfield network whose values are the
/// next patterns, which are fed back.
///
/// With noise σ, a step is that of a diffusion model. The state is noised, z = x + σε. The posterior over memories at that level
/// leads on:
///
/// ```text
/// x ← E[y_{n+1} | z] = Σ_n y_{n+1} w_n,   w = softmax(−‖z − y_n‖²/2σ²)
/// ```
///
/// So σ = 0 is the nearest pattern's successor. A larger σ confuses patterns that are less than about 2σ apart along their difference, and then the
/// recall skips or goes back. A recall with noise is random, and never at rest. The couplings lead one way, so no energy is known.
///
/// Cost: 4·N·D operations and N exponentials for each update and row; 2·N·D numbers.
///
/// ```
/// use attractor::memories::{Beta, ContinuousSequence, Memory, Passage, Request, Succession};
/// use attractor::Patterns;
/// use ndarray::array;
/// let patterns = array![[0.0_f64, 3.0], [4.0, 0.0], [0.0, -5.0], [-6.0, 0.0]];
/// let order = Succession::new(4, &[], true)?;
/// let memory = ContinuousSequence::new(Patterns::new(patterns)?, order, Passage::Softmax(Beta::Value(4.0), true))?;
/// let cue = array![[0.2, 2.9]];
/// let recall = memory.recall(&Request { updates: Some(5), ..Request::new(cue.view()) })?;
/// assert_eq!(recall.rows[0].played.as_ref().unwrap().visited, [0, 1, 2, 3, 0, 1]);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ContinuousSequence<F> {
    patterns: Patterns<F>,
    /// The pattern that follows each one.
    next: Array2<F>,
    order: Succession,
    form: Form,
    beta: f64,
    /// The noise of a transition, in prepared units.
    noise: Option<f64>,
}

impl<F: Real> ContinuousSequence<F> {
    /// Stores patterns in their order.
    ///
    /// # Errors
    /// An order of another number of patterns; β or noise that is not positive and finite, or so small or large that 1/σ² is no such
    /// number.
    pub fn new(patterns: Patterns<F>, order: Succession, passage: Passage) -> Result<Self> {
        let successors = order.successors();
        crate::error::check_rows("successors", successors.len(), patterns.len())?;
        let (beta, form, noise) = match passage {
            Passage::Softmax(beta, by_distance) => {
                let form = if by_distance { Form::Distance } else { Form::Dot };
                let beta = match beta {
                    Beta::Auto => Modern::separating_beta(&patterns, form),
                    Beta::Value(beta) => beta,
                };
                (beta, form, None)
            }
            Passage::Noisy(sigma) => (crate::energies::beta(sigma)?, Form::Distance, Some(sigma)),
        };
        BETAS.check("beta", beta)?;
        let next = patterns.select(&successors);
        Ok(ContinuousSequence { patterns, next, order, form, beta, noise })
    }

    /// Which memory follows which.
    pub fn order(&self) -> &Succession {
        &self.order
    }

    /// The inverse temperature β; with noise it is 1/σ².
    pub fn beta(&self) -> f64 {
        self.beta
    }
}

/// The updates of a memory.
struct Steps<'a, F>(&'a ContinuousSequence<F>);

impl<F: Real> Dynamics<F> for Steps<'_, F> {
    fn dim(&self) -> usize {
        self.0.patterns.dim()
    }

    fn motion(&self) -> Motion {
        if self.0.noise.is_some() { Motion::Stochastic } else { Motion::Map }
    }

    fn start(&self, start: Start<F>) -> Result<Box<dyn Run<F> + '_>> {
        let streams = streams(start.seed, Purpose::Recall, start.rows);
        Ok(Box::new(Playing { memory: self.0, streams }))
    }
}

struct Playing<'a, F> {
    memory: &'a ContinuousSequence<F>,
    streams: Vec<Stream>,
}

impl<F: Real> Run<F> for Playing<'_, F> {
    fn step(
        &mut self,
        rows: &[usize],
        mut states: ArrayViewMut2<F>,
        _from: &[f64],
        _to: &[f64],
    ) -> Result<()> {
        let memory = self.memory;
        if let Some(sigma) = memory.noise {
            for (mut state, &row) in states.outer_iter_mut().zip(rows) {
                let stream = &mut self.streams[row];
                state.iter_mut().for_each(|x| *x = F::from_f64(x.to_f64() + sigma * stream.normal()));
            }
        }
        let betas = vec![memory.beta; states.nrows()];
        let read = attend_values(&memory.patterns, memory.next.view(), states.view(), &betas, memory.form);
        states.assign(&read.mean);
        Ok(())
    }
}

impl<F: Real> MemoryModel<F> for ContinuousSequence<F> {
    fn name(&self) -> &'static str {
        CARD.name
    }

    fn dim(&self) -> usize {
        self.patterns.dim()
    }

    fn abilities(&self) -> Abilities<'_, F> {
        Abilities {
            landscape: Err(NO_ENERGY.into()),
            posterior: Some(self),
            inverse_temperature: Some(self.beta),
            order: Some(&self.order),
            ..Abilities::of_patterns(&self.patterns)
        }
    }

    fn path(&self, _request: &Request<F>) -> Result<RecallPath<'_, F>> {
        /// The largest change that counts as rest, in spreads of the patterns.
        const REST: f64 = 1e-6;
        let tolerance = REST * self.patterns.spread();
        Ok(RecallPath::to_rest(Box::new(Steps(self)), tolerance, Some(self.order.updates())))
    }
}

impl<F: Real> Posteriors<F> for ContinuousSequence<F> {
    fn posterior(
        &self,
        states: ArrayView2<F>,
        _levels: &[f64],
        top: usize,
    ) -> Result<Option<Vec<Posterior>>> {
        let betas = vec![self.beta; states.nrows()];
        Ok(Some(posterior(&self.patterns, states, &betas, self.form, top)))
    }
}

/// Builds the memory from named options.
pub(super) fn build<F: Real>(
    patterns: Patterns<F>,
    options: &Options,
    _learned: Option<Learned>,
) -> Result<Box<dyn Memory<F>>> {
    let order = Succession::from_options(patterns.len(), options)?;
    let passage = match options.number(NOISE) {
        Some(sigma) => {
            if let Some((name, value)) =
                ["beta", "norm-bias"].iter().find_map(|name| Some((*name, options.get(name)?)))
            {
                return Err(Error::parameter(
                    name,
                    "no noise with it, whose level is its temperature",
                    value,
                ));
            }
            Passage::Noisy(sigma * patterns.preparation().scale())
        }
        None => {
            let beta = options.number("beta").map_or(Beta::Auto, Beta::Value);
            // If a preparation chose the origin, lengths have no meaning, so long patterns must not have an advantage.
            let prepared = matches!(
                patterns.preparation(),
                Preparation::Affine { .. } | Preparation::Standardized { .. }
            );
            Passage::Softmax(beta, options.switch("norm-bias").unwrap_or(prepared))
        }
    };
    Ok(Box::new(ContinuousSequence::new(patterns, order, passage)?))
}
