//! Parses the command line into typed arguments, including the options that the models' cards declare.

use attractor::memories::{Card, MODELS, Options, models_that};
use attractor::options::Parameter;
use attractor_networks::PARAMETERS;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Command, CommandFactory, FromArgMatches};

use super::Cli;
use super::common::{FILES, LESS, OUTPUT};
use super::options::{add, cards, given, of_models, with_numbers};

/// The commands that take the options of a model.
const OF_MODELS: [&str; 7] = ["recall", "trace", "sample", "landscape", "energy", "store", "capacity"];

/// Which part of the command line the help shows.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The models whose options are shown.
    pub cards: Vec<&'static Card>,
    /// Whether rarely used options are left out.
    pub short: bool,
}

impl View {
    /// Shows everything, for completions.
    pub fn all() -> Self {
        View { cards: cards(), short: false }
    }

    /// The view that the arguments ask for: `--model NAME --help` shows the options of that model, `-h` the more
    /// common ones.
    fn asked(arguments: &[String]) -> Self {
        let mut shown = View::default();
        for (n, argument) in arguments.iter().enumerate() {
            let names = match argument.strip_prefix("--model=") {
                Some(names) => names,
                None if argument == "--model" => arguments.get(n + 1).map_or("", String::as_str),
                None => continue,
            };
            let named = |name: &str| MODELS.iter().map(|m| m.card).find(|card| card.name == name);
            shown.cards.extend(names.split(',').filter_map(named));
        }
        shown.short = arguments.iter().any(|a| a == "-h") && !arguments.iter().any(|a| a == "--help");
        shown
    }
}

/// Parses the command line into the command and the options of the model.
pub fn parse() -> (Cli, Options) {
    let arguments: Vec<String> = std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect();
    let matches = command(&View::asked(&arguments)).try_get_matches().unwrap_or_else(|error| stop(&error));
    let options = match matches.subcommand() {
        Some(("train", task)) => given(task, &settings()),
        Some((_, task)) => given(task, &of_models(&cards())),
        None => Options::default(),
    };
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| stop(&error));
    (cli, options)
}

/// Prints help or version, or an error in one sentence with exit code 2.
fn stop(error: &clap::Error) -> ! {
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        error.exit();
    }
    let text = error.render().to_string();
    // The first paragraph says what is wrong. The others repeat the usage.
    let first: Vec<&str> = text.lines().take_while(|l| !l.is_empty()).map(str::trim).collect();
    let sentence = first.join(" ");
    let sentence = sentence.trim_start_matches("error: ");
    match error.kind() {
        // The sentence already says what is expected.
        ErrorKind::ValueValidation => eprintln!("attractor: {sentence}"),
        _ => eprintln!("attractor: {sentence}; see --help"),
    }
    std::process::exit(2);
}

/// The parameters of training.
fn settings() -> Vec<&'static Parameter> {
    PARAMETERS.iter().collect()
}

/// The whole command line with the models' options. Help shows those of the view.
pub fn command(view: &View) -> Command {
    let command = Cli::command().mut_subcommand("train", |task| add(task, &settings(), "Settings", true));
    let command = OF_MODELS.into_iter().fold(command, |command, task| {
        command.mut_subcommand(task, |task| {
            let task = with_options(task, view);
            match task.get_name() {
                "capacity" => task,
                _ => {
                    let task =
                        name_models(name_models(task, "weights", |c| c.weights), "values", |c| c.values);
                    let task = name_models(task, "memory_limit", |c| c.streams);
                    task.disable_help_flag(true).arg(help())
                }
            }
        })
    });
    let command = with_numbers(command);
    match view.short {
        true => command.mut_subcommands(shortened),
        false => command,
    }
}

/// The command line for completions: with the options of all models, and of each experiment only its own settings.
pub fn completions() -> Command {
    command(&View::all()).mut_subcommand("reproduce", super::reproduce::completed)
}

/// The flag `--help`, listed among the common options, where people look for it.
fn help() -> Arg {
    let arg = Arg::new("help").short('h').long("help").action(ArgAction::Help).help_heading(OUTPUT);
    arg.help("Print help (-h: without what is needed less often)").display_order(1000)
}

/// Adds the options of the models to a command. Those of the view are shown.
fn with_options(task: Command, view: &View) -> Command {
    let shown = of_models(&view.cards);
    let heading = match &view.cards[..] {
        [card] => format!("Options of {}", card.name),
        _ => "Options of the models".to_owned(),
    };
    let heading: &'static str = Box::leak(heading.into_boxed_str());
    let names = |p: &&'static Parameter| shown.iter().any(|s| s.name == p.name);
    let hidden: Vec<_> = of_models(&cards()).into_iter().filter(|p| !names(p)).collect();
    let name = task.get_name().to_owned();
    let task = add(add(task, &shown, heading, true), &hidden, heading, false);
    if !view.cards.is_empty() {
        return task;
    }
    let more = format!(
        "Each model has options of its own: `attractor {name} --model NAME --help` shows them, too, and `attractor models` lists the models."
    );
    let examples = task.get_after_help().map(ToString::to_string).unwrap_or_default();
    task.after_help(format!("{more}\n\n{examples}"))
}

/// Adds the names of the models that take an argument to its help.
fn name_models(task: Command, name: &'static str, takes: fn(&Card) -> bool) -> Command {
    task.mut_arg(name, |arg| {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        arg.help(format!("{help} ({})", models_that(takes)))
    })
}

/// Hides the rarely used options of a command in its help.
fn shortened(task: Command) -> Command {
    let is_rare = |arg: &Arg| matches!(arg.get_help_heading(), Some(LESS | FILES));
    let task = task.mut_args(|arg| {
        let hidden = is_rare(&arg) || arg.is_hide_set();
        arg.hide(hidden)
    });
    let examples = task.get_after_help().map(ToString::to_string).unwrap_or_default();
    let more = "This is the short help; --help shows all options.";
    let leaves_out = task.get_arguments().any(is_rare);
    match leaves_out {
        true => task.after_help(format!("{more}\n\n{examples}")),
        false => task,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        for view in [View::default(), View::all(), View { short: true, ..View::default() }] {
            command(&view).debug_assert();
        }
    }
}
