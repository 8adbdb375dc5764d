//! Errors: each says what was expected, what was found and what to do.
//!
//! Bad input is an error. A recall that does not settle, cycles or diverges is not: it is an
//! [`Outcome`](crate::Outcome) of that row.

use std::fmt;

use crate::message;
use crate::message::{Argument, Message, Part, Spelling};
use crate::names::similar;

/// The result of a function of this crate that can refuse its input.
pub type Result<T> = std::result::Result<T, Error>;

/// A refused request. `Display` gives one sentence that users of this crate can act on;
/// [`spelled`](Error::spelled) gives it with arguments as the users of a front end write them.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Two sizes that must agree do not.
    Shape {
        /// The array or argument.
        what: String,
        /// The size it must have.
        expected: String,
        /// The size it has.
        found: String,
        /// What to do.
        cure: Message,
    },
    /// Something is missing that there must be at least one of.
    Empty {
        /// What is missing.
        what: String,
        /// What to do.
        cure: Message,
    },
    /// A value is NaN or infinite.
    NotFinite {
        /// The array.
        what: String,
        /// The value found.
        found: String,
        /// Its row.
        row: usize,
        /// Its column.
        unit: usize,
        /// What to do.
        cure: Message,
    },
    /// A value is so large that sums of its square overflow its number type.
    TooLarge {
        /// The array.
        what: String,
        /// The squared norm found.
        found: f64,
        /// The largest it may be.
        limit: f64,
        /// The number type.
        number: &'static str,
        /// The row.
        row: usize,
    },
    /// A parameter lies outside its range.
    Parameter {
        /// The parameter's name, as it is declared.
        name: String,
        /// Its range.
        expected: Message,
        /// The value given.
        found: String,
    },
    /// A name is not in its list.
    UnknownName {
        /// The kind of thing that the name stands for, such as a model.
        kind: &'static str,
        /// The name given.
        found: String,
        /// The names that exist: values as text, options as [`Part::Parameter`].
        known: Vec<Part>,
    },
    /// A model does not support what was asked of it.
    Undefined {
        /// The model.
        model: &'static str,
        /// What was asked.
        what: &'static str,
        /// Why there is none, and what to use instead.
        reason: Message,
    },
    /// A caller's own denoiser, energy or observer failed.
    Foreign(Box<dyn std::error::Error + Send + Sync>),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Foreign(inner) => inner.source(),
            _ => None,
        }
    }
}

impl Error {
    /// An error about a size that does not agree with another.
    pub fn shape(
        what: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
        cure: impl Into<Message>,
    ) -> Self {
        Error::Shape { what: what.into(), expected: expected.into(), found: found.into(), cure: cure.into() }
    }

    /// An error about a parameter outside its range.
    pub fn parameter(name: impl Into<String>, expected: impl Into<Message>, found: impl ToString) -> Self {
        let mut found = found.to_string();
        // An exponent is easier to read than three hundred digits.
        if let (true, Ok(number)) = (found.len() > 20, found.parse::<f64>()) {
            found = format!("{number:e}");
        }
        if found.is_empty() {
            found.push_str("nothing");
        }
        Error::Parameter { name: name.into(), expected: expected.into(), found }
    }

    /// An unknown name. `kind` says what it should name, and `known` lists the names that exist.
    pub fn unknown<P: Into<Part>>(
        kind: &'static str,
        found: impl Into<String>,
        known: impl IntoIterator<Item = P>,
    ) -> Self {
        Error::UnknownName { kind, found: found.into(), known: known.into_iter().map(Into::into).collect() }
    }

    /// The sentence that a front end shows: what was expected, what was found, and what to do.
    pub fn message(&self) -> Message {
        match self {
            Error::Shape { what, expected, found, cure } => {
                message![format!("{what}: expected {expected}, found {found}; "), cure]
            }
            Error::Empty { what, cure } => {
                message![format!("{what}: expected at least one, found none; "), cure]
            }
            Error::NotFinite { what, found, row, unit, cure } => message![
                format!("{what}: expected finite numbers, found {found} at row {row}, unit {unit}; "),
                cure
            ],
            Error::TooLarge { what, found, limit, number, row } => message![
                format!(
                    "{what}: expected squared norms below {limit:e} in {number}, found {found:e} at row {row}; "
                ),
                "divide patterns and cues by one constant, or use ",
                Argument::DoublePrecision
            ],
            Error::Parameter { name, expected, found } => {
                message![Part::Parameter(name.clone()), ": expected ", expected, format!(", found {found}")]
            }
            Error::UnknownName { kind, found, known } => {
                let kind = Part::Parameter((*kind).to_owned());
                let list = known.iter().enumerate().flat_map(|(n, name)| {
                    let comma = (n > 0).then(|| Message::from(", "));
                    comma.into_iter().chain([Message::from(name.clone())])
                });
                let written = |part: &'_ Part| match part {
                    Part::Text(text) | Part::Parameter(text) => Some(text.clone()),
                    Part::Argument(_) => None,
                };
                let names: Vec<String> = known.iter().filter_map(written).collect();
                let meant = similar(found, names.iter().map(String::as_str)).and_then(|meant| {
                    known.iter().find(|part| written(part).as_deref() == Some(meant)).cloned()
                });
                let question =
                    meant.map_or(Message::default(), |meant| message![" (did you mean ", meant, "?)"]);
                message![
                    "unknown ",
                    kind,
                    format!(" '{found}'"),
                    question,
                    "; expected one of: ",
                    list.collect::<Message>()
                ]
            }
            Error::Undefined { model, what, reason } => message![format!("{model} has no {what}: "), reason],
            Error::Foreign(inner) => inner.to_string().into(),
        }
    }

    /// The sentence, with arguments spelled as the front end's users write them.
    pub fn spelled(&self, spelling: &dyn Spelling) -> String {
        self.message().spelled(spelling)
    }

    /// The arguments that the sentence asks for.
    pub fn arguments(&self) -> Vec<Argument> {
        self.message().arguments()
    }
}

/// The advice for cues that are not finite.
pub(crate) struct CueCure;

impl From<CueCure> for Message {
    fn from(_: CueCure) -> Self {
        message!["repair the cue, or mark missing units as unknown (0) in a mask given to ", Argument::Known]
    }
}

/// Returns an error if the width of `states` is not `dim`.
pub(crate) fn check_width(what: &str, found: usize, dim: usize) -> Result<()> {
    if found == dim {
        return Ok(());
    }
    Err(Error::shape(
        what,
        format!("{dim} units a row, as the memory has"),
        format!("{found}"),
        "use rows of the width of the stored patterns",
    ))
}

/// Returns an error if a list does not have one entry per row.
pub(crate) fn check_rows(what: &str, found: usize, rows: usize) -> Result<()> {
    if found == rows {
        return Ok(());
    }
    Err(Error::shape(
        what,
        format!("one entry for each of {rows} rows"),
        format!("{found}"),
        "give every row its own",
    ))
}
