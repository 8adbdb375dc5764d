//! The report of the study: tables, the figure, and the text about them.

use attractor::diffusion::Sampler;
use attractor_figures::{Axis, Figure, Look, Mark, Panel, Point, Series};
use attractor_report::{Block, Cell, Column, Illustration, Report, Table};
use serde_json::{Map, Value, json};

use super::{
    ALLOWED, Class, Config, Entry, Key, Measured, PATH_LEVEL, Place, Setting, Spacing, grid_samplers, studied,
};

impl Config {
    fn settings(&self) -> Value {
        let setting = |s: &Setting| {
            json!({
                "dim": s.dim, "patterns": s.patterns, "signal": s.signal,
                "relative_load": s.load(), "load": s.class().name(),
            })
        };
        json!({
            "memories": self.settings.iter().map(setting).collect::<Vec<_>>(),
            "sets": self.sets, "path_sets": self.path_sets, "cues": self.cues, "path_level": PATH_LEVEL,
            "reference_steps": self.reference_steps, "gamma": self.gamma, "seed": self.seed,
        })
    }
}

/// The columns of [`Measured::results`].
const COLUMNS: [&str; 18] = [
    "load",
    "dim",
    "patterns",
    "signal",
    "place",
    "sampler",
    "grid",
    "evaluations",
    "cues",
    "rms",
    "rms_low",
    "rms_high",
    "median",
    "median_low",
    "median_high",
    "signs",
    "signs_low",
    "signs_high",
];

/// The values of [`COLUMNS`] for one run. A class of settings has no D, N and θ.
fn row(class: Class, setting: Option<&Setting>, key: &Key, e: &Entry) -> Vec<Cell> {
    let mut row = vec![Cell::plain(class.name())];
    row.extend(match setting {
        Some(s) => [Cell::plain(s.dim), Cell::plain(s.patterns), Cell::plain(s.signal)],
        None => [(); 3].map(|()| Cell::empty()),
    });
    let place = if key.place == Place::Path { PATH_LEVEL } else { 0.0 };
    row.extend([Cell::plain(place), Cell::plain(key.sampler), Cell::plain(key.spacing.as_str())]);
    row.extend([Cell::plain(key.evaluations), Cell::plain(e.cues)]);
    row.extend([e.rms, e.rms_interval.low, e.rms_interval.high].map(Cell::number));
    row.extend(match e.median {
        Some((median, interval)) => [median, interval.low, interval.high].map(Cell::number),
        None => [(); 3].map(|()| Cell::empty()),
    });
    row.extend([e.signs, e.signs_interval.low, e.signs_interval.high].map(Cell::number));
    row
}

impl Measured {
    /// The report.
    pub fn report(&self) -> Report {
        let c = &self.config;
        let check = &self.check;
        let more = json!({ "references": {
            "path_rms": check.path.rms(), "path_median": check.path.median(), "end_rms": check.end.rms(),
            "end_signs": check.end.signs(), "cues": check.end.distances.len(),
        } });
        Report {
            experiment: "work-precision",
            title: "Work and precision of the samplers".into(),
            introduction: format!(
                "Patterns are random ±1 and cues are θy + √(1−θ²)ε. There are {settings} settings, \
                 each with {sets} pattern sets of {cues} cues, in f64. Brackets show 95 % bootstrap \
                 intervals over pattern sets. Reference: Runge–Kutta of order 4 \
                 with {steps} steps in ln σ to σ = {PATH_LEVEL}; Dormand and Prince's method of order 5 differs from it \
                 there by {median:.0e} per unit in the median of cues, {path:.0e} root mean square, and by {signs} % of \
                 signs at the end.",
                settings = c.settings.len(),
                sets = c.sets,
                cues = c.cues,
                steps = c.reference_steps,
                median = check.path.median(),
                path = check.path.rms(),
                signs = 100.0 * check.end.signs(),
            ),
            command: format!(
                "attractor reproduce work-precision --sets {} --seed {} --out DIR",
                c.sets, c.seed
            ),
            settings: c.settings(),
            seed: c.seed,
            seconds: self.seconds,
            results: self.results(),
            more: more.as_object().cloned().unwrap_or_else(Map::new),
            blocks: self.blocks(),
        }
    }

    /// One row for each setting and run, then one for each class and run.
    pub(super) fn results(&self) -> Table {
        let mut table = Table::new("runs", COLUMNS.map(Column::plain).to_vec());
        for key in self.sums.keys() {
            for (index, setting) in self.config.settings.iter().enumerate() {
                let entry = self.entry(key, |i| i == index);
                table.rows.extend(entry.map(|e| row(setting.class(), Some(setting), key, &e)));
            }
            for class in Class::ALL {
                table.rows.extend(self.class(key, class).map(|e| row(class, None, key, &e)));
            }
        }
        table
    }

    /// The entries of a sampler on its own grid, with their evaluations.
    fn curve(&self, place: Place, sampler: Sampler, name: &str, class: Class) -> Vec<(usize, Entry)> {
        let spacing = Spacing::default_of(sampler).name();
        self.sums
            .keys()
            .filter(|k| k.place == place && k.sampler == name && k.spacing == spacing)
            .filter_map(|k| Some((k.evaluations, self.class(k, class)?)))
            .collect()
    }

    /// The first row shows the distance on the way, the second row the changed signs at the end, with one
    /// column for each load.
    pub fn figure(&self) -> Figure {
        let loads = ["below: ln N < ¾ D C", "near: ln N ≈ D C", "above: ln N > 1¼ D C"];
        let mut panels = Vec::new();
        for place in [Place::Path, Place::End] {
            for (class, load) in Class::ALL.into_iter().zip(loads) {
                let series = studied().enumerate().map(|(style, sampler)| {
                    let name = sampler.name();
                    let point = |(evaluations, e): (usize, Entry)| {
                        let (y, interval) = match place {
                            Place::Path => e.median.unwrap_or((e.rms, e.rms_interval)),
                            Place::End => (e.signs, e.signs_interval),
                        };
                        Point { x: evaluations as f64, y, band: Some((interval.low, interval.high)) }
                    };
                    let points = self.curve(place, sampler, name, class).into_iter().map(point).collect();
                    Series { name: name.into(), style, look: Look::Marked, points }
                });
                let series: Vec<_> = series.filter(|s| !s.points.is_empty()).collect();
                if series.is_empty() {
                    continue;
                }
                let y = match place {
                    Place::Path => Axis::log("distance per unit, σ = 0.3").within(1e-10, 1.0),
                    Place::End => Axis::log("share of changed signs").within(1e-5, 1.0),
                };
                let x =
                    Axis::log("evaluations of D").within(if place == Place::Path { 3.0 } else { 0.8 }, 700.0);
                let title = if place == Place::Path { load.to_owned() } else { class.name().to_owned() };
                let marks = series.into_iter().map(Mark::Line).collect();
                panels.push(Panel { title, x, y, equal: false, marks });
            }
        }
        let columns = (panels.len() / 2).max(1);
        Figure { panels, ..Figure::new(columns, 250.0) }
    }

    /// The numbers behind the figure: runs over all settings of a class, each sampler on its own grid.
    fn numbers(&self) -> Table {
        let own = |key: &&Key| {
            let sampler = studied().find(|sampler| sampler.name() == key.sampler);
            sampler.is_some_and(|sampler| Spacing::default_of(sampler).name() == key.spacing)
        };
        let kept = |column: &usize| !(1..4).contains(column);
        let columns = COLUMNS.iter().enumerate().filter(|(i, _)| kept(i)).map(|(_, c)| Column::plain(c));
        let mut table = Table::new("work-precision", columns.collect());
        for key in self.sums.keys().filter(own) {
            for class in Class::ALL {
                let Some(entry) = self.class(key, class) else { continue };
                let cells = row(class, None, key, &entry).into_iter().enumerate();
                table.rows.push(cells.filter(|(i, _)| kept(i)).map(|(_, cell)| cell).collect());
            }
        }
        table
    }

    fn blocks(&self) -> Vec<Block> {
        let heading = |text: &str| Block::Heading(text.into());
        let mut blocks = vec![
            Block::Figure(Box::new(Illustration {
                name: "work-precision",
                alt: "Distance on the way and changed signs at the end".into(),
                caption: format!(
                    "Above: median over cues of the distance per unit at σ = {PATH_LEVEL}. Below: changed signs at the \
                     end; no marker where no sign changed."
                ),
                figure: self.figure(),
                numbers: self.numbers(),
            })),
            Block::Text(
                "Load is ln N against D C(θ), C the capacity of the cues' channel in nats: below ¾, near, above 1¼."
                    .into(),
            ),
            Block::Table(self.memories()),
            heading("On the way"),
            Block::Text(format!(
                "Distance per unit from the reference at σ = {PATH_LEVEL}, each sampler on its own grid: median over \
                 cues, and root mean square over cues. A few cues lie between the basins of two \
                 patterns. Their errors are larger by orders of magnitude, so they determine the \
                 root mean square."
            )),
            Block::Table(self.table(Place::Path, |e| {
                let (median, interval) = e.median.unwrap_or((e.rms, e.rms_interval));
                format!("{median:.1e} [{:.1e}, {:.1e}], {:.1e}", interval.low, interval.high, e.rms)
            })),
            heading("At the end"),
            Block::Text(
                "Share of units whose sign is not the reference's, in %. euler-maruyama solves \
                 another equation: it draws a pattern from the posterior, so its distance from the \
                 flow comes from that draw and is not an error. Where no \
                 sign changed, the interval ends at 3/cues (rule of three)."
                    .into(),
            ),
            Block::Table(self.table(Place::End, |e| {
                let [signs, low, high] =
                    [e.signs, e.signs_interval.low, e.signs_interval.high].map(|v| 100.0 * v);
                format!("{signs:.2} [{low:.2}, {high:.2}]")
            })),
            heading("Grids"),
            Block::Text(format!(
                "Share of changed signs in %, in the load where it is largest, by evaluations of D; and the fewest \
                 evaluations from which on it stays below {} % in every load, with its whole interval.",
                100.0 * ALLOWED
            )),
        ];
        blocks.extend(grid_samplers().map(|sampler| Block::Table(self.grids(sampler.name()))));
        blocks
    }

    fn memories(&self) -> Table {
        let columns = ["load", "D", "N", "θ", "ln N / D C"].map(|heading| Column::new(heading, &[]));
        let mut table = Table::new("memories", columns.to_vec());
        let mut settings: Vec<_> = self.config.settings.iter().collect();
        settings.sort_by(|a, b| a.class().cmp(&b.class()).then(a.load().total_cmp(&b.load())));
        let row = |s: &Setting| {
            let load = Cell::rounded(s.load(), 2);
            vec![
                Cell::plain(s.class().name()),
                Cell::plain(s.dim),
                Cell::plain(s.patterns),
                Cell::plain(s.signal),
                load,
            ]
        };
        table.rows = settings.into_iter().map(row).collect();
        table
    }

    fn table(&self, place: Place, show: impl Fn(&Entry) -> String) -> Table {
        let columns = ["sampler", "evaluations", "below", "near", "above"];
        let mut table = Table::new("", columns.map(|heading| Column::new(heading, &[])).to_vec());
        for sampler in studied() {
            let name = sampler.name();
            let spacing = Spacing::default_of(sampler).name();
            let own = |k: &&Key| k.place == place && k.sampler == name && k.spacing == spacing;
            for key in self.sums.keys().filter(own) {
                let cell = |class| Cell::plain(self.class(key, class).map_or("–".into(), |e| show(&e)));
                let mut row = vec![Cell::plain(name), Cell::plain(key.evaluations)];
                row.extend(Class::ALL.map(cell));
                table.rows.push(row);
            }
        }
        table
    }

    /// Compares the grids, in the class of loads where they differ most.
    fn grids(&self, sampler: &'static str) -> Table {
        let end = |k: &&Key| k.place == Place::End && k.sampler == sampler;
        let mut spacings: Vec<&str> = self.sums.keys().filter(end).map(|k| k.spacing.as_str()).collect();
        spacings.dedup();
        let tried = |k: &&Key| {
            let near = |&e: &usize| k.evaluations == e || k.evaluations + 1 == e;
            end(k) && self.config.grid_evaluations.iter().any(near)
        };
        let mut evaluations: Vec<usize> = self.sums.keys().filter(tried).map(|k| k.evaluations).collect();
        evaluations.sort_unstable();
        evaluations.dedup();
        let mut headings = vec![format!("{sampler}, levels")];
        headings.extend(evaluations.iter().map(usize::to_string));
        headings.push("enough".into());
        let mut table = Table::new("", headings.into_iter().map(|h| Column::new(h, &[])).collect());
        for spacing in spacings {
            let worst = |&evaluations: &usize| {
                let key = Key { place: Place::End, sampler, spacing: spacing.into(), evaluations };
                let classes = Class::ALL.iter().filter_map(|&c| self.class(&key, c));
                Cell::rounded(100.0 * classes.map(|e| e.signs).fold(0.0, f64::max), 2)
            };
            let mut row = vec![Cell::plain(spacing)];
            row.extend(evaluations.iter().map(worst));
            row.push(Cell::plain(self.needed(sampler, spacing).map_or("more".into(), |n| n.to_string())));
            table.rows.push(row);
        }
        table
    }
}
