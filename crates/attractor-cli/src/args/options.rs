//! Turns declared options into command-line flags. Parser, help and completions of a flag follow from the option's
//! kind.

use std::any::TypeId;
use std::ffi::OsStr;
use std::fmt::Display;
use std::path::PathBuf;

use attractor::memories::{Card, MODELS};
use attractor::options::{CountRange, Kind, NumberRange, Options, Parameter, Value};
use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command};

/// Adds a flag for each of these parameters, shown in help or hidden.
pub fn add(
    command: Command,
    parameters: &[&'static Parameter],
    heading: &'static str,
    shown: bool,
) -> Command {
    let mut names: Vec<&str> = Vec::new();
    parameters.iter().fold(command, |command, parameter| {
        if names.contains(&parameter.name) {
            return command;
        }
        names.push(parameter.name);
        let alike: Vec<_> = parameters.iter().copied().filter(|p| p.name == parameter.name).collect();
        command.arg(argument(alike).help_heading(heading).hide(!shown))
    })
}

/// The values that were given for these parameters.
pub fn given(matches: &ArgMatches, parameters: &[&'static Parameter]) -> Options {
    let mut options = Options::default();
    for Parameter { name, kind, .. } in parameters {
        match kind {
            Kind::Flag => {
                if let Ok(Some(true)) = matches.try_get_one::<bool>(name) {
                    options.set(name, true);
                }
            }
            _ => {
                if let Ok(Some(value)) = matches.try_get_one::<Value>(name) {
                    options.set(name, value.clone());
                }
            }
        }
    }
    options
}

/// The options of these models.
pub fn of_models(cards: &[&'static Card]) -> Vec<&'static Parameter> {
    cards.iter().flat_map(|card| card.parameters).collect()
}

/// Every model's card.
pub fn cards() -> Vec<&'static Card> {
    MODELS.iter().map(|model| model.card).collect()
}

/// One flag for all parameters of the same name. If models differ in its meaning, the help lists each.
fn argument(alike: Vec<&'static Parameter>) -> Arg {
    let first = alike[0];
    let arg = Arg::new(first.name).long(first.name).help(help(&alike));
    match first.kind {
        Kind::Flag => arg.action(ArgAction::SetTrue),
        _ => arg
            .value_name(placeholder(&first.kind))
            .allow_hyphen_values(true)
            .hide_possible_values(true)
            .value_parser(ByKind(alike)),
    }
}

fn help(alike: &[&'static Parameter]) -> String {
    let mut each: Vec<String> = alike.iter().map(|p| described(p)).collect();
    each.dedup();
    each.join(".\n")
}

/// The help of an option: what it does, takes, and its default.
fn described(parameter: &Parameter) -> String {
    format!("{}{} [default: {}]", parameter.help, takes(&parameter.kind), parameter.default)
}

/// What a value may be, after the sentence that says what it does; nothing if the placeholder shows it.
pub fn takes(kind: &Kind) -> String {
    match kind {
        Kind::Flag | Kind::Switch | Kind::Text(_) => String::new(),
        kind if placeholder(kind) == kind.to_string() => String::new(),
        Kind::AutoOr(Kind::Switch) => String::new(),
        Kind::Choice(_) | Kind::Form(_) if placeholder(kind).contains('|') => String::new(),
        kind => format!(" [{kind}]"),
    }
}

/// The placeholder of a value in help.
pub fn placeholder(kind: &Kind) -> String {
    /// Longer lists of names would make the column too wide.
    const SHORT: usize = 30;
    match kind {
        Kind::Flag => String::new(),
        Kind::Count(_) => "N".to_owned(),
        Kind::Number(_) => "X".to_owned(),
        Kind::AutoOr(Kind::Switch) => "auto|on|off".to_owned(),
        Kind::AutoOr(other) => format!("auto|{}", placeholder(other)),
        Kind::List(each) => format!("{},…", placeholder(each)),
        Kind::Text(what) => (*what).to_owned(),
        Kind::Switch | Kind::Choice(_) | Kind::Form(_) => {
            let names = kind.names().iter().map(|n| n.name.to_string()).collect::<Vec<_>>().join("|");
            if names.len() <= SHORT { names } else { "NAME".to_owned() }
        }
    }
}

/// Parses a value by its declared kind. If several models have an option of this name, the first that accepts the
/// value is used.
#[derive(Clone)]
struct ByKind(Vec<&'static Parameter>);

impl ByKind {
    /// Whether models take different values.
    fn differ(&self) -> bool {
        let first = self.0[0].kind.to_string();
        self.0.iter().any(|parameter| parameter.kind.to_string() != first)
    }
}

impl TypedValueParser for ByKind {
    type Value = Value;

    fn parse_ref(&self, command: &Command, _: Option<&Arg>, text: &OsStr) -> Result<Value, clap::Error> {
        let text = text.to_string_lossy();
        let mut readings = self.0.iter().map(|parameter| parameter.parse(&text));
        let first = readings.next().expect("one parameter at least");
        match first {
            Ok(value) => Ok(value),
            Err(error) => match readings.find_map(Result::ok) {
                Some(value) => Ok(value),
                // What is expected depends on the model, which reads the text and says it.
                None if self.differ() => Ok(Value::Text(text.into_owned())),
                None => Err(refused(command, &error)),
            },
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let mut names: Vec<PossibleValue> = Vec::new();
        for name in self.0.iter().flat_map(|parameter| parameter.kind.names()) {
            // A form with arguments can be completed only up to its first argument.
            let stem = name.name.split([':', '[']).next().unwrap_or_default().to_owned();
            if names.iter().all(|known| known.get_name() != stem) {
                names.push(PossibleValue::new(stem).help(name.about.into_owned()));
            }
        }
        match names.is_empty() {
            true => None,
            false => Some(Box::new(names.into_iter())),
        }
    }
}

/// Parses whole numbers. A sign is accepted first, so that the error is about the number, not about an unknown flag.
#[derive(Clone)]
pub struct Whole<T> {
    name: String,
    cast: fn(u64) -> Option<T>,
}

/// Parses numbers, as [`Whole`] does.
#[derive(Clone)]
pub struct Real {
    name: String,
    range: NumberRange,
}

/// What numbers may be, by the name of the option. A command or model can allow less, and checks that itself.
const RANGES: &[(&str, NumberRange)] = &[
    ("flip", SHARE),
    ("keep-cue", attractor::memories::KEEP_CUE),
    ("margin", NumberRange::between(0.0, 1e6)),
    ("mask", SHARE),
    ("near", NumberRange::at_least(0.0)),
    ("reject", SHARE.above_low().below_high()),
    ("salt-pepper", SHARE),
    ("save-every", NumberRange::between(0.0, 1e6)),
    ("sigma", NumberRange::between(0.0, 1e15)),
    ("signal", SHARE.above_low()),
    ("threshold", NumberRange::between(0.0, 0.5).above_low().below_high()),
    ("tolerance", NumberRange::at_least(0.0)),
    ("until-error", SHARE),
    ("within", NumberRange::POSITIVE),
];

const SHARE: NumberRange = NumberRange::between(0.0, 1.0);

impl<T: Clone + Send + Sync + 'static> TypedValueParser for Whole<T> {
    type Value = T;

    fn parse_ref(&self, command: &Command, _: Option<&Arg>, text: &OsStr) -> Result<T, clap::Error> {
        let text = text.to_string_lossy();
        let read = CountRange::ANY.parse(&self.name, &text).map_err(|error| refused(command, &error))?;
        let too_large = || attractor::Error::parameter(&self.name, "a whole number that fits", &text);
        (self.cast)(read).ok_or_else(|| refused(command, &too_large()))
    }
}

impl TypedValueParser for Real {
    type Value = f64;

    fn parse_ref(&self, command: &Command, _: Option<&Arg>, text: &OsStr) -> Result<f64, clap::Error> {
        let text = text.to_string_lossy();
        self.range.parse(&self.name, &text).map_err(|error| refused(command, &error))
    }
}

/// Makes what follows an option its value, also where it begins with a minus sign, in a command and its subcommands;
/// numbers are refused in a sentence.
pub fn with_numbers(command: Command) -> Command {
    let command = command.mut_args(|arg| {
        let Some(name) = arg.get_long().map(str::to_owned).filter(|_| arg.get_action().takes_values()) else {
            return arg;
        };
        let kind = arg.get_value_parser().type_id();
        let is = |other: TypeId| kind == other;
        let arg = if is(TypeId::of::<f64>()) {
            let range = RANGES.iter().find(|(option, _)| *option == name).map(|(_, range)| *range);
            arg.value_parser(Real { name, range: range.unwrap_or(NumberRange::ANY) })
        } else if is(TypeId::of::<u64>()) && arg.get_id() != "memory_limit" {
            arg.value_parser(Whole { name, cast: Some })
        } else if is(TypeId::of::<usize>()) {
            arg.value_parser(Whole { name, cast: |n| usize::try_from(n).ok() })
        } else {
            arg
        };
        // Help says what they are in its own words.
        let arg = arg.hide_possible_values(true);
        // Files seldom begin with a minus sign, and after several values an option must still be one.
        let is_plain =
            kind != TypeId::of::<PathBuf>() && arg.get_num_args().is_none_or(|n| n.max_values() == 1);
        if is_plain { arg.allow_hyphen_values(true) } else { arg.allow_negative_numbers(true) }
    });
    command.mut_subcommands(with_numbers)
}

/// The sentence of an error of the library.
pub fn refused(command: &Command, error: &impl Display) -> clap::Error {
    clap::Error::raw(ErrorKind::ValueValidation, error.to_string()).with_cmd(command)
}
