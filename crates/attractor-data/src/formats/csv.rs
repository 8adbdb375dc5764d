//! CSV tables: one row per line, with or without a header and a column of labels.
//!
//! A table is read twice. The first time decides what it is, from all of its rows: which line is a header, which column
//! holds labels, and whether everything else is a number. What was guessed stands in the head's notes. What can be read
//! in two ways is refused, with the option that settles it. The second time gives the numbers.

use std::path::{Path, PathBuf};

use attractor::message;
use attractor::message::{Argument, Message};
use csv::{Reader, ReaderBuilder, StringRecord};

use super::{Bytes, Header, Input, Opened, ReadOptions, Source};
use crate::error::{Error, Result, quoted};
use crate::table::{Dtype, Values};

/// Names in the header that mark a column of labels.
pub(super) const LABELS: [&str; 8] =
    ["label", "labels", "class", "classes", "name", "names", "target", "species"];

/// How people write that a value is missing, in small letters.
const MISSING: [&str; 11] = ["", "na", "n/a", "#n/a", "?", "null", "<null>", "none", "-", ".", "missing"];

/// Which column of a table holds labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelColumn {
    /// None of them.
    Nowhere,
    /// The column with this name in the header or, if no column has it, with this number, counted from 1.
    Named(String),
}

pub(super) fn open(path: &Path, bytes: Bytes, reading: &ReadOptions) -> Result<Opened> {
    let [first, second] = bytes.twice(path)?;
    let mut lines = Lines::open(path, first)?;
    let mut survey = Survey::new(path, reading);
    while let Some(record) = lines.next()? {
        survey.add(&record, lines.line)?;
    }
    let (form, labels, notes) = survey.decide()?;
    let mut lines = Lines::open(path, second)?;
    let first = if form.header { lines.next()? } else { None };
    let names = first.map(|record| {
        let is_number = |(column, _): &(usize, &str)| Some(*column) != form.label;
        record.iter().enumerate().filter(is_number).map(|(_, name)| name.to_owned()).collect()
    });
    let head = Header {
        path: path.to_owned(),
        rows: form.rows,
        columns: form.columns,
        dtype: Dtype::F64,
        shape: None,
        labels,
        names,
        notes,
    };
    Ok((head, Box::new(Numbers { lines, label: form.label })))
}

fn wrong(path: &Path, found: impl Into<Message>) -> Error {
    let cure = "separate columns by commas, semicolons or tabs, write numbers with a decimal point, or save it as .npy";
    Error::content(path, "a table of numbers, one row a line", found, cure)
}

pub(super) fn number(cell: &str) -> Option<f64> {
    cell.parse().ok()
}

pub(super) fn is_missing(cell: &str) -> bool {
    MISSING.contains(&cell.to_lowercase().as_str())
}

/// The records of a table, without what may stand before them: a byte order mark, Excel's line `sep=;`, comments.
pub(super) struct Lines {
    path: PathBuf,
    reader: Reader<Box<dyn Input>>,
    /// The line of the last record, counted from 1. Lines before the table count.
    line: usize,
    before: usize,
    fields: Option<usize>,
}

impl Lines {
    pub(super) fn open(path: &Path, mut input: Box<dyn Input>) -> Result<Self> {
        let failed = |e| Error::read(path, e);
        let mut before = 0;
        let mut separator = None;
        loop {
            let start = input.fill_buf().map_err(failed)?;
            let mark = if start.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
            let line = first_line(&start[mark..]);
            let named = line.strip_prefix(b"sep=").filter(|rest| rest.len() == 1 && before == 0);
            if named.is_none() && !line.starts_with(b"#") {
                separator = separator.or_else(|| sniffed(&start[mark..]));
                input.consume(mark);
                break;
            }
            separator = separator.or(named.map(|rest| rest[0]));
            let mut end = mark + line.len();
            if start.len() == end {
                // A comment without an end in the first buffer, or a file of comments alone.
                input.consume(end);
                break;
            }
            end += if start[end..].starts_with(b"\r\n") { 2 } else { 1 };
            input.consume(end);
            before += 1;
        }
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).flexible(true).trim(csv::Trim::All);
        let reader = builder.delimiter(separator.unwrap_or(b',')).from_reader(input);
        Ok(Lines { path: path.to_owned(), reader, line: 0, before, fields: None })
    }

    /// The next record. All have as many fields as the first.
    pub(super) fn next(&mut self) -> Result<Option<StringRecord>> {
        loop {
            let mut record = StringRecord::new();
            match self.reader.read_record(&mut record) {
                Ok(false) => return Ok(None),
                Ok(true) => {}
                Err(error) => {
                    let found = match error.kind() {
                        csv::ErrorKind::Utf8 { .. } => "text that is not UTF-8",
                        _ => "a line that is no row of fields",
                    };
                    return Err(wrong(&self.path, found));
                }
            }
            let line = record.position().map_or(self.line + 1, |at| at.line() as usize) + self.before;
            let fields = *self.fields.get_or_insert(record.len());
            if record.len() != fields {
                // A comment behind the table, as numpy.savetxt writes a footer.
                if record.get(0).is_some_and(|field| field.starts_with('#')) {
                    continue;
                }
                let found = format!("{} fields in line {line} after {fields} in those before", record.len());
                return Err(wrong(&self.path, found));
            }
            self.line = line;
            return Ok(Some(record));
        }
    }
}

fn first_line(text: &[u8]) -> &[u8] {
    text.split(|&b| b == b'\n' || b == b'\r').next().unwrap_or_default()
}

/// The separator: the first of tab, semicolon and comma that stands equally often in the first two lines, outside of
/// quotes, or else that stands in the first.
fn sniffed(text: &[u8]) -> Option<u8> {
    let mut counts = [[0; 3]; 2];
    const SEPARATORS: [u8; 3] = [b'\t', b';', b','];
    let (mut row, mut in_quotes, mut empty) = (0, false, true);
    for &byte in text {
        match byte {
            b'"' => in_quotes = !in_quotes,
            b'\n' | b'\r' if !in_quotes => {
                row += usize::from(!empty);
                empty = true;
                if row == 2 {
                    break;
                }
                continue;
            }
            _ if in_quotes => {}
            _ => {
                if let Some(k) = SEPARATORS.iter().position(|&s| s == byte) {
                    counts[row][k] += 1;
                }
            }
        }
        empty = false;
    }
    let both = (0..3).find(|&k| counts[0][k] > 0 && counts[0][k] == counts[1][k]);
    both.or_else(|| (0..3).find(|&k| counts[0][k] > 0)).map(|k| SEPARATORS[k])
}

/// What a table was found to be.
struct Form {
    rows: usize,
    /// Numbers in a row.
    columns: usize,
    /// The field that is the label.
    label: Option<usize>,
    header: bool,
}

/// What is known of a column, below the first line.
#[derive(Clone, Default)]
struct Column {
    numbers: usize,
    /// The line of the first cell that is no number, and the cell.
    other: Option<(usize, String)>,
    missing: usize,
    /// Whether the k-th row has the number k, or the number k + 1, so far.
    counts: [bool; 2],
    /// The cells, as long as the column may hold labels.
    cells: Option<Vec<String>>,
}

/// Reads all rows to find out what the table is.
struct Survey<'a> {
    path: &'a Path,
    reading: &'a ReadOptions,
    first: Option<(usize, StringRecord)>,
    columns: Vec<Column>,
    /// Rows below the first line.
    rows: usize,
    /// Whether all numbers are whole numbers below the number of columns.
    small: bool,
}

impl<'a> Survey<'a> {
    fn new(path: &'a Path, reading: &'a ReadOptions) -> Self {
        Survey { path, reading, first: None, columns: Vec::new(), rows: 0, small: true }
    }

    fn add(&mut self, record: &StringRecord, line: usize) -> Result<()> {
        let Some((_, first)) = &self.first else {
            let may = |i: usize| self.named(record, i) || i == 0 || number(&record[i]).is_none();
            let column = |i| Column {
                counts: [true; 2],
                cells: (may(i) || self.reading.label_column.is_some()).then(Vec::new),
                ..Column::default()
            };
            self.columns = (0..record.len()).map(column).collect();
            self.first = Some((line, record.clone()));
            return Ok(());
        };
        let fields = first.len();
        for (column, cell) in self.columns.iter_mut().zip(record) {
            let value = number(cell);
            match value {
                Some(value) => {
                    column.numbers += 1;
                    self.small &= value.fract() == 0.0 && (0.0..fields as f64).contains(&value);
                }
                None => {
                    column.missing += usize::from(is_missing(cell));
                    column.other.get_or_insert_with(|| (line, cell.to_owned()));
                }
            }
            for (k, counts) in column.counts.iter_mut().enumerate() {
                *counts &= value == Some((self.rows + k) as f64);
            }
            if let Some(cells) = &mut column.cells {
                cells.push(cell.to_owned());
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// Whether the first line names a column as one of labels.
    fn named(&self, first: &StringRecord, column: usize) -> bool {
        LABELS.contains(&first[column].to_lowercase().as_str())
    }

    fn ambiguous(&self, expected: &str, found: impl Into<Message>, cure: Message) -> Error {
        Error::content(self.path, expected, found, cure)
    }

    fn decide(mut self) -> Result<(Form, Option<Vec<String>>, Vec<Message>)> {
        let Some((line, first)) = self.first.take() else {
            return Err(wrong(self.path, "none"));
        };
        let mut notes = Vec::new();
        let header = self.has_header(&first, line, &mut notes)?;
        let rows = self.rows + usize::from(!header);
        if rows == 0 {
            return Err(wrong(self.path, "a header without rows"));
        }
        let label = self.label_column(&first, header, &mut notes)?;
        self.check_numbers(&first, line, header, label)?;
        let columns = first.len() - usize::from(label.is_some());
        if columns == 0 {
            return Err(wrong(self.path, "a column of labels alone"));
        }
        let labels = label.map(|column| {
            let cells = self.columns[column].cells.take().unwrap_or_default();
            (!header).then(|| first[column].to_owned()).into_iter().chain(cells).collect()
        });
        Ok((Form { rows, columns, label, header }, labels, notes))
    }

    /// Whether the first line is a header.
    fn has_header(&self, first: &StringRecord, line: usize, notes: &mut Vec<Message>) -> Result<bool> {
        let fields = first.len();
        if let Some(header) = self.reading.header {
            return Ok(header);
        }
        let is_text = |i: usize| number(&first[i]).is_none() && !is_missing(&first[i]);
        let has_label = (0..fields).any(|i| self.named(first, i));
        let has_index = fields > 1 && first[0].is_empty() && (1..fields).all(|i| !first[i].is_empty());
        let over_numbers = |i: usize| self.columns[i].numbers > 0;
        if has_label
            || has_index
            || (0..fields).all(is_text) && (self.rows == 0 || (0..fields).any(over_numbers))
        {
            return Ok(true);
        }
        let numbered = (0..fields).all(|i| number(&first[i]) == Some(i as f64));
        let option = || Argument::option("header");
        if numbered && self.rows > 0 && fields > 2 && !self.small {
            let path = self.path.display();
            notes.push(message![
                format!("{path}: the first line, 0, 1, 2, ..., is read as the names of columns; "),
                Argument::set("header", "no"),
                " reads it as a row"
            ]);
            return Ok(true);
        }
        // Of two columns the first row may well be the point (0, 1).
        if numbered && self.rows > 0 && (fields > 2 || fields == 2 && !self.small) {
            return Err(self.ambiguous(
                "a table that says what its first line is",
                "one that may be names of columns or a row, 0, 1, ...",
                message!["say which with ", option(), ": yes or no"],
            ));
        }
        // A number that is written in another way, as with a decimal comma, is no name.
        let digits = |cell: &str| cell.chars().all(|c| c.is_ascii_digit() || "+-.,eE' ".contains(c));
        if let Some(column) = (0..fields).find(|&i| is_text(i) && !digits(&first[i]) && over_numbers(i)) {
            return Err(self.ambiguous(
                "a first line of names alone, or of numbers as in the rows below",
                format!("{} in line {line}, column {}, above numbers", quoted(&first[column]), column + 1),
                message!["say whether it is a header with ", option(), ": yes or no"],
            ));
        }
        Ok(false)
    }

    /// The column of labels.
    fn label_column(
        &self,
        first: &StringRecord,
        header: bool,
        notes: &mut Vec<Message>,
    ) -> Result<Option<usize>> {
        let fields = first.len();
        let option = || Argument::option("label-column");
        let path = self.path.display();
        match &self.reading.label_column {
            Some(LabelColumn::Nowhere) => return Ok(None),
            Some(LabelColumn::Named(name)) => {
                let by_name = (0..fields).find(|&i| header && first[i] == **name);
                let by_number =
                    name.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).filter(|&i| i < fields);
                return by_name.or(by_number).map(Some).ok_or_else(|| {
                    self.ambiguous(
                        &format!("a column of labels called {}", quoted(name)),
                        format!("{fields} columns, none of that name"),
                        message!["give its name in the first line, or its number from 1, to ", option()],
                    )
                });
            }
            None => {}
        }
        let list =
            |columns: &[usize]| columns.iter().map(|i| (i + 1).to_string()).collect::<Vec<_>>().join(", ");
        let one_of = |columns: Vec<usize>, what: &str| match columns[..] {
            [] => Ok(None),
            [column] => Ok(Some(column)),
            _ => Err(self.ambiguous(
                "one column of labels at most",
                format!("{what} in columns {}", list(&columns)),
                message![
                    "leave all but one out; ",
                    option(),
                    " says which of several names is that of the labels"
                ],
            )),
        };
        if header {
            let named = (0..fields).filter(|&i| self.named(first, i)).collect();
            if let Some(column) = one_of(named, "names of labels")? {
                return Ok(Some(column));
            }
            if fields > 1 && first[0].is_empty() {
                notes.push(message![
                    format!("{path}: column 1, which has no name, is read as labels; "),
                    Argument::set("label-column", "none"),
                    " reads it as numbers"
                ]);
                return Ok(Some(0));
            }
        }
        // A column in which no cell is a number and none is missing.
        let words = |i: usize| {
            let column = &self.columns[i];
            let below = column.numbers == 0 && column.missing == 0;
            below && (header || number(&first[i]).is_none() && !is_missing(&first[i]))
        };
        let of_words = (0..fields).filter(|&i| fields > 1 && words(i)).collect();
        if let Some(column) = one_of(of_words, "text")? {
            let name = if header { format!(", {}", quoted(&first[column])) } else { String::new() };
            notes.push(format!("{path}: column {}{name}, is text and is read as labels", column + 1).into());
            return Ok(Some(column));
        }
        let counting = !header && self.columns[0].counts[1] && number(&first[0]) == Some(0.0);
        let counting = counting || header && self.columns[0].counts[0] && first[0].to_lowercase() == "index";
        if fields > 1 && self.rows > 1 && counting {
            return Err(self.ambiguous(
                "a table that says what its first column is",
                "one that counts the rows, 0, 1, 2, ..., and may be an index or numbers",
                message![
                    "give ",
                    Argument::set("label-column", "1"),
                    " or ",
                    Argument::set("label-column", "none")
                ],
            ));
        }
        Ok(None)
    }

    /// Refuses the first cell that is no number, outside of the labels.
    fn check_numbers(
        &self,
        first: &StringRecord,
        line: usize,
        header: bool,
        label: Option<usize>,
    ) -> Result<()> {
        let columns = (0..first.len()).filter(|i| Some(*i) != label);
        let offence = |i: usize| {
            let own = (!header && number(&first[i]).is_none()).then(|| (line, i, first[i].to_owned()));
            own.or_else(|| self.columns[i].other.as_ref().map(|(line, cell)| (*line, i, cell.clone())))
        };
        let Some((line, column, cell)) = columns.filter_map(offence).min_by_key(|o| (o.0, o.1)) else {
            return Ok(());
        };
        let place = format!("{} in line {line}, column {}", quoted(&cell), column + 1);
        if !is_missing(&cell) {
            return Err(wrong(self.path, place));
        }
        Err(Error::content(
            self.path,
            "a number in every cell",
            format!("a missing value, {place}"),
            message![
                "fill it in or leave the row out; units of a cue that are not known are told with ",
                Argument::Known
            ],
        ))
    }
}

/// The numbers of a table.
struct Numbers {
    lines: Lines,
    label: Option<usize>,
}

impl Source for Numbers {
    fn take(&mut self, rows: usize) -> Result<Values> {
        let mut numbers = Vec::new();
        for _ in 0..rows {
            let Some(record) = self.lines.next()? else {
                return Err(wrong(&self.lines.path, "fewer rows than a moment ago"));
            };
            for (_, cell) in record.iter().enumerate().filter(|(column, _)| Some(*column) != self.label) {
                let changed = || wrong(&self.lines.path, "other cells than a moment ago");
                numbers.push(number(cell).ok_or_else(changed)?);
            }
        }
        Ok(Values::F64(numbers))
    }
}
