//! Errors and notes in the words of the command line.

use std::error::Error;

use attractor::message::{Argument, Spelling};

/// Spells arguments as flags.
pub struct Flags;

impl Spelling for Flags {
    fn argument(&self, argument: Argument) -> String {
        match argument {
            Argument::CueLevel => "--sigma or --signal".into(),
            Argument::StateLevels => "--sigma".into(),
            Argument::Known => "--clamp".into(),
            Argument::Values => "--values".into(),
            Argument::DoublePrecision => "--dtype f64".into(),
            Argument::Fitting => "attractor fit --patterns FILE --out MEMORY".into(),
            Argument::Training => "attractor train --patterns FILE --out MODEL".into(),
            Argument::Storing => "attractor store".into(),
            Argument::Memory => "--memory".into(),
            Argument::Shape => "--shape".into(),
            Argument::Layout => "--layout".into(),
            Argument::Grey => "--grey".into(),
            Argument::Resize => "--resize HxW".into(),
            Argument::Option { name, value: None } => format!("--{name}"),
            Argument::Option { name, value: Some(value) } => format!("--{name} {value}"),
        }
    }
}

/// An error with its causes, in one sentence.
pub fn sentence(error: &anyhow::Error) -> String {
    error.chain().map(spelled).collect::<Vec<_>>().join(": ")
}

/// One error of a chain. Those that name arguments are spelled as flags, also inside of others.
fn spelled(error: &(dyn Error + 'static)) -> String {
    use attractor_figures::Error as Figures;
    use attractor_report::Error as Experiments;
    if let Some(error) = error.downcast_ref::<attractor::Error>() {
        return match error {
            attractor::Error::Foreign(inner) => spelled(inner.as_ref()),
            other => other.spelled(&Flags),
        };
    }
    if let Some(error) = error.downcast_ref::<attractor_data::Error>() {
        return error.spelled(&Flags);
    }
    match error.downcast_ref::<Figures>() {
        Some(Figures::Memory(inner)) => return spelled(inner),
        Some(other) => return other.spelled(&Flags),
        None => {}
    }
    if let Some(error) = error.downcast_ref::<attractor_session::Error>() {
        return error.spelled(&Flags);
    }
    if let Some(error) = error.downcast_ref::<attractor_replay::Error>() {
        return error.spelled(&Flags);
    }
    match error.downcast_ref::<Experiments>() {
        Some(Experiments::Memory(inner)) => spelled(inner),
        Some(other) => other.spelled(&Flags),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    fn flags() -> BTreeSet<String> {
        let command = crate::args::completions();
        let commands = command.get_subcommands().flat_map(|c| std::iter::once(c).chain(c.get_subcommands()));
        commands.flat_map(|c| c.get_arguments().filter_map(|a| a.get_long().map(str::to_owned))).collect()
    }

    /// The names of options that all sources in a folder refer to.
    fn named(folder: &Path, names: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                named(&path, names);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).expect("text");
                let calls = ["Argument::option(\"", "Argument::set(\""];
                let rests = calls.iter().flat_map(|call| text.split(call).skip(1));
                names.extend(rests.filter_map(|rest| rest.split('"').next().map(str::to_owned)));
            }
        }
    }

    #[test]
    fn what_errors_name_can_be_given() {
        let flags = flags();
        let mut names = BTreeSet::new();
        named(Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the folder of all crates"), &mut names);
        assert!(names.len() > 5 && names.is_subset(&flags), "{:?}", names.difference(&flags));
        for argument in [
            Argument::CueLevel,
            Argument::StateLevels,
            Argument::Known,
            Argument::Values,
            Argument::DoublePrecision,
            Argument::Fitting,
            Argument::Training,
            Argument::Memory,
            Argument::Shape,
            Argument::Layout,
            Argument::Grey,
            Argument::Resize,
        ] {
            let text = Flags.argument(argument);
            let named: Vec<&str> = text.split(' ').filter_map(|word| word.strip_prefix("--")).collect();
            assert!(!named.is_empty() && named.iter().all(|&name| flags.contains(name)), "{text}");
        }
    }

    #[test]
    fn arguments_are_spelled_in_causes_too() {
        let cure = attractor::message!["give it with ", Argument::set("norm-bias", "on")];
        let core = attractor::Error::Empty { what: "levels".into(), cure };
        let foreign = attractor::Error::Foreign(Box::new(core));
        let error =
            Err::<(), _>(attractor_experiments::Error::Memory(foreign)).context("a part").unwrap_err();
        let expected = "a part: levels: expected at least one, found none; give it with --norm-bias on";
        assert_eq!(sentence(&error), expected);
    }
}
