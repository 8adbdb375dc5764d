//! What the page computes, against closed forms, the native program and the command line's own reader of descriptions.
#![allow(missing_docs)]

use std::path::Path;

use attractor::analysis::density;
use attractor::diffusion::{Process, Sampler};
use attractor::dynamics::Start;
use attractor::memories::mixture;
use attractor::{Memory, analysis::Density};
use attractor_explorer::particles::{Way, carry};
use attractor_explorer::{Contents, Gaussian, Grid, Landscape, Plane};
use ndarray::{Array2, array};
use serde_json::Value;

/// The rounding of a few dozen operations on numbers of size 1.
const ROUNDING: f64 = 1e-12;
/// The same in single precision.
const SINGLE: f64 = 1e-5;

fn points(points: &[[f64; 2]]) -> Plane {
    Plane::new(Contents { points: points.to_vec(), ..Contents::default() }).expect("points")
}

fn at(state: [f64; 2]) -> Grid {
    Grid { corner: state, step: [1.0, 1.0], size: [1, 1] }
}

/// The numbers that the page compares with are those of the program.
#[test]
fn the_fixture_of_the_self_check_is_what_the_program_computes() {
    let text = include_str!("../../../explorer/src/native.json");
    let fixture: Value = serde_json::from_str(text).expect("JSON");
    let rows = |name: &str| -> Vec<[f64; 2]> { serde_json::from_value(fixture[name].clone()).expect(name) };
    let plane = points(&rows("points"));
    let cues = rows("cues");
    let ends = plane
        .recall(Array2::from(cues.clone()).view(), fixture["sigma"].as_f64().expect("a level"), 0)
        .expect("a recall");
    for (end, wanted) in ends.outer_iter().zip(rows("recalled")) {
        assert!((end[0] - wanted[0]).hypot(end[1] - wanted[1]) < 1e-9, "{end} {wanted:?}");
    }
    let sigma = fixture["energy_sigma"].as_f64().expect("a level");
    for (cue, wanted) in cues.iter().zip(fixture["energies"].as_array().expect("a list")) {
        let energy = plane.energies(Landscape::Diffusion, sigma, &at(*cue)).expect("an energy")[0];
        assert!((energy - wanted.as_f64().expect("a number")).abs() < ROUNDING);
    }
}

/// With one pattern y, D = y: the flow is z' = y + (σ'/σ)(z − y), in both directions.
#[test]
fn the_flow_of_one_pattern_is_a_straight_line() {
    let plane = points(&[[0.5, -0.25]]);
    let mut state = array![[2.0, 1.0]];
    plane.carry(state.view_mut(), (1.5, 0.3), Way::Flow, 0).expect("a flow");
    let wanted = [0.5 + 0.2 * 1.5, -0.25 + 0.2 * 1.25];
    assert!((state[[0, 0]] - wanted[0]).hypot(state[[0, 1]] - wanted[1]) < SINGLE, "{state}");
    plane.carry(state.view_mut(), (0.3, 1.5), Way::Flow, 0).expect("a flow");
    assert!((state[[0, 0]] - 2.0).hypot(state[[0, 1]] - 1.0) < SINGLE, "{state}");
}

/// The SDE keeps y + σε what it is, as noise rises and as it falls: the deviation from one pattern is σ.
#[test]
fn the_sde_keeps_the_spread_of_its_level() {
    /// Six standard errors of the root mean square of 8,000 numbers.
    const OFF: f64 = 6.0 / 126.5;
    let plane = points(&[[0.0, 0.0]]);
    let mut states = plane.draws(4000, 0.5, 1).expect("draws");
    let spread = |states: &Array2<f64>| (states.iter().map(|z| z * z).sum::<f64>() / 8000.0).sqrt();
    assert!((spread(&states) / 0.5 - 1.0).abs() < OFF);
    for (from, to) in [(0.5, 2.0), (2.0, 0.1)] {
        plane.carry(states.view_mut(), (from, to), Way::Sde, 7).expect("an SDE");
        assert!((spread(&states) / to - 1.0).abs() < OFF, "{from} to {to}: {}", spread(&states));
    }
}

/// A state of its own takes the steps of the sampler of the command line, with the same random numbers.
#[test]
fn the_sde_is_ancestral_sampling() {
    let plane = points(&[[0.6, 0.8], [-0.6, -0.8], [1.0, -0.5]]);
    let first = array![[0.3_f64, -0.2]];
    let denoiser = plane.memory().denoiser().expect("a denoiser");
    let dynamics = Sampler::Ancestral.dynamics(denoiser, Process::default(), 1e-6);
    let mut run =
        dynamics.start(Start { states: first.view(), rows: &[0], seed: 5, held: None }).expect("a start");
    let mut wanted = first.clone();
    // 0.8 to 0.5 takes ten steps of at most 5 %.
    let level = |k: i32| 0.8 * (0.5_f64 / 0.8).powf(f64::from(k) / 10.0);
    for k in 0..10 {
        run.step(&[0], wanted.view_mut(), &[level(k)], &[level(k + 1)]).expect("a step");
    }
    let mut found = first.clone();
    carry(denoiser, found.view_mut(), (0.8, 0.5), Way::Sde, 5).expect("an SDE");
    assert!((found - wanted).iter().all(|off| off.abs() < ROUNDING));
}

/// Memories that are far from 0, huge or tiny move as the same memory about 0 does.
#[test]
fn what_moves_has_any_place_and_size() {
    let near = [[0.6, 0.8], [-0.6, -0.8], [1.0, -0.5]];
    for (middle, extent) in [(2e6, 1e-3), (0.0, 1e14), (0.0, 1e-12), (-1e14, 1e11)] {
        let place = |at: [f64; 2]| at.map(|unit| middle + extent * unit);
        let far = points(&near.map(place));
        for way in [Way::Flow, Way::Sde] {
            let mut one = array![[0.3, -0.2], [1.4, 1.0]];
            let mut other = Array2::from(vec![place([0.3, -0.2]), place([1.4, 1.0])]);
            points(&near).carry(one.view_mut(), (0.9, 0.4), way, 3).expect("a path");
            far.carry(other.view_mut(), (0.9 * extent, 0.4 * extent), way, 3).expect("a path");
            for (one, other) in one.iter().zip(&other) {
                // Places of size 2e6 are rounded at 2e-10, 2e-7 of the extent.
                assert!(
                    (one - (other - middle) / extent).abs() < 10.0 * SINGLE,
                    "{middle} {extent}: {one} {other}"
                );
            }
        }
        let grid = Grid { corner: place([-1.0, -1.0]), step: [0.5 * extent; 2], size: [5, 5] };
        let exact = far.energies(Landscape::Diffusion, 0.4 * extent, &grid).expect("energies");
        let quick = far.quick_energies(Landscape::Diffusion, 0.4 * extent, &grid).expect("energies");
        for (one, two) in quick.iter().zip(exact) {
            assert!((one - two).abs() < 100.0 * SINGLE * extent * extent, "{middle} {extent}: {one} {two}");
        }
    }
}

/// The picture that moves is that of the energies, up to the rounding of single precision.
#[test]
fn quick_energies_are_the_energies() {
    let grid = Grid { corner: [-2.0, 2.0], step: [0.4, -0.4], size: [11, 11] };
    let plane = points(&[[1.0, 0.2], [-0.4, 0.9], [-0.5, -1.1]]);
    for name in ["diffusion", "modern", "sparsemax", "log-sum-relu", "dense:poly:3", "hopfield"] {
        let landscape: Landscape = name.parse().expect(name);
        let exact = plane.energies(landscape, 0.3, &grid).expect(name);
        for (one, two) in plane.quick_energies(landscape, 0.3, &grid).expect(name).iter().zip(exact) {
            assert!((one - two).abs() < 1e-5 * (1.0 + two.abs()), "{name}: {one} {two}");
        }
    }
}

/// ±y with |y| = 1 has one minimum above σ = 1 and two below.
#[test]
fn two_patterns_split_at_their_norm() {
    let plane = points(&[[0.6, 0.8], [-0.6, -0.8]]);
    let levels = plane.critical().expect("levels").expect("two patterns that differ");
    assert!((levels.speciation - 1.0).abs() < 1e-9, "{levels:?}");
    let starts = array![[1.0, 1.0], [-1.0, -1.0], [0.3, 0.4], [0.0, 0.0]];
    for (sigma, count) in [(1.3, 1), (0.7, 2), (0.1, 2)] {
        assert_eq!(
            plane.minima(Landscape::Diffusion, starts.view(), sigma).expect("minima").nrows(),
            count,
            "at {sigma}"
        );
    }
    let grid = Grid { corner: [-1.0, -1.0], step: [2.0, 2.0], size: [2, 2] };
    let basins = plane.basins(Landscape::Diffusion, 0.5, &grid).expect("basins");
    assert_eq!((basins[0], basins[3]), (1, 0));
}

/// Two supports of radius √2 σ about ±1 overlap between them: their middle is a minimum that was never stored (Hoover et al. 2025).
/// Where no support is, recall leads nowhere; beside both, it leads to the pattern.
#[test]
fn overlapping_supports_have_a_minimum_of_their_own() {
    let plane = points(&[[1.0, 0.0], [-1.0, 0.0]]);
    let starts = array![[1.1, 0.1], [0.1, -0.1], [-1.2, 0.0], [3.0, 3.0]];
    let minima = plane.minima(Landscape::LogSumRelu, starts.view(), 1.0).expect("minima");
    assert_eq!(minima, array![[1.0, 0.0], [0.0, 0.0], [-1.0, 0.0]]);
    // Apart from each other they leave none.
    let minima = plane.minima(Landscape::LogSumRelu, starts.view(), 0.5).expect("minima");
    assert_eq!(minima.nrows(), 2);
    let grid = Grid { corner: [-1.5, 0.0], step: [1.5, 0.0], size: [4, 1] };
    let basins = plane.basins(Landscape::LogSumRelu, 0.5, &grid).expect("basins");
    assert_eq!(basins, [1, Plane::NOWHERE, 0, Plane::NOWHERE]);
    assert!(plane.minima(Landscape::Hopfield, starts.view(), 0.5).is_err());
}

/// The basins of a modern network at a low temperature are those of the nearest pattern.
#[test]
fn basins_are_of_the_chosen_model() {
    let plane = points(&[[1.0, 0.0], [-0.6, 0.8], [-0.6, -0.8]]);
    let grid = Grid { corner: [-1.0, 1.0], step: [0.5, -0.5], size: [5, 5] };
    for (name, sigma) in [("modern", 0.2), ("sparsemax", 0.2), ("diffusion", 0.2)] {
        let basins = plane.basins(name.parse().expect(name), sigma, &grid).expect(name);
        assert_eq!((basins[0], basins[14], basins[20]), (1, 0, 2), "{name}");
    }
}

/// For patterns of equal norm the arrows of Hopfield and of the denoiser coincide; for others they do not.
#[test]
fn both_pulls_coincide_for_equal_norms() {
    let grid = Grid { corner: [-1.5, -1.5], step: [0.5, 0.5], size: [7, 7] };
    let apart = |plane: &Plane, landscape| {
        let pull = plane.pull(Landscape::Diffusion, 0.4, &grid).expect("a pull");
        let other = plane.pull(landscape, 0.4, &grid).expect("a pull");
        (pull - other).iter().fold(0.0_f64, |most, value| most.max(value.abs()))
    };
    let equal = points(&[[1.0, 0.0], [0.0, 1.0], [-0.6, 0.8]]);
    assert!(apart(&equal, Landscape::Modern(false)) < ROUNDING);
    let unequal = points(&[[1.0, 0.0], [0.0, 0.5], [-0.6, 0.8]]);
    assert!(apart(&unequal, Landscape::Modern(false)) > 0.1);
    assert!(apart(&unequal, Landscape::Modern(true)) < ROUNDING);
}

/// Pulls are the negative gradient of the energies beside them.
#[test]
fn pulls_are_differences_of_energies() {
    /// The error of a central difference of step 1e-5 of these energies, whose third derivatives are below 1000.
    const DIFFERENCE: f64 = 1e-6;
    let plane = points(&[[1.0, 0.2], [-0.4, 0.9], [-0.5, -1.1]]);
    for name in [
        "diffusion",
        "modern",
        "modern:distance",
        "sparsemax",
        "entmax:1.5",
        "log-sum-relu",
        "dense:poly:3",
        "dense:relu:3",
        "dense:exp",
        "hopfield",
    ] {
        let landscape: Landscape = name.parse().expect(name);
        let energy = |x, y| plane.energies(landscape, 0.6, &at([x, y])).expect(name)[0];
        let (x, y, h) = (0.3, 0.5, 1e-5);
        let pull = plane.pull(landscape, 0.6, &at([x, y])).expect(name);
        let slope = [
            (energy(x - h, y) - energy(x + h, y)) / (2.0 * h),
            (energy(x, y - h) - energy(x, y + h)) / (2.0 * h),
        ];
        assert!(
            (pull[[0, 0]] - slope[0]).hypot(pull[[0, 1]] - slope[1]) < DIFFERENCE,
            "{name}: {pull} {slope:?}"
        );
    }
}

fn shapes() -> Contents {
    Contents {
        points: vec![[1.0, 0.5], [-1.0, 0.25]],
        curves: vec![vec![[-1.0, -1.0], [0.0, -1.4], [1.0, -1.0]]],
        gaussians: vec![Gaussian { mean: [0.2, 1.2], deviations: [0.6, 0.2], angle: 0.7 }],
    }
}

/// The description that the page saves is read by the command line as the same memory.
#[test]
fn the_saved_description_is_the_same_memory() {
    let plane = Plane::new(shapes()).expect("shapes");
    let text = plane.contents().description();
    let read = attractor_data::description_from_text(Path::new("plane.toml"), &text).expect("a description");
    let other = mixture::<f64>(read.mixture().expect("a mixture"), Default::default()).expect("a memory");
    let states = array![[0.1, 0.2], [-1.5, 0.7], [1.9, -1.3]];
    for sigma in [0.05, 0.4, 1.5] {
        let of = |memory: &dyn Memory<f64>| {
            density(memory, states.view(), &[sigma; 3], Density::Exact).expect("a density")
        };
        for (one, two) in of(plane.memory()).iter().zip(of(other.as_ref())) {
            assert!((one - two).abs() < 1e-9 * (1.0 + one.abs()), "at {sigma}: {one} {two}");
        }
    }
}

/// The posterior sums to 1, and shares count states by the memory that they come from; beside a curve the local dimension is about 1.
#[test]
fn a_read_says_which_memory_and_of_what_dimension() {
    let plane = Plane::new(shapes()).expect("shapes");
    let read = plane.read([0.0, -1.4], 0.15).expect("a read");
    assert_eq!(read.len(), 4 + 3);
    assert!((read[..4].iter().sum::<f64>() - 1.0).abs() < ROUNDING && read[2] > 0.9, "{read:?}");
    assert!((read[5] - 1.0).abs() < 0.2, "{read:?}");
    // At σ = 0.02 a particle 0.03 beside a pattern is still of that pattern, although the Gaussian is broad.
    let states = array![[1.0, 0.5], [0.0, -1.4], [1.0, 0.53], [0.2, 1.2]];
    assert_eq!(plane.shares(states.view(), 0.02).expect("shares"), [0.5, 0.0, 0.25, 0.25]);
}

#[test]
fn wrong_numbers_are_refused_in_a_sentence() {
    let flat = |points: &[f64], curves: &[f64], corners: &[u32], gaussians: &[f64]| {
        Contents::from_flat(points, curves, corners, gaussians).map(|_| ()).expect_err("refused").to_string()
    };
    assert!(flat(&[1.0], &[], &[], &[]).contains("points: expected pairs"));
    assert!(flat(&[1.0, f64::NAN], &[], &[], &[]).contains("finite"));
    assert!(flat(&[], &[1.0, 2.0], &[2], &[]).contains("corners"));
    assert!(flat(&[], &[], &[], &[1.0; 4]).contains("gaussians"));
    assert!(Plane::new(Contents::default()).is_err());
    let plane = points(&[[1.0, 0.0]]);
    for sigma in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(plane.energies(Landscape::Diffusion, sigma, &at([0.0, 0.0])).is_err());
        assert!(plane.carry(array![[0.0, 0.0]].view_mut(), (1.0, sigma), Way::Flow, 0).is_err());
    }
    assert!("dense:poly:1".parse::<Landscape>().is_err() && "other".parse::<Landscape>().is_err());
}
