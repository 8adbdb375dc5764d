//! Families in mixtures: their log-sums and posteriors. Also the Gaussians of a semantic memory.

use ndarray::ArrayView2;

use super::{Body, Mixture};
use crate::energies::cores::{Reconstruction, Semantic};
use crate::energies::family::Family;
use crate::error::{Error, Result};
use crate::kernels::Posterior;
use crate::real::Real;
use crate::threads;

/// The error for a memory with other parts than Gaussians.
pub(in crate::energies) fn not_gaussian() -> Error {
    Error::Undefined {
        model: "this memory",
        what: "density of Gaussians",
        reason: "a semantic memory of events has Gaussians alone, and no points, flat or other shapes".into(),
    }
}

impl<F: Real> Mixture<F> {
    /// The Gaussians of a semantic memory, with weights that sum to 1.
    ///
    /// # Errors
    /// A mixture with other parts.
    pub fn semantic(&self) -> Result<Vec<Semantic>> {
        let one = |part: &super::Part<F>| match &part.body {
            Body::Shape(shape) => Ok(Semantic {
                weight: part.log_weight.exp(),
                gaussian: shape.gaussian().ok_or_else(not_gaussian)?.clone(),
                label: self.label(part.memories.at(0)).map(str::to_owned),
            }),
            _ => Err(not_gaussian()),
        };
        self.parts.iter().map(one).collect()
    }

    /// What the events of a reconstructive memory were made of, if it is one.
    pub fn reconstruction(&self) -> Option<&Reconstruction> {
        self.parts.iter().find_map(|part| match &part.body {
            Body::Family(family) => family.reconstruction(),
            _ => None,
        })
    }

    /// The log-sums of the members of a family at each state.
    fn members(&self, family: &dyn Family, states: ArrayView2<F>, sigmas: &[f64]) -> Vec<Vec<f64>> {
        threads::map(states.nrows(), self.work(states.nrows()), |row| {
            let state: Vec<f64> = states.row(row).iter().map(|z| z.to_f64()).collect();
            family.log_sums(&state, sigmas[row])
        })
    }

    /// The log-sum of a whole family at each state.
    pub(super) fn sums_of_family(
        &self,
        family: &dyn Family,
        states: ArrayView2<F>,
        sigmas: &[f64],
    ) -> Vec<f64> {
        self.members(family, states, sigmas).iter().map(|sums| total(sums)).collect()
    }

    /// The posterior over the members of a family at each state, sorted.
    pub(super) fn within_family(
        &self,
        family: &dyn Family,
        states: ArrayView2<F>,
        sigmas: &[f64],
    ) -> Vec<Posterior> {
        let one = |sums: Vec<f64>| {
            let total = total(&sums);
            let mut top: Vec<(usize, f64)> = sums.iter().map(|s| (s - total).exp()).enumerate().collect();
            let surprise = |&(_, w): &(usize, f64)| if w > 0.0 { -w * w.ln() } else { 0.0 };
            let entropy = top.iter().map(surprise).sum();
            let participation = 1.0 / top.iter().map(|(_, w)| w * w).sum::<f64>();
            top.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            Posterior { top, entropy, participation }
        };
        self.members(family, states, sigmas).into_iter().map(one).collect()
    }
}

/// The log of a sum, of the logs of its terms.
fn total(sums: &[f64]) -> f64 {
    let peak = sums.iter().fold(f64::NEG_INFINITY, |most: f64, &s| most.max(s));
    peak + sums.iter().map(|s| (s - peak).exp()).sum::<f64>().ln()
}
