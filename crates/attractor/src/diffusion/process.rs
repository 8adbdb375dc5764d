//! Noising processes, each defined by a scale s(t) and a noise-to-signal ratio σ(t).

use std::str::FromStr;

use ndarray::{Array2, ArrayView2};

use super::Dual;
use crate::error::{Error, Result};
use crate::options::{Name, NumberRange, find};
use crate::real::Real;

/// A noising process x_t = s(t)·(y + σ(t) ε); t = 0 is the pattern, larger t is noisier.
///
/// Drift, diffusion, marginal, prior and reverse equation are all derived from s and σ, so they cannot disagree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Process {
    /// Variance exploding (Ambrogioni 2023, Eq. 6): s = 1, σ = rate·√t. The paper's time runs backwards: its T − t is
    /// this t.
    VarianceExploding {
        /// The noise per root time, the paper's σ; > 0.
        diffusion_rate: f64,
    },
    /// Variance preserving at a constant rate (App. A): s = θ_t = e^{−γt/2}, σ = √(1 − θ_t²)/θ_t. The SDE is dx =
    /// −½γx dt + √γ dW (the paper's Eq. 26 has an error).
    VariancePreserving {
        /// The rate γ > 0; 0.8 in the paper.
        gamma: f64,
    },
    /// Variance preserving at a rate that grows linearly (Ho et al. 2020; Song et al. 2021, Eq. 32): s =
    /// exp(−½∫rate), σ = √(1 − s²)/s. The schedule is meant for t in [0, 1], and continues beyond.
    VariancePreservingLinear(LinearRate),
    /// Sub-variance preserving (Song et al. 2021, Eq. 29): s as for variance preserving, σ = (1 − s²)/s.
    SubVariancePreserving(LinearRate),
    /// s = 1, σ = t: the time is the noise level (Karras et al. 2022).
    Edm,
    /// Linear flow matching, the straight line from pattern to noise x_t = (1 − t) y + t ε: s = 1 − t,
    /// σ = t/(1 − t), t in [0, 1) (Lipman et al. 2023; Liu et al. 2023).
    Flow,
}

/// A rate `min + (max − min) t` of a noising process, 0 < min ≤ max.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearRate {
    /// The rate at t = 0. Default 0.1.
    pub min: f64,
    /// The rate at t = 1. Default 20.
    pub max: f64,
}

impl Default for LinearRate {
    fn default() -> Self {
        LinearRate { min: 0.1, max: 20.0 }
    }
}

impl LinearRate {
    /// The integral ∫₀ᵗ rate.
    fn integral(self, t: Dual) -> Dual {
        Dual::constant(self.min) * t + Dual::constant((self.max - self.min) / 2.0) * t * t
    }

    /// The time at which the integral is `value`.
    fn time(self, value: f64) -> f64 {
        // The root of ½(max − min)t² + min·t − value, in the form that does not cancel.
        2.0 * value / (self.min + (self.min * self.min + 2.0 * (self.max - self.min) * value).sqrt())
    }

    /// The scale e^{−½∫rate}.
    fn scale(self, t: Dual) -> Dual {
        (Dual::constant(-0.5) * self.integral(t)).exp()
    }
}

impl Default for Process {
    fn default() -> Self {
        Process::VariancePreserving { gamma: 0.8 }
    }
}

impl Process {
    /// All processes with their names, at their default rates.
    pub const ALL: [(&'static str, Process); 6] = [
        ("ve", Process::VarianceExploding { diffusion_rate: 1.0 }),
        ("vp", Process::VariancePreserving { gamma: 0.8 }),
        ("vp-linear", Process::VariancePreservingLinear(LinearRate { min: 0.1, max: 20.0 })),
        ("sub-vp", Process::SubVariancePreserving(LinearRate { min: 0.1, max: 20.0 })),
        ("edm", Process::Edm),
        ("flow", Process::Flow),
    ];

    /// The names of the processes, with a short description of each.
    pub fn names() -> Vec<Name> {
        let about = |process: &Process| match process {
            Process::VarianceExploding { .. } => "variance exploding",
            Process::VariancePreserving { .. } => "variance preserving at a constant rate",
            Process::VariancePreservingLinear(_) => "variance preserving at a rate that grows linearly",
            Process::SubVariancePreserving(_) => "variance below that of vp-linear",
            Process::Edm => "sigma = t",
            Process::Flow => "linear flow matching",
        };
        Self::ALL.iter().map(|(name, process)| Name::with_about(name, about(process))).collect()
    }

    /// This process with another constant rate: γ of `vp`, the diffusion rate of `ve`.
    ///
    /// # Errors
    /// A rate outside 10⁻¹² to 10¹²; a process without a constant rate.
    pub fn with_rate(self, rate: f64) -> Result<Self> {
        RATES.check("gamma", rate)?;
        match self {
            Process::VarianceExploding { .. } => Ok(Process::VarianceExploding { diffusion_rate: rate }),
            Process::VariancePreserving { .. } => Ok(Process::VariancePreserving { gamma: rate }),
            _ => Err(Error::parameter(
                "gamma",
                "the process ve or vp, which have one constant rate",
                self.name(),
            )),
        }
    }

    /// This process with another linear rate.
    ///
    /// # Errors
    /// Rates outside 10⁻¹² to 10¹²; min > max; a process without a linear rate.
    pub fn with_linear_rate(self, rate: LinearRate) -> Result<Self> {
        RATES.check("rate-min", rate.min)?;
        RATES.check("rate-max", rate.max)?;
        if rate.min > rate.max {
            return Err(Error::parameter("rate-min", format!("at most rate-max, {}", rate.max), rate.min));
        }
        match self {
            Process::VariancePreservingLinear(_) => Ok(Process::VariancePreservingLinear(rate)),
            Process::SubVariancePreserving(_) => Ok(Process::SubVariancePreserving(rate)),
            _ => {
                let expected = "the process vp-linear or sub-vp, which have a linear rate";
                Err(Error::parameter("rate-min and rate-max", expected, self.name()))
            }
        }
    }

    /// Returns an error if a rate is outside its range.
    ///
    /// # Errors
    /// Those of [`with_rate`](Self::with_rate) and [`with_linear_rate`](Self::with_linear_rate).
    pub fn check(&self) -> Result<()> {
        match (self.rate(), self.linear_rate()) {
            (Some(rate), _) => RATES.check("gamma", rate),
            (None, Some(rate)) => self.with_linear_rate(rate).map(|_| ()),
            (None, None) => Ok(()),
        }
    }

    /// The constant rate, if the process has one.
    pub fn rate(&self) -> Option<f64> {
        match *self {
            Process::VarianceExploding { diffusion_rate: rate }
            | Process::VariancePreserving { gamma: rate } => Some(rate),
            _ => None,
        }
    }

    /// The linear rate, if the process has one.
    pub fn linear_rate(&self) -> Option<LinearRate> {
        match *self {
            Process::VariancePreservingLinear(rate) | Process::SubVariancePreserving(rate) => Some(rate),
            _ => None,
        }
    }

    /// The name, as in [`ALL`](Self::ALL).
    pub fn name(&self) -> &'static str {
        let same =
            |(_, other): &&(&str, Process)| std::mem::discriminant(other) == std::mem::discriminant(self);
        Self::ALL.iter().find(same).map_or("", |(name, _)| name)
    }

    /// The curves s(t) and σ(t), which define the process.
    pub fn curves(&self, t: Dual) -> (Dual, Dual) {
        let one = Dual::constant(1.0);
        match *self {
            Process::VarianceExploding { diffusion_rate } => (one, Dual::constant(diffusion_rate) * t.sqrt()),
            Process::VariancePreserving { gamma } => {
                let scale = (Dual::constant(-gamma / 2.0) * t).exp();
                // (1 − θ²)/θ² = e^{γt} − 1, exact near t = 0.
                (scale, (Dual::constant(gamma) * t).exp_m1().sqrt())
            }
            Process::VariancePreservingLinear(rate) => (rate.scale(t), rate.integral(t).exp_m1().sqrt()),
            Process::SubVariancePreserving(rate) => {
                // (1 − s²)/s = s (e^{∫rate} − 1).
                let scale = rate.scale(t);
                (scale, scale * rate.integral(t).exp_m1())
            }
            Process::Edm => (one, t),
            Process::Flow => (one - t, t / (one - t)),
        }
    }

    /// The time at which the noise-to-signal ratio is `sigma` ≥ 0.
    pub fn time(&self, sigma: f64) -> f64 {
        /// The largest number below 1.
        const END: f64 = 1.0 - f64::EPSILON / 2.0;
        match *self {
            Process::VarianceExploding { diffusion_rate } => (sigma / diffusion_rate).powi(2),
            Process::VariancePreserving { gamma } => (sigma * sigma).ln_1p() / gamma,
            Process::VariancePreservingLinear(rate) => rate.time((sigma * sigma).ln_1p()),
            // (1 − s²)/s = 2 sinh(½∫rate).
            Process::SubVariancePreserving(rate) => rate.time(2.0 * (sigma / 2.0).asinh()),
            Process::Edm => sigma,
            Process::Flow => (sigma / (1.0 + sigma)).min(END),
        }
    }

    /// Converts a time `t` and states of this process to another process, at equal noise-to-signal ratio.
    ///
    /// σ stays the same, so t' is the time where the other process has this σ, and x' = x s'(t')/s(t). Converting
    /// back gives the same numbers up to rounding. `t` ≥ 0; for [`Flow`](Process::Flow) also below 1.
    ///
    /// ```
    /// use attractor::diffusion::Process;
    /// use ndarray::array;
    /// let (vp, flow) = (Process::default(), Process::Flow);
    /// let (t, x) = vp.convert(1.5, array![[0.3, -0.2]].view(), &flow);
    /// // Noise-to-signal ratios are equal; states differ by the ratio of the scales.
    /// assert!((flow.sigma(t) - vp.sigma(1.5)).abs() < 1e-15);
    /// assert!((x[[0, 0]] / (1.0 - t) - 0.3 / (-0.6_f64).exp()).abs() < 1e-15);
    /// ```
    pub fn convert<F: Real>(&self, t: f64, states: ArrayView2<F>, to: &Process) -> (f64, Array2<F>) {
        let (scale, sigma) = self.curves(Dual::variable(t));
        let time = to.time(sigma.value);
        let factor = to.curves(Dual::variable(time)).0.value / scale.value;
        (time, states.mapv(|x| F::from_f64(x.to_f64() * factor)))
    }

    /// The noise-to-signal ratio σ(t).
    pub fn sigma(&self, t: f64) -> f64 {
        self.curves(Dual::variable(t)).1.value
    }

    /// The scale s at the time of level `sigma`.
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

    /// The linear drift ṡ/s of dx = (ṡ/s) x dt + g dW, in the noising direction.
    pub fn drift(&self, t: f64) -> f64 {
        let (scale, _) = self.curves(Dual::variable(t));
        scale.rate / scale.value
    }

    /// The squared diffusion g² = 2 s² σ σ̇. It is computed as s² (σ²)˙, which is finite at t = 0.
    pub fn squared_diffusion(&self, t: f64) -> f64 {
        // At t = 0 the square root has no derivative, but its square has one.
        let (scale, sigma) = self.curves(Dual::variable(t.max(f64::MIN_POSITIVE)));
        2.0 * scale.value * scale.value * sigma.value * sigma.rate
    }
}

/// The range of rates.
pub(super) const RATES: NumberRange = NumberRange::between(1e-12, 1e12);

impl FromStr for Process {
    type Err = Error;

    /// Parses the name of a process, and gives it its default rate.
    fn from_str(name: &str) -> Result<Self> {
        find("process", &Process::ALL, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The relative rounding of a few operations.
    const CLOSE: f64 = 1e-12;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= CLOSE * (1.0 + b.abs())
    }

    /// The drift and squared diffusion as printed in the papers.
    fn textbook(process: &Process, t: f64) -> (f64, f64) {
        let rate = |r: LinearRate| r.min + (r.max - r.min) * t;
        let integral = |r: LinearRate| r.min * t + (r.max - r.min) * t * t / 2.0;
        match *process {
            Process::VarianceExploding { diffusion_rate } => (0.0, diffusion_rate * diffusion_rate),
            // dx = −½γx dt + √γ dW
            Process::VariancePreserving { gamma } => (-gamma / 2.0, gamma),
            Process::VariancePreservingLinear(r) => (-rate(r) / 2.0, rate(r)),
            Process::SubVariancePreserving(r) => {
                (-rate(r) / 2.0, rate(r) * (1.0 - (-2.0 * integral(r)).exp()))
            }
            Process::Edm => (0.0, 2.0 * t),
            // dx/dt = (ε − y) has the marginals of dx = −x/(1 − t) dt + √(2t/(1 − t)) dW.
            Process::Flow => (-1.0 / (1.0 - t), 2.0 * t / (1.0 - t)),
        }
    }

    #[test]
    fn rates_are_the_textbook_ones() {
        let other = LinearRate { min: 2.0, max: 2.0 };
        let more = [
            Process::VarianceExploding { diffusion_rate: 1.7 },
            Process::VariancePreservingLinear(other),
            Process::SubVariancePreserving(other),
        ];
        for process in Process::ALL.map(|p| p.1).iter().chain(&more) {
            for t in [1e-6, 0.01, 0.5, 0.9] {
                let (drift, squared) = textbook(process, t);
                assert!(close(process.drift(t), drift), "{process:?} at {t}");
                // The printed 1 − e^{−x} cancels for a tiny x; our form does not.
                assert!(
                    (process.squared_diffusion(t) - squared).abs() < 1e-9 * squared.max(1e-3),
                    "{process:?} at {t}"
                );
            }
        }
    }

    #[test]
    fn time_inverts_sigma() {
        for (name, process) in Process::ALL {
            for sigma in [0.0, 1e-8, 0.1, 1.0, 50.0, 1e3] {
                assert!(close(process.sigma(process.time(sigma)), sigma), "{name} at {sigma}");
            }
            assert_eq!(process.name(), name);
        }
        // App. A: t_start = −(2/γ) ln θ, where s is θ.
        let vp = Process::default();
        let sigma = Process::sigma_of_signal(0.68).unwrap();
        assert!(close(vp.time(sigma), -2.0 / 0.8 * 0.68_f64.ln()));
        assert!(close(vp.scale_at(sigma), 0.68));
    }

    #[test]
    fn there_and_back_is_the_same_state_and_time() {
        let states = ndarray::array![[0.3, -1.2, 5.0]];
        for (name, from) in Process::ALL {
            for (other, to) in Process::ALL {
                for sigma in [1e-3, 0.4, 2.0, 30.0] {
                    let t = from.time(sigma);
                    let (there_t, there) = from.convert(t, states.view(), &to);
                    let (back_t, back) = to.convert(there_t, there.view(), &from);
                    assert!(close(back_t, t), "{name} to {other} at σ = {sigma}: {back_t} for {t}");
                    assert!(back.iter().zip(&states).all(|(a, b)| close(*a, *b)), "{name} to {other}");
                }
            }
        }
    }

    #[test]
    fn rates_that_make_no_sense_are_refused() {
        let named = |name: &str| name.parse::<Process>().expect("a process");
        assert!("vpx".parse::<Process>().unwrap_err().to_string().contains("sub-vp"));
        assert!(named("flow").with_rate(2.0).is_err());
        assert!(named("vp").with_rate(f64::NAN).is_err());
        assert!(named("vp").with_linear_rate(LinearRate::default()).is_err());
        assert!(named("sub-vp").with_linear_rate(LinearRate { min: 3.0, max: 2.0 }).is_err());
    }
}
