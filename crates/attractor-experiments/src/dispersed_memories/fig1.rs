//! Figure 1: the landscapes of points, of extended memories and of a curve, in two dimensions.

use std::f64::consts::TAU;
use std::ops::ControlFlow;
use std::time::Instant;

use attractor::diffusion::{Process, Sampler, Sampling};
use attractor::energies::shapes::{Segment, Subspace};
use attractor::energies::{Component, Kind, Mixture};
use attractor::memories::Diffusion;
use attractor::observe::Frame;
use attractor::{Memory, Patterns, Request};
use attractor_figures::landscape::{Landscape, Level, Plane, Sample, View, draw};
use attractor_figures::{Figure, Mark, Outline, Trace};
use attractor_report::{
    Block, Cell, Column, Declaration, Error, Experiment, Illustration, Progress, Report, Result, Table,
};
use ndarray::{Array2, array};
use serde_json::{Map, json};

/// Settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Noise levels σ of the columns, from high to low.
    pub levels: Vec<f64>,
    /// The level at which recalls start.
    pub first: f64,
    /// The number of cues, spaced evenly around the plane.
    pub cues: usize,
    /// Steps of the recall.
    pub steps: usize,
    /// Columns of the grid of energies.
    pub columns: usize,
    /// Seed. It is only reported, since nothing here is random.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config { levels: vec![1.0, 0.4, 0.15], first: 1.3, cues: 7, steps: 120, columns: 49, seed: 0 }
    }
}

/// The declaration of the experiment.
pub const EXPERIMENT: Declaration = Declaration {
    name: "fig1",
    title: "Ambrogioni (2023), Figure 1: landscapes of points, extended memories and a semantic curve",
    examples: &["--out fig1"],
    settings: &[],
    inputs: &[],
    build: |given| Ok(Box::new(Config { seed: given.seed, ..Config::default() })),
};

/// Half of the side of a panel, and the distance of the cues from its centre.
const HALF: f64 = 2.2;
const FAR: f64 = 1.95;
/// The energies that the colours span. Higher ones are white; the corners would otherwise take all the
/// colours.
const ENERGIES: (f64, f64) = (0.0, 1.5);

/// A kind of memory: its name, the memory, and what is drawn of it.
struct Kinds {
    name: &'static str,
    memory: Mixture<f64>,
    pieces: Vec<Vec<(f64, f64)>>,
}

fn mixture(kinds: Vec<Kind<f64>>) -> Result<Mixture<f64>> {
    let component = |kind| Component { kind, weight: 1.0, label: None };
    Ok(Mixture::new(kinds.into_iter().map(component).collect())?)
}

fn points() -> Result<Kinds> {
    let places = [(-1.2, 0.9), (0.2, 1.25), (1.3, 0.3), (0.45, -1.2), (-0.95, -0.75)];
    Ok(Kinds {
        name: "points",
        memory: mixture(places.iter().map(|&(x, y)| Kind::Point(vec![x, y])).collect())?,
        pieces: places.iter().map(|p| vec![*p]).collect(),
    })
}

/// Two segments, and a Gaussian on a line: extended in one direction and without width in the other.
fn extended() -> Result<Kinds> {
    let segments = [((-1.45, 0.2), (-0.6, 1.3)), ((0.55, 1.15), (1.45, 0.25))];
    let (centre, angle, deviation) = ((-0.05, -1.0), 0.2f64, 0.35);
    let along = (angle.cos(), angle.sin());
    let mut kinds: Vec<Kind<f64>> = Vec::new();
    for (a, b) in segments {
        kinds.push(Kind::Shape(Box::new(Segment::new(vec![a.0, a.1], vec![b.0, b.1])?)));
    }
    let direction = array![[along.0, along.1]];
    kinds.push(Kind::Shape(Box::new(Subspace::new(vec![centre.0, centre.1], direction, vec![deviation])?)));
    let end = |share: f64| (centre.0 + share * deviation * along.0, centre.1 + share * deviation * along.1);
    let mut pieces: Vec<Vec<(f64, f64)>> = segments.iter().map(|&(a, b)| vec![a, b]).collect();
    pieces.push(vec![end(-2.0), end(2.0)]);
    Ok(Kinds { name: "extended", memory: mixture(kinds)?, pieces })
}

/// A closed curve, as points of equal weight: r = 1.15 + 0.28 cos 3φ.
fn semantic() -> Result<Kinds> {
    /// So many points that no level in the figure can tell neighbours apart.
    const POINTS: usize = 720;
    let place = |i: usize| {
        let angle = TAU * i as f64 / POINTS as f64;
        let radius = 1.15 + 0.28 * (3.0 * angle + 0.6).cos();
        (radius * angle.cos(), radius * angle.sin())
    };
    let curve: Vec<(f64, f64)> = (0..=POINTS).map(place).collect();
    let cloud = Array2::from_shape_fn((POINTS, 2), |(i, j)| if j == 0 { curve[i].0 } else { curve[i].1 });
    Ok(Kinds {
        name: "semantic",
        memory: mixture(vec![Kind::Cloud(Patterns::new(cloud)?)])?,
        pieces: vec![curve.into_iter().step_by(6).collect()],
    })
}

impl Experiment for Config {
    fn parts(&self) -> &'static str {
        "kinds of memory"
    }

    fn check(&self) -> Result<()> {
        let falls = self.levels.windows(2).all(|w| w[0] > w[1]);
        let inside = self.levels.iter().all(|&sigma| sigma > 0.0 && sigma <= self.first);
        if self.levels.is_empty() || !falls || !inside || !self.first.is_finite() {
            let expected = format!("falling numbers above 0, the first at most {}", self.first);
            return Err(Error::setting("levels", expected, format!("{:?}", self.levels)));
        }
        match self.cues {
            0 => Err(Error::setting("cues", "at least 1", 0)),
            _ => Ok(()),
        }
    }

    fn run(&self, progress: &mut Progress) -> Result<Report> {
        self.check()?;
        let start = Instant::now();
        let view = View {
            columns: self.columns,
            energies: Some(ENERGIES),
            ..View::new(Plane::plain(), (-HALF, HALF), (-HALF, HALF))
        };
        let columns = ["memory"].into_iter().chain(Sample::COLUMNS.map(|(key, _)| key));
        let mut numbers = Table::new("fig1", columns.map(Column::plain).collect());
        let columns = ["memory", "cue_x", "cue_y", "end_x", "end_y", "distance"];
        let mut results = Table::new("recalls", columns.map(Column::plain).to_vec());
        let columns = ["memory", "cue", "sigma", "x", "y"];
        let mut table = Table::new("paths", columns.map(Column::plain).to_vec());
        let columns = ["memory", "piece", "x", "y"];
        let mut stored = Table::new("stored", columns.map(Column::plain).to_vec());
        let mut figure: Option<Figure> = None;
        for (done, kind) in [points, extended, semantic].into_iter().enumerate() {
            let kind = kind()?;
            let paths = self.recall(&kind.memory)?;
            let levels: Vec<Level> =
                self.levels.iter().map(|&sigma| self.level(&kind, &paths, sigma)).collect();
            let Landscape { figure: drawn, samples } =
                draw(Some(&kind.memory), Some(&kind.memory), &view, &levels)?;
            match &mut figure {
                Some(figure) => figure.panels.extend(drawn.panels),
                None => figure = Some(drawn),
            }
            let name = || Cell::plain(kind.name);
            let row = |sample: &Sample| {
                let numbers = Sample::COLUMNS.map(|(_, number)| Cell::drawn(number(sample)));
                [name()].into_iter().chain(numbers).collect()
            };
            numbers.rows.extend(samples.iter().map(row));
            for (piece, places) in kind.pieces.iter().enumerate() {
                stored.rows.extend(places.iter().map(|(x, y)| {
                    [name(), Cell::plain(piece)].into_iter().chain([*x, *y].map(Cell::drawn)).collect()
                }));
            }
            for (cue, path) in paths.iter().enumerate() {
                table.rows.extend(path.iter().map(|((x, y), sigma)| {
                    let place = [*sigma, *x, *y].map(Cell::drawn);
                    [name(), Cell::plain(cue)].into_iter().chain(place).collect()
                }));
            }
            for path in &paths {
                let ((from, _), (to, _)) = (path[0], path[path.len() - 1]);
                let nearest = kind.memory.nearest(array![[to.0, to.1]].view())?[0].memory;
                let point = kind.memory.project(nearest, array![to.0, to.1].view());
                let distance = ((to.0 - point[0]).powi(2) + (to.1 - point[1]).powi(2)).sqrt();
                let places = [from.0, from.1, to.0, to.1].map(|v| Cell::of(format!("{v:.3}"), [v.into()]));
                let row = [name()].into_iter().chain(places).chain([Cell::number(distance)]);
                results.rows.push(row.collect());
            }
            progress(done + 1, 3)?;
        }
        let figure = figure.unwrap_or_else(|| Figure::new(1, 0.0));
        let mut report = self.report(figure, numbers, results, start.elapsed().as_secs_f64());
        table.caption = "The paths of the recalls, step by step.".into();
        stored.caption = "What is stored: points, and corners of the curves as drawn.".into();
        report.blocks.extend([
            Block::Heading("Paths and outlines".into()),
            Block::Table(table),
            Block::Table(stored),
        ]);
        Ok(report)
    }
}

/// The path of a state, and the noise level at each of its places.
type Path = Vec<((f64, f64), f64)>;

impl Config {
    /// The paths of all cues.
    fn recall(&self, memory: &Mixture<f64>) -> Result<Vec<Path>> {
        let cue = |i: usize| {
            let angle = TAU * (i as f64 + 0.35) / self.cues as f64;
            [FAR * angle.cos(), FAR * angle.sin()]
        };
        let cues = Array2::from_shape_fn((self.cues, 2), |(i, j)| cue(i)[j]);
        let sampling = Sampling {
            process: Process::VarianceExploding { diffusion_rate: 1.0 },
            sampler: Sampler::Heun,
            steps: Some(self.steps),
            ..Sampling::default()
        };
        let memory = Diffusion::on(memory.clone(), sampling)?;
        let mut paths: Vec<Path> = vec![Vec::new(); self.cues];
        let mut watch = |frame: Frame<f64>| {
            for ((&row, state), &level) in frame.rows.iter().zip(frame.states.outer_iter()).zip(frame.levels)
            {
                paths[row].push(((state[0], state[1]), level));
            }
            ControlFlow::Continue(())
        };
        let request = Request { level: attractor::Level::Sigma(self.first), ..Request::new(cues.view()) };
        memory.recall_observed(&request, &mut watch)?;
        Ok(paths)
    }

    /// One panel: what is stored, and the paths down to this level. The last panel shows the whole paths.
    fn level(&self, kind: &Kinds, paths: &[Path], sigma: f64) -> Level {
        let last = self.levels.last() == Some(&sigma);
        let stored = Outline { name: "stored".into(), pieces: kind.pieces.clone() };
        let path = |path: &Path| {
            let so_far = path.iter().filter(|(_, level)| last || *level >= sigma);
            Mark::Trace(Trace {
                name: "recall from a cue".into(),
                style: 1,
                points: so_far.map(|(place, _)| *place).collect(),
            })
        };
        let marks = [Mark::Outline(stored)].into_iter().chain(paths.iter().map(path)).collect();
        Level { title: format!("{}, σ = {sigma}", kind.name), marks, ..Level::new(sigma) }
    }

    fn report(&self, figure: Figure, numbers: Table, results: Table, seconds: f64) -> Report {
        let farthest = results.rows.iter().filter_map(|row| row.last()?.values.first()?.as_f64());
        let farthest = farthest.fold(0.0, f64::max);
        let last = self.levels.last().copied().unwrap_or(self.first);
        Report {
            experiment: "fig1",
            title: "Figure 1 of Ambrogioni (2023): three forms of memory".into(),
            introduction: format!(
                "Energy E_σ and pull D(z; σ) − z = −∇E_σ of three memories in two dimensions: five points; three extended \
                 memories (two segments, and a piece of a line with Gaussian coordinates); and one semantic memory, a \
                 closed curve. Recalls follow the probability flow from σ = {} to 0 in {} Heun steps, from {} cues each.",
                self.first, self.steps, self.cues
            ),
            command: format!("attractor reproduce fig1 --seed {} --out DIR", self.seed),
            settings: json!({
                "levels": self.levels, "first": self.first, "cues": self.cues, "steps": self.steps,
                "columns": self.columns, "range": [-HALF, HALF], "seed": self.seed,
            }),
            seed: self.seed,
            seconds,
            results,
            more: Map::new(),
            blocks: vec![
                Block::Figure(Box::new(Illustration {
                    name: "fig1",
                    alt: "Nine panels: rows are points, extended memories and a semantic curve, columns falling noise \
                          levels. Energy valleys are round at high noise and take the form of the memories at low noise; \
                          recalls run into them."
                        .into(),
                    caption: format!(
                        "Each row shows one kind of memory, and the noise falls from left to right. \
                         Colours and lines show the energy E_σ on a common scale, with white for {} \
                         or more. Arrows show the pull; the longest arrow of a panel is as long as \
                         the arrows are apart. Each recall starts at an open circle and is drawn \
                         down to the noise level of the panel, at σ = {last} to its end.",
                        ENERGIES.1
                    ),
                    figure,
                    numbers,
                })),
                Block::Text(format!(
                    "At high noise each landscape is a single valley around the mean of what is \
                     stored. As the noise falls, it splits into valleys that have the form of the \
                     memories. Points pull from all sides; on extended and \
                     semantic memories the energy is nearly flat along the memory, so a recall stays where it arrives. All recalls end \
                     within {farthest:.0e} of what is stored."
                )),
                Block::Heading("Where recalls end".into()),
                Block::Results,
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recalls_end_on_what_is_stored() {
        let config = Config { cues: 3, columns: 9, ..Config::default() };
        let report = config.run(&mut |_, _| Ok(())).expect("a report");
        assert_eq!(report.results.rows.len(), 9);
        for row in report.json()["recalls"].as_array().expect("rows") {
            assert!(row["distance"].as_f64().expect("a number") < 1e-6, "{row}");
        }
        report.html().expect("a page");
    }

    #[test]
    fn levels_that_do_not_fall_are_refused() {
        let config = Config { levels: vec![0.1, 0.5], ..Config::default() };
        let error = config.check().expect_err("refused").to_string();
        assert!(error.contains("falling numbers"), "{error}");
    }
}
