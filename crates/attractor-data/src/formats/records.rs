//! CSV tables in which columns may hold text and gaps: all columns are kept, and none of them is taken for labels.

use std::path::Path;

use attractor::message;
use attractor::message::Argument;

use super::csv::{Lines, is_missing, number};
use super::{Bytes, LabelColumn, ReadOptions};
use crate::error::{Error, Result};
use crate::records::{Cells, Records};

/// Whether a file is a table by its name: `.csv`, `.tsv` or `.txt`.
pub fn is_table(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    matches!(ending.as_deref(), Some("csv" | "tsv" | "txt"))
}

/// Reads a CSV table with text and gaps. A gap is an empty cell, or a word for one such as `NA`, `null` or `?`.
///
/// The first line is a header if [`ReadOptions::header`] says so. Without it, it is one if none of its cells is a number or a gap, no cell
/// stands twice in it, and none stands in its own column again. The column that [`ReadOptions::label_column`] names is left out.
///
/// # Errors
/// A file that cannot be read, lines of different lengths, no rows, or a named column that is not there.
pub fn read_records(path: &Path, reading: &ReadOptions) -> Result<Records> {
    let bytes = Bytes::open(path)?;
    let mut lines = Lines::open(path, bytes.reader)?;
    let mut columns: Vec<Vec<String>> = Vec::new();
    while let Some(record) = lines.next()? {
        columns.resize(record.len(), Vec::new());
        columns.iter_mut().zip(record.iter()).for_each(|(column, cell)| column.push(cell.to_owned()));
    }
    let header = reading.header.unwrap_or_else(|| has_header(&columns));
    let mut names: Option<Vec<String>> =
        header.then(|| columns.iter_mut().map(|column| column.remove(0)).collect());
    if columns.first().is_none_or(Vec::is_empty) {
        return Err(Error::content(path, "a table with rows", "none", "give a file with rows"));
    }
    if let Some(LabelColumn::Named(name)) = &reading.label_column {
        let place = labels(path, names.as_deref(), columns.len(), name)?;
        columns.remove(place);
        if let Some(names) = &mut names {
            names.remove(place);
        }
    }
    let cell = |text: String| (!is_missing(&text)).then_some(text);
    let columns =
        columns.into_iter().map(|column| Cells::Texts(column.into_iter().map(cell).collect())).collect();
    Ok(Records { names, columns })
}

/// Whether some cell of a CSV table below its first line is a gap or text that is no number. The table is not held in memory.
///
/// # Errors
/// A file that cannot be read, or lines of different lengths.
pub fn is_mixed(path: &Path, reading: &ReadOptions) -> Result<bool> {
    let bytes = Bytes::open(path)?;
    let mut lines = Lines::open(path, bytes.reader)?;
    // The first line may be a header.
    if reading.header != Some(false) {
        lines.next()?;
    }
    while let Some(cells) = lines.next()? {
        if cells.iter().any(|cell| number(cell).is_none_or(f64::is_nan)) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn has_header(columns: &[Vec<String>]) -> bool {
    let firsts: Vec<&String> = columns.iter().filter_map(|column| column.first()).collect();
    let name = |cell: &String| number(cell).is_none() && !is_missing(cell);
    let twice = (0..firsts.len()).any(|n| firsts[..n].contains(&firsts[n]));
    !firsts.is_empty()
        && firsts.iter().all(|cell| name(cell))
        && !twice
        && columns.iter().all(|column| !column[1..].contains(&column[0]))
}

fn labels(path: &Path, names: Option<&[String]>, count: usize, name: &str) -> Result<usize> {
    let by_name = names.and_then(|names| names.iter().position(|own| own == name));
    let by_number = name.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).filter(|&n| n < count);
    by_name.or(by_number).ok_or_else(|| {
        Error::content(
            path,
            format!("a column called {}", crate::error::quoted(name)),
            format!("{count} columns, none of that name"),
            message![
                "give its name in the first line, or its number from 1, to ",
                Argument::option("label-column")
            ],
        )
    })
}
