//! Memories under a potential: against matrix exponentials, integrals and equations of motion that are computed here.
#![allow(missing_docs)]

mod zoo;

use std::sync::Arc;

use attractor::analysis::{Density, density, score};
use attractor::diffusion::{Process, Sampler, Sampling};
use attractor::dynamics::Start;
use attractor::energies::shapes::{Sphere, Subspace};
use attractor::energies::{Component, Correlated, Denoise, Gradient, Kind, Linearised, Mixture, NoiseShape};
use attractor::memories::{Diffusion, Level, Memory, Request, Spec};
use attractor::noise::{Purpose, Stream};
use attractor::potentials::{
    Amplitude, Curvature, DoubleWell, Form, FromFunctions, Noising, Quadratic, check_conservative,
};
use attractor::{Grid, NoObserver, Patterns, Prepare, Result, Stop, recall};
use ndarray::{Array1, Array2, array};
use zoo::{assert_close, cues, normals, spins};

fn quadratic(noise: f64, minimum: Vec<f64>, hessian: &Array2<f64>) -> Noising {
    let form = Form::Quadratic(Quadratic::new(minimum, hessian.view()).expect("a potential"));
    Noising { form, amplitude: Amplitude::constant(noise).expect("an amplitude") }
}

fn memory(patterns: Patterns<f64>, sampling: Sampling, noising: Noising) -> Diffusion<f64> {
    let plain = Diffusion::on(patterns.into(), sampling).expect("a memory");
    plain.with_noising(noising).expect("a potential that fits")
}

/// A symmetric matrix with eigenvalues of both signs, and one that is 0.
fn hessian() -> Array2<f64> {
    let turn = rotation();
    turn.t().dot(&Array2::from_diag(&array![1.4, 0.0, -0.6])).dot(&turn)
}

/// A rotation of three units by quarter and odd angles.
fn rotation() -> Array2<f64> {
    let about = |i: usize, j: usize, angle: f64| {
        let mut turn = Array2::eye(3);
        (turn[[i, i]], turn[[j, j]]) = (angle.cos(), angle.cos());
        (turn[[i, j]], turn[[j, i]]) = (-angle.sin(), angle.sin());
        turn
    };
    about(0, 1, 0.7).dot(&about(1, 2, 1.1)).dot(&about(0, 2, -0.4))
}

/// e^A by its series, after halving A until it is small.
fn exponential(a: &Array2<f64>) -> Array2<f64> {
    let small = a / 1024.0;
    let mut term = Array2::<f64>::eye(a.nrows());
    let mut sum = term.clone();
    for k in 1..14 {
        term = term.dot(&small) / f64::from(k);
        sum += &term;
    }
    (0..10).for_each(|_| sum = sum.dot(&sum));
    sum
}

/// ∫₀^τ e^{−2H(τ−u)} σ(u)² du by Simpson's rule.
fn covariance(hessian: &Array2<f64>, sigma: impl Fn(f64) -> f64, time: f64) -> Array2<f64> {
    const STEPS: usize = 400;
    let mut sum = Array2::zeros(hessian.dim());
    for k in 0..=STEPS {
        let u = time * k as f64 / STEPS as f64;
        let weight = if k == 0 || k == STEPS {
            1.0
        } else if k % 2 == 1 {
            4.0
        } else {
            2.0
        };
        let kernel = exponential(&(hessian * (-2.0 * (time - u))));
        sum += &(kernel * (weight * sigma(u).powi(2) * time / STEPS as f64 / 3.0));
    }
    sum
}

/// ln N(x; mean, covariance) for three units, by cofactors.
fn log_normal(x: &Array1<f64>, mean: &Array1<f64>, covariance: &Array2<f64>) -> f64 {
    let c = covariance;
    let minor = |i: usize, j: usize| {
        let rows: Vec<usize> = (0..3).filter(|&k| k != i).collect();
        let columns: Vec<usize> = (0..3).filter(|&k| k != j).collect();
        c[[rows[0], columns[0]]] * c[[rows[1], columns[1]]]
            - c[[rows[0], columns[1]]] * c[[rows[1], columns[0]]]
    };
    let sign = |i: usize, j: usize| if (i + j).is_multiple_of(2) { 1.0 } else { -1.0 };
    let determinant: f64 = (0..3).map(|j| c[[0, j]] * sign(0, j) * minor(0, j)).sum();
    let inverse = Array2::from_shape_fn((3, 3), |(i, j)| sign(i, j) * minor(j, i) / determinant);
    let away = x - mean;
    let tau = std::f64::consts::TAU;
    -0.5 * away.dot(&inverse.dot(&away)) - 0.5 * (3.0 * tau.ln() + determinant.ln())
}

/// ln p_τ(x) of equally probable patterns.
fn log_density(
    patterns: &Array2<f64>,
    minimum: &Array1<f64>,
    hessian: &Array2<f64>,
    noise: &Array2<f64>,
    time: f64,
    x: &Array1<f64>,
) -> f64 {
    let shrink = exponential(&(hessian * -time));
    let each: Vec<f64> = patterns
        .outer_iter()
        .map(|y| log_normal(x, &(minimum + &shrink.dot(&(&y - minimum))), noise))
        .collect();
    let peak = each.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    peak + (each.iter().map(|l| (l - peak).exp()).sum::<f64>() / patterns.nrows() as f64).ln()
}

/// z = m + e^{Hτ} (x − m)
fn clean(minimum: &Array1<f64>, hessian: &Array2<f64>, time: f64, x: &Array1<f64>) -> Array1<f64> {
    minimum + &exponential(&(hessian * time)).dot(&(x - minimum))
}

/// The level of a memory under a quadratic potential at a time.
fn level_of(memory: &Diffusion<f64>, time: f64) -> f64 {
    let memory: &dyn Memory<f64> = memory;
    match memory.denoiser().expect("a denoiser").noise() {
        NoiseShape::Equal => panic!("it has a potential"),
        NoiseShape::Units(noise) | NoiseShape::Turned(noise, _) => noise.level(time).expect("a level"),
    }
}

/// The rounding of matrix exponentials and of Simpson's rule with 400 steps.
const CLOSED: f64 = 1e-8;

#[test]
fn density_and_score_are_those_of_the_matrix_ornstein_uhlenbeck_process() {
    let patterns = normals::<f64>(4, 3, 1.0, 3);
    let minimum = array![0.5, -0.2, 0.1];
    let constant: (Amplitude, fn(f64) -> f64) = (Amplitude::constant(0.9).unwrap(), |_| 0.9);
    let growing: (Amplitude, fn(f64) -> f64) =
        (Amplitude::exponential(0.5, 0.8).unwrap(), |t| 0.5 * (0.8 * t).exp());
    let ramp: (Amplitude, fn(f64) -> f64) =
        (Amplitude::table(vec![0.0, 4.0], vec![0.4, 2.0]).unwrap(), |t| 0.4 + 0.4 * t);
    for (amplitude, sigma) in [constant, growing, ramp] {
        let noising = Noising {
            form: Form::Quadratic(Quadratic::new(minimum.to_vec(), hessian().view()).unwrap()),
            amplitude,
        };
        let memory = memory(Patterns::new(patterns.clone()).unwrap(), Sampling::default(), noising);
        let object: &dyn Memory<f64> = &memory;
        for time in [0.01, 0.3, 1.5] {
            let noise = covariance(&hessian(), sigma, time);
            let level = level_of(&memory, time);
            let x = array![0.3, -0.7, 0.4];
            let at = |x: &Array1<f64>| log_density(&patterns, &minimum, &hessian(), &noise, time, x);
            let z = clean(&minimum, &hessian(), time, &x);
            // p(x) = p(z) |dz/dx|, and |dz/dx| = e^{τ tr H}.
            let own =
                density(object, z.view().insert_axis(ndarray::Axis(0)), &[level], Density::Exact).unwrap()[0];
            let expected = at(&x) - time * 0.8;
            assert!((own - expected).abs() < CLOSED * (1.0 + expected.abs()), "{own} {expected} at {time}");
            // The score in z is e^{−Hτ} that in x.
            let own =
                score(object, z.view().insert_axis(ndarray::Axis(0)), &[level]).unwrap().row(0).to_owned();
            let step = 1e-5 * level;
            let slope = Array1::from_shape_fn(3, |j| {
                let (mut up, mut down) = (x.clone(), x.clone());
                up[j] += step;
                down[j] -= step;
                (at(&up) - at(&down)) / (2.0 * step)
            });
            let slope = exponential(&(hessian() * -time)).dot(&slope);
            let scale = 1.0 / level.powi(2);
            // The error of a difference of this length.
            assert!((&own - &slope).iter().all(|d| d.abs() < 1e-5 * scale), "{own} {slope} at {time}");
        }
    }
}

#[test]
fn an_unknown_level_is_that_of_greatest_likelihood() {
    let patterns = normals::<f64>(5, 3, 1.0, 3);
    let minimum = array![0.5, -0.2, 0.1];
    let noising = quadratic(1.0, minimum.to_vec(), &hessian());
    let memory = memory(Patterns::new(patterns.clone()).unwrap(), Sampling::default(), noising);
    let cues = normals::<f64>(4, 3, 1.2, 5);
    let recall = memory.recall(&Request::new(cues.view())).unwrap();
    for (row, cue) in recall.rows.iter().zip(cues.outer_iter()) {
        let cue = cue.to_owned();
        // Of 200 times, the likeliest.
        let best = (0..200)
            .map(|k| 1e-4 * 1.06_f64.powi(k))
            .map(|time| {
                let noise = covariance(&hessian(), |_| 1.0, time);
                (log_density(&patterns, &minimum, &hessian(), &noise, time, &cue), time)
            })
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .unwrap();
        let (found, expected) = (row.sigma.unwrap(), level_of(&memory, best.1));
        // Two times of the grid are 6 % apart, so that levels are 3 %.
        assert!((found / expected - 1.0).abs() < 0.04, "{found} {expected}");
    }
}

/// Rounding, carried through a recall that may amplify it tenfold a step while it decides.
const CARRIED: f64 = 1e-9;

#[test]
fn equal_curvatures_are_the_processes_of_one_scale() {
    let patterns = spins::<f64>(12, 16, 1);
    let cues = cues(&patterns, 7, 0.6, 2);
    let flat = |h: f64| Array2::<f64>::eye(16) * h;
    let cases = [
        (
            "vp",
            Process::VariancePreserving { gamma: 0.8 },
            quadratic(0.8_f64.sqrt(), vec![0.0; 16], &flat(0.4)),
        ),
        ("ve", Process::VarianceExploding { diffusion_rate: 1.7 }, quadratic(1.7, vec![0.0; 16], &flat(0.0))),
    ];
    for (name, process, noising) in cases {
        for (sampler_name, sampler) in Sampler::ALL {
            let steps = (sampler != Sampler::OneStep).then_some(12);
            let sampling = Sampling { process, sampler, steps, narrow: false, ..Sampling::default() };
            let scalar =
                Diffusion::on(Patterns::new(patterns.clone()).unwrap().into(), sampling.clone()).unwrap();
            let own = memory(Patterns::new(patterns.clone()).unwrap(), sampling, noising.clone());
            for level in [Level::Sigma(0.9), Level::Estimate] {
                let request = Request { level, seed: 5, ..Request::new(cues.view()) };
                let (a, b) = (scalar.recall(&request).unwrap(), own.recall(&request).unwrap());
                let what = format!("{name}, {sampler_name}, {level:?}");
                assert_close(&a.states, &b.states, CARRIED, &what);
                for (a, b) in a.rows.iter().zip(&b.rows) {
                    let close = |a: Option<f64>, b: Option<f64>| {
                        let (a, b) = (a.unwrap(), b.unwrap());
                        assert!((a - b).abs() < CARRIED * (1.0 + a.abs()), "{what}: {a} {b}");
                    };
                    close(a.energy, b.energy);
                    close(a.sigma, b.sigma);
                    assert_eq!((a.memory, a.outcome, a.steps), (b.memory, b.outcome, b.steps), "{what}");
                    let (a, b) = (a.posterior.as_ref().unwrap(), b.posterior.as_ref().unwrap());
                    close(Some(a.entropy), Some(b.entropy));
                    assert_eq!(a.top[0].0, b.top[0].0, "{what}");
                }
            }
        }
    }
}

#[test]
fn a_preparation_moves_the_potential_along() {
    let raw = normals::<f64>(9, 3, 2.0, 7) + 5.0;
    let noising = quadratic(0.7, vec![5.0, 4.0, 6.0], &hessian());
    let sampling = Sampling { sampler: Sampler::DormandPrince, ..Sampling::default() };
    let plain = memory(Patterns::new(raw.clone()).unwrap(), sampling.clone(), noising.clone());
    let prepared =
        memory(Patterns::prepared(raw.clone(), Prepare::Normalize, false).unwrap(), sampling, noising);
    let cues = &raw.slice(ndarray::s![..4, ..]) + &normals::<f64>(4, 3, 0.8, 8);
    for level in [Level::Sigma(0.9), Level::Estimate] {
        let request = Request { level, ..Request::new(cues.view()) };
        let (a, b) = (plain.recall(&request).unwrap(), prepared.recall(&request).unwrap());
        // The accuracy of the sampler, and of the search for a level.
        assert_close(&a.states, &b.states, 1e-4, "states");
        for (a, b) in a.rows.iter().zip(&b.rows) {
            let close =
                |a: f64, b: f64| assert!((a - b).abs() < 0.01 * (1e-3 + a.abs()), "{level:?}: {a} {b}");
            close(a.sigma.unwrap(), b.sigma.unwrap());
            close(a.posterior.as_ref().unwrap().entropy, b.posterior.as_ref().unwrap().entropy);
        }
    }
}

/// x after the flow dx/dτ = −H(x − m) − ½σ² ∇ln p, by the classical Runge–Kutta method over the density above.
fn flow(patterns: &Array2<f64>, minimum: &Array1<f64>, x: &Array1<f64>, from: f64, to: f64) -> Array1<f64> {
    const STEPS: usize = 60;
    let slope = |x: &Array1<f64>, time: f64| {
        let noise = covariance(&hessian(), |_| 1.0, time);
        let step = 1e-4 * time.sqrt();
        let score = Array1::from_shape_fn(3, |j| {
            let (mut up, mut down) = (x.clone(), x.clone());
            up[j] += step;
            down[j] -= step;
            let at = |x: &Array1<f64>| log_density(patterns, minimum, &hessian(), &noise, time, x);
            (at(&up) - at(&down)) / (2.0 * step)
        });
        -hessian().dot(&(x - minimum)) - score * 0.5
    };
    let mut x = x.clone();
    for k in 0..STEPS {
        // Equal steps of ln τ.
        let at = |k: f64| from * (to / from).powf(k / STEPS as f64);
        let (start, end) = (at(k as f64), at(k as f64 + 1.0));
        let (h, middle) = (end - start, (start + end) / 2.0);
        let a = slope(&x, start);
        let b = slope(&(&x + &(&a * (h / 2.0))), middle);
        let c = slope(&(&x + &(&b * (h / 2.0))), middle);
        let d = slope(&(&x + &(&c * h)), end);
        x = x + (a + b * 2.0 + c * 2.0 + d) * (h / 6.0);
    }
    x
}

#[test]
fn samplers_follow_the_flow_of_the_process() {
    let patterns = normals::<f64>(4, 3, 1.0, 3);
    let minimum = array![0.5, -0.2, 0.1];
    let (from, to) = (0.8, 0.05);
    let x = array![0.4, 0.3, -0.6];
    let end = flow(&patterns, &minimum, &x, from, to);
    let expected = clean(&minimum, &hessian(), to, &end);
    let start = clean(&minimum, &hessian(), from, &x).insert_axis(ndarray::Axis(0));

    let noising = quadratic(1.0, minimum.to_vec(), &hessian());
    let Form::Quadratic(potential) = &noising.form else { unreachable!("made so") };
    let seen = Correlated::new(
        Patterns::new(patterns.clone()).unwrap().into(),
        potential,
        Amplitude::constant(1.0).unwrap(),
    )
    .unwrap();
    let noise = seen.along().unit_noise();
    let (high, low) = (noise.level(from).unwrap(), noise.level(to).unwrap());
    let run = |sampler: Sampler, steps: usize| -> f64 {
        let sampling = Sampling { sampler, steps: Some(steps), accuracy: 1e-9, ..Sampling::default() };
        let levels = Array2::from_shape_fn((steps + 1, 1), |(k, _)| {
            let time = from * (to / from).powf(k as f64 / steps as f64);
            match k {
                0 => high,
                k if k == steps => low,
                _ => noise.level(time).unwrap(),
            }
        });
        let turned = seen.turned(start.view());
        let dynamics = sampling.dynamics(seen.along(), 1.0, 1.0);
        let begin = Start { states: turned.view(), rows: &[0], seed: 0, held: None };
        let stop = Stop { tolerance: 1e-9, early: false };
        let grid = Grid::Levels(levels);
        let done = recall(dynamics.as_ref(), begin, None, &grid, stop, &mut NoObserver);
        let z = seen.unturned(done.unwrap().states.view());
        (&z.row(0) - &expected).iter().map(|d| d * d).sum::<f64>().sqrt()
    };
    // The reference has an error of the fourth order in 1/60, and that of differences.
    let exact = run(Sampler::DormandPrince, 4);
    assert!(exact < 2e-6, "{exact}");
    for (sampler, order) in
        [(Sampler::Euler, 1), (Sampler::Ddim, 1), (Sampler::Heun, 2), (Sampler::DpmSolverPlusPlus2M, 2)]
    {
        let (coarse, fine) = (run(sampler, 40), run(sampler, 80));
        let ratio = coarse / fine;
        let expected = 2_f64.powi(order);
        assert!(ratio > 0.8 * expected && ratio < 1.3 * expected, "{}: {coarse} {fine}", sampler.name());
        assert!(fine < 0.05, "{}: {fine}", sampler.name());
    }
}

/// ln p falls along the flow by the integral of its divergence: the closed form of the likelihood, the noise of units and
/// the flow agree.
#[test]
fn likelihood_changes_by_the_divergence_of_the_flow() {
    let patterns = normals::<f64>(4, 3, 1.0, 3);
    let potential = Quadratic::new(vec![0.2; 3], hessian().view()).unwrap();
    let seen = Correlated::new(
        Patterns::new(patterns).unwrap().into(),
        &potential,
        Amplitude::constant(1.0).unwrap(),
    )
    .unwrap();
    let noise = seen.along().unit_noise();
    // dz_i/dσ = g_i (z_i − D_i)/σ
    let slope = |z: &Array2<f64>, sigma: f64| -> Array2<f64> {
        let at = noise.at(sigma).unwrap();
        let mean = seen.along().denoise(z.view(), &vec![sigma; z.nrows()]).unwrap();
        Array2::from_shape_fn(z.dim(), |(i, j)| at.growth[j] * (z[[i, j]] - mean[[i, j]]) / sigma)
    };
    let divergence = |z: &Array2<f64>, sigma: f64| -> f64 {
        let step = 1e-5;
        (0..3)
            .map(|j| {
                let (mut up, mut down) = (z.clone(), z.clone());
                up[[0, j]] += step;
                down[[0, j]] -= step;
                (slope(&up, sigma)[[0, j]] - slope(&down, sigma)[[0, j]]) / (2.0 * step)
            })
            .sum()
    };
    let log_density =
        |z: &Array2<f64>, sigma: f64| seen.along().log_sum(z.view(), &[sigma]).unwrap()[0] - 3.0 * sigma.ln();
    let mut z = array![[0.5, -0.3, 0.8]];
    let (from, to) = (0.9, 0.4);
    let before = log_density(&z, from);
    let mut integral = 0.0;
    const STEPS: usize = 200;
    let h = (to - from) / STEPS as f64;
    for k in 0..STEPS {
        let sigma = from + k as f64 * h;
        let a = slope(&z, sigma);
        let middle = &z + &(&a * (h / 2.0));
        let b = slope(&middle, sigma + h / 2.0);
        // The midpoint rule for both: an error of order h².
        integral += h * divergence(&middle, sigma + h / 2.0);
        z = &z + &(b * h);
    }
    let change = log_density(&z, to) - before;
    assert!((change + integral).abs() < 1e-4, "{change} {integral}");
}

#[test]
fn a_gaussian_memory_is_noised_in_closed_form() {
    let (mean, own) = (array![0.3, -0.2, 0.6], array![[0.5, 0.2, 0.0], [0.2, 0.4, -0.1], [0.0, -0.1, 0.3]]);
    let axes = attractor::linear::Eigen::new(own.view()).unwrap();
    let deviations = axes.values.iter().map(|v| v.sqrt()).collect();
    let shape = Subspace::new(mean.to_vec(), axes.vectors, deviations).unwrap();
    let component = Component { kind: Kind::Shape(Box::new(shape)), weight: 1.0, label: None };
    let minimum = array![0.5, -0.2, 0.1];
    let noising = quadratic(0.9, minimum.to_vec(), &hessian());
    let mixture = Mixture::<f64>::new(vec![component]).unwrap();
    let memory = Diffusion::on(mixture, Sampling::default()).unwrap().with_noising(noising).unwrap();
    for time in [1e-3, 0.4, 2.0] {
        let shrink = exponential(&(hessian() * -time));
        let noisy = shrink.dot(&own).dot(&shrink.t()) + covariance(&hessian(), |_| 0.9, time);
        let middle = &minimum + &shrink.dot(&(&mean - &minimum));
        let x = array![0.1, 0.4, -0.3];
        let z = clean(&minimum, &hessian(), time, &x).insert_axis(ndarray::Axis(0));
        let level = level_of(&memory, time);
        let found = density(&memory as &dyn Memory<f64>, z.view(), &[level], Density::Exact).unwrap()[0];
        let expected = log_normal(&x, &middle, &noisy) - 0.8 * time;
        assert!((found - expected).abs() < CLOSED * (1.0 + expected.abs()), "{found} {expected} at {time}");
    }
    // Its one memory is recalled, as a place on it.
    let cue = array![[2.0, 2.0, 2.0]];
    let recall = memory.recall(&Request { level: Level::Sigma(0.5), ..Request::new(cue.view()) }).unwrap();
    assert_eq!(recall.rows[0].memory, Some(0));
}

/// χ² with 4 degrees of freedom exceeds this with probability 10⁻³, in three samplers: false alarm 0.3 %, for a fixed
/// seed.
const CHI_SQUARE: f64 = 18.5;

#[test]
fn stochastic_recall_ends_with_the_posterior() {
    const RUNS: usize = 2000;
    let patterns = normals::<f64>(5, 3, 1.0, 11);
    let noising = quadratic(1.0, vec![0.0; 3], &hessian());
    let cue = array![0.1, 0.2, -0.1];
    let cues = Array2::from_shape_fn((RUNS, 3), |(_, j)| cue[j]);
    for (sampler, steps) in [(Sampler::Bridge, 3), (Sampler::Ancestral, 200), (Sampler::EulerMaruyama, 600)] {
        let sampling = Sampling { sampler, steps: Some(steps), ..Sampling::default() };
        let memory = memory(Patterns::new(patterns.clone()).unwrap(), sampling, noising.clone());
        let request = Request { level: Level::Sigma(1.1), seed: 3, top: 5, ..Request::new(cues.view()) };
        let recall = memory.recall(&request).unwrap();
        let mut counts = [0.0; 5];
        recall.rows.iter().for_each(|row| counts[row.memory.unwrap()] += 1.0);
        let posterior = &recall.rows[0].posterior.as_ref().unwrap().top;
        assert!(posterior.iter().all(|(_, weight)| *weight > 0.01), "{posterior:?}");
        let square: f64 = posterior
            .iter()
            .map(|&(n, weight)| (counts[n] - weight * RUNS as f64).powi(2) / (weight * RUNS as f64))
            .sum();
        assert!(square < CHI_SQUARE, "{}: {square}", sampler.name());
    }
}

/// A state of the process itself is recalled as what it was, more often than one whose noise is taken to be white.
#[test]
fn noise_that_a_potential_makes_is_undone() {
    let patterns = spins::<f64>(40, 12, 21);
    // Each unit is tied to another: their sum is pulled to 0, and their difference is free.
    let hessian = Array2::from_shape_fn((12, 12), |(i, j)| if i % 6 == j % 6 { 1.5 } else { 0.0 });
    let noising = quadratic(1.0, vec![0.0; 12], &hessian);
    let sampling = Sampling { narrow: false, ..Sampling::default() };
    let own = memory(Patterns::new(patterns.clone()).unwrap(), sampling.clone(), noising);
    let white = Diffusion::on(Patterns::new(patterns.clone()).unwrap().into(), sampling).unwrap();
    let object: &dyn Memory<f64> = &own;
    let NoiseShape::Turned(noise, directions) = object.denoiser().unwrap().noise() else {
        panic!("units are coupled");
    };
    let sigma = 1.6;
    let at = noise.at(sigma).unwrap();
    let mut stream = Stream::new(4, Purpose::Corruption, 0);
    let mut cues = patterns.clone();
    for mut row in cues.outer_iter_mut() {
        let along = Array1::from_shape_fn(12, |i| at.levels[i] * stream.normal());
        row += &directions.t().dot(&along);
    }
    let right = |memory: &dyn Memory<f64>, sigma: f64| {
        let request = Request { level: Level::Sigma(sigma), ..Request::new(cues.view()) };
        let recall = memory.recall(&request).unwrap();
        recall.rows.iter().enumerate().filter(|(n, row)| row.memory == Some(*n)).count()
    };
    let power = (at.levels.iter().map(|r| r * r).sum::<f64>() / 12.0).sqrt();
    let (own, white) = (right(&own, sigma), right(&white, power));
    // 40 cues: the difference is far outside the error of the counts.
    assert!(own > white + 8, "{own} {white}");
}

#[test]
fn landscapes_have_their_gradients() {
    let patterns = Patterns::new(normals::<f64>(6, 3, 1.0, 3)).unwrap();
    let potential = Quadratic::new(vec![0.1; 3], hessian().view()).unwrap();
    let one = Amplitude::constant(0.8).unwrap();
    let correlated = Correlated::new(patterns.clone().into(), &potential, one.clone()).unwrap();
    let wells = Arc::new(DoubleWell::new(0.7, 1.1).unwrap().over(3));
    let linearised = Linearised::new(patterns.clone(), wells, one.clone()).unwrap();
    let full = Linearised::new(patterns, Arc::new(potential), one).unwrap();
    let all: [(&str, &dyn Gradient<f64>); 3] =
        [("correlated", &correlated), ("double well", &linearised), ("full Hessians", &full)];
    let x = normals::<f64>(5, 3, 0.9, 9);
    for (name, landscape) in all {
        for level in [0.4, 1.0] {
            let slopes = landscape.gradient(x.view(), &[level; 5]).unwrap();
            let step = 1e-5;
            for ((row, j), slope) in slopes.indexed_iter() {
                let moved = |sign: f64| {
                    let mut x = x.clone();
                    x[[row, j]] += sign * step;
                    landscape.energy(x.view(), &[level; 5]).unwrap()[row]
                };
                let found = (moved(1.0) - moved(-1.0)) / (2.0 * step);
                // The error of a central difference of this length.
                assert!(
                    (found - slope).abs() < 1e-7 * (1.0 + slope.abs()),
                    "{name} at {level}: {found} {slope}"
                );
            }
        }
    }
}

#[test]
fn of_a_quadratic_potential_the_linearised_kernel_is_exact() {
    let patterns = normals::<f64>(5, 3, 1.0, 3);
    let minimum = array![0.5, -0.2, 0.1];
    let potential = Quadratic::new(minimum.to_vec(), hessian().view()).unwrap();
    let memory = Linearised::new(
        Patterns::new(patterns.clone()).unwrap(),
        Arc::new(potential),
        Amplitude::constant(0.9).unwrap(),
    )
    .unwrap();
    for time in [0.02, 0.5] {
        let noise = covariance(&hessian(), |_| 0.9, time);
        let x = array![0.3, -0.7, 0.4];
        let expected = log_density(&patterns, &minimum, &hessian(), &noise, time, &x);
        let level = 0.9 * f64::sqrt(time);
        let sum = memory.log_sum(x.view().insert_axis(ndarray::Axis(0)), &[level]).unwrap()[0];
        let found = sum - 1.5 * (std::f64::consts::TAU * level * level).ln();
        assert!((found - expected).abs() < CLOSED * (1.0 + expected.abs()), "{found} {expected}");
    }
}

/// With its own drift, the flow of a linearised memory is that of the process: for a quadratic potential it ends where
/// the exact one does.
#[test]
fn a_linearised_memory_follows_the_drift() {
    let patterns = normals::<f64>(4, 3, 1.0, 3);
    let minimum = array![0.5, -0.2, 0.1];
    let (from, to) = (0.8, 0.05);
    let x = array![0.4, 0.3, -0.6];
    let expected = flow(&patterns, &minimum, &x, from, to);
    let potential = Arc::new(Quadratic::new(minimum.to_vec(), hessian().view()).unwrap());
    let memory =
        Linearised::new(Patterns::new(patterns).unwrap(), potential, Amplitude::constant(1.0).unwrap())
            .unwrap();
    let driven = memory.driven(false);
    let sampling = Sampling { sampler: Sampler::DormandPrince, accuracy: 1e-9, ..Sampling::default() };
    let dynamics = sampling.dynamics(&driven, 1.0, 1.0);
    let states = x.insert_axis(ndarray::Axis(0));
    let begin = Start { states: states.view(), rows: &[0], seed: 0, held: None };
    let levels = array![[from.sqrt()], [0.5], [to.sqrt()]];
    let stop = Stop { tolerance: 1e-9, early: false };
    let grid = Grid::Levels(levels);
    let done = recall(dynamics.as_ref(), begin, None, &grid, stop, &mut NoObserver).unwrap();
    let away = (&done.states.row(0) - &expected).iter().map(|d| d * d).sum::<f64>().sqrt();
    assert!(away < 2e-6, "{away}");
}

#[test]
fn a_double_well_recalls() {
    let patterns = spins::<f64>(10, 24, 5);
    let noising = Noising {
        form: Form::DoubleWell(DoubleWell::new(0.5, 1.0).unwrap()),
        amplitude: Amplitude::constant(1.0).unwrap(),
    };
    let cues = &patterns + &normals::<f64>(10, 24, 0.4, 6);
    for (name, sampler) in Sampler::ALL.into_iter().filter(|(name, _)| *name != "bridge") {
        let sampling = Sampling { sampler, ..Sampling::default() };
        let own = memory(Patterns::new(patterns.clone()).unwrap(), sampling, noising.clone());
        let request = Request { level: Level::Sigma(0.4), ..Request::new(cues.view()) };
        let recall = own.recall(&request).unwrap();
        assert!(recall.rows.iter().enumerate().all(|(n, row)| row.memory == Some(n)), "{name}");
        // Euler's residue falls as steps^(−½); one step leaves the force of the cue.
        let near = if name == "one-step" { 0.5 } else { 0.1 };
        assert!(recall.rows.iter().all(|row| row.distance.unwrap() < near), "{name}");
    }
    let sampling = Sampling { sampler: Sampler::Bridge, ..Sampling::default() };
    let bridge = memory(Patterns::new(patterns).unwrap(), sampling, noising);
    let request = Request { level: Level::Sigma(0.4), ..Request::new(cues.view()) };
    assert!(bridge.recall(&request).unwrap_err().to_string().contains("another sampler than bridge"));
}

fn sentence<T>(result: Result<T>, parts: &[&str]) {
    let Err(error) = result else { panic!("{parts:?} should be refused") };
    let text = error.to_string();
    parts.iter().for_each(|part| assert!(text.contains(part), "{part} in {text}"));
    assert!(!text.contains('\n'));
}

#[test]
fn what_is_no_potential_is_refused() {
    let turning = array![[1.0, 0.5], [-0.5, 1.0]];
    sentence(Quadratic::new(vec![0.0; 2], turning.view()), &["symmetric", "row 1, column 0", "Eq. 15"]);
    let hole = array![[1.0, f64::NAN], [f64::NAN, 1.0]];
    sentence(Quadratic::new(vec![0.0; 2], hole.view()), &["finite", "NaN"]);
    let steep = array![[1e13, 0.0], [0.0, 1.0]];
    sentence(Quadratic::new(vec![0.0; 2], steep.view()), &["eigenvalues", "from -1e12"]);
    sentence(Quadratic::new(vec![0.0; 3], array![[1.0]].view()), &["3 x 3", "1 x 1"]);
    sentence(Quadratic::new(vec![], Array2::zeros((0, 0)).view()), &["at least one"]);
    sentence(Quadratic::new(vec![f64::INFINITY], array![[1.0]].view()), &["finite", "inf"]);
    sentence(
        Quadratic::from_eigen(vec![0.0; 2], vec![1.0; 2], array![[1.0, 0.0], [1.0, 0.0]]),
        &["right angles"],
    );
    sentence(Quadratic::from_eigen(vec![0.0; 2], vec![1.0], Array2::eye(2)), &["2 units", "found 1"]);

    // A gradient that turns, one that is not the derivative of V, and functions that give rubbish.
    let value = |x: &[f64]| Ok((x[0] * x[0] + x[1] * x[1]) / 2.0);
    let flat = |_: &[f64]| Ok(Curvature::Diagonal(vec![1.0; 2]));
    let turns = FromFunctions::new(2, value, |x: &[f64]| Ok(vec![x[0] - x[1], x[1] + x[0]]), flat);
    sentence(check_conservative(&turns, &[0.3, 0.4]), &["turns", "row"]);
    let other = FromFunctions::new(2, |_: &[f64]| Ok(0.0), |x: &[f64]| Ok(x.to_vec()), flat);
    sentence(check_conservative(&other, &[0.3, 0.4]), &["derivative of V"]);
    let short = FromFunctions::new(2, value, |_: &[f64]| Ok(vec![0.0]), flat);
    sentence(check_conservative(&short, &[0.3, 0.4]), &["2 numbers", "found 1"]);
    let uneven = |_: &[f64]| Ok(Curvature::Full(array![[1.0, 2.0], [0.0, 1.0]]));
    let crooked = FromFunctions::new(2, value, |x: &[f64]| Ok(x.to_vec()), uneven);
    sentence(check_conservative(&crooked, &[0.3, 0.4]), &["symmetric"]);
    let good = FromFunctions::new(2, value, |x: &[f64]| Ok(x.to_vec()), flat);
    check_conservative(&good, &[0.3, 0.4]).expect("a potential");
    check_conservative(&DoubleWell::new(2.0, 0.8).unwrap().over(3), &[0.3, -1.4, 2.0]).expect("a potential");
    check_conservative(&Quadratic::new(vec![1.0; 3], hessian().view()).unwrap(), &[0.3, -1.4, 2.0])
        .expect("a potential");
}

#[test]
fn what_a_potential_cannot_do_is_refused() {
    let patterns = || Patterns::new(normals::<f64>(4, 3, 1.0, 3)).unwrap();
    let plain = || Diffusion::on(patterns().into(), Sampling::default()).unwrap();
    sentence(
        plain().with_noising(quadratic(1.0, vec![0.0; 2], &Array2::eye(2))),
        &["potential", "3 units", "found 2"],
    );
    let own = plain().with_noising(quadratic(1.0, vec![0.0; 3], &hessian())).unwrap();
    let (cue, known) = (array![[0.0, 0.0, 0.0]], array![[true, false, false]]);
    let request = Request { known: Some(known.view()), ..Request::new(cue.view()) };
    sentence(own.recall(&request), &["known units", "another process"]);
    let away = plain().with_noising(quadratic(1.0, vec![0.0; 3], &(Array2::eye(3) * -2.0))).unwrap();
    // r² stays below σ²/2|h| = 1/4.
    let request = Request { level: Level::Sigma(0.6), ..Request::new(cue.view()) };
    sentence(away.recall(&request), &["below 0.5", "drives states away"]);
    let object: &dyn Memory<f64> = &own;
    sentence(density(object, cue.view(), &[0.5], Density::Flow), &["closed form"]);
    let ball = Sphere::full(vec![0.0; 3], 1.0).unwrap();
    let component = Component { kind: Kind::Shape(Box::new(ball)), weight: 1.0, label: None };
    let sphere = Diffusion::on(Mixture::<f64>::new(vec![component]).unwrap(), Sampling::default()).unwrap();
    sentence(sphere.with_noising(quadratic(1.0, vec![0.0; 3], &hessian())), &["sphere", "cloud of points"]);
    // Names: a process without its potential, a potential with another process.
    sentence(
        Spec::new("diffusion").with("process", "potential").build(patterns()),
        &["potential", "give it"],
    );
    sentence(Spec::new("modern").with("process", "potential").build(patterns()), &["process"]);
}
