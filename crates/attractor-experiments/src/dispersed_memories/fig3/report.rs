//! The report of Figure 3.

use attractor_capacity::{
    Contender, Family, Found, Task, capacities, crossing, figure, illustration, laws, recalls, rows,
};
use attractor_figures::{Axis, Figure, Look, Mark, Panel, Point, Series};
use attractor_report::statistics::{Interval, bootstrap, median, of_runs};
use attractor_report::{Block, Cell, Column, Report, Table};
use serde_json::{Map, Value, json};

use super::{Config, Descent, Findings, Profile, SIGNAL, THRESHOLD};

/// Width of the smoothing kernel over D, in units.
const SMOOTHING: f64 = 1.5;

/// Capacities that were measured independently of this program with fine grids, since the text of the paper
/// does not give its values: D, the exact model (within 2 % also modern Hopfield and the Bayes decoder), and
/// the classical network without self-coupling.
const INDEPENDENT: [(usize, usize, usize); 7] =
    [(10, 5, 2), (12, 7, 2), (14, 12, 2), (16, 19, 3), (18, 31, 3), (20, 52, 3), (24, 140, 3)];

/// Values smoothed over D by a Gaussian kernel. Logarithms are smoothed, since capacities grow exponentially.
fn smoothed(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let smooth = |x: f64| {
        let weights =
            points.iter().map(|(at, value)| ((-0.5 * ((at - x) / SMOOTHING).powi(2)).exp(), value.ln()));
        let (mass, sum) = weights.fold((0.0, 0.0), |(mass, sum), (w, v)| (mass + w, sum + w * v));
        (sum / mass).exp()
    };
    points.iter().map(|(x, _)| (*x, smooth(*x))).collect()
}

impl Findings {
    fn of<'a>(&'a self, contender: &str) -> Vec<&'a Found> {
        let is = |found: &&Found| self.capacities.entrants[found.entrant].contender.to_string() == contender;
        self.found.iter().filter(is).collect()
    }

    /// Figure 3a, the median error of the exact model against D with one line for each of some N, and its
    /// numbers.
    fn medians(&self, seed: u64) -> (Figure, Table) {
        let mut table = Table::new(
            "fig3a",
            vec![
                Column::new("D", &["dim"]),
                Column::new("N", &["patterns"]),
                Column::new("median error", &["median", "low", "high"]),
                Column::new("mean", &["mean"]),
            ],
        );
        let mut lines: Vec<(usize, Vec<Point>)> = Vec::new();
        for found in &self.lines {
            for (patterns, scores) in &found.scores {
                let errors: Vec<f64> = scores.iter().map(|score| score.error()).collect();
                let middle = median(&mut errors.clone());
                let of = |sets: &[&f64]| median(&mut sets.iter().map(|e| **e).collect::<Vec<_>>());
                let Interval { low, high } = bootstrap(&errors, seed, of);
                table.rows.push(vec![
                    Cell::plain(found.dim),
                    Cell::plain(*patterns),
                    Cell::interval(middle, low, high, 4),
                    Cell::rounded(errors.iter().sum::<f64>() / errors.len() as f64, 4),
                ]);
                let point = Point { band: Some((low, high)), ..Point::new(found.dim as f64, middle) };
                match lines.iter_mut().find(|(n, _)| n == patterns) {
                    Some((_, points)) => points.push(point),
                    None => lines.push((*patterns, vec![point])),
                }
            }
        }
        let series = |(style, (n, points)): (usize, (usize, Vec<Point>))| {
            Mark::Line(Series { name: format!("N = {n}"), style, look: Look::Marked, points })
        };
        let mut marks: Vec<Mark> = lines.into_iter().enumerate().map(series).collect();
        let ends: Vec<f64> = self.lines.iter().map(|found| found.dim as f64).collect();
        let ends =
            [ends.iter().copied().fold(f64::INFINITY, f64::min), ends.iter().copied().fold(0.0, f64::max)];
        marks.push(Mark::Line(Series {
            name: format!("{} %", 100.0 * THRESHOLD),
            style: 6,
            look: Look::Thin,
            points: ends.map(|x| Point::new(x, THRESHOLD)).to_vec(),
        }));
        let panel = Panel {
            title: String::new(),
            x: Axis::linear("units D"),
            y: Axis::linear("median share of wrong units"),
            equal: false,
            marks,
        };
        (Figure { panels: vec![panel], ..Figure::new(1, 320.0) }, table)
    }

    /// The mean capacity of the networks at each D, with its t interval over sets.
    fn learned(&self) -> Vec<(usize, f64, Interval, Vec<&Descent>)> {
        let mut dims: Vec<usize> = self.descents.iter().map(|d| d.dim).collect();
        dims.dedup();
        dims.into_iter()
            .map(|dim| {
                let own: Vec<&Descent> = self.descents.iter().filter(|d| d.dim == dim).collect();
                let values: Vec<f64> = own.iter().map(|d| d.capacity as f64).collect();
                let mean = values.iter().sum::<f64>() / values.len() as f64;
                let interval = of_runs(&values).unwrap_or(Interval { low: mean, high: mean });
                (dim, mean, interval, own)
            })
            .collect()
    }

    /// Figure 3b: capacities smoothed over D, with theory, and with networks as dots.
    fn fig3b(&self) -> Figure {
        let mut figure = figure(&self.capacities, &self.found, |_| true);
        let Some(panel) = figure.panels.first_mut() else {
            return figure;
        };
        // The lines are smoothed and have the bands of the raw values. The raw values are in the table.
        for mark in &mut panel.marks {
            if let Mark::Line(series) = mark
                && series.look == Look::Marked
            {
                let raw: Vec<(f64, f64)> =
                    series.points.iter().filter(|p| p.y > 0.0).map(|p| (p.x, p.y)).collect();
                for (x, y) in smoothed(&raw) {
                    if let Some(point) = series.points.iter_mut().find(|p| p.x == x) {
                        point.y = y;
                    }
                }
            }
        }
        let points: Vec<Point> = self
            .learned()
            .into_iter()
            .map(|(dim, mean, Interval { low, high }, _)| Point {
                band: Some((low, high)),
                ..Point::new(dim as f64, mean)
            })
            .collect();
        if !points.is_empty() {
            panel.marks.push(Mark::Line(Series {
                name: "learned".into(),
                style: 4,
                look: Look::Markers,
                points,
            }));
        }
        panel.title = String::new();
        figure.panels[0].y = Axis::log("capacity N");
        figure
    }

    /// The trained networks, beside the exact model on all of its pattern sets.
    fn networks(&self) -> Table {
        let mut table = Table::new(
            "learned",
            vec![
                Column::new("D", &["dim"]),
                Column::new("networks that passed at N", &["sets"]),
                Column::new("mean", &["patterns", "low", "high"]),
                Column::new("exact", &["exact", "exact_low", "exact_high"]),
                Column::new("learned/exact", &["share"]),
                Column::new("networks trained", &["trained"]),
                Column::new("seconds", &["seconds"]),
            ],
        );
        let exact = self.of("diffusion");
        for (dim, mean, Interval { low, high }, own) in self.learned() {
            let each: Vec<usize> = own.iter().map(|d| d.capacity).collect();
            let of = exact.iter().find(|found| found.dim == dim);
            let most = of.map(|of| self.capacities.most(Task::Signal(SIGNAL), of.dim));
            let of = of.map(|found| found.capacity).zip(most);
            let text = each.iter().map(usize::to_string).collect::<Vec<_>>().join(" ");
            table.rows.push(vec![
                Cell::plain(dim),
                Cell::of(text.clone(), [Value::from(text)]),
                Cell::interval(mean, low, high, 2),
                of.map_or_else(Cell::empty, |(c, most)| crossing(&c, most)),
                of.filter(|(c, _)| c.crossing > 0.0)
                    .map_or_else(Cell::empty, |(c, _)| Cell::rounded(mean / c.crossing, 2)),
                Cell::plain(own.iter().map(|d| d.tried.len()).sum::<usize>()),
                Cell::rounded(own.iter().map(|d| d.seconds).sum(), 0),
            ]);
        }
        table
    }

    /// Our values beside those that were measured independently.
    fn independent(&self) -> Table {
        let mut table = Table::new(
            "independent",
            ["D", "exact, elsewhere", "exact", "modern", "ceiling", "classical, elsewhere", "classical"]
                .map(|heading| Column::new(heading, &[]))
                .to_vec(),
        );
        let ours = |name: &str, dim: usize| {
            let found = self.of(name).into_iter().find(|found| found.dim == dim);
            found.map_or_else(Cell::empty, |f| {
                let c = &f.capacity;
                Cell::of(format!("{} ({:.1})", c.patterns, c.crossing), [])
            })
        };
        for (dim, exact, classical) in INDEPENDENT {
            table.rows.push(vec![
                Cell::plain(dim),
                Cell::plain(exact),
                ours("diffusion", dim),
                ours("modern beta=5 updates=150", dim),
                ours("ceiling", dim),
                Cell::plain(classical),
                ours("hopfield", dim),
            ]);
        }
        table.caption = "The largest N with an error of at most 3 %, and in brackets where the mean \
        error crosses 3 %."
            .into();
        table
    }
}

/// What all figures of capacities have in their caption.
const BANDS: &str = "bands: 95 % intervals over pattern sets. Thin lines show theory in \
the colour of the memory that it describes. Black is the ceiling, which no memory can exceed";

impl Findings {
    /// The figures of the profile beyond the paper.
    fn beyond(&self) -> Vec<Block> {
        let config = &self.capacities;
        let is_dense = |c: &Contender| c.family() == Family::Dense;
        vec![
            Block::Heading("Diffusion and modern Hopfield".into()),
            illustration(
                "beyond",
                figure(config, &self.found, |c| !is_dense(c)),
                capacities(config, &self.found),
                format!(
                    "Capacity against D, logarithmic; {BANDS}. Diffusion with masks only up to about 10,000 patterns: it is slow."
                ),
            ),
            Block::Heading("Dense memories".into()),
            illustration(
                "dense",
                figure(config, &self.found, |c| is_dense(c) || matches!(c, Contender::Ceiling)),
                capacities(config, &self.found),
                format!(
                    "Capacity against D, logarithmic; {BANDS}. F = exp only up to about 10,000 patterns: it is slow."
                ),
            ),
        ]
    }

    /// The figures of the paper, and what they are compared with.
    fn paper(&self, seed: u64) -> Vec<Block> {
        let (figure, numbers) = self.medians(seed);
        let mut blocks = vec![
            Block::Heading("Figure 3a".into()),
            illustration(
                "fig3a",
                figure,
                numbers,
                "Share of wrong units of the exact diffusion model against D, median over pattern \
                 sets, with one line for each of seven N. Bands: 95 % bootstrap intervals."
                    .into(),
            ),
            Block::Heading("Figure 3b".into()),
            illustration(
                "fig3b",
                self.fig3b(),
                capacities(&self.capacities, &self.found),
                format!(
                    "Capacity at {} % of wrong units against D, logarithmic, smoothed over D (Gaussian kernel of {SMOOTHING} units, \
                     on the logarithm; raw values in the table); {BANDS}.",
                    100.0 * THRESHOLD
                ),
            ),
        ];
        if !self.descents.is_empty() {
            blocks.extend([
                Block::Heading("Learned networks".into()),
                Block::Text(
                    "Each network (three hidden layers of 80 D units) starts with four patterns \
                     more than the exact model's capacity. It is trained on batches of about 128 \
                     rows for at most 1,000 steps, until it passes a test on 30 batches of fresh \
                     cues. If it does not pass, a new network is trained with one pattern fewer. \
                     Tests are made every 250 steps, so a network has up to four chances, which \
                     favours networks a little. A test ends after one or six batches if the error is \
                     clearly too large. The patterns are those of the first sets of the exact model. \
                     The number of a network is a whole number; that of the exact model is the \
                     crossing of the mean over all sets."
                        .into(),
                ),
                Block::Table(self.networks()),
            ]);
        }
        blocks.extend([
            Block::Heading("Beside independent measurements".into()),
            Block::Table(self.independent()),
        ]);
        blocks
    }

    /// Further entries of `results.json`: the number of recalls, and the networks.
    fn more(&self) -> Map<String, Value> {
        let recalled: u64 = self.found.iter().map(|found| recalls(&found.scores, found.dim)).sum();
        let networks = self.descents.iter().map(|d| {
            json!({"dim": d.dim, "set": d.set, "patterns": d.capacity, "tried": d.tried, "seconds": d.seconds})
        });
        Map::from_iter([("recalls".into(), recalled.into()), ("networks".into(), networks.collect())])
    }
}

impl Config {
    pub(super) fn report(&self, findings: &Findings, seconds: f64) -> Report {
        let config = &findings.capacities;
        let name = self.profile.name();
        let mut blocks = match self.profile {
            Profile::Beyond => findings.beyond(),
            Profile::Quick | Profile::Paper => findings.paper(self.seed),
        };
        blocks.extend([
            Block::Heading("Capacities".into()),
            Block::Results,
            Block::Heading("Theory".into()),
            Block::Table(laws(config)),
            Block::Heading("Errors".into()),
            Block::Table(rows(config, &findings.found)),
        ]);
        Report {
            experiment: "fig3",
            title: "Figure 3 of Ambrogioni (2023)".into(),
            introduction: self.introduction(config),
            command: self.command(),
            settings: json!({"profile": name, "capacities": config.settings()}),
            seed: self.seed,
            seconds,
            more: findings.more(),
            blocks,
            results: capacities(config, &findings.found),
        }
    }

    fn introduction(&self, config: &attractor_capacity::Config) -> String {
        let sets = match config.few {
            Some(few) if few < config.sets => format!(
                "{} ({few}, and so wide intervals, at the D where theory expects 2^16 patterns or more)",
                config.sets
            ),
            _ => config.sets.to_string(),
        };
        let cues = match config.cues {
            Some(cues) => format!("{cues} cues for each set"),
            None => format!("one cue of every pattern in a set (θ = {SIGNAL})"),
        };
        format!(
            "Profile {}: random ±1 patterns of D units, {sets} pattern sets for each cell, {cues}. \
             The memories are exact diffusion with the default sampler, modern Hopfield at β = 5, \
             and the classical network with and without self-coupling. `ceiling` is the Bayes \
             decoder of each unit (the sign of the one-step denoiser); no memory has a smaller error \
             on average. All memories get the same patterns and noise. The \
             capacity is the largest N with a mean share of wrong units of at most {} %; `crossing` is where the mean passes it. \
             The paper prints its values in the figure only.",
            self.profile.name(),
            100.0 * THRESHOLD
        )
    }

    /// The command that runs it again.
    fn command(&self) -> String {
        let mut own = self.sets.map_or(String::new(), |sets| format!(" --sets {sets}"));
        if let Some(learned) = &self.learned {
            let dims: Vec<String> = learned.iter().map(usize::to_string).collect();
            own += &format!(" --learned {}", if dims.is_empty() { "none".into() } else { dims.join(",") });
        }
        format!(
            "attractor reproduce fig3 --profile {}{own} --seed {} --out DIR",
            self.profile.name(),
            self.seed
        )
    }
}
