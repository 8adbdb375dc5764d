//! Networks that learn the patterns, and how many patterns they hold (Ambrogioni 2023, App. A).

use std::time::{Duration, Instant};

use attractor::diffusion::Sampling;
use attractor::memories::learned;
use attractor::networks::{Architecture, Kind};
use attractor::{Memory, Patterns, Request};
use attractor_capacity::cells::{Cells, Claim, Part, Score};
use attractor_capacity::{Task, outside, set_seed};
use attractor_data::{corrupt, random_spins};
use attractor_networks::{Settings, Trainer};
use attractor_report::team::stray;
use attractor_report::{Progress, Result, Team};
use ndarray::Axis;
use serde_json::{Value, json};

/// How networks are trained and tested.
#[derive(Clone, Debug, PartialEq)]
pub struct Learning {
    /// Units D, in rising order.
    pub dims: Vec<usize>,
    /// Networks at each D. Each has its own pattern set.
    pub repetitions: usize,
    /// The first network has this many patterns more than the capacity of the exact model.
    pub above: usize,
    /// The approximate number of states in a batch; rounded down to a multiple of N.
    pub rows: usize,
    /// The most training steps.
    pub steps: u64,
    /// Training steps between tests.
    pub every: u64,
    /// Batches of fresh cues in a test.
    pub batches: usize,
}

impl Default for Learning {
    fn default() -> Self {
        Learning {
            dims: vec![10, 12, 14, 16],
            repetitions: 8,
            above: 4,
            rows: 128,
            steps: 1000,
            every: 250,
            batches: 30,
        }
    }
}

/// Pairs (batches, factor). If the error after so many batches is so many times the threshold, it will not
/// come down to it. At a capacity of ten to twenty patterns that is three standard deviations of one batch,
/// and of six.
const HOPELESS: [(usize, f64); 2] = [(1, 2.0), (6, 1.4)];

/// The networks of one pattern set at D units, from more patterns to fewer.
#[derive(Clone, Debug, PartialEq)]
pub struct Descent {
    /// Units D.
    pub dim: usize,
    /// Number of the pattern set.
    pub set: usize,
    /// The numbers of patterns that were tried, in falling order, with the error of each.
    pub tried: Vec<(usize, f64)>,
    /// The first number that passed; 0 if none did.
    pub capacity: usize,
    /// The time of all trainings and tests.
    pub seconds: f64,
}

impl Learning {
    fn key(&self, task: Task, threshold: f64, seed: u64) -> String {
        /// Raise this when scores change.
        const VERSION: u32 = 1;
        json!({
            "version": VERSION, "memory": "network", "task": task.to_string(), "threshold": threshold, "rows": self.rows, "steps": self.steps,
            "every": self.every, "batches": self.batches, "seed": seed,
        })
        .to_string()
    }

    /// The networks that are `ours`, each before its first training. The flag says whether it is finished.
    fn descents(&self, exact: &[usize], ours: impl Fn(usize) -> bool) -> Vec<(Descent, bool)> {
        let jobs = self
            .dims
            .iter()
            .zip(exact)
            .flat_map(|(dim, exact)| (0..self.repetitions).map(move |set| (*dim, *exact, set)));
        let descent = |(dim, exact, set): (usize, usize, usize)| Descent {
            dim,
            set,
            tried: Vec::new(),
            capacity: exact + self.above,
            seconds: 0.0,
        };
        jobs.enumerate().filter(|(job, _)| ours(*job)).map(|(_, job)| (descent(job), false)).collect()
    }

    /// Trains networks until each set has a number of patterns that passes, here or by a team. `exact` is the capacity of the
    /// exact model at each D. Only the jobs for which `ours` is true are done.
    pub(super) fn measure(
        &self,
        (task, threshold, seed): (Task, f64, u64),
        exact: &[usize],
        ours: impl Fn(usize) -> bool,
        cells: &mut Cells,
        mut team: Option<&mut dyn Team>,
        progress: &mut Progress,
    ) -> Result<Vec<Descent>> {
        let key = self.key(task, threshold, seed);
        let series = cells.series(&key)?;
        // Networks that the team trains.
        let mut out: Vec<(Value, Part)> = Vec::new();
        let mut descents = self.descents(exact, ours);
        // About one network in five passes. Training takes longer for larger ones.
        let weight = |dim: usize| (dim * dim) as f64;
        let all: f64 = descents.iter().map(|(d, _)| weight(d.dim)).sum();
        let mut reported = 0;
        loop {
            let (mut open, mut moved) = (false, false);
            for number in 0..descents.len() {
                while !descents[number].1 {
                    let (descent, finished) = &mut descents[number];
                    let (dim, patterns, set) = (descent.dim, descent.capacity, descent.set);
                    if patterns == 0 {
                        *finished = true;
                        break;
                    }
                    open = true;
                    let part = Part { series, dim, patterns, sets: set..set + 1 };
                    if out.iter().any(|(_, other)| *other == part) {
                        break;
                    }
                    let train = || match &mut team {
                        Some(team) => {
                            let cell = json!({ "series": key, "dim": dim, "patterns": patterns, "set": set });
                            team.hand_out(&cell)?;
                            out.push((cell, part.clone()));
                            Ok(None)
                        }
                        None => {
                            let mut alive = || progress(reported, 1000);
                            self.train(task, threshold, (dim, patterns), set, seed, &mut alive).map(Some)
                        }
                    };
                    let Some(score) = once(cells, &part, train)? else { break };
                    moved = true;
                    let error = score.error();
                    let (descent, finished) = &mut descents[number];
                    descent.tried.push((patterns, error));
                    descent.seconds += score.seconds;
                    if error <= threshold {
                        *finished = true;
                    } else {
                        descent.capacity -= 1;
                    }
                    let done: f64 =
                        descents.iter().filter(|(_, done)| *done).map(|(d, _)| weight(d.dim)).sum();
                    reported = (999.0 * done / all.max(1.0)) as usize;
                    progress(reported, 1000)?;
                }
            }
            if !open {
                let mut descents: Vec<Descent> = descents.into_iter().map(|(descent, _)| descent).collect();
                descents.sort_by_key(|d| (d.dim, d.set));
                return Ok(descents);
            }
            if moved {
                continue;
            }
            progress(reported, 1000)?;
            match &mut team {
                Some(team) if !out.is_empty() => {
                    let (cell, found) = team.next()?;
                    let place =
                        out.iter().position(|(other, _)| *other == cell).ok_or_else(|| stray(&cell))?;
                    let part = out.swap_remove(place).1;
                    let score = outside::score(part.sets.start, &found).ok_or_else(|| stray(&found))?;
                    cells.record([(&part, &[score][..])])?;
                }
                _ => std::thread::sleep(Duration::from_millis(200)),
            }
        }
    }

    /// Trains and tests the network that a cell names.
    pub(super) fn cell(&self, (task, threshold, seed): (Task, f64, u64), cell: &Value) -> Result<Value> {
        let number = |name: &str| cell[name].as_u64().and_then(|n| usize::try_from(n).ok());
        let numbers = ["dim", "patterns", "set"].map(number);
        let ([Some(dim), Some(patterns), Some(set)], true) =
            (numbers, cell["series"] == *self.key(task, threshold, seed))
        else {
            return Err(stray(cell));
        };
        let score = self.train(task, threshold, (dim, patterns), set, seed, &mut || Ok(()))?;
        Ok(outside::written(&score))
    }

    /// Trains a network until it passes, or to the last step. The score is that of its last complete test.
    fn train(
        &self,
        task: Task,
        threshold: f64,
        (dim, count): (usize, usize),
        set: usize,
        seed: u64,
        alive: &mut dyn FnMut() -> Result<()>,
    ) -> Result<Score> {
        let start = Instant::now();
        let seed = set_seed(seed, dim, set);
        let patterns = Patterns::new(random_spins::<f32>(count, dim, seed))?;
        let architecture =
            Architecture { kind: Kind::Paper, dim, width: Kind::Paper.default_width(dim), depth: 3 };
        let settings =
            Settings { steps: self.steps, repeats: (self.rows / count).max(1), seed, ..Settings::default() };
        let mut trainer = Trainer::new(&patterns, architecture, settings)?;
        loop {
            while trainer.done() < self.steps {
                trainer.step()?;
                if trainer.done() % self.every == 0 {
                    break;
                }
            }
            // The user can stop the run here.
            alive()?;
            let memory = learned::<f32>(trainer.network(), patterns.clone(), Sampling::default())?;
            let score = self.test(memory.as_ref(), &patterns, (task, threshold), set, seed)?;
            if score.error() <= threshold || trainer.done() == self.steps {
                return Ok(Score { seconds: start.elapsed().as_secs_f64(), ..score });
            }
        }
    }

    /// Wrong units in batches of fresh cues, made from the patterns in turn. The test ends early when the
    /// error is clearly too large.
    fn test(
        &self,
        memory: &dyn Memory<f32>,
        patterns: &Patterns<f32>,
        (task, threshold): (Task, f64),
        set: usize,
        seed: u64,
    ) -> Result<Score> {
        let rows = (self.rows / patterns.len()).max(1) * patterns.len();
        let order: Vec<usize> = (0..rows).map(|row| row % patterns.len()).collect();
        let truth = patterns.values().select(Axis(0), &order);
        let mut score = Score { set, halves: 0, units: 0, seconds: 0.0 };
        for batch in 0..self.batches {
            let first = (batch * rows) as u64;
            let corruption = task.corruption().expect("the figure is of damaged cues");
            let made = corrupt(truth.clone(), &corruption, seed, first, false)?;
            let request = Request {
                level: task.level(),
                seed,
                first_row: first,
                report: false,
                ..Request::new(made.cues.view())
            };
            let states = memory.recall(&request)?.states;
            let batch_score = Score::of(set, &states, &truth);
            score.halves += batch_score.halves;
            score.units += batch_score.units;
            let hopeless = |&(batches, factor): &(usize, f64)| {
                batch + 1 == batches && score.error() > factor * threshold
            };
            if HOPELESS.iter().any(hopeless) {
                break;
            }
        }
        Ok(score)
    }
}

/// The score of one network: read from the file of results, or trained now and recorded. `None` while another process
/// trains it, or the team.
fn once(
    cells: &mut Cells,
    part: &Part,
    train: impl FnOnce() -> Result<Option<Score>>,
) -> Result<Option<Score>> {
    let set = part.sets.start;
    loop {
        let scores = cells.scores(part.series, part.dim, part.sets.end)?;
        if let Some((_, score)) =
            scores.into_iter().find(|(n, score)| *n == part.patterns && score.set == set)
        {
            return Ok(Some(score));
        }
        match cells.claim(part)? {
            Claim::Theirs => return Ok(None),
            Claim::Done => {}
            Claim::Ours => {
                let score = train()?;
                if let Some(score) = score {
                    cells.record([(part, &[score][..])])?;
                }
                return Ok(score);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use attractor_report::team::Alone;

    /// The number of patterns falls by one until a network passes. A recorded network is not trained again,
    /// and shards train each network once.
    #[test]
    fn patterns_are_taken_away_until_a_network_passes() {
        let learning = Learning {
            dims: vec![4, 6],
            repetitions: 2,
            above: 2,
            rows: 32,
            steps: 60,
            every: 30,
            batches: 3,
        };
        let asked = (Task::Signal(0.68), 0.08, 5);
        let mut cells = Cells::open(None).expect("in memory");
        let mut run = |ours: &dyn Fn(usize) -> bool| {
            learning.measure(asked, &[1, 2], ours, &mut cells, None, &mut |_, _| Ok(())).expect("networks")
        };
        let shards = [run(&|job| job % 2 == 1), run(&|job| job % 2 == 0)].concat();
        let all = run(&|_| true);
        assert_eq!(all.iter().map(|d| (d.dim, d.set)).collect::<Vec<_>>(), [(4, 0), (4, 1), (6, 0), (6, 1)]);
        for descent in &all {
            // The recorded times are equal, so nothing was trained again.
            assert!(shards.contains(descent), "{descent:?}");
            let first = if descent.dim == 4 { 3 } else { 4 };
            let (last, failed) = descent.tried.split_last().expect("at least one");
            assert!(descent.tried.iter().zip(0..).all(|((n, _), k)| *n == first - k), "{descent:?}");
            assert!(failed.iter().all(|(_, error)| *error > 0.08), "{descent:?}");
            match descent.capacity {
                0 => assert!(last.1 > 0.08 && last.0 == 1),
                capacity => assert!(last.1 <= 0.08 && last.0 == capacity),
            }
        }
        // A team trains the same networks.
        let untimed =
            |all: &[Descent]| all.iter().map(|d| Descent { seconds: 0.0, ..d.clone() }).collect::<Vec<_>>();
        let cell = |cell: &Value| learning.cell(asked, cell);
        let mut cells = Cells::open(None).expect("in memory");
        let by_team = learning
            .measure(asked, &[1, 2], |_| true, &mut cells, Some(&mut Alone::new(&cell)), &mut |_, _| Ok(()))
            .expect("networks");
        assert_eq!(untimed(&by_team), untimed(&all));
        assert!(learning.cell(asked, &json!({ "series": "x" })).is_err());
    }
}
