//! How well denoisers with a formula predict what a model answers.
//!
//! A model that remembers answers as the exact denoiser of its training rows (*ideal*). Kamb & Ganguli (2024) found that convolutional networks that generalise answer
//! as denoisers that compare windows alone, in their place (*local*) or at all places (*equivariant-local*). The best linear denoiser (*Wiener*) knows only mean and covariance.
//! Each of these gets the same noisy rows as the model, and the same noise to make rows from. For one row, with m the mean of the training rows,
//!
//! r² = 1 − ‖D_model − D_reference‖² / ‖D_model − m‖²,
//!
//! which is 1 for equal answers, 0 for a reference as good as the mean, and negative for a worse one. Numbers are medians over rows.
//!
//! The windows of a level are those that predict the model best on half of the noisy rows; the other half is measured.

use attractor::diffusion::Sampling;
use attractor::energies::{Denoise, Example, ImageForm, Local, LocalRule, Points, Side, Windows};
use attractor::memories::{Diffusion, Level, LocalDiffusion, Memory, Request};
use attractor::message::Message;
use attractor::{Patterns, Preparation};
use attractor_report::Result;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

use super::rows::Looked;
use super::subject::{Subject, batch};
use super::{Inside, Number};
use crate::rows::evenly;

/// A denoiser with a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// The exact denoiser of the training rows.
    Ideal,
    /// Windows of pixels in their place.
    Local,
    /// Windows of pixels at all places.
    EquivariantLocal,
    /// The best linear denoiser.
    Wiener,
}

impl Reference {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Reference::Ideal, Reference::Local, Reference::EquivariantLocal, Reference::Wiener];

    /// Its name, which is that of the rule of the memory `local`.
    pub fn name(self) -> &'static str {
        match self {
            Reference::Ideal => "ideal",
            Reference::Local => "local",
            Reference::EquivariantLocal => "equivariant-local",
            Reference::Wiener => "wiener",
        }
    }
}

/// How well a reference predicts a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicts {
    /// The reference.
    pub reference: Reference,
    /// The rows that were compared at each level, and samples.
    pub rows: usize,
    /// The median r² of the answers at each level, in the order of the levels.
    pub levels: Vec<Number>,
    /// The median r² of samples from the same noise; none if the model has no prior, or its sampler needs a density.
    pub samples: Option<Number>,
}

/// What was found of all references.
#[derive(Clone, Debug, Default)]
pub struct Predictions {
    /// Those that were compared.
    pub all: Vec<Predicts>,
    /// The side of the windows at each level, of images; none where the window is the image.
    pub windows: Option<Vec<Option<usize>>>,
    /// What was left out.
    pub notes: Vec<Message>,
}

impl Predictions {
    /// How well this one predicts.
    pub fn of(&self, reference: Reference) -> Option<&Predicts> {
        self.all.iter().find(|of| of.reference == reference)
    }
}

impl Inside {
    /// The reference that predicts samples best, and its r²: of equal ones the first. (A local denoiser whose window is the image is the ideal one.)
    pub fn best_reference(&self) -> Option<(Reference, Number)> {
        /// Smaller differences are rounding.
        const EQUAL: f64 = 1e-6;
        let all = self.predictions.all.iter().filter_map(|of| Some((of.reference, of.samples?)));
        all.reduce(|best, other| if other.1.value > best.1.value + EQUAL { other } else { best })
    }
}

/// The most pixels that a reference compares.
const WORK: f64 = 4e9;

/// The fewest rows that say something.
const FEWEST: usize = 4;

/// Windows that are tried for a level, about.
const SIDES: usize = 8;

/// What is compared.
pub(super) struct Comparison<'a> {
    pub subject: &'a Subject<'a>,
    /// All training rows, as states.
    pub train: &'a Array2<f64>,
    /// The rows that get noise.
    pub looked: &'a Looked,
    /// As states.
    pub levels: &'a [f64],
    /// The form of the rows, if they are images.
    pub form: Option<ImageForm>,
    /// Rows of each kind, at most.
    pub count: usize,
    pub seed: u64,
}

/// Noisy rows of a level and what the model makes of them.
struct AtLevel {
    sigma: f64,
    states: Array2<f64>,
    answers: Array2<f64>,
}

impl Comparison<'_> {
    /// The reads of training rows, about, for progress.
    pub fn reads(&self) -> usize {
        2 * Reference::ALL.len() * (self.levels.len() + 1) * self.count
    }

    /// Compares all references. `told` is called with reads.
    pub fn run(&self, told: &mut dyn FnMut(usize) -> Result<()>) -> Result<Predictions> {
        let mut found = Predictions::default();
        if self.count == 0 {
            return Ok(found);
        }
        let shift = shift(self.subject.preparation(), self.train.ncols());
        let train = self.train + &shift;
        let mean = train.mean_axis(Axis(0)).expect("training rows");
        let patterns = Patterns::new(train)?;
        let (fitted, tested) = halves(self.looked.states.nrows(), self.count);
        let [fitted, tested] = [self.asked(&fitted, &shift)?, self.asked(&tested, &shift)?];
        let samples = self.samples(&shift)?;
        for reference in Reference::ALL {
            let rows = match self.affordable(reference) {
                Some(rows) => rows.min(tested[0].states.nrows()),
                None => {
                    found.notes.extend(self.left_out(reference));
                    continue;
                }
            };
            let denoiser = self.denoiser(reference, &patterns, &fitted, rows, &mut found)?;
            let r2 = |a: &Array2<f64>, b: &Array2<f64>| {
                let all = a.outer_iter().zip(b.outer_iter());
                Number::median(&all.map(|(a, b)| explained(a, b, mean.view())).collect::<Vec<f64>>())
            };
            let mut levels = Vec::new();
            for at in &tested {
                let some = |all: &Array2<f64>| all.slice(ndarray::s![..rows, ..]).to_owned();
                let answers = denoiser.denoise(some(&at.states).view(), &vec![at.sigma; rows])?;
                levels.push(r2(&some(&at.answers), &answers));
                told(2 * self.count)?;
            }
            let samples = match &samples {
                Some((cues, sigma, made)) => {
                    let some =
                        |all: &Array2<f64>| all.slice(ndarray::s![..rows.min(all.nrows()), ..]).to_owned();
                    let ends = denoiser.recalled(
                        self.subject.sampling(),
                        &patterns,
                        &some(cues),
                        *sigma,
                        self.seed,
                    )?;
                    ends.map(|ends| r2(&some(made), &ends))
                }
                None => None,
            };
            told(2 * self.count)?;
            found.all.push(Predicts { reference, rows, levels, samples });
        }
        Ok(found)
    }

    /// The model's answers to noisy versions of some rows, from the highest level to the lowest.
    fn asked(&self, rows: &[usize], shift: &Array1<f64>) -> Result<Vec<AtLevel>> {
        let mut all = Vec::new();
        for &sigma in self.levels {
            let states = self.looked.cues(sigma).select(Axis(0), rows);
            let mut answers = Array2::zeros(states.dim());
            let batch = batch(states.ncols());
            for (part, mut answers) in
                states.axis_chunks_iter(Axis(0), batch).zip(answers.axis_chunks_iter_mut(Axis(0), batch))
            {
                answers.assign(&self.subject.denoise(part, sigma)?);
            }
            all.push(AtLevel { sigma, states: states + shift, answers: answers + shift });
        }
        Ok(all)
    }

    /// Noise at a level, and what the model makes of it.
    #[expect(clippy::type_complexity, reason = "three numbers that belong together, used once")]
    fn samples(&self, shift: &Array1<f64>) -> Result<Option<(Array2<f64>, f64, Array2<f64>)>> {
        let Some((cues, sigma)) = self.subject.start(0..self.count, self.seed)? else { return Ok(None) };
        let made = self.subject.recall(cues.view(), sigma, self.seed, 0)?;
        let made = self.subject.preparation().forward(made);
        Ok(Some((cues + shift, sigma, made + shift)))
    }

    /// The rows that a reference can be compared on; `None` if it is not compared.
    fn affordable(&self, reference: Reference) -> Option<usize> {
        let (count, dim) = self.train.dim();
        let sampling = self.subject.sampling();
        let steps = sampling.steps();
        let reads = self.levels.len() + sampling.sampler.evaluations(steps).unwrap_or(2 * steps);
        let form = self.form;
        let work = match reference {
            Reference::Ideal | Reference::Wiener => return Some(self.count),
            Reference::Local => (dim * (form.map(|_| reads)? + SIDES * self.levels.len())) as f64,
            Reference::EquivariantLocal => {
                let form = form?;
                // Windows of 3 pixels that no border cuts can be at all places inside; those at a border move along it.
                let along = |size: usize| (size + size.saturating_sub(2) * size.saturating_sub(3)) as f64;
                along(form.height) * along(form.width) * (form.channels * reads) as f64
            }
        };
        let rows = (WORK / (work * count as f64)) as usize;
        (rows >= FEWEST.min(self.count)).then(|| rows.min(self.count))
    }

    /// What to say of a reference that takes too long.
    fn left_out(&self, reference: Reference) -> Option<Message> {
        self.form.map(|_| {
            format!(
                "the reference {} is left out: with {} training images it would compare more than {WORK:e} pixels",
                reference.name(),
                self.train.nrows()
            )
            .into()
        })
    }

    fn denoiser(
        &self,
        reference: Reference,
        patterns: &Patterns<f64>,
        fitted: &[AtLevel],
        rows: usize,
        found: &mut Predictions,
    ) -> Result<Known> {
        let form = self.form.unwrap_or(ImageForm::grey(1, self.train.ncols()));
        let local = |rule, windows| Local::new(patterns.clone(), form, false, rule, windows);
        Ok(match reference {
            Reference::Ideal => Known::Ideal(Points::new(patterns.clone())),
            Reference::Wiener => Known::Local(local(LocalRule::Wiener, Windows::whole())?),
            Reference::Local | Reference::EquivariantLocal => {
                let rule = match reference {
                    Reference::Local => LocalRule::Local,
                    _ => LocalRule::EquivariantLocal,
                };
                let examples: Vec<Example<f64>> = fitted
                    .iter()
                    .rev()
                    .map(|AtLevel { sigma, states, answers }| {
                        let some = |all: &Array2<f64>| {
                            all.slice(ndarray::s![..rows.min(all.nrows()), ..]).to_owned()
                        };
                        Example { sigma: *sigma, states: some(states), answers: some(answers) }
                    })
                    .collect();
                let local = local(rule, Windows::whole())?.with_windows_that_predict(&examples)?;
                let side = |sigma: &f64| match local.windows().at(sigma / patterns.spread()) {
                    Side::Pixels(side) => Some(side),
                    Side::Whole => None,
                };
                if reference == Reference::Local {
                    found.windows = Some(self.levels.iter().map(side).collect());
                }
                Known::Local(local)
            }
        })
    }
}

/// A denoiser with a formula.
enum Known {
    Ideal(Points<f64>),
    Local(Local<f64>),
}

impl Known {
    fn denoise(&self, states: ArrayView2<f64>, sigmas: &[f64]) -> Result<Array2<f64>> {
        Ok(match self {
            Known::Ideal(points) => points.denoise(states, sigmas)?,
            Known::Local(local) => local.denoise(states, sigmas)?,
        })
    }

    /// Where noise ends; `None` if the sampler is not for this denoiser.
    fn recalled(
        self,
        sampling: &Sampling,
        patterns: &Patterns<f64>,
        cues: &Array2<f64>,
        sigma: f64,
        seed: u64,
    ) -> Result<Option<Array2<f64>>> {
        let memory: Box<dyn Memory<f64>> = match self {
            Known::Ideal(_) => Box::new(Diffusion::on(patterns.clone().into(), sampling.clone())?),
            Known::Local(local) => Box::new(LocalDiffusion::new(local, sampling.clone())?),
        };
        let request =
            Request { level: Level::Sigma(sigma), seed, report: false, ..Request::new(cues.view()) };
        match memory.recall(&request) {
            Err(attractor::Error::Undefined { .. }) => Ok(None),
            found => Ok(Some(found?.states)),
        }
    }
}

/// What is added to states, so that they are the rows times one number: windows at other places are compared as pixels, and not as deviations from the mean image.
fn shift(preparation: &Preparation, dim: usize) -> Array1<f64> {
    match preparation {
        Preparation::Affine { mean, scale } => mean.iter().map(|mean| mean * scale).collect(),
        _ => Array1::zeros(dim),
    }
}

/// Two sets of at most `most` of `count` rows: one to choose windows on, and one to measure. They are the same if there is a single row.
fn halves(count: usize, most: usize) -> (Vec<usize>, Vec<usize>) {
    let all = evenly(count, 2 * most);
    let part = |side: usize| all.iter().copied().skip(side).step_by(2).collect::<Vec<_>>();
    match part(1) {
        empty if empty.is_empty() => (part(0), part(0)),
        odd => (odd, part(0)),
    }
}

/// r² of one row: 1 − ‖a − b‖²/‖a − m‖².
fn explained(model: ArrayView1<f64>, reference: ArrayView1<f64>, mean: ArrayView1<f64>) -> f64 {
    let square = |other: ArrayView1<f64>| model.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
    let (rest, whole) = (square(reference), square(mean));
    match () {
        () if rest == 0.0 => 1.0,
        () if rest.is_finite() && whole > 0.0 => 1.0 - rest / whole,
        () => f64::NEG_INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r2_is_a_share() {
        let of = |model: [f64; 2], reference: [f64; 2]| {
            explained(ArrayView1::from(&model), ArrayView1::from(&reference), ArrayView1::from(&[1.0, 1.0]))
        };
        assert_eq!(of([3.0, 1.0], [3.0, 1.0]), 1.0);
        assert_eq!(of([3.0, 1.0], [1.0, 1.0]), 0.0);
        assert_eq!(of([3.0, 1.0], [2.0, 1.0]), 0.75);
        assert_eq!(of([3.0, 1.0], [3.0, 5.0]), -3.0);
        assert_eq!(of([1.0, 1.0], [1.0, 1.0]), 1.0);
        assert_eq!(of([1.0, 1.0], [1.0, 2.0]), f64::NEG_INFINITY);
        assert_eq!(of([f64::NAN, 1.0], [1.0, 2.0]), f64::NEG_INFINITY);
    }

    #[test]
    fn halves_share_no_row() {
        assert_eq!(halves(8, 2), (vec![2, 6], vec![0, 4]));
        assert_eq!(halves(3, 32), (vec![1], vec![0, 2]));
        assert_eq!(halves(1, 32), (vec![0], vec![0]));
    }
}
