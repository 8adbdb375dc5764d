//! Local denoisers: against the formula written out pixel by pixel, and against what is known of their end states.

use attractor::energies::{Denoise, ImageForm, Local, LocalRule, Points, Side, Windows};
use attractor::linear::Cholesky;
use attractor::noise::{Purpose, Stream};
use attractor::{Error, Patterns};
use ndarray::{Array2, ArrayView1, array};

/// Rounding of sums of a hundred numbers near 1, and of exponentials of numbers up to 100.
const ROUNDING: f64 = 1e-11;

fn random(rows: usize, units: usize, seed: u64) -> Array2<f64> {
    let mut stream = Stream::new(seed, Purpose::Patterns, 0);
    Array2::from_shape_simple_fn((rows, units), || stream.normal())
}

/// One setting of the formula.
#[derive(Clone, Copy, Debug)]
struct Setting {
    form: ImageForm,
    torus: bool,
    offsets: bool,
    side: usize,
}

impl Setting {
    fn value(&self, image: ArrayView1<f64>, y: usize, x: usize, c: usize) -> f64 {
        let ImageForm { height, width, channels, planes } = self.form;
        image[if planes { (c * height + y) * width + x } else { (y * width + x) * channels + c }]
    }

    /// The places of a window around a pixel, each as (offset in the window, place); places outside are left out.
    fn window(&self, y: usize, x: usize) -> Vec<((isize, isize), (usize, usize))> {
        let (h, w, reach) = (self.form.height as isize, self.form.width as isize, self.side as isize / 2);
        let mut places = Vec::new();
        for dy in -reach..=reach {
            for dx in -reach..=reach {
                let (y, x) = (y as isize + dy, x as isize + dx);
                if self.torus {
                    places.push(((dy, dx), (y.rem_euclid(h) as usize, x.rem_euclid(w) as usize)));
                } else if (0..h).contains(&y) && (0..w).contains(&x) {
                    places.push(((dy, dx), (y as usize, x as usize)));
                }
            }
        }
        places
    }

    /// The formula of the documentation, with no sum shared.
    fn denoised(&self, stored: &Array2<f64>, z: ArrayView1<f64>, sigma: f64) -> Vec<f64> {
        let ImageForm { height, width, channels, planes } = self.form;
        let mut result = vec![0.0; z.len()];
        for y in 0..height {
            for x in 0..width {
                let own = self.window(y, x);
                let mut candidates = Vec::new();
                for image in stored.outer_iter() {
                    for (cy, cx) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
                        let other = self.window(cy, cx);
                        let alike = own.iter().map(|o| o.0).eq(other.iter().map(|o| o.0));
                        if !alike || (!self.offsets && (cy, cx) != (y, x)) {
                            continue;
                        }
                        let mut square = 0.0;
                        for ((_, a), (_, b)) in own.iter().zip(&other) {
                            for c in 0..channels {
                                square +=
                                    (self.value(z, a.0, a.1, c) - self.value(image, b.0, b.1, c)).powi(2);
                            }
                        }
                        candidates.push((-square / (2.0 * sigma * sigma), image, cy, cx));
                    }
                }
                let peak = candidates.iter().fold(f64::NEG_INFINITY, |most, c| most.max(c.0));
                let mass: f64 = candidates.iter().map(|c| (c.0 - peak).exp()).sum();
                for c in 0..channels {
                    let mean: f64 = candidates
                        .iter()
                        .map(|&(logit, image, cy, cx)| (logit - peak).exp() * self.value(image, cy, cx, c))
                        .sum();
                    let at =
                        if planes { (c * height + y) * width + x } else { (y * width + x) * channels + c };
                    result[at] = mean / mass;
                }
            }
        }
        result
    }
}

#[test]
fn every_rule_is_its_formula() {
    let form = |height, width, channels, planes| ImageForm { height, width, channels, planes };
    let settings = [
        (form(5, 7, 1, false), false, false, 3),
        (form(5, 7, 2, false), false, true, 3),
        (form(5, 4, 3, true), true, false, 3),
        (form(5, 6, 1, false), true, true, 3),
        (form(6, 6, 2, true), true, true, 5),
        (form(6, 9, 1, false), false, true, 5),
        (form(4, 4, 1, false), false, false, 1),
        (form(1, 12, 1, false), false, true, 7),
        // More than a vector wide, and more lines than are summed at a time.
        (form(5, 17, 1, false), true, true, 5),
        (form(17, 4, 1, false), false, true, 3),
        (form(6, 11, 2, true), true, false, 5),
    ];
    for (form, torus, offsets, side) in settings {
        let setting = Setting { form, torus, offsets, side };
        let units = form.height * form.width * form.channels;
        // More images than one task takes, so that parts are merged.
        let (stored, states) = (random(37, units, 1), random(3, units, 2));
        let rule = if offsets { LocalRule::EquivariantLocal } else { LocalRule::Local };
        let windows = Windows::constant(side).unwrap();
        let patterns = Patterns::new(stored.clone()).unwrap();
        let local = Local::new(patterns, form, torus, rule, windows).unwrap();
        for sigma in [0.3, 1.0, 4.0] {
            let means = local.denoise(states.view(), &[sigma; 3]).unwrap();
            for (mean, z) in means.outer_iter().zip(states.outer_iter()) {
                for (found, expected) in mean.iter().zip(setting.denoised(&stored, z, sigma)) {
                    assert!((found - expected).abs() < ROUNDING, "{setting:?} {sigma}: {found} {expected}");
                }
            }
        }
    }
}

/// On a torus, whole images at all places are the exact denoiser of every image at every place.
#[test]
fn whole_images_at_all_places_are_images_that_were_shifted() {
    let (height, width) = (3, 4);
    let (stored, states) = (random(5, 12, 3), random(2, 12, 4));
    let shifted = |image: ArrayView1<f64>, dy: usize, dx: usize| -> Vec<f64> {
        let place = |k: usize| ((k / width + dy) % height) * width + (k % width + dx) % width;
        (0..12).map(|k| image[place(k)]).collect()
    };
    let mut all = Vec::new();
    for image in stored.outer_iter() {
        for dy in 0..height {
            (0..width).for_each(|dx| all.extend(shifted(image, dy, dx)));
        }
    }
    let exact = Points::new(Patterns::new(Array2::from_shape_vec((60, 12), all).unwrap()).unwrap());
    let form = ImageForm::grey(height, width);
    let patterns = Patterns::new(stored).unwrap();
    let local = Local::new(patterns, form, true, LocalRule::Equivariant, Windows::whole()).unwrap();
    let difference =
        local.denoise(states.view(), &[0.8; 2]).unwrap() - exact.denoise(states.view(), &[0.8; 2]).unwrap();
    assert!(difference.iter().all(|d| d.abs() < ROUNDING));
}

#[test]
fn ideal_is_the_exact_denoiser_and_wiener_the_best_linear_one() {
    let weights: Vec<f64> = (1..=9).map(f64::from).collect();
    let stored = Patterns::new(random(9, 12, 5)).unwrap().with_weights(&weights).unwrap();
    let states = random(4, 12, 6);
    let form = ImageForm::grey(3, 4);
    let local = |rule| Local::new(stored.clone(), form, false, rule, Windows::whole()).unwrap();
    let exact = Points::new(stored.clone()).denoise(states.view(), &[0.9; 4]).unwrap();
    let ideal = local(LocalRule::Ideal).denoise(states.view(), &[0.9; 4]).unwrap();
    assert!((ideal - exact).iter().all(|d| d.abs() < ROUNDING));

    // m + Σ(Σ + σ²I)⁻¹(z − m), with a covariance that is summed here.
    let total: f64 = weights.iter().sum();
    let mean = Array2::from_shape_fn((1, 12), |(_, j)| {
        stored.values().column(j).iter().zip(&weights).map(|(y, w)| y * w / total).sum::<f64>()
    });
    let mut covariance = Array2::zeros((12, 12));
    for (y, w) in stored.values().outer_iter().zip(&weights) {
        let deviation = &y.insert_axis(ndarray::Axis(0)) - &mean;
        covariance = covariance + deviation.t().dot(&deviation) * (w / total);
    }
    let noisy = &covariance + &(Array2::<f64>::eye(12) * 0.81);
    let solved = Cholesky::new(noisy.view()).unwrap().solve((&states - &mean).view()).unwrap();
    let linear = solved.dot(&covariance) + &mean;
    let wiener = local(LocalRule::Wiener).denoise(states.view(), &[0.9; 4]).unwrap();
    assert!((wiener - linear).iter().all(|d| d.abs() < ROUNDING));
}

/// Black and white images on a torus, windows of 3 × 3: a state stays where every pixel has the colour of most of its
/// block. There are 2 such fields on 3 × 3 pixels and 188 on 4 × 4 (counted by a program of its own).
#[test]
fn mosaics_of_two_images_are_fields_of_majorities() {
    for (side, fixed) in [(3, 2), (4, 188)] {
        let units = side * side;
        let mut stored = Array2::from_elem((2, units), 1.0_f32);
        stored.row_mut(1).fill(-1.0);
        let states =
            Array2::from_shape_fn(
                (1 << units, units),
                |(state, unit)| {
                    if state >> unit & 1 == 1 { 1.0_f32 } else { -1.0 }
                },
            );
        for rule in [LocalRule::Local, LocalRule::EquivariantLocal] {
            let patterns = Patterns::new(stored.clone()).unwrap();
            let windows = Windows::constant(3).unwrap();
            let local = Local::new(patterns, ImageForm::grey(side, side), true, rule, windows).unwrap();
            let ends = local.denoise(states.view(), &vec![0.0; 1 << units]).unwrap();
            let stay = ends.outer_iter().zip(states.outer_iter()).filter(|(end, state)| end == state).count();
            assert_eq!(stay, fixed, "{rule:?} on {side} x {side}");
        }
    }
}

/// Pixels that are independent say nothing about each other; copies say all.
#[test]
fn windows_that_fit_are_small_for_independent_pixels_and_whole_for_copies() {
    let form = ImageForm::grey(6, 6);
    let signs = random(300, 36, 7).mapv(|x: f64| x.signum());
    let fitted = |rows: Array2<f64>| {
        let patterns = Patterns::new(rows).unwrap();
        let local = Local::new(patterns, form, false, LocalRule::Local, Windows::whole()).unwrap();
        local.with_fitted_windows().unwrap().windows().clone()
    };
    let independent = fitted(signs.clone());
    let copies = fitted(ndarray::concatenate![ndarray::Axis(0), signs, signs]);
    for level in [0.1, 0.5, 1.0] {
        assert_eq!(independent.at(level), Side::Pixels(1), "{independent}");
    }
    assert_eq!(copies.at(0.5), Side::Whole, "{copies}");
}

#[test]
fn windows_are_read_and_written() {
    let windows: Windows = "3,7@0.5,whole@2".parse().unwrap();
    assert_eq!(windows.to_string(), "3,7@0.5,whole@2");
    let at = [0.0, 0.49, 0.5, 1.9, 2.0, 1e9].map(|level| windows.at(level));
    assert_eq!(at[..4], [Side::Pixels(3), Side::Pixels(3), Side::Pixels(7), Side::Pixels(7)]);
    assert_eq!(at[4..], [Side::Whole; 2]);
    for wrong in ["", "4", "-3", "3,7", "3,5@2,7@1", "3,5@nan", "3@0.5", "3,4@1", "inf", "3,5@inf"] {
        assert!(wrong.parse::<Windows>().is_err(), "{wrong}");
    }
    for wrong in ["", "28", "0x3", "2x3x4x5", "axb", "99999999999x99999999999"] {
        assert!(wrong.parse::<ImageForm>().is_err(), "{wrong}");
    }
}

#[test]
fn images_that_do_not_fit_are_refused() {
    let new = |form, torus, rule, side: usize| {
        let patterns = Patterns::new(array![[1.0_f32, 0.0, 1.0, 0.5, 0.0, 2.0]]).unwrap();
        Local::new(patterns, form, torus, rule, Windows::constant(side).unwrap())
    };
    let form = ImageForm::grey(2, 3);
    assert!(matches!(new(ImageForm::grey(3, 3), false, LocalRule::Local, 3), Err(Error::Shape { .. })));
    assert!(new(form, true, LocalRule::Local, 3).is_err(), "larger than the torus");
    assert!(new(form, false, LocalRule::Equivariant, 3).is_err(), "no shift without a torus");
    assert!(
        new(form, false, LocalRule::Local, 2001).is_ok(),
        "a window may be larger than an image with a border"
    );
}
