//! Tables and figures of capacities, with theory on the same axes.

use attractor::memories::Options;
use attractor_figures::{Axis, Figure, Look, Mark, Panel, Point, Series};
use attractor_report::statistics::{bootstrap, median};
use attractor_report::{Block, Cell, Column, Illustration, Report, Table};
use serde_json::{Map, Value, json};

use super::{Config, Contender, Family, Found, Rule, Scores, Task, mean_error, theory};

/// The largest N that a figure shows. Laws without a limit would otherwise compress everything else.
const SHOWN: f64 = 1e8;

impl Contender {
    /// The capacities at D units that theory gives, with the name of each law.
    pub fn laws(&self, task: Task, dim: usize, threshold: f64) -> Vec<(&'static str, f64)> {
        let (family, options) = match self {
            Contender::Model(spec, _) => (self.family(), &spec.options),
            _ => (self.family(), &Options::default()),
        };
        match family {
            Family::Ceiling => {
                let mut laws = Vec::new();
                if let Task::Mask(p) = task {
                    /// The exact law is computed up to this number.
                    const MOST: usize = 1 << 24;
                    laws.push(("ceiling, exact", theory::erasure_capacity(dim, p, threshold, MOST) as f64));
                }
                let estimate =
                    theory::finite_length(task, dim, threshold).map(|bits| ("ceiling, estimate", bits));
                let asymptote = theory::asymptote(task, dim, threshold).map(|bits| ("D·C", bits));
                laws.extend(
                    [estimate, asymptote].into_iter().flatten().map(|(name, bits)| (name, bits.exp2())),
                );
                laws
            }
            // The laws are of the network without self-coupling, the default.
            Family::Hopfield if options.is_empty() => {
                vec![("0.138 D", theory::classical(dim)), ("D/(4 ln D)", theory::classical_exact(dim))]
            }
            Family::Dense => match options.text("interaction").unwrap_or("poly:3") {
                "exp" => vec![("exponent", theory::exponential(task.uncoded_error(), dim).exp())],
                other => match other.strip_prefix("poly:").and_then(|k| k.parse().ok()) {
                    Some(degree @ 2..=12) => vec![("degree law", theory::of_degree(degree, dim))],
                    _ => Vec::new(),
                },
            },
            Family::Hopfield | Family::Other => Vec::new(),
        }
    }
}

/// A number of patterns, for readers.
fn count(n: f64) -> String {
    match n {
        n if n < 100.0 => format!("{n:.1}"),
        n => format!("{n:.0}"),
    }
}

/// The capacity as a share of the ceiling's, for the same task and D.
fn share(config: &Config, all: &[Found], found: &Found) -> Option<f64> {
    let task = config.entrants[found.entrant].task;
    let is_ceiling = |other: &&Found| {
        let entrant = &config.entrants[other.entrant];
        matches!(entrant.contender, Contender::Ceiling) && entrant.task == task && other.dim == found.dim
    };
    let ceiling = all.iter().find(is_ceiling).filter(|ceiling| !ceiling.capacity.bounded)?;
    (ceiling.capacity.crossing > 0.0).then(|| found.capacity.crossing / ceiling.capacity.crossing)
}

/// The capacities: one row for each entrant and D.
pub fn capacities(config: &Config, all: &[Found]) -> Table {
    let mut table = Table::new(
        "capacities",
        vec![
            Column::plain("memory"),
            Column::plain("task"),
            Column::new("D", &["dim"]),
            Column::new("N", &["patterns"]),
            Column::new("crossing, 95 %", &["crossing", "low", "high"]),
            Column::new("log₂", &["bits"]),
            Column::new("of the ceiling", &["share"]),
            Column::new("at least", &["bounded"]),
            Column::new("seconds", &["seconds"]),
        ],
    );
    for found in all {
        let (entrant, capacity) = (&config.entrants[found.entrant], &found.capacity);
        let (low, high) = (capacity.interval.low, capacity.interval.high);
        let crossing = format!("{} [{}, {}]", count(capacity.crossing), count(low), count(high));
        let bits = capacity.crossing.log2();
        table.rows.push(vec![
            Cell::plain(entrant.contender.to_string()),
            Cell::plain(entrant.task.to_string()),
            Cell::plain(found.dim),
            Cell::plain(capacity.patterns),
            Cell::of(crossing, [capacity.crossing, low, high].map(Value::from)),
            if bits.is_finite() { Cell::rounded(bits, 2) } else { Cell::empty() },
            share(config, all, found).map_or_else(Cell::empty, |share| Cell::rounded(share, 3)),
            Cell::of(if capacity.bounded { "yes" } else { "" }, [capacity.bounded.into()]),
            Cell::rounded(found.seconds(), 1),
        ]);
    }
    table
}

/// What theory gives: one row for each law, task and D.
pub fn laws(config: &Config) -> Table {
    let keys = ["law", "memory", "task", "dim", "patterns"];
    let mut table = Table::new("theory", keys.map(Column::plain).to_vec());
    for entrant in &config.entrants {
        for dim in entrant.dims.as_ref().unwrap_or(&config.dims) {
            for (law, patterns) in entrant.contender.laws(entrant.task, *dim, config.threshold) {
                table.rows.push(vec![
                    Cell::plain(law),
                    Cell::plain(entrant.contender.to_string()),
                    Cell::plain(entrant.task.to_string()),
                    Cell::plain(*dim),
                    Cell::number(patterns),
                ]);
            }
        }
    }
    table
}

/// The errors behind the capacities: one row for each number of patterns that was tried.
pub fn rows(config: &Config, all: &[Found]) -> Table {
    let mut table = Table::new(
        "errors",
        vec![
            Column::plain("memory"),
            Column::plain("task"),
            Column::new("D", &["dim"]),
            Column::new("N", &["patterns"]),
            Column::new("mean error", &["error", "low", "high"]),
            Column::new("median", &["median"]),
            Column::plain("sets"),
            Column::plain("units"),
        ],
    );
    for found in all {
        let entrant = &config.entrants[found.entrant];
        for (patterns, scores) in &found.scores {
            let errors: Vec<f64> = scores.iter().map(|score| score.error()).collect();
            let mean = |sets: &[&f64]| sets.iter().copied().sum::<f64>() / sets.len() as f64;
            let interval = bootstrap(&errors, config.seed, mean);
            table.rows.push(vec![
                Cell::plain(entrant.contender.to_string()),
                Cell::plain(entrant.task.to_string()),
                Cell::plain(found.dim),
                Cell::plain(*patterns),
                Cell::interval(mean_error(scores), interval.low, interval.high, 4),
                Cell::rounded(median(&mut errors.clone()), 4),
                Cell::plain(scores.len()),
                Cell::plain(scores.iter().map(|score| score.units).sum::<u64>()),
            ]);
        }
    }
    table
}

/// Capacities against D on a logarithmic axis, with one panel for each task. Thin lines of the same colour
/// show what theory gives for each memory.
pub fn figure(config: &Config, all: &[Found], shown: impl Fn(&Contender) -> bool) -> Figure {
    let mut tasks: Vec<Task> = Vec::new();
    let mut contenders: Vec<String> = Vec::new();
    for entrant in config.entrants.iter().filter(|entrant| shown(&entrant.contender)) {
        if !tasks.contains(&entrant.task) {
            tasks.push(entrant.task);
        }
        let name = entrant.contender.to_string();
        if !matches!(entrant.contender, Contender::Ceiling) && !contenders.contains(&name) {
            contenders.push(name);
        }
    }
    /// The style of the ceiling: black.
    const CEILING: usize = 6;
    let style = |contender: &Contender| {
        let name = contender.to_string();
        contenders.iter().position(|other| *other == name).unwrap_or(CEILING)
    };
    let columns = if tasks.len() == 1 { 1 } else { 2 };
    let mut figure = Figure { shared: tasks.len() > 1, ..Figure::new(columns, 300.0) };
    for task in tasks {
        let mut marks = Vec::new();
        for (number, entrant) in config.entrants.iter().enumerate() {
            if entrant.task != task || !shown(&entrant.contender) {
                continue;
            }
            let style = style(&entrant.contender);
            let own: Vec<&Found> = all.iter().filter(|found| found.entrant == number).collect();
            let point = |found: &&Found| {
                let capacity = &found.capacity;
                let band = Some((capacity.interval.low.max(0.5), capacity.interval.high));
                Point { band, ..Point::new(found.dim as f64, capacity.crossing) }
            };
            let points = own.iter().map(point).collect();
            let name = entrant.contender.to_string();
            marks.push(Mark::Line(Series { name, style, look: Look::Marked, points }));
            let dims = entrant.dims.as_ref().unwrap_or(&config.dims);
            let mut laws: Vec<(&str, Vec<Point>)> = Vec::new();
            for dim in dims {
                for (law, patterns) in entrant.contender.laws(task, *dim, config.threshold) {
                    let point = Point::new(*dim as f64, patterns);
                    match laws.iter_mut().find(|(name, _)| *name == law) {
                        Some((_, points)) => points.push(point),
                        None => laws.push((law, vec![point])),
                    }
                }
            }
            for (law, points) in laws {
                let points = points.into_iter().filter(|p| (1.0..=SHOWN).contains(&p.y)).collect();
                // Lines of one colour are told apart by their position: D·C is the highest.
                let style = if law == "D·C" { 5 } else { style };
                let name = if law == "degree law" { String::new() } else { law.to_owned() };
                marks.push(Mark::Line(Series { name, style, look: Look::Thin, points }));
            }
        }
        // A capacity of 0 cannot be shown on a logarithmic axis, nor can a shard without work.
        let shows =
            |mark: &Mark| matches!(mark, Mark::Line(series) if series.points.iter().any(|p| p.y > 0.0));
        marks.retain(shows);
        if marks.is_empty() {
            continue;
        }
        figure.panels.push(Panel {
            title: title(task),
            x: Axis::linear("units D"),
            y: Axis::log("capacity N"),
            equal: false,
            marks,
        });
    }
    figure
}

/// The title of the panel of a task.
pub fn title(task: Task) -> String {
    match task {
        Task::Signal(signal) => format!("noise, θ = {signal}"),
        Task::Mask(p) => format!("masks, p = {p}"),
        Task::Flip(p) => format!("flips, p = {p}"),
    }
}

/// A figure of capacities as a part of a report.
pub fn illustration(name: &'static str, figure: Figure, numbers: Table, caption: String) -> Block {
    if figure.panels.is_empty() {
        return Block::Text(
            "There is nothing to draw: no memory held a pattern, or this shard had no work.".into(),
        );
    }
    let alt = match name {
        "fig3a" => "Median share of wrong units of the exact diffusion model against the number of units.",
        _ => {
            "Capacity of associative memories against the number of units, on a logarithmic axis, with theory."
        }
    };
    Block::Figure(Box::new(Illustration { name, alt: alt.into(), caption, figure, numbers }))
}

/// The number of recalls.
pub fn recalls(scores: &Scores, dim: usize) -> u64 {
    scores.values().flatten().map(|score| score.units / dim as u64).sum()
}

impl Config {
    /// The settings of the run, for a report.
    pub fn settings(&self) -> Value {
        let entrants: Vec<Value> = self
            .entrants
            .iter()
            .map(|e| json!({"memory": e.contender.to_string(), "task": e.task.to_string(), "dims": e.dims}))
            .collect();
        json!({
            "entrants": entrants, "dims": self.dims, "threshold": self.threshold, "sets": self.sets, "few": self.few,
            "cues": self.cues, "rule": match &self.rule {
                Rule::Bisection => json!("bisection"),
                Rule::Grid(beyond) => json!({"every N up to, times the capacity": beyond}),
                Rule::List(counts) => json!(counts),
            },
            "max_patterns": self.most, "seed": self.seed,
            "shard": format!("{}/{}", self.shard.0, self.shard.1),
        })
    }

    /// The command that repeats this run. Options are passed to all models that have them.
    fn command(&self) -> String {
        let mut models: Vec<String> = Vec::new();
        let mut options: Vec<String> = Vec::new();
        let mut tasks: Vec<(&str, Vec<String>)> = Vec::new();
        let add = |list: &mut Vec<String>, item: String| {
            if !list.contains(&item) {
                list.push(item);
            }
        };
        for entrant in &self.entrants {
            match &entrant.contender {
                Contender::Model(spec, updates) => {
                    add(&mut models, spec.model.clone());
                    let updates = updates.map(|updates| format!(" --updates {updates}"));
                    let own = spec
                        .options
                        .iter()
                        .map(|(name, value)| format!(" --{name} {value}").trim_end().to_owned());
                    own.chain(updates).for_each(|option| add(&mut options, option));
                }
                other => add(&mut models, other.to_string()),
            }
            let (name, value) = match entrant.task {
                Task::Signal(signal) => ("signal", signal),
                Task::Mask(p) => ("mask", p),
                Task::Flip(p) => ("flip", p),
            };
            match tasks.iter_mut().find(|(other, _)| *other == name) {
                Some((_, values)) => add(values, value.to_string()),
                None => tasks.push((name, vec![value.to_string()])),
            }
        }
        let tasks: Vec<String> =
            tasks.iter().map(|(name, values)| format!("--{name} {}", values.join(","))).collect();
        let dims: Vec<String> = self.dims.iter().map(usize::to_string).collect();
        let cues = self.cues.map_or("each".into(), |cues| cues.to_string());
        let grid = if matches!(self.rule, Rule::Grid(_)) { " --grid" } else { "" };
        format!(
            "attractor capacity --model {}{}{grid} {} --dims {} --threshold {} --sets {} --cues {cues} --max-patterns {} \
             --seed {} --out DIR",
            models.join(","),
            options.concat(),
            tasks.join(" "),
            dims.join(","),
            self.threshold,
            self.sets,
            self.most,
            self.seed
        )
    }

    pub(super) fn report(&self, all: &[Found], seconds: f64) -> Report {
        let results = capacities(self, all);
        let cues = match self.cues {
            Some(cues) => format!("{cues} cues for each set"),
            None => "one cue of every pattern in a set".into(),
        };
        let threshold = 100.0 * self.threshold;
        let recalled: u64 = all.iter().map(|found| recalls(&found.scores, found.dim)).sum();
        let mut more = Map::new();
        more.insert("recalls".into(), recalled.into());
        Report {
            experiment: "capacity",
            title: "Capacity".into(),
            introduction: format!(
                "The capacity is the largest number N of random ±1 patterns of D units whose cues \
                 are recalled with at most {threshold} % of units wrong on average: {} pattern sets, \
                 {cues}. All memories get the same patterns and noise. `ceiling` is the Bayes \
                 decoder of each unit; no memory has a smaller error on average. The crossing is \
                 where the mean error passes the threshold, with its 95 % bootstrap interval over \
                 pattern sets.",
                self.sets
            ),
            command: self.command(),
            settings: self.settings(),
            seed: self.seed,
            seconds,
            more,
            blocks: vec![
                illustration(
                    "capacity",
                    figure(self, all, |_| true),
                    results.clone(),
                    "Capacity against D, logarithmic; bands: 95 % bootstrap intervals. Thin lines \
                     show theory in the colour of the memory that it describes."
                        .into(),
                ),
                Block::Results,
                Block::Heading("Theory".into()),
                Block::Table(laws(self)),
                Block::Heading("Errors".into()),
                Block::Table(rows(self, all)),
            ],
            results,
        }
    }
}
