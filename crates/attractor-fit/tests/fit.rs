//! Fits against an independent program, closed forms, known mixtures, and degenerate data.
#![allow(missing_docs)]

use std::ops::ControlFlow;

use attractor::energies::Denoise;
use attractor::noise::{Purpose, Stream};
use attractor_fit::{Components, Criterion, Fit, Progress, Settings, fit};
use ndarray::{Array2, ArrayView1, array, concatenate};

fn go_on(_: &Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn fitted(rows: &Array2<f64>, settings: &Settings) -> Fit {
    fit(rows.view(), settings, &mut go_on).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(rows: &Array2<f64>, settings: &Settings) -> String {
    fit(rows.view(), settings, &mut go_on).expect_err("refused").to_string()
}

fn of(components: usize, rank: Option<usize>) -> Settings {
    Settings { components: Components::Count(components), rank, ..Settings::default() }
}

/// Rows mean + Σ scale_j ε_j axis_j + noise.
fn cloud(count: usize, mean: &[f64], axes: &[(f64, Vec<f64>)], noise: f64, seed: u64) -> Array2<f64> {
    let mut stream = Stream::new(seed, Purpose::Patterns, 0);
    let mut rows = Array2::zeros((count, mean.len()));
    for mut row in rows.outer_iter_mut() {
        row.assign(&ArrayView1::from(mean));
        for (scale, axis) in axes {
            row.scaled_add(scale * stream.normal(), &ArrayView1::from(axis));
        }
        row.mapv_inplace(|x| x + noise * stream.normal());
    }
    rows
}

fn stacked(parts: &[Array2<f64>]) -> Array2<f64> {
    let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
    concatenate(ndarray::Axis(0), &views).expect("equal widths")
}

/// tests/fixtures/make.py, which is written from the equations alone, finds the same maxima.
#[test]
fn the_reference_program_finds_the_same() {
    /// EM that stops at the last digit of the likelihood is this far from the maximum at most, since the likelihood is
    /// flat there: √10⁻¹⁵, times the largest number, 4.
    const FLAT: f64 = 2e-7;
    /// The log-likelihood itself is exact.
    const LIKELIHOOD: f64 = 1e-12;
    let mut lines = 0;
    for line in include_str!("fixtures/reference.txt").lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [rows, units, components, rank] =
            [1, 2, 3, 4].map(|k| words[k].parse::<usize>().expect("a size"));
        let numbers: Vec<f64> = words[5..].iter().map(|word| word.parse().expect("a number")).collect();
        let (data, found) = numbers.split_at(rows * units);
        let data = Array2::from_shape_vec((rows, units), data.to_vec()).expect("rows");
        // No floor, and no end before the likelihood stops.
        let settings =
            Settings { floor: 0.0, tolerance: 0.0, iterations: 100_000, ..of(components, Some(rank)) };
        let fit = fitted(&data, &settings);
        assert!((fit.log_likelihood - found[0]).abs() < LIKELIHOOD, "{}: {}", words[0], fit.log_likelihood);
        let each = 1 + units + units * units;
        for (component, expected) in fit.components.iter().zip(found[1..].chunks(each)) {
            let covariance = component.gaussian.covariance().expect("bounded");
            let own = [component.weight].into_iter().chain(component.gaussian.origin().to_vec());
            for (i, (own, expected)) in own.chain(covariance).zip(expected).enumerate() {
                assert!((own - expected).abs() < FLAT, "{}, {i}: {own} for {expected}", words[0]);
            }
        }
        lines += 1;
    }
    assert_eq!(lines, 5);
}

/// One component is the maximum of Tipping & Bishop (1999): the r largest eigenvalues of the covariance, and the mean of
/// the others as noise. The covariance diag(4, 1, ¼, ¼) is made by hand.
#[test]
fn one_component_is_principal_component_analysis() {
    /// Rounding of some ten sums and an eigenvalue.
    const ROUNDING: f64 = 1e-13;
    // ±√2 s_j along each axis, eight rows: the variance of unit j is 2 · 2 s_j²/8 = s_j²/2.
    let deviations = [4.0, 2.0, 1.0, 1.0];
    let mut rows = Array2::zeros((8, 4));
    for (j, s) in deviations.iter().enumerate() {
        rows[[2 * j, j]] = f64::sqrt(2.0) * s;
        rows[[2 * j + 1, j]] = -f64::sqrt(2.0) * s;
    }
    let variances = deviations.map(|s| s * s / 2.0);
    for rank in 0..=4 {
        let pca = fitted(&rows, &of(1, Some(rank)));
        let gaussian = &pca.components[0].gaussian;
        let noise = variances[rank..].iter().sum::<f64>() / (4 - rank).max(1) as f64;
        assert_eq!(gaussian.deviations().len(), rank);
        for (tau, variance) in gaussian.deviations().iter().zip(variances) {
            assert!((tau * tau - variance).abs() < 8.0 * ROUNDING, "rank {rank}: {tau}");
        }
        if rank < 4 {
            assert!((gaussian.thickness().powi(2) - noise).abs() < 8.0 * ROUNDING, "rank {rank}");
        }
        // Eq. 4: the log-likelihood at the maximum is −½(D ln 2π + Σ ln λ + (D − r) ln s² + D) a row.
        let logs: f64 = variances[..rank].iter().map(|v| v.ln()).sum::<f64>()
            + (4 - rank) as f64 * noise.max(1e-300).ln();
        let logs = if rank == 4 { variances.iter().map(|v| v.ln()).sum() } else { logs };
        let expected = -0.5 * (4.0 * std::f64::consts::TAU.ln() + logs + 4.0);
        assert!(
            (pca.log_likelihood - expected).abs() < 10.0 * ROUNDING,
            "rank {rank}: {}",
            pca.log_likelihood
        );
    }
}

#[test]
fn known_mixtures_are_found() {
    let axis = vec![0.6, 0.8, 0.0];
    let parts = [
        cloud(600, &[0.0, 0.0, 0.0], &[(2.0, axis.clone())], 0.3, 1),
        cloud(300, &[6.0, 0.0, 0.0], &[(1.0, vec![0.0, 0.0, 1.0])], 0.3, 2),
        cloud(100, &[0.0, 0.0, 8.0], &[], 0.5, 3),
    ];
    for rank in [Some(1), None] {
        let found =
            fitted(&stacked(&parts), &Settings { components: Components::Auto, rank, ..Settings::default() });
        assert_eq!(found.components.len(), 3, "{:?}", found.trials);
        // Standard errors of 600 rows: of a share √(.6·.4/1000) = .015, of a mean 2/√600 = .08, of a deviation
        // 2/√1200 = .06. Four of them.
        let first = &found.components[0];
        assert!((first.weight - 0.6).abs() < 0.06);
        assert!(first.gaussian.origin().iter().all(|m| m.abs() < 0.33), "{:?}", first.gaussian.origin());
        assert!((first.gaussian.deviations()[0] - (4.0f64 + 0.09).sqrt()).abs() < 0.24);
        let along: f64 = first.gaussian.directions().row(0).iter().zip(&axis).map(|(a, b)| a * b).sum();
        assert!(along.abs() > 0.99, "{along}");
        let across = if rank.is_some() { first.gaussian.thickness() } else { first.gaussian.deviations()[2] };
        assert!((across - 0.3).abs() < 0.05, "{across}");
    }
}

/// The log-likelihood never falls, whatever the form and the floor, also where the floor holds.
#[test]
fn the_likelihood_never_falls() {
    /// Rounding of a mean of some 300 logarithms of about 10.
    const ROUNDING: f64 = 1e-12;
    let parts = [
        cloud(150, &[0.0; 6], &[(1.0, vec![1.0, 0.0, 0.0, 0.0, 0.0, 0.0])], 0.2, 4),
        cloud(150, &[1.0; 6], &[(2.0, vec![0.0, 1.0, 0.0, 0.0, 0.0, 0.0])], 0.4, 5),
    ];
    let mut rows = stacked(&parts);
    // A constant unit and a repeated one.
    rows.column_mut(4).fill(3.0);
    let second = rows.column(1).to_owned();
    rows.column_mut(5).assign(&second);
    for rank in [None, Some(0), Some(1), Some(3), Some(4)] {
        for floor in [1e-3, 0.05, 0.5] {
            for components in [1, 2, 5] {
                let settings = Settings { floor, tolerance: 1e-9, restarts: 1, ..of(components, rank) };
                let path = fitted(&rows, &settings).path;
                let fall = path.windows(2).map(|pair| pair[0] - pair[1]).fold(f64::NEG_INFINITY, f64::max);
                assert!(fall < ROUNDING, "rank {rank:?}, floor {floor}, {components}: {fall:e}");
            }
        }
    }
}

#[test]
fn the_density_is_that_of_the_memory() {
    /// Rounding of some hundred terms; at σ = 10⁻⁹ spreads the noise changes a variance of 10⁻³ by less.
    const ROUNDING: f64 = 1e-9;
    let rows = stacked(&[
        cloud(80, &[0.0; 3], &[(1.0, vec![0.0, 0.6, 0.8])], 0.2, 6),
        cloud(80, &[3.0; 3], &[], 0.5, 7),
    ]);
    for rank in [None, Some(1)] {
        let found = fitted(&rows, &of(2, rank));
        let memory = found.mixture::<f64>().expect("a memory");
        let sigma: f64 = 1e-9;
        let sums = memory.log_sum(rows.view(), &vec![sigma; 160]).expect("levels");
        let constant = 1.5 * (std::f64::consts::TAU * sigma * sigma).ln();
        let mean = sums.iter().map(|sum| sum - constant).sum::<f64>() / 160.0;
        assert!((mean - found.log_likelihood).abs() < ROUNDING, "{mean} for {}", found.log_likelihood);
    }
}

/// The same rows in other units give the same fit in those units, since nothing depends on the scale.
#[test]
fn units_do_not_matter() {
    let rows = stacked(&[cloud(60, &[0.0; 2], &[], 1.0, 8), cloud(60, &[5.0; 2], &[], 0.5, 9)]);
    let one = fitted(&rows, &of(2, None));
    let other = fitted(&rows.mapv(|x| 1024.0 * x), &of(2, None));
    for (a, b) in one.components.iter().zip(&other.components) {
        assert!((a.weight - b.weight).abs() < 1e-12);
        assert!((1024.0 * a.gaussian.deviations()[0] - b.gaussian.deviations()[0]).abs() < 1e-9);
    }
}

#[test]
fn threads_change_no_bit() {
    let rows = stacked(&[cloud(400, &[0.0; 20], &[], 1.0, 10), cloud(400, &[1.0; 20], &[], 1.5, 11)]);
    for rank in [None, Some(3)] {
        let bits = |threads: usize| {
            attractor::threads::set(threads).expect("threads");
            let found = fitted(&rows, &of(4, rank));
            let numbers = found.components.iter().flat_map(|c| c.gaussian.origin().to_vec());
            numbers.chain([found.log_likelihood]).map(f64::to_bits).collect::<Vec<_>>()
        };
        assert_eq!(bits(1), bits(3));
    }
}

#[test]
fn criteria_are_reported_and_decide() {
    let rows = stacked(&[cloud(100, &[0.0; 2], &[], 1.0, 12), cloud(100, &[6.0; 2], &[], 1.0, 13)]);
    for criterion in [Criterion::HeldOut, Criterion::Bic] {
        let found = fitted(&rows, &Settings { criterion, ..Settings::default() });
        assert_eq!(found.criterion(), Some(criterion));
        assert_eq!(found.components.len(), 2, "{:?}", found.trials);
        assert!(found.trials.len() >= 5);
        // 160 rows are fitted, and K(1 + 2 + 3) − 1 numbers are free.
        let trial = found.trials[1];
        let bic = -2.0 * 160.0 * trial.log_likelihood + 11.0 * 160f64.ln();
        assert!((trial.bic - bic).abs() < 1e-9 * bic.abs());
    }
    assert_eq!(fitted(&rows, &of(2, None)).criterion(), None);
    let at_most = fitted(&rows, &Settings { most: 1, ..Settings::default() });
    assert_eq!(at_most.components.len(), 1);
    assert!(
        at_most.notes()[0].to_string().contains("the search ended at its limit of 1"),
        "{:?}",
        at_most.notes()
    );
}

#[test]
fn degenerate_data_are_said() {
    let settings = Settings::default();
    assert!(
        refused(&Array2::zeros((0, 2)), &settings).contains("rows to fit: expected at least one, found none")
    );
    assert!(refused(&array![[f64::NAN, 1.0], [0.0, 1.0]], &settings).contains("found NaN at row 0, unit 0"));
    assert!(refused(&array![[1.0, 2.0], [1.0, 2.0]], &settings).contains("found 2 equal ones"));
    let rows = array![[0.0, 1.0], [0.0, 1.0], [2.0, 1.0], [5.0, 1.0]];
    assert!(
        refused(&rows, &of(9, None)).contains("components: expected at most 4, one for each row, found 9")
    );
    assert!(
        refused(&rows, &of(4, None))
            .contains("components: expected at most 3, as many as there are distinct")
    );
    assert!(refused(&rows, &of(1, Some(3))).contains("rank: expected at most the 2 units of a row, found 3"));
    assert!(refused(&rows, &of(0, None)).contains("components: expected a whole number > 0, found 0"));
    // The second unit is constant: without a floor there is no density.
    let bare = Settings { floor: 0.0, ..of(1, None) };
    assert!(
        refused(&rows, &bare).contains("floor: expected a smallest deviation > 0"),
        "{}",
        refused(&rows, &bare)
    );
    let found = fitted(&rows, &of(1, None));
    assert_eq!(found.at_floor, 1);
    assert!(found.notes()[0].to_string().contains("in 1 of 2 directions"), "{:?}", found.notes());
    let thinnest = found.components[0].gaussian.deviations()[1];
    assert!((thinnest / (1e-3 * found.spread) - 1.0).abs() < 1e-6, "{thinnest}");
    assert!(
        refused(&rows, &Settings { held_out: 0.99, ..settings })
            .contains("held-out: expected a share that leaves")
    );
}

#[test]
fn a_stopped_fit_gives_what_is_there() {
    let rows = stacked(&[cloud(100, &[0.0; 2], &[], 1.0, 14), cloud(100, &[2.0; 2], &[], 1.0, 15)]);
    let mut seen = 0;
    let settings = Settings { tolerance: 0.0, ..of(2, None) };
    let stopped = fit(rows.view(), &settings, &mut |at| {
        seen += 1;
        assert_eq!((at.components, at.iteration), (2, seen));
        if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .expect("a fit");
    assert!(stopped.stopped && !stopped.converged);
    assert_eq!((stopped.iterations(), stopped.components.len()), (3, 2));
    let mut seen = 0;
    let auto = fit(rows.view(), &Settings::default(), &mut |at| {
        seen += 1;
        if at.components == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .expect("a fit");
    assert!(auto.stopped && auto.trials.len() == 3 && seen > 2);
}

#[test]
fn components_take_the_label_of_most_rows() {
    let rows = stacked(&[cloud(30, &[0.0; 2], &[], 0.5, 16), cloud(60, &[9.0; 2], &[], 0.5, 17)]);
    let labels: Vec<String> = (0..90).map(|n| if n < 30 { "near" } else { "far" }.to_owned()).collect();
    let mut found = fitted(&rows, &of(2, None));
    found.label(&labels).expect("one for each row");
    let names: Vec<_> = found.components.iter().map(|c| c.label.as_deref()).collect();
    assert_eq!(names, [Some("far"), Some("near")]);
    assert!(found.label(&labels[1..]).expect_err("refused").to_string().contains("one for each of 90 rows"));
}
