//! CSV tables: one row per line, with or without a header and a column of labels.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use csv::{Reader, ReaderBuilder, StringRecord};

use super::{Bytes, Header, Input, Opened, Source};
use crate::error::{Error, Result};
use crate::table::{Dtype, Values};

/// Names in the header that mark a column of labels.
const LABELS: [&str; 4] = ["label", "labels", "class", "name"];

pub(super) fn open(path: &Path, bytes: Bytes) -> Result<Opened> {
    // The file is read twice: once to count, check and label the rows, once for the numbers.
    let [mut first, second] = bytes.twice(path)?;
    let start = first.fill_buf().map_err(|e| Error::read(path, e))?;
    let line = start.split(|&b| b == b'\n').next().unwrap_or_default();
    let separator = [b'\t', b';', b','].into_iter().find(|s| line.contains(s)).unwrap_or(b',');
    let reader = |input| {
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).delimiter(separator).trim(csv::Trim::All).from_reader(input)
    };
    let table = |input| Lines {
        path: path.to_owned(),
        reader: reader(input),
        line: 0,
        form: None,
        waiting: VecDeque::new(),
    };

    let mut lines = table(first);
    let (mut labels, mut rows) = (Vec::new(), 0);
    let mut numbers = Vec::new();
    while let Some(label) = lines.row(&mut numbers)? {
        numbers.clear();
        labels.extend(label);
        rows += 1;
    }
    let Some(form) = lines.form.filter(|form| form.columns > 0) else {
        return Err(lines.wrong("none".into()));
    };
    let head = Header {
        path: path.to_owned(),
        rows,
        columns: form.columns,
        dtype: Dtype::F64,
        shape: None,
        labels: form.label.is_some().then_some(labels),
    };
    Ok((head, Box::new(table(second))))
}

/// The form of all rows, known from the first lines.
#[derive(Clone, Copy)]
struct Form {
    /// Numbers in a row.
    columns: usize,
    /// The field that is the label.
    label: Option<usize>,
}

struct Lines {
    path: PathBuf,
    reader: Reader<Box<dyn Input>>,
    line: usize,
    form: Option<Form>,
    /// Rows that were read to find out the form.
    waiting: VecDeque<StringRecord>,
}

impl Lines {
    fn wrong(&self, found: String) -> Error {
        let cure = "separate columns by commas, semicolons or tabs, or save it as .npy";
        Error::content(&self.path, "a table of numbers, one row a line", found, cure)
    }

    fn record(&mut self) -> Result<Option<StringRecord>> {
        let mut record = StringRecord::new();
        match self.reader.read_record(&mut record) {
            Ok(more) => {
                self.line += 1;
                Ok(more.then_some(record))
            }
            Err(error) => Err(self.wrong(match error.kind() {
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    format!("{len} fields in row {} after {expected_len} in those before", self.line + 1)
                }
                csv::ErrorKind::Utf8 { .. } => "text that is not UTF-8".to_owned(),
                _ => "a line that is not a row of fields".to_owned(),
            })),
        }
    }

    /// Appends the numbers of the next row and returns its label. Returns `None` at the end of the file.
    fn row(&mut self, numbers: &mut Vec<f64>) -> Result<Option<Option<String>>> {
        if self.form.is_none() {
            let (first, second) = (self.record()?, self.record()?);
            let Some(first) = first else {
                return Ok(None);
            };
            let Some((form, header)) = form(&first, second.as_ref()) else {
                return Err(self.wrong("a first line of names and numbers above one of numbers".into()));
            };
            self.form = Some(form);
            self.waiting.extend((!header).then_some(first));
            self.waiting.extend(second);
            self.line = usize::from(header);
        }
        let record = match self.waiting.pop_front() {
            Some(record) => {
                self.line += 1;
                Some(record)
            }
            None => self.record()?,
        };
        let Some(record) = record else {
            return Ok(None);
        };
        let label = self.form.and_then(|form| form.label);
        for (column, field) in record.iter().enumerate().filter(|(column, _)| Some(*column) != label) {
            let Ok(number) = field.parse::<f64>() else {
                let field: String = field.chars().filter(|c| !c.is_control()).take(20).collect();
                let found = format!("'{field}' in row {}, column {}", self.line, column + 1);
                return Err(self.wrong(found));
            };
            numbers.push(number);
        }
        Ok(Some(label.map(|label| record[label].to_owned())))
    }
}

/// The form of the rows, and whether the first line is a header. It is a header if all fields are text or if one is a
/// name for labels. Returns `None` if that cannot be decided. A column of labels has such a name, or is a first or
/// last column of text beside numbers, or is a first column without a name, as pandas writes it.
fn form(first: &StringRecord, second: Option<&StringRecord>) -> Option<(Form, bool)> {
    let fields = first.len();
    let number = |record: &StringRecord, i: usize| record.get(i).is_some_and(|f| f.parse::<f64>().is_ok());
    let named = (0..fields).find(|&i| LABELS.contains(&first[i].to_lowercase().as_str()));
    let index = (first[0].is_empty() && fields > 1 && second.is_some_and(|s| number(s, 0))).then_some(0);
    let text = |i: usize| !first[i].is_empty() && !number(first, i);
    let over_numbers = second.is_some_and(|second| (0..fields).any(|i| text(i) && number(second, i)));
    let all_text = (0..fields).all(text);
    let header = named.is_some() || index.is_some() || all_text;
    if over_numbers && !header {
        return None;
    }
    let rows = if header { second } else { Some(first) };
    let edge = rows.and_then(|rows| {
        let words: Vec<usize> = (0..fields).filter(|&i| !number(rows, i)).collect();
        words
            .iter()
            .copied()
            .find(|&i| words.len() == 1 && fields > 1 && (i == 0 || i == fields - 1) && !rows[i].is_empty())
    });
    let label = named.or(index).or(edge);
    Some((Form { columns: fields - usize::from(label.is_some()), label }, header))
}

impl Source for Lines {
    fn take(&mut self, rows: usize) -> Result<Values> {
        let mut numbers = Vec::new();
        for _ in 0..rows {
            if self.row(&mut numbers)?.is_none() {
                return Err(self.wrong("fewer rows than a moment ago".into()));
            }
        }
        Ok(Values::F64(numbers))
    }
}
