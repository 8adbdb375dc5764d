//! Inspections of patterns of which everything is known in closed form.

use attractor_audit::Rows;
use attractor_audit::inspect::{Inspected, Inspection, Settings};
use ndarray::{Array2, array};

fn inspected(rows: Array2<f64>, settings: Settings) -> Inspected {
    let inspection = Inspection::new(Rows::Double(rows), None, "test".into(), settings).expect("patterns");
    inspection.inspected(&mut |_, _| Ok(())).expect("done")
}

/// ∫ f(g) N(g; 0, 1) dg by the trapezoidal rule, which is exact to rounding for such f.
fn normal_mean(f: impl Fn(f64) -> f64) -> f64 {
    const STEP: f64 = 1e-3;
    let density = |g: f64| (-g * g / 2.0).exp() / std::f64::consts::TAU.sqrt();
    (-8000..=8000).map(|k| f64::from(k) * STEP).map(|g| f(g) * density(g) * STEP).sum()
}

/// Two patterns ±y with |y| = R. With noise σ, a cue of y has the product R(R + σg) with y, g normal. It returns if this is
/// positive; its own weight is 1/(1 + e^{−2R(R + σg)/σ²}); and the local dimension at y is 4R²/σ² times the weight of −y.
#[test]
fn two_patterns_are_as_calculated() {
    const DRAWS: usize = 4000;
    let (r, offset) = (5.0_f64, 100.0);
    let y = array![3.0, 0.0, 4.0];
    let mut rows = Array2::from_elem((2, 3), offset);
    rows.row_mut(0).zip_mut_with(&y, |a, b| *a += b);
    rows.row_mut(1).zip_mut_with(&y, |a, b| *a -= b);
    let found =
        inspected(rows, Settings { draws: DRAWS, levels: 8, radius: Some(1.0), ..Settings::default() });
    let critical = found.levels.expect("two patterns");
    assert!((critical.speciation / r - 1.0).abs() < 1e-9, "σ² is the variance R² along y");
    assert_eq!((found.clusters.repeated(), found.near.of(0)[0].distance), (0, 2.0 * r));
    for level in &found.curves.expect("levels").levels {
        let sigma = level.sigma;
        let own = |g: f64| 1.0 / (1.0 + (-2.0 * r * (r + sigma * g) / (sigma * sigma)).exp());
        // Five standard errors of a share of 2 · 4,000 cues, of which both patterns share the noise's form and not its numbers.
        let error = 5.0 * 0.5 / (2.0 * DRAWS as f64).sqrt();
        let returns = normal_mean(|g| if r + sigma * g > 0.0 { 1.0 } else { 0.0 });
        assert!((level.returns - returns).abs() < error, "{sigma}: {} {returns}", level.returns);
        let weight = normal_mean(own);
        assert!((level.weight - weight).abs() < error, "{sigma}: {} {weight}", level.weight);
        let entropy = normal_mean(|g| {
            let w = own(g).clamp(1e-300, 1.0 - 1e-16);
            -(w * w.ln() + (1.0 - w) * (1.0 - w).ln()) / std::f64::consts::LN_2
        });
        assert!((level.entropy - entropy).abs() < error, "{sigma}: {} {entropy}", level.entropy);
        let other = 1.0 / (1.0 + (2.0 * r * r / (sigma * sigma)).exp());
        let stored = 4.0 * r * r / (sigma * sigma) * other;
        assert!((level.stored - stored).abs() < 1e-9 * (1.0 + stored), "{sigma}: {} {stored}", level.stored);
        assert!(level.new.is_none(), "too few patterns to leave some out");
    }
}

/// Copies are one memory: noise that mixes them up loses nothing.
#[test]
fn copies_are_one_memory() {
    let rows = array![[0.0, 0.0], [0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0], [5.0, 20.0]];
    let found = inspected(rows, Settings { levels: 6, radius: Some(0.0), ..Settings::default() });
    assert_eq!((found.clusters.repeated(), found.clusters.size(0), found.clusters.size(2)), (2, 2, 1));
    let curves = found.curves.expect("levels");
    let last = curves.levels.last().expect("a level");
    assert!(last.returns == 1.0 && last.weight > 0.999, "{last:?}");
    // ln 2 of ln 6 is left for each of the two copies.
    let left = 2.0 / 6.0 * 2.0_f64.ln() / 6.0_f64.ln();
    assert!((last.entropy - left).abs() < 1e-3, "{last:?} {left}");
    assert!(curves.patterns.iter().all(|lost| lost.basin.is_some() && lost.collapse.is_some()));
}

#[test]
fn equal_patterns_have_no_levels_and_bad_ones_are_refused() {
    let found = inspected(Array2::from_elem((5, 3), 2.5), Settings::default());
    assert!(found.levels.is_none() && found.curves.is_none());
    assert_eq!(found.clusters.repeated(), 5);
    let refused = |rows: Array2<f64>, settings, word: &str| {
        let Err(error) = Inspection::new(Rows::Double(rows), None, "test".into(), settings) else {
            panic!("{word} was taken")
        };
        assert!(error.to_string().contains(word), "{error}");
    };
    let usual = Settings::default;
    refused(array![[1.0, 2.0]], usual(), "at least 2 rows");
    refused(array![[1.0, f64::NAN], [0.0, 0.0]], usual(), "finite");
    refused(array![[1.0], [2.0]], Settings { levels: 2, ..usual() }, "levels");
    refused(array![[1.0], [2.0]], Settings { examine: 0, ..usual() }, "examine");
}
