//! The report: the peaks of the machine, and how close the kernels come to them.

use attractor_report::{Block, Cell, Column, Report, Table};
use serde_json::{Map, Value, json};

use super::{Measured, Number, Peaks, Timed, Times};

/// The rate that belongs to a time for each operation, in units of 10⁹ a second.
fn rate(seconds: f64) -> f64 {
    1e-9 / seconds
}

/// A number to three significant digits, for readers.
fn short(value: f64) -> Cell {
    let digits = (2.0 - value.abs().max(1e-3).log10().floor()).max(0.0) as usize;
    Cell::rounded(value, digits)
}

/// A share in percent, for readers.
fn percent(share: f64) -> Cell {
    Cell::of(format!("{:.0} %", 100.0 * share), [share.into()])
}

fn or_empty(cell: Option<Cell>) -> Cell {
    cell.unwrap_or_else(|| Cell::of("", [Value::Null]))
}

impl Measured {
    /// The report.
    pub fn report(&self) -> Report {
        let all = self.threads.last().copied().unwrap_or(1);
        let larger = self.machine.cache.map_or(String::new(), |cache| {
            let times = (self.config.memory << 20) as f64 / cache as f64;
            format!(", {times:.1} times the last-level cache")
        });
        Report {
            experiment: "bench",
            title: "Speed of the kernels on this machine".into(),
            introduction: format!(
                "{}; 1 and {all} threads. Each call is timed in turn with the best that the machine \
                 can do: independent multiply-adds in registers, the kernels' exponential in the first-level cache, and reading {} \
                 MiB{larger}. Shares compare the shortest times. Each case takes about {:.1} s.",
                self.machine.words(),
                self.config.memory,
                self.config.budget,
            )
            .replace("1 and 1 threads", "1 thread"),
            command: self.config.command.clone(),
            settings: json!({
                "threads": self.threads, "budget": self.config.budget, "memory": self.config.memory,
            }),
            seed: 0,
            seconds: self.seconds,
            results: self.results(),
            more: self.more(),
            blocks: vec![
                Block::Heading("The best that the machine can do".into()),
                Block::Table(self.best()),
                Block::Heading("The kernels".into()),
                Block::Results,
                Block::Text(
                    "`of bound` is the time that the multiply-adds and exponentials take alone (or \
                     the reading from memory, if that is longer), divided by the time of the call. \
                     `exps` is the time of the call, divided by that of its exponentials alone. Columns are empty where there is nothing to compare with."
                        .into(),
                ),
            ],
        }
    }

    fn more(&self) -> Map<String, Value> {
        let mut more = Map::new();
        more.insert("machine".into(), self.machine.json());
        more.insert("peaks".into(), self.best().json());
        more
    }

    /// One row for each kind of work: on one thread, on all, and the ratio.
    fn best(&self) -> Table {
        let mut columns = vec![Column::new("", &["work"]), Column::new("unit", &["unit"])];
        columns.push(Column::new("1 thread: best", &["one_best"]));
        columns.push(Column::new("median", &["one_median"]));
        let all = self.threads.last().copied().unwrap_or(1);
        if all > 1 {
            columns.push(Column::new(format!("{all} threads: best"), &["all_best"]));
            columns.push(Column::new("median", &["all_median"]));
            columns.push(Column::new("all over one", &["speed_up"]));
        }
        let mut table = Table::new("peaks", columns);
        type Of = fn(&[Peaks; 2]) -> &Times;
        let both: Vec<Times> = self
            .peaks
            .iter()
            .map(|[narrow, wide]| {
                let mut times = narrow.byte.clone();
                times.extend(&wide.byte);
                times
            })
            .collect();
        let kinds: [(&str, &str, Of); 4] = [
            ("multiply-add f32", "GFLOP/s", |p| &p[0].operation),
            ("multiply-add f64", "GFLOP/s", |p| &p[1].operation),
            ("exponential f32", "ns", |p| &p[0].exponential),
            ("exponential f64", "ns", |p| &p[1].exponential),
        ];
        let mut add = |name: &str, unit: &str, times: Vec<&Times>| {
            let Some(first) = times.first().filter(|t| t.count() > 0) else { return };
            let value = |seconds: f64| short(if unit == "ns" { 1e9 * seconds } else { rate(seconds) });
            let mut row = vec![Cell::plain(name), Cell::plain(unit)];
            row.extend(times.iter().flat_map(|t| [value(t.best()), value(t.median())]));
            if let [_, last] = times[..] {
                row.push(Cell::rounded(first.best() / last.best(), 2));
            }
            table.rows.push(row);
        };
        for (name, unit, of) in kinds {
            add(name, unit, self.peaks.iter().map(of).collect());
        }
        add("read from memory", "GB/s", both.iter().collect());
        table
    }

    /// One row for each case and number of threads.
    fn results(&self) -> Table {
        let mut table = Table::new(
            "cases",
            vec![
                Column::new("kernel", &["kernel"]),
                Column::new("cues × patterns × units", &["cues", "patterns", "units"]),
                Column::new("numbers", &["numbers"]),
                Column::new("threads", &["threads"]),
                Column::new("best, ms", &["best"]),
                Column::new("median, ms", &["median"]),
                Column::new("rate, 10⁹/s", &["rate", "rate_of"]),
                Column::new("of multiply-adds", &["of_multiply_adds"]),
                Column::new("exps", &["over_exponentials"]),
                Column::new("of memory", &["of_memory"]),
                Column::new("of bound", &["of_bound"]),
                Column::new("1 thread over this", &["speed_up"]),
                Column::new("", &["calls"]),
            ],
        );
        table.columns[12].heading = "calls".into();
        table.rows = self.timed.iter().map(|timed| self.row(timed)).collect();
        table
    }

    fn row(&self, timed: &Timed) -> Vec<Cell> {
        let (case, shape, cost) = (timed.case(), timed.shape, timed.cost());
        let best = timed.times.best();
        let (amount, unit) = match case.kernel.number {
            Number::Bits => (cost.words, "words"),
            _ if case.patterns.is_none() => (cost.bytes, "bytes"),
            _ => (cost.operations, "operations"),
        };
        let [operations, exponentials, bytes] = match timed.least() {
            Some(least) => least.map(|seconds| Some(seconds).filter(|s| *s > 0.0)),
            None => [None; 3],
        };
        let sizes = [shape.cues, shape.patterns, shape.units];
        let one = self.timed.iter().find(|t| t.case == timed.case && t.threads == 1);
        let one = one.filter(|_| timed.threads > 1);
        vec![
            Cell::plain(case.kernel.name),
            Cell::of(sizes.map(|n| n.to_string()).join(" × "), sizes.map(Value::from)),
            Cell::plain(case.kernel.number.name()),
            Cell::plain(timed.threads),
            short(1e3 * best),
            short(1e3 * timed.times.median()),
            Cell::of(
                format!("{} {unit}", short(rate(best / amount)).shown),
                [rate(best / amount).into(), unit.into()],
            ),
            or_empty(operations.filter(|_| case.patterns.is_some()).map(|least| percent(least / best))),
            or_empty(exponentials.map(|least| short(best / least))),
            or_empty(bytes.map(|least| percent(least / best))),
            or_empty(timed.bound().map(|bound| percent(bound / best))),
            or_empty(one.map(|one| Cell::rounded(one.times.best() / best, 2))),
            Cell::plain(timed.times.count()),
        ]
    }
}
