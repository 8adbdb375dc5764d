use attractor::linear::Eigen;
use attractor_report::statistics::of_runs;
use ndarray::{Array1, array};
use num_complex::Complex64;

use super::super::times::slope;
use super::*;

fn model(dim: usize, psi_p: usize, psi_n: usize, time: f64, seed: u64) -> RandomFeatures {
    RandomFeatures::new(Sizes { dim, features: psi_p * dim, rows: psi_n * dim, time }, seed)
}

fn flow(of: &RandomFeatures) -> Flow {
    Flow::new(&of.correlations(), of.sizes).expect("a flow")
}

#[test]
fn coefficients_of_sine_are_the_closed_form() {
    for time in [0.001, 0.01, 0.5] {
        let (sum, closed) = (Coefficients::of(f64::sin, time), Coefficients::sine(time));
        let pairs = [
            (sum.data, closed.data),
            (sum.noise, closed.noise),
            (sum.row, closed.row),
            (sum.rest, closed.rest),
        ];
        for (found, expected) in pairs {
            assert!((found - expected).abs() < 1e-13, "{sum:?} {closed:?}");
        }
    }
}

/// SciPy: `dblquad` and `quad` of the definitions at t = 0.01, f = tanh.
#[test]
fn coefficients_of_tanh_are_scipy_s() {
    let found = Coefficients::of(f64::tanh, 0.01);
    let expected = TANH;
    for (found, expected) in [found.data, found.noise, found.row, found.rest].into_iter().zip(expected) {
        assert!((found / expected - 1.0).abs() < 1e-6, "{found} {expected}");
    }
}

/// c a, b, v², s².
const TANH: [f64; 4] = [0.5996786391, 0.08523317541, 0.02554177644, 0.001873549591];

/// U and V against sums over a fine grid of ξ, in one dimension.
#[test]
fn correlations_are_those_of_quadrature() {
    let sizes = Sizes { dim: 1, features: 3, rows: 2, time: 0.2 };
    let of = RandomFeatures { sizes, weights: array![[0.7], [-1.3], [2.1]], rows: array![[0.4], [-1.1]] };
    let found = of.correlations();
    let nodes: Vec<(f64, f64)> = (-4000..=4000)
        .map(|k| f64::from(k) * 0.002)
        .map(|x| (x, 0.002 * (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt()))
        .collect();
    for i in 0..3 {
        for j in 0..3 {
            let mean = |g: &dyn Fn(f64, f64) -> f64| {
                let row = |x: f64| {
                    nodes
                        .iter()
                        .map(|(xi, w)| w * g((-0.2_f64).exp() * x + sizes.delta().sqrt() * xi, *xi))
                        .sum::<f64>()
                };
                of.rows.iter().map(|x| row(*x)).sum::<f64>() / 2.0
            };
            let sine = |k: usize, state: f64| (of.weights[[k, 0]] * state).sin();
            let features = mean(&|state, _| sine(i, state) * sine(j, state));
            assert!((found.features[[i, j]] - features).abs() < 1e-12);
            let noise = mean(&|state, xi| sine(i, state) * xi);
            assert!((found.noise[[i, 0]] - noise).abs() < 1e-12);
            let all = |g: &dyn Fn(f64) -> f64| nodes.iter().map(|(x, w)| w * g(*x)).sum::<f64>();
            assert!((found.population_features[[i, j]] - all(&|x| sine(i, x) * sine(j, x))).abs() < 1e-12);
            // The share of ξ in x_t is √Δ.
            let population = sizes.delta().sqrt() * all(&|x| sine(i, x) * x);
            assert!((found.population_noise[[i, 0]] - population).abs() < 1e-12);
        }
    }
}

/// The three equations of Bonnaire et al. (2025) for q, r and s, with the covariance I, where r = s.
#[test]
fn the_spectrum_solves_the_published_equations() {
    for (activation, psi_p, psi_n) in
        [(f64::tanh as fn(f64) -> f64, 64.0, 8.0), (f64::sin, 16.0, 4.0), (f64::sin, 2.0, 5.0)]
    {
        let c = Coefficients::of(activation, 0.01);
        let spectrum = Spectrum::new(c, psi_p, psi_n);
        for value in [c.rest * 1.5, 0.1, 0.4, 2.0, 6.0, 30.0] {
            let (z, found) = (Complex64::new(value, 1e-4), spectrum.at(value, 1e-4));
            let (q, r) = (found.trace, found.data);
            let one = Complex64::from(1.0);
            let shared = one + (r * (c.data * c.data) + q * c.row) * (psi_p / psi_n);
            let (s_hat, r_hat) =
                (one / q + c.noise * c.noise * psi_p, one / shared * (psi_p * c.data * c.data));
            assert!((one / (s_hat + r_hat) / r - one).norm() < 1e-8, "{value}: r");
            let last = (-z + c.rest) * psi_p + one / shared * (psi_p * c.row) + one / q * (1.0 - psi_p)
                - r / (q * q);
            let size = (r / (q * q)).norm();
            assert!(last.norm() < 1e-8 * size.max(psi_p), "{value}: {last}");
            assert!(q.im > 0.0, "{value}: {q}");
        }
    }
}

/// Without the part of rows, U is a Wishart matrix and a constant, whose spectrum is Marchenko and Pastur's.
#[test]
fn without_rows_the_spectrum_is_marchenko_and_pastur_s() {
    let c = Coefficients { data: 0.0, noise: 0.5, row: 0.0, rest: 0.1 };
    let (psi_p, spectrum) = (4.0, Spectrum::new(c, 4.0, 3.0));
    for x in [1.2_f64, 2.0, 4.0, 7.0, 8.9] {
        // S = WWᵀ/d has (1/2πψ_p x) √((x₊ − x)(x − x₋)), x± = (1 ± √ψ_p)².
        let root = ((9.0 - x) * (x - 1.0)).sqrt();
        let expected = root / (2.0 * std::f64::consts::PI * psi_p * x) / 0.25;
        let found = spectrum.density(0.1 + 0.25 * x);
        assert!((found / expected - 1.0).abs() < 1e-4, "{x}: {found} {expected}");
    }
    assert!(spectrum.density(0.1 + 0.25 * 9.2) < 1e-4);
}

/// The largest distance between the shares of eigenvalues up to those above `from` and those of the theory.
fn distance(values: &[f64], spectrum: &Spectrum, from: f64) -> f64 {
    let share = |at: f64| values.iter().filter(|value| **value <= at).count() as f64 / values.len() as f64;
    spectrum
        .shares(60)
        .iter()
        .filter(|(at, _)| *at > from)
        .map(|(at, expected)| (share(*at) - expected).abs())
        .fold(0.0, f64::max)
}

/// Eigenvalues of the Gaussian equivalent, drawn at random: an independent dense computation.
#[test]
fn the_spectrum_is_that_of_random_matrices() {
    /// Eigenvalues of one matrix of 400 rows.
    const OF_ONE_DRAW: f64 = 0.02;
    let (dim, psi_p, psi_n, time) = (50, 8, 3, 0.01);
    for activation in [f64::tanh as fn(f64) -> f64, f64::sin] {
        let c = Coefficients::of(activation, time);
        let mut stream = Stream::new(3, Purpose::Patterns, 0);
        let mut normal = |rows, columns| Array2::from_shape_simple_fn((rows, columns), || stream.normal());
        let weights = normal(psi_p * dim, dim) / (dim as f64).sqrt();
        let rows =
            weights.dot(&normal(dim, psi_n * dim)) * c.data + normal(psi_p * dim, psi_n * dim) * c.row.sqrt();
        let matrix = rows.dot(&rows.t()) / (psi_n * dim) as f64
            + weights.dot(&weights.t()) * (c.noise * c.noise)
            + Array2::from_diag(&Array1::from_elem(psi_p * dim, c.rest));
        let values = Eigen::new(matrix.view()).expect("eigenvalues").values;
        let spectrum = Spectrum::new(c, psi_p as f64, psi_n as f64);
        let found = distance(&values, &spectrum, 0.0);
        assert!(found < OF_ONE_DRAW, "{found}");
    }
}

/// The exact U of random features has the spectrum of its Gaussian equivalent, up to terms of order 1/d and fluctuations. The many
/// eigenvalues that are s² in the limit are spread about it, so they are only counted.
#[test]
fn features_have_the_spectrum_of_their_gaussian_equivalent() {
    const AT_40: f64 = 0.05;
    let c = Coefficients::sine(0.01);
    let at = |dim: usize| {
        let of = model(dim, 8, 3, 0.01, 1);
        distance(&flow(&of).values, &Spectrum::new(c, 8.0, 3.0), 2.5 * c.rest)
    };
    let (small, large) = (at(10), at(40));
    assert!(large < AT_40 && large < small, "{small} {large}");
}

/// Gradient descent of the network itself, which knows neither U nor V.
#[test]
fn the_flow_is_what_descent_does() {
    let of = model(8, 12, 2, 0.05, 2);
    let times = [4.0, 20.0, 100.0];
    let exact = flow(&of);
    for descended in descend(&of, &times, 60, 5) {
        let expected = exact.losses(descended.time);
        // Each loss is a mean of 15,000 squares of noise, and the noise of the descent itself and its finite steps add up to about as
        // much.
        let near = |found: f64, expected: f64| (found - expected).abs() < 0.03 * (1.0 + expected);
        let found = descended.losses;
        assert!(near(found.train, expected.train), "{descended:?} {expected:?}");
        assert!(near(found.test, expected.test), "{descended:?} {expected:?}");
        assert!(near(found.score, expected.score), "{descended:?} {expected:?}");
    }
    // At first the score is 0. In the end it has learned the rows, as far as p = 96 features can.
    let start = exact.losses(0.0);
    assert_eq!((start.train, start.test, start.score), (1.0, 1.0, 1.0));
    assert!(exact.losses(f64::INFINITY).train < exact.losses(100.0).train);
}

/// τ_mem ∝ n and τ_gen constant, for 1 ≤ ψ_n ≤ ψ_p/4.
#[test]
fn the_time_to_memorise_grows_like_the_rows_and_that_to_generalise_does_not() {
    let mut memorising = Vec::new();
    for seed in 0..3 {
        let times: Vec<(f64, Times)> = [1, 2, 3, 4]
            .map(|psi_n| (f64::from(psi_n as u32), flow(&model(16, 16, psi_n, 0.01, seed)).times()))
            .to_vec();
        let of = |value: fn(&Times) -> f64| {
            slope(&times.iter().map(|(x, t)| (*x, value(t))).collect::<Vec<_>>()).expect("a slope").value
        };
        memorising.push(of(|t| t.memorising));
        assert!(of(|t| t.generalising).abs() < 0.15, "{times:?}");
        assert!(times.iter().all(|(_, t)| t.memorising > 20.0 * t.generalising), "{times:?}");
    }
    let interval = of_runs(&memorising).expect("three");
    assert!(0.8 < interval.low && interval.high < 1.25, "{memorising:?}");
    let mean = memorising.iter().sum::<f64>() / 3.0;
    assert!((0.8..1.2).contains(&mean), "{memorising:?}");
}
