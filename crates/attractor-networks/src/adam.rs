//! The optimiser Adam (Kingma & Ba 2015) with a running average of the weights, in one pass over memory.

use attractor::kernels::ROWS;
use attractor::kernels::machine::{Level, On, Token};
use attractor::networks::Network;

use crate::backward::{Rows, Update};

/// Decay rate of the mean of the gradients, β₁.
const FIRST: f32 = 0.9;
/// Decay rate of the mean of the squared gradients, β₂.
const SECOND: f32 = 0.999;
/// Keeps steps finite where gradients vanish, ε.
const SMALL: f32 = 1e-8;

/// The optimiser's state. It has two numbers for each weight, or three with a running average.
#[derive(Clone, Debug, PartialEq)]
pub struct Adam {
    /// Means of the gradients, by layer.
    pub first: Vec<Vec<f32>>,
    /// Means of the squared gradients, by layer.
    pub second: Vec<Vec<f32>>,
    /// Running averages of the weights, if they are used.
    pub average: Option<Vec<Vec<f32>>>,
    step: Step,
}

/// The constants of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Step {
    /// The learning rate divided by 1 − 0.9^k.
    rate: f32,
    /// 1/√(1 − 0.999^k).
    root: f32,
    /// The weight of the past in the running average.
    keep: f32,
}

impl Adam {
    /// The state before the first step.
    pub fn new(network: &Network<f32>, averaged: bool) -> Self {
        let zeros = || network.weights().iter().map(|layer| vec![0.0; layer.len()]).collect();
        let average = averaged.then(|| network.weights().to_vec());
        Adam { first: zeros(), second: zeros(), average, step: Step::default() }
    }

    /// Sets the constants of step `number`, counted from 1. `average` is the weight of the past in the running
    /// average.
    pub fn prepare(&mut self, number: u64, rate: f64, average: f64) {
        let number = number as f64;
        self.step = Step {
            rate: (rate / (1.0 - f64::from(FIRST).powf(number))) as f32,
            root: (1.0 / (1.0 - f64::from(SECOND).powf(number)).sqrt()) as f32,
            // In the first steps the past is short, so it gets less weight.
            keep: average.min((1.0 + number) / (10.0 + number)) as f32,
        };
    }
}

/// Some rows of a layer, with the optimiser's state of them.
pub struct Part<'a> {
    weights: &'a mut [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
    average: Option<&'a mut [f32]>,
    row: usize,
    step: Step,
}

impl Update for Adam {
    type Part<'a> = Part<'a>;

    fn parts<'a>(&'a mut self, layer: usize, weights: &'a mut [f32], row: usize) -> Vec<Part<'a>> {
        let (size, step) = (ROWS * row, self.step);
        let moments = self.first[layer].chunks_mut(size).zip(self.second[layer].chunks_mut(size));
        let mut averages = self.average.as_mut().map(|a| a[layer].chunks_mut(size));
        let parts = weights.chunks_mut(size).zip(moments);
        parts
            .map(|(weights, (first, second))| {
                let average = averages.as_mut().and_then(Iterator::next);
                Part { weights, first, second, average, row, step }
            })
            .collect()
    }

    fn apply(part: Part<'_>, rows: Rows) {
        Level::best().run::<f32, _, _>(Move { part, rows });
    }
}

/// Rows of weights and their gradients.
struct Move<'a, 'r> {
    part: Part<'a>,
    rows: Rows<'r>,
}

impl<M: Token> On<M, ()> for Move<'_, '_> {
    #[inline(always)]
    fn run(self, _machine: M) {
        move_rows(self.part, self.rows);
    }
}

#[inline(always)]
fn move_rows(part: Part<'_>, rows: Rows) {
    let Part { weights, first, second, mut average, row, step } = part;
    let moved = weights.chunks_mut(row).zip(first.chunks_mut(row)).zip(second.chunks_mut(row));
    for (number, ((weights, first), second)) in moved.enumerate() {
        let gradients = &rows.gradients[number * rows.stride..][..row];
        for (((w, m), v), g) in weights.iter_mut().zip(first).zip(second).zip(gradients) {
            *m += (1.0 - FIRST) * (g - *m);
            *v += (1.0 - SECOND) * (g * g - *v);
            *w -= step.rate * *m / (v.sqrt() * step.root + SMALL);
        }
        if let Some(average) = &mut average {
            let average = &mut average[number * row..][..row];
            average.iter_mut().zip(&*weights).for_each(|(a, w)| *a += (1.0 - step.keep) * (w - *a));
        }
    }
}
