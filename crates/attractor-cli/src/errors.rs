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
            Argument::Training => "attractor train --patterns FILE --out MODEL".into(),
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
    match error.downcast_ref::<Experiments>() {
        Some(Experiments::Memory(inner)) => spelled(inner),
        Some(other) => other.spelled(&Flags),
        None => error.to_string(),
    }
}
