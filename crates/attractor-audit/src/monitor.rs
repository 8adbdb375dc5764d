//! A monitor of a training: the rates of copying at its checkpoints, and the step from which the model memorises.
//!
//! At each checkpoint the rows that the model generates are audited as any others are, with the same training and held-out rows, which are searched once. If the model itself is given, its errors on
//! training and on held-out rows are compared, too, at the collapse level of the training rows.
//!
//! **τ_mem** is the first checkpoint from which on f_mem by clusters exceeds its null at every checkpoint: p ≤ .05 by the swap of training and held-out rows. Without held-out rows it is
//! the first from which on the interval of the rate is above the rate of training rows in the place of generated ones. A model that has not memorised at the last checkpoint has no τ_mem; a
//! model that never memorises is given one with probability .05 at most, since the last checkpoint has to exceed its null. Between checkpoints nothing is known, so τ_mem is
//! known up to the checkpoint before.

use std::time::Instant;

use attractor::Preparation;
use attractor::analysis::CriticalLevels;
use attractor_report::{Error, Report, Result};

use crate::inputs::{Given, Inputs};
use crate::inside::{Gap, Look, Subject};
use crate::outcome::{Measured, Outcome};
use crate::rates::RATES;
use crate::rows::{Rows, Sets, unwatched};
use crate::searched::{Pool, Searched};
use crate::settings::Settings;
use crate::verdict::Verdict;

mod report;

/// What was found at a checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The step.
    pub step: f64,
    /// How many rows were generated.
    pub rows: usize,
    /// The rates, as of an audit.
    pub rates: Vec<Measured>,
    /// Rows that are copies or near copies.
    pub copies: usize,
    /// The errors of the model, if it was given and there are held-out rows.
    pub gap: Option<Gap>,
    /// Whether f_mem by clusters exceeds its null.
    pub exceeds: bool,
}

impl Checkpoint {
    /// A rate by its key; `None` for one that needs held-out rows.
    pub fn rate(&self, key: &str) -> Option<&Measured> {
        self.rates.iter().find(|measured| RATES[measured.rate].key == key)
    }
}

/// The step from which a model memorises.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tau {
    /// The first checkpoint that memorises, as all later ones do.
    pub step: f64,
    /// The checkpoint before it, which does not; `None` if it is the first.
    pub after: Option<f64>,
}

/// A monitor with what it found so far.
///
/// ```
/// use attractor_audit::monitor::Monitor;
/// use attractor_audit::{Rows, Settings};
/// use attractor::noise::{Purpose, Stream};
/// use ndarray::Array2;
/// let rows = |seed| {
///     let mut stream = Stream::new(seed, Purpose::Patterns, 0);
///     Array2::from_shape_fn((60, 4), |_| stream.normal())
/// };
/// let mut monitor = Monitor::new(Rows::Double(rows(1)), Some(Rows::Double(rows(2))), Settings::default())?;
/// for (step, share) in [(100.0, 0.0), (200.0, 0.0), (300.0, 1.0), (400.0, 1.0)] {
///     // From a model that has learned nothing to a copier.
///     let generated = rows(3) * (1.0 - share) + rows(1) * share + 1e-3;
///     monitor.look(step, Rows::Double(generated))?;
/// }
/// let tau = monitor.tau_mem().expect("a model that memorises");
/// assert_eq!((tau.step, tau.after), (300.0, Some(200.0)));
/// # Ok::<(), attractor_report::Error>(())
/// ```
pub struct Monitor {
    train: Rows,
    heldout: Option<Rows>,
    settings: Settings,
    pool: Option<Pool>,
    /// The critical levels of the training rows, in the preparation of the last model.
    critical: Option<(Preparation, CriticalLevels)>,
    checkpoints: Vec<Checkpoint>,
    begun: Instant,
    /// Where rows and models come from, for the report.
    pub sources: Vec<(String, String)>,
}

impl Monitor {
    /// A monitor for a model of these training rows.
    ///
    /// # Errors
    /// A setting outside its range; rows that cannot be compared.
    pub fn new(train: Rows, heldout: Option<Rows>, settings: Settings) -> Result<Self> {
        settings.check()?;
        // Held-out rows are as good as any to find out whether rows can be compared.
        let generated = heldout.clone().unwrap_or_else(|| train.select(&[0]));
        Inputs::new(given(train.clone(), generated, heldout.clone()), settings)?;
        let (begun, checkpoints) = (Instant::now(), Vec::new());
        Ok(Monitor {
            train,
            heldout,
            settings,
            pool: None,
            critical: None,
            checkpoints,
            begun,
            sources: Vec::new(),
        })
    }

    /// Looks at the rows that the model generates after so many steps.
    ///
    /// # Errors
    /// A step that is not above the last; rows that cannot be compared.
    pub fn look(&mut self, step: f64, generated: Rows) -> Result<&Checkpoint> {
        self.add(step, generated, None)
    }

    /// Looks at the model as it is after so many steps. It generates rows itself.
    ///
    /// # Errors
    /// A step that is not above the last; a model for other rows, or what is plainly no denoiser; errors of the denoiser.
    pub fn look_inside(&mut self, step: f64, subject: Subject) -> Result<&Checkpoint> {
        let numbers = self.train.numbers().filter(|rows| rows.ncols() == subject.dim());
        let rows = match numbers {
            Some(_) => subject.generate(0..self.settings.inside.generate, self.settings.seed)?,
            None => {
                let expected = format!("rows of {} numbers, as the model has units", subject.dim());
                let cure = "give the rows that the model was trained on";
                return Err(Error::mended("train", expected, "others", cure.into()));
            }
        };
        let generated = match &self.train {
            Rows::Single(_) => Rows::Single(rows.mapv(|v| v as f32)),
            _ => Rows::Double(rows),
        };
        self.add(step, generated, Some(subject))
    }

    fn add(&mut self, step: f64, generated: Rows, subject: Option<Subject>) -> Result<&Checkpoint> {
        let last = self.checkpoints.last().map(|checkpoint| checkpoint.step);
        if !step.is_finite() || last.is_some_and(|last| step <= last) {
            let expected =
                last.map_or("a finite number".into(), |last| format!("one above the last, {last}"));
            return Err(Error::setting("step", expected, step));
        }
        let inputs = Inputs::new(given(self.train.clone(), generated, self.heldout.clone()), self.settings)?;
        let gap = match subject {
            Some(subject) => {
                let look = Look::new(subject, &inputs, self.critical.as_ref())?;
                self.critical = Some(look.critical());
                look.gap(&inputs)?
            }
            None => None,
        };
        let space = &inputs.space;
        let pool = match self.pool.take() {
            Some(pool) => pool,
            None => Pool::new(space, &self.settings, &mut unwatched).expect("nobody stops it"),
        };
        self.pool = Some(pool.clone());
        let found =
            Searched::beside(pool, space, None, &self.settings, &mut unwatched).expect("nobody stops it");
        let rows: Vec<usize> = (0..space.generated().len()).collect();
        let outcome = Outcome::new(&found, &rows, &self.settings);
        let exceeds = exceeds(&outcome);
        self.checkpoints.push(Checkpoint {
            step,
            rows: rows.len(),
            copies: outcome.count(Verdict::Copy) + outcome.count(Verdict::NearCopy),
            rates: outcome.rates,
            gap,
            exceeds,
        });
        Ok(&self.checkpoints[self.checkpoints.len() - 1])
    }

    /// What was found so far, in the order of steps.
    pub fn checkpoints(&self) -> &[Checkpoint] {
        &self.checkpoints
    }

    /// The step from which the model memorises; `None` if it does not at the last checkpoint.
    pub fn tau_mem(&self) -> Option<Tau> {
        let place = self.checkpoints.iter().rposition(|checkpoint| !checkpoint.exceeds);
        let first = place.map_or(0, |place| place + 1);
        let step = self.checkpoints.get(first)?.step;
        Some(Tau { step, after: place.map(|place| self.checkpoints[place].step) })
    }

    /// The report, without its command.
    pub fn report(&self) -> Report {
        report::of(self)
    }
}

fn given(train: Rows, generated: Rows, heldout: Option<Rows>) -> Given {
    let rows = Sets { train, generated, heldout };
    Given { rows, images: None, names: Sets::default(), notes: Vec::new(), sources: Vec::new() }
}

/// Whether f_mem by clusters is above what it would be if the training rows were not special.
fn exceeds(outcome: &Outcome) -> bool {
    const ALPHA: f64 = 0.05;
    let rate = outcome.rates.iter().find(|measured| RATES[measured.rate].key == "f_mem_clusters");
    rate.is_some_and(|rate| match rate.p_value {
        Some(p) => p <= ALPHA,
        None => rate.interval.is_some_and(|[low, _]| low > outcome.honest_share),
    })
}
