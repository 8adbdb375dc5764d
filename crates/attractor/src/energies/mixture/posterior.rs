//! The posterior over the memories of a mixture, and how much of it is on events.

use ndarray::ArrayView2;

use super::{Body, Mixture, Part};
use crate::energies::Points;
use crate::error::Result;
use crate::kernels::{Form, Posterior, posterior};
use crate::real::Real;

/// The posterior over memories at one state, with the share of events in it.
#[derive(Clone, Debug)]
pub struct SharedPosterior {
    /// The posterior.
    pub posterior: Posterior,
    /// The probability that the state comes from an event; the rest is that of the density beside the events (the
    /// gist). `None` if the mixture does not have both.
    pub event_share: Option<f64>,
}

impl<F: Real> Mixture<F> {
    /// The posterior over memories at each state and level, with the `top` most probable memories.
    ///
    /// # Errors
    /// States or levels of the wrong shape or not finite.
    pub fn posterior(&self, states: ArrayView2<F>, sigmas: &[f64], top: usize) -> Result<Vec<Posterior>> {
        Ok(self.shared_posterior(states, sigmas, top)?.into_iter().map(|shared| shared.posterior).collect())
    }

    /// The [posterior](Self::posterior) at each state and level, and how much of it is on events.
    ///
    /// # Errors
    /// States or levels of the wrong shape or not finite.
    pub fn shared_posterior(
        &self,
        states: ArrayView2<F>,
        sigmas: &[f64],
        top: usize,
    ) -> Result<Vec<SharedPosterior>> {
        let sigmas = self.check(states, sigmas)?;
        let of_points = |points: &Points<F>| {
            let betas: Vec<f64> = sigmas.iter().map(|s| 1.0 / (s * s)).collect();
            posterior(points.patterns(), states, &betas, Form::Distance, top)
        };
        if let [Part { body: Body::Patterns(points), .. }] = &self.parts[..] {
            let alone = |posterior| SharedPosterior { posterior, event_share: None };
            return Ok(of_points(points).into_iter().map(alone).collect());
        }
        let sums = self.log_sums(states, &sigmas)?;
        let within = self.parts.iter().map(|part| match &part.body {
            Body::Patterns(points) => Some(of_points(points)),
            Body::Family(family) => Some(self.within_family(family.as_ref(), states, &sigmas)),
            _ => None,
        });
        let within: Vec<Option<Vec<Posterior>>> = within.collect();
        let has_both = self.has_events_beside_density();
        let one = |row: usize| {
            let peak = sums.iter().map(|s| s[row]).fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = sums.iter().map(|s| (s[row] - peak).exp()).sum();
            let (mut best, mut entropy, mut squares, mut events) = (Vec::new(), 0.0, 0.0, 0.0);
            for (part, (sums, within)) in self.parts.iter().zip(sums.iter().zip(&within)) {
                let share = (sums[row] - peak).exp() / total;
                events += if part.event { share } else { 0.0 };
                let surprise = if share > 0.0 { -share.ln() } else { 0.0 };
                match within.as_ref().map(|w| &w[row]) {
                    Some(own) => {
                        entropy += share * (surprise + own.entropy);
                        squares += share * share / own.participation;
                        best.extend(own.top.iter().map(|&(n, w)| (part.memories.at(n), share * w)));
                    }
                    None => {
                        entropy += share * surprise;
                        squares += share * share;
                        best.push((part.memories.at(0), share));
                    }
                }
            }
            best.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            best.truncate(top.clamp(1, self.memories()));
            let posterior =
                Posterior { top: best, entropy: f64::max(entropy, 0.0), participation: 1.0 / squares };
            SharedPosterior { posterior, event_share: has_both.then_some(f64::min(events, 1.0)) }
        };
        Ok((0..states.nrows()).map(one).collect())
    }
}
