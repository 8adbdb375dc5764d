use attractor::Patterns;
use attractor::energies::Points;
use ndarray::array;

use super::*;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// 40 states with variances 9, 4 and 0.01 along known directions.
#[test]
fn the_principal_plane_is_that_of_the_largest_variances() {
    let axes = array![[0.6, 0.8, 0.0], [-0.8, 0.6, 0.0], [0.0, 0.0, 1.0]];
    let states = Array2::from_shape_fn((40, 3), |(n, j)| {
        let at = [3.0 * (n as f64 * 0.7).sin(), 2.0 * (n as f64 * 1.9).cos(), 0.1 * (n as f64 * 3.1).sin()];
        5.0 + (0..3).map(|k| at[k] * axes[[k, j]]).sum::<f64>()
    });
    let plane = Plane::principal(&states);
    for state in states.outer_iter() {
        // The residual is the component along the third direction, at most 0.1.
        let back = plane.state(plane.place(&state.to_vec()));
        let off = state.iter().zip(back).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
        assert!(off < 0.25, "{off}");
    }
    // Two states differ in one direction and one state in none; the plane must still contain them.
    for states in [array![[1.0, 2.0, 3.0], [2.0, 0.0, 3.5]], array![[1.0, 2.0, 3.0]]] {
        let plane = Plane::principal(&states);
        let [_, across, up] = plane.axes();
        assert!(
            (dot(across, across) - 1.0).abs() + (dot(up, up) - 1.0).abs() + dot(across, up).abs() < 1e-12
        );
        for state in states.outer_iter() {
            let back = plane.state(plane.place(&state.to_vec()));
            assert!(state.iter().zip(back).all(|(a, b)| (a - b).abs() < 1e-12));
        }
    }
}
#[test]
fn the_pull_is_the_slope_of_the_energy_in_the_plane() {
    let patterns = array![[1.0, 0.0, 0.3], [-1.0, 0.5, 0.0], [0.2, -0.4, 1.0]];
    let points = Points::new(Patterns::new(patterns).expect("patterns"));
    let plane =
        Plane::through(vec![0.1, 0.0, -0.2], vec![1.0, 1.0, 0.0], vec![1.0, 0.0, 2.0]).expect("a plane");
    let view = View { columns: 41, arrows: 5, ..View::new(plane, (-1.0, 1.0), (-0.5, 0.5)) };
    let Landscape { figure, samples } =
        draw(Some(&points), Some(&points), &view, &[Level::new(0.7)]).expect("drawn");
    assert_eq!(samples.len(), 41 * 21);
    let at = |row: usize, column: usize| samples[row * 41 + column];
    let step = 2.0 / 40.0;
    for (row, column) in [(3, 5), (10, 20), (15, 33)] {
        let pull = at(row, column).pull;
        let across = (at(row, column + 1).energy - at(row, column - 1).energy) / (2.0 * step);
        let up = (at(row + 1, column).energy - at(row - 1, column).energy) / (2.0 * step);
        // Central differences: h²/6 times a third derivative of order 1.
        assert!((pull.0 + across).abs() < 2e-3 && (pull.1 + up).abs() < 2e-3);
    }
    figure.svg().expect("a figure");
}

#[test]
fn planes_and_ranges_that_are_none_are_refused() {
    let error = Plane::through(vec![0.0; 3], vec![1.0, 0.0, 0.0], vec![-2.0, 0.0, 0.0]).expect_err("a line");
    assert!(error.to_string().contains("parallel"), "{error}");
    assert!(Plane::through(vec![0.0; 3], vec![1.0, 0.0], vec![0.0, 1.0]).is_err());
    let points = Points::new(Patterns::new(array![[1.0, 0.0]]).expect("patterns"));
    let view = View::new(Plane::plain(), (1.0, 1.0), (0.0, 1.0));
    let error = draw(Some(&points), None, &view, &[Level::new(1.0)]).expect_err("no range").to_string();
    assert!(error.contains("range: expected low < high"), "{error}");
}

#[test]
fn a_place_is_where_its_state_is() {
    let plane =
        Plane::through(vec![1.0, 2.0, 3.0], vec![0.0, 3.0, 4.0], vec![1.0, 1.0, 0.0]).expect("a plane");
    let (x, y) = plane.place(&plane.state((0.3, -0.7)));
    assert!((x - 0.3).abs() < 1e-15 && (y + 0.7).abs() < 1e-15);
}

/// The energy of a classical network is of second degree, so differences give its slope exactly, at the border too.
#[test]
fn slopes_of_an_energy_of_second_degree_are_exact() {
    let patterns = Patterns::new(array![[1.0, 1.0, -1.0], [1.0, -1.0, 1.0]]).expect("patterns");
    let memory = attractor::Spec::new("hopfield").build(patterns).expect("a memory");
    let drawn = draw_memory(memory.as_ref(), &Settings { columns: 9, ..Settings::default() }, &mut |_, _| {})
        .expect("drawn");
    let [_, across, up] = drawn.plane.axes();
    for sample in &drawn.landscape.samples {
        let state = Array2::from_shape_vec((1, 3), drawn.plane.state(sample.place)).expect("a state");
        let slope = memory.gradients(state.view(), None).expect("a gradient").row(0).to_vec();
        let expected = (-dot(&slope, across), -dot(&slope, up));
        let off = (sample.pull.0 - expected.0).abs() + (sample.pull.1 - expected.1).abs();
        assert!(off < 1e-9, "{sample:?}: {expected:?}");
    }
}
