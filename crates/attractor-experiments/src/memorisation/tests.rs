use attractor::diffusion::Sampling;
use attractor::memories::{Diffusion, MemoryModel};
use attractor::{Memory, Patterns, Request};
use ndarray::Array2;

use super::networks::rates;
use super::*;

fn tiny() -> Config {
    let plan = |set, counts: &[usize], last, width| Plan {
        set,
        counts: counts.to_vec(),
        steps: vec![32, last],
        width,
        batch: 64,
        generated: 80,
        rate: 1e-3,
    };
    Config {
        profile: Profile::Quick,
        theory: Theory { dim: 6, psi_p: 8, psi_n: vec![1, 2], time: 0.02, draws: 2, descent: (1, 4) },
        plans: vec![
            plan(Set::Circle, &[2, 64], 1024, 48),
            plan(Set::Mixture, &[2, 64], 512, 48),
            plan(Set::Digits, &[2, 40], 64, 32),
        ],
        laboratory: Laboratory {
            dim: 6,
            components: 2,
            rows: 12,
            models: vec![2, 8, 12],
            draws: 2,
            steps: 60,
            batch: 16,
            generated: 20,
        },
        seed: 3,
        store: None,
    }
}

#[test]
fn a_network_of_two_points_copies_them_and_the_report_says_so() {
    let config = tiny();
    let findings = config.findings(None, &mut |_, _| Ok(())).expect("findings");
    let last = |plan: usize, k: usize| findings.networks[plan][k].looks.last().expect("a look");
    // Two points of a circle: nearly all that is generated is near to one of them.
    assert!(last(0, 0).rates[0].value > 0.8, "{:?}", last(0, 0));
    // Of 64 points it generates what lies on the circle. The share of f_mem is then that of honest points.
    assert!(last(0, 1).rates[0].value < 0.6, "{:?}", last(0, 1));
    assert!(last(0, 1).wasserstein[0] < findings.networks[0][1].looks[0].wasserstein[0]);
    let report = config.report(&findings, 1.0);
    report.html().expect("a page");
    assert_eq!(report.json()["rates"].as_array().map(Vec::len), Some(6 * 2));
    assert_eq!(report.json()["times"].as_array().map(Vec::len), Some(6));
}

/// What is done is kept, and nothing is trained again: the same results, to the bit, from one thread.
#[test]
fn a_stopped_run_continues() {
    let folder = tempfile::tempdir().expect("a folder");
    let stop = || attractor_report::Error::setting("test", "a stop", "none");
    let mut config = Config { store: Some(folder.path().join("cells.sqlite")), ..tiny() };
    config.plans.truncate(2);
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    // Two at a time: the dearer two are done, and the others are stopped half-way.
    let stopped = pool(2)
        .install(|| config.networks(None, &mut |share| if share > 0.7 { Err(stop()) } else { Ok(()) }));
    assert!(stopped.is_err());
    let kept = || {
        let files = std::fs::read_dir(folder.path().join("networks")).expect("a folder");
        files.filter(|f| f.as_ref().is_ok_and(|f| f.path().extension().is_some_and(|e| e == "json"))).count()
    };
    assert_eq!(kept(), 2);
    let resumed = config.networks(None, &mut |_| Ok(())).expect("networks");
    assert_eq!(kept(), 4);
    let whole = pool(1).install(|| {
        Config { store: None, ..config.clone() }.networks(None, &mut |_| Ok(())).expect("networks")
    });
    assert_eq!(resumed, whole);
    // A team trains the same networks, and only those that are not kept.
    let cell = |cell: &Value| config.cell(cell);
    let by_team = |config: &Config| {
        config
            .networks(Some(&mut attractor_report::team::Alone::new(&cell)), &mut |_| Ok(()))
            .expect("networks")
    };
    assert_eq!(by_team(&Config { store: None, ..config.clone() }), whole);
    assert_eq!(by_team(&config), whole);
    assert!(config.cell(&json!([9, 2])).is_err());
}

/// What the exact denoiser of N rows generates are these rows: f_mem and IMS are 1, AuthPct 0.
#[test]
fn the_exact_denoiser_copies() {
    for set in [Set::Circle, Set::Mixture] {
        let source = set.source(5);
        for count in [4, 64] {
            let train = source.train(count);
            let memory =
                Diffusion::on(Patterns::new(train.clone()).expect("patterns").into(), Sampling::default())
                    .expect("a memory");
            let rows: Vec<u64> = (0..60).collect();
            let (cues, level) = memory.prior_samples(&rows, 1).expect("noise");
            let request = Request { level, seed: 1, report: false, ..Request::new(cues.view()) };
            let generated = memory.recall(&request).expect("rows").states;
            let (found, _) = rates(&train, &source.heldout(0, count), &generated, 19, 1).expect("rates");
            // Points of a circle can be so near to each other that the last level does not tell them apart.
            let least = if set == Set::Circle { [0.9, 0.8] } else { [1.0, 1.0] };
            assert!(found[0].value >= least[0] && found[3].value >= least[1], "{set:?} {count}: {found:?}");
            assert_eq!(found[5].value, 0.0, "{set:?} {count}");
        }
    }
}

/// Honest rows have f_mem = r^D, on a circle with D = 1 and in a Gaussian of 8 dimensions, and DCR share ½.
#[test]
fn honest_rows_are_at_the_floor() {
    /// Three standard deviations of a share of 1,500 rows, and of the rows that they are near to.
    const SPREAD: f64 = 0.06;
    for (set, expected) in [(Set::Circle, 1.0 / 3.0), (Set::Mixture, (1.0_f64 / 3.0).powi(8))] {
        let source = set.source(6);
        let (train, heldout) = (source.train(700), source.heldout(0, 700));
        let honest: Array2<f64> = source.heldout(5_000, 1500);
        let (found, floor) = rates(&train, &heldout, &honest, 19, 1).expect("rates");
        assert!((found[0].value - expected).abs() < SPREAD, "{set:?}: {:?}", found[0]);
        assert!((found[2].value - 0.5).abs() < 1.5 * SPREAD, "{set:?}: {:?}", found[2]);
        assert!(floor.is_some_and(|floor| (floor - expected).abs() < SPREAD), "{set:?}: {floor:?}");
    }
}

#[test]
fn digits_are_shuffled_and_held_out_ones_are_others() {
    let source = Set::Digits.source(1);
    let (train, heldout) = (source.train(898), source.heldout(0, 899));
    assert_eq!((train.dim(), heldout.dim()), ((898, 64), (899, 64)));
    assert_eq!(source.train(5), train.slice(ndarray::s![..5, ..]));
    let same = |a: ndarray::ArrayView1<f64>| heldout.outer_iter().any(|b| b == a);
    assert_eq!(train.outer_iter().filter(|row| same(*row)).count(), 0, "no digit comes twice");
    let mean = heldout.mean_axis(ndarray::Axis(0)).expect("digits");
    assert!(mean.iter().all(|m| m.abs() < 1e-12));
    assert_ne!(Set::Digits.source(2).train(5), source.train(5));
}
