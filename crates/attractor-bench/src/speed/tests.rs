use super::*;

fn times(all: &[f64]) -> Times {
    let mut times = Times::default();
    all.iter().for_each(|&seconds| times.push(seconds));
    times
}

/// By hand: 64 · 10 · 4 · 4 operations of 1 ns, 640 exponentials of 2 ns, no reading from memory.
#[test]
fn the_bound_is_the_sum_of_what_one_core_does() {
    let peaks = Peaks { operation: times(&[2e-9, 1e-9]), exponential: times(&[2e-9]), byte: times(&[]) };
    let shape = Shape { cues: 64, patterns: 10, units: 4 };
    let timed = Timed { case: 0, shape, threads: 1, times: times(&[1e-3]), peaks: Some(peaks) };
    let [operations, exponentials, bytes] = timed.least().expect("peaks");
    assert!((operations - 10_240e-9).abs() < 1e-15 && (exponentials - 1_280e-9).abs() < 1e-15);
    assert_eq!(bytes, 0.0);
    assert!((timed.bound().expect("peaks") - 11_520e-9).abs() < 1e-15);
}

/// Patterns that no cache holds: reading 10 · 64 · 4 bytes takes longer than the rest.
#[test]
fn the_bound_is_the_reading_where_that_is_longer() {
    let case = CASES.iter().position(|c| c.patterns.is_none()).expect("one");
    let peaks = Peaks { operation: times(&[1e-12]), exponential: times(&[1e-12]), byte: times(&[1e-9]) };
    let shape = Shape { cues: 1, patterns: 10, units: 64 };
    let timed = Timed { case, shape, threads: 1, times: times(&[1.0]), peaks: Some(peaks) };
    assert!((timed.bound().expect("peaks") - 2_560e-9).abs() < 1e-15);
}

#[test]
fn memory_that_is_not_there_is_refused() {
    let config = Config { memory: 1 << 24, ..Config::quick() };
    if free_memory().is_some() {
        let error = config.check().expect_err("16 TiB").to_string();
        assert!(error.starts_with("memory: expected") && error.ends_with("less with `memory`"), "{error}");
    }
    assert!(Config { memory: 0, ..Config::quick() }.check().is_err());
    assert!(Config { memory: usize::MAX, ..Config::quick() }.check().is_err());
    assert!(Config { threads: Some(0), ..Config::quick() }.check().is_err());
    assert!(Config { budget: f64::NAN, ..Config::quick() }.check().is_err());
    assert!(filled::<u64>(usize::MAX / 16, |_| 0).is_err());
}
