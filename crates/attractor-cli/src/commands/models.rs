//! `attractor models`: every model in a few lines, or one of them with all of its options.

use std::fmt::Write as _;
use std::io::Write;

use anyhow::Result;
use attractor::memories::{Card, MODELS, model};
use attractor::options::{Kind, Parameter};

use crate::args;

/// The width of a line, in characters.
const WIDTH: usize = 100;

pub fn run(args: &args::Models) -> Result<()> {
    let text = match &args.name {
        Some(name) => card(model(name)?.card),
        None => overview(),
    };
    Ok(std::io::stdout().lock().write_all(text.as_bytes())?)
}

/// A line for each model, in historical order.
fn overview() -> String {
    let mut text = String::new();
    for model in MODELS {
        facts(&mut text, model.card);
        let options: Vec<String> = model.card.parameters.iter().map(|p| format!("--{}", p.name)).collect();
        let options = if options.is_empty() { "none".to_owned() } else { options.join(" ") };
        line(&mut text, "options", &options);
        text.push('\n');
    }
    text += "`attractor models NAME` says what the options of a model are.\n";
    text
}

/// One model with its options: what each does, takes, and its default.
fn card(card: &Card) -> String {
    let mut text = String::new();
    facts(&mut text, card);
    for parameter in card.parameters {
        option(&mut text, parameter);
    }
    text
}

fn facts(text: &mut String, card: &Card) {
    let _ = writeln!(text, "{}: {}", card.name, card.title);
    wrap(text, 2, 2, card.equation);
    let takes = [(card.weights, "prior weights"), (card.values, "associated values")];
    let takes: Vec<_> = takes.iter().filter(|(takes, _)| *takes).map(|(_, what)| *what).collect();
    line(text, "states", if card.spins { "±1" } else { "real" });
    if !takes.is_empty() {
        line(text, "takes", &takes.join(", "));
    }
    line(text, "cost", card.cost);
    line(text, "source", card.source);
}

fn option(text: &mut String, parameter: &Parameter) {
    let _ = write!(text, "\n  --{}", parameter.name);
    let names = parameter.kind.names();
    let _ = match parameter.kind {
        Kind::Flag => writeln!(text),
        _ => writeln!(text, " {}", args::placeholder(&parameter.kind)),
    };
    wrap(text, 6, 6, &format!("{} [default: {}]", parameter.help, parameter.default));
    if names.is_empty() && !matches!(parameter.kind, Kind::Flag) {
        wrap(text, 6, 6, &format!("Takes {}.", parameter.kind));
    }
    if names.iter().all(|name| name.about.is_empty()) {
        if !names.is_empty() && !matches!(parameter.kind, Kind::Switch | Kind::AutoOr(Kind::Switch)) {
            wrap(text, 6, 6, &format!("Takes {}.", parameter.kind));
        }
        return;
    }
    let width = names.iter().map(|name| name.name.chars().count()).max().unwrap_or(0);
    for name in &names {
        let first = format!("{:8}{:width$}  ", "", name.name);
        let mut rest = String::new();
        wrap(&mut rest, 0, 10 + width, &name.about);
        let _ = write!(text, "{first}{}", if rest.is_empty() { "\n" } else { rest.trim_start() });
    }
}

fn line(text: &mut String, key: &str, value: &str) {
    let mut rest = String::new();
    wrap(&mut rest, 11, 11, value);
    let _ = write!(text, "  {key:9}{}", rest.trim_start());
}

/// Adds a wrapped paragraph. Its first line is indented by `first` columns, the others by `rest`.
fn wrap(text: &mut String, first: usize, rest: usize, paragraph: &str) {
    let mut line = " ".repeat(first);
    let mut begun = false;
    for word in paragraph.split_whitespace() {
        if begun
            && line.chars().count() + 1 + word.chars().count() > WIDTH - if first == 0 { rest } else { 0 }
        {
            let _ = writeln!(text, "{line}");
            line = " ".repeat(rest);
            begun = false;
        }
        if begun {
            line.push(' ');
        }
        line += word;
        begun = true;
    }
    if begun {
        let _ = writeln!(text, "{line}");
    }
}
