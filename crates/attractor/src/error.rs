//! What can go wrong, with what was expected, what was found and what to do about it.
//!
//! Bad input is an error. A recall that does not settle, cycles or diverges is not: it is an
//! [`Outcome`](crate::Outcome) of that row.

/// Result of everything in this crate that can be refused.
pub type Result<T> = std::result::Result<T, Error>;

/// A refused request. `Display` gives one sentence that a user can act on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two sizes that must agree do not.
    #[error("{what}: expected {expected}, found {found}; {cure}")]
    Shape {
        /// The array or argument.
        what: String,
        /// The size it must have.
        expected: String,
        /// The size it has.
        found: String,
        /// What to do.
        cure: String,
    },
    /// There is nothing to work on.
    #[error("{what}: expected at least one, found none; {cure}")]
    Empty {
        /// What is missing.
        what: String,
        /// What to do.
        cure: String,
    },
    /// A value is NaN or infinite.
    #[error("{what}: expected finite numbers, found {found} at row {row}, unit {unit}; {cure}")]
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
        cure: String,
    },
    /// A value is so large that sums of its square leave its number type.
    #[error(
        "{what}: expected squared norms below {limit:e} in {number}, found {found:e} at row {row}; divide all files by one constant, or use --dtype f64"
    )]
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
    #[error("{name}: expected {expected}, found {found}")]
    Parameter {
        /// The parameter's name.
        name: String,
        /// Its range.
        expected: String,
        /// The value given.
        found: String,
    },
    /// A name is not in its list.
    #[error("unknown {kind} '{found}'; expected one of: {known}")]
    UnknownName {
        /// What the name should name.
        kind: &'static str,
        /// The name given.
        found: String,
        /// The names there are.
        known: String,
    },
    /// A model does not have what was asked of it.
    #[error("{model} has no {what}: {reason}")]
    Undefined {
        /// The model.
        model: &'static str,
        /// What was asked.
        what: &'static str,
        /// Why there is none, and what to use instead.
        reason: String,
    },
    /// A caller's own denoiser, energy or observer failed.
    #[error(transparent)]
    Foreign(Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// A size that disagrees.
    pub fn shape(
        what: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
        cure: impl Into<String>,
    ) -> Self {
        Error::Shape { what: what.into(), expected: expected.into(), found: found.into(), cure: cure.into() }
    }

    /// A parameter outside its range.
    pub fn parameter(name: impl Into<String>, expected: impl Into<String>, found: impl ToString) -> Self {
        let mut found = found.to_string();
        // Three hundred digits say less than an exponent.
        if let (true, Ok(number)) = (found.len() > 20, found.parse::<f64>()) {
            found = format!("{number:e}");
        }
        Error::Parameter { name: name.into(), expected: expected.into(), found }
    }
}

/// What to tell someone whose cues are not finite.
pub(crate) const CUE_CURE: &str =
    "repair the cue, or mark missing units as unknown (0) in a mask given to --clamp";

/// Refuses `states` whose width is not `dim`.
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

/// Refuses a list that does not have one entry per row.
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
