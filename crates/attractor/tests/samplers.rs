//! Samplers: orders, flows, posteriors, and levels.
#![allow(missing_docs)]

mod zoo;

use std::ops::ControlFlow;

use attractor::diffusion::{Process, RHO, Sampler, Sampling, estimate_levels, power_levels, time_levels};
use attractor::dynamics::{Dynamics, Start};
use attractor::energies::{Energy, Mixture, Points};
use attractor::kernels::{Form, posterior};
use attractor::{Frame, Grid, NoObserver, Patterns, Stop, recall};
use ndarray::Array2;
use zoo::{cues, normals, spins};

const STOP: Stop = Stop { tolerance: 0.05, early: false };

fn run(dynamics: &dyn Dynamics<f64>, states: &Array2<f64>, levels: Array2<f64>, seed: u64) -> Array2<f64> {
    let rows: Vec<u64> = (0..states.nrows() as u64).collect();
    let start = Start { states: states.view(), rows: &rows, seed, held: None };
    recall(dynamics, start, None, &Grid::Levels(levels), STOP, &mut NoObserver).expect("a recall").states
}

/// Root mean square distance of two sets of states.
fn distance(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
    ((a - b).mapv(|d| d * d).mean().expect("states")).sqrt()
}

/// Levels from σ₀ to `last`, equally spaced in ln σ or in the process's time.
fn levels_to(
    sampler: Sampler,
    process: &Process,
    first: f64,
    last: f64,
    rows: usize,
    steps: usize,
) -> Array2<f64> {
    Array2::from_shape_fn((steps + 1, rows), |(i, _)| {
        let share = i as f64 / steps as f64;
        match sampler {
            Sampler::Euler | Sampler::EulerMaruyama => {
                let (a, b) = (process.time(first), process.time(last));
                process.sigma(a + share * (b - a))
            }
            _ => (first.ln() + share * (last / first).ln()).exp(),
        }
    })
}

fn measured_order(sampler: Sampler, process: Process) -> f64 {
    let patterns = spins::<f64>(12, 8, 1);
    let points = Points::new(Patterns::new(patterns.clone()).expect("patterns"));
    let sigma = Process::sigma_of_signal(0.68).expect("a signal");
    let states = cues(&patterns, 12, 0.68, 2) / 0.68;
    let end = |sampler: Sampler, steps| {
        let levels = levels_to(sampler, &process, sigma, 0.3, 12, steps);
        run(sampler.dynamics(&points, process, 1e-9).as_ref(), &states, levels, 0)
    };
    // 64 times the steps of the finest run below: at second order 4,096 times nearer.
    let reference = end(Sampler::Heun, 16_384);
    let error = |steps| distance(&end(sampler, steps), &reference);
    (error(128) / error(256)).log2()
}

/// Between n and 2n steps the slope differs from the order by about c/n, c from the next term of the
/// error; a tenth at n = 128 allows c up to 13 and still tells orders ½, 1 and 2 apart.
const SLOPE: f64 = 0.1;

/// The power of the step that the error falls with, in theory: of the state, or of its variance for a stochastic
/// sampler. A sampler is one line here.
fn order(sampler: Sampler) -> Order {
    match sampler {
        Sampler::Euler | Sampler::Ddim => Order::Fixed(1.0),
        Sampler::Heun | Sampler::DpmSolverPlusPlus2M => Order::Fixed(2.0),
        Sampler::UniPc => Order::Fixed(3.0),
        // Their steps have orders 3 and 4, but the first one, of order 1, leaves an error of order 2.
        Sampler::DpmSolverPlusPlus3M | Sampler::LinearMultistep => Order::Fixed(2.0),
        Sampler::EulerMaruyama | Sampler::Ancestral => Order::Fixed(1.0),
        // Chance hides an error so small: its own test has it exactly.
        Sampler::SdeDpmSolverPlusPlus2M | Sampler::SdeDpmSolverPlusPlus3M => Order::None,
        Sampler::PredictorCorrector | Sampler::Langevin => Order::Fixed(1.0),
        Sampler::DormandPrince => Order::Adaptive,
        Sampler::Bridge | Sampler::OneStep => Order::None,
    }
}

#[derive(PartialEq)]
enum Order {
    /// Of the steps that it is told.
    Fixed(f64),
    /// It makes steps of its own: see the test of the embedded pair.
    Adaptive,
    /// Exact, one step whatever it is told, or measured elsewhere.
    None,
}

/// Samplers of a fixed order, with or without chance.
fn of_fixed_order(is_stochastic: bool) -> impl Iterator<Item = (Sampler, f64)> {
    let all = Sampler::ALL.into_iter().map(|(_, sampler)| sampler);
    all.filter(move |sampler| sampler.is_stochastic() == is_stochastic).filter_map(|sampler| {
        match order(sampler) {
            Order::Fixed(order) => Some((sampler, order)),
            Order::Adaptive | Order::None => None,
        }
    })
}

#[test]
fn orders_are_those_of_theory() {
    for (sampler, order) in of_fixed_order(false) {
        // In σ a process changes nothing.
        for (name, process) in Process::ALL.iter().filter(|(name, _)| !sampler.has_grid() || *name == "vp") {
            let slope = measured_order(sampler, *process);
            assert!((slope - order).abs() < SLOPE, "{sampler:?}, {name}: slope {slope} for {order}");
        }
    }
}

/// With no accuracy asked for, the embedded pair takes one step an interval.
#[test]
fn the_embedded_pair_has_order_five() {
    let patterns = spins::<f64>(12, 8, 1);
    let points = Points::new(Patterns::new(patterns.clone()).expect("patterns"));
    let process = Process::default();
    let states = cues(&patterns, 12, 0.68, 2) / 0.68;
    let end = |steps| {
        let levels = levels_to(Sampler::DormandPrince, &process, 1.2, 0.5, 12, steps);
        run(Sampler::DormandPrince.dynamics(&points, process, f64::INFINITY).as_ref(), &states, levels, 0)
    };
    let reference = end(1024);
    let error = |steps| distance(&end(steps), &reference);
    let slope = (error(64) / error(128)).log2();
    // At an order so high rounding ends the slope before c/n is a tenth; a third still tells 5 from 4 and 6.
    assert!((slope - 5.0).abs() < 1.0 / 3.0, "slope {slope}");
    // And it keeps the accuracy that it is asked for: errors of a few tens of steps add up.
    for accuracy in [1e-4, 1e-7, 1e-10] {
        let levels = levels_to(Sampler::DormandPrince, &process, 1.2, 0.5, 12, 1);
        let dynamics = Sampler::DormandPrince.dynamics(&points, process, accuracy);
        let off = distance(&run(dynamics.as_ref(), &states, levels, 0), &reference);
        assert!(off < 100.0 * accuracy, "{off} at {accuracy}");
    }
}

/// N(0, τ²I): D = z τ²/(τ² + σ²).
struct Gaussian(f64, usize);

impl attractor::energies::Denoise<f64> for Gaussian {
    fn dim(&self) -> usize {
        self.1
    }

    fn read(
        &self,
        states: ndarray::ArrayView2<f64>,
        sigmas: &[f64],
    ) -> attractor::Result<attractor::kernels::Read<f64>> {
        let mut read = attractor::kernels::Read::empty(states.nrows(), self.1);
        let variance = self.0 * self.0;
        for (k, (mut mean, z)) in read.mean.outer_iter_mut().zip(states.outer_iter()).enumerate() {
            mean.assign(&(&z * (variance / (variance + sigmas[k] * sigmas[k]))));
        }
        Ok(read)
    }
}

/// Of a Gaussian memory every state of the reverse SDE is Gaussian, with a variance known at each level:
/// the error of a sampler's variance falls with the order of its law.
#[test]
fn stochastic_orders_are_those_of_theory() {
    /// Numbers whose variance is measured.
    const UNITS: usize = 50;
    const RUNS: usize = 30_000;
    let (deviation, first, last) = (0.3_f64, 2.0_f64, 0.1_f64);
    let error = |sampler: Sampler, process: Process, deviation: f64, steps: usize| {
        let memory = Gaussian(deviation, UNITS);
        let states = normals(RUNS, UNITS, deviation.hypot(first), 4);
        let levels = levels_to(sampler, &process, first, last, RUNS, steps);
        let end = run(sampler.dynamics(&memory, process, 0.0).as_ref(), &states, levels, 5);
        let exact = deviation * deviation + last * last;
        end.mapv(|z| z * z).mean().expect("states") / exact - 1.0
    };
    let cases = of_fixed_order(true).flat_map(|(sampler, order)| {
        // Its law has a bias where the memory is no point, however many levels.
        let deviation = if sampler == Sampler::Langevin { 1e-9 } else { deviation };
        // In σ a process changes nothing.
        let others = (!sampler.has_grid()).then_some(Process::Flow);
        let processes = std::iter::once(Process::default()).chain(others);
        processes.map(move |process| (sampler, process, deviation, order))
    });
    for (sampler, process, deviation, order) in cases {
        let steps = if sampler == Sampler::Langevin { 64 } else { 16 };
        let (coarse, fine) =
            (error(sampler, process, deviation, steps), error(sampler, process, deviation, 2 * steps));
        let slope = (coarse / fine).abs().log2();
        // Five standard errors of both variances, and 0.2 for the next term of the error (c/n as above, n ≥ 16).
        let chance = 5.0 * (2.0 / (RUNS * UNITS) as f64).sqrt() * (1.0 / coarse.abs() + 1.0 / fine.abs());
        assert!(chance < 0.5, "{sampler:?}: too few runs to tell, {coarse} and {fine}");
        assert!(
            (slope - order).abs() < 0.2 + chance,
            "{sampler:?}, {process:?}: slope {slope}, {coarse} and {fine}"
        );
    }
}

/// What is recalled does not depend on the process but for the sampler's own error.
#[test]
fn all_processes_recall_the_same_after_rescaling() {
    let patterns = spins::<f64>(12, 8, 1);
    let points = Points::new(Patterns::new(patterns.clone()).expect("patterns"));
    let z = cues(&patterns, 12, 0.68, 2) / 0.68;
    let sigma = Process::sigma_of_signal(0.68).expect("a signal");
    let end = |process: Process, sampler: Sampler, steps: usize| {
        // The cue as a state of this process, and what it is in z again.
        let (t, x) = Process::Edm.convert(sigma, z.view(), &process);
        let (level, states) = process.convert(t, x.view(), &Process::Edm);
        let levels = levels_to(sampler, &process, level, 0.3, 12, steps);
        run(sampler.dynamics(&points, process, 1e-9).as_ref(), &states, levels, 0)
    };
    let reference = end(Process::Edm, Sampler::Heun, 4096);
    for (name, process) in Process::ALL {
        /// Rounding of the conversions, which the flow may enlarge.
        const ROUNDING: f64 = 1e-10;
        zoo::assert_close(&end(process, Sampler::Heun, 4096), &reference, ROUNDING, name);
        // Euler in its own time: to first order, by extrapolation from twice the steps.
        let (coarse, fine) = (end(process, Sampler::Euler, 2000), end(process, Sampler::Euler, 4000));
        let off = distance(&(&fine * 2.0 - &coarse), &reference);
        assert!(off < 0.02 * distance(&coarse, &reference).max(1e-6), "{name}: {off}");
    }
}

/// To the data end the slope of Euler in VP time is ½: the flow there goes like √t.
#[test]
fn euler_in_time_has_order_one_half_at_the_data() {
    let patterns = spins::<f64>(12, 8, 1);
    let points = Points::new(Patterns::new(patterns.clone()).expect("patterns"));
    let process = Process::default();
    let sigma = Process::sigma_of_signal(0.68).expect("a signal");
    let states = cues(&patterns, 12, 0.68, 2) / 0.68;
    let residue = |steps| {
        let levels = time_levels(&process, &[sigma; 12], steps);
        let end = run(Sampler::Euler.dynamics(&points, process, 1e-9).as_ref(), &states, levels, 0);
        // Every row ends near a pattern: how near?
        distance(&end, &end.mapv(f64::signum))
    };
    let slope = (residue(400) / residue(1600)).log2() / 2.0;
    assert!((slope - 0.5).abs() < SLOPE, "slope {slope}");
}

#[test]
fn ddim_is_euler_in_sigma_and_one_step_is_the_denoiser() {
    use attractor::energies::Denoise;
    let patterns = spins::<f64>(12, 8, 1);
    let points = Points::new(Patterns::new(patterns.clone()).expect("patterns"));
    let z = cues(&patterns, 12, 0.68, 2);
    let process = Process::default();
    let step = |sampler: Sampler, to: f64| {
        let levels = Array2::from_shape_fn((2, 12), |(i, _)| if i == 0 { 1.1 } else { to });
        run(sampler.dynamics(&points, process, 1e-9).as_ref(), &z, levels, 0)
    };
    let mean = points.denoise(z.view(), &[1.1; 12]).expect("a read");
    let euler = &z + &((&z - &mean) * ((0.8 - 1.1) / 1.1));
    zoo::assert_close(&step(Sampler::Ddim, 0.8), &euler, 1e-14, "Euler in σ");
    for sampler in [Sampler::OneStep, Sampler::Ddim, Sampler::Heun, Sampler::DpmSolverPlusPlus2M] {
        zoo::assert_close(&step(sampler, 0.0), &mean, 0.0, "one step");
    }
}

/// dE_σ/dσ ≥ 0 along the flow, for normalised weights.
#[test]
fn the_landscape_sinks_along_the_flow() {
    let patterns = normals::<f64>(12, 8, 1.0, 1);
    let points = Points::new(Patterns::new(patterns.clone()).expect("patterns"));
    let process = Process::default();
    let states = cues(&patterns, 30, 0.5, 2) / 0.5;
    let sigma = Process::sigma_of_signal(0.5).expect("a signal");
    let levels = levels_to(Sampler::Heun, &process, sigma, 1e-3, 30, 400);
    let mut last = vec![f64::INFINITY; 30];
    let mut watch = |frame: Frame<f64>| {
        let energies = points.energy(frame.states, frame.levels).expect("energies");
        for (&row, energy) in frame.rows.iter().zip(energies) {
            // A step of Heun at 400 steps errs by less than this (slope test: 1e-7 at σ = 0.3).
            assert!(
                energy <= last[row] + 1e-6,
                "row {row}, step {}: {energy} after {}",
                frame.step,
                last[row]
            );
            last[row] = energy;
        }
        ControlFlow::Continue(())
    };
    let start = Start { states: states.view(), rows: &(0..30).collect::<Vec<u64>>(), seed: 0, held: None };
    let dynamics = Sampler::Heun.dynamics(&points, process, 1e-9);
    recall(dynamics.as_ref(), start, None, &Grid::Levels(levels), STOP, &mut watch).expect("a recall");
}

/// χ² of where many stochastic recalls of one cue end, against its posterior.
fn chi_square(
    dynamics: &dyn Dynamics<f64>,
    points: &Points<f64>,
    levels: Array2<f64>,
    z: &[f64],
    seed: u64,
) -> f64 {
    let runs = levels.ncols();
    let states = Array2::from_shape_fn((runs, z.len()), |(_, j)| z[j]);
    let first = levels[[0, 0]];
    let ends = run(dynamics, &states, levels, seed);
    let found = attractor::kernels::nearest(points.patterns(), ends.view());
    let cue = Array2::from_shape_vec((1, z.len()), z.to_vec()).expect("a cue");
    let n = points.patterns().len();
    let exact = posterior(points.patterns(), cue.view(), &[1.0 / (first * first)], Form::Distance, n);
    assert!(exact[0].participation > 5.0, "the posterior must be spread: {}", exact[0].participation);
    let mut counts = vec![0.0; n];
    found.iter().for_each(|&n| counts[n] += 1.0);
    exact[0].top.iter().map(|&(n, w)| (counts[n] - runs as f64 * w).powi(2) / (runs as f64 * w)).sum()
}

#[test]
fn stochastic_recall_samples_the_posterior() {
    /// scipy.stats.chi2.isf(1e-4, 7): one seed in 10⁴ fails a true sampler.
    const FALSE_ALARM: f64 = 29.88;
    const RUNS: usize = 12_000;
    let patterns = normals::<f64>(8, 4, 1.0, 5);
    let points = Points::new(Patterns::new(patterns).expect("patterns"));
    let (z, sigma) = ([0.3, -0.2, 0.1, 0.4], 2.0);
    let process = Process::default();
    let levels = time_levels(&process, &[sigma; RUNS], 800);
    let chi2 =
        chi_square(Sampler::EulerMaruyama.dynamics(&points, process, 1e-9).as_ref(), &points, levels, &z, 1);
    assert!(chi2 < FALSE_ALARM, "Euler–Maruyama: χ² = {chi2}");
    // 13 for a mean of 10 at 800 steps and 60,000 runs was measured for it elsewhere.
    let levels = power_levels(&[sigma; RUNS], 0.01, RHO, 800);
    let chi2 =
        chi_square(Sampler::Ancestral.dynamics(&points, process, 0.0).as_ref(), &points, levels, &z, 1);
    assert!(chi2 < FALSE_ALARM, "ancestral: χ² = {chi2}");
    // The bridge is exact at any number of steps.
    for steps in [1, 3] {
        let levels = power_levels(&[sigma; RUNS], 0.01, RHO, steps);
        let bridge = Sampler::Bridge.dynamics(&points, Process::default(), 1.0);
        let chi2 = chi_square(bridge.as_ref(), &points, levels, &z, 2);
        assert!(chi2 < FALSE_ALARM, "bridge at {steps} steps: χ² = {chi2}");
    }
    // The test can fail: a flow ends where it ends.
    let levels = power_levels(&[sigma; 100], 0.01, RHO, 20);
    assert!(
        chi_square(Sampler::Heun.dynamics(&points, process, 1e-9).as_ref(), &points, levels, &z, 1)
            > FALSE_ALARM
    );
}

/// The estimated level against the likelihood written out on a fine grid.
#[test]
fn the_level_of_a_cue_is_its_maximum_of_likelihood() {
    let patterns = spins::<f64>(15, 20, 3);
    let memory = Mixture::from(Patterns::new(patterns.clone()).expect("patterns"));
    for process in [Process::default(), "ve".parse().expect("a process")] {
        for signal in [0.4, 0.68, 0.95] {
            let clean = cues(&patterns, 10, signal, 4);
            let cues = if process == Process::default() { clean } else { clean / signal };
            let found = estimate_levels(&memory, &process, cues.view()).expect("levels");
            for (cue, found) in cues.outer_iter().zip(found) {
                let likelihood = |sigma: f64| {
                    let s =
                        if process == Process::default() { 1.0 / (1.0 + sigma * sigma).sqrt() } else { 1.0 };
                    let sum: f64 = patterns
                        .outer_iter()
                        .map(|y| {
                            let square: f64 = cue.iter().zip(y).map(|(x, y)| (x - s * y).powi(2)).sum();
                            (-square / (2.0 * (s * sigma).powi(2))).exp()
                        })
                        .sum();
                    sum.ln() - 20.0 * (s * sigma).ln()
                };
                let best = (1..4000)
                    .map(|i| 0.03 * (i as f64 / 700.0).exp())
                    .map(likelihood)
                    .fold(f64::NEG_INFINITY, f64::max);
                // Near a maximum 0.3 % of σ costs (0.003)²·2D/2 = 2e-4 nats.
                assert!(likelihood(found) > best - 2e-4, "{process:?} at θ = {signal}: σ = {found}");
            }
        }
    }
}

/// Known units of a stochastic recall stay y + σε at every level: mean square σ² around y.
#[test]
fn known_units_of_a_stochastic_recall_have_the_noise_of_their_level() {
    use attractor::dynamics::Clamp;
    const RUNS: usize = 20_000;
    let points = Points::new(Patterns::new(normals::<f64>(3, 2, 1.0, 5)).expect("patterns"));
    let values = Array2::from_elem((RUNS, 2), 0.7);
    let known = Array2::from_shape_fn((RUNS, 2), |(_, j)| j == 0);
    let rows: Vec<u64> = (0..RUNS as u64).collect();
    let clamp = Clamp::new(known.view(), values.view()).expect("a mask").noised(4, &rows);
    let process = Process::default();
    let levels = time_levels(&process, &[3.0; RUNS], 30);
    let mut watch = |frame: Frame<f64>| {
        let square = frame.states.column(0).mapv(|z| (z - 0.7).powi(2)).mean().expect("states");
        let ratio = square / frame.levels[0].powi(2);
        // Five standard errors of a mean of RUNS squares of normal numbers.
        let exact = frame.levels[0] == 0.0 && square == 0.0;
        assert!(
            exact || (ratio - 1.0).abs() < 5.0 * (2.0 / RUNS as f64).sqrt(),
            "step {}: {ratio}",
            frame.step
        );
        ControlFlow::Continue(())
    };
    let start = Start { states: values.view(), rows: &rows, seed: 3, held: None };
    let dynamics = Sampler::EulerMaruyama.dynamics(&points, process, 1e-9);
    recall(dynamics.as_ref(), start, Some(clamp), &Grid::Levels(levels), STOP, &mut watch).expect("a recall");
}

/// Exact known units and noisy others: the posterior of two patterns that differ only where noise is.
#[test]
fn the_posterior_of_a_clamped_cue_uses_what_is_said_of_it() {
    use attractor::memories::{Diffusion, Level, Memory, Request};
    let values = ndarray::array![[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0]];
    let patterns = Patterns::new(values).expect("patterns").with_weights(&[1.0, 3.0, 4.0]).expect("weights");
    let memory = Diffusion::new(patterns, Process::default(), Sampler::default(), None).expect("a memory");
    let (cue, known) = (ndarray::array![[1.0, 0.1]], ndarray::array![[true, false]]);
    let posterior = |level| {
        let request = Request { level, known: Some(known.view()), ..Request::new(cue.view()) };
        let mut top = memory.recall(&request).expect("a recall").rows[0].posterior.clone().expect("one").top;
        top.sort_by_key(|t| t.0);
        [top[0].1, top[1].1, top[2].1]
    };
    // Nothing is known of the second unit: prior odds 1 : 3 of the two that fit.
    // Known at level ½: odds times exp(2·0.1·1/σ²) = e^0.8.
    for (level, odds) in [(Level::Estimate, 1.0 / 3.0), (Level::Sigma(0.5), 0.8_f64.exp() / 3.0)] {
        let [a, b, c] = posterior(level);
        // Known units count as 10⁻⁴ spreads noisy, so logits are 10⁸ times the costs and their rounding.
        assert!((a / b - odds).abs() < 1e-7 && c == 0.0, "{level:?}: {a} {b} {c}");
    }
}

/// A denoiser that knows how often it was asked.
struct Counting<'a>(&'a Points<f64>, std::sync::atomic::AtomicUsize);

impl attractor::energies::Denoise<f64> for Counting<'_> {
    fn dim(&self) -> usize {
        attractor::energies::Denoise::dim(self.0)
    }

    fn read(
        &self,
        states: ndarray::ArrayView2<f64>,
        sigmas: &[f64],
    ) -> attractor::Result<attractor::kernels::Read<f64>> {
        self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.0.read(states, sigmas)
    }

    fn draw(
        &self,
        z: &[f64],
        sigma: f64,
        stream: &mut attractor::noise::Stream,
    ) -> attractor::Result<Vec<f64>> {
        self.0.draw(z, sigma, stream)
    }
}

#[test]
fn samplers_read_as_often_as_they_say() {
    let patterns = spins::<f64>(12, 8, 1);
    let points = Points::new(Patterns::new(patterns.clone()).expect("patterns"));
    let states = cues(&patterns, 12, 0.68, 2) / 0.68;
    let process = Process::default();
    for (name, sampler) in Sampler::ALL {
        let steps = if sampler == Sampler::OneStep { 1 } else { 7 };
        let counting = Counting(&points, 0.into());
        let of_sampler = Sampling { sampler, steps: Some(steps), ..Sampling::default() };
        let levels = of_sampler.levels(&[1.1; 12], 5.0);
        run(sampler.dynamics(&counting, process, 1e-9).as_ref(), &states, levels, 0);
        let Some(evaluations) = sampler.evaluations(steps) else {
            continue;
        };
        // And once more, to see whether it has settled.
        assert_eq!(counting.1.into_inner(), evaluations + 1, "{name}");
    }
}

/// The number of steps for a number of evaluations is the largest that fits.
#[test]
fn steps_fill_the_evaluations_that_they_may_take() {
    for (name, sampler) in Sampler::ALL {
        for most in 1..40 {
            match sampler.steps_within(most) {
                Some(steps) => {
                    let taken = [steps, steps + 1].map(|steps| sampler.evaluations(steps).expect("a number"));
                    assert!(taken[0] <= most && most < taken[1], "{name}: {steps} steps of {most}");
                }
                None => assert!(sampler.evaluations(2).is_none_or(|two| two < 2), "{name}: {most}"),
            }
        }
    }
}

/// Exact known units that only one pattern has leave no doubt which it is (its posterior is 1), however
/// little the flow's first states look like it.
#[test]
fn known_units_decide() {
    use attractor::memories::{Request, Spec};
    use attractor::noise::{Purpose, Stream};
    let mut noise = Stream::new(3, Purpose::Patterns, 0);
    // Of very different length, which is what used to lead recall astray.
    let raw = Array2::from_shape_fn((200, 40), |(n, _)| noise.normal() * (1.0 + n as f64 / 20.0));
    let known = Array2::from_shape_fn((200, 40), |(n, j)| (j + n) % 8 < 3);
    let cues = Array2::from_shape_fn((200, 40), |at| if known[at] { raw[at] } else { 0.0 });
    for prepare in [attractor::Prepare::None, attractor::Prepare::Normalize] {
        for sampler in ["dpmpp-2m", "heun", "ddim", "euler", "euler-maruyama"] {
            let patterns = attractor::Patterns::prepared(raw.clone(), prepare, false).expect("patterns");
            let memory = Spec::new("diffusion").with("sampler", sampler).build(patterns).expect("a memory");
            let request = Request { known: Some(known.view()), ..Request::new(cues.view()) };
            let recall = memory.recall(&request).expect("a recall");
            for (n, row) in recall.rows.iter().enumerate() {
                assert_eq!(row.memory, Some(n), "{sampler}, {prepare:?}");
            }
            for (at, &is_known) in known.indexed_iter().filter(|_| prepare == attractor::Prepare::None) {
                assert!(!is_known || recall.states[at] == cues[at], "known units are held exactly");
            }
        }
    }
}

/// Paths of diffusers' schedulers on the exact denoiser, which `fixtures/samplers.py` writes.
#[test]
fn multistep_samplers_take_the_paths_of_diffusers() {
    /// Both sides work in float64: sixteen steps, whose weights are below 10, on numbers below 3.
    const ROUNDING: f64 = 1e-12;
    let points = ndarray::array![[1.0, 0.5, -0.3], [-0.7, 0.2, 0.9], [0.1, -1.1, 0.4], [0.6, 0.8, -1.2]];
    let points = Points::new(Patterns::new(points).expect("patterns"));
    let paths = include_str!("fixtures/samplers.txt");
    assert_eq!(paths.lines().count(), 4);
    for line in paths.lines() {
        let mut words = line.split(' ');
        let name = words.next().expect("a name");
        let sampler: Sampler = name.parse().expect("a sampler");
        let count: usize = words.next().expect("a count").parse().expect("a number");
        let numbers: Vec<f64> = words.map(|word| word.parse().expect("a number")).collect();
        let (levels, states) = numbers.split_at(count);
        let levels = Array2::from_shape_fn((count, 1), |(k, _)| levels[k]);
        let mut step = 0;
        let mut watch = |frame: Frame<f64>| {
            for (found, known) in frame.states.row(0).iter().zip(&states[3 * step..]) {
                assert!((found - known).abs() < ROUNDING, "{name}, step {step}: {found} for {known}");
            }
            step += 1;
            ControlFlow::Continue(())
        };
        let first = Array2::from_shape_fn((1, 3), |(_, j)| states[j]);
        let start = Start { states: first.view(), rows: &[0], seed: 0, held: None };
        let dynamics = sampler.dynamics(&points, Process::default(), 1e-9);
        recall(dynamics.as_ref(), start, None, &Grid::Levels(levels), STOP, &mut watch).expect("a recall");
        assert_eq!(step, count, "{name}");
    }
}

/// A level that stands twice changes nothing.
#[test]
fn multistep_samplers_skip_equal_levels() {
    /// A row that is decided is its pattern, which a read gives to rounding. One more read may decide it earlier.
    const ROUNDING: f64 = 1e-12;
    let patterns = spins::<f64>(12, 8, 1);
    let points = Points::new(Patterns::new(patterns.clone()).expect("patterns"));
    let states = cues(&patterns, 12, 0.68, 2) / 0.68;
    let end = |sampler: Sampler, levels: &[f64]| {
        let levels = Array2::from_shape_fn((levels.len(), 12), |(i, _)| levels[i]);
        run(sampler.dynamics(&points, Process::default(), 1e-9).as_ref(), &states, levels, 3)
    };
    let multistep = [
        Sampler::DpmSolverPlusPlus2M,
        Sampler::DpmSolverPlusPlus3M,
        Sampler::SdeDpmSolverPlusPlus2M,
        Sampler::LinearMultistep,
        Sampler::UniPc,
    ];
    for sampler in multistep {
        let once = end(sampler, &[1.1, 0.8, 0.5, 0.3, 0.1, 0.0]);
        assert!(once.iter().all(|z| z.is_finite()), "{sampler:?}");
        // The second time DPM-Solver++(2M) forgets the step before.
        if sampler != Sampler::DpmSolverPlusPlus2M {
            zoo::assert_close(
                &end(sampler, &[1.1, 0.8, 0.8, 0.5, 0.3, 0.3, 0.1, 0.0, 0.0]),
                &once,
                ROUNDING,
                "twice",
            );
        }
        assert!(end(sampler, &[1.1, 1.1, 0.5, 0.0]).iter().all(|z| z.is_finite()), "{sampler:?}");
    }
}

/// Levels of every spacing, for any sampler that makes steps.
#[test]
fn spacings_are_equal_steps_of_what_they_say() {
    use attractor::diffusion::{Spacing, exponential_levels};
    use attractor::options::Options;
    let of = |options: &[(&str, &str)]| {
        let mut all = Options::default();
        for (name, value) in options {
            all.set(name, *value);
        }
        Sampling::from_options(&all)
    };
    let column =
        |options: &[(&str, &str)]| of(options).expect("a sampling").levels(&[5.0], 1.0).column(0).to_vec();
    // The formulas of k-diffusion's get_sigmas_karras and get_sigmas_exponential.
    let karras = column(&[("spacing", "powers"), ("rho", "7"), ("last", "0.01"), ("steps", "6")]);
    let exponential = column(&[("spacing", "exponential"), ("last", "0.01"), ("steps", "6")]);
    for i in 0..6 {
        let share = i as f64 / 5.0;
        let (a, b) = (5.0_f64.powf(1.0 / 7.0), 0.01_f64.powf(1.0 / 7.0));
        assert!((karras[i] - (a + share * (b - a)).powi(7)).abs() < 1e-13, "{i}");
        let known = (5.0_f64.ln() + share * (0.01_f64.ln() - 5.0_f64.ln())).exp();
        assert!((exponential[i] - known).abs() < 1e-13, "{i}");
    }
    assert_eq!((karras[6], exponential[6]), (0.0, 0.0));
    // ρ → ∞ of the powers.
    let far = power_levels(&[5.0], 0.01, 1e9, 6);
    let near = exponential_levels(&[5.0], 0.01, 6);
    far.iter().zip(&near).for_each(|(a, b)| assert!((a - b).abs() < 1e-6, "{a} and {b}"));
    // Equal times of any sampler are those of the Euler methods; of the flow, σ = t/(1 − t).
    let times = column(&[("spacing", "times"), ("process", "flow"), ("steps", "5")]);
    assert_eq!(times, column(&[("sampler", "euler"), ("process", "flow"), ("steps", "5")]));
    let start = 5.0 / 6.0;
    for (i, level) in times.iter().enumerate() {
        let time = start * (1.0 - i as f64 / 5.0);
        assert!((level - time / (1.0 - time)).abs() < 1e-13, "{i}: {level}");
    }
    // And Euler may have a grid.
    let euler = column(&[
        ("sampler", "euler"),
        ("spacing", "powers"),
        ("rho", "7"),
        ("last", "0.01"),
        ("steps", "6"),
    ]);
    assert_eq!(euler, karras);
    assert_eq!(of(&[("spacing", "times")]).expect("a sampling").spacing, Some(Spacing::Times));
    for (options, words) in [
        (&[("spacing", "times"), ("rho", "7")][..], "rho"),
        (&[("spacing", "exponential"), ("rho", "7")], "rho"),
        (&[("sampler", "one-step"), ("spacing", "times")], "spacing"),
        (&[("spacing", "times"), ("sigmas", "1,0.5")], "sigmas"),
        (&[("spacing", "cosine")], "spacing"),
    ] {
        let error = of(options).expect_err("refused").to_string();
        assert!(error.contains(words), "{error}");
    }
}

/// Tables of training steps, shifted times, and ends above 0, by their formulas.
#[test]
fn grids_start_and_end_where_they_are_told() {
    use attractor::options::Options;
    let of = |options: &[(&str, &str)], first: f64, spread: f64| {
        let mut all = Options::default();
        options.iter().for_each(|(name, value)| {
            all.set(name, *value);
        });
        Sampling::from_options(&all).expect("a sampling").levels(&[first], spread).column(0).to_vec()
    };
    let close = |found: &[f64], known: &[f64]| {
        let same = found.iter().zip(known).all(|(a, b)| (a - b).abs() <= 1e-12 * (1.0 + b));
        assert!(found.len() == known.len() && same, "{found:?} for {known:?}");
    };
    // DDPM's chain (Ho et al. 2020, Eq. 4): products of 1 − β, here of four steps.
    let betas = [0.1, 0.2, 0.3, 0.4];
    let product = |k: usize| betas[..=k].iter().map(|b| 1.0 - b).product::<f64>();
    let level = |k: usize| ((1.0 - product(k)) / product(k)).sqrt();
    let table = ("betas", "linear:0.1:0.4:4");
    let take = |spacing, steps, more: &[(&str, &str)]| {
        let named = [table, ("spacing", spacing), ("steps", steps)];
        of(&[&named[..], more].concat(), 9.0, 1.0)
    };
    close(&take("trailing", "2", &[]), &[9.0, level(3), level(1), 0.0]);
    close(&take("leading", "2", &[]), &[9.0, level(2), level(0), 0.0]);
    close(&take("leading", "2", &[("offset", "1")]), &[9.0, level(3), level(1), 0.0]);
    close(&take("leading-dpm", "1", &[]), &[9.0, level(2), 0.0]);
    close(&take("linspace", "3", &[]), &[9.0, level(3), (level(1) + level(2)) / 2.0, level(0), 0.0]);
    close(&take("linspace-whole", "3", &[]), &[9.0, level(3), level(2), level(0), 0.0]);
    close(&take("linspace-dpm", "2", &[]), &[9.0, level(3), level(2), 0.0]);
    close(&take("exponential", "2", &[]), &[9.0, level(3), level(0), 0.0]);
    // A cue goes from its own level through those below it, and may end above 0.
    let middle = (level(1) + level(2)) / 2.0;
    close(&of(&[table, ("spacing", "trailing"), ("steps", "2")], middle, 1.0), &[middle, level(1), 0.0, 0.0]);
    close(&take("trailing", "4", &[("until", "0.5")])[..4], &[9.0, level(3), level(2), level(1)]);
    assert_eq!(take("trailing", "4", &[("until", "0.5")]).last(), Some(&0.5));
    // Shifted times of flow matching: t' = s t/(1 + (s − 1) t), equally spaced in t (Esser et al. 2024, Eq. 23).
    let shifted = |t: f64| {
        let time = 3.0 * t / (1.0 + 2.0 * t);
        time / (1.0 - time)
    };
    let flow = [("process", "flow"), ("spacing", "times"), ("shift", "3"), ("steps", "4")];
    close(&of(&flow, shifted(0.8), 1.0), &[0.8, 0.6, 0.4, 0.2, 0.0].map(shifted));
    // The last level is what it is told to be, in spreads, and a cue below it makes one step.
    let last = [("spacing", "karras"), ("last", "0.5"), ("steps", "3")];
    let known = |a: f64, b: f64| ((a.powf(1.0 / 7.0) + b.powf(1.0 / 7.0)) / 2.0).powi(7);
    close(&of(&last, 2.0, 3.0), &[2.0, known(2.0, 1.5), 1.5, 0.0]);
    close(&of(&last, 1.0, 3.0), &[1.0, 0.0, 0.0, 0.0]);
    // Without it levels fall at least tenfold; or go to the end in equal steps, if that is above 0.
    assert_eq!(of(&[("steps", "3")], 1e-3, 1.0)[2], 1e-4);
    let until = [("spacing", "exponential"), ("steps", "2"), ("until", "0.02")];
    close(&of(&until, 2.0, 1.0), &[2.0, 0.2, 0.02]);
    assert_eq!(of(&until, 0.01, 1.0), [0.01; 3]);
}

/// Every share η of noise, and churn, keeps the density at each level: on a Gaussian memory the variance.
#[test]
fn any_share_of_noise_keeps_the_law() {
    use attractor::options::Options;
    const UNITS: usize = 50;
    const RUNS: usize = 2_000;
    let (deviation, first, last) = (0.3_f64, 2.0_f64, 0.1_f64);
    let memory = Gaussian(deviation, UNITS);
    let states = normals(RUNS, UNITS, deviation.hypot(first), 4);
    let exact = deviation * deviation + last * last;
    for (options, steps) in [
        (&[("sampler", "ddim"), ("eta", "0.5")][..], 800),
        (&[("sampler", "ancestral"), ("eta", "0.7")], 800),
        (&[("sampler", "dpmpp-2m-sde"), ("eta", "0.5")], 100),
        (&[("sampler", "dpmpp-3m-sde"), ("eta", "0.5")], 100),
        (&[("sampler", "heun"), ("s-churn", "10")], 100),
        (&[("sampler", "ddim"), ("s-churn", "10"), ("s-tmax", "1")], 800),
    ] {
        let mut all = Options::default();
        options.iter().for_each(|(name, value)| {
            all.set(name, *value);
        });
        let sampling = Sampling::from_options(all.set("steps", steps.to_string())).expect("a sampling");
        assert!(sampling.is_stochastic() && !sampling.samples_posterior(), "{options:?}");
        let levels = levels_to(sampling.sampler, &Process::default(), first, last, RUNS, steps);
        let end = run(sampling.dynamics(&memory, 1.0, 1.0).as_ref(), &states, levels, 5);
        let off = end.mapv(|z| z * z).mean().expect("states") / exact - 1.0;
        // Five standard errors of a variance are 0.023; steps of first order leave 0.005 (their order is tested above).
        assert!(off.abs() < 0.03, "{options:?}: {off}");
    }
}
