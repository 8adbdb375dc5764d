//! The local dimension: against the slope of the density in the level, and on data whose dimension is known.

mod zoo;

use attractor::energies::{Denoise, Mixture, Points, local_dimensions};
use attractor::memories::{Level, Request};
use attractor::noise::{Purpose, Stream};
use attractor::{Patterns, Spec};
use ndarray::{Array2, ArrayView2, concatenate, s};

/// A five-point difference with step 10⁻³ in ln σ: its error is about 10⁻¹² of the fifth derivative, and its rounding
/// 10⁻¹³ of a log-density of a few hundred.
const SLOPE: f64 = 1e-9;

fn normals(rows: usize, units: usize, seed: u64) -> Array2<f64> {
    let mut stream = Stream::new(seed, Purpose::Patterns, 0);
    Array2::from_shape_simple_fn((rows, units), || stream.normal())
}

fn dimensions(memory: &dyn Denoise<f64>, states: ArrayView2<f64>, sigma: f64) -> Vec<f64> {
    let found = local_dimensions(memory, states, &vec![sigma; states.nrows()]).expect("a density");
    found.into_iter().map(|dimension| dimension.expect("a level > 0")).collect()
}

/// LID = D + d ln p/d ln σ, and ln p is the log-sum − (D/2) ln 2πσ². So it is the slope of the log-sum.
#[test]
fn it_is_the_slope_of_the_log_density() {
    let weights: Vec<f64> = (1..=12).map(f64::from).collect();
    let patterns = Patterns::new(normals(12, 8, 1)).expect("patterns");
    let weighted = Points::new(patterns.clone().with_weights(&weights).expect("weights"));
    let memories: [(&str, Box<dyn Denoise<f64>>); 3] = [
        ("points", Box::new(Points::new(patterns.clone()))),
        ("weighted points", Box::new(weighted)),
        ("shapes", Box::new(zoo::with_shapes(&patterns))),
    ];
    let states = normals(5, 8, 2);
    for (name, memory) in &memories {
        for sigma in [0.2, 0.7, 2.0] {
            const STEP: f64 = 1e-3;
            let at = |steps: f64| {
                let sigmas = vec![sigma * (steps * STEP).exp(); 5];
                memory.log_sum(states.view(), &sigmas).expect("a density")
            };
            let [a, b, c, d] = [-2.0, -1.0, 1.0, 2.0].map(at);
            for (row, found) in dimensions(memory.as_ref(), states.view(), sigma).iter().enumerate() {
                let slope = (a[row] - 8.0 * b[row] + 8.0 * c[row] - d[row]) / (12.0 * STEP);
                assert!(
                    (found - slope).abs() < SLOPE * (1.0 + slope.abs()),
                    "{name} at {sigma}: {found} {slope}"
                );
            }
        }
    }
}

/// 20,000 points of a Gaussian of 3 dimensions among 20 units. An independent program found, for a point that is not
/// stored, 2.86, 3.00 and 5.6 at σ = .5, .2 and .05; for a stored one 2.87, 2.82, 1.17, and 0 at .003. Both programs drew
/// points of their own, so single points differ: these are medians of 200, since a few points lie far out.
#[test]
fn a_gaussian_of_three_dimensions_has_three() {
    let mut rows = Array2::zeros((20_200, 20));
    rows.slice_mut(s![.., ..3]).assign(&normals(20_200, 3, 3));
    let memory = Points::new(Patterns::new(rows.slice(s![..20_000, ..]).to_owned()).expect("patterns"));
    let (stored, new) = (rows.slice(s![..200, ..]), rows.slice(s![20_000.., ..]));
    let middle = |states, sigma| {
        let mut all = dimensions(&memory, states, sigma);
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    // Of infinitely many points the mean is 3 − 3σ⁴/(1 + σ²)², since p is then N(0, 1 + σ²) in three directions. With 200
    // of them its standard error is below .05; 20,000 stored ones add as much.
    for sigma in [0.5f64, 0.2] {
        let infinite = 3.0 - 3.0 * (sigma * sigma / (1.0 + sigma * sigma)).powi(2);
        assert!((middle(new, sigma) - infinite).abs() < 0.3, "{}", middle(new, sigma));
        assert!((middle(stored, sigma) - infinite).abs() < 0.3, "{}", middle(stored, sigma));
    }
    // Below the gaps between points, a stored point is its own neighbour, and others are far.
    assert!(middle(new, 0.05) > 3.5 && middle(stored, 0.05) < 2.0);
    assert!(middle(stored, 0.003) < 1e-6 && middle(new, 0.003) > 300.0);
}

#[test]
fn reports_have_it_where_there_is_a_density() {
    let patterns = normals(6, 9, 4);
    let cues = concatenate![ndarray::Axis(0), patterns, normals(2, 9, 5)];
    for (model, has) in [("diffusion", true), ("modern", false), ("local", false), ("universal", false)] {
        let memory = Spec::new(model).build(Patterns::new(patterns.clone()).unwrap()).unwrap();
        let level = if ["diffusion", "local"].contains(&model) { Level::Sigma(0.5) } else { Level::Estimate };
        let recall = memory.recall(&Request { level, ..Request::new(cues.view()) }).unwrap();
        assert!(recall.rows.iter().all(|row| row.local_dimension.is_some() == has), "{model}");
    }
    let mixture: Mixture<f64> = Patterns::new(patterns.clone()).unwrap().into();
    let memory = Spec::new("diffusion").build(Patterns::new(patterns).unwrap()).unwrap();
    let recall = memory.recall(&Request { level: Level::Sigma(0.5), ..Request::new(cues.view()) }).unwrap();
    let expected = dimensions(&mixture, cues.view(), 0.5);
    assert!(recall.rows.iter().zip(expected).all(|(row, expected)| row.local_dimension == Some(expected)));
}
