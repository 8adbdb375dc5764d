//! A network whose couplings change by what it dreams of: rest states that it finds from random states.

use ndarray::{Array2, ArrayView2};

use crate::kernels::{add_scaled, dots};
use crate::noise::{Purpose, Stream};

/// Sweeps after which a state that still moves is taken as it is. A sweep lowers the energy, so that a few are enough;
/// only rounding could go on for longer.
const SWEEPS: usize = 100;

/// The share of the largest field up to which a field may be rounding.
const ROUNDING: f64 = 1e-12;

/// A sleeping network: couplings W, and the random numbers of its dreams. Its units do not feel themselves.
pub(super) struct Sleeper {
    couplings: Array2<f64>,
    /// The smallest field that flips a unit.
    least: f64,
    stream: Stream,
    order: Vec<usize>,
}

impl Sleeper {
    pub fn new(couplings: Array2<f64>, seed: u64) -> Self {
        let couplings = couplings.as_standard_layout().into_owned();
        let row = |row: ndarray::ArrayView1<f64>| row.iter().map(|w| w.abs()).sum::<f64>();
        let least = ROUNDING * couplings.outer_iter().map(row).fold(0.0, f64::max);
        let order = (0..couplings.nrows()).collect();
        Sleeper { couplings, least, stream: Stream::new(seed, Purpose::Dreams, 0), order }
    }

    /// A whole number below `n`, at random.
    pub fn below(&mut self, n: usize) -> usize {
        self.stream.below(n)
    }

    /// A rest state: from random signs, units take the sign of their field one after the other, in a new random order
    /// for each sweep, until no unit changes. Cost: about 2 D² operations and more.
    pub fn dream(&mut self) -> Vec<f64> {
        let dim = self.order.len();
        let mut state: Vec<f64> =
            (0..dim).map(|_| if self.stream.bits() & 1 == 1 { 1.0 } else { -1.0 }).collect();
        let view = ArrayView2::from_shape((1, dim), &state).expect("one row");
        let mut fields = dots(view, self.couplings.view()).into_raw_vec_and_offset().0;
        for _ in 0..SWEEPS {
            self.stream.shuffle(&mut self.order);
            let mut moved = false;
            for &unit in &self.order {
                let row = self.couplings.row(unit);
                let field = fields[unit] - row[unit] * state[unit];
                if field * state[unit] < -self.least {
                    let change = -2.0 * state[unit];
                    state[unit] = -state[unit];
                    add_scaled(change, row.to_slice().expect("standard layout"), &mut fields);
                    moved = true;
                }
            }
            if !moved {
                break;
            }
        }
        state
    }

    /// W += Σ a x xᵀ over some terms (a, x). Cost: D² operations for each. W is read once.
    pub fn add(&mut self, terms: &[(f64, &[f64])]) {
        for (i, mut row) in self.couplings.outer_iter_mut().enumerate() {
            let row = row.as_slice_mut().expect("standard layout");
            terms.iter().for_each(|(a, x)| add_scaled(a * x[i], x, row));
        }
    }

    pub fn into_couplings(self) -> Array2<f64> {
        self.couplings
    }
}
