//! Tables of typed columns, as in Parquet and Arrow files: which of the columns are units, which holds labels, and how they become
//! rows.
//!
//! A column of lists of numbers holds vectors, and then one column is all units. Otherwise each column of numbers is a unit, as in a
//! CSV table. `FILE:NAME` and `FILE:A,B,C` choose columns.

use std::path::Path;

use attractor::message;
use attractor::message::{Argument, Message};

use super::csv::LABELS;
use super::{Header, LabelColumn, Opened, ReadOptions, Source};
use crate::error::{Error, Result, quoted};
use crate::table::{Dtype, Values};

/// The column in which pandas keeps the index of a table.
const INDEX: &str = "__index_level_";

/// What a column holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Holds {
    /// A number in each row.
    Numbers(Dtype),
    /// A list of numbers in each row.
    Vectors(Dtype),
    /// A text in each row.
    Texts,
    /// Something else, in a few words.
    Other(String),
}

/// A column of a table.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub name: String,
    pub holds: Holds,
}

/// Columns of a table, which are read some rows at a time.
pub(super) trait Columns: Send {
    /// The number of rows.
    fn rows(&self) -> usize;

    /// Numbers in a row of this column: 1, or the length of the vectors.
    fn width(&mut self, column: usize) -> Result<usize>;

    /// Reads the next `rows` rows of these columns, each into values of its own.
    fn take(&mut self, columns: &[usize], rows: usize) -> Result<Vec<Values>>;

    /// Reads a whole column as texts.
    fn texts(&mut self, column: usize) -> Result<Vec<String>>;
}

/// Opens the columns that are wanted as rows.
pub(super) fn open(
    path: &Path,
    all: &[Column],
    mut columns: Box<dyn Columns>,
    wanted: Option<&str>,
    reading: &ReadOptions,
) -> Result<Opened> {
    let choice = choose(path, all, wanted, reading)?;
    let labels = choice.label.map(|column| columns.texts(column)).transpose()?;
    let mut widths = Vec::new();
    for &unit in &choice.units {
        widths.push(if columns.rows() == 0 { 1 } else { columns.width(unit)? });
    }
    let types: Vec<Dtype> = choice.units.iter().map(|&unit| dtype(&all[unit])).collect();
    let dtype = common(&types);
    let names = choice.units.iter().map(|&unit| all[unit].name.clone()).collect();
    let vectors = choice.units.iter().any(|&unit| matches!(all[unit].holds, Holds::Vectors(_)));
    let head = Header {
        path: path.to_owned(),
        rows: columns.rows(),
        columns: widths.iter().sum(),
        dtype,
        shape: None,
        labels,
        names: (!vectors).then_some(names),
        notes: choice.notes,
    };
    Ok((head, Box::new(Joined { columns, units: choice.units, widths, dtype })))
}

/// The columns that are units and labels.
struct Choice {
    units: Vec<usize>,
    label: Option<usize>,
    notes: Vec<Message>,
}

fn choose(path: &Path, all: &[Column], wanted: Option<&str>, reading: &ReadOptions) -> Result<Choice> {
    let mut notes = Vec::new();
    let given = wanted.map(|wanted| named(path, all, wanted)).transpose()?;
    let vectors: Vec<usize> = places(all, |column| matches!(column.holds, Holds::Vectors(_)));
    let among = given.clone().or_else(|| (!vectors.is_empty()).then(|| vectors.clone()));
    let label = label(path, all, among.as_deref(), reading, &mut notes)?;
    if let Some(units) = given {
        if let Some(label) = label.filter(|label| units.contains(label)) {
            return Err(Error::content(
                path,
                "labels from another column than the numbers",
                format!("{} as both", quoted(&all[label].name)),
                message!["leave it out of one of them, or give ", Argument::set("label-column", "none")],
            ));
        }
        return Ok(Choice { units, label, notes });
    }
    let display = path.display();
    let units = match vectors[..] {
        [] => {
            let is_index = |column: &Column| column.name.starts_with(INDEX);
            let units = places(all, |column| !is_index(column));
            let units: Vec<usize> = units.into_iter().filter(|unit| Some(*unit) != label).collect();
            if let Some(index) = places(all, is_index).into_iter().find(|index| Some(*index) != label) {
                notes.push(
                    format!(
                        "{display}: column {}, the index of pandas, is left out",
                        quoted(&all[index].name)
                    )
                    .into(),
                );
            }
            if let Some(&other) = units.iter().find(|&&unit| !matches!(all[unit].holds, Holds::Numbers(_))) {
                return Err(Error::content(
                    path,
                    "a column of vectors, or columns of numbers",
                    format!("column {} of {}", quoted(&all[other].name), said(&all[other].holds)),
                    choose_columns(path),
                ));
            }
            units
        }
        [one] => {
            let left: Vec<String> = places(all, |_| true)
                .into_iter()
                .filter(|&place| place != one && Some(place) != label)
                .map(|place| quoted(&all[place].name))
                .collect();
            let others =
                if left.is_empty() { String::new() } else { format!("; left out: {}", listed(&left)) };
            notes
                .push(format!("{display}: the vectors are column {}{others}", quoted(&all[one].name)).into());
            vec![one]
        }
        _ => {
            let names: Vec<String> = vectors.iter().map(|&place| quoted(&all[place].name)).collect();
            return Err(Error::content(
                path,
                "one column of vectors",
                format!("{}: {}", names.len(), listed(&names)),
                choose_columns(path),
            ));
        }
    };
    if units.is_empty() {
        let found = if all.is_empty() { "no column" } else { "labels alone" };
        return Err(Error::content(path, "columns of numbers", found, "give a table with numbers"));
    }
    Ok(Choice { units, label, notes })
}

/// The columns that are wanted, by their names.
fn named(path: &Path, all: &[Column], wanted: &str) -> Result<Vec<usize>> {
    let place = |name: &str| all.iter().position(|column| column.name == name);
    // A name may hold a comma.
    let names: Vec<&str> = if place(wanted).is_some() { vec![wanted] } else { wanted.split(',').collect() };
    let mut units = Vec::new();
    for name in names {
        let Some(unit) = place(name) else {
            let known: Vec<String> = all.iter().map(|column| column.name.clone()).collect();
            return Err(Error::content(
                path,
                format!("a column called {}", quoted(name)),
                listed(&known),
                "give one of these names behind the colon, or several with commas",
            ));
        };
        if units.contains(&unit) {
            let found = format!("{} twice", quoted(name));
            return Err(Error::content(path, "each column once", found, "leave one of them out"));
        }
        if !matches!(all[unit].holds, Holds::Numbers(_) | Holds::Vectors(_)) {
            let found = format!("column {} of {}", quoted(name), said(&all[unit].holds));
            let cure = "choose columns of numbers, or convert it";
            return Err(Error::content(path, "numbers, or lists of numbers", found, cure));
        }
        units.push(unit);
    }
    Ok(units)
}

/// The column of labels. `units` are those that are no labels, if they are known.
fn label(
    path: &Path,
    all: &[Column],
    units: Option<&[usize]>,
    reading: &ReadOptions,
    notes: &mut Vec<Message>,
) -> Result<Option<usize>> {
    let option = || Argument::option("label-column");
    let wrong =
        |expected: String, found: String, cure: Message| Err(Error::content(path, expected, found, cure));
    match &reading.label_column {
        Some(LabelColumn::Nowhere) => return Ok(None),
        Some(LabelColumn::Named(name)) => {
            let by_name = all.iter().position(|column| column.name == *name);
            let by_number =
                name.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).filter(|&n| n < all.len());
            let Some(place) = by_name.or(by_number) else {
                let expected = format!("a column of labels called {}", quoted(name));
                let found = format!("{} columns, none of that name", all.len());
                return wrong(
                    expected,
                    found,
                    message!["give its name, or its number from 1, to ", option()],
                );
            };
            return match &all[place].holds {
                Holds::Texts | Holds::Numbers(_) => Ok(Some(place)),
                other => {
                    let found = format!("column {} of {}", quoted(&all[place].name), said(other));
                    let cure = message!["give a column of texts or numbers to ", option()];
                    wrong("labels that are texts or numbers".into(), found, cure)
                }
            };
        }
        None => {}
    }
    let free = |place: &usize| units.is_none_or(|units| !units.contains(place));
    let can = |column: &Column| matches!(column.holds, Holds::Texts | Holds::Numbers(_));
    let is_named = |column: &Column| LABELS.contains(&column.name.to_lowercase().as_str()) && can(column);
    let among: Vec<usize> = places(all, is_named).into_iter().filter(free).collect();
    let texts: Vec<usize> =
        places(all, |column| column.holds == Holds::Texts).into_iter().filter(free).collect();
    match (&among[..], &texts[..]) {
        (&[one], _) => Ok(Some(one)),
        ([], []) => Ok(None),
        (&[], &[one]) => {
            let name = quoted(&all[one].name);
            notes.push(format!("{}: column {name} is text and is read as labels", path.display()).into());
            Ok(Some(one))
        }
        // Beside vectors, and beside columns that were chosen, others do not disturb.
        ([], several) if units.is_some() => {
            let names: Vec<String> = several.iter().map(|&place| quoted(&all[place].name)).collect();
            notes.push(message![
                format!(
                    "{}: no labels are read, since several columns are text ({}); ",
                    path.display(),
                    listed(&names)
                ),
                option(),
                " says which"
            ]);
            Ok(None)
        }
        ([], several) | (several, _) => {
            let names: Vec<String> = several.iter().map(|&place| quoted(&all[place].name)).collect();
            let cure =
                message![option(), " says which, and a name behind a colon which columns are the numbers"];
            wrong("one column of labels at most".into(), listed(&names), cure)
        }
    }
}

fn places(all: &[Column], is: impl Fn(&Column) -> bool) -> Vec<usize> {
    (0..all.len()).filter(|&place| is(&all[place])).collect()
}

fn listed(names: &[String]) -> String {
    const MOST: usize = 20;
    let more = if names.len() > MOST { ", …" } else { "" };
    format!("{}{more}", names.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", "))
}

fn said(holds: &Holds) -> &str {
    match holds {
        Holds::Numbers(_) => "numbers",
        Holds::Vectors(_) => "vectors",
        Holds::Texts => "texts",
        Holds::Other(what) => what,
    }
}

fn choose_columns(path: &Path) -> String {
    format!("choose columns, as in {}:NAME or {0}:A,B", path.file_name().unwrap_or_default().display())
}

fn dtype(column: &Column) -> Dtype {
    match column.holds {
        Holds::Numbers(dtype) | Holds::Vectors(dtype) => dtype,
        _ => Dtype::F64,
    }
}

/// The type that holds the numbers of all columns.
fn common(types: &[Dtype]) -> Dtype {
    let all = |is: fn(Dtype) -> bool| types.iter().all(|&dtype| is(dtype));
    match types.first() {
        Some(&first) if types.iter().all(|&dtype| dtype == first) => first,
        Some(_) if all(|dtype| !matches!(dtype, Dtype::F32 | Dtype::F64)) => Dtype::Integer,
        _ => Dtype::F64,
    }
}

/// Rows that are joined from columns.
struct Joined {
    columns: Box<dyn Columns>,
    units: Vec<usize>,
    widths: Vec<usize>,
    dtype: Dtype,
}

impl Source for Joined {
    fn take(&mut self, rows: usize) -> Result<Values> {
        let mut parts = self.columns.take(&self.units, rows)?;
        if parts.len() == 1 {
            return Ok(parts.remove(0));
        }
        let widths = &self.widths;
        Ok(match self.dtype {
            Dtype::F32 => Values::F32(by_rows(&parts, widths, rows, |part, at| float(part, at) as f32)),
            Dtype::F64 => Values::F64(by_rows(&parts, widths, rows, float)),
            Dtype::U8 => Values::U8(by_rows(&parts, widths, rows, |part, at| whole(part, at) as u8)),
            Dtype::Bool => Values::Bool(by_rows(&parts, widths, rows, |part, at| whole(part, at) != 0)),
            Dtype::Integer => Values::Integer(by_rows(&parts, widths, rows, whole)),
        })
    }
}

fn by_rows<T>(
    parts: &[Values],
    widths: &[usize],
    rows: usize,
    value: impl Fn(&Values, usize) -> T,
) -> Vec<T> {
    let mut all = Vec::with_capacity(rows * widths.iter().sum::<usize>());
    for row in 0..rows {
        for (part, &width) in parts.iter().zip(widths) {
            all.extend((row * width..(row + 1) * width).map(|at| value(part, at)));
        }
    }
    all
}

fn float(values: &Values, at: usize) -> f64 {
    match values {
        Values::F32(v) => f64::from(v[at]),
        Values::F64(v) => v[at],
        Values::U8(v) => f64::from(v[at]),
        Values::Bool(v) => f64::from(u8::from(v[at])),
        Values::Integer(v) => v[at] as f64,
    }
}

fn whole(values: &Values, at: usize) -> i64 {
    match values {
        Values::F32(v) => v[at] as i64,
        Values::F64(v) => v[at] as i64,
        Values::U8(v) => i64::from(v[at]),
        Values::Bool(v) => i64::from(v[at]),
        Values::Integer(v) => v[at],
    }
}

/// The error for a cell without a value.
pub(super) fn missing(path: &Path, row: usize, column: &str) -> Error {
    Error::content(
        path,
        "a value in every cell",
        format!("a missing one in row {row}, column {}", quoted(column)),
        message![
            "fill it in or leave the row out; units of a cue that are not known are told with ",
            Argument::Known
        ],
    )
}

/// The error for a vector of another length than those before.
pub(super) fn uneven(path: &Path, row: usize, column: &str, found: usize, width: usize) -> Error {
    Error::content(
        path,
        format!("vectors of {width} numbers in column {}, as in its first row", quoted(column)),
        format!("{found} in row {row}"),
        "leave the row out",
    )
}

/// The error for numbers that 64 bits with a sign do not hold.
pub(super) fn too_large(path: &Path, column: &str) -> Error {
    Error::content(
        path,
        "whole numbers below 2^63",
        format!("a larger one in column {}", quoted(column)),
        "save it as float64",
    )
}
