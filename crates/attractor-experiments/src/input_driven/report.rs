//! The report: mixed cues, thresholds, noisy dynamics and wrong cues.

use attractor_figures::{Axis, Figure, Look, Mark, Panel, Point, Series};
use attractor_report::statistics::{Interval, wilson};
use attractor_report::{Block, Cell, Column, Illustration, Report, Table};
use serde_json::{Map, json};

use super::measure::{
    CONTESTANTS, GAINS, LIKENESSES, MIXTURES, NETWORK, NOISE, SHARES, SWEEPS, TEMPERATURES,
};
use super::{Config, Findings};

fn share(count: usize, of: usize) -> Cell {
    let Interval { low, high } = wilson(count, of);
    Cell::interval(count as f64 / of as f64, low, high, 3)
}

impl Config {
    pub(super) fn report(&self, findings: &Findings, seconds: f64) -> Report {
        let tables = [thresholds(findings), noisy(findings), wrong(findings)];
        let mut more = Map::new();
        for table in &tables {
            more.insert(table.name.clone(), table.json());
        }
        Report {
            experiment: "input-driven",
            title: "Cues that stay on (Betteti, Baggio, Bullo & Zampieri 2025)".into(),
            introduction: format!(
                "A cue usually gives the first state of a recall, and no more. Here it also gives each pattern a weight, for as long as the recall goes on. \
                 The paper says of the classical network that memories then exist only above a threshold of their weight, that mixed \
                 inputs end in the memory with the largest weight, and that noise helps, since it drives states out of all but the deepest well. \
                 {} cues for each number, with 95 % intervals.",
                self.cues()
            ),
            command: format!(
                "attractor reproduce input-driven --profile {} --cues {} --seed {} --out DIR",
                self.profile.name(),
                self.cues(),
                self.seed
            ),
            settings: json!({ "profile": self.profile.name(), "cues": self.cues(), "seed": self.seed }),
            seed: self.seed,
            seconds,
            results: mixed(findings),
            more,
            blocks: blocks(self, findings, tables),
        }
    }
}

fn blocks(config: &Config, findings: &Findings, tables: [Table; 3]) -> Vec<Block> {
    let [thresholds, noisy, wrong] = tables;
    let (units, memories) = NETWORK;
    vec![
        Block::Heading("Mixed cues".into()),
        Block::Text(format!(
            "Cues u = y + b y' + {NOISE} ε of random ±1 patterns of {} units. `right`: the recall ended nearest to y. `clean`: and at an \
             overlap of at least 0.95. `decoder`: the cue itself is nearest to y, which no recall from u can beat by much, since y and y' are \
             equally likely before. The gain G is how much the cue counts against the state; 0 is a cue that gives only the first state.",
            config.profile.dim()
        )),
        Block::Figure(Box::new(figure(findings))),
        Block::Results,
        Block::Heading("Thresholds".into()),
        Block::Text(
            "Orthogonal memories (Hadamard rows) under an input in which memory n has the share 1/(1 + n/2). A memory should be at rest in the \
             classical network if D α > Σ α. How many are."
                .into(),
        ),
        Block::Table(thresholds),
        Block::Heading("Noisy dynamics".into()),
        Block::Text(format!(
            "A classical network of {units} units with {memories} random memories, {SWEEPS} Glauber sweeps at temperature T from random \
             states. Each memory has a share in the input: the right one {} to {}, the others {} to {}, as in the authors' program. `found`: the \
             state is nearest to the right memory. `overlap`: of those that found it, beside the root of m = tanh(mD/T).",
            SHARES[0].0, SHARES[0].1, SHARES[1].0, SHARES[1].1
        )),
        Block::Table(noisy),
        Block::Heading("A wrong cue".into()),
        Block::Text(
            "The recall starts at a stored pattern, which is right. The cue that stays on is of another pattern, as like it as it says. \
             `taken`: the recall ended at that one."
                .into(),
        ),
        Block::Table(wrong),
    ]
}

fn mixed(findings: &Findings) -> Table {
    let columns = vec![
        Column::new("memory", &["model"]),
        Column::new("N", &["patterns"]),
        Column::new("b", &["mixture"]),
        Column::new("G", &["gain"]),
        Column::new("right", &["right", "low", "high"]),
        Column::new("clean", &["clean", "clean_low", "clean_high"]),
        Column::new("decoder", &["decoder", "decoder_low", "decoder_high"]),
    ];
    let mut table = Table::new("mixed", columns);
    for one in &findings.mixed {
        table.rows.push(vec![
            Cell::plain(one.memory),
            Cell::plain(one.patterns),
            Cell::number(one.mixture),
            Cell::number(one.gain),
            share(one.right, one.cues),
            share(one.clean, one.cues),
            share(one.decoder, one.cues),
        ]);
    }
    table
}

fn thresholds(findings: &Findings) -> Table {
    let columns = vec![
        Column::new("G", &["gain"]),
        Column::new("D α > Σ α", &["exist"]),
        Column::new("at rest", &["at_rest"]),
        Column::new("of", &["memories"]),
    ];
    let mut table = Table::new("thresholds", columns);
    for one in &findings.thresholds {
        table.rows.push(vec![
            Cell::number(one.gain),
            Cell::plain(one.exist),
            Cell::plain(one.at_rest),
            Cell::plain(one.memories),
        ]);
    }
    table
}

fn noisy(findings: &Findings) -> Table {
    let columns = vec![
        Column::new("T/D", &["temperature"]),
        Column::new("G", &["gain"]),
        Column::new("found", &["found", "low", "high"]),
        Column::new("overlap", &["overlap"]),
        Column::new("m = tanh(mD/T)", &["theory"]),
    ];
    let mut table = Table::new("noisy", columns);
    for one in &findings.noisy {
        table.rows.push(vec![
            Cell::number(one.temperature),
            Cell::number(one.gain),
            share(one.found, one.runs),
            one.overlap.map_or_else(Cell::empty, |overlap| Cell::rounded(overlap, 3)),
            Cell::rounded(one.theory, 3),
        ]);
    }
    table
}

fn wrong(findings: &Findings) -> Table {
    let columns = vec![
        Column::new("memory", &["model"]),
        Column::new("likeness", &["likeness"]),
        Column::new("G", &["gain"]),
        Column::new("taken", &["taken", "low", "high"]),
    ];
    let mut table = Table::new("wrong", columns);
    for one in &findings.wrong {
        table.rows.push(vec![
            Cell::plain(one.memory),
            Cell::number(one.likeness),
            Cell::number(one.gain),
            share(one.taken, one.runs),
        ]);
    }
    table
}

/// Mixed cues of a loaded classical network, noise, and wrong cues.
fn figure(findings: &Findings) -> Illustration {
    let columns = ["panel", "line", "x", "y"].map(Column::plain).to_vec();
    let mut numbers = Table::new("kept", columns);
    // Lines of other panels have other styles, as the legend is one.
    let mut panel = |title: &str, x: Axis, y: &str, from: usize, lines: Vec<(String, Vec<(f64, f64)>)>| {
        for (name, points) in &lines {
            for &(x, y) in points {
                numbers.rows.push(vec![
                    Cell::plain(title),
                    Cell::plain(name.as_str()),
                    Cell::number(x),
                    Cell::number(y),
                ]);
            }
        }
        let line = |(style, (name, points)): (usize, (String, Vec<(f64, f64)>))| {
            let points = points.into_iter().map(|(x, y)| Point::new(x, y)).collect();
            Mark::Line(Series { name, style: from + style, look: Look::Marked, points })
        };
        Panel {
            title: title.into(),
            x,
            y: Axis::linear(y).from_zero(),
            equal: false,
            marks: lines.into_iter().enumerate().map(line).collect(),
        }
    };
    let loaded = CONTESTANTS[1].name;
    let of_mixture = |gain: f64| {
        let of = findings.mixed.iter().filter(|one| one.memory == loaded && one.gain == gain);
        (format!("G = {gain}"), of.map(|one| (one.mixture, one.right as f64 / one.cues as f64)).collect())
    };
    let decoder = findings.mixed.iter().filter(|one| one.memory == loaded && one.gain == 0.0);
    let decoder = decoder.map(|one| (one.mixture, one.decoder as f64 / one.cues as f64)).collect();
    let mut mixtures: Vec<_> = [0.0, 0.5, 1.0].map(of_mixture).into();
    mixtures.push(("decoder".into(), decoder));
    let of_noise = |gain: f64| {
        let of = findings.noisy.iter().filter(|one| one.gain == gain);
        (format!("G = {gain}"), of.map(|one| (one.temperature, one.found as f64 / one.runs as f64)).collect())
    };
    let of_wrong = |name: &'static str| {
        let likeness = LIKENESSES[2];
        let of = findings.wrong.iter().filter(|one| one.memory == name && one.likeness == likeness);
        (name.to_owned(), of.map(|one| (one.gain, one.taken as f64 / one.runs as f64)).collect())
    };
    let panels = vec![
        panel(
            "mixed cues, loaded network",
            Axis::linear("share b of the second pattern"),
            "right",
            0,
            mixtures,
        ),
        panel(
            "noise, ten memories",
            Axis::linear("T/D").from_zero(),
            "right memory found",
            0,
            [0.0, 0.5, 1.0].map(of_noise).into(),
        ),
        panel(
            "a wrong cue",
            Axis::log("gain G"),
            "taken by the wrong cue",
            4,
            ["hopfield", "modern", "diffusion"].map(of_wrong).into(),
        ),
    ];
    Illustration {
        name: "kept",
        alt: "With a cue that stays on, a loaded classical network recalls mixed cues as the decoder does; in noise only the memory of the input \
              is left; and a wrong cue takes over at a large gain."
            .into(),
        caption: format!(
            "Left: mixed cues at {} shares, a classical network with 0.25 D patterns. Middle: a noisy network from random states, at {} \
             temperatures. Right: recall from a stored pattern under a cue of another one (likeness {}), at {} gains.",
            MIXTURES.len(),
            TEMPERATURES.len(),
            LIKENESSES[2],
            GAINS.len() - 1
        ),
        figure: Figure { panels, ..Figure::new(3, 300.0) },
        numbers,
    }
}
