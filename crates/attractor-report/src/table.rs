//! Tables. A cell has a text for readers and values for files.

use serde_json::{Map, Value};

/// A cell: its text, and its values at full precision.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// The text that is shown.
    pub shown: String,
    /// The values for files, one for each key of the column.
    pub values: Vec<Value>,
}

impl Cell {
    /// A word, a name or a whole number, shown as it is.
    pub fn plain(value: impl Into<Value>) -> Self {
        let value = value.into();
        Cell { shown: field(&value), values: vec![value] }
    }

    /// A number, shown with this many decimals.
    pub fn rounded(value: f64, digits: usize) -> Self {
        Cell { shown: format!("{value:.digits$}"), values: vec![value.into()] }
    }

    /// A number, shown with four significant digits.
    pub fn number(value: f64) -> Self {
        Cell { shown: significant(value), values: vec![value.into()] }
    }

    /// A number behind a drawing: stored with seven significant digits, which is enough to draw it, and shown
    /// with four.
    pub fn drawn(value: f64) -> Self {
        Cell::number(seven_digits(value))
    }

    /// A number with its interval, shown as `value [low, high]`.
    pub fn interval(value: f64, low: f64, high: f64, digits: usize) -> Self {
        let shown = format!("{value:.digits$} [{low:.digits$}, {high:.digits$}]");
        Cell { shown, values: [value, low, high].map(Value::from).to_vec() }
    }

    /// A text with the values that it stands for.
    pub fn of(shown: impl Into<String>, values: impl IntoIterator<Item = Value>) -> Self {
        Cell { shown: shown.into(), values: values.into_iter().collect() }
    }

    /// An empty cell: an empty field in CSV, null in JSON.
    pub fn empty() -> Self {
        Cell::default()
    }
}

/// A number with four significant digits, without trailing zeros.
fn significant(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let exponent = value.abs().log10().floor();
    if !(-4.0..6.0).contains(&exponent) {
        let text = format!("{value:.3e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{power}", digits.trim_end_matches('0').trim_end_matches('.'));
    }
    let text = format!("{value:.*}", (3.0 - exponent).max(0.0) as usize);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// A value, rounded to seven significant digits.
fn seven_digits(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let unit = 10f64.powi(6 - value.abs().log10().floor() as i32);
    let rounded = (value * unit).round() / unit;
    if rounded.is_finite() { rounded } else { value }
}

/// A value as a field of a CSV file.
pub(super) fn field(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Text without characters that change how other text is shown: controls, and marks of direction.
pub(super) fn without_controls(text: &str) -> String {
    let turns = |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.replace(|c: char| c.is_control() || turns(c), "\u{fffd}")
}

/// The text of a value in a CSV file. A spreadsheet takes text that begins like a formula for one, so an apostrophe stands before
/// it.
fn harmless(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let quote = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
            format!("{quote}{}", without_controls(text))
        }
        other => field(other),
    }
}

/// A column: its heading, and the keys of its values in files.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The heading that is shown.
    pub heading: String,
    /// The keys of its values in files; empty if the column is only for readers.
    pub keys: Vec<&'static str>,
    /// Whether its values follow from other columns. CSV files leave them out.
    pub derived: bool,
}

impl Column {
    /// A column whose cells have one value for each of these keys.
    pub fn new(heading: impl Into<String>, keys: &[&'static str]) -> Self {
        Column { heading: heading.into(), keys: keys.to_vec(), derived: false }
    }

    /// A column whose heading is also its key.
    pub fn plain(key: &'static str) -> Self {
        Column::new(key, &[key])
    }

    /// The same column, left out of CSV files.
    pub fn derived(self) -> Self {
        Column { derived: true, ..self }
    }
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The name in files.
    pub name: String,
    /// What the table shows, in a sentence; may be empty.
    pub caption: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, with one cell for each column.
    pub rows: Vec<Vec<Cell>>,
}

/// A column of numbers of rows `T`: its name, and how its number is read.
pub type NumberColumn<T> = (&'static str, fn(&T) -> f64);

impl Table {
    /// A table without rows.
    pub fn new(name: impl Into<String>, columns: Vec<Column>) -> Self {
        Table { name: name.into(), columns, ..Table::default() }
    }

    /// A table of numbers: one column for each name, with the function that gives its value; one row for each
    /// item.
    pub fn numbers<T>(name: impl Into<String>, columns: &[NumberColumn<T>], items: &[T]) -> Self {
        let mut table = Table::new(name, columns.iter().map(|(key, _)| Column::plain(key)).collect());
        let row = |item: &T| columns.iter().map(|(_, number)| Cell::number(number(item))).collect();
        table.rows = items.iter().map(row).collect();
        table
    }

    /// Whether files keep any of its values.
    pub fn is_kept(&self) -> bool {
        self.columns.iter().any(|c| !c.keys.is_empty())
    }

    /// The table as CSV: a line of keys, then one line for each row.
    pub fn csv(&self) -> String {
        let kept = || self.columns.iter().enumerate().filter(|(_, c)| !c.derived);
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut write = |record: Vec<String>| {
            writer.write_record(record).expect("records are of one length and memory takes them");
        };
        write(kept().flat_map(|(_, c)| c.keys.iter().map(|k| k.to_string())).collect());
        for row in &self.rows {
            write(kept().flat_map(|(i, c)| fields(c, &row[i])).map(|(_, v)| harmless(v)).collect());
        }
        let bytes = writer.into_inner().expect("memory takes all that is written");
        String::from_utf8(bytes).expect("text makes text")
    }

    /// The columns that files keep, with their keys. `None` marks an empty cell.
    #[cfg(feature = "parquet")]
    pub(super) fn keyed(&self) -> Vec<(&'static str, Vec<Option<Value>>)> {
        let mut columns = Vec::new();
        for (at, column) in self.columns.iter().enumerate().filter(|(_, column)| !column.derived) {
            for (number, key) in column.keys.iter().enumerate() {
                let value = |row: &Vec<Cell>| row[at].values.get(number).filter(|v| !v.is_null()).cloned();
                columns.push((*key, self.rows.iter().map(value).collect()));
            }
        }
        columns
    }

    /// The table as a JSON array, with one object for each row.
    pub fn json(&self) -> Value {
        let object = |row: &Vec<Cell>| {
            let pairs = self.columns.iter().zip(row).flat_map(|(c, cell)| fields(c, cell));
            Value::Object(pairs.map(|(key, value)| (key.to_owned(), value.clone())).collect::<Map<_, _>>())
        };
        self.rows.iter().map(object).collect()
    }
}

/// The values of a cell with their keys; null where a value is missing.
fn fields<'a>(column: &'a Column, cell: &'a Cell) -> impl Iterator<Item = (&'static str, &'a Value)> {
    const NOTHING: &Value = &Value::Null;
    column.keys.iter().enumerate().map(|(i, key)| (*key, cell.values.get(i).unwrap_or(NOTHING)))
}
