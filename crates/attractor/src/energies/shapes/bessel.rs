//! Ratios of modified Bessel functions, which give the mean direction on a sphere.

/// From this order on, the uniform expansion has errors of at most 10⁻¹³.
const LARGE: f64 = 48.0;

/// A larger κ is replaced by this one. A product of two such numbers is still finite.
pub(super) const LARGEST: f64 = 1e150;

/// For the density ∝ exp(κ cos θ) on the unit sphere in k dimensions (von Mises–Fisher): ln E[exp(κ(cos θ − 1))]
/// under the uniform distribution, and 1 − E[cos θ] under the density itself.
///
/// ```text
/// log-sum = ln F_ν(κ) − κ,   F_ν(κ) = Γ(ν+1) (2/κ)^ν I_ν(κ),   ν = k/2 − 1
/// A_k(κ) = d ln F_ν/dκ = I_{ν+1}(κ)/I_ν(κ)
/// ```
///
/// Uses Debye's uniform expansion (DLMF 10.41.3) at an order ≥ 48, then goes down by the recurrence I_{j}/I_{j−1} =
/// κ/(2j + κ I_{j+1}/I_j), which damps errors. F has neither the poles nor the underflow of its factors: F_ν(0) = 1,
/// and ln F is computed as one series. Needs k ≥ 1 and κ ≥ 0. Errors are about 10⁻¹³(1 + |log-sum|); for 1 − A they
/// are relative if it is not below 10⁻¹⁴/κ. At most 50 divisions.
pub(super) fn von_mises_fisher(k: usize, kappa: f64) -> (f64, f64) {
    let kappa = kappa.min(LARGEST);
    let lowest = 0.5 * k as f64 - 1.0;
    let steps = (LARGE - lowest).max(0.0).ceil() as usize;
    let (mut log_sum, mut lack) = debye(lowest + steps as f64, kappa);
    let mut product = 1.0;
    for step in (0..steps).rev() {
        // F_j/F_{j+1} = 1 + κ A/(2(j + 1)), with A = 1 − lack of the order above.
        let twice = 2.0 * (lowest + step as f64 + 1.0);
        let sum = twice + kappa * (1.0 - lack);
        lack = (twice - kappa * lack).max(0.0) / sum;
        product *= sum / twice;
        if product > LARGEST {
            log_sum += product.ln();
            product = 1.0;
        }
    }
    (log_sum + product.ln(), lack)
}

/// The pair of [`von_mises_fisher`] for an order ν ≥ 48.
///
/// ```text
/// ln F_ν(κ) = ν[w − 1 − ln((1 + w)/2)] − ½ ln w + Σ_n (D_n(p) − D_n(1))/νⁿ,   w = √(1 + κ²/ν²) = 1/p
/// ```
///
/// where D_n are the coefficients of ln Σ U_n(p)/νⁿ, and D_n(1) those of Stirling's series.
fn debye(order: f64, kappa: f64) -> (f64, f64) {
    let z = kappa / order;
    let w = z.hypot(1.0);
    let p = 1.0 / w;
    let (mut series, mut slope) = (0.0, 0.0);
    for (n, (denominator, coefficients)) in SERIES.iter().enumerate().rev() {
        let power = (n + 1) as i32;
        // Coefficients of pⁿ, pⁿ⁺², pⁿ⁺⁴, …
        let (mut value, mut derivative, mut at_one) = (0.0, 0.0, 0.0);
        for (i, &c) in coefficients.iter().enumerate().rev() {
            value = value * p * p + c;
            derivative = derivative * p * p + c * (n + 1 + 2 * i) as f64;
            at_one += c;
        }
        series += (value * p.powi(power) - at_one) / (denominator * order.powi(power));
        slope += derivative * p.powi(power - 1) / (denominator * order.powi(power));
    }
    // w − 1, and w − 1 − z without cancellation.
    let rise = z * (z / (1.0 + w));
    let log_sum = -order * ((z + rise) / (w + z) + (0.5 * rise).ln_1p()) - 0.5 * w.ln() + series;
    // 1 − A, where A = z/(1 + w) − z p²/2ν − z p³ Σ D'_n(p)/νⁿ⁺¹.
    let lack = (1.0 + 1.0 / (w + z)) / (1.0 + w) + z * p * p * (0.5 + p * slope) / order;
    (log_sum, lack)
}

/// D_n for n = 1…6: denominator, and coefficients of pⁿ, pⁿ⁺², … (from DLMF 10.41.10).
const SERIES: [(f64, &[f64]); 6] = [
    (24.0, &[3.0, -5.0]),
    (16.0, &[1.0, -6.0, 5.0]),
    (5760.0, &[375.0, -4779.0, 9945.0, -5525.0]),
    (128.0, &[13.0, -284.0, 1062.0, -1356.0, 565.0]),
    (322560.0, &[67599.0, -2252205.0, 13077470.0, -28286370.0, 26089875.0, -8696625.0]),
    (192.0, &[103.0, -4860.0, 40248.0, -129336.0, 196155.0, -141660.0, 39350.0]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_have_the_reference_digits() {
        /// The error of six terms at order 48, plus the rounding of up to 48 steps of the recurrence.
        const DIGITS: f64 = 1e-12;
        /// The error of κ(1 − A). The recurrence gets numbers of size k/2 from numbers of size 48.
        const LACK: f64 = 1e-12;
        let references = include_str!("../../../tests/fixtures/shapes.txt");
        for line in references.lines().filter(|line| line.starts_with("ratio ")) {
            let numbers: Vec<f64> = line.split(' ').skip(1).map(|w| w.parse().expect("a number")).collect();
            let &[k, kappa, log_sum, lack] = numbers.as_slice() else { panic!("{line}") };
            let found = von_mises_fisher(k as usize, kappa);
            let (off, off_lack) = ((found.0 - log_sum).abs(), (found.1 - lack).abs());
            assert!(off <= DIGITS * (1.0 + log_sum.abs()), "{line}: {found:?}");
            assert!(off_lack <= LACK * (lack + 1.0 / (1.0 + kappa)), "{line}: {found:?}");
        }
    }
}
