//! Denoisers of mixtures of equal, isotropic Gaussians, which hold as many points as they have components.

use attractor::noise::{Purpose, Stream};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

/// A mixture of M Gaussians N(μ_i, v I) of equal weight, as a denoiser (Buchanan et al. 2025, Lemma 1):
///
/// > D(y; σ) = (v y + σ² Σ w_i μ_i)/(v + σ²), w = softmax(−‖y − μ_i‖²/2(v + σ²))
///
/// With v = 0 and training rows as means it only remembers them; with the means and the variance of the data it is the best
/// denoiser there is.
#[derive(Clone, Debug, PartialEq)]
pub struct Gaussians {
    /// The means, M × d.
    pub means: Array2<f64>,
    /// The variance v.
    pub variance: f64,
}

/// The gradient of a loss with respect to the parameters of [`Gaussians`].
#[derive(Clone, Debug)]
pub struct Slope {
    /// With respect to the means.
    pub means: Array2<f64>,
    /// With respect to the variance.
    pub variance: f64,
}

impl Gaussians {
    /// The softmax weights of a state at a level, and the squared distances from the means.
    fn weights(&self, state: ArrayView1<f64>, sigma: f64) -> (Array1<f64>, Array1<f64>) {
        let total = self.variance + sigma * sigma;
        let square =
            |mean: ArrayView1<f64>| mean.iter().zip(&state).map(|(m, y)| (y - m).powi(2)).sum::<f64>();
        let squares: Array1<f64> = self.means.outer_iter().map(square).collect();
        let least = squares.fold(f64::INFINITY, |least, s| least.min(*s));
        let mut weights = squares.mapv(|s| (0.5 * (least - s) / total).exp());
        let sum = weights.sum();
        weights /= sum;
        (weights, squares)
    }

    /// The denoised state.
    pub fn denoised(&self, state: ArrayView1<f64>, sigma: f64) -> Array1<f64> {
        let (weights, _) = self.weights(state, sigma);
        self.pulled(state, weights.dot(&self.means), sigma)
    }

    fn pulled(&self, state: ArrayView1<f64>, mean: Array1<f64>, sigma: f64) -> Array1<f64> {
        let square = sigma * sigma;
        (&state * self.variance + mean * square) / (self.variance + square)
    }

    /// Denoised rows, all at one level.
    pub fn denoise(&self, states: ArrayView2<f64>, sigma: f64) -> Array2<f64> {
        let mut all = Array2::zeros(states.dim());
        for (state, mut out) in states.outer_iter().zip(all.outer_iter_mut()) {
            out.assign(&self.denoised(state, sigma));
        }
        all
    }

    /// Rows of the mixture.
    pub fn samples(&self, count: usize, stream: &mut Stream) -> Array2<f64> {
        let mut all = Array2::zeros((count, self.means.ncols()));
        for mut row in all.outer_iter_mut() {
            let mean = self.means.row(stream.below(self.means.nrows()));
            row.iter_mut().zip(mean).for_each(|(x, m)| *x = m + self.variance.sqrt() * stream.normal());
        }
        all
    }

    /// Adds the gradient of ‖D(y; σ) − x‖², and returns this loss.
    ///
    /// With g = 2(D − x), m = Σ w μ and T = v + σ²: ∂/∂μ_i = (σ²/T) w_i [g + g·(μ_i − m)(y − μ_i)/T], and
    /// ∂/∂v = σ² g·(y − m)/T² + (σ²/2T³) Σ w_i g·(μ_i − m)‖y − μ_i‖².
    pub fn add_slope(
        &self,
        state: ArrayView1<f64>,
        clean: ArrayView1<f64>,
        sigma: f64,
        slope: &mut Slope,
    ) -> f64 {
        let square = sigma * sigma;
        let total = self.variance + square;
        let (weights, squares) = self.weights(state, sigma);
        let mean = weights.dot(&self.means);
        let miss = self.pulled(state, mean.clone(), sigma) - clean;
        let pull = &miss * 2.0;
        let share = square / total;
        let middle = pull.dot(&mean);
        let along = self.means.dot(&pull) - middle;
        slope.variance += share / total * (pull.dot(&state) - middle);
        slope.variance += 0.5 * share / (total * total) * (&weights * &along * &squares).sum();
        for ((mut out, own), (weight, along)) in
            slope.means.outer_iter_mut().zip(self.means.outer_iter()).zip(weights.iter().zip(&along))
        {
            if *weight < 1e-12 {
                continue;
            }
            let (plain, turned) = (share * weight, share * weight * along / total);
            for ((out, g), (y, m)) in out.iter_mut().zip(&pull).zip(state.iter().zip(own)) {
                *out += plain * g + turned * (y - m);
            }
        }
        miss.dot(&miss)
    }
}

/// The data of the laboratory: K means on a sphere of radius √d, with variance 1 about each.
pub fn truth(dim: usize, components: usize, seed: u64) -> Gaussians {
    let mut means = Array2::zeros((components, dim));
    for (number, mut mean) in means.outer_iter_mut().enumerate() {
        let mut stream = Stream::new(seed, Purpose::Locations, number as u64);
        mean.mapv_inplace(|_: f64| stream.normal());
        let length = mean.dot(&mean).sqrt();
        mean *= (dim as f64).sqrt() / length;
    }
    Gaussians { means, variance: 1.0 }
}

/// The denoiser that holds the first `count` rows and nothing else.
pub fn partial(rows: ArrayView2<f64>, count: usize) -> Gaussians {
    Gaussians { means: rows.slice_axis(Axis(0), (0..count).into()).to_owned(), variance: 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn loss(of: &Gaussians, state: &Array1<f64>, clean: &Array1<f64>, sigma: f64) -> f64 {
        let miss = of.denoised(state.view(), sigma) - clean;
        miss.dot(&miss)
    }

    #[test]
    fn the_gradient_is_that_of_differences() {
        let of = Gaussians { means: array![[0.3, -1.0], [1.2, 0.4], [-0.5, 0.6]], variance: 0.4 };
        let (state, clean, sigma) = (array![0.5, 0.1], array![0.9, -0.2], 0.7);
        let mut slope = Slope { means: Array2::zeros((3, 2)), variance: 0.0 };
        let found = of.add_slope(state.view(), clean.view(), sigma, &mut slope);
        assert!((found - loss(&of, &state, &clean, sigma)).abs() < 1e-14);
        let step = 1e-6;
        let differs = |change: &dyn Fn(&mut Gaussians, f64)| {
            let [up, down] = [step, -step].map(|by| {
                let mut moved = of.clone();
                change(&mut moved, by);
                loss(&moved, &state, &clean, sigma)
            });
            (up - down) / (2.0 * step)
        };
        assert!((differs(&|g, by| g.variance += by) - slope.variance).abs() < 1e-8);
        for ((i, j), found) in slope.means.indexed_iter() {
            assert!((differs(&|g, by| g.means[[i, j]] += by) - found).abs() < 1e-8, "{i} {j}");
        }
    }

    #[test]
    fn one_gaussian_shrinks_linearly() {
        let of = Gaussians { means: array![[2.0]], variance: 3.0 };
        // 2 + (5 − 2)·3/(3 + 1).
        assert!((of.denoised(array![5.0].view(), 1.0)[0] - 4.25).abs() < 1e-15);
        // Far below the distance of rows, the nearest is returned.
        let rows = array![[0.0], [1.0], [7.0]];
        assert_eq!(partial(rows.view(), 2).denoised(array![0.9].view(), 0.01)[0], 1.0);
    }
}
