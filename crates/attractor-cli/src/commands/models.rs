//! `attractor models`: every model in a few lines, or one of them with all of its options.

use std::fmt::Write as _;
use std::io::Write;

use anyhow::Result;
use attractor::memories::{Card, Family, MODELS, Model};
use attractor::options::{Kind, Parameter};
use serde_json::{Value, json};

use crate::args;

/// The width of a line, in characters: that of a usual terminal, which also suits a wider one.
const WIDTH: usize = 80;

pub fn run(args: &args::Models) -> Result<()> {
    if args.json {
        let cards = MODELS.iter().map(|model| model.card);
        let found = match args.name {
            Some(named) => facts_as_json(named),
            None => cards.map(facts_as_json).collect(),
        };
        return Ok(crate::streams::stdout(false).json(&found)?);
    }
    let text = match &args.name {
        Some(named) => card(named),
        None => overview(),
    };
    Ok(crate::streams::stdout(false).write_all(text.as_bytes())?)
}

/// A few lines for each model, family by family, and in historical order within one.
fn overview() -> String {
    let mut text = String::new();
    for family in Family::ALL {
        let members = MODELS.iter().filter(|model| model.card.family == *family);
        let _ = writeln!(text, "{} ({})\n", family.name().to_uppercase(), family.about());
        for Model { card, .. } in members {
            let _ = writeln!(text, "{}: {}", card.name, card.title);
            wrap(&mut text, 2, 2, card.equation);
            line(&mut text, "source", card.source);
            let options: Vec<String> = card.parameters.iter().map(|p| format!("--{}", p.name)).collect();
            if !options.is_empty() {
                line(&mut text, "options", &options.join(" "));
            }
            text.push('\n');
        }
    }
    text += "`attractor models NAME` says what a model takes and costs, and what its options are.\n";
    text
}

/// One model as a JSON object.
fn facts_as_json(card: &Card) -> Value {
    let option = |parameter: &Parameter| {
        json!({
            "name": parameter.name,
            "takes": parameter.kind.to_string(),
            "default": parameter.default.to_string(),
            "help": parameter.help,
        })
    };
    json!({
        "name": card.name,
        "title": card.title,
        "family": card.family.name(),
        "equation": card.equation,
        "states": if card.spins { "±1" } else { "real" },
        "weights": card.weights,
        "values": card.values,
        "cost": card.cost,
        "source": card.source,
        "options": card.parameters.iter().map(option).collect::<Vec<_>>(),
    })
}

/// One model with its options: what each does, takes, and its default.
fn card(card: &Card) -> String {
    let mut text = String::new();
    facts(&mut text, card);
    for parameter in card.parameters {
        option(&mut text, parameter);
    }
    if card.parameters.is_empty() {
        text += "\n  It has no options.\n";
    }
    text
}

fn facts(text: &mut String, card: &Card) {
    let _ = writeln!(text, "{}: {}", card.name, card.title);
    wrap(text, 2, 2, card.equation);
    let takes = [(card.weights, "prior weights"), (card.values, "associated values")];
    let takes: Vec<_> = takes.iter().filter(|(takes, _)| *takes).map(|(_, what)| *what).collect();
    line(text, "family", card.family.name());
    line(text, "states", if card.spins { "±1" } else { "real" });
    if !takes.is_empty() {
        line(text, "takes", &takes.join(", "));
    }
    line(text, "cost", card.cost);
    line(text, "source", card.source);
}

fn option(text: &mut String, parameter: &Parameter) {
    let _ = write!(text, "\n  --{}", parameter.name);
    let _ = match parameter.kind {
        Kind::Flag => writeln!(text),
        _ => writeln!(text, " {}", args::placeholder(&parameter.kind)),
    };
    let names = parameter.kind.names();
    let has_column = names.iter().any(|name| !name.about.is_empty());
    // Names in a column of their own need no sentence.
    let takes = if has_column { String::new() } else { args::takes(&parameter.kind) };
    wrap(text, 6, 6, &format!("{}{takes} [default: {}]", parameter.help, parameter.default));
    let width = names.iter().map(|name| name.name.chars().count()).max().unwrap_or(0);
    for name in names.iter().filter(|_| has_column) {
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
