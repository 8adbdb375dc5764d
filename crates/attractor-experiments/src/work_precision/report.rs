//! What the study writes: tables, the figure, and the text that says what they show.

use std::fmt::Write as _;
use std::path::Path;

use attractor::diffusion::Sampler;
use attractor_data::write_atomically;
use serde_json::json;

use super::{ALLOWED, Class, Entry, GRID_SAMPLERS, Key, PATH_LEVEL, Place, Report, Spacing};
use crate::Result;
use crate::figure::{Axis, Figure, Panel, Point, Series};

impl Report {
    fn command(&self) -> String {
        format!(
            "attractor reproduce work-precision --sets {} --seed {} --out DIR",
            self.config.sets, self.config.seed
        )
    }

    /// Writes `results.json`, `results.csv`, `report.md`, `work-precision.svg` and `work-precision.png` into
    /// a folder.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let csv = self.csv();
        write_atomically(&folder.join("results.csv"), |file| {
            let mut writer = csv::Writer::from_writer(file);
            csv.iter().try_for_each(|record| writer.write_record(record))?;
            writer.flush()
        })?;
        let document = self.json();
        write_atomically(&folder.join("results.json"), |file| {
            serde_json::to_writer_pretty(&mut *file, &document)?;
            writeln!(file)
        })?;
        let text = self.markdown();
        write_atomically(&folder.join("report.md"), |file| file.write_all(text.as_bytes()))?;
        self.figure().write(folder, "work-precision")
    }

    /// One row a setting and run, then one a class and run (without D, N and θ).
    pub(super) fn csv(&self) -> Vec<Vec<String>> {
        let header = "load,dim,patterns,signal,place,sampler,grid,evaluations,cues,rms,rms_low,rms_high,median,median_low,median_high,signs,signs_low,signs_high";
        let mut rows = vec![header.split(',').map(str::to_owned).collect()];
        let mut push = |class: Class, setting: [String; 3], key: &Key, entry: Option<Entry>| {
            let Some(e) = entry else { return };
            let place = if key.place == Place::Path { PATH_LEVEL } else { 0.0 };
            let mut row = vec![class.name().to_owned()];
            row.extend(setting);
            row.extend([place.to_string(), key.sampler.into(), key.spacing.clone()]);
            row.extend([key.evaluations.to_string(), e.cues.to_string()]);
            let numbers = [e.rms, e.rms_interval.low, e.rms_interval.high];
            row.extend(numbers.map(|v| format!("{v:e}")));
            let median = e.median.map(|(m, i)| [m, i.low, i.high].map(|v| format!("{v:e}")));
            row.extend(median.unwrap_or_default());
            row.extend([e.signs, e.signs_interval.low, e.signs_interval.high].map(|v| v.to_string()));
            rows.push(row);
        };
        for key in self.sums.keys() {
            for (index, s) in self.config.settings.iter().enumerate() {
                let setting = [s.dim.to_string(), s.patterns.to_string(), s.signal.to_string()];
                push(s.class(), setting, key, self.entry(key, |i| i == index));
            }
            for class in Class::ALL {
                push(class, Default::default(), key, self.class(key, class));
            }
        }
        rows
    }

    fn json(&self) -> serde_json::Value {
        let c = &self.config;
        let setting = |s: &super::Setting| {
            json!({
                "dim": s.dim, "patterns": s.patterns, "signal": s.signal,
                "relative_load": s.load(), "load": s.class().name(),
            })
        };
        let run = |(key, class): (&Key, Class)| {
            let e = self.class(key, class)?;
            Some(json!({
                "load": class.name(), "place": if key.place == Place::Path { PATH_LEVEL } else { 0.0 },
                "sampler": key.sampler, "grid": key.spacing, "evaluations": key.evaluations, "cues": e.cues,
                "median": e.median.map(|m| m.0), "median_low": e.median.map(|m| m.1.low),
                "median_high": e.median.map(|m| m.1.high), "rms": e.rms, "rms_low": e.rms_interval.low, "rms_high": e.rms_interval.high,
                "signs": e.signs, "signs_low": e.signs_interval.low, "signs_high": e.signs_interval.high,
            }))
        };
        let runs: Vec<_> =
            self.sums.keys().flat_map(|key| Class::ALL.map(|class| (key, class))).filter_map(run).collect();
        json!({
            "experiment": "work-precision",
            "version": env!("CARGO_PKG_VERSION"),
            "command": self.command(),
            "seconds": self.seconds,
            "settings": {
                "memories": c.settings.iter().map(setting).collect::<Vec<_>>(),
                "sets": c.sets, "path_sets": c.path_sets, "cues": c.cues, "path_level": PATH_LEVEL,
                "reference_steps": c.reference_steps, "gamma": c.gamma, "seed": c.seed,
            },
            "references": {
                "path_rms": self.check.path.rms(), "path_median": self.check.path.median(), "end_rms": self.check.end.rms(),
                "end_signs": self.check.end.signs(), "cues": self.check.end.distances.len(),
            },
            "runs": runs,
        })
    }

    /// Evaluations and entries of a sampler on its own grid.
    fn curve(&self, place: Place, sampler: Sampler, name: &str, class: Class) -> Vec<(usize, Entry)> {
        let spacing = Spacing::default_of(sampler).name();
        self.sums
            .keys()
            .filter(|k| k.place == place && k.sampler == name && k.spacing == spacing)
            .filter_map(|k| Some((k.evaluations, self.class(k, class)?)))
            .collect()
    }

    /// Above: distance on the way. Below: changed signs at the end. One column a load.
    pub fn figure(&self) -> Figure {
        let loads = ["below: ln N < ¾ D C", "near: ln N ≈ D C", "above: ln N > 1¼ D C"];
        let mut panels = Vec::new();
        for place in [Place::Path, Place::End] {
            for (class, load) in Class::ALL.into_iter().zip(loads) {
                let series = Sampler::ALL.into_iter().enumerate().map(|(style, (name, sampler))| {
                    let point = |(evaluations, e): (usize, Entry)| {
                        let (y, interval) = match place {
                            Place::Path => e.median.unwrap_or((e.rms, e.rms_interval)),
                            Place::End => (e.signs, e.signs_interval),
                        };
                        Point { x: evaluations as f64, y, band: Some((interval.low, interval.high)) }
                    };
                    let points = self.curve(place, sampler, name, class).into_iter().map(point).collect();
                    Series { name: name.into(), style, points }
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
                panels.push(Panel { title, x, y, series });
            }
        }
        let columns = (panels.len() / 2).max(1);
        Figure { panels, columns, panel_height: 250.0 }
    }

    /// The report, for people.
    pub fn markdown(&self) -> String {
        let mut text = format!(
            "# Work and precision of the samplers\n\n\
             Random ±1 patterns, cues θy + √(1−θ²)ε, {settings} settings of {sets} pattern sets with {cues} cues each; f64; 95 %\n\
             bootstrap intervals over pattern sets in brackets. Reference: Runge–Kutta of order 4 with {steps} steps in ln σ\n\
             to σ = {PATH_LEVEL}; Dormand and Prince's method of order 5 differs from it there by {median:.0e} per unit in the median of\n\
             cues, {path:.0e} root mean square, and by {signs} % of signs at the end. Seed {seed}, version {version}, {seconds:.0} s. Again:\n\
             `{command}`.\n\n\
             ![Distance on the way and changed signs at the end](work-precision.svg)\n\n\
             Above: median over cues of the distance per unit at σ = {PATH_LEVEL}. Below: changed signs at the end; no marker where\n\
             no sign changed.\n\n\
             Load is ln N against D C(θ), C the capacity of the cues' channel in nats: below ¾, near, above 1¼.\n\n\
             | load | D | N | θ | ln N / D C |\n|---|---|---|---|---|\n",
            settings = self.config.settings.len(),
            sets = self.config.sets,
            cues = self.config.cues,
            steps = self.config.reference_steps,
            median = self.check.path.median(),
            path = self.check.path.rms(),
            signs = 100.0 * self.check.end.signs(),
            seed = self.config.seed,
            version = env!("CARGO_PKG_VERSION"),
            seconds = self.seconds,
            command = self.command(),
        );
        let mut settings: Vec<_> = self.config.settings.iter().collect();
        settings.sort_by(|a, b| a.class().cmp(&b.class()).then(a.load().total_cmp(&b.load())));
        for s in settings {
            let class = s.class().name();
            let _ =
                writeln!(text, "| {class} | {} | {} | {} | {:.2} |", s.dim, s.patterns, s.signal, s.load());
        }
        let _ = write!(
            text,
            "\n## On the way\n\nDistance per unit from the reference at σ = {PATH_LEVEL}, each sampler on its own grid: median over cues, and root mean\n\
             square over cues. Few cues lie between the basins of two patterns, but they err by orders of magnitude more, so\n\
             the root mean square is theirs.\n\n"
        );
        self.table(&mut text, Place::Path, |e| {
            let (median, interval) = e.median.unwrap_or((e.rms, e.rms_interval));
            format!("{median:.1e} [{:.1e}, {:.1e}], {:.1e}", interval.low, interval.high, e.rms)
        });
        text.push_str(
            "\n## At the end\n\nShare of units whose sign is not the reference's, in %. euler-maruyama follows another equation: it draws a\n\
             pattern from the posterior, so its distance from the flow is that draw and no error. Where no sign changed, the\n\
             interval ends at 3/cues (rule of three).\n\n",
        );
        self.table(&mut text, Place::End, |e| {
            format!(
                "{:.2} [{:.2}, {:.2}]",
                100.0 * e.signs,
                100.0 * e.signs_interval.low,
                100.0 * e.signs_interval.high
            )
        });
        self.grids(&mut text);
        text
    }

    fn table(&self, text: &mut String, place: Place, show: impl Fn(&Entry) -> String) {
        text.push_str("| sampler | evaluations | below | near | above |\n|---|---|---|---|---|\n");
        for (name, sampler) in Sampler::ALL {
            let spacing = Spacing::default_of(sampler).name();
            let own = |k: &&Key| k.place == place && k.sampler == name && k.spacing == spacing;
            for key in self.sums.keys().filter(own) {
                let cell = |class| self.class(key, class).map_or("–".into(), |e| show(&e));
                let [a, b, c] = Class::ALL.map(cell);
                let _ = writeln!(text, "| {name} | {} | {a} | {b} | {c} |", key.evaluations);
            }
        }
    }

    /// Grids against each other, by the load where they differ most.
    fn grids(&self, text: &mut String) {
        let _ = write!(
            text,
            "\n## Grids\n\nShare of changed signs in %, in the load where it is largest, by evaluations of D; and the fewest evaluations\n\
             from which on it stays below {} % in every load, with its whole interval.\n\n",
            100.0 * ALLOWED
        );
        let free = Sampler::ALL.iter().filter(|(_, sampler)| GRID_SAMPLERS.contains(sampler));
        for (sampler, _) in free.copied() {
            let end = |k: &&Key| k.place == Place::End && k.sampler == sampler;
            let mut spacings: Vec<&str> = self.sums.keys().filter(end).map(|k| k.spacing.as_str()).collect();
            spacings.dedup();
            let tried = |k: &&Key| {
                end(k)
                    && self
                        .config
                        .grid_evaluations
                        .iter()
                        .any(|&e| k.evaluations == e || k.evaluations + 1 == e)
            };
            let mut columns: Vec<usize> = self.sums.keys().filter(tried).map(|k| k.evaluations).collect();
            columns.sort_unstable();
            columns.dedup();
            let heads: Vec<String> = columns.iter().map(usize::to_string).collect();
            let _ = writeln!(text, "| {sampler}, levels | {} | enough |", heads.join(" | "));
            let _ = writeln!(text, "|---|{}---|", "---|".repeat(columns.len()));
            for spacing in spacings {
                let worst = |evaluations: &usize| {
                    let key = Key {
                        place: Place::End,
                        sampler,
                        spacing: spacing.into(),
                        evaluations: *evaluations,
                    };
                    let share = Class::ALL
                        .iter()
                        .filter_map(|&c| self.class(&key, c))
                        .map(|e| e.signs)
                        .fold(0.0, f64::max);
                    format!("{:.2}", 100.0 * share)
                };
                let cells: Vec<String> = columns.iter().map(worst).collect();
                let enough = self.needed(sampler, spacing).map_or("more".into(), |n| n.to_string());
                let _ = writeln!(text, "| {spacing} | {} | {enough} |", cells.join(" | "));
            }
            text.push('\n');
        }
    }
}
