//! Forward pass, gradients and optimiser, against PyTorch and against finite differences.
#![allow(missing_docs)]

use std::path::Path;

use attractor::Patterns;
use attractor::energies::{Denoise, Points};
use attractor::kernels::{Panel, ROWS};
use attractor::networks::{Architecture, Kind, Network, signal};
use attractor::noise::{Purpose, Stream};
use attractor_data::{ReadOptions, read};
use attractor_networks::{Adam, Rows, Space, Update, descend};
use ndarray::{Array2, concatenate};

/// An array of the fixture; a vector is one row.
fn fixture(name: &str) -> Array2<f64> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/torch.safetensors");
    let place = format!("{}:{name}", path.display());
    read(Path::new(&place), &ReadOptions::default())
        .unwrap_or_else(|e| panic!("{name}: {e}"))
        .numbers::<f64>()
}

/// Weights and biases side by side, as networks hold them.
fn layers(architecture: &Architecture, what: &str) -> Vec<Vec<f32>> {
    let name = |number, part| format!("{}.{what}.{number}.{part}", architecture.kind.name());
    (0..architecture.layers().len())
        .map(|number| {
            let (weight, bias) = (fixture(&name(number, "weight")), fixture(&name(number, "bias")));
            let both = concatenate![ndarray::Axis(1), weight, bias.t()];
            both.iter().map(|x| *x as f32).collect()
        })
        .collect()
}

/// States, conditions and ones of a batch x = θz, transposed.
fn entrance(architecture: &Architecture, x: &Array2<f64>, sigmas: &[f64]) -> Panel<f32> {
    let mut panel = Panel::zeros(architecture.dim + architecture.conditions() + 1, x.nrows());
    for (row, (x, sigma)) in x.outer_iter().zip(sigmas).enumerate() {
        let inputs = x.iter().copied().chain(architecture.condition(*sigma)).chain([1.0]);
        inputs.enumerate().for_each(|(input, value)| panel.row_mut(input)[row] = value as f32);
    }
    panel
}

/// Sum over units and mean over rows of the squared error: its slope by the output.
fn slope(out: &Panel<f32>, targets: &Array2<f64>) -> Panel<f32> {
    let (units, rows) = out.dim();
    let mut slope = Panel::zeros(units, rows);
    for unit in 0..units {
        for row in 0..rows {
            slope.row_mut(unit)[row] = 2.0 * (out.row(unit)[row] - targets[[row, unit]] as f32) / rows as f32;
        }
    }
    slope
}

/// An optimiser that only records gradients.
struct Notes(Vec<Vec<f32>>);

impl Update for Notes {
    type Part<'a> = (&'a mut [f32], usize);

    fn parts<'a>(&'a mut self, layer: usize, weights: &'a mut [f32], row: usize) -> Vec<Self::Part<'a>> {
        self.0[layer] = vec![0.0; weights.len()];
        self.0[layer].chunks_mut(ROWS * row).map(|part| (part, row)).collect()
    }

    fn apply((part, row): Self::Part<'_>, rows: Rows) {
        for (own, gradients) in part.chunks_mut(row).zip(rows.gradients.chunks(rows.stride)) {
            own.copy_from_slice(&gradients[..row]);
        }
    }
}

fn gradients(
    network: &Network<f32>,
    x: &Array2<f64>,
    sigmas: &[f64],
    targets: &Array2<f64>,
) -> Vec<Vec<f32>> {
    let mut space = Space::default();
    space.panels.push(entrance(network.architecture(), x, sigmas));
    network.forward(&mut space.panels);
    space.slope = slope(space.panels.last().expect("an output"), targets);
    let mut notes = Notes(vec![Vec::new(); network.weights().len()]);
    descend(&mut network.clone(), &mut space, &mut notes);
    notes.0
}

fn assert_near(found: &[Vec<f32>], expected: &[Vec<f32>], tolerance: f32, what: &str) {
    for (layer, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(found.len(), expected.len(), "{what}, layer {layer}");
        // Small gradients are differences of large terms, so the error is relative to the largest.
        let size = expected.iter().fold(1.0f32, |most, x| most.max(x.abs()));
        for (i, (a, b)) in found.iter().zip(expected).enumerate() {
            let error = (a - b).abs();
            assert!(error <= tolerance * size, "{what}, layer {layer}, {i}: {a} for {b}");
        }
    }
}

#[test]
fn networks_learn_as_in_pytorch() {
    /// Both sum up to 30 products in f32, through up to six layers, each in an order of its own.
    const ROUNDING: f32 = 3e-6;
    for kind in [Kind::Paper, Kind::Residual] {
        let depth = kind.default_depth();
        let architecture = Architecture { kind, dim: 3, width: 5, depth };
        let of = |what: &str| fixture(&format!("{}.{what}", kind.name()));
        let (x, targets, expected) = (of("x"), of("targets"), of("out"));
        let sigmas: Vec<f64> = of("sigma").iter().copied().collect();
        let start = layers(&architecture, "start");
        let mut network = Network::new(architecture, [0.01, 100.0], 1.0, start).expect("a network");

        let mut panels = vec![entrance(&architecture, &x, &sigmas)];
        network.forward(&mut panels);
        let out = panels.last().expect("an output");
        for ((row, unit), value) in expected.indexed_iter() {
            let error = (f64::from(out.row(unit)[row]) - value).abs();
            assert!(
                error <= f64::from(ROUNDING) * (1.0 + value.abs()),
                "{kind:?} at {row}, {unit}: {error:e}"
            );
        }
        let found = gradients(&network, &x, &sigmas, &targets);
        assert_near(&found, &layers(&architecture, "gradient"), ROUNDING, "gradients");

        let mut adam = Adam::new(&network, false);
        let mut space = Space::default();
        for step in 1..=5 {
            space.panels.clear();
            space.panels.push(entrance(&architecture, &x, &sigmas));
            network.forward(&mut space.panels);
            space.slope = slope(space.panels.last().expect("an output"), &targets);
            adam.prepare(step, 1e-2, 0.0);
            descend(&mut network, &mut space, &mut adam);
        }
        // A step is at most about 1e-2 whatever the gradient, and its sign is lost only where that is rounding.
        assert_near(network.weights(), &layers(&architecture, "end"), 1e-5, "weights after five steps");
    }
}

#[test]
fn gradients_are_finite_differences() {
    let mut noise = Stream::new(3, Purpose::Patterns, 0);
    let mut normals = |rows, columns| Array2::from_shape_fn((rows, columns), |_| noise.normal());
    for (kind, width, depth, rows) in
        [(Kind::Paper, 70, 3, 40), (Kind::Paper, 9, 1, 5), (Kind::Residual, 66, 3, 35)]
    {
        let architecture = Architecture { kind, dim: 6, width, depth };
        let network = Network::<f32>::initialized(architecture, [0.01, 100.0], 1.0, 5).expect("a network");
        let (x, targets) = (normals(rows, 6), normals(rows, 6));
        let sigmas: Vec<f64> = (0..rows).map(|row| 0.1 * 1.1_f64.powi(row as i32)).collect();
        let found = gradients(&network, &x, &sigmas, &targets);
        let wide = network.cast::<f64>();
        // The loss in f64.
        let loss = |layer: usize, weight: usize, by: f64| {
            let mut moved = wide.clone();
            moved.layer_mut(layer)[weight] += by;
            let mut panel = Panel::<f64>::zeros(6 + architecture.conditions() + 1, rows);
            for (row, (x, sigma)) in x.outer_iter().zip(&sigmas).enumerate() {
                let inputs = x.iter().copied().chain(architecture.condition(*sigma)).chain([1.0]);
                inputs.enumerate().for_each(|(input, value)| panel.row_mut(input)[row] = value);
            }
            let mut panels = vec![panel];
            moved.forward(&mut panels);
            let out = panels.last().expect("an output");
            let square =
                |((row, unit), target): ((usize, usize), &f64)| (out.row(unit)[row] - target).powi(2);
            targets.indexed_iter().map(square).sum::<f64>() / rows as f64
        };
        for (layer, gradients) in found.iter().enumerate() {
            let size = gradients.iter().fold(0.0f32, |most, g| most.max(g.abs()));
            for weight in (0..gradients.len()).step_by(1 + gradients.len() / 40) {
                let step = 1e-6;
                let slope = (loss(layer, weight, step) - loss(layer, weight, -step)) / (2.0 * step);
                let error = (slope - f64::from(gradients[weight])).abs();
                // Rounding of f32 sums over units and rows; a kink between the two differences would be larger.
                assert!(
                    error <= 2e-5 * f64::from(size),
                    "{kind:?}, layer {layer}, weight {weight}: {error:e}"
                );
            }
        }
    }
}

#[test]
fn targets_and_denoised_states_belong_together() {
    // A perfect prediction for a noisy state gives back the pattern at every level.
    for kind in [Kind::Paper, Kind::Residual] {
        let architecture = Architecture { kind, dim: 1, width: 1, depth: 1 };
        for sigma in [0.03, 0.5, 11.0] {
            for (y, noise) in [(1.0, 0.3), (-1.0, -2.0), (0.4, 1.1)] {
                let target = architecture.target(sigma, y, noise);
                let back = architecture.denoised(sigma, y + sigma * noise, target);
                assert!((back - y).abs() < 1e-13, "{kind:?} at {sigma}");
            }
            assert!((signal(sigma).powi(2) * (1.0 + sigma * sigma) - 1.0).abs() < 1e-15);
        }
    }
    // Karras et al. (2022), Table 1, with data of spread 1: c_skip z + c_out F and its training target.
    let architecture = Architecture { kind: Kind::Residual, dim: 1, width: 1, depth: 1 };
    for (sigma, y, noise, f) in [(0.5_f64, 0.3, -1.2, 0.7), (4.0, -1.0, 0.2, -0.1)] {
        let (skip, out) = (1.0 / (sigma * sigma + 1.0), sigma / (sigma * sigma + 1.0).sqrt());
        let z = y + sigma * noise;
        assert!((architecture.denoised(sigma, z, f) - (skip * z + out * f)).abs() < 1e-14);
        assert!((architecture.target(sigma, y, noise) - (y - skip * z) / out).abs() < 1e-14);
    }
}

/// Outside the levels of its training, a network is evaluated at the nearest trained level: above, at a state with
/// the same posterior for patterns of equal norm (as holds for the exact model); below, at the lowest level.
#[test]
fn levels_that_were_not_trained_are_not_asked_for() {
    let mut noise = Stream::new(8, Purpose::Patterns, 0);
    let states = Array2::from_shape_fn((5, 6), |_| 9.0 * noise.normal());
    let spins = Array2::from_shape_fn((4, 6), |(n, j)| if (n * 5 + j * 3) % 4 < 2 { 1.0 } else { -1.0 });
    let exact = Points::new(Patterns::new(spins).expect("patterns"));
    let at = |memory: &dyn Denoise<f64>, states: &Array2<f64>, sigma: f64| {
        memory.denoise(states.view(), &[sigma; 5]).expect("means")
    };
    let (low, high, spread) = (0.03, 4.0, 1.5);
    for kind in [Kind::Paper, Kind::Residual] {
        let architecture = Architecture { kind, dim: 6, width: 12, depth: 2 };
        let network = Network::<f64>::initialized(architecture, [low, high], spread, 2).expect("a network");
        let memories: [&dyn Denoise<f64>; 2] = [&exact, &network];
        for memory in memories {
            let shrunk = states.mapv(|z| z / 9.0);
            let (beyond, edge) =
                (at(memory, &states, 3.0 * high * spread), at(memory, &shrunk, high * spread));
            assert!(beyond.iter().zip(&edge).all(|(a, b)| (a - b).abs() < 1e-12), "{kind:?}");
        }
        let lowest = at(&network, &states, low * spread);
        assert!(
            at(&network, &states, 0.0).iter().zip(&lowest).all(|(a, b)| (a - b).abs() < 1e-12),
            "{kind:?}"
        );
    }
}
