//! Memorisation: from exact copying to generalisation (Bonnaire et al. 2025; Buchanan et al. 2025).
//!
//! Networks learn N rows, and what they generate is audited along the way. The theory of the time scales is computed for random features,
//! whose training by gradient flow is exact here; and the size at which it pays a model to remember, for mixtures of Gaussians.

pub mod crossover;
mod data;
pub mod features;
mod kept;
mod networks;
mod report;
pub mod times;

use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, Instant};

use attractor::options::{Fallback, Kind, Parameter, find, names_of};
use attractor::threads;
use attractor_report::team::stray;
use attractor_report::{Cellular, Declaration, Experiment, Given, Input, Progress, Report, Result, Team};
use serde_json::{Value, json};

use crossover::{Crossover, Laboratory};
use data::Set;
use features::{Descended, Flow, Losses, RandomFeatures, Sizes, Times, descend};
use kept::{Claim, Kept};
use networks::{Learned, Learner, Plan};

/// How much is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Few rows and steps.
    #[default]
    Quick,
    /// Up to 5,000 rows.
    Full,
}

impl Profile {
    /// All profiles, with their names.
    pub const ALL: [(&'static str, Profile); 2] = [("quick", Profile::Quick), ("full", Profile::Full)];

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

/// The random features that are computed.
#[derive(Clone, Debug, PartialEq)]
struct Theory {
    /// Dimension d.
    dim: usize,
    /// Features p, over d.
    psi_p: usize,
    /// Rows n, over d, rising.
    psi_n: Vec<usize>,
    /// Time t of the process.
    time: f64,
    /// Independent draws of features and rows.
    draws: u64,
    /// The ψ_n at which the network is also trained by descent, with so many noises for each row.
    descent: (usize, usize),
}

/// Settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// How much is measured.
    profile: Profile,
    /// Random features.
    theory: Theory,
    /// The networks of each data set.
    plans: Vec<Plan>,
    /// The crossover.
    laboratory: Laboratory,
    /// Seed.
    seed: u64,
    /// A file beside which networks that are done are kept.
    store: Option<PathBuf>,
}

/// The declaration of the experiment.
pub const EXPERIMENT: Declaration = Declaration {
    name: "memorisation",
    title: "From exact copying to generalisation: rates of memorisation against rows and training steps, with their theory",
    examples: &["--out memorisation", "--profile full --out memorisation-full"],
    settings: &[Parameter {
        name: "profile",
        kind: Kind::Choice(|| names_of(&Profile::ALL)),
        default: Fallback::Is("quick"),
        help: "How much is measured: quick takes 20 s of CPU; full goes up to 5,000 rows and 65,536 steps, and takes 435 s of CPU",
    }],
    inputs: &[Input::Store],
    build: |given| {
        let Given { settings, seed, store, .. } = given;
        let profile = settings.named("profile")?.unwrap_or_default();
        Ok(Box::new(Config { seed, store, ..Config::of(profile) }))
    },
};

/// Powers of 2 from one number to another.
fn doubling(from: u64, to: u64) -> Vec<u64> {
    std::iter::successors(Some(from), |n| Some(2 * n)).take_while(|n| *n <= to).collect()
}

impl Config {
    /// The settings of a profile.
    pub fn of(profile: Profile) -> Self {
        let plan = |set: Set, counts: &[usize], last: u64, width: usize, generated: usize| Plan {
            set,
            counts: counts.to_vec(),
            steps: doubling(64, last),
            width,
            batch: 128,
            generated,
            rate: 1e-3,
        };
        let (theory, plans, laboratory) = match profile {
            Profile::Quick => (
                Theory { dim: 16, psi_p: 16, psi_n: vec![1, 2, 3, 4], time: 0.01, draws: 2, descent: (2, 8) },
                vec![
                    plan(Set::Circle, &[2, 8, 32, 128], 2048, 64, 300),
                    plan(Set::Mixture, &[2, 8, 32, 64], 8192, 64, 300),
                    plan(Set::Digits, &[2, 8, 32], 512, 128, 300),
                ],
                Laboratory {
                    dim: 20,
                    components: 4,
                    rows: 40,
                    models: vec![4, 12, 20, 24, 28, 32, 36, 40],
                    draws: 4,
                    steps: 1500,
                    batch: 64,
                    generated: 100,
                },
            ),
            Profile::Full => (
                Theory {
                    dim: 20,
                    psi_p: 32,
                    psi_n: vec![1, 2, 3, 4, 6, 8],
                    time: 0.01,
                    draws: 3,
                    descent: (4, 16),
                },
                vec![
                    plan(Set::Circle, &[2, 4, 8, 16, 32, 128, 512, 5000], 16_384, 64, 600),
                    plan(Set::Mixture, &[2, 4, 8, 16, 32, 128, 512, 5000], 65_536, 96, 600),
                    plan(Set::Digits, &[2, 4, 8, 16, 32, 128, 898], 8192, 192, 600),
                ],
                Laboratory {
                    dim: 30,
                    components: 4,
                    rows: 100,
                    models: vec![4, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 95, 100],
                    draws: 8,
                    steps: 4000,
                    batch: 96,
                    generated: 200,
                },
            ),
        };
        Config { profile, theory, plans, laboratory, seed: 0, store: None }
    }
}

/// What random features showed at one ψ_n.
struct AtRatio {
    psi_n: usize,
    /// The times of each draw.
    times: Vec<Times>,
    /// The eigenvalues of U in the first draw.
    values: Vec<f64>,
    /// Losses of the first draw against time.
    curve: Vec<(f64, Losses)>,
}

/// All results.
struct Findings {
    ratios: Vec<AtRatio>,
    descended: Vec<Descended>,
    crossover: Crossover,
    /// The networks of each plan, by N.
    networks: Vec<Vec<Learned>>,
}

impl Experiment for Config {
    fn parts(&self) -> &'static str {
        "thousandths"
    }

    fn check(&self) -> Result<()> {
        Ok(())
    }

    fn run(&self, progress: &mut Progress) -> Result<Report> {
        let start = Instant::now();
        let findings = self.findings(None, progress)?;
        Ok(self.report(&findings, start.elapsed().as_secs_f64()))
    }

    fn cells(&self) -> Option<&dyn Cellular> {
        Some(self)
    }
}

/// A cell is a network: `[number of its plan, rows]`.
impl Cellular for Config {
    fn cell(&self, cell: &Value) -> Result<Value> {
        let number = |k: usize| cell[k].as_u64().and_then(|n| usize::try_from(n).ok());
        let plan = number(0).filter(|plan| *plan < self.plans.len());
        let (Some(plan), Some(count)) = (plan, number(1).filter(|n| *n > 0)) else { return Err(stray(cell)) };
        let mut found = self.together(&[(plan, count)], &mut |_| Ok(()))?;
        Ok(kept::value(&found.remove(0).1))
    }

    fn run_with(&self, team: &mut dyn Team, progress: &mut Progress) -> Result<Report> {
        let start = Instant::now();
        let findings = self.findings(Some(team), progress)?;
        Ok(self.report(&findings, start.elapsed().as_secs_f64()))
    }
}

/// Time between two looks at the networks of other processes.
const PATIENCE: Duration = Duration::from_millis(500);

/// Thousandths of the time for random features and for the crossover; networks take the rest.
const FEATURES: usize = 60;
const CROSSOVER: usize = 150;

impl Config {
    fn findings(&self, team: Option<&mut dyn Team>, progress: &mut Progress) -> Result<Findings> {
        progress(0, 1000)?;
        let mut ratios = Vec::new();
        for (k, &psi_n) in self.theory.psi_n.iter().enumerate() {
            ratios.push(self.at_ratio(psi_n)?);
            progress(FEATURES * (k + 1) / (self.theory.psi_n.len() + 1), 1000)?;
        }
        let descended = self.descended(&ratios);
        let parts = self.laboratory.parts();
        let mut done = 0;
        let crossover = self.laboratory.run(self.seed, &mut || {
            done += 1;
            progress(FEATURES + CROSSOVER * done / parts, 1000)
        })?;
        let from = FEATURES + CROSSOVER;
        let networks =
            self.networks(team, &mut |share| progress(from + ((1000 - from) as f64 * share) as usize, 1000))?;
        Ok(Findings { ratios, descended, crossover, networks })
    }

    fn sizes(&self, psi_n: usize) -> Sizes {
        let Theory { dim, psi_p, time, .. } = self.theory;
        Sizes { dim, features: psi_p * dim, rows: psi_n * dim, time }
    }

    fn model(&self, psi_n: usize, draw: u64) -> RandomFeatures {
        RandomFeatures::new(self.sizes(psi_n), self.seed.wrapping_mul(1_000_003).wrapping_add(draw))
    }

    fn at_ratio(&self, psi_n: usize) -> Result<AtRatio> {
        /// Points of a curve.
        const POINTS: usize = 90;
        let one = |draw: usize| -> Result<(Times, Option<Flow>)> {
            let model = self.model(psi_n, draw as u64);
            let flow = Flow::new(&model.correlations(), model.sizes)?;
            Ok((flow.times(), (draw == 0).then_some(flow)))
        };
        let found: Result<Vec<_>> = threads::parallel(self.theory.draws as usize, one).into_iter().collect();
        let mut found = found?;
        let flow = found[0].1.take().expect("the flow of the first draw");
        let at = |k: usize| 10.0_f64.powf(7.0 * k as f64 / (POINTS - 1) as f64);
        Ok(AtRatio {
            psi_n,
            times: found.into_iter().map(|(times, _)| times).collect(),
            curve: (0..POINTS).map(|k| (at(k), flow.losses(at(k)))).collect(),
            values: flow.values,
        })
    }

    /// The network of one ψ_n, trained by descent.
    fn descended(&self, ratios: &[AtRatio]) -> Vec<Descended> {
        let (psi_n, repeats) = self.theory.descent;
        let fastest = ratios.iter().find(|r| r.psi_n == psi_n).map_or(1.0, |r| r.times[0].generalising);
        let looks: Vec<f64> = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0].map(|k| k * fastest).to_vec();
        descend(&self.model(psi_n, 0), &looks, repeats, self.seed)
    }

    /// The networks of all plans, trained here or by a team. `tell` is told the share of the work that is done.
    fn networks(
        &self,
        mut team: Option<&mut dyn Team>,
        tell: &mut dyn FnMut(f64) -> Result<()>,
    ) -> Result<Vec<Vec<Learned>>> {
        let kept = Kept::beside(self.store.as_deref())?;
        // The dearest first, so that none of them is left to run alone at the end.
        let mut open: Vec<(usize, usize)> = (0..self.plans.len())
            .flat_map(|plan| self.plans[plan].counts.iter().map(move |count| (plan, *count)))
            .collect();
        let cost = |plan: usize| networks::cost(&self.plans[plan]);
        open.sort_by(|a, b| cost(b.0).total_cmp(&cost(a.0)).then(b.1.cmp(&a.1)));
        let all: f64 = open.iter().map(|(plan, _)| cost(*plan)).sum();
        let (mut done, mut share) = (Vec::new(), 0.0);
        // What the team trains, with the locks that others see.
        let mut out = Vec::new();
        let most = if team.is_some() { usize::MAX } else { threads::count() };
        while !open.is_empty() || !out.is_empty() {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            for (plan, count) in std::mem::take(&mut open) {
                if ours.len() == most {
                    theirs.push((plan, count));
                    continue;
                }
                match kept.claim(&self.plans[plan], count, self.seed)? {
                    Claim::Done(found) => {
                        share += cost(plan) / all;
                        done.push((plan, *found));
                    }
                    Claim::Ours(hold) => ours.push((plan, count, hold)),
                    Claim::Theirs => theirs.push((plan, count)),
                }
            }
            open = theirs;
            tell(share)?;
            if let Some(team) = &mut team {
                for (plan, count, hold) in ours {
                    let cell = json!([plan, count]);
                    team.hand_out(&cell)?;
                    out.push((cell, plan, hold));
                }
                if out.is_empty() && !open.is_empty() {
                    std::thread::sleep(PATIENCE);
                } else if !out.is_empty() {
                    let (cell, value) = team.next()?;
                    let place =
                        out.iter().position(|(other, ..)| *other == cell).ok_or_else(|| stray(&cell))?;
                    let found = kept::learned(&value).ok_or_else(|| stray(&value))?;
                    let (_, plan, _hold) = out.swap_remove(place);
                    kept.keep(&self.plans[plan], self.seed, &found)?;
                    share += cost(plan) / all;
                    done.push((plan, found));
                }
                continue;
            }
            if ours.is_empty() && !open.is_empty() {
                std::thread::sleep(PATIENCE);
            }
            let jobs: Vec<(usize, usize)> = ours.iter().map(|(plan, count, _)| (*plan, *count)).collect();
            let together: f64 = jobs.iter().map(|(plan, _)| cost(*plan) / all).sum();
            for (plan, found) in self.together(&jobs, &mut |part| tell(share + part * together))? {
                kept.keep(&self.plans[plan], self.seed, &found)?;
                done.push((plan, found));
            }
            share += together;
        }
        tell(share)?;
        let of = |plan: usize| {
            let mut own: Vec<Learned> =
                done.iter().filter(|(other, _)| *other == plan).map(|(_, found)| found.clone()).collect();
            own.sort_by_key(|found| found.count);
            own
        };
        Ok((0..self.plans.len()).map(of).collect())
    }

    /// Trains some networks at the same time. `tell` is told the share that is done.
    fn together(
        &self,
        jobs: &[(usize, usize)],
        tell: &mut dyn FnMut(f64) -> Result<()>,
    ) -> Result<Vec<(usize, Learned)>> {
        let begin = |&(plan, count): &(usize, usize)| Learner::new(&self.plans[plan], count, self.seed);
        let mut learners: Vec<Learner> = jobs.iter().map(begin).collect::<Result<_>>()?;
        let looks = jobs.iter().map(|(plan, _)| self.plans[*plan].steps.len()).max().unwrap_or(0);
        for look in 0..looks {
            let steps = |k: usize| self.plans[jobs[k].0].steps.get(look).copied();
            let places: Vec<std::sync::Mutex<&mut Learner>> =
                learners.iter_mut().map(std::sync::Mutex::new).collect();
            let one = |k: usize| match steps(k) {
                Some(step) => places[k].lock().expect("each has its own").look(step),
                None => Ok(()),
            };
            threads::parallel(places.len(), one).into_iter().collect::<Result<Vec<()>>>()?;
            // Each look takes as many steps as all before it.
            tell(0.5_f64.powi((looks - 1 - look) as i32))?;
        }
        Ok(jobs.iter().zip(&learners).map(|((plan, _), learner)| (*plan, learner.found().clone())).collect())
    }
}

#[cfg(test)]
mod tests;
