//! The experiments of Millidge et al. (2022) on MNIST and CIFAR-10, compared with an independent program that
//! follows the published code. `fixtures/universal_hopfield.csv` has its means and population standard
//! deviations over five runs as printed (none for tables without deviations). The images are in the folder
//! that `ATTRACTOR_DATA` names. Without it the tests are skipped with a message.
#![allow(missing_docs)]

use std::path::{Path, PathBuf};

use attractor_data::{ReadOptions, read};
use attractor_experiments::Experiment;
use attractor_experiments::universal_hopfield::{
    Images, Setup, mask, noise, separation, similarity, threshold,
};
use serde_json::Value;

/// A file of that folder.
fn data(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("ATTRACTOR_DATA").filter(|f| !f.is_empty());
    let path = folder.map(|folder| Path::new(&folder).join(name)).filter(|p| p.exists());
    if path.is_none() {
        eprintln!("skipped: ATTRACTOR_DATA names no folder with {name}");
    }
    path
}

/// Images in a store of the reference's capacity experiments. The first `LEADING` of them are enough for its
/// small stores and take a hundredth of the time.
const WHOLE: usize = 1000;
const LEADING: usize = 100;

/// The first `n` of every 1,000 rows.
fn leading(order: &[usize], n: usize) -> Vec<usize> {
    order.chunks(WHOLE).take(5).flat_map(|run| &run[..n]).copied().collect()
}

/// MNIST test images, `n` of every 1,000, in the order of the reference; or all, in the order of the file.
fn mnist(n: Option<usize>) -> Option<Setup> {
    let table = read(&data("mnist/t10k-images-idx3-ubyte.gz")?, &ReadOptions::default()).expect("MNIST");
    let order: Option<Vec<usize>> = match n {
        Some(n) => {
            let order = read(&data("mnist/run-order.npy")?, &ReadOptions::default()).expect("an order");
            let order: Vec<usize> = order.numbers::<f64>().iter().map(|&row| row as usize).collect();
            Some(leading(&order, n))
        }
        None => None,
    };
    Some(Setup::new(Images::new("mnist", table, order.as_deref(), String::new()).expect("images")))
}

/// CIFAR-10 training images, `n` of every 1,000, in the order of the file.
fn cifar(n: usize) -> Option<Setup> {
    let table =
        read(&data("cifar10/images-5000x3x32x32-u8.npy")?, &ReadOptions::default()).expect("CIFAR-10");
    let order = leading(&(0..table.rows()).collect::<Vec<_>>(), n);
    Some(Setup::new(Images::new("cifar", table, Some(&order), String::new()).expect("images")))
}

/// A number of the reference beside ours.
struct Pair {
    name: String,
    theirs: (f64, Option<f64>),
    ours: (f64, f64),
    images: f64,
}

impl Pair {
    /// Whether both agree to the printed digits: three of the mean, two of the deviation.
    fn equal(&self) -> bool {
        /// Half of the last digit, and a margin for binary rounding.
        const MEAN: f64 = 0.000_501;
        // The reference was rounded twice, to three digits and then to two.
        const DEVIATION: f64 = 0.005_501;
        let deviation = self.theirs.1.is_none_or(|theirs| (theirs - self.ours.1).abs() <= DEVIATION);
        (self.theirs.0 - self.ours.0).abs() <= MEAN && deviation
    }

    /// Whether both differ by at most two standard errors of a mean over five runs. The deviation of a run is
    /// at least that of independent cues.
    fn near(&self) -> bool {
        let s = |(mean, sd): (f64, f64)| sd.max((mean * (1.0 - mean) / self.images).sqrt());
        let theirs = (self.theirs.0, self.theirs.1.unwrap_or(0.0));
        let error = 2.0 * ((s(theirs).powi(2) + s(self.ours).powi(2)) / 4.0).sqrt();
        (self.theirs.0 - self.ours.0).abs() <= error + 0.0005
    }
}

/// All numbers of the reference for an experiment.
fn pairs(data: &str, name: &str, task: &str, experiment: &dyn Experiment) -> Vec<Pair> {
    let results = experiment.run(&mut |_, _| Ok(())).expect("a report").results.json();
    let cells = results.as_array().expect("cells");
    let by_separation = name == "uhn-separation";
    let across = if matches!(name, "uhn-similarity" | "uhn-separation") { "n" } else { "parameter" };
    let largest = cells.iter().filter_map(|c| c["n"].as_f64()).fold(0.0, f64::max);
    let fixture = include_str!("fixtures/universal_hopfield.csv");
    let mut pairs = Vec::new();
    for line in fixture.lines().skip(1) {
        let field: Vec<&str> = line.split(',').collect();
        if field[..3] != [data, name, task] {
            continue;
        }
        let number = |text: &str| text.parse::<f64>().unwrap_or(0.0);
        // The reference has stores larger than the images here.
        if across == "n" && number(field[6]) > largest {
            continue;
        }
        let row = if by_separation { "separation" } else { "similarity" };
        let cell = cells.iter().find(|c| {
            let text = |key: &str, expected: &str| c[key].as_str() == Some(expected);
            text("task", task)
                && text("mode", field[3])
                && text(row, field[5])
                && c[across].as_f64() == Some(number(field[6]))
        });
        let cell = cell.unwrap_or_else(|| panic!("we have no {line}"));
        let [mean, sd] = if field[4] == "exact" { ["identity", "identity_sd"] } else { ["mean", "sd"] };
        let of = |key: &str| cell[key].as_f64().expect("a number");
        pairs.push(Pair {
            name: field[..7].join(" "),
            theirs: (number(field[7]), field[8].parse().ok()),
            ours: (of(mean), of(sd)),
            images: of("n"),
        });
    }
    assert!(!pairs.is_empty(), "no reference for {data} {name} {task}");
    pairs
}

/// Lists all pairs that fail, and panics if there are any.
fn check(pairs: &[Pair], right: impl Fn(&Pair) -> bool) {
    let wrong: Vec<&Pair> = pairs.iter().filter(|p| !right(p)).collect();
    for p in &wrong {
        let ((a, b), (c, d)) = (p.theirs, p.ours);
        eprintln!("{}: {a} ± {b:?}, ours {c:.4} ± {d:.3}", p.name);
    }
    assert!(wrong.is_empty(), "{} of {} cells outside", wrong.len(), pairs.len());
}

/// Right answers among the first 20 and 100 test images in file order, by the published functions.
#[test]
fn counts_of_half_masked_digits_are_those_of_the_published_functions() {
    let Some(setup) = mnist(None) else { return };
    for (n, expected) in [(20, [18, 20, 20, 20, 20, 0]), (100, [77, 86, 91, 99, 100, 8])] {
        let setup = Setup { largest: Some(n), runs: Some(1), ..setup.clone() };
        let config = mask::Config { shares: vec![0.5], other_shares: vec![], ..mask::Config::new(setup) };
        let results = config.run(&mut |_, _| Ok(())).expect("a report").results.json();
        let count = |cell: &Value| (cell["mean"].as_f64().expect("a share") * n as f64).round() as usize;
        let counts: Vec<usize> = results.as_array().expect("cells").iter().take(6).map(count).collect();
        assert_eq!(counts, expected, "N = {n}");
    }
}

#[test]
fn masks_of_mnist_are_the_reference_s() {
    let Some(setup) = mnist(Some(WHOLE)) else { return };
    let config = mask::Config { other_shares: vec![], ..mask::Config::new(setup) };
    check(&pairs("mnist", "uhn-mask", "bottom", &config), Pair::equal);
}

#[test]
fn masks_of_cifar_are_the_reference_s() {
    let Some(setup) = cifar(WHOLE) else { return };
    let config = mask::Config { other_shares: vec![], ..mask::Config::new(setup) };
    check(&pairs("cifar", "uhn-mask", "bottom", &config), Pair::equal);
}

/// Image 273 of run 4 (from 0) with its lower half removed is exactly as far from image 233 as from itself.
/// Here the first of equals is taken. The reference, in f32, counts one image more, which depends on the last
/// digits of a sum.
const TIE: &str = "mnist uhn-separation half paper within max 300";

/// Whether the means differ by one image of 1,500.
fn one_image(pair: &Pair) -> bool {
    (pair.theirs.0 - pair.ours.0 - 1.0 / 1500.0).abs() < 1e-9
}

#[test]
fn separations_of_mnist_are_the_reference_s() {
    separations("mnist", mnist(Some(LEADING)));
}

#[test]
#[ignore = "minutes: cargo test -- --ignored"]
fn all_separations_of_mnist_are_the_reference_s() {
    separations("mnist", mnist(Some(WHOLE)));
}

#[test]
fn separations_of_cifar_are_the_reference_s() {
    separations("cifar", cifar(LEADING));
}

#[test]
#[ignore = "minutes: cargo test -- --ignored"]
fn all_separations_of_cifar_are_the_reference_s() {
    separations("cifar", cifar(WHOLE));
}

#[test]
fn thresholds_of_cifar_are_the_reference_s() {
    let Some(setup) = cifar(WHOLE) else { return };
    check(&pairs("cifar", "uhn-threshold", "half", &threshold::Config::new(setup)), Pair::equal);
}

#[test]
#[ignore = "minutes: cargo test -- --ignored"]
fn random_masks_of_cifar_are_near_the_reference_s() {
    let Some(setup) = cifar(WHOLE) else { return };
    let pairs = pairs("cifar", "uhn-mask", "random", &mask::Config::new(setup));
    check(&pairs, Pair::near);
}

#[test]
fn noise_levels_of_mnist_are_near_the_reference_s() {
    let Some(setup) = mnist(Some(WHOLE)) else { return };
    check(&pairs("mnist", "uhn-noise", "noise", &noise::Config::new(setup)), Pair::near);
}

#[test]
fn noise_levels_of_cifar_are_near_the_reference_s() {
    let Some(setup) = cifar(WHOLE) else { return };
    check(&pairs("cifar", "uhn-noise", "noise", &noise::Config::new(setup)), Pair::near);
}

#[test]
fn similarities_of_mnist_are_near_the_reference_s() {
    similarities("mnist", mnist(Some(LEADING)));
}

#[test]
#[ignore = "minutes: cargo test -- --ignored"]
fn all_similarities_of_mnist_are_near_the_reference_s() {
    similarities("mnist", mnist(Some(WHOLE)));
}

#[test]
fn similarities_of_cifar_are_near_the_reference_s() {
    similarities("cifar", cifar(LEADING));
}

#[test]
#[ignore = "minutes: cargo test -- --ignored"]
fn all_similarities_of_cifar_are_near_the_reference_s() {
    similarities("cifar", cifar(WHOLE));
}

fn separations(data: &str, setup: Option<Setup>) {
    let Some(setup) = setup else { return };
    let pairs = pairs(data, "uhn-separation", "half", &separation::Config::new(setup));
    check(&pairs, |pair| pair.equal() || pair.name == TIE && one_image(pair));
}

fn similarities(data: &str, setup: Option<Setup>) {
    let Some(setup) = setup else { return };
    check(&pairs(data, "uhn-similarity", "noise", &similarity::Config::new(setup)), Pair::near);
}
