//! Tables: what a reader sees of a cell, and the values that files keep of it.

use serde_json::{Map, Value};

/// One cell: its text, and its values at full precision.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// What is read.
    pub shown: String,
    /// What files keep, one for each key of its column.
    pub values: Vec<Value>,
}

impl Cell {
    /// A word, a name, a whole number: what is read is what is kept.
    pub fn plain(value: impl Into<Value>) -> Self {
        let value = value.into();
        Cell { shown: field(&value), values: vec![value] }
    }

    /// A number, read to this many digits after the point.
    pub fn rounded(value: f64, digits: usize) -> Self {
        Cell { shown: format!("{value:.digits$}"), values: vec![value.into()] }
    }

    /// A number, read to four significant digits.
    pub fn number(value: f64) -> Self {
        Cell { shown: significant(value), values: vec![value.into()] }
    }

    /// A number of a drawing: kept to seven significant digits, as many as anyone draws, and read to four.
    pub fn drawn(value: f64) -> Self {
        Cell::number(seven_digits(value))
    }

    /// A number with the ends of its interval, read as `value [low, high]`.
    pub fn interval(value: f64, low: f64, high: f64, digits: usize) -> Self {
        let shown = format!("{value:.digits$} [{low:.digits$}, {high:.digits$}]");
        Cell { shown, values: [value, low, high].map(Value::from).to_vec() }
    }

    /// A text that stands for these values.
    pub fn of(shown: impl Into<String>, values: impl IntoIterator<Item = Value>) -> Self {
        Cell { shown: shown.into(), values: values.into_iter().collect() }
    }

    /// Nothing: an empty field in files, null in JSON.
    pub fn empty() -> Self {
        Cell::default()
    }
}

/// A number to four significant digits, without a tail of zeros.
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

/// The number nearest to a value that has seven significant digits.
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

/// A column: its heading, and the names of its values in files.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// What is read above it.
    pub heading: String,
    /// Names of its values in files; none if it is for readers only.
    pub keys: Vec<&'static str>,
    /// Whether its values follow from the others, so that CSV files leave them out.
    pub derived: bool,
}

impl Column {
    /// A column of one value or more a cell.
    pub fn new(heading: impl Into<String>, keys: &[&'static str]) -> Self {
        Column { heading: heading.into(), keys: keys.to_vec(), derived: false }
    }

    /// A column whose heading is its key.
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
    /// Its name in files.
    pub name: String,
    /// What it shows, in a sentence; may be empty.
    pub caption: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, one cell a column.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub fn new(name: impl Into<String>, columns: Vec<Column>) -> Self {
        Table { name: name.into(), columns, ..Table::default() }
    }

    /// A table of numbers: a column for each name with the function that gives its number, a row for each item.
    pub fn numbers<T>(
        name: impl Into<String>,
        columns: &[(&'static str, fn(&T) -> f64)],
        items: &[T],
    ) -> Self {
        let mut table = Table::new(name, columns.iter().map(|(key, _)| Column::plain(key)).collect());
        let row = |item: &T| columns.iter().map(|(_, number)| Cell::number(number(item))).collect();
        table.rows = items.iter().map(row).collect();
        table
    }

    /// Whether any of its values are kept in files.
    pub fn is_kept(&self) -> bool {
        self.columns.iter().any(|c| !c.keys.is_empty())
    }

    /// As CSV: one line of keys, then one a row.
    pub fn csv(&self) -> String {
        let kept = || self.columns.iter().enumerate().filter(|(_, c)| !c.derived);
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut write = |record: Vec<String>| {
            writer.write_record(record).expect("records are of one length and memory takes them");
        };
        write(kept().flat_map(|(_, c)| c.keys.iter().map(|k| k.to_string())).collect());
        for row in &self.rows {
            write(kept().flat_map(|(i, c)| fields(c, &row[i])).map(|(_, v)| field(v)).collect());
        }
        let bytes = writer.into_inner().expect("memory takes all that is written");
        String::from_utf8(bytes).expect("text makes text")
    }

    /// The columns that files keep, by key; none where a cell has nothing.
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

    /// As a JSON array of one object a row.
    pub fn json(&self) -> Value {
        let object = |row: &Vec<Cell>| {
            let pairs = self.columns.iter().zip(row).flat_map(|(c, cell)| fields(c, cell));
            Value::Object(pairs.map(|(key, value)| (key.to_owned(), value.clone())).collect::<Map<_, _>>())
        };
        self.rows.iter().map(object).collect()
    }
}

/// The values of a cell by their keys; null where it has none.
fn fields<'a>(column: &'a Column, cell: &'a Cell) -> impl Iterator<Item = (&'static str, &'a Value)> {
    const NOTHING: &Value = &Value::Null;
    column.keys.iter().enumerate().map(|(i, key)| (*key, cell.values.get(i).unwrap_or(NOTHING)))
}
