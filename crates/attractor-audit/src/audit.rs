//! An audit, and how it is run.

use std::ops::ControlFlow;
use std::time::Instant;

use attractor::message::Message;
use attractor_report::{Cellular, Experiment, Progress, Report, Result, Team};
use serde_json::Value;

use crate::audited::Audited;
use crate::calibrate;
use crate::fidelity;
use crate::inputs::{Given, Inputs};
use crate::inside::{Look, Subject};
use crate::neighbours::{self, Neighbours};
use crate::outcome::Outcome;
use crate::report;
use crate::search::Watch;
use crate::searched::Searched;
use crate::settings::Settings;

/// An audit.
pub struct Audit<'a> {
    inputs: Inputs,
    calibrates: bool,
    look: Option<Look<'a>>,
}

impl<'a> Audit<'a> {
    /// An audit of these rows.
    ///
    /// # Errors
    /// A setting outside its range; rows that cannot be compared (see [`Space::new`](crate::Space::new)); images of another number
    /// than rows.
    pub fn new(given: Given, settings: Settings) -> Result<Self> {
        Ok(Audit { inputs: Inputs::new(given, settings)?, calibrates: false, look: None })
    }

    /// The same audit with a look inside the model.
    ///
    /// # Errors
    /// Rows of another width than the model's; training rows that are equal; what is plainly no denoiser (see [`inside`](crate::inside)).
    pub fn inside(self, subject: Subject<'a>) -> Result<Self> {
        let look = Look::new(subject, &self.inputs, None)?;
        Ok(Audit { look: Some(look), ..self })
    }

    /// The same audit with a calibration: what it finds of copies planted in these data.
    pub fn calibrated(self) -> Self {
        Audit { calibrates: true, ..self }
    }

    /// What the reader should know of the rows.
    pub fn notes(&self, audited: &Audited) -> Vec<Message> {
        audited.notes(&self.inputs)
    }

    /// Runs the audit.
    ///
    /// # Errors
    /// What `progress` returns.
    pub fn audited(&self, progress: &mut Progress) -> Result<Audited> {
        self.audited_by(None, progress)
    }

    /// Runs the audit. A team makes the lists of nearest rows.
    fn audited_by(&self, team: Option<&mut dyn Team>, progress: &mut Progress) -> Result<Audited> {
        let plants = if self.calibrates { Some(calibrate::plan(&self.inputs)?) } else { None };
        let of_plants = plants.as_ref().map_or(0, |plan| plan.pairs(&self.inputs.settings));
        let pairs = Searched::pairs(&self.inputs.space, self.inputs.images.as_ref(), &self.inputs.settings)
            + of_plants;
        // A state that the model reads is also compared with each training row.
        let reads = self.look.as_ref().map_or(0, Look::reads);
        let cost = READ * self.inputs.space.train().len() as u64 + READ;
        let all = pairs + reads * cost;
        let mut done = 0;
        let mut told = |more: u64| -> Result<()> {
            done += more;
            // Fidelity compares a few more.
            match self.look.is_some() {
                true => progress((1000 * done.min(all) / all.max(1)) as usize, 1000),
                false => progress((done.min(all) / MILLION) as usize, (all / MILLION).max(1) as usize),
            }
        };
        let lists = match team {
            Some(team) => {
                let mut compared = 0;
                let mut tell = |pairs: u64| {
                    let more = pairs - compared;
                    compared = pairs;
                    told(more)
                };
                Some(Neighbours::by(team, &self.inputs.space, &mut tell)?)
            }
            None => None,
        };
        let mut failed = None;
        let mut watch = |pairs: u64| match told(pairs) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        };
        let audited = self.searched(lists, plants.as_ref(), &mut watch);
        let mut audited = match (audited, failed) {
            (Some(audited), None) => audited,
            (_, Some(error)) => return Err(error),
            (None, None) => unreachable!("a search only stops when it is told to"),
        };
        if let Some(look) = &self.look {
            let inside = look.run(&self.inputs, &audited.found, &mut |reads| told(reads * cost))?;
            audited.inside = Some(inside);
        }
        Ok(audited)
    }

    fn searched(
        &self,
        lists: Option<Neighbours>,
        plants: Option<&calibrate::Plan>,
        watch: &mut Watch,
    ) -> Option<Audited> {
        let Inputs { space, images, settings, .. } = &self.inputs;
        let found = match lists {
            Some(lists) => Searched::with(lists, space, images.as_ref(), settings, watch)?,
            None => Searched::new(space, images.as_ref(), settings, watch)?,
        };
        let rows: Vec<usize> = (0..self.inputs.space.generated().len()).collect();
        let mut outcome = Outcome::new(&found, &rows, &self.inputs.settings);
        outcome.fidelity = fidelity::compare(&self.inputs.space, self.inputs.settings.seed, watch)?;
        let calibrated = match plants {
            Some(plan) => Some(plan.run(&self.inputs.settings, watch)?),
            None => None,
        };
        Some(Audited { found, outcome, calibrated, inside: None })
    }
}

const MILLION: u64 = 1_000_000;

/// About what a read of a model costs, in comparisons with all training rows.
const READ: u64 = 4;

impl Experiment for Audit<'_> {
    fn parts(&self) -> &'static str {
        if self.look.is_some() { "thousandths" } else { "million pairs of rows" }
    }

    fn check(&self) -> Result<()> {
        Ok(self.inputs.settings.check()?)
    }

    fn run(&self, progress: &mut Progress) -> Result<Report> {
        self.reported(None, progress)
    }

    fn cells(&self) -> Option<&dyn Cellular> {
        Some(self)
    }
}

/// The cells are the lists of nearest rows of some rows.
impl Cellular for Audit<'_> {
    fn cell(&self, cell: &Value) -> Result<Value> {
        neighbours::computed(&self.inputs.space, cell)
    }

    fn run_with(&self, team: &mut dyn Team, progress: &mut Progress) -> Result<Report> {
        self.reported(Some(team), progress)
    }
}

impl Audit<'_> {
    fn reported(&self, team: Option<&mut dyn Team>, progress: &mut Progress) -> Result<Report> {
        let start = Instant::now();
        let audited = self.audited_by(team, progress)?;
        let mut report = report::of(&self.inputs, &audited);
        report.seconds = start.elapsed().as_secs_f64();
        Ok(report)
    }
}
