//! The report of a run: what was asked for, in words and as a command, and whether it may take the place of an earlier one.

use std::path::Path;

use attractor_report::{Block, Error, Report, Result};
use serde_json::{Map, Value, json};

use super::report::{capacities, figure, illustration, laws, recalls, rows};
use super::{Config, Contender, Entrant, Found, Rule, Task};

/// Words with commas between them.
fn listed(words: impl IntoIterator<Item = impl ToString>) -> String {
    words.into_iter().map(|word| word.to_string()).collect::<Vec<_>>().join(", ")
}

/// Each item once, in order.
fn distinct<T: PartialEq>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut kept = Vec::new();
    for item in items {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}

impl Config {
    /// The settings of the run, for a report.
    pub fn settings(&self) -> Value {
        let models = listed(distinct(self.entrants.iter().map(|e| e.contender.spelled())));
        let tasks = listed(distinct(self.entrants.iter().map(|e| e.task.to_string())));
        let mut settings = json!({
            "models": models, "tasks": tasks, "dims": listed(&self.dims), "threshold": self.threshold, "sets": self.sets,
        });
        let own = self.entrants.iter().filter(|e| e.dims.as_ref().is_some_and(|dims| *dims != self.dims));
        let own = own.map(|e| {
            format!("{} with {} at {}", e.contender.spelled(), e.task, listed(e.dims.iter().flatten()))
        });
        let own: Vec<String> = own.collect();
        if !own.is_empty() {
            settings["dims of some"] = own.join("; ").into();
        }
        if let Some(few) = self.few {
            settings["sets from 65536 patterns on"] = few.into();
        }
        settings["cues"] = self.cues.map_or_else(|| "each pattern once".into(), Value::from);
        settings["search"] = match &self.rule {
            Rule::Bisection => "bisection".into(),
            Rule::Grid(beyond) => format!("every N up to {beyond} times the capacity").into(),
            Rule::List(counts) => format!("N = {}", listed(counts)).into(),
        };
        let most = distinct(self.entrants.iter().map(|e| self.most(e.task, 1)));
        settings["max_patterns"] = most.iter().max().copied().into();
        settings["seed"] = self.seed.into();
        settings["shard"] = format!("{}/{}", self.shard.0, self.shard.1).into();
        settings
    }

    /// The command that repeats this run. Functions of the user have only their names in it.
    fn command(&self) -> String {
        let models = distinct(self.entrants.iter().map(|e| e.contender.spelled())).join(",");
        let mut tasks = String::new();
        for (name, value) in [
            (
                "signal",
                (|task| if let Task::Signal(signal) = task { Some(signal) } else { None }) as fn(Task) -> _,
            ),
            ("mask", |task| if let Task::Mask(p) = task { Some(p) } else { None }),
            ("flip", |task| if let Task::Flip(p) = task { Some(p) } else { None }),
        ] {
            let own: Vec<f64> = distinct(self.entrants.iter().filter_map(|e| value(e.task)));
            if !own.is_empty() {
                tasks += &format!(" --{name} {}", listed(own).replace(' ', ""));
            }
        }
        let passage = |task| if let Task::Sequence(passage) = task { Some(passage.name()) } else { None };
        let own = distinct(self.entrants.iter().filter_map(|e| passage(e.task)));
        if !own.is_empty() {
            tasks += &format!(" --sequence {}", own.join(","));
        }
        let updates = self.entrants.iter().find_map(|e| match e.contender {
            Contender::Model(_, updates) => updates,
            _ => None,
        });
        let updates = updates.map_or(String::new(), |updates| format!(" --updates {updates}"));
        let cues = self.cues.map_or("each".into(), |cues| cues.to_string());
        let grid = if matches!(self.rule, Rule::Grid(_)) { " --grid" } else { "" };
        let most = self.most.map_or(String::new(), |most| format!(" --max-patterns {most}"));
        format!(
            "attractor capacity --model {models}{updates}{grid}{tasks} --dims {} --threshold {} --sets {} --cues {cues}{most} \
             --seed {} --out DIR",
            listed(&self.dims).replace(' ', ""),
            self.threshold,
            self.sets,
            self.seed
        )
    }

    /// A sentence for runs that take minutes: how long, and which memory takes most of it. It is a guess from theory, made
    /// for two cores, and knows nothing of results that are there already.
    pub fn warning(&self) -> Option<String> {
        /// Shorter runs need no warning, in seconds.
        const SHORT: f64 = 60.0;
        let each = |entrant: &Entrant| {
            let dims = entrant.dims.as_ref().unwrap_or(&self.dims).clone();
            let pace = entrant.contender.pace();
            let contender = entrant.contender.clone();
            let of = move |dim: usize| (self.work(entrant, dim) * pace, contender.spelled(), dim);
            dims.into_iter().map(of).collect::<Vec<_>>()
        };
        let all: Vec<(f64, String, usize)> = self.entrants.iter().flat_map(each).collect();
        let seconds: f64 = all.iter().map(|(seconds, ..)| seconds).sum();
        let (_, memory, dim) = all.into_iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
        let time = match seconds {
            ..SHORT => return None,
            s if s < 5400.0 => format!("{:.0} minutes", s / 60.0),
            s => format!("{:.0} hours", s / 3600.0),
        };
        Some(format!(
            "this takes about {time} on two cores, most of it for {memory} at D = {dim}; fewer units, sets or models take less"
        ))
    }

    /// Whether the report of this run may take the place of an earlier one, the `results.json` of the same folder: it has
    /// all that the other has, measured in the same way and over as many pattern sets at least.
    ///
    /// # Errors
    /// A report that this one would lose something of.
    pub fn replaces(&self, folder: &Path, earlier: &Value) -> Result<()> {
        let refuse = |holds: String, cure: &str| {
            let expected = "another folder, or a run that has all that the folder holds";
            let found = format!("{}, which holds {holds}; {cure}", folder.display());
            Err(Error::setting("out", expected, found))
        };
        if earlier["experiment"] != "capacity" {
            return refuse("the report of another experiment".into(), "choose another folder");
        }
        let (theirs, ours) = (&earlier["settings"], self.settings());
        for name in ["threshold", "cues", "search", "seed"] {
            if !theirs[name].is_null() && theirs[name] != ours[name] {
                return refuse(format!("results of {name} {}", theirs[name]), "choose another folder");
            }
        }
        let sets = theirs["sets"].as_u64().unwrap_or(0);
        if sets > self.sets as u64 {
            return refuse(format!("results of {sets} sets"), "choose another folder, or as many sets");
        }
        if theirs["shard"] == "1/1" && self.shard != (1, 1) {
            return refuse("the results of all parts".into(), "choose another folder for a part");
        }
        let has = |row: &Value| {
            self.entrants.iter().any(|e| {
                let dims = e.dims.as_ref().unwrap_or(&self.dims);
                row["memory"] == e.contender.to_string()
                    && row["task"] == e.task.to_string()
                    && dims.iter().any(|dim| row["dim"] == *dim)
            })
        };
        let rows = earlier["capacities"].as_array().into_iter().flatten();
        match rows.into_iter().find(|row| !has(row)) {
            None => Ok(()),
            Some(row) => refuse(
                format!(
                    "results of {} at D = {}, {}",
                    row["memory"].as_str().unwrap_or_default(),
                    row["dim"],
                    row["task"].as_str().unwrap_or_default()
                ),
                "ask for all models, cues and D together (what is measured already is read from the folder)",
            ),
        }
    }

    /// What is measured of sequences.
    fn of_sequences(&self) -> &'static str {
        match self.entrants.iter().any(|e| matches!(e.task, Task::Sequence(_))) {
            true => {
                " Cues of sequences are the patterns themselves, and the next pattern should follow each, and the first the last.                  The error of sequence:step is the share of patterns that are followed by a state with any unit wrong; that                  of sequence:whole is the share of pattern sets with any such step. In place of units, steps and sequences are counted."
            }
            false => "",
        }
    }

    /// What limits the numbers that were found, if it is not the memories.
    fn limits(&self) -> String {
        let mut said = String::new();
        let easy = distinct(self.entrants.iter().map(|e| e.task).filter(|t| !t.is_limited(self.threshold)));
        for task in easy {
            said += &format!(
                " With {task}, guessing each unit by itself leaves {:.2} % of units wrong, which is within the threshold. \
                 So nothing limits how many patterns the best decoder holds, and memories are tried up to {} patterns only.",
                100.0 * task.uncoded_error(),
                self.most(task, 1)
            );
        }
        if self.entrants.iter().any(|e| e.dims.as_ref().unwrap_or(&self.dims).contains(&1)) {
            said += " Laws with ln D hold from D = 2 on; none is given at D = 1.";
        }
        said
    }

    pub(super) fn report(&self, all: &[Found], seconds: f64) -> Report {
        let results = capacities(self, all);
        let cues = match self.cues {
            Some(cues) => format!("{cues} cues for each set"),
            None => "one cue of every pattern in a set".into(),
        };
        let recalled: u64 = all.iter().map(|found| recalls(&found.scores, found.dim)).sum();
        let mut more = Map::new();
        more.insert("recalls".into(), recalled.into());
        let caption = "Capacity against D, logarithmic; bands: 95 % intervals. Thin lines show theory in the colour of the \
                       memory that it describes.";
        let mut blocks =
            vec![illustration("capacity", figure(self, all, |_| true), results.clone(), caption.into())];
        blocks.push(Block::Results);
        let theory = laws(self);
        if !theory.rows.is_empty() {
            blocks.extend([Block::Heading("Theory".into()), Block::Table(theory)]);
        }
        blocks.extend([Block::Heading("Errors".into()), Block::Table(rows(self, all))]);
        Report {
            experiment: "capacity",
            title: "Capacity".into(),
            introduction: format!(
                "The capacity is the largest number N of random ±1 patterns of D units whose cues are recalled with at most \
                 {} % of units wrong on average: {} pattern sets, {cues}. All memories get the same patterns and noise. \
                 `ceiling` is the Bayes decoder of each unit; no memory has a smaller error on average. The crossing is \
                 where the mean error passes the threshold. Its 95 % interval holds the N at which Student's t test over \
                 pattern sets does not tell the mean error from the threshold.{}{}",
                100.0 * self.threshold,
                self.sets,
                self.of_sequences(),
                self.limits()
            ),
            command: self.command(),
            settings: self.settings(),
            seed: self.seed,
            seconds,
            more,
            blocks,
            results,
        }
    }
}
