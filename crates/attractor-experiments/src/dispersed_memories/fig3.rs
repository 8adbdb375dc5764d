//! Figure 3: errors and capacities of the exact diffusion model, the modern and the classical network and
//! trained networks, against the number of units. One profile goes far beyond the figure.

mod learned;
mod report;

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Instant;

use attractor::memories::Spec;
use attractor::options::{CountRange, Fallback, Form, Kind, Name, Parameter, find, names_of};
use attractor_capacity::{
    Cells, Config as Capacities, Contender, Entrant, Found, Rule, SHARD, Task, dims, outside, shard, theory,
};
use attractor_report::team::stray;
use attractor_report::{
    Cellular, Declaration, Error, Experiment, Given, Input, Progress, Report, Result, Team,
};
use serde_json::Value;

pub use learned::{Descent, Learning};

/// The numbers of patterns of the lines in Figure 3a.
const LINES: [usize; 7] = [2, 5, 10, 20, 40, 80, 160];

/// How much is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// The figure with fewer dimensions and pattern sets and without trained networks; takes less than a
    /// minute.
    #[default]
    Quick,
    /// The whole figure.
    Paper,
    /// Up to 56 units, other noise levels, masks and dense memories, by bisection.
    Beyond,
}

impl Profile {
    /// All profiles, with their names.
    pub const ALL: [(&'static str, Profile); 3] =
        [("quick", Profile::Quick), ("paper", Profile::Paper), ("beyond", Profile::Beyond)];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, profile)| *profile == self).map_or("", |(name, _)| name)
    }
}

impl FromStr for Profile {
    type Err = attractor::Error;

    fn from_str(name: &str) -> attractor::Result<Self> {
        find("profile", &Self::ALL, name)
    }
}

/// Settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// How much is measured.
    pub profile: Profile,
    /// Pattern sets for each cell; `None` takes the number of the profile.
    pub sets: Option<usize>,
    /// Units D at which networks are trained; `None` takes those of the profile.
    pub learned: Option<Vec<usize>>,
    /// Seed.
    pub seed: u64,
    /// The file of results, in which a stopped run also continues. Without one, results stay in memory.
    pub store: Option<PathBuf>,
    /// The share of the work of this process, as (number, of how many); (1, 1) is all of it.
    pub shard: (usize, usize),
}

impl Default for Config {
    fn default() -> Self {
        Config { profile: Profile::Quick, sets: None, learned: None, seed: 0, store: None, shard: (1, 1) }
    }
}

/// The declaration of the experiment.
pub const EXPERIMENT: Declaration = Declaration {
    name: "fig3",
    title: "Ambrogioni (2023), Figure 3: errors and capacity against the number of units, and far beyond",
    examples: &["--out fig3", "--profile paper --out fig3-paper", "--shard 1/2 --out half"],
    settings: &[
        Parameter {
            name: "profile",
            kind: Kind::Choice(|| names_of(&Profile::ALL)),
            default: Fallback::Is("quick"),
            help: "How much is measured: quick leaves out trained networks, which paper has; beyond goes up to D = 56. \
                   Both of these take long",
        },
        Parameter {
            name: "sets",
            kind: Kind::Count(CountRange::between(2, 1_000_000)),
            default: Fallback::Rule("100 for quick, 140 for paper, 24 for beyond"),
            help: "How many sets of random patterns to average over",
        },
        Parameter {
            name: "learned",
            kind: Kind::Form(Form {
                forms: || vec![Name::new("D,…"), Name::new("none")],
                check: |text| learned_at(text).map(|_| ()),
            }),
            default: Fallback::Rule("10,12,14,16 for paper, none for the others"),
            help: "Numbers of units D at which networks are trained",
        },
        SHARD,
    ],
    inputs: &[Input::Store],
    build: |given| {
        let Given { settings, seed, store, .. } = given;
        Ok(Box::new(Config {
            profile: settings.named("profile")?.unwrap_or_default(),
            sets: settings.count("sets"),
            learned: settings.text("learned").map(learned_at).transpose()?,
            seed,
            store,
            shard: settings.text("shard").map_or(Ok((1, 1)), shard)?,
        }))
    },
};

/// Reads numbers of units, or `none`.
fn learned_at(text: &str) -> attractor::Result<Vec<usize>> {
    match text {
        "none" => Ok(Vec::new()),
        text => dims(text).map_err(|_| {
            let expected = "none, or numbers and ranges of units, as 10,12 or 10..16:2";
            attractor::Error::parameter("learned", expected, text)
        }),
    }
}

/// The signal θ of the paper's cues.
const SIGNAL: f64 = 0.68;

/// The largest mean share of wrong units that passes.
const THRESHOLD: f64 = 0.03;

/// All results.
pub(crate) struct Findings {
    capacities: Capacities,
    found: Vec<Found>,
    /// The exact model at the N of [`LINES`], for Figure 3a.
    lines: Vec<Found>,
    descents: Vec<Descent>,
}

/// The modern Hopfield network at the paper's temperature, with its number of updates.
fn modern() -> Contender {
    Contender::Model(Spec::new("modern").with("beta", "5"), Some(150))
}

fn plain(model: &str) -> Contender {
    Contender::Model(Spec::new(model), None)
}

impl Config {
    /// The configuration for the capacities of memories that need no training.
    pub fn capacities(&self) -> Capacities {
        let common = Capacities {
            threshold: THRESHOLD,
            seed: self.seed,
            store: self.store.clone(),
            shard: self.shard,
            ..Capacities::default()
        };
        let paper = [
            Contender::Ceiling,
            plain("diffusion"),
            modern(),
            plain("hopfield"),
            Contender::Model(Spec::new("hopfield").with("self-coupling", ""), None),
        ];
        let of_paper = |last: usize, sets: usize| Capacities {
            entrants: paper.iter().map(|c| Entrant::new(c.clone(), Task::Signal(SIGNAL))).collect(),
            dims: (8..=last).step_by(2).collect(),
            rule: Rule::Grid(1.5),
            sets: self.sets.unwrap_or(sets),
            cues: None,
            ..common.clone()
        };
        match self.profile {
            Profile::Quick => of_paper(20, 100),
            Profile::Paper => of_paper(24, 140),
            Profile::Beyond => Capacities {
                entrants: beyond(),
                dims: (8..=56).step_by(8).collect(),
                sets: self.sets.unwrap_or(24),
                few: Some(6),
                most: Some(MOST),
                ..common
            },
        }
    }

    fn learning(&self) -> Option<Learning> {
        let usual = Learning::default();
        let dims = match &self.learned {
            Some(dims) => dims.clone(),
            None if self.profile == Profile::Paper => usual.dims.clone(),
            None => Vec::new(),
        };
        (!dims.is_empty()).then_some(Learning { dims, ..usual })
    }

    /// What networks are trained for: the task, the threshold, and the seed.
    fn asked(&self) -> (Task, f64, u64) {
        (Task::Signal(SIGNAL), THRESHOLD, self.seed)
    }

    fn findings(&self, mut team: Option<&mut dyn Team>, progress: &mut Progress) -> Result<Findings> {
        let capacities = self.capacities();
        capacities.check()?;
        let mut cells = Cells::open(self.store.as_deref())?;
        if self.profile == Profile::Beyond {
            let found = capacities.measure_on(&mut cells, team, progress)?;
            return Ok(Findings { capacities, found, lines: Vec::new(), descents: Vec::new() });
        }
        let exact = Capacities {
            entrants: vec![Entrant::new(plain("diffusion"), Task::Signal(SIGNAL))],
            shard: (1, 1),
            ..capacities.clone()
        };
        let lines = Capacities { rule: Rule::List(LINES.to_vec()), shard: self.shard, ..exact.clone() };
        let lines = lines.measure_on(&mut cells, lent(&mut team), &mut |_, _| progress(0, 1000))?;
        let Some(learning) = self.learning() else {
            let found = capacities.measure_on(&mut cells, team, progress)?;
            return Ok(Findings { capacities, found, lines, descents: Vec::new() });
        };
        /// The share of the time for memories without training, in thousandths. Training takes the rest.
        const STORED: usize = 150;
        let found = capacities
            .measure_on(&mut cells, lent(&mut team), &mut |done, of| progress(STORED * done / of, 1000))?;
        // Networks start from the capacity of the exact model, which each shard must know.
        let exact: Vec<usize> = Capacities { dims: learning.dims.clone(), ..exact }
            .measure_on(&mut cells, lent(&mut team), &mut |_, _| progress(STORED, 1000))?
            .iter()
            .map(|found| found.capacity.patterns)
            .collect();
        let (shard, shards) = self.shard;
        let descents = learning.measure(
            self.asked(),
            &exact,
            |job| job % shards == shard - 1,
            &mut cells,
            team,
            &mut |done, of| progress(STORED + (1000 - STORED) * done / of, 1000),
        )?;
        Ok(Findings { capacities, found, lines, descents })
    }
}

/// A team for one of several stages.
fn lent<'a>(team: &'a mut Option<&mut dyn Team>) -> Option<&'a mut dyn Team> {
    match team {
        Some(team) => Some(&mut **team),
        None => None,
    }
}

/// The largest number of patterns of this profile.
const MOST: usize = 1 << 21;

/// Slow memories are measured up to this many bits: dense memories with F = exp, where a sweep costs N·D
/// exponentials for each cue, and diffusion with known units, where each cue needs its own patterns.
const SLOW: f64 = 13.5;

/// Memories, noise levels and masks beyond the paper, at those dimensions where theory expects at most
/// [`MOST`] patterns.
fn beyond() -> Vec<Entrant> {
    let dense = ["poly:2", "poly:3", "poly:4", "poly:5", "exp"];
    let dense = dense.map(|f| Contender::Model(Spec::new("dense").with("interaction", f), None));
    let contenders: Vec<Contender> =
        [Contender::Ceiling, plain("diffusion"), modern()].into_iter().chain(dense).collect();
    let tasks = [Task::Signal(0.5), Task::Signal(SIGNAL), Task::Signal(0.8), Task::Mask(0.5)];
    let mut entrants = Vec::new();
    for task in tasks {
        let within = |bits: f64| -> Vec<usize> {
            let expected =
                |dim: &usize| theory::finite_length(task, *dim, THRESHOLD).unwrap_or(f64::INFINITY);
            (8..=56).step_by(8).filter(|dim| expected(dim) <= bits).collect()
        };
        for contender in &contenders {
            let slow = match contender.to_string().as_str() {
                "dense interaction=exp" => true,
                "diffusion" => matches!(task, Task::Mask(_)),
                _ => false,
            };
            let dims = within(if slow { SLOW } else { (MOST as f64).log2() - 0.5 });
            entrants.push(Entrant { dims: Some(dims), ..Entrant::new(contender.clone(), task) });
        }
    }
    entrants
}

impl Experiment for Config {
    fn parts(&self) -> &'static str {
        "thousandths"
    }

    fn check(&self) -> Result<()> {
        if self.sets == Some(1) {
            return Err(Error::setting("sets", "at least 2, for an interval", 1));
        }
        let Some(learned) = &self.learned else {
            return self.capacities().check();
        };
        let capacities = self.capacities();
        let rises = learned.windows(2).all(|pair| pair[0] < pair[1]);
        if !rises
            || !learned.is_empty() && self.profile == Profile::Beyond
            || learned.iter().any(|dim| !capacities.dims.contains(dim))
        {
            let expected =
                format!("none, or rising ones of {:?} where the profile is quick or paper", capacities.dims);
            return Err(Error::setting("learned", expected, format!("{learned:?}")));
        }
        capacities.check()
    }

    fn run(&self, progress: &mut Progress) -> Result<Report> {
        self.check()?;
        let start = Instant::now();
        let findings = self.findings(None, progress)?;
        Ok(self.report(&findings, start.elapsed().as_secs_f64()))
    }

    fn cells(&self) -> Option<&dyn Cellular> {
        Some(self)
    }
}

impl Cellular for Config {
    fn cell(&self, cell: &Value) -> Result<Value> {
        if let Some(scores) = outside::computed(&self.capacities(), cell)? {
            return Ok(scores);
        }
        self.learning().ok_or_else(|| stray(cell))?.cell(self.asked(), cell)
    }

    fn run_with(&self, team: &mut dyn Team, progress: &mut Progress) -> Result<Report> {
        let start = Instant::now();
        self.check()?;
        let findings = self.findings(Some(team), progress)?;
        Ok(self.report(&findings, start.elapsed().as_secs_f64()))
    }
}
