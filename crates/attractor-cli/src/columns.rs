//! The columns of the tables that commands print: one list for the tables and for the help that explains them.

use attractor::analysis::TraceEvents;
use attractor::fields::{Value, field};
use attractor::memories::{Played, Row};

/// Fields of the table of `recall`, with their width and digits. The row's number comes before them, its outcome after
/// them.
pub const OF_RECALL: [(&str, usize, usize); 8] = [
    ("memory", 7, 0),
    ("overlap", 8, 4),
    ("match", 6, 3),
    ("posterior", 9, 4),
    ("entropy", 8, 4),
    ("energy", 13, 6),
    ("sigma", 8, 4),
    ("steps", 6, 0),
];

/// The heading of the table of `recall`.
pub fn heading() -> String {
    let names: String = OF_RECALL.iter().map(|(name, width, _)| format!(" {name:>width$}")).collect();
    format!("{:>6}{names}  outcome", "row")
}

/// The fields of a row in the columns of `recall`.
pub fn cells(row: &Row) -> String {
    let cell = |&(name, width, digits): &(&str, usize, usize)| {
        let value = field(Row::FIELDS, name).map_or(Value::None, |field| (field.get)(row));
        let text = match value {
            Value::Whole(n) => n.to_string(),
            Value::Number(x) => number(x, width, digits),
            Value::Weights(best) => number(best[0].1, width, digits),
            _ => "-".into(),
        };
        format!(" {text:>width$}")
    };
    OF_RECALL.iter().map(cell).collect()
}

/// A number with so many decimals, or with fewer where it would break its column.
pub fn number(x: f64, width: usize, digits: usize) -> String {
    let plain = (0..=digits).rev().map(|digits| format!("{x:.digits$}")).find(|text| text.len() <= width);
    // A rest of rounding below 0 is 0.
    let plain = plain.map(|text| match text.trim_start_matches('-').chars().all(|c| "0.".contains(c)) {
        true => text.trim_start_matches('-').to_owned(),
        false => text,
    });
    plain.unwrap_or_else(|| format!("{x:.4e}"))
}

/// What the columns of the table of a command mean, for its help. `None` for a command whose table needs no words.
pub fn explained(command: &str) -> Option<String> {
    let lines: Vec<(&str, String)> = match command {
        "recall" => {
            let doc = |name: &str| field(Row::FIELDS, name).map_or(String::new(), |f| f.doc.to_owned());
            let of = |(name, ..): &(&'static str, usize, usize)| match *name {
                "posterior" => ("posterior", "probability of the most probable memory, given the cue".into()),
                "energy" => (
                    "energy",
                    "energy of the recalled state; lower is more stable. --model NAME --help has the formula"
                        .into(),
                ),
                "match" => ("match", doc("match") + "; near 0 if nothing matches"),
                name => (name, doc(name)),
            };
            let outcome =
                "how the recall ended, and at which step; then the names of the cue and of the memory";
            OF_RECALL.iter().map(of).chain([("outcome", outcome.to_owned())]).collect()
        }
        "trace" => {
            let events = TraceEvents::FIELDS.iter().map(|event| (event.name, event.doc.to_owned()));
            let memory = "index of the stored pattern nearest to the recalled state".to_owned();
            let energy = "energy of the last state".to_owned();
            events.chain([("memory", memory), ("energy", energy)]).collect()
        }
        _ => return None,
    };
    let line = |(name, doc): &(&str, String)| format!("\n  {name:<9}  {doc}");
    Some(format!("Columns of the table:{}", lines.iter().map(line).collect::<String>()))
}

/// How well the order of a sequence was kept, as the end of a line.
pub fn in_order(played: &Played) -> String {
    let errors = [
        (played.early, "early"),
        (played.repeats, "repeated"),
        (played.skips, "skipped"),
        (played.backs, "back"),
        (played.lost, "lost"),
    ];
    let all = played.ordered + errors.iter().map(|(count, _)| count).sum::<usize>();
    let errors = errors.iter().filter(|(count, _)| *count > 0);
    let errors: String = errors.map(|(count, what)| format!(", {count} {what}")).collect();
    format!(", {} of {all} updates in order{errors}", played.ordered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_a_field_and_is_explained() {
        let help = explained("recall").expect("help");
        for (name, ..) in OF_RECALL {
            assert!(field(Row::FIELDS, name).is_some(), "{name}");
            assert!(help.contains(&format!("\n  {name}")), "{name}: {help}");
        }
    }

    #[test]
    fn numbers_keep_to_their_column() {
        assert_eq!(number(-249_801_762.0, 13, 6), "-249801762.00");
        assert_eq!(number(1.25, 13, 6), "1.250000");
        assert_eq!(number(-1e-9, 13, 6), "0.000000");
        assert_eq!(number(-1.5e30, 13, 6), "-1.5000e30");
    }
}
