//! From the command line to typed arguments, with the options that the models' cards name.

use attractor::memories::{Card, MODELS, Options, Parameter, models_that};
use attractor_networks::PARAMETERS;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Command, CommandFactory, FromArgMatches};

use super::Cli;

/// Reads the command line: what was asked, and the options of the model.
pub fn parse() -> (Cli, Options) {
    let matches = command().try_get_matches().unwrap_or_else(|error| stop(&error));
    let mut options = Options::default();
    if let Some((_, task)) = matches.subcommand() {
        let names = match matches.subcommand_name() {
            Some("train") => PARAMETERS.iter().map(|p| p.name).collect(),
            _ => model_options(),
        };
        for name in names {
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
    let command = Cli::command().mut_subcommand("train", |task| PARAMETERS.iter().fold(task, add_setting));
    ["recall", "trace", "sample", "landscape", "energy", "store"].into_iter().fold(
        command.mut_subcommand("capacity", |task| model_options().into_iter().fold(task, add_option)),
        |command, task| {
            command.mut_subcommand(task, |task| {
                let task = model_options().into_iter().fold(task, add_option);
                let task = name_models(task, "weights", |card| card.weights);
                name_models(task, "values", |card| card.values)
            })
        },
    )
}

/// A setting of training.
fn add_setting(task: Command, setting: &Parameter) -> Command {
    let Parameter { name, values, default, help } = *setting;
    let arg = Arg::new(name).long(name).help(format!("{help} [default: {default}]")).help_heading("Settings");
    task.arg(match values {
        "" => arg.action(ArgAction::SetTrue),
        values => arg
            .value_name(values.split(' ').next_back().filter(|w| w.contains('|')).unwrap_or("X"))
            .allow_hyphen_values(true),
    })
}

/// Adds to the help of an argument which models take it.
fn name_models(task: Command, name: &'static str, takes: fn(&Card) -> bool) -> Command {
    task.mut_arg(name, |arg| {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        arg.help(format!("{help} ({})", models_that(takes)))
    })
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
    let first = with[0].1;
    let models = |of: &Parameter| {
        let alike = with.iter().filter(|(_, p)| p.values == of.values && p.default == of.default);
        alike.map(|(model, _)| *model).collect::<Vec<_>>().join(", ")
    };
    let alike = models(first).matches(", ").count() + 1 == with.len();
    /// Longer lists of values make a column of their own too wide.
    const SHORT: usize = 44;
    let name_of = |values: &'static str| match values.len() {
        ..=SHORT => values,
        _ => "NAME",
    };
    let one = |p: &Parameter| match name_of(p.values) == p.values {
        true => format!("{} ({}) [default: {}]", p.help, models(p), p.default),
        false => format!("{} ({}): {} [default: {}]", p.help, models(p), p.values, p.default),
    };
    // Models may mean different things by one name; then each says what it takes.
    let help = if alike {
        one(first)
    } else {
        let mut each: Vec<String> = with
            .iter()
            .map(|(_, p)| format!("{} ({}): {} [default: {}]", p.help, models(p), p.values, p.default))
            .collect();
        each.dedup();
        each.join(".\n")
    };
    let arg = Arg::new(name).long(name).help(help).help_heading("Options of the models");
    task.arg(match first.values {
        "" => arg.action(ArgAction::SetTrue),
        values => arg.value_name(if alike { name_of(values) } else { "NAME" }).allow_hyphen_values(true),
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}
