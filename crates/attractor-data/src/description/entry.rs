//! Reads the fields of one memory of a description. An error names the memory, the field and what is wrong with it.

use std::path::Path;

use ndarray::Array2;
use serde_json::{Map, Value};

use attractor::message;
use attractor::message::Message;

use crate::error::{Error, Result, quoted};
use crate::formats::{ReadOptions, read};
use crate::table::Table;

/// The largest number allowed, so that squares of sums stay finite.
const LARGEST: f64 = 1e100;

/// The fields of one table of a description.
pub(super) struct Entry<'a> {
    pub(super) path: &'a Path,
    /// Where it stands, as `memory[3]`. Empty for the file itself.
    pub(super) place: String,
    pub(super) fields: &'a Map<String, Value>,
}

/// The number of units, and the first field that determined it.
#[derive(Default)]
pub(super) struct Units(Option<(usize, String)>);

impl Units {
    /// Refuses a row whose number of units differs from that of the rows before it.
    pub(super) fn agree(&mut self, entry: &Entry, field: &str, found: usize) -> Result<()> {
        match &self.0 {
            None => self.0 = Some((found, entry.full(field))),
            Some((dim, _)) if *dim == found => {}
            Some((dim, first)) => {
                let expected = format!("{dim} numbers, as {first} says");
                return Err(entry.wrong(field, expected, found.to_string(), "give all the same units"));
            }
        }
        Ok(())
    }

    pub(super) fn dim(&self) -> usize {
        self.0.as_ref().map_or(0, |(dim, _)| *dim)
    }
}

/// A value in a few words.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::Array(list) => format!("a list of {}", list.len()),
        Value::Object(_) => "a table".to_owned(),
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

impl Entry<'_> {
    fn full(&self, field: &str) -> String {
        if self.place.is_empty() { field.to_owned() } else { format!("{}.{field}", self.place) }
    }

    pub(super) fn wrong(
        &self,
        field: &str,
        expected: impl Into<Message>,
        found: impl Into<Message>,
        cure: impl Into<Message>,
    ) -> Error {
        let expected = message![format!("{} to be ", self.full(field)), expected.into()];
        Error::content(self.path, expected, found, cure)
    }

    /// The error when a shape refuses its numbers.
    pub(super) fn refused(&self, error: attractor::Error) -> Error {
        match error {
            attractor::Error::Parameter { name, expected, found } => {
                self.wrong(&name, expected, found, "correct it there")
            }
            attractor::Error::Shape { what, expected, found, cure } => {
                self.wrong(&what, expected, found, cure)
            }
            other => {
                let expected = format!("{} to describe a shape", self.place);
                Error::content(self.path, expected, other.message(), "correct it there")
            }
        }
    }

    /// Refuses unknown fields.
    pub(super) fn only(&self, known: &[&str]) -> Result<()> {
        let Some(unknown) = self.fields.keys().find(|name| !known.contains(&name.as_str())) else {
            return Ok(());
        };
        let place = if self.place.is_empty() { "the file" } else { &self.place };
        Err(Error::content(
            self.path,
            format!("{place} to have no fields but {}", known.join(", ")),
            quoted(unknown),
            "rename it or leave it away",
        ))
    }

    pub(super) fn optional(&self, field: &str) -> Option<&Value> {
        self.fields.get(field)
    }

    pub(super) fn needed(&self, field: &str) -> Result<&Value> {
        self.optional(field).ok_or_else(|| self.wrong(field, "given", "nothing", "add it"))
    }

    pub(super) fn number(&self, field: &str, value: &Value) -> Result<f64> {
        match value.as_f64() {
            Some(number) if number.abs() <= LARGEST => Ok(number),
            _ => Err(self.wrong(
                field,
                "a number of at most 1e100 in size",
                show(value),
                "give a finite number",
            )),
        }
    }

    pub(super) fn positive(&self, field: &str, value: &Value) -> Result<f64> {
        match self.number(field, value) {
            Ok(number) if number > 0.0 => Ok(number),
            _ => Err(self.wrong(field, "a number > 0", show(value), "give a finite number above 0")),
        }
    }

    fn list<'a>(&self, field: &str, value: &'a Value) -> Result<&'a [Value]> {
        match value {
            Value::Array(list) if !list.is_empty() => Ok(list),
            other => Err(self.wrong(field, "a list of at least one", show(other), "write it as [a, b, ...]")),
        }
    }

    /// Reads D numbers.
    pub(super) fn numbers(&self, field: &str, units: &mut Units) -> Result<Vec<f64>> {
        self.row(field, self.needed(field)?, units)
    }

    fn row(&self, field: &str, value: &Value, units: &mut Units) -> Result<Vec<f64>> {
        let list = self.list(field, value)?;
        let numbers = list.iter().enumerate().map(|(i, v)| self.number(&format!("{field}[{i}]"), v));
        let numbers = numbers.collect::<Result<Vec<f64>>>()?;
        units.agree(self, field, numbers.len())?;
        Ok(numbers)
    }

    /// Reads rows of D numbers.
    pub(super) fn rows(&self, field: &str, units: &mut Units) -> Result<Array2<f64>> {
        let list = self.list(field, self.needed(field)?)?;
        let mut values = Vec::new();
        for (i, row) in list.iter().enumerate() {
            values.extend(self.row(&format!("{field}[{i}]"), row, units)?);
        }
        let shape = (list.len(), values.len() / list.len());
        Array2::from_shape_vec(shape, values).map_err(|e| {
            self.wrong(field, "rows of one length", e.to_string(), "give all rows the same units")
        })
    }

    /// Reads `count` numbers > 0.
    pub(super) fn weights(&self, field: &str, value: &Value, count: usize) -> Result<Vec<f64>> {
        let list = self.counted(field, value, count)?;
        list.iter().enumerate().map(|(i, v)| self.positive(&format!("{field}[{i}]"), v)).collect()
    }

    fn counted<'a>(&self, field: &str, value: &'a Value, count: usize) -> Result<&'a [Value]> {
        let list = self.list(field, value)?;
        if list.len() == count {
            return Ok(list);
        }
        Err(self.wrong(field, format!("a list of {count}"), list.len().to_string(), "give one for each"))
    }

    fn text(&self, field: &str, value: &Value) -> Result<String> {
        let text = value.as_str().map(str::to_owned);
        text.ok_or_else(|| self.wrong(field, "text", show(value), "put it in quotes"))
    }

    pub(super) fn label(&self) -> Result<Option<String>> {
        self.optional("label").map(|label| self.text("label", label)).transpose()
    }

    /// Reads `count` labels.
    pub(super) fn labels(&self, value: &Value, count: usize) -> Result<Vec<String>> {
        let list = self.counted("labels", value, count)?;
        list.iter().enumerate().map(|(i, v)| self.text(&format!("labels[{i}]"), v)).collect()
    }

    /// The rows of the field `at`, or those of the file that the field `file` names, with the file's labels if it has
    /// any.
    pub(super) fn table(&self, units: &mut Units) -> Result<(Array2<f64>, Option<Vec<String>>)> {
        let cure = "give rows of numbers or the name of a file, and not both";
        let file = match (self.optional("at"), self.optional("file")) {
            (Some(_), None) => return Ok((self.rows("at", units)?, None)),
            (None, Some(file)) => self.text("file", file)?,
            (None, None) => return Err(self.wrong("at", "given, or file instead", "neither", cure)),
            (Some(_), Some(_)) => return Err(self.wrong("at", "given, or file instead", "both", cure)),
        };
        let table = self.file(&file)?;
        if table.rows() == 0 {
            return Err(self.wrong("file", "an array of at least one row", "none", "name another file"));
        }
        units.agree(self, "file", table.columns())?;
        let values = self.usable("file", &table)?;
        Ok((values, table.labels().map(<[String]>::to_vec)))
    }

    /// Reads a file that is named relative to this one. A description may come from elsewhere and name any file, so the
    /// error says nothing of what is in it.
    fn file(&self, name: &str) -> Result<Table> {
        let read = read(&self.path.parent().unwrap_or(Path::new("")).join(name), &ReadOptions::default());
        read.map_err(|error| match error {
            Error::Content { path, .. } => Error::content(
                &path,
                format!("a file of rows, as {} says", quoted(&self.path.display().to_string())),
                "another",
                "name a file of rows there; read alone, the file says what is wrong with it",
            ),
            other => other,
        })
    }

    /// The numbers of a table, which must be finite and of usual size.
    fn usable(&self, field: &str, table: &Table) -> Result<Array2<f64>> {
        let values = table.floats::<f64>();
        // Written so that NaN is refused, too.
        if let Some(((row, unit), found)) =
            values.indexed_iter().find(|(_, v)| !matches!(v.abs(), 0.0..=LARGEST))
        {
            let found = format!("{found} at row {row}, unit {unit}");
            let expected = "an array of finite numbers of at most 1e100 in size";
            return Err(self.wrong(field, expected, found, "correct the file"));
        }
        Ok(values)
    }

    /// The numbers of the array in the file that a field names.
    pub(super) fn array(&self, field: &str, file: &str) -> Result<Array2<f64>> {
        let table = self.file(file)?;
        if table.rows() == 0 {
            return Err(self.wrong(field, "an array of at least one row", "none", "name another file"));
        }
        self.usable(field, &table)
    }
}
