//! A model looked at from inside: where along its noise levels it remembers training rows, and where it generalises.
//!
//! Whatever makes rows by diffusion is a denoiser D(z;σ), an estimate of the row x in z = x + σε. Two denoisers are known. One that only remembers is the *exact denoiser of the
//! training rows*, Σ w_n y_n, the best possible if there were no other rows. One that generalises has the same error on training rows as on new ones. So at each
//! level the model's errors on training and on held-out rows are compared with each other, and with those of the exact denoiser.
//!
//! | | error on held-out rows minus error on training rows | error on held-out rows |
//! |---|---|---|
//! | remembers | more than chance | not smaller than that of the exact denoiser by more than chance |
//! | in part | more than chance | smaller than that of the exact denoiser, by more than chance: it remembers, and generalises |
//! | generalises | within chance | smaller than that of the exact denoiser, by more than chance |
//! | as exact | within chance | neither smaller nor larger: at these levels remembering and generalising are the same |
//! | worse | within chance | larger than that of the exact denoiser or of the noisy row, by more than chance |
//!
//! "More than chance" is p ≤ .05 for all levels together (`chance`). Levels well above collapse (σ_C) are "as exact" for every good model, since the exact denoiser generalises
//! there, too.

mod chance;
mod check;
mod ends;
mod references;
pub(crate) mod report;
mod rows;
mod subject;

use attractor::analysis::{CriticalLevels, critical_levels};
use attractor::diffusion::Sampling;
use attractor::energies::ImageForm;
use attractor::memories::Diffusion;
use attractor::message::Message;
use attractor::noise::{Purpose, Stream};
use attractor::{Patterns, Preparation, threads};
use attractor_data::{Layout, Shape};
use attractor_report::statistics::of_runs;
use attractor_report::{Error, Result};
use ndarray::{Array2, Axis};

use crate::inputs::Inputs;
use crate::rows::evenly;
use crate::searched::Searched;
pub use crate::settings::inside::{PARAMETERS, Settings};
use chance::mean;
pub use ends::Share;
use references::Comparison;
pub use references::{Predictions, Predicts, Reference};
pub use rows::Set;
use rows::{Exact, Looked, Measured};
pub use subject::Subject;

/// How sure it must be that something is more than chance.
const ALPHA: f64 = 0.05;

/// What a model does at a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regime {
    /// Its error is smaller on training rows than on held-out ones, and it is not better on held-out rows than the exact denoiser.
    Remembers,
    /// It has such a gap, and is better on held-out rows than the exact denoiser.
    InPart,
    /// It has no such gap, and is better on held-out rows than the exact denoiser.
    Generalises,
    /// It has no such gap, and cannot be told from the exact denoiser on held-out rows.
    AsExact,
    /// It has no such gap, and is worse on held-out rows than the exact denoiser, or than no denoiser.
    Worse,
}

impl Regime {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Regime::Remembers => "remembers",
            Regime::InPart => "in part",
            Regime::Generalises => "generalises",
            Regime::AsExact => "as exact",
            Regime::Worse => "worse",
        }
    }
}

/// A number with its 95 % interval over rows; none for a single row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    /// The number.
    pub value: f64,
    /// Its interval.
    pub interval: Option<[f64; 2]>,
}

impl Number {
    /// The mean of independent rows, with Student's interval.
    fn mean(rows: &[f64], scale: f64) -> Self {
        let interval = of_runs(rows).map(|ends| [scale * ends.low.max(0.0), scale * ends.high]);
        Number { value: scale * mean(rows), interval }
    }

    /// The median, with the interval between order statistics.
    fn median(rows: &[f64]) -> Self {
        let mut sorted = rows.to_vec();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        Number { value: sorted[middle], interval: Some(crate::outcome::of_quantile(&sorted, 0.5)) }
    }
}

/// What was found of one set of rows at one level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OfSet {
    /// The mean square error of the model on x + σε, a unit.
    pub error: Number,
    /// That of the exact denoiser of the training rows.
    pub exact: Number,
    /// That of the exact denoiser of the other training rows, of training rows.
    pub left_out: Option<Number>,
    /// The mean square difference of the two denoisers, a unit.
    pub distance: Number,
    /// The median local dimension of the model.
    pub dimension: Number,
    /// That of the exact denoiser.
    pub exact_dimension: Number,
    /// That of the exact denoiser of the other training rows, of training rows.
    pub left_out_dimension: Option<Number>,
    /// The share of recalls from x + σε that end on a training row.
    pub copies: Option<Share>,
}

/// What held-out rows tell of one level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compared {
    /// What the model does.
    pub regime: Regime,
    /// The p-value of its error being larger on held-out rows than on training rows, for all levels together.
    pub gap: f64,
    /// The p-value of its error on held-out rows being smaller than that of the exact denoiser.
    pub better: f64,
    /// The model's gap as a share of that of the exact denoiser: 1 remembers all, 0 nothing. `None` where the exact denoiser has no gap.
    pub remembered: Option<Number>,
}

/// What was found at one level.
#[derive(Clone, Debug, PartialEq)]
pub struct AtLevel {
    /// The level, in the units of the rows.
    pub sigma: f64,
    /// Training rows.
    pub train: OfSet,
    /// Held-out rows.
    pub heldout: Option<OfSet>,
    /// Generated rows.
    pub generated: OfSet,
    /// What held-out rows tell.
    pub compared: Option<Compared>,
}

/// What a model's errors are at one level: what a monitor looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// The level: the collapse level of the training rows.
    pub sigma: f64,
    /// The mean square error on training rows, a unit.
    pub train: Number,
    /// That on held-out rows.
    pub heldout: Number,
    /// The difference of the two as a share of that of the exact denoiser: 1 remembers all, 0 nothing.
    pub remembered: Number,
    /// The p-value of the difference.
    pub p_value: f64,
}

/// What was found inside a model.
#[derive(Clone, Debug)]
pub struct Inside {
    /// The name of the model.
    pub model: &'static str,
    /// From the highest level to the lowest.
    pub levels: Vec<AtLevel>,
    /// The critical levels of the training rows, in the units of the rows.
    pub critical: CriticalLevels,
    /// The share of rows recalled from noise alone that are training rows.
    pub from_noise: Share,
    /// How well denoisers with a formula predict its answers.
    pub predictions: Predictions,
    /// What the reader should know.
    pub notes: Vec<Message>,
    /// How many of the rows of each set were looked at: training, held-out, generated.
    pub examined: [usize; 3],
}

impl Inside {
    /// The lowest and the highest level of a regime; `None` if there is no such level.
    pub fn range(&self, regime: Regime) -> Option<[f64; 2]> {
        let mut of = self.levels.iter().filter(|level| level.compared.is_some_and(|c| c.regime == regime));
        let high = of.next()?.sigma;
        Some([of.next_back().map_or(high, |level| level.sigma), high])
    }

    /// The levels between which the model begins to remember as noise falls: the highest that remembers, if only in part, and the next above it. The second is
    /// infinite if the model remembers at the highest level, and there is none if it remembers nowhere.
    pub fn turns(&self) -> Option<[f64; 2]> {
        let remembers = |level: &AtLevel| {
            level.compared.is_some_and(|c| matches!(c.regime, Regime::Remembers | Regime::InPart))
        };
        let place = self.levels.iter().position(remembers)?;
        let above = place.checked_sub(1).map_or(f64::INFINITY, |place| self.levels[place].sigma);
        Some([self.levels[place].sigma, above])
    }
}

/// Noise levels for training rows with these critical levels, from three times speciation to a quarter of collapse.
pub(crate) fn range(critical: &CriticalLevels) -> [f64; 2] {
    [critical.collapse.unwrap_or(critical.speciation / 3.0) / 4.0, 3.0 * critical.speciation]
}

/// So many levels from the highest to the lowest, evenly spaced on a logarithmic scale.
pub(crate) fn spaced([low, high]: [f64; 2], count: usize) -> Vec<f64> {
    let step = (low / high).powf(1.0 / (count - 1) as f64);
    (0..count).map(|k| high * step.powi(k as i32)).collect()
}

/// A model that is to be looked at, with the rows of an audit.
pub(crate) struct Look<'a> {
    subject: Subject<'a>,
    /// All training rows, as states.
    states: Array2<f64>,
    looked: Vec<Looked>,
    critical: CriticalLevels,
    /// As states.
    levels: Vec<f64>,
    /// The form of the rows, if they are images.
    form: Option<ImageForm>,
    /// Rows on which references are compared.
    references: usize,
    seed: u64,
}

impl<'a> Look<'a> {
    /// Checks model and rows. The critical levels are those that are known for its preparation, or found.
    pub fn new(
        subject: Subject<'a>,
        inputs: &Inputs,
        known: Option<&(Preparation, CriticalLevels)>,
    ) -> Result<Self> {
        let (settings, seed) = (&inputs.settings.inside, inputs.settings.seed);
        let numbers = |rows: &crate::rows::Rows| rows.numbers().filter(|rows| rows.ncols() == subject.dim());
        let found = match inputs.rows.train.numbers() {
            Some(rows) => format!("rows of {}", rows.ncols()),
            None => "a table with text or gaps".into(),
        };
        let Some(train) = numbers(&inputs.rows.train) else {
            let expected = format!("rows of {} numbers, as the model has units", subject.dim());
            let cure = "give the rows that the model was trained on, and no features in their place";
            return Err(Error::mended("train", expected, found, cure.into()));
        };
        let forward = |rows: Array2<f64>| subject.preparation().forward(rows);
        let of = |set: Set, rows: &crate::rows::Rows| {
            let rows = numbers(rows).expect("rows of one width");
            let chosen = evenly(rows.nrows(), settings.examine);
            Looked::new(set, forward(rows.select(Axis(0), &chosen)), settings, seed)
        };
        let mut looked = vec![of(Set::Train, &inputs.rows.train)];
        looked.extend(inputs.rows.heldout.as_ref().map(|rows| of(Set::Heldout, rows)));
        looked.push(of(Set::Generated, &inputs.rows.generated));
        let states = forward(train);
        let critical = match known {
            Some((preparation, critical)) if preparation == subject.preparation() => *critical,
            _ => critical(&states)?,
        };
        let scale = subject.preparation().scale();
        let [low, high] = range(&critical);
        let ends = [settings.lowest.map_or(low, |s| s * scale), settings.highest.map_or(high, |s| s * scale)];
        if ends[0] >= ends[1] {
            let expected = format!("a level below the highest, {}", ends[1] / scale);
            return Err(Error::setting("sigma-min", expected, ends[0] / scale));
        }
        let spread = Patterns::new(states.clone())?.spread();
        check::refuse(&subject, states.view(), spread)?;
        let form = inputs.images.as_ref().filter(|_| inputs.are_pixels()).map(|images| form(images.shape));
        let levels = spaced(ends, settings.levels);
        Ok(Look { subject, states, looked, critical, levels, form, references: settings.references, seed })
    }

    /// The critical levels of the training rows as states, with the preparation that makes states.
    pub fn critical(&self) -> (Preparation, CriticalLevels) {
        (self.subject.preparation().clone(), self.critical)
    }

    /// The states that are read, for progress.
    pub fn reads(&self) -> u64 {
        let rows: usize = self.looked.iter().map(|looked| looked.reads(self.subject.dim())).sum();
        (rows * self.levels.len() + self.comparison().reads()) as u64
    }

    /// The comparison with denoisers that have a formula, on rows that the model has not seen: held-out rows or, without any, generated ones.
    fn comparison(&self) -> Comparison<'_> {
        Comparison {
            subject: &self.subject,
            train: &self.states,
            looked: &self.looked[1],
            levels: &self.levels,
            form: self.form,
            count: self.references,
            seed: self.seed,
        }
    }

    /// Looks inside. `told` is called with the states that were read.
    pub fn run(
        &self,
        inputs: &Inputs,
        found: &Searched,
        told: &mut dyn FnMut(u64) -> Result<()>,
    ) -> Result<Inside> {
        let (settings, seed) = (&inputs.settings.inside, inputs.settings.seed);
        let examined = evenly(self.states.nrows(), settings.examine);
        let exact = Exact::new(&self.states, &examined)?;
        let mut measured: Vec<Vec<Measured>> = Vec::new();
        let mut ends = vec![self.subject.generate(0..examined.len(), seed)?];
        for &sigma in &self.levels {
            let mut at = Vec::new();
            for looked in &self.looked {
                at.push(looked.at(&self.subject, &exact, sigma, &mut |reads| told(reads as u64))?);
                if looked.set != Set::Generated {
                    let first = (looked.set as u64 + 1) << 32;
                    ends.push(self.subject.recall(looked.cues(sigma).view(), sigma, seed, first)?);
                    told(looked.recalls() as u64)?;
                }
            }
            measured.push(at);
        }
        let on = ends::on_training(&inputs.rows, &found.clusters, found.tolerance, &ends)?;
        let mut copies = on[1..].iter().map(|on| ends::share(on));
        let scale = self.subject.preparation().scale();
        let compared = self.has_heldout().then(|| compare(&measured, inputs.settings.swaps, seed));
        let levels = self.levels.iter().zip(&measured).enumerate().map(|(k, (sigma, at))| {
            let mut of = |place: usize| of_set(&at[place], scale, self.looked[place].set, &mut copies);
            AtLevel {
                sigma: sigma / scale,
                train: of(0),
                heldout: self.has_heldout().then(|| of(1)),
                generated: of(self.looked.len() - 1),
                compared: compared.as_ref().map(|all| all[k]),
            }
        });
        let levels: Vec<AtLevel> = levels.collect();
        let last = measured.last().map(|at| &at[0]);
        let mut predictions = self.comparison().run(&mut |reads| told(reads as u64))?;
        let note = last.and_then(|at| check::note(levels.last()?.sigma, mean(&at.model), mean(&at.nothing)));
        Ok(Inside {
            model: self.subject.name(),
            critical: CriticalLevels {
                speciation: self.critical.speciation / scale,
                collapse: self.critical.collapse.map(|sigma| sigma / scale),
            },
            from_noise: ends::share(&on[0]),
            notes: note.into_iter().chain(std::mem::take(&mut predictions.notes)).collect(),
            predictions,
            examined: self.examined(),
            levels,
        })
    }

    /// The errors on training and held-out rows at the collapse level; `None` without held-out rows.
    pub fn gap(&self, inputs: &Inputs) -> Result<Option<Gap>> {
        if !self.has_heldout() {
            return Ok(None);
        }
        let (settings, seed) = (&inputs.settings, inputs.settings.seed);
        let sigma = self.critical.collapse.unwrap_or(self.critical.speciation / 3.0);
        let exact = Exact::new(&self.states, &[])?;
        let [train, heldout] = [0, 1].map(|set| self.looked[set].errors_at(&self.subject, &exact, sigma));
        let (train, heldout) = (train?, heldout?);
        let of = |rows: &Measured| vec![rows.model.clone()];
        let p_value = chance::gaps(&of(&train), &of(&heldout), settings.swaps, seed)[0];
        let scale = self.subject.preparation().scale();
        let area = 1.0 / (scale * scale);
        Ok(Some(Gap {
            sigma: sigma / scale,
            train: Number::mean(&train.model, area),
            heldout: Number::mean(&heldout.model, area),
            remembered: remembered([&train.model, &heldout.model, &train.exact, &heldout.exact], seed),
            p_value,
        }))
    }

    fn has_heldout(&self) -> bool {
        self.looked.len() > 2
    }

    fn examined(&self) -> [usize; 3] {
        let rows = |place: usize| self.looked[place].states.nrows();
        [rows(0), if self.has_heldout() { rows(1) } else { 0 }, rows(self.looked.len() - 1)]
    }
}

/// Images as the local denoiser has them.
fn form(shape: Shape) -> ImageForm {
    let Shape { channels, height, width, layout } = shape;
    ImageForm { height, width, channels, planes: layout == Layout::Chw }
}

/// The critical levels of training rows, as states.
fn critical(states: &Array2<f64>) -> Result<CriticalLevels> {
    let memory = Diffusion::on(Patterns::new(states.clone())?.into(), Sampling::default())?;
    let found = critical_levels(&memory, states.view())?;
    found.ok_or_else(|| Error::setting("train", "rows that differ, to look inside a model", "equal rows"))
}

fn of_set(measured: &Measured, scale: f64, set: Set, copies: &mut impl Iterator<Item = Share>) -> OfSet {
    // Errors are squares of states; local dimensions have no unit.
    let area = 1.0 / (scale * scale);
    OfSet {
        error: Number::mean(&measured.model, area),
        exact: Number::mean(&measured.exact, area),
        left_out: measured.left_out.as_ref().map(|rows| Number::mean(rows, area)),
        distance: Number::mean(&measured.distance, area),
        dimension: Number::median(&measured.dimension),
        exact_dimension: Number::median(&measured.exact_dimension),
        left_out_dimension: measured.left_out_dimension.as_ref().map(|rows| Number::median(rows)),
        copies: if set == Set::Generated { None } else { copies.next() },
    }
}

/// Compares training rows (the first of each level) with held-out rows (the second).
fn compare(measured: &[Vec<Measured>], swaps: usize, seed: u64) -> Vec<Compared> {
    let of = |place: usize, errors: fn(&Measured) -> &Vec<f64>| -> Vec<Vec<f64>> {
        measured.iter().map(|at| errors(&at[place]).clone()).collect()
    };
    let (train, heldout) = (of(0, |at| &at.model), of(1, |at| &at.model));
    let (exact_train, exact) = (of(0, |at| &at.exact), of(1, |at| &at.exact));
    let nothing = of(1, |at| &at.nothing);
    let gap = chance::gaps(&train, &heldout, swaps, seed);
    let exact_gap = chance::gaps(&exact_train, &exact, swaps, seed);
    // The larger minus the smaller, in units of the larger.
    let smaller = |small: &[Vec<f64>], large: &[Vec<f64>]| {
        let differences: Vec<Vec<f64>> = large
            .iter()
            .zip(small)
            .map(|(large, small)| large.iter().zip(small).map(|(a, b)| a - b).collect())
            .collect();
        let scale: Vec<f64> = large.iter().map(|of| mean(of)).collect();
        chance::above(&differences, &scale, swaps, seed)
    };
    let (better, worse) = (smaller(&heldout, &exact), smaller(&exact, &heldout));
    let useless = smaller(&nothing, &heldout);
    (0..measured.len())
        .map(|k| {
            let regime = match () {
                () if gap[k] <= ALPHA && better[k] <= ALPHA => Regime::InPart,
                () if gap[k] <= ALPHA => Regime::Remembers,
                () if worse[k] <= ALPHA || useless[k] <= ALPHA => Regime::Worse,
                () if better[k] <= ALPHA => Regime::Generalises,
                () => Regime::AsExact,
            };
            let has_gap = exact_gap[k] <= ALPHA;
            let sets = [&train[k], &heldout[k], &exact_train[k], &exact[k]];
            let remembered = has_gap.then(|| remembered(sets, seed));
            Compared { regime, gap: gap[k], better: better[k], remembered }
        })
        .collect()
}

/// The gap of the model as a share of that of the exact denoiser, with its percentile bootstrap interval over rows.
fn remembered([train, heldout, exact_train, exact]: [&Vec<f64>; 4], seed: u64) -> Number {
    const RESAMPLES: usize = 400;
    let share = |low: &[usize], high: &[usize]| {
        let mean =
            |of: &[f64], rows: &[usize]| rows.iter().map(|&row| of[row]).sum::<f64>() / rows.len() as f64;
        let gap = mean(exact, high) - mean(exact_train, low);
        (mean(heldout, high) - mean(train, low)) / gap
    };
    let all = |of: &[f64]| (0..of.len()).collect::<Vec<usize>>();
    let mut drawn = threads::parallel(RESAMPLES, |n| {
        let mut stream = Stream::new(seed, Purpose::Bootstrap, n as u64);
        let mut of = |count: usize| (0..count).map(|_| stream.below(count)).collect::<Vec<usize>>();
        let (low, high) = (of(train.len()), of(heldout.len()));
        share(&low, &high)
    });
    drawn.sort_by(f64::total_cmp);
    let at = |share: f64| drawn[(share * (RESAMPLES - 1) as f64).round() as usize];
    Number { value: share(&all(train), &all(heldout)), interval: Some([at(0.025), at(0.975)]) }
}
