//! Capacities compared with theory, and tables that do not depend on how the work was divided.

use attractor::memories::Spec;

use super::*;

fn quick(names: &[&str], task: Task) -> Config {
    let entrant =
        |name: &&str| Entrant::new(Contender::named(name, &Default::default()).expect("a model"), task);
    Config {
        entrants: names.iter().map(entrant).collect(),
        dims: vec![8, 12],
        sets: 24,
        cues: Some(64),
        ..Config::default()
    }
}

fn measured(config: &Config) -> Vec<Found> {
    config.measure(&mut |_, _| Ok(())).expect("capacities")
}

/// A number of patterns, and for each of its sets: the set, the score's halves and its units.
type Cell = (usize, Vec<(usize, u64, u64)>);

/// All scores without their times. These must be equal to the bit.
fn table(found: &[Found]) -> Vec<(usize, usize, Vec<Cell>)> {
    let cell = |(n, scores): (&usize, &Vec<cells::Score>)| {
        (*n, scores.iter().map(|s| (s.set, s.halves, s.units)).collect())
    };
    found.iter().map(|f| (f.entrant, f.dim, f.scores.iter().map(cell).collect())).collect()
}

/// The Bayes decoder of erased units has the error that is known exactly, and flips are decoded at least as
/// well as by guessing. Over 200 sets, to four standard errors.
#[test]
fn the_ceiling_is_the_exact_one_of_erasures() {
    for (dim, patterns) in [(8, 4), (12, 12), (16, 29), (16, 60)] {
        let config = Config {
            rule: Rule::List(vec![patterns]),
            dims: vec![dim],
            sets: 200,
            ..quick(&["ceiling"], Task::Mask(0.5))
        };
        let found = measured(&config);
        let errors: Vec<f64> = found[0].scores[&patterns].iter().map(cells::Score::error).collect();
        let mean = errors.iter().sum::<f64>() / 200.0;
        let deviation = (errors.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / 199.0).sqrt();
        let exact = theory::erasure_error(dim, 0.5, patterns);
        assert!(
            (mean - exact).abs() < 4.0 * deviation / 200f64.sqrt(),
            "D {dim}, N {patterns}: {mean}, {exact}"
        );
    }
}

/// On the same cues no model has a smaller error than the ceiling, for any kind of cue. A memory cannot be
/// better on average but can be by chance, so the test allows three standard errors of the difference.
#[test]
fn no_memory_passes_the_ceiling() {
    for task in [Task::Signal(0.68), Task::Mask(0.5), Task::Flip(0.15)] {
        let names = ["ceiling", "diffusion", "modern", "hopfield", "dense", "universal", "sdm"];
        let config = Config { rule: Rule::List(vec![3, 12]), dims: vec![12], ..quick(&names, task) };
        let found = measured(&config);
        for n in [3, 12] {
            let ceiling = &found[0].scores[&n];
            for other in &found[1..] {
                let differences: Vec<f64> =
                    other.scores[&n].iter().zip(ceiling).map(|(a, b)| a.error() - b.error()).collect();
                let count = differences.len() as f64;
                let mean = differences.iter().sum::<f64>() / count;
                let deviation =
                    (differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt();
                let name = names[other.entrant];
                assert!(mean > -3.0 * deviation / count.sqrt() - 1e-12, "{name}, {task}, N = {n}: {mean}");
            }
        }
    }
}

/// One step of the diffusion model has as many wrong units as the ceiling, to within one unit (its sums are
/// in another order).
#[test]
fn one_step_of_diffusion_is_the_ceiling() {
    for task in [Task::Signal(0.68), Task::Flip(0.2)] {
        let mut config = Config { rule: Rule::List(vec![5, 20]), ..quick(&["ceiling"], task) };
        let one = Contender::Model(Spec::new("diffusion").with("sampler", "one-step"), None);
        config.entrants.push(Entrant::new(one, task));
        let found = measured(&config);
        for (a, b) in found[..2].iter().zip(&found[2..]) {
            for (n, scores) in &a.scores {
                let halves = |s: &[cells::Score]| s.iter().map(|s| s.halves).sum::<u64>();
                let (a, b) = (halves(scores), halves(&b.scores[n]));
                assert!(a.abs_diff(b) <= 2, "{task}, N = {n}: {a} and {b}");
            }
        }
    }
}

#[test]
fn shards_threads_and_stores_give_one_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let names = ["ceiling", "modern", "hopfield"];
    let whole = table(&measured(&quick(&names, Task::Signal(0.68))));
    // Each shard writes its own file, the last shard first. Then the files are merged.
    let path = |name: &str| Some(folder.path().join(name));
    for shard in [3, 1, 2] {
        let store = path(&format!("{shard}.sqlite"));
        let found = measured(&Config { shard: (shard, 3), store, ..quick(&names, Task::Signal(0.68)) });
        assert_eq!(found.len(), 2, "a third of six");
    }
    let together = path("all.sqlite").expect("a path");
    let mut cells = Cells::open(Some(&together)).expect("a file");
    for shard in 1..=3 {
        assert!(cells.merge(&path(&format!("{shard}.sqlite")).expect("a path")).expect("merged") > 0);
    }
    let before = cells.count().expect("a count");
    assert_eq!(cells.merge(&path("1.sqlite").expect("a path")).expect("merged"), 0, "twice changes nothing");
    drop(cells);
    let config = Config { store: Some(together.clone()), ..quick(&names, Task::Signal(0.68)) };
    assert_eq!(table(&measured(&config)), whole);
    let cells = Cells::open(Some(&together)).expect("a file");
    assert_eq!(cells.count().expect("a count"), before, "nothing was left to do");
    drop(cells);
    // More sets, in a file that another configuration has written to, on one thread.
    let more = Config { sets: 30, rule: Rule::Grid(1.5), ..config.clone() };
    let fresh = table(&measured(&Config { store: None, ..more.clone() }));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    assert_eq!(pool.install(|| table(&measured(&more))), fresh);
    assert_eq!(table(&measured(&config)), whole);
}

/// Two processes on one file: each score is there once, and both get the same table.
#[test]
fn several_share_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Some(folder.path().join("cells.sqlite"));
    let config = Config { store, ..quick(&["ceiling", "diffusion", "hopfield"], Task::Signal(0.6)) };
    let alone = table(&measured(&Config { store: None, ..config.clone() }));
    let tables: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..3).map(|_| scope.spawn(|| table(&measured(&config)))).collect();
        workers.into_iter().map(|worker| worker.join().expect("a table")).collect()
    });
    assert!(tables.iter().all(|table| *table == alone));
    let expected: usize = alone.iter().flat_map(|f| &f.2).map(|(_, scores)| scores.len()).sum();
    let cells = Cells::open(config.store.as_deref()).expect("a file");
    assert_eq!(cells.count().expect("a count"), expected);
    drop(cells);
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).expect("a folder").flatten().map(|e| e.file_name()).collect();
    assert_eq!(left, ["cells.sqlite"], "nothing but the results is left");
}

#[test]
fn what_cannot_be_used_is_refused_in_a_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let said =
        |config: Config| config.measure(&mut |_, _| Ok(())).map(|_| ()).expect_err("refused").to_string();
    let good = || quick(&["ceiling"], Task::Signal(0.68));
    for (config, says) in [
        (Config { entrants: Vec::new(), ..good() }, "models"),
        (Config { dims: vec![8, 8], ..good() }, "rising"),
        (Config { dims: vec![0], ..good() }, "rising"),
        (Config { threshold: f64::NAN, ..good() }, "threshold"),
        (Config { sets: 0, ..good() }, "sets"),
        (Config { cues: Some(0), ..good() }, "cues"),
        (Config { shard: (3, 2), ..good() }, "shard"),
        (quick(&["ceiling"], Task::Signal(1.0)), "signal"),
        (quick(&["ceiling"], Task::Flip(0.5)), "flip"),
    ] {
        let text = said(config);
        assert!(text.contains(says), "{text}");
    }
    let text = folder.path().join("text.sqlite");
    std::fs::write(&text, "no database, but long enough to be looked at as one".repeat(100)).expect("a file");
    assert!(said(Config { store: Some(text), ..good() }).contains("not a file of results"));
    let other = folder.path().join("other.sqlite");
    rusqlite::Connection::open(&other)
        .and_then(|c| c.execute_batch("CREATE TABLE a (b)"))
        .expect("a database");
    assert!(said(Config { store: Some(other.clone()), ..good() }).contains("another program"));
    let mut cells = Cells::open(None).expect("in memory");
    assert!(cells.merge(&other).expect_err("refused").to_string().contains("another kind"));
    assert!(cells.merge(&folder.path().join("none")).is_err());
    assert!(
        said(Config { store: Some(folder.path().join("no/folder.sqlite")), ..good() }).contains("folder")
    );
    for name in ["network", "extended", "nothing"] {
        assert!(Contender::named(name, &Default::default()).is_err());
    }
    assert!("noise:1".parse::<Task>().is_err() && "signal:2".parse::<Task>().is_err());
    let same: Task = "mask:0.25".parse().expect("a task");
    assert_eq!(same, Task::Mask(0.25));
}

/// A user's function is measured like a model, and its result is checked.
#[test]
fn functions_are_contenders() {
    use std::sync::Arc;
    let nearest: Arc<Own> = Arc::new(|patterns, cues, _| {
        let products = cues.dot(&patterns.t());
        let best = |row: ndarray::ArrayView1<f32>| (0..row.len()).max_by(|a, b| row[*a].total_cmp(&row[*b]));
        let rows: Vec<usize> = products.outer_iter().filter_map(best).collect();
        Ok(patterns.select(ndarray::Axis(0), &rows))
    });
    let task = Task::Signal(0.68);
    let mut config = Config { rule: Rule::List(vec![6]), ..quick(&["modern"], task) };
    config.entrants.push(Entrant::new(Contender::Own("nearest".into(), nearest), task));
    let found = measured(&config);
    let error = |f: &Found| mean_error(&f.scores[&6]);
    // At a β that separates patterns, modern Hopfield ends at the nearest pattern, apart from mixtures.
    assert!((error(&found[0]) - error(&found[2])).abs() < 0.01);
    let short: Arc<Own> = Arc::new(|patterns, _, _| Ok(patterns.to_owned()));
    config.entrants = vec![Entrant::new(Contender::Own("short".into(), short), task)];
    assert!(config.measure(&mut |_, _| Ok(())).expect_err("refused").to_string().contains("shape"));
}

/// A file of results may come from anywhere. The names of workers in it lead nowhere outside of the workers' folder, and
/// hold nobody up.
#[test]
fn names_of_workers_are_not_trusted() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("cells.sqlite");
    let (precious, other) = (folder.path().join("precious"), folder.path().join("1-1"));
    std::fs::write(&precious, "").expect("written");
    std::fs::write(&other, "").expect("written");
    let long = "9".repeat(300);
    let names = [
        precious.to_str().expect("text"),
        "../precious",
        "..",
        ".",
        "",
        "\0",
        &long,
        "1-1/../../precious",
        "-",
    ];
    let mut cells = Cells::open(Some(&place)).expect("cells");
    let series = cells.series("a").expect("a series");
    for (set, name) in names.iter().enumerate() {
        let raw = rusqlite::Connection::open(&place).expect("opened");
        raw.execute(
            "INSERT INTO claims VALUES (?1, 8, 1, ?2, ?3)",
            rusqlite::params![series, set as i64, name],
        )
        .expect("a claim");
        let part = cells::Part { series, dim: 8, patterns: 1, sets: set..set + 1 };
        assert_eq!(cells.claim(&part).expect("a claim"), cells::Claim::Ours, "{name:?}");
    }
    assert!(precious.exists() && other.exists());
    drop(cells);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.path(), folder.path().join("cells.sqlite-workers"))
            .expect("a link");
        let error = Cells::open(Some(&place)).expect_err("a link").to_string();
        assert!(error.contains("it is a link"), "{error}");
        assert!(precious.exists() && other.exists());
    }
}

/// The results of a folder that cannot be written, and of one whose name looks like an address, are merged.
#[test]
fn results_are_merged_from_where_nothing_can_be_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let (theirs, ours) = (folder.path().join("file:x?mode=memory"), folder.path().join("ours"));
    std::fs::create_dir(&theirs).expect("a folder");
    std::fs::create_dir(&ours).expect("a folder");
    let place = theirs.join("cells.sqlite");
    let mut cells = Cells::open(Some(&place)).expect("cells");
    let series = cells.series("a").expect("a series");
    let part = cells::Part { series, dim: 8, patterns: 1, sets: 0..2 };
    let score = |set| cells::Score { set, halves: 3, units: 8, seconds: 0.5 };
    cells.record([(&part, &[score(0), score(1)][..])]).expect("recorded");
    drop(cells);
    assert!(place.is_file());
    let mut permissions = std::fs::metadata(&theirs).expect("a folder").permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&theirs, permissions.clone()).expect("set");
    let mut cells = Cells::open(Some(&ours.join("cells.sqlite"))).expect("cells");
    assert_eq!(cells.merge(&place).expect("merged"), 2);
    assert_eq!(cells.merge(&place).expect("merged"), 0);
    #[allow(clippy::permissions_set_readonly_false)]
    permissions.set_readonly(false);
    std::fs::set_permissions(&theirs, permissions).expect("set");
}

/// Where the mean error of the ceiling crosses 3 % at θ = 0.68, by D: `fixtures/ceiling.c`, over 4,000 (D = 24) to 150,000
/// pattern sets, to 0.1 % (D = 10, 18), 0.2 % or 0.4 % (D = 24).
const CROSSINGS: [(usize, f64); 7] =
    [(10, 4.751), (12, 7.381), (14, 11.82), (16, 19.26), (18, 31.73), (20, 52.9), (24, 148.5)];

/// How often 95 % intervals hold the true capacity, at the settings that the documentation uses.
#[test]
#[ignore = "takes minutes: cargo test -p attractor-capacity --lib coverage -- --ignored"]
fn coverage_of_the_intervals() {
    use std::io::Write;
    const SEEDS: u64 = 100;
    /// The least coverage over all D of a setting.
    const COVERAGE: f64 = 0.93;
    let each = |sets, cues, rule| Config { sets, cues, rule, ..quick(&["ceiling"], Task::Signal(0.68)) };
    for (name, config, last) in [
        ("140 sets of 256 cues", each(140, Some(256), Rule::Bisection), 24),
        ("24 sets of 256 cues", each(24, Some(256), Rule::Bisection), 24),
        ("6 sets of 256 cues", each(6, Some(256), Rule::Bisection), 24),
        ("100 sets, each pattern cued", each(100, None, Rule::Bisection), 24),
        ("140 sets, each pattern cued, grid", each(140, None, Rule::Grid(1.5)), 20),
    ] {
        let (mut line, mut all, mut held) = (name.to_owned(), 0, 0);
        for (dim, crossing) in CROSSINGS.into_iter().filter(|(dim, _)| *dim <= last) {
            let (mut inside, mut sum) = (0, 0.0);
            for seed in 0..SEEDS {
                let found = measured(&Config { dims: vec![dim], seed, ..config.clone() });
                inside += u64::from(found[0].capacity.interval.contains(crossing));
                sum += found[0].capacity.crossing;
            }
            (all, held) = (all + SEEDS, held + inside);
            let bias = 100.0 * (sum / SEEDS as f64 / crossing - 1.0);
            line += &format!(" | {dim}: {:.2} ({bias:+.1} %)", inside as f64 / SEEDS as f64);
        }
        let share = held as f64 / all as f64;
        writeln!(std::io::stdout(), "{line} | all: {share:.3}").expect("written");
        assert!(share >= COVERAGE, "{line} | all: {share:.3}");
    }
}

/// The command of a report and its parser are inverse, and defaults are no other contenders.
#[test]
fn contenders_are_read_as_they_are_spelled() {
    for text in [
        "ceiling",
        "hopfield",
        "hopfield:rule=pseudo-inverse",
        "hopfield:rule=storkey:self-coupling",
        "universal:separation=poly:3:similarity=dot",
        "dense:interaction=exp",
    ] {
        let contender = Contender::named(text, &Default::default()).expect(text);
        let again = Contender::named(&contender.spelled(), &Default::default()).expect(text);
        assert_eq!(again.to_string(), contender.to_string(), "{text}");
    }
    let spelled = |text: &str| Contender::named(text, &Default::default()).expect(text).spelled();
    assert_eq!(spelled("hopfield:self-coupling:rule=hebb"), "hopfield:self-coupling");
    assert_eq!(spelled("dense:interaction=poly:4"), "dense:interaction=poly:4");
    for wrong in
        ["hopfield:rule", "hopfield:rule=x", "hopfield:x=1", "ceiling:a=1", ":", "hopfield:rule=hebb:x"]
    {
        assert!(Contender::named(wrong, &Default::default()).is_err(), "{wrong}");
    }
}

/// Runs that take minutes are announced; short ones are not.
#[test]
fn long_runs_are_announced() {
    let with = |names: &[&str], dims: Vec<usize>, sets: usize| {
        Config { dims, sets, cues: Some(256), ..quick(names, Task::Flip(0.1)) }.warning()
    };
    assert_eq!(with(&["ceiling", "modern"], vec![8, 16], 24), None);
    // 627 s on two cores.
    let said = with(&["hopfield", "ceiling"], vec![16, 32, 64], 20).expect("a warning");
    assert!(said.contains("minutes") && said.contains("ceiling at D = 64"), "{said}");
}

/// A team that gives back last what it was handed first, and one cell at a time.
struct Backwards<'a>(&'a Config, Vec<Value>, usize);

impl Team for Backwards<'_> {
    fn hand_out(&mut self, cell: &Value) -> Result<()> {
        assert!(!self.1.contains(cell), "{cell} twice");
        self.1.push(cell.clone());
        Ok(())
    }

    fn next(&mut self) -> Result<(Value, Value)> {
        let cell = self.1.pop().expect("a cell");
        self.2 += 1;
        // What is sent is text.
        let found = self.0.cell(&cell)?.to_string();
        Ok((cell, serde_json::from_str(&found).expect("JSON")))
    }
}

/// Whoever computes cells, and in whatever order they come back, the table is the same; and what is in the file is not computed again.
#[test]
fn a_team_measures_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    for rule in [Rule::Bisection, Rule::Grid(1.5)] {
        let store = Some(folder.path().join(format!("{rule:?}.sqlite")));
        let config = Config { rule, ..quick(&["ceiling", "hopfield", "modern"], Task::Flip(0.1)) };
        let alone = measured(&config);
        let with = |config: &Config| {
            let mut team = Backwards(config, Vec::new(), 0);
            let mut cells = Cells::open(config.store.as_deref()).expect("cells");
            let found =
                config.measure_on(&mut cells, Some(&mut team), &mut |_, _| Ok(())).expect("capacities");
            assert!(team.1.is_empty());
            (table(&found), team.2)
        };
        assert_eq!(with(&config).0, table(&alone));
        let kept = Config { store, ..config };
        let (found, cells) = with(&kept);
        assert!(found == table(&alone) && cells > 10, "{cells}");
        assert_eq!(with(&kept), (table(&alone), 0));
    }
}

/// What is no cell of a measurement is refused, and so is what no cell gives.
#[test]
fn stray_cells_are_refused() {
    let config = quick(&["ceiling"], Task::Flip(0.1));
    let key = config.key(&config.entrants[0]);
    for cell in [
        json!(3),
        json!({ "series": "another", "dim": 8, "parts": [[2, 0, 4]] }),
        json!({ "series": key, "dim": -1, "parts": [[2, 0, 4]] }),
        json!({ "series": key, "dim": 8, "parts": [[0, 0, 4]] }),
        json!({ "series": key, "dim": 8, "parts": [[2, 4, 0]] }),
        json!({ "series": key, "dim": 8 }),
    ] {
        assert!(config.cell(&cell).expect_err("refused").to_string().contains("executor"), "{cell}");
    }
    struct Says(Value, Option<Value>);
    impl Team for Says {
        fn hand_out(&mut self, cell: &Value) -> Result<()> {
            self.1.get_or_insert(cell.clone());
            Ok(())
        }
        fn next(&mut self) -> Result<(Value, Value)> {
            Ok((self.1.clone().expect("a cell"), self.0.clone()))
        }
    }
    for answer in [json!(null), json!([]), json!([[[1, 2, 0.1]]]), json!([vec![json!([9, 4, 0.1]); 24]])] {
        let mut cells = Cells::open(None).expect("cells");
        let mut team = Says(answer, None);
        let refused = config.measure_on(&mut cells, Some(&mut team), &mut |_, _| Ok(()));
        assert!(refused.expect_err("refused").to_string().contains("executor"));
        assert_eq!(cells.count().expect("a count"), 0, "nothing of it is kept");
    }
}

/// A file that is only read stays as it is, and no file appears beside it; also if its process was killed and left a log.
#[test]
fn merged_files_are_only_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let theirs = folder.path().join("theirs");
    std::fs::create_dir(&theirs).expect("a folder");
    let place = theirs.join("cells.sqlite");
    let mut cells = Cells::open(Some(&place)).expect("cells");
    let series = cells.series(r#"{"version":1,"seed":0}"#).expect("a series");
    let part = cells::Part { series, dim: 8, patterns: 1, sets: 0..2 };
    let score = |set| cells::Score { set, halves: 3, units: 8, seconds: 0.5 };
    cells.record([(&part, &[score(0), score(1)][..])]).expect("recorded");
    let listed = || {
        let mut all: Vec<(String, Vec<u8>)> = std::fs::read_dir(&theirs)
            .expect("a folder")
            .flatten()
            .filter(|entry| entry.path().is_file())
            .map(|entry| {
                (
                    entry.file_name().to_string_lossy().into_owned(),
                    std::fs::read(entry.path()).expect("bytes"),
                )
            })
            .collect();
        all.sort();
        all
    };
    // The process still writes: its log is read, too.
    let mut ours = Cells::open(None).expect("cells");
    assert_eq!(ours.merge(&place).expect("merged"), 2);
    drop(cells);
    let before = listed();
    assert_eq!(before.len(), 1);
    let mut ours = Cells::open(Some(&folder.path().join("ours.sqlite"))).expect("cells");
    assert_eq!(ours.merge(&place).expect("merged"), 2);
    assert_eq!(listed(), before);
    let other = folder.path().join("other.sqlite");
    Cells::open(Some(&other)).expect("cells").series(r#"{"version":1,"seed":1}"#).expect("a series");
    let error = ours.agrees(&[place.clone(), other.clone()]).expect_err("another seed").to_string();
    assert!(
        error.contains("seed 1") && error.contains("seed 0") && error.contains("other.sqlite"),
        "{error}"
    );
    ours.agrees(&[place]).expect("parts of one run");
    Cells::open(None).expect("cells").agrees(&[other]).expect("the first");
}
