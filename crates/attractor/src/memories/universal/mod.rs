//! Every single-shot memory as similarity → separation → projection.

mod descent;
mod energy;
mod parts;
mod presets;
mod read;
mod scheme;

pub use parts::Part;
pub use presets::{PRESETS, Preset};
pub use scheme::Scheme;

use std::str::FromStr;

use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::prior::samples_of_one_landscape;
use super::{
    Abilities, Card, Describe, Family, Learned, Level, Memory, MemoryModel, Posteriors, RecallPath, Request,
};
use crate::dynamics::{Dynamics, Motion, ReadOut, Run, Start, Undefined, Visible};
use crate::error::{Error, Result};
use crate::kernels::Posterior;
use crate::message;
use crate::message::{Argument, Message};
use crate::options::{Fallback, Form, Kind, Name, NumberRange, Options, Parameter, find, names_of};
use crate::patterns::{Patterns, Preparation};
use crate::real::Real;
use crate::separations::{SEPARATIONS, Separation, Separator};
use crate::similarities::{Convention, Data, Facts, Keys, SIMILARITIES, Similarity};
use energy::Landscape;
use read::{Answer, no_weights};

/// The similarities by name, with their formulas.
fn similarities() -> Vec<Name> {
    let about = |facts: &Facts| match facts.data {
        Data::Any => facts.formula.into(),
        Data::Amounts => format!("{} [numbers >= 0]", facts.formula).into(),
        Data::Shares => format!("{} [numbers >= 0, not all 0]", facts.formula).into(),
        Data::Bits => format!("{} [-1 and 1, or 0 and 1]", facts.formula).into(),
    };
    SIMILARITIES.iter().map(|facts| Name { about: about(facts), ..Name::new(facts.name) }).collect()
}

/// The separations by name, with their formulas.
fn separations() -> Vec<Name> {
    SEPARATIONS.iter().map(|(form, formula)| Name::with_about(form, formula)).collect()
}

/// The conventions that an option can ask for.
const CONVENTIONS: &[(&str, Convention)] = &[("uhn2022", Convention::Uhn2022)];

/// The entry of this model in [`MODELS`](super::MODELS).
pub(super) const CARD: Card = Card {
    name: "universal",
    title: "Universal Hopfield network",
    equation: "z = P sep(sim(M, q)): similarity, separation, projection",
    parameters: &[
        Parameter {
            name: "similarity",
            kind: Kind::Choice(similarities),
            default: Fallback::Is("manhattan"),
            help: "How alike a pattern and the cue are",
        },
        Parameter {
            name: "separation",
            kind: Kind::Form(Form { forms: separations, check: Form::reads::<Separation> }),
            default: Fallback::Is("max"),
            help: "How similarities become weights; N is the exponent of the weights, which is one less than the degree of the energy",
        },
        Parameter {
            name: "preset",
            kind: Kind::Form(Form { forms: presets::forms, check: presets::check }),
            default: Fallback::None,
            help: "Similarity, separation and output of a known model; the other options change parts of it",
        },
        Parameter {
            name: "output",
            kind: Kind::Choice(|| names_of(Output::ALL)),
            default: Fallback::Is("identity"),
            help: "What is done to the read state",
        },
        Parameter {
            name: "compat",
            kind: Kind::Choice(|| names_of(CONVENTIONS)),
            default: Fallback::None,
            help: "Compute as the code published with Millidge et al. (2022) does, slips included",
        },
        Parameter {
            name: "dynamics",
            kind: Kind::Choice(|| names_of(scheme::NAMES)),
            default: Fallback::Is("single-shot"),
            help: "How states move: single-shot takes what is read, descent goes to what lowers the energy (for manhattan, to medians), two-layer integrates visible and hidden units",
        },
        Parameter {
            name: "visible",
            kind: Kind::Choice(|| names_of(Visible::ALL)),
            default: Fallback::Rule("identity, or tanh where the energy would have no lower bound"),
            help: "Activity of visible units, with dynamics two-layer",
        },
        Parameter {
            name: "lag",
            kind: Kind::Number(NumberRange::at_least(0.0)),
            default: Fallback::Is("0.1"),
            help: "Time constant of hidden units over that of visible ones, with dynamics two-layer",
        },
        Parameter {
            name: "step",
            kind: Kind::Number(NumberRange::POSITIVE),
            default: Fallback::Is("0.2"),
            help: "Length of an update over the time constant of visible units, with dynamics two-layer",
        },
    ],
    cost: "N D operations an update and cue, and N D more where all patterns have weight; N D numbers",
    source: "Millidge et al. (2022), Eq. 1",
    raw: true,
    values: true,
    family: Family::SingleShot,
    ..Card::PLAIN
};

/// What is done with the state that is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// It is left as it is.
    #[default]
    Identity,
    /// Its signs are taken. A unit keeps its value if its sum is 0.
    Sign,
}

impl Output {
    /// Both outputs with their names.
    pub const ALL: &[(&'static str, Self)] = &[("identity", Self::Identity), ("sign", Self::Sign)];
}

impl FromStr for Output {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        find("output", Self::ALL, name)
    }
}

/// Universal Hopfield network: z = P sep(sim(M, q)) (Millidge et al. 2022).
///
/// The cue q is compared with every stored key (a row of M). Similarities become weights, and the weights project
/// onto the keys and onto the values associated with them. A recall makes one update unless asked for more. The
/// posterior of a report is the weights of the last update. A cue for which no key has a weight keeps its state, with the
/// outcome [`Undefined`](crate::Outcome::Undefined).
///
/// ```
/// use attractor::memories::{Memory, Output, Request, Universal};
/// use attractor::{Patterns, separations::Separation, similarities::{Convention, Similarity}};
/// use ndarray::array;
/// let patterns = Patterns::new(array![[0.0_f64, 0.0, 1.0], [1.0, 1.0, 0.0]])?;
/// let memory = Universal::new(
///     patterns,
///     Similarity::InverseManhattan,
///     Separation::Polynomial(2.0),
///     Output::Identity,
///     Convention::Corrected,
/// )?;
/// let recall = memory.recall(&Request::new(array![[0.0, 0.0, 0.5]].view()))?;
/// // The distances are ½ and 2½, so the weights are as 25 to 1.
/// let weight = recall.rows[0].posterior.as_ref().unwrap().top[0].1;
/// assert!((weight - 25.0 / 26.0).abs() < 1e-4);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Universal<F> {
    patterns: Patterns<F>,
    keys: Keys<F>,
    separator: Separator,
    output: Output,
    scheme: Scheme,
    /// The energy that updates lower, or why there is none.
    landscape: std::result::Result<Landscape<F>, Message>,
}

impl<F: Real> Universal<F> {
    /// Stores patterns as keys, with their associated vectors, if any, as values.
    ///
    /// # Errors
    /// Patterns for which the similarity is not defined, or a separation that is not defined for its scores, each
    /// with the reason; prepared patterns in the published convention, which has no preparation.
    pub fn new(
        patterns: Patterns<F>,
        similarity: Similarity,
        separation: Separation,
        output: Output,
        convention: Convention,
    ) -> Result<Self> {
        if convention == Convention::Uhn2022 && *patterns.preparation() != Preparation::Identity {
            let expected = "patterns as they are with compat uhn2022, which prepares nothing";
            return Err(Error::parameter("prepare", expected, patterns.preparation().describe()));
        }
        let keys = match patterns.shards() {
            Some(_) => parts::keys(&patterns, similarity, separation, output, convention)?,
            None => Keys::new(similarity, patterns.shared(), convention)?,
        };
        let separator = Separator::new(separation, &keys)?;
        let landscape = scheme::landscape(&patterns, &keys, separator, output, Scheme::SingleShot);
        Ok(Universal { patterns, keys, separator, output, scheme: Scheme::SingleShot, landscape })
    }

    /// The stored keys, which also know how they are compared.
    pub fn keys(&self) -> &Keys<F> {
        &self.keys
    }

    /// The separator: how scores become weights.
    pub fn separator(&self) -> &Separator {
        &self.separator
    }
}

impl<F: Real> MemoryModel<F> for Universal<F> {
    fn name(&self) -> &'static str {
        CARD.name
    }

    fn dim(&self) -> usize {
        self.patterns.dim()
    }

    fn abilities(&self) -> Abilities<'_, F> {
        Abilities {
            landscape: match &self.landscape {
                Ok(landscape) => Ok(landscape),
                Err(reason) => Err(reason.into()),
            },
            posterior: Some(self),
            inverse_temperature: match self.separator.separation() {
                Separation::Softmax(beta) => Some(beta.value()),
                _ => None,
            },
            spins: self.output == Output::Sign,
            describe: Some(self),
            ..Abilities::of_patterns(&self.patterns)
        }
    }

    fn path(&self, request: &Request<F>) -> Result<RecallPath<'_, F>> {
        /// The largest change that counts as rest, in spreads of the patterns (for two layers, in a time τ_v).
        const REST: f64 = 1e-6;
        let rest = REST * self.patterns.spread();
        if let Some(layers) = self.layers() {
            let layers = layers?;
            return Ok(RecallPath::to_rest(Box::new(layers), rest * layers.step().min(1.0), None));
        }
        let once = (self.scheme == Scheme::SingleShot).then_some(1);
        Ok(RecallPath::to_rest(Box::new(Shots { memory: self, top: request.top }), rest, once))
    }

    fn read_out(&self, states: ArrayView2<F>, top: usize) -> Result<ReadOut<F>> {
        self.read_hidden(states, top)
    }

    fn prior_samples(&self, rows: &[u64], seed: u64) -> Result<(Array2<F>, Level)> {
        let mut states = samples_of_one_landscape(&self.abilities(), self.dim(), rows, seed);
        if matches!(self.keys.similarity().facts().data, Data::Amounts | Data::Shares) {
            // Noise of either sign would not be a valid cue.
            states.mapv_inplace(F::abs);
        }
        Ok((states, Level::Estimate))
    }
}

impl<F: Real> Posteriors<F> for Universal<F> {
    fn posterior(
        &self,
        states: ArrayView2<F>,
        _levels: &[f64],
        top: usize,
    ) -> Result<Option<Vec<Posterior>>> {
        let answer = self.read(states, top)?;
        match answer.undefined.first() {
            Some(undefined) => Err(no_weights(*undefined)),
            None => Ok(answer.posteriors.into_iter().collect()),
        }
    }
}

impl<F: Real> Describe for Universal<F> {
    fn warnings(&self) -> Vec<Message> {
        if self.output == Output::Sign && !self.patterns.are_spins() {
            return vec![message![
                "the output is signs, but the patterns have other values than ±1; ",
                Argument::set("prepare", "center"),
                " makes signs of them"
            ]];
        }
        Vec::new()
    }
}

/// Repeats the update q ← sep(sim(M, q)) projected onto the keys.
struct Shots<'a, F> {
    memory: &'a Universal<F>,
    /// The number of memories of the posterior that are kept.
    top: usize,
}

impl<F: Real> Dynamics<F> for Shots<'_, F> {
    fn dim(&self) -> usize {
        self.memory.dim()
    }

    fn motion(&self) -> Motion {
        Motion::Map
    }

    fn start(&self, start: Start<F>) -> Result<Box<dyn Run<F> + '_>> {
        let rows = start.states.nrows();
        let values = self.memory.patterns.associated();
        let last = ReadOut {
            posteriors: vec![None; rows],
            values: values.map(|values| Array2::from_elem((rows, values.ncols()), F::ZERO)),
            ..ReadOut::default()
        };
        Ok(Box::new(ShotsRun { shots: self, last, undefined: Vec::new() }))
    }
}

struct ShotsRun<'a, F> {
    shots: &'a Shots<'a, F>,
    /// What the last update of each row read.
    last: ReadOut<F>,
    /// The rows that the last update found without weights.
    undefined: Vec<Undefined>,
}

impl<F: Real> Run<F> for ShotsRun<'_, F> {
    fn step(
        &mut self,
        rows: &[usize],
        mut states: ArrayViewMut2<F>,
        _from: &[f64],
        _to: &[f64],
    ) -> Result<()> {
        let Answer { states: next, values, posteriors, undefined } =
            self.shots.memory.read(states.view(), self.shots.top)?;
        states.assign(&next);
        self.undefined = undefined.into_iter().map(|u| Undefined { row: rows[u.row], ..u }).collect();
        for (k, (&row, posterior)) in rows.iter().zip(posteriors).enumerate() {
            self.last.posteriors[row] = posterior;
            if let (Some(all), Some(values)) = (&mut self.last.values, &values) {
                all.row_mut(row).assign(&values.row(k));
            }
        }
        Ok(())
    }

    fn undefined(&mut self) -> Vec<Undefined> {
        std::mem::take(&mut self.undefined)
    }

    fn last_read(&mut self) -> Option<ReadOut<F>> {
        Some(std::mem::take(&mut self.last))
    }
}

/// The similarity that options name.
fn similarity_of(options: &Options, dim: usize) -> Result<Similarity> {
    Ok(options.named("similarity")?.unwrap_or(preset_of(options, dim)?.similarity))
}

fn preset_of(options: &Options, dim: usize) -> Result<Preset> {
    options.text("preset").map_or_else(|| Ok(Preset::default()), |name| Preset::find(name, dim))
}

/// Builds the memory from named options.
pub(super) fn build<F: Real>(
    patterns: Patterns<F>,
    options: &Options,
    _learned: Option<Learned>,
) -> Result<Box<dyn Memory<F>>> {
    let preset = preset_of(options, patterns.dim())?;
    let convention = match options.text("compat") {
        Some(name) => find("compat", CONVENTIONS, name)?,
        None => Convention::Corrected,
    };
    let similarity = similarity_of(options, patterns.dim())?;
    let separation = options.named("separation")?.unwrap_or(preset.separation);
    let output = options.named("output")?.unwrap_or(preset.output);
    let memory = Universal::new(patterns, similarity, separation, output, convention)?;
    Ok(Box::new(memory.with_scheme(scheme::from_options(options)?)?))
}
