//! What a separation is the slope of: the hidden Lagrangian (Krotov & Hopfield 2021).

use super::{Separation, Separator, entmax, exponentials, largest, one_hot};

impl Separator {
    /// The Lagrangian L of scores: the weights are its slope, up to the factor that shares them out.
    ///
    /// Σ∫₀ˢ f for weights f of one score each (s²/2, s^{n+1}/(n+1), …), with [·]₊ where these vanish below a
    /// score; β⁻¹ ln Σ exp(βs) for softmax, and for exp, whose weights are those of softmax at β = 1; the largest
    /// score for max; half the sum of the k largest squares for k-max; max_p p·s + H(p)/β for sparsemax and entmax,
    /// H(p) = Σ(p − p^α)/(α(α − 1)) (Blondel et al. 2020). Convex in every score it is defined for, but for poly
    /// with an even exponent of scores below 0. Cost N, and N ln N for k-max, sparsemax and entmax.
    pub fn lagrangian(&self, scores: &[f64]) -> f64 {
        let sum = |of: &dyn Fn(f64) -> f64| scores.iter().map(|&s| of(s)).sum::<f64>();
        match self.separation {
            Separation::Identity => sum(&|s| s * s / 2.0),
            Separation::Logarithm => sum(&|s| (1.0 + s) * s.ln_1p() - s),
            Separation::Root => sum(&|s| s * s.sqrt() / 1.5),
            Separation::Polynomial(n) if n.fract() == 0.0 => sum(&|s| s.powi(n as i32 + 1) / (n + 1.0)),
            Separation::Polynomial(n) => sum(&|s| s.powf(n + 1.0) / (n + 1.0)),
            Separation::Rectified(n) => sum(&|s| s.max(0.0).powf(n + 1.0) / (n + 1.0)),
            Separation::Softmax(beta) => log_sum_exp(scores, beta.value()),
            Separation::Exponential => log_sum_exp(scores, 1.0),
            Separation::Max => scores[largest(scores)],
            Separation::KMax(k) => best(scores, k).map(|s| s * s / 2.0).sum(),
            Separation::Threshold(_) => sum(&|s| (s - self.least).max(0.0)),
            Separation::Sparsemax(beta) => fenchel_young(scores, 2.0, beta),
            Separation::Entmax(alpha, beta) => fenchel_young(scores, alpha, beta),
        }
    }

    /// ∇L: the weights before they are shared out. Cost as [`lagrangian`](Self::lagrangian).
    pub fn activities(&self, scores: &mut [f64]) {
        let each = |scores: &mut [f64], of: &dyn Fn(f64) -> f64| scores.iter_mut().for_each(|s| *s = of(*s));
        match self.separation {
            Separation::Identity => {}
            Separation::Logarithm => each(scores, &f64::ln_1p),
            Separation::Root => each(scores, &f64::sqrt),
            Separation::Polynomial(n) if n.fract() == 0.0 => each(scores, &|s| s.powi(n as i32)),
            Separation::Polynomial(n) => each(scores, &|s| s.powf(n)),
            Separation::Rectified(n) => each(scores, &|s| s.max(0.0).powf(n)),
            Separation::Softmax(_)
            | Separation::Exponential
            | Separation::Sparsemax(_)
            | Separation::Entmax(..) => {
                match self.separation {
                    Separation::Softmax(beta) => exponentials(scores, beta.value()),
                    Separation::Sparsemax(beta) => entmax(scores, 2.0, beta),
                    Separation::Entmax(alpha, beta) => entmax(scores, alpha, beta),
                    _ => exponentials(scores, 1.0),
                }
                let sum: f64 = scores.iter().sum();
                each(scores, &|w| w / sum);
            }
            Separation::Max => {
                let at = largest(scores);
                one_hot(scores, at);
            }
            other => super::separate(other, self.least, scores),
        }
    }

    /// The Lagrangian G of t where the scores are s = 1/v, v = δ − t (t: a distance by its negative), and the
    /// weights are those of s: dG/dt = f(s). Convex, since f and s rise. `None` where no closed form is known.
    pub(crate) fn lagrangian_of_reciprocals(&self, scores: &[f64]) -> Option<f64> {
        let sum = |of: &dyn Fn(f64) -> f64| Some(scores.iter().map(|&s| of(1.0 / s)).sum::<f64>());
        match self.separation {
            Separation::Identity => sum(&|v| -v.ln()),
            Separation::Logarithm => sum(&|v| v * v.ln() - (v + 1.0) * (v + 1.0).ln()),
            Separation::Root => sum(&|v| -2.0 * v.sqrt()),
            Separation::Polynomial(n) | Separation::Rectified(n) if n == 1.0 => sum(&|v| -v.ln()),
            Separation::Polynomial(n) | Separation::Rectified(n) => sum(&|v| v.powf(1.0 - n) / (n - 1.0)),
            Separation::Max => Some(scores[largest(scores)]),
            Separation::KMax(k) => Some(best(scores, k).map(f64::ln).sum()),
            Separation::Threshold(_) => sum(&|v| (1.0 / self.least - v).max(0.0)),
            _ => None,
        }
    }
}

/// The k largest.
fn best(scores: &[f64], k: usize) -> impl Iterator<Item = f64> {
    let mut sorted = scores.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    sorted.into_iter().take(k)
}

/// β⁻¹ ln Σ exp(βs).
fn log_sum_exp(s: &[f64], beta: f64) -> f64 {
    let top = s[largest(s)];
    top + s.iter().map(|s| (beta * (s - top)).exp()).sum::<f64>().ln() / beta
}

/// max_p p·s + H(p)/β, at the p of entmax.
fn fenchel_young(s: &[f64], alpha: f64, beta: f64) -> f64 {
    let steep = alpha - 1.0;
    if steep < 1e-9 {
        return log_sum_exp(s, beta);
    }
    let top = s[largest(s)];
    let mut p = s.to_vec();
    entmax(&mut p, alpha, beta);
    let total: f64 = p.iter().sum();
    let term = |(p, s): (&f64, &f64)| {
        let p = p / total;
        let entropy = if p > 0.0 { -p * (steep * p.ln()).exp_m1() / (alpha * steep) } else { 0.0 };
        p * (s - top) + entropy / beta
    };
    top + p.iter().zip(s).map(term).sum::<f64>()
}
