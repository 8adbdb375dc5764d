use super::*;

fn small() -> Laboratory {
    Laboratory {
        dim: 20,
        components: 3,
        rows: 30,
        models: vec![3, 9, 15, 21, 27, 30],
        draws: 6,
        steps: 1500,
        batch: 64,
        generated: 60,
    }
}

/// Theorems 1 and 2: d/(ψ_t + 1) for the best denoiser, and (1 − M/N) d times a constant between 1 and 2 for M rows, where
/// the noise is not so strong that all rows look alike.
#[test]
fn losses_are_those_of_the_theorems() {
    let lab = small();
    let (truth, rows) = lab.data(4);
    for time in times().filter(|t| *t < 0.9) {
        let found = lab.losses(&truth, rows.view(), time, 4);
        let expected = 20.0 / (found.ratio() + 1.0);
        // The mean of 180 squares of 20 numbers, with as many rows as 30: 5 % one standard deviation.
        assert!((found.truth / expected - 1.0).abs() < 0.15, "{time}: {} {expected}", found.truth);
        assert!(found.memory < 1e-2 * found.truth.max(0.1) || time > 0.6, "{time}: {}", found.memory);
        for (count, loss) in lab.models.iter().zip(&found.partial) {
            let constant = (loss - found.memory) / ((1.0 - *count as f64 / 30.0) * 20.0);
            assert!(
                *count == 30 || time > 0.6 || (0.8..2.6).contains(&constant),
                "{time} {count}: {constant}"
            );
        }
    }
}

/// At λ = 1 and C = 1, M*/N = 1 − E[1/(ψ + 1)] = 1 − E[t²], which is ⅔ for times spread evenly over (0, 1).
#[test]
fn the_expected_crossing_is_that_of_the_closed_form() {
    let lab = small();
    let losses: Vec<Losses> =
        times().map(|time| Losses { time, memory: 0.0, truth: 0.0, partial: vec![] }).collect();
    let square = times().map(|t| t * t).sum::<f64>() / TIMES as f64;
    let found = lab.expected(&losses, Weighting::Row, 1.0);
    assert!((found / 30.0 - (1.0 - square)).abs() < 1e-12);
    assert!((found / 30.0 - 2.0 / 3.0).abs() < 0.01);
    assert!((lab.expected(&losses, Weighting::Row, 2.0) / 30.0 - (1.0 - 0.5 * square)).abs() < 1e-12);
    assert!(lab.expected(&losses, Weighting::Noise, 1.0) > found);
}

/// A model with room for all rows remembers them, and one with room for the Gaussians alone does not: its variance grows towards
/// that of the data.
#[test]
fn trained_models_remember_or_generalise() {
    let lab = Laboratory { models: vec![3, 30], ..small() };
    let found = lab.run(4, &mut || Ok(())).expect("models");
    let [few, all] = [&found.trained[0], &found.trained[1]];
    assert!(few.f_mem < 0.1 && few.variance > 0.3, "{} {}", few.f_mem, few.variance);
    assert!(all.f_mem > 0.9 && all.variance < 0.05, "{} {}", all.f_mem, all.variance);
    let between = lab.transition(&found.trained).expect("a transition");
    assert!(between > 3.0 && between < 30.0);
}
