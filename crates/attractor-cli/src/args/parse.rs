//! Parses the command line into typed arguments, including the options that the models' cards declare.

use std::path::Path;

use attractor::energies::CORES;
use attractor::memories::{Card, DESCRIBED, Options, model, models_that};
use attractor::names::similar;
use attractor::options::Parameter;
use attractor_networks::PARAMETERS;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgGroup, Command, CommandFactory, FromArgMatches};

use super::Cli;
use super::common::{CUES, FILES, LESS, MEMORY, OUTPUT, RECALL};
use super::options::{add, cards, given, of_models, with_numbers};
use super::replay::PROTOCOL;
use super::train::NETWORK;
use crate::columns::explained;
use crate::streams::say;

/// The commands that take the options of a model.
const OF_MODELS: [&str; 9] =
    ["recall", "trace", "sample", "landscape", "minima", "energy", "store", "capacity", "replay"];

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

    /// As the arguments ask: `--model NAME --help` shows the options of that model, and `--memory FILE --help` those of
    /// the model of a stored memory; `-h` shows the more common ones.
    fn asked(arguments: &[String]) -> Self {
        let is_given = |name: &str| arguments.iter().any(|argument| argument == name);
        if !is_given("-h") && !is_given("--help") {
            return View::default();
        }
        let card = |name: &str| model(name).ok().map(|model| model.card);
        let mut cards: Vec<_> = values(arguments, "--model")
            .flat_map(|names| names.split(','))
            .filter_map(|name| card(name.split(':').next()?))
            .collect();
        if cards.is_empty() {
            cards = values(arguments, "--memory").filter_map(|file| kept_in(Path::new(file))).collect();
        }
        View { cards, short: !is_given("--help") }
    }
}

/// What follows an option on the command line.
fn values<'a>(arguments: &'a [String], option: &'a str) -> impl Iterator<Item = &'a str> {
    arguments.iter().enumerate().filter_map(move |(n, argument)| match argument.strip_prefix(option)? {
        "" => arguments.get(n + 1).map(String::as_str),
        rest => rest.strip_prefix('='),
    })
}

/// The model of what a file holds, if that is a memory already.
fn kept_in(file: &Path) -> Option<&'static Card> {
    match attractor_data::is_description(file) {
        true => Some(DESCRIBED),
        false => model(&attractor_data::summary(file).ok()??.spec.model).ok().map(|model| model.card),
    }
}

/// Parses the command line into the command and the options of the model.
pub fn parse() -> (Cli, Options) {
    let arguments: Vec<String> = std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect();
    let mut command = command(&View::asked(&arguments));
    let matches = command.try_get_matches_from_mut(std::env::args_os());
    let matches = matches.or_else(|error| match with_number(&command, &arguments, &error) {
        Some(arguments) => command.try_get_matches_from_mut(arguments),
        None => Err(error),
    });
    let matches = matches.unwrap_or_else(|error| stop(&command, &error, &arguments));
    let options = match matches.subcommand() {
        Some(("train", task)) => given(task, &settings(PARAMETERS)),
        Some(("fit", task)) => given(task, &settings(attractor_fit::PARAMETERS)),
        Some(("audit", task)) => given(task, &settings(attractor_audit::PARAMETERS)),
        Some(("inspect", task)) => given(task, &settings(attractor_audit::inspect::PARAMETERS)),
        Some(("replay", task)) => given(task, &of_replay()),
        Some(("store", task)) => given(task, &[of_models(&cards()), settings(CORES)].concat()),
        Some((_, task)) => given(task, &of_models(&cards())),
        None => Options::default(),
    };
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| stop(&command, &error, &arguments));
    (cli, options)
}

/// The arguments with a number such as -1e-3 joined to its option as `--option=-1e-3`, if it was taken for an unknown
/// argument: after a file, or after several values, only digits and a point make a number for the parser.
fn with_number(command: &Command, arguments: &[String], error: &clap::Error) -> Option<Vec<String>> {
    let (_, place) = unknown_number(arguments, error)?;
    let before = arguments[..place].iter().rposition(|text| text.starts_with("--"))?;
    let option = arguments[before].strip_prefix("--")?;
    let takes = asked_for(command, arguments).get_arguments().find(|arg| arg.get_long() == Some(option))?;
    let takes_more = takes.get_num_args().is_some_and(|count| count.max_values() > 1);
    if before + 1 != place && !takes_more {
        return None;
    }
    let mut joined = arguments.to_vec();
    joined[place] = format!("--{option}={}", arguments[place]);
    if before + 1 == place {
        joined.remove(before);
    }
    Some(joined)
}

/// The command, or the experiment, that the arguments name.
fn asked_for<'a>(command: &'a Command, arguments: &[String]) -> &'a Command {
    let own = arguments.iter().skip(1).map_while(|name| Some(name).filter(|name| !name.starts_with('-')));
    own.fold(command, |task, name| task.find_subcommand(name).unwrap_or(task))
}

/// The option or command that a mistyped one was probably meant to be.
fn meant(command: &Command, error: &clap::Error, arguments: &[String]) -> Option<String> {
    let task = asked_for(command, arguments);
    let typed = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::UnknownArgument => {
            let typed = typed(ContextKind::InvalidArg)?.strip_prefix("--")?;
            let options = task.get_arguments().filter_map(Arg::get_long);
            Some(format!("--{}", similar(typed, options)?))
        }
        ErrorKind::InvalidSubcommand => {
            let names = task.get_subcommands().map(Command::get_name);
            similar(typed(ContextKind::InvalidSubcommand)?, names).map(str::to_owned)
        }
        _ => None,
    }
}

/// What the parser took for an unknown argument, and the place of the number that begins with it.
fn unknown_number<'a>(arguments: &[String], error: &'a clap::Error) -> Option<(&'a str, usize)> {
    let Some(ContextValue::String(unknown)) = error.get(ContextKind::InvalidArg) else { return None };
    let is_it =
        |text: &String| unknown.starts_with('-') && text.starts_with(unknown) && text.parse::<f64>().is_ok();
    Some((unknown, arguments.iter().position(is_it)?))
}

/// Prints help or version, or an error in one sentence with exit code 2.
fn stop(command: &Command, error: &clap::Error, arguments: &[String]) -> ! {
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        error.exit();
    }
    let text = error.render().to_string();
    // The first paragraph says what is wrong. The others repeat the usage.
    let first: Vec<&str> = text.lines().take_while(|l| !l.is_empty()).map(str::trim).collect();
    let sentence = first.join(" ");
    let sentence = sentence.trim_start_matches("error: ");
    let sentence = match unknown_number(arguments, error) {
        Some((part, place)) => sentence.replace(&format!("'{part}'"), &format!("'{}'", arguments[place])),
        None => sentence.to_owned(),
    };
    match (error.kind(), meant(command, error, arguments)) {
        // The sentence already says what is expected.
        (ErrorKind::ValueValidation, _) => say!("attractor: {sentence}"),
        (_, Some(meant)) => say!("attractor: {sentence}; did you mean {meant}? See --help"),
        (_, None) => say!("attractor: {sentence}; see --help"),
    }
    std::process::exit(2);
}

/// The parameters of training or of a fit.
fn settings(parameters: &'static [Parameter]) -> Vec<&'static Parameter> {
    parameters.iter().collect()
}

/// The settings that most protocols of `replay` differ in. The short help leaves the others out.
const USUAL_OF_REPLAY: [&str; 5] = ["rule", "rounds", "replays", "runs", "cue"];

/// The parameters of `replay`: those of the protocol, and those of models that have other names.
fn of_replay() -> Vec<&'static Parameter> {
    let own = settings(attractor_replay::PARAMETERS);
    let others = of_models(&cards()).into_iter().filter(|p| own.iter().all(|own| own.name != p.name));
    own.iter().copied().chain(others).collect()
}

/// The whole command line with the models' options. Help shows those of the view.
pub fn command(view: &View) -> Command {
    let command =
        Cli::command().mut_subcommand("train", |task| add(task, &settings(PARAMETERS), SETTINGS, true));
    let fitting = settings(attractor_fit::PARAMETERS);
    let command = command.mut_subcommand("fit", |task| add(task, &fitting, FIT, true));
    let is_of = |part: &'static [Parameter]| {
        move |parameter: &&'static Parameter| part.iter().any(|own| own.name == parameter.name)
    };
    let (inside, others): (Vec<_>, Vec<_>) =
        settings(attractor_audit::PARAMETERS).into_iter().partition(is_of(INSIDE_PARAMETERS));
    let (pieces, auditing): (Vec<_>, Vec<_>) = others.into_iter().partition(is_of(PIECES_PARAMETERS));
    let command = command.mut_subcommand("audit", |task| {
        add(add(add(task, &auditing, AUDIT, true), &pieces, PIECES, true), &inside, INSIDE, true)
    });
    let inspecting = settings(attractor_audit::inspect::PARAMETERS);
    let command = command.mut_subcommand("inspect", |task| add(task, &inspecting, INSPECTION, true));
    let protocol = settings(attractor_replay::PARAMETERS);
    let (usual, others): (Vec<_>, Vec<_>) =
        protocol.into_iter().partition(|parameter| USUAL_OF_REPLAY.contains(&parameter.name));
    let command =
        command.mut_subcommand("replay", |task| add(add(task, &usual, PROTOCOL, true), &others, LESS, true));
    let command = command.mut_subcommand("store", |task| add(task, &settings(CORES), EVENTS, true));
    let command = OF_MODELS.into_iter().fold(command, |command, task| {
        command.mut_subcommand(task, |task| {
            let task = with_options(task, view);
            let task = name_models(task, "weights", |card| card.weights);
            let task = name_models(task, "values", |card| card.values);
            name_models(task, "memory_limit", |card| card.streams)
        })
    });
    let mut place = 0;
    let command = with_numbers(command).mut_subcommands(|task| {
        place += 1;
        in_order(task).display_order(place)
    });
    command.mut_subcommands(|task| match (view.short, explained(task.get_name())) {
        (true, _) => shortened(task),
        (false, Some(columns)) => after(task, &columns),
        (false, None) => task,
    })
}

/// The command line for completions: with the options of all models, and of each experiment only its own settings.
pub fn completions() -> Command {
    command(&View::all()).mut_subcommand("reproduce", super::reproduce::completed)
}

/// Help heading for the settings of training.
const SETTINGS: &str = "Settings of the training";

/// Help heading for the options of events beside a density.
const EVENTS: &str = "Events beside a density";

/// Help heading for the settings of an audit.
const AUDIT: &str = "Settings of the audit";

/// Help heading for the settings of a look inside a model. The short help leaves them out.
const INSIDE: &str = "Inside a model (--model)";

const INSIDE_PARAMETERS: &[Parameter] = &attractor_audit::inside::PARAMETERS;

/// Help heading for the settings of the local error of images. The short help leaves them out.
const PIECES: &str = "Mosaics of overlapping pieces (images)";

const PIECES_PARAMETERS: &[Parameter] = &attractor_audit::mosaic::pieces::PARAMETERS;

/// Help heading for the settings of an inspection.
const INSPECTION: &str = "Settings of the inspection";

/// Help heading for the settings of a fit.
const FIT: &str = "Settings of the fit";

/// A command whose help begins with what everyone needs and ends with what is needed less often. Headings come in the
/// order of their first arguments, and clap moves none, so the command is made anew.
fn in_order(task: Command) -> Command {
    if task.has_subcommands() {
        return task;
    }
    let rank = |arg: &Arg| match arg.get_help_heading() {
        None => 0,
        Some(MEMORY | NETWORK) => 1,
        Some(CUES) => 2,
        Some(RECALL) => 4,
        Some(OUTPUT) => 6,
        Some(LESS) => 7,
        Some(FILES) => 8,
        Some(heading) if heading.starts_with(OPTIONS) => 5,
        Some(_) => 3,
    };
    let mut args: Vec<Arg> = task.get_arguments().cloned().collect();
    args.sort_by_key(rank);
    let help = help(&args);
    let groups: Vec<ArgGroup> = task.get_groups().cloned().collect();
    let ordered = Command::new(task.get_name().to_owned()).args(args).groups(groups);
    let ordered = match task.get_about() {
        Some(about) => ordered.about(about.clone()),
        None => ordered,
    };
    let ordered = match task.get_after_help() {
        Some(more) => ordered.after_help(more.clone()),
        None => ordered,
    };
    ordered.disable_help_flag(true).arg(help)
}

/// Help where it is looked for: with the options that everyone needs.
fn help(args: &[Arg]) -> Arg {
    let headings: Vec<Option<&str>> =
        args.iter().filter(|arg| !arg.is_positional()).map(Arg::get_help_heading).collect();
    // A heading for help alone would be the first one.
    let heading = match headings.contains(&Some(OUTPUT)) {
        true => Some(OUTPUT),
        false if headings.contains(&None) => None,
        false => headings.first().copied().flatten(),
    };
    let text = match args.iter().any(is_rare) {
        true => "Print help; -h leaves out what is needed less often",
        false => "Print help",
    };
    let arg = Arg::new("help").short('h').long("help").action(ArgAction::Help);
    let arg = arg.help(text).display_order(1000);
    match heading {
        Some(heading) => arg.help_heading(heading.to_owned()),
        None => arg,
    }
}

/// Whether an argument is needed less often.
fn is_rare(arg: &Arg) -> bool {
    matches!(arg.get_help_heading(), Some(LESS | FILES | INSIDE | PIECES))
}

/// Heading of the options of models.
const OPTIONS: &str = "Options of ";

/// A command with the options of the models; those of the view are shown.
fn with_options(task: Command, view: &View) -> Command {
    // An argument of the command itself comes before an option of that name, which is then not to be had.
    let taken = |p: &&'static Parameter| task.get_arguments().any(|arg| arg.get_id() == p.name);
    let shown: Vec<_> = of_models(&view.cards).into_iter().filter(|p| !taken(p)).collect();
    let heading = match &view.cards[..] {
        [] => format!("{OPTIONS}the models"),
        cards => format!("{OPTIONS}{}", cards.iter().map(|card| card.name).collect::<Vec<_>>().join(", ")),
    };
    let heading: &'static str = Box::leak(heading.into_boxed_str());
    let names = |p: &&'static Parameter| shown.iter().any(|s| s.name == p.name);
    let hidden: Vec<_> = of_models(&cards()).into_iter().filter(|p| !names(p) && !taken(p)).collect();
    let name = task.get_name().to_owned();
    let task = add(add(task, &shown, heading, true), &hidden, heading, false);
    let more = match &view.cards[..] {
        [] => format!(
            "Each model has options of its own. `attractor models` lists the models, and\n`attractor {name} --model NAME --help` shows the options of one of them as well."
        ),
        cards if shown.is_empty() => {
            let names: Vec<_> = cards.iter().map(|card| card.name).collect();
            format!("There are no options of {}.", names.join(", "))
        }
        _ => return task,
    };
    after(task, &more)
}

/// The help of a command with a paragraph before its examples.
fn after(task: Command, paragraph: &str) -> Command {
    let examples = task.get_after_help().map(ToString::to_string).unwrap_or_default();
    task.after_help(format!("{paragraph}\n\n{examples}"))
}

/// Adds the names of the models that take an argument to its help.
fn name_models(task: Command, name: &'static str, takes: fn(&Card) -> bool) -> Command {
    if task.get_arguments().all(|arg| arg.get_id() != name) {
        return task;
    }
    task.mut_arg(name, |arg| {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        arg.help(format!("{help}. For the models {}", models_that(takes)))
    })
}

/// Hides the rarely used options of a command in its help.
fn shortened(task: Command) -> Command {
    let task = task.mut_args(|arg| {
        let is_setting = arg.get_help_heading() == Some(SETTINGS) && arg.get_id() != "steps";
        let hidden = is_rare(&arg) || is_setting || arg.is_hide_set();
        arg.hide(hidden)
    });
    let leaves_out = task.get_arguments().any(is_rare);
    match leaves_out {
        true => after(task, "This is the short help; --help shows all options."),
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

    /// Every option of every command with a number below 0: it is taken, or refused in a sentence that names both. What
    /// is missing besides is asked for once all that is there has been read.
    #[test]
    fn negative_numbers_are_values() {
        let mut whole = command(&View::all());
        let mut options: Vec<(Vec<String>, String, &[&str])> = Vec::new();
        for task in whole.get_subcommands() {
            let own = [task];
            let parts = if task.has_subcommands() { task.get_subcommands().collect() } else { own.to_vec() };
            for part in parts {
                let all = part.get_arguments().filter(|arg| arg.get_action().takes_values());
                let names = [task.get_name(), part.get_name()].map(str::to_owned);
                let names = if task.has_subcommands() { names.to_vec() } else { names[..1].to_vec() };
                // Where an option may follow, as after a file, a value with a minus sign must be a plain number.
                let tried =
                    |arg: &Arg| if arg.is_allow_hyphen_values_set() { &["-1", "-1e-3"][..] } else { &["-1"] };
                options.extend(
                    all.filter_map(|arg| Some((names.clone(), arg.get_long()?.to_owned(), tried(arg)))),
                );
            }
        }
        assert!(options.len() > 400, "{}", options.len());
        for (names, option, values) in &options {
            for &value in *values {
                let flag = format!("--{option}");
                let names = names.iter().map(String::as_str);
                let line: Vec<&str> =
                    std::iter::once("attractor").chain(names).chain([&*flag, value]).collect();
                let Err(error) = whole.try_get_matches_from_mut(&line) else { continue };
                let text = error.to_string();
                match error.kind() {
                    ErrorKind::MissingRequiredArgument | ErrorKind::TooFewValues => {}
                    ErrorKind::ValueValidation => {
                        assert!(text.contains(option) && text.contains(value), "{line:?}: {text}");
                    }
                    kind => panic!("{line:?}: {kind:?}: {text}"),
                }
            }
        }
    }
}
