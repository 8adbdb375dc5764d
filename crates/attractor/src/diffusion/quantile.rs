//! Quantiles of a symmetric beta distribution, which space the levels of one grid.

/// The parameter α = β of the distribution (Lee et al. 2024).
const SHAPE: f64 = 0.6;

/// The share x in [0, 1] below which a part p of the distribution Beta(0.6, 0.6) lies.
///
/// I_x = S(x)/(2 S(½)) for x ≤ ½, with S(x) = x^α Σ_k (1 − α)_k x^k/(k! (α + k)), which is the integral of t^{α−1} (1 − t)^{α−1}.
pub(super) fn beta_quantile(p: f64) -> f64 {
    if p > 0.5 {
        return 1.0 - beta_quantile(1.0 - p);
    }
    if p <= 0.0 {
        return 0.0;
    }
    let goal = 2.0 * p * integral(0.5);
    // In u = x^α/α the integral begins as u and is convex, so Newton's steps come down to the root from any u above it.
    let place = |u: f64| (SHAPE * u).powf(1.0 / SHAPE);
    let mut u = goal.min(0.5_f64.powf(SHAPE) / SHAPE);
    for _ in 0..50 {
        let x = place(u);
        let step = (integral(x) - goal) * (1.0 - x).powf(1.0 - SHAPE);
        u -= step;
        if step.abs() <= f64::EPSILON * u {
            break;
        }
    }
    place(u)
}

/// ∫₀ˣ t^{α−1} (1 − t)^{α−1} dt for x ≤ ½: terms fall at least by half.
fn integral(x: f64) -> f64 {
    let (mut sum, mut term) = (0.0, 1.0);
    for k in 0..60 {
        let k = f64::from(k);
        sum += term / (SHAPE + k);
        term *= (1.0 - SHAPE + k) / (k + 1.0) * x;
    }
    x.powf(SHAPE) * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_distribution() {
        // mpmath.findroot of mpmath.betainc(0.6, 0.6, 0, x, regularized=True) - p, 30 digits.
        let known = [
            (1e-6, 1.8558824624053045e-10),
            (0.01, 0.0008612388215429067),
            (0.05, 0.012554456873611407),
            (0.2, 0.12292175045833292),
            (0.37, 0.32279400209736164),
            (0.5, 0.5),
        ];
        for (p, x) in known {
            assert!((beta_quantile(p) - x).abs() < 1e-13, "{p}: {} for {x}", beta_quantile(p));
            assert!((beta_quantile(1.0 - p) - (1.0 - x)).abs() < 1e-13, "{p}");
        }
        assert_eq!((beta_quantile(0.0), beta_quantile(1.0)), (0.0, 1.0));
    }
}
