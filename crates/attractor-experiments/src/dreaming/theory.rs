//! The capacity of the dreaming kernel for random patterns without self-couplings, at temperature 0 and D → ∞.
//!
//! xᵀJx of J = ((1 + t)/t)(1 − (1 + tH)⁻¹), H = YᵀY/D, is that of a network in which each unit has a second, linear unit
//! φ with φ + tHφ = x. Only φ feels Hebb's couplings. So their field on φ is u y + √r z + Γφ as in the theory of Amit,
//! Gutfreund & Sompolinsky (1985), with the overlap u of φ with the pattern y, a Gaussian z and
//!
//! ```text
//! Γ = α/(1 − χ)    r = α q/(1 − χ)²    q = mean of φ²    χ = mean of ∂φ/∂field
//! ```
//!
//! From φ = (x − t(u y + √r z))/(1 + tΓ) and x = sign(u y + √r z) follow the overlap m of x and the others:
//!
//! ```text
//! m = erf(u/√2r)    u = m/(1 + t + tΓ)    χ = (k − t)/(1 + tΓ)    k = √(2/πr) exp(−u²/2r)
//! q = (1 − 2t(um + rk) + t²(u² + r))/(1 + tΓ)²
//! ```
//!
//! At t = 0 these are the equations of 1985, which end at α = 0.138.

/// The overlap m of the retrieval state with its pattern at load α = N/D and time t. `None` if there is no such state.
pub fn overlap(load: f64, time: f64) -> Option<f64> {
    /// Half steps of the iteration, which converges geometrically but slowly at the end of the retrieval states.
    const STEPS: usize = 20_000;
    const CONVERGED: f64 = 1e-12;
    /// No retrieval state of any load has a smaller overlap: that of t = 0 ends at 0.967.
    const LOST: f64 = 0.3;
    if !time.is_finite() {
        return (load < 1.0).then_some(1.0);
    }
    let (mut m, mut k) = (1.0f64, 0.0f64);
    for _ in 0..STEPS {
        // Given k, χ solves χ² − (1 + tα + k − t)χ + k − t = 0, and r is linear in its own equation.
        let b = 1.0 + time * load + k - time;
        let root = (b * b - 4.0 * (k - time)).max(0.0).sqrt();
        let chi = (b - root) / 2.0;
        if chi >= 1.0 || b * b < 4.0 * (k - time) {
            return None;
        }
        let gamma = load / (1.0 - chi);
        let width = 1.0 + time * gamma;
        let u = m / (width + time);
        let share = load / (width * (1.0 - chi)).powi(2);
        let rest = 1.0 - share * (time * time - 2.0 * time * k);
        if rest <= 0.0 {
            return None;
        }
        let r = (share * (1.0 - 2.0 * time * u * m + (time * u).powi(2)) / rest).max(f64::MIN_POSITIVE);
        let next = puruspe::erf(u / (2.0 * r).sqrt());
        let slope = (2.0 / (std::f64::consts::PI * r)).sqrt() * (-u * u / (2.0 * r)).exp();
        let change = (next - m).abs() + (slope - k).abs() / (1.0 + time);
        (m, k) = ((m + next) / 2.0, (k + slope) / 2.0);
        if m < LOST {
            return None;
        }
        if change < CONVERGED {
            break;
        }
    }
    Some(m)
}

/// The largest load N/D with a retrieval state, to 10⁻⁴: at most 1, from where on patterns span all states.
pub fn capacity(time: f64) -> f64 {
    if !time.is_finite() || overlap(1.0, time).is_some() {
        return 1.0;
    }
    let (mut low, mut high) = (0.05, 1.0);
    while high - low > 1e-4 {
        let middle = (low + high) / 2.0;
        *(if overlap(middle, time).is_some() { &mut low } else { &mut high }) = middle;
    }
    low
}
