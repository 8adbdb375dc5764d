//! Events as Eq. 25 of the paper has them.

use ndarray::{Array1, ArrayView1};

use super::Reconstruction;
use crate::energies::family::Family;
use crate::energies::shapes::{Moments, ShapeMoments, finite};
use crate::error::{Error, Result};
use crate::message;
use crate::message::Argument;
use crate::noise::Stream;

/// The episodic terms Σ_n ρ_n exp(−‖A_n x − ξ_n‖²/2σ²) of Eq. 25.
///
/// Each is that of a flat subspace, {y : A y = ξ}, whose measure per volume is (2πσ²)^{−(D − W)/2}: it grows as the
/// noise falls, and outweighs any density at last.
#[derive(Debug)]
pub(super) struct Literal {
    recipe: Reconstruction,
    weights: Vec<f64>,
    /// The coordinates of the cores.
    cores: Vec<Array1<f64>>,
}

impl Literal {
    pub(super) fn new(recipe: Reconstruction) -> Result<Self> {
        let cores = recipe.events.iter().map(|event| event.encoder.of_core(&event.core)).collect();
        Ok(Literal { weights: recipe.weights(), cores, recipe })
    }

    /// q − Qz
    fn lack(&self, member: usize, z: &[f64]) -> Array1<f64> {
        &self.cores[member] - &self.recipe.events[member].encoder.coordinates(ArrayView1::from(z))
    }

    fn logits(&self, z: &[f64], sigma: f64) -> (Vec<f64>, Vec<Array1<f64>>) {
        let lacks: Vec<Array1<f64>> = (0..self.len()).map(|n| self.lack(n, z)).collect();
        let square = |lack: &Array1<f64>| lack.iter().map(|d| (d / sigma).powi(2)).sum::<f64>();
        let pairs = lacks.iter().zip(&self.weights);
        (pairs.map(|(lack, weight)| finite(weight.ln() - 0.5 * square(lack))).collect(), lacks)
    }
}

impl Family for Literal {
    fn dim(&self) -> usize {
        self.recipe.dim()
    }

    fn len(&self) -> usize {
        self.recipe.events.len()
    }

    fn label(&self, member: usize) -> Option<&str> {
        self.recipe.events[member].label.as_deref()
    }

    fn weights(&self) -> Vec<f64> {
        self.weights.clone()
    }

    fn read(&self, z: &[f64], sigma: f64, mean: &mut [f64]) -> ShapeMoments {
        let (logits, lacks) = self.logits(z, sigma);
        let peak = logits.iter().fold(f64::NEG_INFINITY, |most: f64, &l| most.max(l));
        let z = ArrayView1::from(z);
        let (mut sum, mut second, mut mass) = (Array1::<f64>::zeros(z.len()), 0.0, 0.0);
        for ((event, lack), logit) in self.recipe.events.iter().zip(&lacks).zip(&logits) {
            let weight = (logit - peak).exp();
            if weight == 0.0 {
                continue;
            }
            let mut state = z.to_owned();
            event.encoder.place(lack.view(), &mut state);
            mass += weight;
            second += weight * (state.dot(&state) + (z.len() - lack.len()) as f64 * sigma * sigma);
            sum.scaled_add(weight, &state);
        }
        mean.iter_mut().zip(&sum).for_each(|(m, s)| *m = s / mass);
        ShapeMoments { log_sum: finite(peak + f64::ln(mass)), second: second / mass }
    }

    fn log_sums(&self, z: &[f64], sigma: f64) -> Vec<f64> {
        self.logits(z, sigma).0
    }

    fn draw(&self, member: usize, z: &[f64], sigma: f64, stream: &mut Stream, y: &mut [f64]) -> Result<()> {
        if sigma.is_infinite() {
            return Err(Error::Undefined {
                model: "the literal form of a reconstructive memory",
                what: "sample of its own",
                reason: "its events have no end; start from a state at a finite noise level".into(),
            });
        }
        let mut noise: Array1<f64> = z.iter().map(|_| sigma * stream.normal()).collect();
        let encoder = &self.recipe.events[member].encoder;
        encoder.remove(&mut noise);
        self.project(member, z, y);
        y.iter_mut().zip(noise).for_each(|(y, n)| *y += n);
        Ok(())
    }

    fn project(&self, member: usize, z: &[f64], y: &mut [f64]) {
        let mut state = ArrayView1::from(z).to_owned();
        self.recipe.events[member].encoder.place(self.lack(member, z).view(), &mut state);
        y.iter_mut().zip(state).for_each(|(y, x)| *y = x);
    }

    /// The mean of the states with each core that are nearest to the origin. The events have no end.
    fn moments(&self) -> Moments {
        let mut mean = Array1::zeros(self.dim());
        for ((event, core), weight) in self.recipe.events.iter().zip(&self.cores).zip(&self.weights) {
            event.encoder.place((core * *weight).view(), &mut mean);
        }
        Moments { mean: mean.to_vec(), variance: 0.0, unbounded: true }
    }

    fn stretch(&self, _factors: &[f64]) -> Result<Box<dyn Family>> {
        Err(Error::Undefined {
            model: "the literal form of a reconstructive memory",
            what: "recall with known units",
            reason: message![
                "its events are no densities, so there is none given those units; use ",
                Argument::set("form", "conditioned")
            ],
        })
    }

    fn work(&self) -> f64 {
        self.recipe.events.iter().map(|event| 4.0 * (event.encoder.len() + self.dim()) as f64).sum()
    }

    fn reconstruction(&self) -> Option<&Reconstruction> {
        Some(&self.recipe)
    }
}
