//! Shapes against quadrature over their own coordinates, references of 400 digits, and each other.
#![allow(missing_docs)]

mod clouds;

use attractor::energies::shapes::{Segment, Shape, ShapeMoments, Sphere, Subspace};
use attractor::noise::{Purpose, Stream};
use clouds::{Cloud, arc, ball, gaussian, line, pair, read as read_cloud, segment};
use ndarray::{Array2, array};

/// Every shape, and the same as a cloud of points for a state at a level. A shape is one line.
fn zoo() -> Vec<(&'static str, Box<dyn Shape>, Cloud)> {
    let inf = f64::INFINITY;
    let (one, two) = (array![[0.6, 0.0, 0.8]], array![[0.6, 0.0, 0.8], [0.0, 1.0, 0.0]]);
    let o = vec![0.5, -1.0, 0.25];
    // At an angle to the direction along which draws are counted, so that nodes do not coincide in it.
    let (o2, first, both) = ([0.5, -1.0], array![[0.28, 0.96]], array![[0.28, 0.96], [-0.96, 0.28]]);
    let (a, b) = (vec![0.5, -1.0, 0.25], vec![-0.5, 1.0, 1.5]);
    vec![
        (
            "point",
            Box::new(subspace(&o, &Array2::zeros((0, 3)), &[])),
            gaussian(&o, &Array2::zeros((0, 3)), &[]),
        ),
        ("line", Box::new(subspace(&o, &one, &[1.5])), gaussian(&o, &one, &[1.5])),
        ("plane", Box::new(subspace(&o, &two, &[1.5, 0.3])), gaussian(&o, &two, &[1.5, 0.3])),
        ("flat line", Box::new(subspace(&o, &one, &[inf])), gaussian(&o, &one, &[inf])),
        ("flat plane", Box::new(subspace(&o, &two, &[inf; 2])), gaussian(&o, &two, &[inf; 2])),
        ("band", Box::new(subspace(&o, &two, &[0.5, inf])), gaussian(&o, &two, &[0.5, inf])),
        ("segment", Box::new(Segment::new(a.clone(), b.clone()).expect("a segment")), segment(&a, &b)),
        (
            "two points",
            Box::new(Sphere::new(o.clone(), 1.2, one.clone()).expect("a sphere")),
            pair(&o, 1.2, &one),
        ),
        ("circle", Box::new(Sphere::new(o.clone(), 1.2, two.clone()).expect("a circle")), arc(&o, 1.2, &two)),
        ("sphere", Box::new(Sphere::full(o.clone(), 1.2).expect("a sphere")), ball(&o, 1.2)),
        (
            "two numbers",
            Box::new(Sphere::full(vec![0.5], 1.2).expect("a sphere")),
            pair(&[0.5], 1.2, &array![[1.0]]),
        ),
        (
            "interval",
            Box::new(Segment::new(vec![2.0], vec![-1.0]).expect("a segment")),
            segment(&[2.0], &[-1.0]),
        ),
        (
            "thin line",
            Box::new(subspace(&[0.1], &array![[-1.0]], &[1e-3])),
            line(&[0.1], &array![[-1.0]], 1e-3),
        ),
        ("thick line", Box::new(thick(&o2, &first, &[1.5], 0.3)), gaussian(&o2, &both, &[1.5, 0.3])),
        ("thick flat line", Box::new(thick(&o2, &first, &[inf], 0.5)), gaussian(&o2, &both, &[inf, 0.5])),
        (
            "thick point",
            Box::new(thick(&[0.5], &Array2::zeros((0, 1)), &[], 0.7)),
            line(&[0.5], &array![[1.0]], 0.7),
        ),
    ]
}

fn subspace(origin: &[f64], directions: &Array2<f64>, deviations: &[f64]) -> Subspace {
    Subspace::new(origin.to_vec(), directions.clone(), deviations.to_vec()).expect("a subspace")
}

fn thick(origin: &[f64], directions: &Array2<f64>, deviations: &[f64], thickness: f64) -> Subspace {
    subspace(origin, directions, deviations).with_thickness(thickness).expect("a thick subspace")
}

fn read(shape: &dyn Shape, z: &[f64], sigma: f64) -> (ShapeMoments, Vec<f64>) {
    let mut mean = vec![f64::NAN; z.len()];
    let reading = shape.read(z, sigma, &mut mean);
    (reading, mean)
}

fn square(v: &[f64]) -> f64 {
    v.iter().map(|x| x * x).sum()
}

const SIGMAS: [f64; 6] = [1e-2, 0.1, 0.5, 1.0, 10.0, 100.0];

/// A few states at a level: noise on the shape's centre, and far away.
fn states(dim: usize, sigma: f64) -> Vec<Vec<f64>> {
    let mut stream = Stream::new(5, Purpose::Recall, dim as u64);
    let mut state = |width: f64| (0..dim).map(|_| width * stream.normal()).collect::<Vec<f64>>();
    vec![state(1.0), state(1.0), state(sigma), state(3.0), state(1.0 + 2.0 * sigma)]
}

#[test]
fn readings_are_integrals() {
    /// Both sides add some 10⁵ terms, and exponents of up to some 10⁵ lose that many roundings.
    const ROUNDING: f64 = 1e-10;
    for (name, shape, cloud) in zoo() {
        for sigma in SIGMAS {
            for z in states(shape.dim(), sigma) {
                let (reading, mean) = read(shape.as_ref(), &z, sigma);
                let (true_reading, true_mean) = read_cloud(&cloud(&z, sigma), &z, sigma);
                let what = format!("{name} at {z:?}, σ = {sigma}");
                close(reading.log_sum, true_reading.log_sum, ROUNDING, &what);
                close(reading.second, true_reading.second, ROUNDING, &what);
                mean.iter().zip(&true_mean).for_each(|(m, t)| close(*m, *t, ROUNDING, &what));
            }
        }
    }
}

fn close(found: f64, expected: f64, tolerance: f64, what: &str) {
    let allowed = tolerance * (1.0 + expected.abs());
    assert!((found - expected).abs() <= allowed, "{what}: {found:e} for {expected:e}");
}

#[test]
fn readings_have_the_reference_digits() {
    /// Of the log-sum; its terms are rounded some dozen times, those of 48 orders once each.
    const LOG_SUM: f64 = 1e-12;
    /// Of the mean, in parts of the reach of the shape; and of the second moment, relative.
    const MEAN: f64 = 1e-12;
    let mut lines = 0;
    for line in include_str!("fixtures/shapes.txt").lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let numbers: Vec<f64> = words[1..].iter().map(|w| w.parse().expect("a number")).collect();
        let (shape, rest): (Box<dyn Shape>, &[f64]) = match words[0] {
            "gaussian" => (Box::new(subspace(&[0.0; 2], &array![[1.0, 0.0]], &numbers[..1])), &numbers[1..]),
            "flat" => (Box::new(subspace(&[0.0; 2], &array![[1.0, 0.0]], &[f64::INFINITY])), &numbers),
            "segment" => (
                Box::new(Segment::new(vec![0.0; 2], vec![numbers[0], 0.0]).expect("a segment")),
                &numbers[1..],
            ),
            "sphere" => {
                let (k, radius) = (numbers[0] as usize, numbers[1]);
                let directions = Array2::from_shape_fn((k, k + 1), |(i, j)| f64::from(u8::from(i == j)));
                let sphere = match k {
                    64.. => Sphere::full(vec![0.0; k], radius),
                    _ => Sphere::new(vec![0.0; k + 1], radius, directions),
                };
                (Box::new(sphere.expect("a sphere")), &numbers[2..])
            }
            _ => continue,
        };
        let &[sigma, along, across, log_sum, mean, second] = rest else { panic!("{line}") };
        let mut z = vec![0.0; shape.dim()];
        z[shape.dim() - 1] = across;
        z[0] = along;
        let (reading, means) = read(shape.as_ref(), &z, sigma);
        close(reading.log_sum, log_sum, LOG_SUM, line);
        let reach = second.sqrt();
        assert!((means[0] - mean).abs() <= MEAN * reach, "{line}: mean {:e}", means[0]);
        assert!(means[1..].iter().all(|&m| m == 0.0), "{line}: {means:?}");
        assert!((reading.second / second - 1.0).abs() <= MEAN, "{line}: second {:e}", reading.second);
        lines += 1;
    }
    assert!(lines > 500, "only {lines} references");
}

#[test]
fn the_mean_is_tweedies() {
    /// In parts of σ: a step of 10⁻³ leaves 10⁻⁶ of third derivatives below 1; rounding, 10⁻¹⁵ of a log-sum
    /// below 10⁵ over the step, is less.
    const STEP: f64 = 1e-3;
    const DIFFERENCES: f64 = 2e-6;
    for (name, shape, _) in zoo() {
        for sigma in SIGMAS {
            for z in noised(shape.as_ref(), sigma) {
                let (_, mean) = read(shape.as_ref(), &z, sigma);
                for j in 0..z.len() {
                    let moved = |by: f64| {
                        let mut z = z.clone();
                        z[j] += by * sigma;
                        read(shape.as_ref(), &z, sigma).0.log_sum
                    };
                    // σ² ∂ log-sum/∂z_j = mean_j − z_j
                    let slope = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
                    let score = (mean[j] - z[j]) / sigma;
                    close(slope, score, DIFFERENCES, &format!("{name}, σ = {sigma}"));
                }
            }
        }
    }
}

#[test]
fn the_second_moment_is_the_divergence_of_the_mean() {
    /// As above; to rounding of a second moment of up to (100 σ)² is added.
    const STEP: f64 = 1e-3;
    const DIFFERENCES: f64 = 2e-6;
    for (name, shape, _) in zoo() {
        for sigma in SIGMAS {
            for z in noised(shape.as_ref(), sigma) {
                let (reading, mean) = read(shape.as_ref(), &z, sigma);
                let divergence: f64 = (0..z.len())
                    .map(|j| {
                        let moved = |by: f64| {
                            let mut z = z.clone();
                            z[j] += by * sigma;
                            read(shape.as_ref(), &z, sigma).1[j]
                        };
                        (moved(STEP) - moved(-STEP)) / (2.0 * STEP * sigma)
                    })
                    .sum();
                let variance = (reading.second - square(&mean)) / (sigma * sigma);
                close(variance, divergence, DIFFERENCES, &format!("{name}, σ = {sigma}"));
            }
        }
    }
}

/// States as the shape's own samples with noise; a flat one's, about its origin.
fn noised(shape: &dyn Shape, sigma: f64) -> Vec<Vec<f64>> {
    let mut stream = Stream::new(6, Purpose::Recall, shape.dim() as u64);
    (0..4)
        .map(|_| {
            let mut y = shape.moments().mean;
            if shape.draw(&y.clone(), f64::INFINITY, &mut stream, &mut y).is_err() {
                y = shape.moments().mean;
            }
            y.iter().map(|y| y + sigma * stream.normal()).collect()
        })
        .collect()
}

/// Posterior samples have the posterior's mean, second moment and distribution along one direction, at each of
/// some levels and for the shape itself.
#[test]
fn draws_are_the_posterior() {
    /// Samples; and how many standard errors a mean may be off: below one false alarm in 10⁷ for each of the
    /// some 400 comparisons.
    const SAMPLES: usize = 20_000;
    const ERRORS: f64 = 5.5;
    /// Of χ² with 9 degrees of freedom, exceeded once in 10⁷: 400 comparisons, 4·10⁻⁵.
    const CHI_SQUARE: f64 = 52.3;
    for (name, shape, cloud) in zoo() {
        let mut stream = Stream::new(7, Purpose::Recall, 3);
        for sigma in [1e-3, 0.1, 0.3, 0.6, 1.0, 3.0, 1e3, f64::INFINITY] {
            for z in states(shape.dim(), 1.0).iter().take(if sigma.is_infinite() { 1 } else { 4 }) {
                let what = format!("{name} at {z:?}, σ = {sigma}");
                let mut y = vec![0.0; z.len()];
                if shape.draw(z, sigma, &mut stream, &mut y).is_err() {
                    assert!(sigma.is_infinite() && name.contains("flat") || name == "band", "{what}");
                    continue;
                }
                // Levels without a cloud that is dense in every direction are checked by their moments.
                let points = (0.1..=3.0).contains(&sigma).then(|| cloud(z, sigma));
                let direction: Vec<f64> = [0.36, 0.48, 0.8][..z.len()].to_vec();
                let bins = points.filter(|p| p.len() > 100).map(|p| clouds::bins(&p, z, sigma, &direction));
                let (mean, second) = if sigma.is_finite() {
                    let (reading, mean) = read(shape.as_ref(), z, sigma);
                    (mean, reading.second)
                } else {
                    let moments = shape.moments();
                    let second = square(&moments.mean) + moments.variance;
                    (moments.mean, second)
                };
                // Units, and the distance from the mean squared.
                let mut sums = vec![(0.0, 0.0); z.len() + 1];
                let mut counts = [0.0; 10];
                for _ in 0..SAMPLES {
                    shape.draw(z, sigma, &mut stream, &mut y).expect("a sample");
                    let off: Vec<f64> = y.iter().zip(&mean).map(|(y, m)| y - m).collect();
                    for (sum, x) in sums.iter_mut().zip(off.iter().copied().chain([square(&off)])) {
                        *sum = (sum.0 + x, sum.1 + x * x);
                    }
                    if let Some((edges, _)) = &bins {
                        let x: f64 = y.iter().zip(&direction).map(|(y, d)| y * d).sum();
                        counts[edges.partition_point(|&edge| edge <= x)] += 1.0;
                    }
                }
                let n = SAMPLES as f64;
                let variance = second - square(&mean);
                // Rounding of the difference of squares, where the noise is small.
                let rounding = 1e-14 * second;
                // What happens less often than 20 times in all samples may, but for 2·10⁻⁹, not happen at all;
                // a bounded shape is then off by no more than its diameter.
                let unseen = 20.0 / n * 16.0 * shape.moments().variance;
                for (i, (sum, squares)) in sums.into_iter().enumerate() {
                    let expected = if i < z.len() { 0.0 } else { variance };
                    let error = ((squares / n - (sum / n).powi(2)).max(0.0) / n).sqrt();
                    let rare = if error < 1e-9 * (1.0 + second) / n { unseen } else { 0.0 };
                    let off = (sum / n - expected).abs();
                    assert!(off <= ERRORS * error + rounding + rare, "{what}: {i} is off by {off}");
                }
                if let Some((_, shares)) = bins {
                    let chi: f64 =
                        counts.iter().zip(&shares).map(|(c, s)| (c - n * s).powi(2) / (n * s)).sum();
                    assert!(chi < CHI_SQUARE, "{what}: χ² = {chi}");
                }
            }
        }
    }
}

#[test]
fn stretched_shapes_are_images() {
    /// As for readings: rounding of sums.
    const ROUNDING: f64 = 1e-10;
    for (name, shape, cloud) in zoo() {
        for factors in [[2.0, 2.0, 2.0], [-1.5, 0.5, -1.5], [0.5, -1.25, 2.0]] {
            let factors = &factors[..shape.dim()];
            let Some(image) = shape.stretch(factors) else {
                assert!(name == "circle" || name == "sphere" || name == "two points", "{name}");
                continue;
            };
            for sigma in [0.1, 1.0, 10.0] {
                for z in states(shape.dim(), sigma) {
                    // The image of a cloud that is wide and dense enough for noise of each unit's own level.
                    let mut points = cloud(&z, 2.0 * sigma);
                    let stretch = |y: &mut Vec<f64>| y.iter_mut().zip(factors).for_each(|(y, f)| *y *= f);
                    points.iter_mut().for_each(|(_, y)| stretch(y));
                    let mut z = z.clone();
                    stretch(&mut z);
                    let (reading, mean) = read(image.as_ref(), &z, sigma);
                    let (true_reading, true_mean) = read_cloud(&points, &z, sigma);
                    let what = format!("{name} times {factors:?}, σ = {sigma}");
                    close(reading.log_sum, true_reading.log_sum, ROUNDING, &what);
                    close(reading.second, true_reading.second, ROUNDING, &what);
                    mean.iter().zip(&true_mean).for_each(|(m, t)| close(*m, *t, ROUNDING, &what));
                }
            }
        }
    }
}

#[test]
fn projections_are_the_means_without_noise() {
    /// At σ = 10⁻⁶ the mean on a circle is off by σ²/R² at most.
    const NOISE: f64 = 1e-11;
    for (name, shape, _) in zoo() {
        // A thin Gaussian's mean is near its end only at smaller levels, and ends at 3 deviations.
        for z in states(shape.dim(), 1.0) {
            let (_, mean) = read(shape.as_ref(), &z, 1e-6);
            let mut near = vec![0.0; z.len()];
            shape.project(&z, &mut near);
            let distance = |y: &[f64]| y.iter().zip(&z).map(|(y, z)| (y - z).powi(2)).sum::<f64>();
            if name != "thin line" && name != "plane" && !name.contains("thick") {
                near.iter().zip(&mean).for_each(|(p, m)| close(*p, *m, NOISE, name));
            }
            let mut stream = Stream::new(8, Purpose::Recall, 0);
            for _ in 0..100 {
                let (mut y, mut again) = (vec![0.0; z.len()], vec![0.0; z.len()]);
                shape.draw(&z, 1.0, &mut stream, &mut y).expect("a sample");
                // A point of the shape is its own projection, and no nearer; but for a Gaussian's far end.
                shape.project(&y, &mut again);
                if again.iter().zip(&y).all(|(a, y)| (a - y).abs() < NOISE) {
                    assert!(distance(&near) <= distance(&y) * (1.0 + NOISE), "{name} at {z:?}");
                }
            }
        }
    }
}

#[test]
fn the_centre_of_a_sphere_projects_to_its_first_direction() {
    let mut y = [0.0; 2];
    Sphere::full(vec![1.0, 1.0], 2.0).expect("a circle").project(&[1.0, 1.0], &mut y);
    assert_eq!(y, [3.0, 1.0]);
}

#[test]
fn everything_is_finite_everywhere() {
    let distances = [0.0, 1e-300, 1e-160, 1e-12, 0.25, 1.0, 1e6, 1e12, 1e100, 1e152];
    for (name, shape, _) in zoo() {
        let mut stream = Stream::new(9, Purpose::Recall, 0);
        for power in -12..=12 {
            let sigma = 10f64.powi(power);
            for distance in distances {
                for sign in [1.0, -1.0] {
                    let z: Vec<f64> = shape.moments().mean.iter().map(|m| m + sign * distance).collect();
                    let what = format!("{name}, σ = {sigma:e}, distance {distance:e}");
                    let (reading, mean) = read(shape.as_ref(), &z, sigma);
                    assert!(reading.log_sum.is_finite() && reading.second.is_finite(), "{what}: {reading:?}");
                    let mut y = vec![f64::NAN; z.len()];
                    shape.draw(&z, sigma, &mut stream, &mut y).expect("a sample");
                    assert!(mean.iter().chain(&y).all(|x| x.is_finite()), "{what}: {mean:?} {y:?}");
                    shape.project(&z, &mut y);
                    assert!(y.iter().all(|x| x.is_finite()), "{what}: {y:?}");
                }
            }
        }
    }
}

/// A thick subspace, the Gaussian of its covariance, and ln N(z; o, Σ + σ²I) with determinant and inverse of the 2 × 2
/// matrix written out, are one, at all levels.
#[test]
fn a_gaussian_is_its_covariance() {
    /// Rounding of some twenty operations, and of the eigenvalues of Σ, which differ by a factor of 25.
    const ROUNDING: f64 = 1e-13;
    let (o, u, tau, s) = ([0.5, -1.0], array![[0.6, 0.8]], 1.5, 0.3);
    let shape = thick(&o, &u, &[tau], s);
    // Σ = τ²uuᵀ + s²(I − uuᵀ)
    let entry = |i: usize, j: usize| {
        let one = f64::from(u8::from(i == j));
        tau * tau * u[[0, i]] * u[[0, j]] + s * s * (one - u[[0, i]] * u[[0, j]])
    };
    let (a, b, c) = (entry(0, 0), entry(0, 1), entry(1, 1));
    let covariance = shape.covariance().expect("bounded");
    close(covariance[[0, 1]], b, ROUNDING, "covariance");
    let same = Subspace::from_covariance(o.to_vec(), array![[a, b], [b, c]].view()).expect("a covariance");
    assert_eq!(same.directions().dim(), (2, 2));
    for power in -12..=12 {
        let sigma = 10f64.powi(power);
        let noise = sigma * sigma;
        for z in states(2, sigma) {
            let (x, y) = (z[0] - o[0], z[1] - o[1]);
            let what = format!("σ = {sigma:e}");
            // In units of σ², so that nothing underflows.
            let (p, q, r) = (a / noise + 1.0, b / noise, c / noise + 1.0);
            let (tau2, s2) = (tau * tau / noise + 1.0, s * s / noise + 1.0);
            let determinant = tau2 * s2;
            let square = (r * x * x - 2.0 * q * x * y + p * y * y) / determinant / noise;
            // Of small levels the determinant is exact; of large ones its logarithm is.
            let log_sum = -0.5 * ((tau * tau / noise).ln_1p() + (s * s / noise).ln_1p() + square);
            let (first, mean) = read(&shape, &z, sigma);
            let (second, other) = read(&same, &z, sigma);
            close(first.log_sum, log_sum, 10.0 * ROUNDING, &what);
            close(second.log_sum, log_sum, 10.0 * ROUNDING, &what);
            close(second.second, first.second, ROUNDING, &what);
            mean.iter().zip(&other).for_each(|(m, o)| close(*o, *m, ROUNDING, &what));
        }
    }
}

/// A covariance of low rank has its directions only.
#[test]
fn a_covariance_without_full_rank_is_a_subspace() {
    let covariance = array![[4.0, 4.0, 0.0], [4.0, 4.0, 0.0], [0.0, 0.0, 0.0]];
    let line = Subspace::from_covariance(vec![0.0; 3], covariance.view()).expect("a covariance");
    assert_eq!(line.directions().dim(), (1, 3));
    close(line.deviations()[0], 8f64.sqrt(), 1e-14, "deviation");
    let point = Subspace::from_covariance(vec![1.0; 2], Array2::zeros((2, 2)).view()).expect("a point");
    assert_eq!(point.moments().variance, 0.0);
}

#[test]
fn what_is_no_shape_is_refused() {
    let says = |e: attractor::Error| e.to_string();
    let row = array![[1.0, 0.0]];
    let refused = |origin: &[f64], directions: &Array2<f64>, deviations: &[f64]| {
        says(Subspace::new(origin.to_vec(), directions.clone(), deviations.to_vec()).expect_err("refused"))
    };
    assert!(refused(&[0.0; 3], &row, &[1.0]).contains("expected 3 units a row, as origin has, found 2"));
    assert!(refused(&[0.0; 2], &row, &[1.0; 2]).contains("one for each of 1 directions, found 2"));
    assert!(refused(&[0.0; 2], &row, &[0.0]).contains("numbers > 0, or infinite, found 0"));
    assert!(refused(&[0.0; 2], &row, &[f64::NAN]).contains("found NaN"));
    assert!(refused(&[0.0, f64::NAN], &row, &[1.0]).contains("origin: expected finite numbers, found NaN"));
    assert!(refused(&[], &Array2::zeros((0, 0)), &[]).contains("origin: expected at least one number"));
    assert!(refused(&[0.0; 2], &array![[1.0, 1.0]], &[1.0]).contains("rows 0 and 0 with product 2"));
    assert!(refused(&[0.0; 2], &array![[f64::NAN, 1.0]], &[1.0]).contains("with product NaN"));
    let twice = array![[1.0, 0.0], [1.0, 0.0]];
    assert!(refused(&[0.0; 2], &twice, &[1.0; 2]).contains("rows 0 and 1 with product 1"));
    let thickness = |s: f64| says(subspace(&[0.0; 2], &row, &[1.0]).with_thickness(s).expect_err("refused"));
    assert!(thickness(-1.0).contains("thickness: expected a finite number ≥ 0, found -1"));
    assert!(thickness(f64::NAN).contains("found NaN"));
    let covariance =
        |rows: &Array2<f64>| says(Subspace::from_covariance(vec![0.0; 2], rows.view()).expect_err("refused"));
    assert!(covariance(&array![[1.0]]).contains("covariance: expected 2 × 2"));
    assert!(covariance(&array![[1.0, 2.0], [2.0, 1.0]]).contains("has no negative eigenvalue"));
    assert!(covariance(&array![[1.0, 2.0], [0.0, 1.0]]).contains("a symmetric matrix"));
    let three = array![[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]];
    assert!(refused(&[0.0; 2], &three, &[1.0; 3]).contains("rows 0 and 2 with product 0.6"));
    let segment = |a: &[f64], b: &[f64]| says(Segment::new(a.to_vec(), b.to_vec()).expect_err("refused"));
    assert!(segment(&[1.0, 2.0], &[1.0, 2.0]).contains("to: expected an end that differs from the first"));
    assert!(segment(&[1.0, 2.0], &[1.0]).contains("to: expected 2 units, as the first end has, found 1"));
    assert!(segment(&[1.0], &[f64::INFINITY]).contains("to: expected finite numbers"));
    assert!(
        says(Sphere::full(vec![0.0], 0.0).expect_err("refused"))
            .contains("radius: expected a finite number > 0")
    );
    let none = Sphere::new(vec![0.0], 1.0, Array2::zeros((0, 1))).expect_err("refused");
    assert!(says(none).contains("directions: expected at least one row"));
    let line = Subspace::flat(vec![0.0; 2], row).expect("a line");
    let mut stream = Stream::new(0, Purpose::Prior, 0);
    let error = line.draw(&[0.0; 2], f64::INFINITY, &mut stream, &mut [0.0; 2]).expect_err("refused");
    assert!(says(error).contains("it has no end"));
}
