//! The levels at which a landscape changes, where they are known.

use attractor::Patterns;
use attractor::analysis::critical_levels;
use ndarray::array;

/// ±y with ‖y‖ = 1: the covariance has the eigenvalue 1. The entropy at σ is that of a logistic probability of
/// 2(1 + ση)/σ², η normal; its mean is half of ln 2 at σ = 0.97869 (SciPy, adaptive quadrature and Brent's method).
#[test]
fn critical_levels_of_two_patterns_are_known() {
    /// Of 64 sampled cues, whose mean entropy has a standard error of about 0.03.
    const SAMPLED: f64 = 0.12;
    let values = array![[0.6, 0.8], [-0.6, -0.8]];
    for scale in [1.0, 50.0] {
        let patterns = Patterns::new(&values * scale).expect("patterns");
        let memory = attractor::Spec::new("diffusion").build(patterns).expect("a memory");
        let found = critical_levels(memory.as_ref(), (&values * scale).view()).expect("levels").expect("two");
        assert!((found.speciation / scale - 1.0).abs() < 1e-9, "{found:?}");
        let collapse = found.collapse.expect("a level") / scale;
        assert!((collapse / 0.978_69 - 1.0).abs() < SAMPLED, "{found:?}");
        let shown = found.shown();
        assert!(
            shown[0] > found.speciation && shown.windows(2).all(|pair| pair[1] < 0.8 * pair[0]),
            "{shown:?}"
        );
    }
    // A single pattern has none.
    let one = array![[0.6, 0.8]];
    let memory =
        attractor::Spec::new("diffusion").build(Patterns::new(one.clone()).expect("one")).expect("a memory");
    assert_eq!(critical_levels(memory.as_ref(), one.view()).expect("none"), None);
}
