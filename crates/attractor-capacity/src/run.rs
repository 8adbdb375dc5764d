//! The work: which part comes next, who does it, and how much is left.

use std::collections::BTreeMap;
use std::time::Duration;

use attractor::threads;
use attractor_report::team::stray;
use attractor_report::{Progress, Result, Team};
use serde_json::Value;

use super::cells::{Cells, Claim, Part, Score};
use super::estimate::{Capacity, Goal, Scores, Tried};
use super::outside;
use super::search::Rule;
use super::{Config, Contender, Entrant, Found, Task, theory};

/// The size of a part in patterns × cues × units: about a second of work.
const WORTH: f64 = 1e9;

/// The search for the capacity of one entrant at D units.
#[derive(Debug)]
pub(super) struct Search {
    entrant: usize,
    series: i64,
    dim: usize,
    /// Number of pattern sets.
    sets: usize,
    goal: Goal,
    scores: Scores,
    /// The mean error of each number of patterns whose sets are all done.
    errors: BTreeMap<usize, Tried>,
    /// The expected total work in patterns × cues × units, according to theory.
    expected: f64,
}

impl Search {
    pub fn new(config: &Config, entrant: usize, series: i64, dim: usize, cells: &Cells) -> Result<Self> {
        let task = config.entrants[entrant].task;
        let (sets, most) = (config.sets_at(task, dim), config.most(task, dim));
        let expected = config.work(&config.entrants[entrant], dim);
        let goal = Goal::new(config.threshold, sets, most);
        let (scores, errors) = (Scores::new(), BTreeMap::new());
        let mut search = Search { entrant, series, dim, sets, goal, scores, errors, expected };
        search.read(cells)?;
        Ok(search)
    }

    pub fn expected(&self) -> f64 {
        self.expected
    }

    fn read(&mut self, cells: &Cells) -> Result<()> {
        self.scores.clear();
        for (patterns, score) in cells.scores(self.series, self.dim, self.sets)? {
            self.scores.entry(patterns).or_default().push(score);
        }
        self.scores.keys().copied().collect::<Vec<_>>().into_iter().for_each(|n| self.finish(n));
        Ok(())
    }

    fn finish(&mut self, patterns: usize) {
        if let Some(scores) = self.scores.get(&patterns).filter(|scores| scores.len() == self.sets) {
            self.errors.insert(patterns, Tried::of(scores));
        }
    }

    /// The mean errors that the rule has asked for so far, and the numbers of patterns that it asks for next.
    /// Results of runs with other settings in the same file do not change the search.
    fn path(&self, config: &Config) -> (BTreeMap<usize, Tried>, Vec<usize>) {
        let mut errors = BTreeMap::new();
        loop {
            let mut next = config.rule.next(&errors, self.goal);
            if next.is_empty() {
                return (errors, next);
            }
            next.retain(|n| match self.errors.get(n) {
                Some(tried) => {
                    errors.insert(*n, *tried);
                    false
                }
                None => true,
            });
            if !next.is_empty() {
                return (errors, next);
            }
        }
    }

    /// The size of a pattern set in patterns × cues × units.
    fn size(&self, config: &Config, patterns: usize) -> f64 {
        let cues = config.entrants[self.entrant].task.cues(config.cues, patterns);
        patterns as f64 * cues as f64 * self.dim as f64
    }

    /// Divides the sets of one number of patterns into parts that are large enough to be worth a claim, and
    /// small enough that little is lost with one.
    fn parts(&self, config: &Config, patterns: usize) -> Vec<Part> {
        let work = self.size(config, patterns);
        let together = ((WORTH / work) as usize).clamp(1, self.sets);
        // At least four sets in each part, so that several cores have work. The number does not depend on the
        // machine.
        let together = together.max(4.min(self.sets));
        let starts = (0..self.sets).step_by(together);
        let part = |from: usize| Part {
            series: self.series,
            dim: self.dim,
            patterns,
            sets: from..self.sets.min(from + together),
        };
        starts.map(part).collect()
    }

    /// The missing parts for these numbers of patterns, in rounds of parts that are computed together.
    fn rounds(&self, config: &Config, next: &[usize]) -> Vec<Vec<Part>> {
        let mut rounds: Vec<Vec<Part>> = Vec::new();
        // The cost of a user's function is unknown, so each of its parts is a round.
        let known = !matches!(config.entrants[self.entrant].contender, Contender::Own(..));
        let mut room = 0.0;
        for &patterns in next {
            for part in self.parts(config, patterns).into_iter().filter(|part| !self.has(part)) {
                let work = self.size(config, patterns) * part.sets.len() as f64;
                match rounds.last_mut().filter(|_| work <= room) {
                    Some(round) => round.push(part),
                    None => {
                        rounds.push(vec![part]);
                        room = if known { WORTH } else { 0.0 };
                    }
                }
                room -= work;
            }
        }
        rounds
    }

    fn has(&self, part: &Part) -> bool {
        let scores = self.scores.get(&part.patterns).map_or(&[][..], Vec::as_slice);
        let first = scores.partition_point(|score| score.set < part.sets.start);
        let last = scores.partition_point(|score| score.set < part.sets.end);
        last - first == part.sets.len()
    }

    fn add(&mut self, patterns: usize, new: Vec<Score>) {
        let scores = self.scores.entry(patterns).or_default();
        scores.extend(new);
        scores.sort_by_key(|score| score.set);
        scores.dedup_by_key(|score| score.set);
        self.finish(patterns);
    }

    /// The time that recalls took, and an estimate of what they will take, in seconds of one core. `usual` is the time for
    /// a unit of work where nothing is known of this search.
    fn time(&self, config: &Config, usual: f64) -> (f64, f64) {
        let done: f64 = self.scores.values().flatten().map(|score| score.seconds).sum();
        if self.path(config).1.is_empty() {
            return (done, 0.0);
        }
        let size = |n: usize, sets: usize| self.size(config, n) * sets as f64;
        let worked: f64 = self.scores.iter().map(|(n, scores)| size(*n, scores.len())).sum();
        (done, self.pace(config).unwrap_or(usual) * (self.expected - worked).max(0.1 * worked))
    }

    /// The time for a unit of work, at the largest number of patterns so far.
    fn pace(&self, config: &Config) -> Option<f64> {
        let (n, scores) = self.scores.last_key_value()?;
        let seconds: f64 = scores.iter().map(|score| score.seconds).sum();
        let work = self.size(config, *n) * scores.len() as f64;
        (work > 0.0 && seconds > 0.0).then_some(seconds / work)
    }

    pub fn found(&self, config: &Config) -> Found {
        let (errors, _) = self.path(config);
        let scores: Scores = errors.keys().map(|n| (*n, self.scores[n].clone())).collect();
        let capacity = Capacity::of(&scores, self.goal);
        Found { entrant: self.entrant, dim: self.dim, scores, capacity }
    }
}

impl Config {
    /// The number of pattern sets for a task at D units.
    fn sets_at(&self, task: Task, dim: usize) -> usize {
        /// From this number of patterns on, pattern sets are so large that fewer of them are used.
        const LARGE: f64 = 65_536.0;
        let large = theory::finite_length(task, dim, self.threshold).map_or(0.0, f64::exp2) >= LARGE;
        self.few.filter(|_| large).unwrap_or(self.sets).min(self.sets)
    }

    /// The total work of a search in patterns × cues × units, according to theory.
    pub(super) fn work(&self, entrant: &Entrant, dim: usize) -> f64 {
        let most = self.most(entrant.task, dim) as f64;
        let capacity = entrant.contender.expected(entrant.task, dim, self.threshold).min(most);
        let cues = |patterns: f64| entrant.task.cues(self.cues, patterns as usize) as f64;
        let tried = match &self.rule {
            // Doubling up to twice the capacity, then about eight numbers near it.
            Rule::Bisection => 11.0 * capacity * cues(capacity),
            Rule::Grid(beyond) => (beyond * capacity).powi(2) / 2.0 * cues(2.0 * beyond * capacity / 3.0),
            Rule::List(counts) => counts.iter().map(|n| *n as f64 * cues(*n as f64)).sum(),
        };
        tried * (self.sets_at(entrant.task, dim) * dim) as f64
    }
}

/// Cells that a team has, each with the number of its search and its parts.
#[derive(Default)]
struct Out(Vec<(Value, usize, Vec<Part>)>);

impl Out {
    fn has(&self, part: &Part) -> bool {
        self.0.iter().any(|(_, _, parts)| parts.contains(part))
    }

    /// Waits for a cell. Returns the number of its search, its parts and their scores.
    fn next(&mut self, team: &mut dyn Team) -> Result<(usize, Vec<Part>, Vec<Vec<Score>>)> {
        let (cell, found) = team.next()?;
        let place = self.0.iter().position(|(other, ..)| *other == cell).ok_or_else(|| stray(&cell))?;
        let (_, search, parts) = self.0.swap_remove(place);
        let scores = outside::scores(&parts, &found)?;
        Ok((search, parts, scores))
    }
}

/// Works until all searches are finished, by this process, by a team that it has, or by other processes.
pub(super) fn work(
    config: &Config,
    searches: &mut [Search],
    cells: &mut Cells,
    mut team: Option<&mut dyn Team>,
    progress: &mut Progress,
) -> Result<()> {
    /// Time between two looks at the results of other processes.
    const PATIENCE: Duration = Duration::from_millis(50);
    let mut out = Out::default();
    tell(config, searches, progress)?;
    loop {
        let (mut open, mut moved) = (false, false);
        for number in 0..searches.len() {
            loop {
                let (_, next) = searches[number].path(config);
                if next.is_empty() {
                    break;
                }
                open = true;
                let mut did = false;
                for round in searches[number].rounds(config, &next) {
                    let mut ours = Vec::new();
                    for part in round {
                        if searches[number].has(&part) || out.has(&part) {
                            continue;
                        }
                        match cells.claim(&part)? {
                            Claim::Ours => ours.push(part),
                            Claim::Done => {
                                searches[number].read(cells)?;
                                did = true;
                            }
                            Claim::Theirs => {}
                        }
                    }
                    if ours.is_empty() {
                        continue;
                    }
                    if let Some(team) = &mut team {
                        let cell =
                            outside::cell(&config.key(&config.entrants[searches[number].entrant]), &ours);
                        team.hand_out(&cell)?;
                        out.0.push((cell, number, ours));
                        continue;
                    }
                    let scores = measure(config, &searches[number], &ours)?;
                    cells.record(ours.iter().zip(scores.iter().map(Vec::as_slice)))?;
                    ours.iter().zip(scores).for_each(|(p, new)| searches[number].add(p.patterns, new));
                    did = true;
                    tell(config, searches, progress)?;
                }
                moved |= did;
                if !did {
                    break;
                }
            }
        }
        if !open {
            return progress(1000, 1000);
        }
        if moved {
            continue;
        }
        tell(config, searches, progress)?;
        match &mut team {
            Some(team) if !out.0.is_empty() => {
                let (number, parts, scores) = out.next(*team)?;
                cells.record(parts.iter().zip(scores.iter().map(Vec::as_slice)))?;
                parts.iter().zip(scores).for_each(|(p, new)| searches[number].add(p.patterns, new));
            }
            _ => std::thread::sleep(PATIENCE),
        }
    }
}

/// Reports the share of the time that is over, in thousandths.
fn tell(config: &Config, searches: &[Search], progress: &mut Progress) -> Result<()> {
    /// Seconds for a unit of work, before anything is measured.
    const USUAL: f64 = 1e-10;
    let mean = |paces: Vec<f64>| {
        let count = paces.len() as f64;
        (count > 0.0).then(|| paces.iter().sum::<f64>() / count)
    };
    let all = mean(searches.iter().filter_map(|search| search.pace(config)).collect()).unwrap_or(USUAL);
    let (mut done, mut left) = (0.0, 0.0);
    for search in searches {
        let same = searches.iter().filter(|other| other.entrant == search.entrant);
        let usual = mean(same.filter_map(|other| other.pace(config)).collect()).unwrap_or(all);
        let (over, more) = search.time(config, usual);
        (done, left) = (done + over, left + more);
    }
    let share = if done + left > 0.0 { done / (done + left) } else { 0.0 };
    progress((999.0 * share) as usize, 1000)
}

/// The scores of each part.
fn measure(config: &Config, search: &Search, parts: &[Part]) -> Result<Vec<Vec<Score>>> {
    let entrant = &config.entrants[search.entrant];
    let one = |part: &Part, set: usize| {
        entrant.contender.measure(entrant.task, (part.dim, part.patterns), set, config.cues, config.seed)
    };
    let all = |part: &Part| -> Result<Vec<Score>> {
        let sets = part.sets.clone();
        threads::parallel(sets.len(), |number| one(part, sets.start + number)).into_iter().collect()
    };
    threads::parallel(parts.len(), |number| all(&parts[number])).into_iter().collect()
}
