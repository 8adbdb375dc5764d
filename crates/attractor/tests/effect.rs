//! What a change does to the recall of the patterns that are kept, by patterns whose basins are known.
#![allow(missing_docs)]

mod zoo;

use attractor::analysis::effects;
use attractor::noise::{Purpose, Stream};
use attractor::{Level, Memory, Patterns, Request, Spec};
use ndarray::{Array2, array, s};
use zoo::{ZOO, spins};

fn nearest_of(patterns: &Array2<f64>) -> Box<dyn Memory<f64>> {
    let spec = Spec::new("modern").with("beta", "12").with("norm-bias", "on");
    spec.build(Patterns::new(patterns.clone()).expect("patterns")).expect("a memory")
}

#[test]
fn a_memory_that_did_not_change_loses_nothing() {
    let patterns = spins::<f64>(12, 64, 1);
    for specimen in
        ZOO.iter().filter(|s| s.fits(&patterns) && s.remembers() && s.keeps() && !s.is_under_potential())
    {
        let world = specimen.world(&patterns);
        let memory = specimen.build(Patterns::new(world.clone()).expect("patterns"));
        if memory.patterns().is_none() {
            continue;
        }
        let cues = Array2::from_shape_fn((24, 64), |(row, unit)| {
            let wrong = (7 * row + 3 * unit) % 11 == 0;
            world[[if wrong { (row / 2 + 1) % 12 } else { row / 2 }, unit]]
        });
        let pairs: Vec<_> = (0..12).map(|n| (n, n)).collect();
        let request = Request { level: Level::Sigma(0.6), seed: 3, ..Request::new(cues.view()) };
        let effects =
            effects(memory.as_ref(), memory.as_ref(), &pairs, &request, |_| Ok(())).expect("effects");
        for effect in &effects {
            let name = specimen.name();
            assert_eq!((effect.lost, effect.gained, effect.moved), (0, 0, 0.0), "{name}");
            assert!(effect.cues == 2 && effect.recalled == effect.recalled_before, "{name}");
        }
    }
}

/// One pattern at 0 and one far away; then another at 1. At a high β the modern network recalls the nearest of them, so cues of
/// the first that lie beyond ½ are lost.
#[test]
fn a_neighbour_takes_the_cues_beyond_the_middle() {
    const CUES: usize = 400;
    let old = array![[0.0, 0.0], [40.0, 40.0]];
    let new = array![[0.0, 0.0], [40.0, 40.0], [1.0, 0.0]];
    let mut noise = Stream::new(5, Purpose::Corruption, 0);
    let cues = Array2::from_shape_fn(
        (2 * CUES, 2),
        |(row, _)| if row < CUES { 0.0 } else { 40.0 } + 0.3 * noise.normal(),
    );
    let beyond = cues.slice(s![..CUES, 0]).iter().filter(|x| **x > 0.5).count();
    assert!(beyond > 5, "{beyond}");
    let (before, after) = (nearest_of(&old), nearest_of(&new));
    let request = Request::new(cues.view());
    let compare = |a: &dyn Memory<f64>, b: &dyn Memory<f64>| {
        effects(a, b, &[(0, 0), (1, 1)], &request, |_| Ok(())).expect("effects")
    };
    let grown = compare(before.as_ref(), after.as_ref());
    assert_eq!((grown[0].recalled_before, grown[0].lost, grown[0].gained), (CUES, beyond, 0));
    assert_eq!((grown[0].recalled, grown[1].lost, grown[1].recalled), (CUES - beyond, 0, CUES));
    // Those cues move by about 1 in one of two units.
    let moved = (beyond as f64 / (2 * CUES) as f64).sqrt();
    assert!((grown[0].moved - moved).abs() < 0.05 && grown[1].moved < 1e-6, "{} {moved}", grown[0].moved);
    // Removing the neighbour gives them back.
    let back = compare(after.as_ref(), before.as_ref());
    assert_eq!((back[0].lost, back[0].gained), (0, beyond));
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let memory = nearest_of(&array![[0.0, 0.0], [4.0, 4.0]]);
    let cues = array![[0.0, 0.0], [0.0, 0.0], [4.0, 4.0]];
    let request = Request::new(cues.view());
    for pairs in [vec![], vec![(0, 0), (1, 1)], vec![(0, 0), (1, 1), (2, 2)], vec![(0, 0), (1, 1), (0, 7)]] {
        assert!(
            effects(memory.as_ref(), memory.as_ref(), &pairs, &request, |_| Ok(())).is_err(),
            "{pairs:?}"
        );
    }
    let given =
        attractor::memories::Hopfield::from_couplings(Array2::eye(2), Default::default()).expect("a memory");
    let error = effects(&given, memory.as_ref(), &[(0, 0)], &request, |_| Ok(())).expect_err("no patterns");
    assert!(error.to_string().contains("knows none"), "{error}");
}
