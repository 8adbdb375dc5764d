//! The modern Hopfield landscape: E(x) = −β⁻¹ ln Σ_n exp(β x·y_n) + ½‖x‖².

use ndarray::{Array2, ArrayView2, Zip};

use super::{Energy, Gradient, UnitStep};
use crate::error::{Result, check_width};
use crate::kernels::{Form, Posterior, attend, log_sum, posterior_and_log_sum, squares};
use crate::options::NumberRange;
use crate::patterns::{Patterns, check_states};
use crate::real::Real;

/// The inverse temperatures for which the exponentials stay in range.
pub(crate) const BETAS: NumberRange = NumberRange::between(1e-30, 1e30);

/// E(x; β) = −β⁻¹ ln Σ_n exp(β x·y_n) + ½‖x‖², with factors Nπ_n inside the sum if there are weights π_n. So equal weights
/// change nothing.
///
/// (Ramsauer et al. 2021; Ambrogioni 2023, Eq. 5.) Its gradient is x − Yᵀ softmax(βYx), so a descent with unit step
/// is the softmax read. With `norm_bias` the logits are β x·y − β‖y‖²/2. With β = 1/σ² this is the diffusion
/// landscape at level σ, also for patterns of unequal norm.
#[derive(Clone, Debug)]
pub struct LogSumExp<F> {
    patterns: Patterns<F>,
    beta: f64,
    form: Form,
}

impl<F: Real> LogSumExp<F> {
    /// A landscape at inverse temperature β, 10⁻³⁰ to 10³⁰.
    ///
    /// # Errors
    /// β outside its range.
    pub fn new(patterns: Patterns<F>, beta: f64, norm_bias: bool) -> Result<Self> {
        BETAS.check("beta", beta)?;
        let form = if norm_bias { Form::Distance } else { Form::Dot };
        Ok(LogSumExp { patterns, beta, form })
    }

    /// The stored patterns.
    pub fn patterns(&self) -> &Patterns<F> {
        &self.patterns
    }

    /// The inverse temperature β.
    pub fn beta(&self) -> f64 {
        self.beta
    }

    /// The form of comparison between states and patterns.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Whether the nearest pattern has the largest weight at every state: patterns have no prior weights, and equal norms
    /// or logits that compare by distance.
    pub fn compares_by_distance(&self) -> bool {
        let equal = || match self.patterns.squares() {
            Some(squares) => squares.iter().all(|square| *square == squares[0]),
            None => self.patterns.are_bits(),
        };
        self.patterns.log_weights().is_none() && (self.form == Form::Distance || equal())
    }

    /// The posterior and the energy of each state, in one pass.
    ///
    /// # Errors
    /// States of the wrong width or not finite.
    pub fn posterior_and_energy(
        &self,
        states: ArrayView2<F>,
        top: usize,
    ) -> Result<(Vec<Posterior>, Vec<f64>)> {
        let betas = self.betas(states)?;
        let (posteriors, log_sums) = posterior_and_log_sum(&self.patterns, states, &betas, self.form, top);
        self.patterns.check_source()?;
        Ok((posteriors, self.energies(states, &log_sums)))
    }

    /// β for each of some states, which are checked.
    fn betas(&self, states: ArrayView2<F>) -> Result<Vec<f64>> {
        check_width("states", states.ncols(), self.patterns.dim())?;
        check_states("states", states, "give finite states")?;
        Ok(vec![self.beta; states.nrows()])
    }

    /// The energies of states with these log-sums.
    fn energies(&self, states: ArrayView2<F>, log_sums: &[f64]) -> Vec<f64> {
        // The kernel sums with weights that sum to 1. Without weights it sums with 1 for each pattern.
        let count = self.patterns.log_weights().map_or(0.0, |_| (self.patterns.len() as f64).ln());
        let confinement = |square: f64| match self.form {
            Form::Dot => square / 2.0,
            // The logits −β‖x − y‖²/2 already contain this term.
            Form::Distance => 0.0,
        };
        let pairs = log_sums.iter().zip(squares(states));
        pairs.map(|(l, square)| -(l + count) / self.beta + confinement(square)).collect()
    }
}

impl<F: Real> Energy<F> for LogSumExp<F> {
    fn dim(&self) -> usize {
        self.patterns.dim()
    }

    fn energy(&self, states: ArrayView2<F>, _level: &[f64]) -> Result<Vec<f64>> {
        let betas = self.betas(states)?;
        let log_sums = log_sum(&self.patterns, states, &betas, self.form);
        self.patterns.check_source()?;
        Ok(self.energies(states, &log_sums))
    }
}

impl<F: Real> Gradient<F> for LogSumExp<F> {
    fn gradient(&self, states: ArrayView2<F>, _level: &[f64]) -> Result<Array2<F>> {
        let mean = self.update(states)?;
        Ok(Zip::from(states).and(&mean).map_collect(|&x, &m| x - m))
    }
}

impl<F: Real> UnitStep<F> for LogSumExp<F> {
    /// The update Yᵀ softmax(βYx). It is also the minimum of the quadratic bound of the energy at x.
    fn update(&self, states: ArrayView2<F>) -> Result<Array2<F>> {
        let betas = self.betas(states)?;
        let mean = attend(&self.patterns, states, &betas, self.form).mean;
        self.patterns.check_source()?;
        Ok(mean)
    }
}
