//! Mixtures of memories: denoisers against their own laws, posteriors, likelihood, symmetry breaking.
#![allow(missing_docs)]

mod zoo;

use attractor::analysis::{Growth, largest_variance, repeat};
use attractor::diffusion::{Process, Sampler, Sampling, log_density};
use attractor::energies::shapes::{Segment, Sphere, Subspace};
use attractor::energies::{Component, Denoise, Energy, Gradient, Kind, Mixture, Points};
use attractor::kernels::Read;
use attractor::memories::{Diffusion, Memory, MemoryModel};
use attractor::noise::{Purpose, Stream};
use attractor::{Level, Patterns, Request};
use ndarray::{Array2, array};
use zoo::{assert_close, normals, spins};

fn component(kind: Kind<f64>, weight: f64) -> Component<f64> {
    Component { kind, weight, label: None }
}

/// Score = (D − z)/σ² = −∇E_σ/σ², and the second moment is what the divergence of D says.
#[test]
fn denoisers_obey_tweedie() {
    /// Central differences err by h² times third derivatives, below 10³ at these levels, and rounding over h.
    const STEP: f64 = 1e-5;
    const DIFFERENCES: f64 = 1e-6;
    for (name, memory) in zoo::denoisers() {
        let dim = Denoise::dim(&memory);
        for sigma in [0.4, 1.1, 5.0] {
            let z = normals(6, dim, 1.5, 3);
            let levels = [sigma; 6];
            let read = memory.read(z.view(), &levels).expect("a read");
            let mut slope = Array2::zeros(z.dim());
            let mut divergence = [0.0; 6];
            for j in 0..dim {
                let moved = |by: f64| {
                    let mut z = z.clone();
                    z.column_mut(j).mapv_inplace(|x| x + by);
                    let energy = memory.energy(z.view(), &levels).expect("energies");
                    (energy, memory.denoise(z.view(), &levels).expect("means"))
                };
                let (up, down) = (moved(STEP), moved(-STEP));
                for i in 0..6 {
                    slope[[i, j]] = (up.0[i] - down.0[i]) / (2.0 * STEP);
                    divergence[i] += (up.1[[i, j]] - down.1[[i, j]]) / (2.0 * STEP);
                }
            }
            let what = format!("{name} at {sigma}");
            assert_close(&(&z - &read.mean), &slope, DIFFERENCES, &what);
            assert_close(&memory.gradient(z.view(), &levels).expect("slopes"), &slope, DIFFERENCES, &what);
            for i in 0..6 {
                let square: f64 = read.mean.row(i).iter().map(|d| d * d).sum();
                let trace = (read.second[i] - square) / (sigma * sigma);
                assert!((trace - divergence[i]).abs() < DIFFERENCES * (1.0 + trace), "{what}: {trace}");
            }
            // And −σ² times the log-sum is the energy, whichever way it is asked for.
            let sums = memory.log_sum(z.view(), &levels).expect("sums");
            for (a, b) in sums.iter().zip(read.log_sum()) {
                assert!((a - b).abs() < 1e-12 * (1.0 + b.abs()), "{what}: {a} {b}");
            }
        }
    }
}

/// A mixture is the merged triple of its parts, and of points alone it is [`Points`] to the bit.
#[test]
fn mixtures_are_the_merge_of_their_parts() {
    let patterns = Patterns::new(spins::<f64>(9, 5, 1)).expect("patterns");
    let z = normals(40, 5, 1.0, 2);
    let levels = vec![0.8; 40];
    let plain = Points::new(patterns.clone()).read(z.view(), &levels).expect("a read");
    let whole = Mixture::from(patterns.clone()).read(z.view(), &levels).expect("a read");
    assert_eq!((plain.mean, plain.second, plain.mass), (whole.mean, whole.second, whole.mass));
    // Three points of unequal weight and a segment, in any order.
    let point = |n: usize| Kind::Point(patterns.values().row(n).to_vec());
    let road = || Box::new(Segment::new(vec![0.0; 5], vec![1.0, 2.0, 0.0, 0.0, -1.0]).expect("a segment"));
    let all = Mixture::new(vec![
        component(point(0), 2.0),
        component(Kind::Shape(road()), 5.0),
        component(point(1), 1.0),
        component(point(2), 0.5),
    ])
    .expect("a memory");
    let mut sum = Read::empty(40, 5);
    for (kind, weight) in [(point(2), 0.5), (point(0), 2.0), (Kind::Shape(road()), 5.0), (point(1), 1.0)] {
        let alone = Mixture::new(vec![component(kind, 1.0)]).expect("a memory");
        let mut read = alone.read(z.view(), &levels).expect("a read");
        read.mass.iter_mut().for_each(|m| *m *= weight / 8.5);
        sum.merge(&read);
    }
    let read = all.read(z.view(), &levels).expect("a read");
    assert_close(&read.mean, &sum.mean, 1e-12, "mean");
    for (a, b) in read.log_sum().iter().zip(sum.log_sum()) {
        assert!((a - b).abs() < 1e-12 * (1.0 + b.abs()), "{a} {b}");
    }
    let weights = all.weights();
    for (found, given) in weights.iter().zip([2.0, 5.0, 1.0, 0.5]) {
        assert!((found - given / 8.5).abs() < 1e-15);
    }
    // The posterior is what the parts' log-sums say.
    let posterior = all.posterior(z.view(), &levels, 4).expect("posteriors");
    for (i, p) in posterior.iter().enumerate() {
        let mut exact = [0.0; 4];
        for (n, (kind, weight)) in
            [(point(0), 2.0), (Kind::Shape(road()), 5.0), (point(1), 1.0), (point(2), 0.5)]
                .into_iter()
                .enumerate()
        {
            let alone = Mixture::new(vec![component(kind, 1.0)]).expect("a memory");
            exact[n] = weight * alone.log_sum(z.view(), &levels).expect("sums")[i].exp();
        }
        let total: f64 = exact.iter().sum();
        exact.iter_mut().for_each(|w| *w /= total);
        for &(n, w) in &p.top {
            assert!((w - exact[n]).abs() < 1e-12, "{n}: {w} for {}", exact[n]);
        }
        let entropy: f64 = exact.iter().map(|w| -w * w.ln()).sum();
        let participation = 1.0 / exact.iter().map(|w| w * w).sum::<f64>();
        assert!((p.entropy - entropy).abs() < 1e-12 && (p.participation / participation - 1.0).abs() < 1e-12);
    }
}

#[test]
fn mixtures_stay_finite_from_a_thousand_to_a_millionth() {
    for (name, memory) in zoo::denoisers() {
        let dim = Denoise::dim(&memory);
        for sigma in [1e9, 1e3, 1.0, 1e-3, 1e-6, 1e-12, 0.0] {
            for far in [0.0, 1.0, 1e3, 1e8] {
                let z = normals(5, dim, far, 8);
                let read = memory.read(z.view(), &[sigma; 5]).expect("a read");
                let sound = read.mean.iter().chain(&read.second).all(|v| v.is_finite())
                    && read.log_sum().iter().all(|v| v.is_finite())
                    && memory.energy(z.view(), &[sigma; 5]).expect("energies").iter().all(|v| v.is_finite())
                    && memory
                        .posterior(z.view(), &[sigma; 5], 3)
                        .expect("posteriors")
                        .iter()
                        .all(|p| p.entropy.is_finite() && p.participation >= 1.0 - 1e-9);
                assert!(sound, "{name} at σ = {sigma}, {far} away: {read:?}");
            }
        }
    }
}

/// Draws of y given z have the mean and second moment that a read gives.
#[test]
fn draws_are_from_the_posterior() {
    const RUNS: usize = 20_000;
    for (name, memory) in zoo::denoisers() {
        let dim = Denoise::dim(&memory);
        let z = normals(1, dim, 1.0, 4);
        let read = memory.read(z.view(), &[0.9]).expect("a read");
        let mut stream = Stream::new(7, Purpose::Recall, 0);
        let (mut mean, mut square, mut fourth) = (vec![0.0; dim], 0.0, 0.0);
        let state = z.row(0).to_vec();
        for _ in 0..RUNS {
            let y = memory.draw(&state, 0.9, &mut stream).expect("a draw");
            let norm: f64 = y.iter().map(|v| v * v).sum();
            mean.iter_mut().zip(&y).for_each(|(m, y)| *m += y / RUNS as f64);
            square += norm / RUNS as f64;
            fourth += norm * norm / RUNS as f64;
        }
        // Five standard errors: one of two million true samplers fails one of these numbers.
        let trace = read.second[0] - read.mean.row(0).iter().map(|d| d * d).sum::<f64>();
        let error = 5.0 * (trace.max(0.0) / RUNS as f64).sqrt();
        for (j, m) in mean.iter().enumerate() {
            assert!((m - read.mean[[0, j]]).abs() <= error + 1e-9, "{name}: {m} for {}", read.mean[[0, j]]);
        }
        let error = 5.0 * ((fourth - square * square).max(0.0) / RUNS as f64).sqrt();
        assert!((square - read.second[0]).abs() <= error + 1e-9, "{name}: {square} for {}", read.second[0]);
    }
}

/// ln p_σ by the probability flow against the closed form −(D/2) ln 2πσ² + log-sum.
#[test]
fn the_likelihood_of_the_flow_is_the_closed_form() {
    for (name, memory) in zoo::denoisers() {
        if memory.is_unbounded() {
            continue;
        }
        let dim = Denoise::dim(&memory);
        for sigma in [0.1, 0.5, 2.0] {
            // States y + σε, as the memory makes them.
            let mut stream = Stream::new(5, Purpose::Recall, 0);
            let mut z = normals(8, dim, sigma, 5);
            for mut z in z.outer_iter_mut() {
                let y = memory.draw(&vec![0.0; dim], f64::INFINITY, &mut stream).expect("a draw");
                z.iter_mut().zip(y).for_each(|(z, y)| *z += y);
            }
            let found = log_density(&memory, z.view(), &[sigma; 8], 1e-9).expect("densities");
            let sums = memory.log_sum(z.view(), &[sigma; 8]).expect("sums");
            for (found, sum) in found.iter().zip(sums) {
                let exact = sum - dim as f64 / 2.0 * (2.0 * std::f64::consts::PI * sigma * sigma).ln();
                assert!((found - exact).abs() < 1e-6, "{name} at {sigma}: {found} for {exact}");
            }
        }
    }
}

/// Two patterns ±y, ‖y‖ = R: where the symmetric state loses stability, for three drifts.
#[test]
fn symmetry_breaks_where_theory_says() {
    /// Bisection to 10⁻¹², of rates whose differences err by 10⁻⁹ (largest_variance).
    const CLOSE: f64 = 1e-7;
    for radius in [0.5, 1.0, 1.7] {
        let points =
            Points::new(Patterns::new(array![[radius, 0.0, 0.0], [-radius, 0.0, 0.0]]).expect("patterns"));
        let process = Process::default();
        let growth = |theta: f64| {
            let sigma = Process::sigma_of_signal(theta).expect("a signal");
            let origin = Array2::zeros((1, 3));
            let variance = largest_variance(&points, origin.view(), &[sigma], radius).expect("a variance")[0];
            Growth::at(&process, sigma, variance)
        };
        let root = |rate: &dyn Fn(f64) -> f64| {
            let (mut low, mut high) = (1e-3, 1.0 - 1e-6);
            assert!(rate(low) < 0.0 && rate(high) > 0.0);
            while high - low > 1e-12 {
                let middle = (low + high) / 2.0;
                if rate(middle) < 0.0 { low = middle } else { high = middle }
            }
            low
        };
        let square = radius * radius;
        let sde = (1.0 + square * square).sqrt() - square;
        assert!((root(&|t| growth(t).sde) - sde.sqrt()).abs() < CLOSE, "SDE at R = {radius}");
        if radius == 1.0 {
            assert!((sde.sqrt() - 0.643594).abs() < 1e-6);
        }
        let score = 1.0 / (1.0 + square).sqrt();
        assert!((root(&|t| growth(t).score) - score).abs() < CLOSE, "score at R = {radius}");
        if radius >= 1.0 {
            assert!((1..100).all(|i| growth(f64::from(i) / 100.0).flow > 0.0), "flow at R = {radius}");
        } else {
            // ½ + ½(−1 + θ²R²/(1 − θ²))/(1 − θ²) = 0: θ² = 1 − R².
            assert!(
                (root(&|t| growth(t).flow) - (1.0 - square).sqrt()).abs() < CLOSE,
                "flow at R = {radius}"
            );
        }
    }
}

/// Stochastic recall from a mixture ends in each memory with its posterior probability.
#[test]
fn repeated_recall_counts_the_posterior() {
    const RUNS: usize = 5_000;
    let memory = |second: [f64; 2]| {
        Mixture::new(vec![
            component(Kind::Point(vec![1.0, 0.5]), 1.0),
            component(Kind::Point(second.to_vec()), 2.0),
            component(Kind::Shape(Box::new(Sphere::full(vec![0.0, 0.0], 1.5).expect("a circle"))), 3.0),
            component(
                Kind::Shape(Box::new(Segment::new(vec![-1.0, -1.0], vec![1.0, -1.0]).expect("a segment"))),
                1.0,
            ),
            component(
                Kind::Shape(Box::new(
                    Subspace::new(vec![0.0, 1.0], array![[0.6, 0.8]], vec![0.7]).expect("a Gaussian"),
                )),
                1.5,
            ),
        ])
        .expect("a memory")
    };
    let cue = array![[0.3, -0.1]];
    // A point on the segment is told from it by levels far below its length, to which Euler's equal times of the
    // process do not go down.
    let (apart, across) = ([-1.0, 0.2], [-0.5, -1.0]);
    for (sampler, steps, second) in [
        (Sampler::Bridge, 2, across),
        (Sampler::Ancestral, 300, across),
        (Sampler::Ancestral, 300, apart),
        (Sampler::EulerMaruyama, 200, apart),
    ] {
        let sampling = Sampling { sampler, steps: Some(steps), ..Sampling::default() };
        let diffusion = Diffusion::on(memory(second), sampling).expect("a memory");
        let request = Request { level: Level::Sigma(1.5), seed: 1, ..Request::new(cue.view()) };
        let counts = &repeat(&diffusion, &request, RUNS, |_| Ok(())).expect("counts")[0];
        assert_eq!((counts.ended.iter().sum::<u64>(), counts.freedom), (RUNS as u64, 4));
        // scipy.stats.chi2.isf(1e-4, 4): one true sampler in 10⁴ fails.
        assert!(counts.chi_square < 23.51, "{sampler:?}: {counts:?}");
    }
}

#[test]
fn what_is_no_mixture_is_refused() {
    let refuse = |components: Vec<Component<f64>>, word: &str| {
        let error = Mixture::new(components).expect_err(word).to_string();
        assert!(error.contains(word), "{error}");
    };
    refuse(vec![], "memories");
    refuse(vec![component(Kind::Point(vec![1.0]), 0.0)], "weight of memory 0");
    refuse(
        vec![component(Kind::Point(vec![1.0]), 1.0), component(Kind::Point(vec![1.0, 2.0]), 1.0)],
        "memory 1",
    );
    refuse(vec![component(Kind::Point(vec![f64::NAN]), 1.0)], "finite");
    // Known units of a circle have no closed form.
    let circle = Kind::Shape(Box::new(Sphere::full(vec![0.0, 0.0], 1.0).expect("a circle")));
    let memory =
        Diffusion::on(Mixture::new(vec![component(circle, 1.0)]).expect("a memory"), Sampling::default());
    let (cue, known) = (array![[1.0, 0.0]], array![[true, false]]);
    let request = Request { known: Some(known.view()), ..Request::new(cue.view()) };
    let error = memory.expect("a memory").recall(&request).expect_err("no closed form").to_string();
    assert!(error.contains("cloud"), "{error}");
}

/// Everything of a recall, to the bit.
fn bits(memory: &dyn Memory<f64>, cues: ndarray::ArrayView2<f64>, first_row: u64) -> Vec<String> {
    let request = Request { level: Level::Sigma(1.1), first_row, seed: 3, ..Request::new(cues) };
    let recall = memory.recall(&request).expect("a recall");
    recall.states.outer_iter().zip(&recall.rows).map(|(z, row)| format!("{z:?} {row:?}")).collect()
}

#[test]
fn a_row_of_a_mixture_does_not_depend_on_batch_or_threads() {
    let (_, mixture) = zoo::denoisers().pop().expect("all together with a flat one");
    let cues = normals(600, 3, 1.2, 9);
    for (name, sampler) in Sampler::ALL {
        let sampling = Sampling { sampler, steps: Some(6), ..Sampling::default() };
        let memory = Diffusion::on(mixture.clone(), sampling).expect("a memory");
        let together = bits(&memory, cues.view(), 0);
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            assert_eq!(
                pool.install(|| bits(&memory, cues.view(), 0)),
                together,
                "{name} on {threads} threads"
            );
        }
        let alone = bits(&memory, cues.slice(ndarray::s![417..418, ..]), 417);
        assert_eq!(alone[0], together[417], "{name} alone");
    }
}

/// At σ = 0 a state came from the point of the memory that is nearest to it.
#[test]
fn without_noise_the_bridge_projects() {
    for (name, memory) in zoo::denoisers() {
        let z = normals(1, Denoise::dim(&memory), 1.0, 4);
        let nearest = memory.nearest(z.view()).expect("a memory");
        let point = memory.project(nearest[0].memory, z.row(0));
        let sampling = Sampling { sampler: Sampler::Bridge, steps: Some(2), ..Sampling::default() };
        let diffusion = Diffusion::on(memory, sampling).expect("a memory");
        let request = Request { level: Level::Sigma(0.0), ..Request::new(z.view()) };
        let recall = diffusion.recall(&request).expect("a recall");
        let distance =
            recall.states.row(0).iter().zip(&point).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
        // The smallest level of f64 is 1e-50; a Gaussian counts as far as three deviations, the mean goes beyond.
        assert!(distance < 1e-9, "{name}: {distance}");
    }
}

/// Exact known units of a segment leave one place on it: the others follow.
#[test]
fn known_units_decide_the_place_on_a_shape() {
    let road = Segment::new(vec![0.0, 0.0], vec![4.0, 2.0]).expect("a segment");
    let other = Segment::new(vec![0.0, 5.0], vec![4.0, 5.0]).expect("a segment");
    let memory = Mixture::new(vec![
        component(Kind::Shape(Box::new(road)), 1.0),
        component(Kind::Shape(Box::new(other)), 1e-3),
    ]);
    let memory =
        Diffusion::on(memory.expect("a memory"), Sampling { steps: Some(100), ..Sampling::default() });
    let (cue, known) = (array![[3.0, 0.0]], array![[true, false]]);
    let request = Request { known: Some(known.view()), ..Request::new(cue.view()) };
    let recall = memory.expect("a memory").recall(&request).expect("a recall");
    // The flow's step to the place is as fine as its last level, 0.002 spreads.
    assert!(
        recall.states[[0, 0]] == 3.0 && (recall.states[[0, 1]] - 1.5).abs() < 0.02,
        "{:?}",
        recall.states
    );
    // A unit of x holds √1.25 of the first road's length 2√5, and a unit of the second's length 4: the same share, so
    // the prior decides.
    let posterior = &recall.rows[0].posterior.as_ref().expect("one").top;
    assert!((posterior[0].1 - 1.0 / 1.001).abs() < 1e-4, "{posterior:?}");
}

/// A trace in raw units does not see how the patterns were prepared.
#[test]
fn a_trace_is_in_the_units_of_the_cues() {
    use attractor::analysis::trace;
    use attractor::{Prepare, Spec};
    let raw = normals::<f64>(6, 3, 4.0, 2);
    let cue = array![[1.0, -2.0, 3.0]];
    let request = Request { level: Level::Sigma(5.0), ..Request::new(cue.view()) };
    let of = |prepare| {
        let patterns = Patterns::prepared(raw.clone(), prepare, false).expect("patterns");
        let memory = Spec::new("diffusion").with("sampler", "ddim").build(patterns).expect("a memory");
        trace(memory.as_ref(), &request).expect("a trace")
    };
    let (plain, prepared) = (of(Prepare::None), of(Prepare::Normalize));
    assert_eq!(plain.marks, prepared.marks);
    for (a, b) in plain.moments[0].iter().zip(&prepared.moments[0]) {
        let numbers = |m: &attractor::analysis::TraceStep| {
            let (time, scale) = m.time.expect("a time");
            let growth = m.growth.map_or(0.0, |g| g.sde);
            [
                m.sigma,
                time,
                scale,
                m.energy.expect("one"),
                m.entropy.expect("one"),
                m.variance.unwrap_or(0.0),
                growth,
            ]
        };
        for (x, y) in numbers(a).into_iter().zip(numbers(b)) {
            // Rounding, and 1e-9 of the differences of largest_variance, which small levels enlarge in a rate.
            assert!((x - y).abs() < 1e-6 * (1.0 + x.abs()), "{a:?} and {b:?}");
        }
    }
    // θ_t of the first level: 1/√(1 + σ²).
    assert!((plain.moments[0][0].time.expect("a time").1 - 1.0 / 26.0_f64.sqrt()).abs() < 1e-12);
}

/// Recall from nothing lands on each memory as often as its weight says, for samplers that draw.
#[test]
fn imagination_follows_the_weights() {
    const RUNS: u64 = 4000;
    let memory = Mixture::new(vec![
        component(Kind::Point(vec![2.0, 0.0]), 1.0),
        component(Kind::Point(vec![-2.0, 1.0]), 3.0),
        component(Kind::Shape(Box::new(Sphere::full(vec![0.0, -2.0], 0.5).expect("a circle"))), 4.0),
    ])
    .expect("a memory");
    for (sampler, steps) in [(Sampler::Ancestral, 300), (Sampler::DpmSolverPlusPlus2M, 100)] {
        let sampling = Sampling { sampler, steps: Some(steps), ..Sampling::default() };
        let diffusion = Diffusion::on(memory.clone(), sampling).expect("a memory");
        let (cues, level) = diffusion.prior_samples(&(0..RUNS).collect::<Vec<_>>(), 2).expect("cues");
        let recall =
            diffusion.recall(&Request { level, seed: 2, ..Request::new(cues.view()) }).expect("recalls");
        let mut counts = [0.0; 3];
        recall.rows.iter().for_each(|r| counts[r.memory.expect("a memory")] += 1.0);
        let chi2: f64 = counts
            .iter()
            .zip([0.125, 0.375, 0.5])
            .map(|(c, w)| (c - RUNS as f64 * w).powi(2) / (RUNS as f64 * w))
            .sum();
        // scipy.stats.chi2.isf(1e-4, 2): 18.42.
        assert!(chi2 < 18.42, "{sampler:?}: {counts:?}, χ² = {chi2}");
    }
}
