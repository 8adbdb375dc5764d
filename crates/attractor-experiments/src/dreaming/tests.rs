use super::theory::{capacity, overlap};
use super::*;

/// Theory at t = 0 is that of Amit, Gutfreund & Sompolinsky (1985): the retrieval states end at α = 0.138 with an overlap
/// of 0.967.
#[test]
fn theory_begins_with_the_published_capacity() {
    let end = capacity(0.0);
    assert!((end - 0.1379).abs() < 2e-4, "{end}");
    // At the end the overlap falls as a square root: by .0033 over the last 10⁻⁴, to which the end is found.
    let overlap = overlap(end, 0.0).expect("a retrieval state");
    assert!((overlap - 0.967).abs() < 4e-3, "{overlap}");
    // More time never holds less, up to the load at which patterns span all states.
    let times = [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0];
    let capacities = times.map(capacity);
    assert!(capacities.windows(2).all(|pair| pair[0] < pair[1]) && capacities[6] < 1.0, "{capacities:?}");
    assert_eq!(capacity(f64::INFINITY), 1.0);
}

fn measured(config: &Config) -> Result<measure::Measured> {
    measure::measure(config, &mut Alone::new(&|cell| config.cell(cell)), &mut |_, _| Ok(()))
}

fn small() -> Config {
    Config {
        dims: vec![64],
        loads: vec![0.1, 0.3],
        times: vec![0.0, 1.0, 8.0, f64::INFINITY],
        sets: 4,
        ..Config::default()
    }
}

/// Wrong units of recalled patterns are those of theory, and more flips are tolerated in between than at the ends.
#[test]
fn recalled_patterns_are_as_wrong_as_in_theory() {
    /// Of 4 sets of 64 cues of 400 units some 300 units are wrong, in groups: an error of 20 %, and as much for D < ∞.
    const FACTOR: f64 = 1.6;
    let config = Config {
        dims: vec![400],
        loads: vec![0.35, 0.5],
        times: vec![0.0, 1.0, 2.0, 8.0, f64::INFINITY],
        sets: 4,
        ..Config::default()
    };
    let measured = measured(&config).expect("numbers");
    for (load, time) in [(0.35, 1.0), (0.5, 2.0)] {
        let theory = (1.0 - overlap(load, time).expect("a retrieval state")) / 2.0;
        let found = measured.wrong.iter().find(|w| (w.load, w.time) == (load, time)).expect("measured").share;
        assert!(found > theory / FACTOR && found < theory * FACTOR, "{load}, {time}: {found} for {theory}");
    }
    // At t = 1 retrieval ends between these loads, and so at larger ones for longer times.
    let held = |time: f64| measured.capacities.iter().find(|c| c.time == time).expect("measured").load;
    assert!(held(0.0) < 0.25 && held(1.0) > capacity(1.0) && held(1.0) < held(2.0) && held(2.0) < held(8.0));
    for dynamics in Dynamics::ALL {
        let flips = |time: f64| {
            let of = |b: &&Basin| (b.dynamics, b.load, b.time) == (dynamics, 0.5, time);
            measured.basins.iter().find(of).expect("measured").flips
        };
        assert_eq!(flips(0.0), 0.0, "Hebb is overloaded");
        assert!(flips(8.0) > flips(2.0) && flips(8.0) > flips(f64::INFINITY) + 0.005, "{dynamics:?}");
    }
}

#[test]
fn a_seed_gives_one_report_on_any_number_of_threads() {
    let once = measured(&small()).expect("numbers");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    let again = pool.install(|| measured(&small())).expect("numbers");
    assert_eq!(once, again);
    let report = small().run(&mut |_, _| Ok(())).expect("a report");
    assert!(report.markdown().contains("Nowhere does t = 8") && report.json()["basins"].is_array());
    let other = measured(&Config { seed: 1, ..small() }).expect("numbers");
    assert_ne!(once, other);
}

#[test]
fn settings_out_of_order_are_refused() {
    for config in [
        Config { sets: 1, ..small() },
        Config { dims: vec![20, 10], ..small() },
        Config { loads: Vec::new(), ..small() },
        Config { cues: 0, ..small() },
    ] {
        assert!(config.check().is_err(), "{config:?}");
    }
}
