//! Noising processes: a scale s(t) and a noise-to-signal ratio σ(t), and nothing else.

use std::str::FromStr;

use super::Dual;
use crate::error::{Error, Result};

/// A noising process x_t = s(t)·(y + σ(t) ε); t = 0 is the pattern, larger t is noisier.
///
/// Drift, diffusion, marginal, prior and reverse equation follow from s and σ, so they cannot
/// disagree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Process {
    /// Variance exploding (Ambrogioni 2023, Eq. 6): s = 1, σ = rate·√t. The paper's time runs the
    /// other way: its T − t is this t.
    VarianceExploding {
        /// Noise per root time, the paper's σ; > 0.
        diffusion_rate: f64,
    },
    /// Variance preserving at constant rate (App. A): s = θ_t = e^{−γt/2}, σ = √(1 − θ_t²)/θ_t.
    /// As dx = −½γx dt + √γ dW (the paper's Eq. 26 has a slip).
    VariancePreserving {
        /// Rate γ > 0; 0.8 in the paper.
        gamma: f64,
    },
}

impl Default for Process {
    fn default() -> Self {
        Process::VariancePreserving { gamma: 0.8 }
    }
}

impl Process {
    /// The names of all processes.
    pub const NAMES: [&'static str; 2] = ["ve", "vp"];

    /// A process by name; `rate` is γ for `vp`, the diffusion rate for `ve`.
    ///
    /// # Errors
    /// Unknown name, rate outside 10⁻¹² to 10¹².
    pub fn named(name: &str, rate: f64) -> Result<Self> {
        if !(1e-12..=1e12).contains(&rate) {
            return Err(Error::parameter("gamma", "a number from 1e-12 to 1e12", rate));
        }
        match name {
            "ve" => Ok(Process::VarianceExploding { diffusion_rate: rate }),
            "vp" => Ok(Process::VariancePreserving { gamma: rate }),
            _ => Err(Error::UnknownName {
                kind: "process",
                found: name.to_owned(),
                known: Self::NAMES.join(", "),
            }),
        }
    }

    /// s(t) and σ(t): the definition.
    pub fn curves(&self, t: Dual) -> (Dual, Dual) {
        match *self {
            Process::VarianceExploding { diffusion_rate } => {
                (Dual::constant(1.0), Dual::constant(diffusion_rate) * t.sqrt())
            }
            Process::VariancePreserving { gamma } => {
                let scale = (Dual::constant(-gamma / 2.0) * t).exp();
                // (1 − θ²)/θ² = e^{γt} − 1, exact near t = 0.
                (scale, (Dual::constant(gamma) * t).exp_m1().sqrt())
            }
        }
    }

    /// The time at which the noise-to-signal ratio is `sigma` ≥ 0.
    pub fn time(&self, sigma: f64) -> f64 {
        match *self {
            Process::VarianceExploding { diffusion_rate } => (sigma / diffusion_rate).powi(2),
            Process::VariancePreserving { gamma } => (sigma * sigma).ln_1p() / gamma,
        }
    }

    /// σ(t).
    pub fn sigma(&self, t: f64) -> f64 {
        self.curves(Dual::variable(t)).1.value
    }

    /// s at the time of level `sigma`.
    pub fn scale_at(&self, sigma: f64) -> f64 {
        self.curves(Dual::variable(self.time(sigma))).0.value
    }

    /// The level σ of a cue θy + √(1 − θ²)ε.
    ///
    /// # Errors
    /// θ outside [10⁻⁶, 1].
    pub fn sigma_of_signal(signal: f64) -> Result<f64> {
        if (1e-6..=1.0).contains(&signal) {
            Ok((1.0 - signal * signal).sqrt() / signal)
        } else {
            Err(Error::parameter("signal", "a number in (0, 1], at least 1e-6", signal))
        }
    }

    /// ṡ/s: the linear drift of dx = (ṡ/s) x dt + g dW in the noising direction.
    pub fn drift(&self, t: f64) -> f64 {
        let (scale, _) = self.curves(Dual::variable(t));
        scale.rate / scale.value
    }

    /// g² = 2 s² σ σ̇: the squared diffusion. Written as s² (σ²)˙, finite at t = 0.
    pub fn squared_diffusion(&self, t: f64) -> f64 {
        // At t = 0 the square root has no derivative; its square has.
        let (scale, sigma) = self.curves(Dual::variable(t.max(f64::MIN_POSITIVE)));
        2.0 * scale.value * scale.value * sigma.value * sigma.rate
    }
}

impl FromStr for Process {
    type Err = Error;

    /// By name, at the paper's rate.
    fn from_str(name: &str) -> Result<Self> {
        Process::named(name, if name == "ve" { 1.0 } else { 0.8 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounding of a few operations, relative.
    const CLOSE: f64 = 1e-12;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= CLOSE * (1.0 + b.abs())
    }

    #[test]
    fn rates_are_the_textbook_ones() {
        for t in [1e-6, 0.01, 0.5, 3.0] {
            let ve = Process::named("ve", 1.7).unwrap();
            assert!(close(ve.drift(t), 0.0));
            assert!(close(ve.squared_diffusion(t), 1.7 * 1.7));
            // dx = −½γx dt + √γ dW
            let vp = Process::named("vp", 0.8).unwrap();
            assert!(close(vp.drift(t), -0.4));
            assert!(close(vp.squared_diffusion(t), 0.8));
        }
    }

    #[test]
    fn time_inverts_sigma() {
        for process in [Process::named("ve", 0.3).unwrap(), Process::default()] {
            for sigma in [0.0, 1e-8, 0.1, 1.0, 50.0] {
                assert!(close(process.sigma(process.time(sigma)), sigma), "{process:?} at {sigma}");
            }
        }
        // App. A: t_start = −(2/γ) ln θ, and s there is θ.
        let vp = Process::default();
        let sigma = Process::sigma_of_signal(0.68).unwrap();
        assert!(close(vp.time(sigma), -2.0 / 0.8 * 0.68_f64.ln()));
        assert!(close(vp.scale_at(sigma), 0.68));
    }
}
