//! Memory grows as the algorithms say. It is counted, so the test does not depend on what else runs.
#![allow(missing_docs)]

use attractor_bench::counted::Counted;
use attractor_bench::scaling::{Config, measure};

#[global_allocator]
static MEMORY: Counted = Counted;

/// Bytes of a state of 64 units in f32, and the largest number of partial sums of it in a read.
const STATE: usize = 64 * 4;
const PARTS: usize = 64;

#[test]
fn memory_grows_no_faster_than_expected() {
    /// Constant parts (tiles, tasks) lower the exponents; vectors that double as they grow may raise them.
    const ROUGH: f64 = 0.15;
    let config = Config { rounds: 1, values: Some(3), seed: 0 };
    let measured = measure(config, &mut |_, _| Ok(())).expect("measured");
    for swept in &measured.sweeps {
        let sweep = swept.sweep();
        let name = format!("{} by {}", sweep.subject.name, sweep.variable.name());
        let most = swept.points.iter().filter_map(|p| p.bytes).max();
        let most = most.unwrap_or_else(|| panic!("{name}: no memory was counted"));
        let shape = sweep.at(swept.points[swept.points.len() - 1].value).shape;
        match sweep.memory {
            Some(expected) => {
                let slope = swept.memory().expect("more than one value").slope;
                assert!(slope < expected + ROUGH, "{name}: {slope} for {expected}");
            }
            // The sums of all cues in every range, and as much again for results, tasks and tiles.
            None => assert!(most < 2 * PARTS * shape.cues * STATE, "{name}: {most} bytes"),
        }
        assert!(swept.points.iter().all(|p| p.times.best() > 0.0), "{name}");
    }
    let report = measured.report();
    assert!(report.markdown().contains("classical storage") && report.html().is_ok());
}
