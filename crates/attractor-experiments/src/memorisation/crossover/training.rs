//! Models of M points, trained by gradient descent.

use attractor::noise::{Purpose, Stream};
use attractor_audit::rates::RATIO;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use super::gmm::{Gaussians, Slope, partial};
use super::{Laboratory, level, times};

/// A trained model.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// Its size M.
    pub count: usize,
    /// The share of what it generates with d₁/d₂ < ⅓.
    pub f_mem: f64,
    /// Its variance v. That of the data is 1; a model that remembers has 0.
    pub variance: f64,
    /// The model.
    pub model: Gaussians,
}

/// The deviation √v at the start.
const START: f64 = 1e-3;

/// The largest learning rate of Adam. It rises from 0 for a twentieth of the steps, and falls to 0.
const RATE: f64 = 5e-3;

/// Adam for one list of numbers.
struct Adam {
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Adam {
    fn new(count: usize) -> Self {
        Adam { first: vec![0.0; count], second: vec![0.0; count] }
    }

    fn step<'a>(&mut self, number: u64, rate: f64, numbers: impl Iterator<Item = (&'a mut f64, f64)>) {
        const DECAYS: (f64, f64) = (0.9, 0.999);
        const SMALL: f64 = 1e-8;
        let [first, second] = [DECAYS.0, DECAYS.1].map(|decay| 1.0 - decay.powi(number.min(1 << 20) as i32));
        for ((number, slope), (m, v)) in numbers.zip(self.first.iter_mut().zip(&mut self.second)) {
            *m += (1.0 - DECAYS.0) * (slope - *m);
            *v += (1.0 - DECAYS.1) * (slope * slope - *v);
            *number -= rate * (*m / first) / ((*v / second).sqrt() + SMALL);
        }
    }
}

/// Trains the M means and the deviation of a model that begins with the first M rows, on the squared error of the
/// row. (With that of the noise, the lowest levels have gradients 10⁶ times as large, and Adam hardly moves for long after.)
pub(super) fn train(lab: &Laboratory, rows: ArrayView2<f64>, count: usize, seed: u64) -> Trained {
    let mut model = Gaussians { variance: START * START, ..partial(rows, count) };
    let mut deviation = START;
    let times: Vec<f64> = times().collect();
    let mut adam = Adam::new(count * lab.dim + 1);
    for step in 0..lab.steps {
        let mut slope = Slope { means: Array2::zeros(model.means.dim()), variance: 0.0 };
        let mut stream = Stream::new(seed, Purpose::Training, step);
        for _ in 0..lab.batch {
            let row = rows.row(stream.below(rows.nrows()));
            let sigma = level(times[stream.below(times.len())]);
            let state = row.mapv(|x| x + sigma * stream.normal());
            model.add_slope(state.view(), row, sigma, &mut slope);
        }
        let scale = 1.0 / lab.batch as f64;
        let along = 2.0 * deviation * slope.variance * scale;
        let numbers = model.means.iter_mut().zip(slope.means.iter().map(|s| s * scale));
        adam.step(step + 1, rate(step, lab.steps), numbers.chain(std::iter::once((&mut deviation, along))));
        model.variance = deviation * deviation;
    }
    let f_mem = remembered(lab, rows, &model, seed);
    Trained { count, f_mem, variance: model.variance, model }
}

fn rate(step: u64, steps: u64) -> f64 {
    let done = step as f64 / steps as f64;
    RATE * (20.0 * done).min(1.0) * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
}

/// The share of generated rows that are near a training row: d₁/d₂ < ⅓.
fn remembered(lab: &Laboratory, rows: ArrayView2<f64>, model: &Gaussians, seed: u64) -> f64 {
    let is_copy = |state: ArrayView1<f64>| {
        let mut nearest = [f64::INFINITY; 2];
        for row in rows.outer_iter() {
            let square: f64 = row.iter().zip(&state).map(|(a, b)| (a - b).powi(2)).sum();
            if square < nearest[0] {
                nearest = [square, nearest[0]];
            } else if square < nearest[1] {
                nearest[1] = square;
            }
        }
        nearest[0] < RATIO * RATIO * nearest[1]
    };
    let copies = (0..lab.generated).filter(|&n| is_copy(generated(lab.dim, model, seed, n as u64).view()));
    copies.count() as f64 / lab.generated as f64
}

/// A row that the model generates: DDIM through all times.
fn generated(dim: usize, model: &Gaussians, seed: u64, number: u64) -> Array1<f64> {
    let mut levels: Vec<f64> = times().map(level).collect();
    levels.reverse();
    let mut stream = Stream::new(seed, Purpose::Prior, number);
    let mut state = Array1::from_shape_simple_fn(dim, || levels[0] * stream.normal());
    for (k, sigma) in levels.iter().enumerate() {
        let clean = model.denoised(state.view(), *sigma);
        let next = levels.get(k + 1).copied().unwrap_or(0.0);
        state = &clean + &((&state - &clean) * (next / sigma));
    }
    state
}
