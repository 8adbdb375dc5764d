//! The list of all experiments.

use attractor_bench::scaling;
use attractor_report::{Declaration, Error, Experiment, Given, Input, Result};

use crate::dispersed_memories::{
    fig1, fig2, fig3, learning, potentials, probabilistic, reconstruction, table1,
};
use crate::dreaming;
use crate::input_driven;
use crate::memorisation;
use crate::random_features;
use crate::replay;
use crate::sequences;
use crate::universal_hopfield::{hetero, mask, noise, separation, similarity, threshold};
use crate::work_precision;

/// All experiments.
pub static EXPERIMENTS: &[Declaration] = &[
    table1::EXPERIMENT,
    fig1::EXPERIMENT,
    fig2::EXPERIMENT,
    fig3::EXPERIMENT,
    probabilistic::EXPERIMENT,
    potentials::EXPERIMENT,
    learning::EXPERIMENT,
    dreaming::EXPERIMENT,
    memorisation::EXPERIMENT,
    random_features::EXPERIMENT,
    replay::EXPERIMENT,
    reconstruction::EXPERIMENT,
    sequences::EXPERIMENT,
    input_driven::EXPERIMENT,
    work_precision::EXPERIMENT,
    scaling::EXPERIMENT,
    similarity::EXPERIMENT,
    noise::EXPERIMENT,
    mask::EXPERIMENT,
    separation::EXPERIMENT,
    threshold::EXPERIMENT,
    hetero::EXPERIMENT,
];

/// The declaration of the experiment with this name.
///
/// # Errors
/// A name that is not in [`EXPERIMENTS`].
pub fn declaration(name: &str) -> Result<&'static Declaration> {
    EXPERIMENTS
        .iter()
        .find(|experiment| experiment.name == name)
        .ok_or_else(|| Error::setting("experiment", format!("one of {}", names(|_| true)), name))
}

/// Builds and checks the experiment with this name.
///
/// ```
/// use attractor_experiments::experiment;
/// use attractor_report::Given;
/// let mut given = Given::default();
/// given.settings.set("repetitions", 2_usize);
/// let report = experiment("table1", given)?.run(&mut |_, _| Ok(()))?;
/// assert!(report.markdown().contains("seed 0"));
/// # Ok::<(), attractor_report::Error>(())
/// ```
///
/// # Errors
/// A name that is not in [`EXPERIMENTS`]; a setting that this experiment does not have, or a value outside its range.
pub fn experiment(name: &str, mut given: Given) -> Result<Box<dyn Experiment>> {
    let declaration = declaration(name)?;
    for (setting, _) in given.settings.iter().filter(|(s, _)| declaration.setting(s).is_none()) {
        // If other experiments have the setting, the error names them.
        if let Some(other) = EXPERIMENTS.iter().find_map(|e| e.setting(setting)) {
            let own: Vec<_> = declaration.settings.iter().map(|s| s.name).chain(["seed"]).collect();
            let expected = format!("a setting of {name} ({})", own.join(", "));
            let found = format!("one of {}", names(|e| e.setting(setting).is_some()));
            return Err(Error::setting(other.name, expected, found));
        }
    }
    let inputs =
        [("data", Input::Data, given.data.is_some()), ("store", Input::Store, given.store.is_some())];
    if let Some((input, kind, _)) = inputs.into_iter().find(|(_, kind, is)| *is && !declaration.takes(*kind))
    {
        let found = format!("what {} can be given", names(|e| e.takes(kind)));
        return Err(Error::setting(input, format!("nothing, since {name} does not take it"), found));
    }
    given.settings = given.settings.read(declaration.settings, "setting")?;
    let experiment = (declaration.build)(given)?;
    experiment.check()?;
    Ok(experiment)
}

/// The names of some experiments.
fn names(of: impl Fn(&Declaration) -> bool) -> String {
    EXPERIMENTS.iter().filter(|e| of(e)).map(|e| e.name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str, setting: &str, value: &str) -> String {
        let mut given = Given::default();
        given.settings.set(setting, value);
        match experiment(name, given) {
            Ok(_) => panic!("{name} takes {setting} {value}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_setting_of_another_experiment_is_refused_with_those_that_have_it() {
        let error = refused("fig1", "repetitions", "3");
        assert!(error.contains("fig1") && error.contains("table1"), "{error}");
        let error = refused("table1", "sets", "3");
        assert!(
            error.contains("fig3, learning, dreaming, random-features, sequences, work-precision"),
            "{error}"
        );
        assert!(refused("fig1", "colour", "red").contains("colour"));
        assert!(refused("fig9", "sets", "3").contains("uhn-hetero"));
    }

    #[test]
    fn values_outside_of_their_range_are_refused() {
        assert!(refused("table1", "repetitions", "1").contains("a whole number from 2"));
        assert!(refused("fig3", "profile", "huge").contains("quick, paper, beyond"));
        assert!(refused("fig3", "learned", "9..").contains("learned"));
        assert!(refused("fig3", "shard", "3/2").contains("3/2"));
        assert!(refused("uhn-noise", "threshold", "-1").contains("threshold"));
    }

    #[test]
    fn names_are_told_apart_and_titles_are_one_line() {
        for (n, experiment) in EXPERIMENTS.iter().enumerate() {
            assert!(EXPERIMENTS[..n].iter().all(|other| other.name != experiment.name));
            assert!(!experiment.title.contains('\n') && !experiment.examples.is_empty());
        }
    }
}
