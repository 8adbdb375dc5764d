//! The backward pass: the gradient of a loss with respect to the weights, from the last layer to the first.

use std::cell::RefCell;

use attractor::kernels::{Panel, ROWS, Strided, product};
use attractor::networks::Network;
use attractor::threads;

/// Gradients of some rows of a layer's weights.
pub struct Rows<'a> {
    /// The rows, one after another. The numbers of a row beyond its weights are padding.
    pub gradients: &'a [f32],
    /// The distance from one row to the next.
    pub stride: usize,
}

/// An optimiser, which updates weights by their gradients. A layer is cut into tasks of [`ROWS`] rows, so that
/// weights are updated while their gradients are still in the cache.
pub trait Update {
    /// The part of the weights and of the state that one task updates.
    type Part<'a>: Send
    where
        Self: 'a;

    /// The tasks of a layer whose rows have `row` weights.
    fn parts<'a>(&'a mut self, layer: usize, weights: &'a mut [f32], row: usize) -> Vec<Self::Part<'a>>;

    /// Updates the weights of one task.
    fn apply(part: Self::Part<'_>, gradients: Rows);
}

/// The arrays of a training step, which the next step reuses.
#[derive(Default)]
pub struct Space {
    /// The input of each layer, then the output of the network, as [`Network::forward`] leaves them.
    pub panels: Vec<Panel<f32>>,
    /// The gradient of the loss with respect to the output; units × states.
    pub slope: Panel<f32>,
    /// The states and targets of the batch, row by row.
    pub(crate) batch: [Panel<f32>; 2],
    pub(crate) targets: Panel<f32>,
    slopes: [Panel<f32>; 2],
    turned: Panel<f32>,
}

impl Space {
    /// The input of the first layer.
    pub(crate) fn entrance(&mut self) -> &mut Panel<f32> {
        if self.panels.is_empty() {
            self.panels.push(Panel::default());
        }
        &mut self.panels[0]
    }
}

thread_local! {
    /// The gradients of one task.
    static GRADIENTS: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Propagates the gradient from the output back to the first layer. A layer is updated as soon as the layers before
/// it no longer need its weights.
///
/// Cost: 4 operations per weight and state.
pub fn descend<U: Update>(network: &mut Network<f32>, space: &mut Space, update: &mut U) {
    let layers = network.architecture().layers();
    let Space { panels, slope, slopes, turned, .. } = space;
    let [next, past] = slopes;
    // Whether a residual layer passed its gradient on past the layer before it.
    let mut passed = false;
    for (number, layer) in layers.iter().enumerate().rev() {
        let inputs = &panels[number];
        let (row, states) = inputs.dim();
        let weights = network.layer_mut(number);
        let work = 2.0 * (weights.len() * states) as f64;
        if number > 0 {
            let rectified = layers[number - 1].rectified;
            let stride = next.resize(layer.inputs, states).stride();
            let a = Strided { numbers: weights, row: 1, column: row };
            let tasks = next.numbers_mut().chunks_mut(ROWS * stride).enumerate().collect();
            threads::each(tasks, work, |(task, out): (usize, &mut [f32])| {
                let first = task * ROWS;
                product(a, first..first + out.len() / stride, slope, out);
                if passed {
                    out.iter_mut().zip(&past.numbers()[first * stride..]).for_each(|(s, p)| *s += p);
                }
                if rectified {
                    let units = &inputs.numbers()[first * stride..];
                    out.iter_mut().zip(units).for_each(|(s, h)| *s = if *h > 0.0 { *s } else { 0.0 });
                }
            });
        }
        inputs.transpose_into(turned);
        let stride = turned.stride();
        let a = Strided { numbers: slope.numbers(), row: slope.stride(), column: 1 };
        let tasks = update.parts(number, weights, row).into_iter().enumerate().collect();
        threads::each(tasks, work, |(task, part): (usize, U::Part<'_>)| {
            let rows = task * ROWS..layer.outputs.min((task + 1) * ROWS);
            GRADIENTS.with_borrow_mut(|gradients| {
                gradients.resize(rows.len() * stride, 0.0);
                product(a, rows, turned, gradients);
                U::apply(part, Rows { gradients, stride });
            });
        });
        passed = layer.residual;
        if passed {
            std::mem::swap(past, slope);
        }
        std::mem::swap(slope, next);
    }
}
