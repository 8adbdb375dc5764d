//! The Fokker–Planck equation in one dimension, by implicit finite volumes.

/// ∂p/∂τ = ∂/∂x (V′(x) p + ½σ² ∂p/∂x) on cells of equal width, with no flux through the ends.
///
/// Fluxes are those of Scharfetter & Gummel (1969), which are of second order and keep the stationary density e^{−2V/σ²}
/// exactly. Steps in time are those of TR-BDF2 (Bank et al. 1985): second order, and stable for the stiffest modes, so that
/// a density can start as a point.
pub struct FokkerPlanck {
    places: Vec<f64>,
    width: f64,
    /// The rates from a cell to the next and to the last one.
    up: Vec<f64>,
    down: Vec<f64>,
    density: Vec<f64>,
}

impl FokkerPlanck {
    /// A density that is a point at `start`, for the potential `v` and noise σ, on [`low`, `high`] with `cells` cells for
    /// each unit of length. `start` must be the middle of a cell: a multiple of the width from `low`.
    pub fn new(v: impl Fn(f64) -> f64, sigma: f64, range: (f64, f64), cells: usize, start: f64) -> Self {
        let width = 1.0 / cells as f64;
        let count = ((range.1 - range.0) / width).round() as usize + 1;
        let places: Vec<f64> = (0..count).map(|i| range.0 + i as f64 * width).collect();
        let diffusion = sigma * sigma / 2.0;
        let rise = |i: usize| (v(places[i + 1]) - v(places[i])) / diffusion;
        let scale = diffusion / (width * width);
        let up = (0..count - 1).map(|i| scale * bernoulli(rise(i))).collect();
        let down = (0..count - 1).map(|i| scale * bernoulli(-rise(i))).collect();
        let mut density = vec![0.0; count];
        density[((start - range.0) / width).round() as usize] = 1.0 / width;
        FokkerPlanck { places, width, up, down, density }
    }

    /// The density after another `time`, in `steps` equal steps.
    pub fn run(&mut self, time: f64, steps: usize) {
        // γ = 2 − √2, with which both stages have the same matrix.
        let gamma = 2.0 - std::f64::consts::SQRT_2;
        let dt = time / steps as f64;
        let solver = Tridiagonal::new(&self.up, &self.down, gamma / 2.0 * dt);
        let (first, last) = (1.0 / (gamma * (2.0 - gamma)), (1.0 - gamma).powi(2) / (gamma * (2.0 - gamma)));
        for _ in 0..steps {
            let flow = self.flow();
            let explicit = self.density.iter().zip(&flow).map(|(p, f)| p + gamma / 2.0 * dt * f);
            let middle = solver.solve(explicit.collect());
            let ahead = middle.iter().zip(&self.density).map(|(m, p)| first * m - last * p);
            self.density = solver.solve(ahead.collect());
        }
    }

    /// dp/dτ of each cell.
    fn flow(&self) -> Vec<f64> {
        let mut flow = vec![0.0; self.density.len()];
        for (i, (up, down)) in self.up.iter().zip(&self.down).enumerate() {
            let across = up * self.density[i] - down * self.density[i + 1];
            flow[i] -= across;
            flow[i + 1] += across;
        }
        flow
    }

    /// ln p at a place, by a parabola through the nearest three cells.
    pub fn log_density(&self, x: f64) -> f64 {
        let nearest = ((x - self.places[0]) / self.width).round() as usize;
        let i = nearest.clamp(1, self.places.len() - 2);
        let t = (x - self.places[i]) / self.width;
        let [a, b, c] = [i - 1, i, i + 1].map(|i| self.density[i].ln());
        b + t * (c - a) / 2.0 + t * t * (a - 2.0 * b + c) / 2.0
    }

    /// The total probability.
    #[cfg(test)]
    pub fn mass(&self) -> f64 {
        self.density.iter().sum::<f64>() * self.width
    }
}

/// u/(eᵘ − 1)
fn bernoulli(u: f64) -> f64 {
    if u.abs() < 1e-12 { 1.0 - u / 2.0 } else { u / u.exp_m1() }
}

/// The factors of I − h A, where A has these rates.
struct Tridiagonal {
    lower: Vec<f64>,
    pivots: Vec<f64>,
    upper: Vec<f64>,
}

impl Tridiagonal {
    fn new(up: &[f64], down: &[f64], h: f64) -> Self {
        let count = up.len() + 1;
        let mut pivots = vec![1.0; count];
        for (i, (up, down)) in up.iter().zip(down).enumerate() {
            pivots[i] += h * up;
            pivots[i + 1] += h * down;
        }
        // Column sums are 1, so that no pivot is below 1 and nothing needs to be swapped.
        let mut lower = vec![0.0; count];
        for i in 1..count {
            lower[i] = -h * up[i - 1] / pivots[i - 1];
            pivots[i] += lower[i] * h * down[i - 1];
        }
        Tridiagonal { lower, pivots, upper: down.iter().map(|down| -h * down).collect() }
    }

    fn solve(&self, mut right: Vec<f64>) -> Vec<f64> {
        for i in 1..right.len() {
            right[i] -= self.lower[i] * right[i - 1];
        }
        let end = right.len() - 1;
        right[end] /= self.pivots[end];
        for i in (0..end).rev() {
            right[i] = (right[i] - self.upper[i] * right[i + 1]) / self.pivots[i];
        }
        right
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ln of the kernel of dx = −h x dτ + σ dW.
    fn closed(h: f64, sigma: f64, y: f64, x: f64, time: f64) -> f64 {
        let variance = sigma * sigma * -(-2.0 * h * time).exp_m1() / (2.0 * h);
        let away = x - y * (-h * time).exp();
        -away * away / (2.0 * variance) - 0.5 * (std::f64::consts::TAU * variance).ln()
    }

    /// Against the Ornstein–Uhlenbeck kernel: the error falls fourfold when cells and steps are halved.
    #[test]
    fn it_converges_with_the_second_order() {
        let (h, sigma, y, x, time) = (1.3, 0.8, 0.5, 1.0, 0.1);
        let error = |cells: usize, steps: usize| {
            let mut solution = FokkerPlanck::new(|x| h * x * x / 2.0, sigma, (-3.0, 3.0), cells, y);
            solution.run(time, steps);
            (solution.log_density(x) - closed(h, sigma, y, x, time)).abs()
        };
        let errors = [error(40, 100), error(80, 200), error(160, 400)];
        for pair in errors.windows(2) {
            let ratio = pair[0] / pair[1];
            assert!((3.5..4.6).contains(&ratio), "{errors:?}");
        }
        assert!(errors[2] < 1e-3, "{errors:?}");
    }

    #[test]
    fn probability_is_kept_and_becomes_the_stationary_one() {
        let v = |x: f64| (x * x - 1.0).powi(2) / 4.0;
        let mut solution = FokkerPlanck::new(v, 1.0, (-3.0, 3.0), 50, 0.5);
        solution.run(60.0, 600);
        assert!((solution.mass() - 1.0).abs() < 1e-9, "{}", solution.mass());
        // ln p(x) − ln p(0) = −2 (V(x) − V(0)).
        let found = solution.log_density(1.0) - solution.log_density(0.0);
        assert!((found - 2.0 * v(0.0)).abs() < 1e-3, "{found}");
    }
}
