//! From the command line to typed arguments, with the options that the models' cards name.

use attractor::memories::{MODELS, Options};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Command, CommandFactory, FromArgMatches};

use super::Cli;

/// Reads the command line: what was asked, and the options of the model.
pub fn parse() -> (Cli, Options) {
    let matches = command().try_get_matches().unwrap_or_else(|error| stop(&error));
    let mut options = Options::default();
    if let Some((_, task)) = matches.subcommand() {
        for name in model_options() {
            if let Ok(Some(value)) = task.try_get_one::<String>(name) {
                options.set(name, value);
            }
            if let Ok(Some(true)) = task.try_get_one::<bool>(name) {
                options.set(name, "");
            }
        }
    }
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| stop(&error));
    (cli, options)
}

/// Help and version as they are; a misuse in one sentence, with exit code 2.
fn stop(error: &clap::Error) -> ! {
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        error.exit();
    }
    let text = error.render().to_string();
    // The first paragraph says what is wrong; the others repeat the usage.
    let first: Vec<&str> = text.lines().take_while(|l| !l.is_empty()).map(str::trim).collect();
    let sentence = first.join(" ");
    eprintln!("attractor: {}; see --help", sentence.trim_start_matches("error: "));
    std::process::exit(2);
}

/// The whole command line, with the models' options in place.
pub fn command() -> Command {
    ["recall", "trace", "sample", "landscape", "energy", "store"].into_iter().fold(
        Cli::command(),
        |command, task| {
            command.mut_subcommand(task, |task| model_options().into_iter().fold(task, add_option))
        },
    )
}

/// Names of all models' options, each once.
fn model_options() -> Vec<&'static str> {
    let mut names = Vec::new();
    for parameter in MODELS.iter().flat_map(|m| m.card.parameters) {
        if !names.contains(&parameter.name) {
            names.push(parameter.name);
        }
    }
    names
}

fn add_option(task: Command, name: &'static str) -> Command {
    let with: Vec<_> = MODELS
        .iter()
        .filter_map(|m| m.card.parameters.iter().find(|p| p.name == name).map(|p| (m.card.name, p)))
        .collect();
    let models: Vec<_> = with.iter().map(|(model, _)| *model).collect();
    let parameter = with[0].1;
    let help = format!("{} ({}) [default: {}]", parameter.help, models.join(", "), parameter.default);
    let arg = Arg::new(name).long(name).help(help).help_heading("Options of the models");
    task.arg(if parameter.values.is_empty() {
        arg.action(ArgAction::SetTrue)
    } else {
        arg.value_name(parameter.values).allow_hyphen_values(true)
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}
