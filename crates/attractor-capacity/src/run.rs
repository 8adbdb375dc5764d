//! The work: which part comes next, who does it, and how much is left.

use std::collections::BTreeMap;
use std::time::Duration;

use attractor::threads;
use attractor_report::{Progress, Result};

use super::cells::{Cells, Claim, Part, Score};
use super::search::{Capacity, Rule, Scores, mean_error};
use super::{Config, Contender, Found, theory};

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
    /// The largest number of patterns.
    most: usize,
    scores: Scores,
    /// The mean error of each number of patterns whose sets are all done.
    errors: BTreeMap<usize, f64>,
    /// The expected total work in patterns × cues, according to theory.
    expected: f64,
}

impl Search {
    pub fn new(config: &Config, entrant: usize, series: i64, dim: usize, cells: &Cells) -> Result<Self> {
        let task = config.entrants[entrant].task;
        let bits = theory::finite_length(task, dim, config.threshold).unwrap_or(dim as f64).max(1.0);
        /// The largest number of values in a pattern set: 4 GiB.
        const ROOM: usize = 1 << 30;
        let most = config.most.min(ROOM / dim);
        let capacity = bits.exp2().min(most as f64);
        let cues = |patterns: f64| config.cues.map_or(patterns, |cues| cues as f64);
        let tried = match &config.rule {
            // Doubling up to twice the capacity, then about five numbers in between.
            Rule::Bisection => 8.0 * capacity * cues(capacity),
            Rule::Grid(beyond) => (beyond * capacity).powi(2) / 2.0 * cues(2.0 * beyond * capacity / 3.0),
            Rule::List(counts) => counts.iter().map(|n| *n as f64 * cues(*n as f64)).sum(),
        };
        /// From this many bits on, pattern sets are so large that fewer of them are used.
        const LARGE: f64 = 16.0;
        let few = config.few.filter(|_| bits >= LARGE).unwrap_or(config.sets);
        let sets = few.min(config.sets);
        let expected = tried * sets as f64;
        let (scores, errors) = (Scores::new(), BTreeMap::new());
        let mut search = Search { entrant, series, dim, sets, most, scores, errors, expected };
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
            self.errors.insert(patterns, mean_error(scores));
        }
    }

    /// The mean errors that the rule has asked for so far, and the numbers of patterns that it asks for next.
    /// Results of runs with other settings in the same file do not change the search.
    fn path(&self, config: &Config) -> (BTreeMap<usize, f64>, Vec<usize>) {
        let mut errors = BTreeMap::new();
        loop {
            let mut next = config.rule.next(&errors, config.threshold, self.most);
            if next.is_empty() {
                return (errors, next);
            }
            next.retain(|n| match self.errors.get(n) {
                Some(error) => {
                    errors.insert(*n, *error);
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
        patterns as f64 * config.cues.unwrap_or(patterns) as f64 * self.dim as f64
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

    /// The work that is done, and the work that is left.
    fn work(&self, config: &Config) -> (f64, f64) {
        let cues = |n: usize| config.cues.unwrap_or(n) as f64;
        let done: f64 =
            self.scores.iter().map(|(n, scores)| *n as f64 * cues(*n) * scores.len() as f64).sum();
        let left = if self.path(config).1.is_empty() { 0.0 } else { (self.expected - done).max(0.1 * done) };
        (done, left)
    }

    pub fn found(&self, config: &Config) -> Found {
        let (errors, _) = self.path(config);
        let scores: Scores = errors.keys().map(|n| (*n, self.scores[n].clone())).collect();
        let capacity = Capacity::of(&scores, config.threshold, self.most, config.seed);
        Found { entrant: self.entrant, dim: self.dim, scores, capacity }
    }
}

/// Works until all searches are finished, by this process or by others.
pub(super) fn work(
    config: &Config,
    searches: &mut [Search],
    cells: &mut Cells,
    progress: &mut Progress,
) -> Result<()> {
    /// Time between two looks at the results of other processes.
    const PATIENCE: Duration = Duration::from_millis(50);
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
                        if searches[number].has(&part) {
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
                    if !ours.is_empty() {
                        let scores = measure(config, &searches[number], &ours)?;
                        cells.record(ours.iter().zip(scores.iter().map(Vec::as_slice)))?;
                        ours.iter().zip(scores).for_each(|(p, new)| searches[number].add(p.patterns, new));
                        did = true;
                        tell(config, searches, progress)?;
                    }
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
        if !moved {
            tell(config, searches, progress)?;
            std::thread::sleep(PATIENCE);
        }
    }
}

fn tell(config: &Config, searches: &[Search], progress: &mut Progress) -> Result<()> {
    let works = searches.iter().map(|search| search.work(config));
    let (done, left) = works.fold((0.0, 0.0), |sum, work| (sum.0 + work.0, sum.1 + work.1));
    progress((999.0 * done / (done + left).max(1.0)) as usize, 1000)
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
