//! The rows of an audit: training rows, held-out rows and generated rows in one space, checked.

use std::collections::HashMap;
use std::ops::{ControlFlow, Range};

use attractor::message;
use attractor::message::Argument;
use attractor_data::{Cells, Records, Table};
use attractor_report::{Error, Result};
use ndarray::{Array2, ArrayView2, Axis, concatenate};

use crate::found::Nearest;
use crate::metric::{Column, Euclidean, Gower, Metric};
use crate::search::{self, Watch};

/// One thing for each set of rows.
#[derive(Clone, Debug, Default)]
pub struct Sets<T> {
    /// That of the training rows.
    pub train: T,
    /// That of the generated rows.
    pub generated: T,
    /// That of the held-out rows, if there are any.
    pub heldout: Option<T>,
}

impl<T> Sets<T> {
    /// The same sets, each changed by a function.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> Sets<U> {
        Sets { train: f(self.train), generated: f(self.generated), heldout: self.heldout.map(f) }
    }

    /// Each set with its name, in the order of the space: training, held-out, generated.
    pub fn named(&self) -> Vec<(&'static str, &T)> {
        let heldout = self.heldout.iter().map(|set| ("heldout", set));
        std::iter::once(("train", &self.train))
            .chain(heldout)
            .chain(std::iter::once(("generated", &self.generated)))
            .collect()
    }
}

/// The rows of one set.
#[derive(Clone, Debug)]
pub enum Rows {
    /// Rows of 32-bit numbers, and of bytes as grey values from 0 to 1.
    Single(Array2<f32>),
    /// Rows of 64-bit numbers.
    Double(Array2<f64>),
    /// Rows of a table with categories and gaps.
    Table(Records),
}

impl Rows {
    /// The rows of a table of numbers.
    pub fn of(table: &Table) -> Self {
        match table.dtype() {
            attractor_data::Dtype::F64 | attractor_data::Dtype::Integer => Rows::Double(table.floats()),
            _ => Rows::Single(table.floats()),
        }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Rows::Single(rows) => rows.nrows(),
            Rows::Double(rows) => rows.nrows(),
            Rows::Table(records) => records.rows(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn width(&self) -> usize {
        match self {
            Rows::Single(rows) => rows.ncols(),
            Rows::Double(rows) => rows.ncols(),
            Rows::Table(records) => records.columns.len(),
        }
    }

    /// Some of the rows.
    pub fn select(&self, rows: &[usize]) -> Self {
        match self {
            Rows::Single(values) => Rows::Single(values.select(Axis(0), rows)),
            Rows::Double(values) => Rows::Double(values.select(Axis(0), rows)),
            Rows::Table(records) => Rows::Table(records.select(rows)),
        }
    }

    /// The numbers in 64 bits; none of a table.
    pub fn numbers(&self) -> Option<Array2<f64>> {
        match self {
            Rows::Single(rows) => Some(rows.mapv(f64::from)),
            Rows::Double(rows) => Some(rows.clone()),
            Rows::Table(_) => None,
        }
    }
}

/// The largest number of a row, so that squares of distances are far from overflow.
const LARGEST: f64 = 1e150;

/// All rows in one space: training rows, then held-out rows, then generated rows.
pub struct Space {
    metric: Kind,
    /// Training, held-out and generated rows.
    counts: [usize; 3],
}

enum Kind {
    Euclidean(Euclidean),
    Gower(Gower),
}

macro_rules! with_metric {
    ($space:expr, $metric:ident => $what:expr) => {
        match &$space.metric {
            Kind::Euclidean($metric) => $what,
            Kind::Gower($metric) => $what,
        }
    };
}

impl Space {
    /// The space of these sets. Tables are compared by Gower's distance, and numbers by the Euclidean one.
    ///
    /// # Errors
    /// Fewer than two training rows, or no generated or held-out ones; rows of different widths or columns; NaN or
    /// infinity; generated rows that are the training rows themselves, in the same order.
    pub fn new(sets: &Sets<Rows>) -> Result<Self> {
        let space = Self::any(sets)?;
        space.refuse_the_same()?;
        Ok(space)
    }

    /// As [`new`](Self::new), of generated rows that may be the training rows.
    pub(crate) fn any(sets: &Sets<Rows>) -> Result<Self> {
        let counts = [sets.train.len(), sets.heldout.as_ref().map_or(0, Rows::len), sets.generated.len()];
        Ok(Space { metric: metric(&sets.named())?, counts })
    }

    /// The space of the rows of one set alone; errors call it by this name.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of(name: &'static str, rows: &Rows) -> Result<Self> {
        Ok(Space { metric: metric(&[(name, rows)])?, counts: [rows.len(), 0, 0] })
    }

    /// The numbers of the training rows.
    pub fn train(&self) -> Range<usize> {
        0..self.counts[0]
    }

    /// The numbers of the held-out rows.
    pub fn heldout(&self) -> Range<usize> {
        self.counts[0]..self.counts[0] + self.counts[1]
    }

    /// The numbers of the training and held-out rows.
    pub fn pool(&self) -> Range<usize> {
        0..self.counts[0] + self.counts[1]
    }

    /// The numbers of the generated rows.
    pub fn generated(&self) -> Range<usize> {
        let from = self.pool().end;
        from..from + self.counts[2]
    }

    /// The space as points, if it is Euclidean.
    pub fn points(&self) -> Option<&Euclidean> {
        match &self.metric {
            Kind::Euclidean(points) => Some(points),
            Kind::Gower(_) => None,
        }
    }

    /// The name of the distance.
    pub fn name(&self) -> &'static str {
        match &self.metric {
            Kind::Euclidean(_) => "euclidean",
            Kind::Gower(_) => "gower",
        }
    }

    /// The units of a row, or the columns of a table.
    pub fn width(&self) -> usize {
        match &self.metric {
            Kind::Euclidean(points) => points.dim(),
            Kind::Gower(table) => table.columns(),
        }
    }

    /// The distance of two rows.
    pub fn distance(&self, a: usize, b: usize) -> f64 {
        with_metric!(self, metric => metric.distance(a, b))
    }

    /// The space of some of the rows.
    pub fn select(&self, train: &[usize], heldout: &[usize], generated: &[usize]) -> Self {
        let all = [train, heldout, generated].concat();
        let metric = match &self.metric {
            Kind::Euclidean(points) => Kind::Euclidean(points.select(&all)),
            Kind::Gower(table) => Kind::Gower(table.select(&all)),
        };
        Space { metric, counts: [train.len(), heldout.len(), generated.len()] }
    }

    /// The operations of comparing two rows.
    pub(crate) fn work(&self) -> f64 {
        with_metric!(self, metric => metric.work())
    }

    /// See `search::nearest`.
    pub fn nearest(
        &self,
        queries: &[usize],
        pool: Range<usize>,
        count: usize,
        watch: &mut Watch,
    ) -> Option<Nearest> {
        with_metric!(self, metric => search::nearest(metric, queries, pool, count, watch))
    }

    /// See `search::linked`.
    pub fn linked(
        &self,
        pool: Range<usize>,
        radius: f64,
        known: &Nearest,
        watch: &mut Watch,
    ) -> Option<Vec<u32>> {
        with_metric!(self, metric => search::linked(metric, pool, radius, known, watch))
    }

    /// See `search::covered`.
    pub fn covered(
        &self,
        queries: &[usize],
        pool: Range<usize>,
        radii: &[f64],
        watch: &mut Watch,
    ) -> Option<Vec<bool>> {
        with_metric!(self, metric => search::covered(metric, queries, pool, radii, watch))
    }

    fn refuse_the_same(&self) -> Result<()> {
        let (train, generated) = (self.train(), self.generated());
        let same =
            train.len() == generated.len() && train.zip(generated).all(|(a, b)| self.distance(a, b) == 0.0);
        if !same {
            return Ok(());
        }
        Err(Error::mended(
            "generated",
            "rows that a model made",
            "the training rows themselves, in the same order",
            "give the generated rows".into(),
        ))
    }
}

/// The fewest training rows: a ratio needs the nearest two.
const FEWEST: usize = 2;

/// How rows are compared, checked. The first set is that of the training rows.
fn metric(all: &[(&'static str, &Rows)]) -> Result<Kind> {
    check(all)?;
    if all.iter().all(|(_, rows)| matches!(rows, Rows::Table(_))) {
        return Ok(Kind::Gower(gower(all)?));
    }
    euclidean(all)
}

fn check(all: &[(&'static str, &Rows)]) -> Result<()> {
    let train = all[0].1;
    let width = train.width();
    for (place, &(name, rows)) in all.iter().enumerate() {
        let fewest = if place == 0 { FEWEST } else { 1 };
        if rows.len() < fewest || rows.width() == 0 {
            let expected = format!("at least {fewest} row{}", if fewest == 1 { "" } else { "s" });
            let found = format!("{} rows of {} values", rows.len(), rows.width());
            return Err(Error::setting(name, expected, found));
        }
        let is_table = matches!(rows, Rows::Table(_));
        if is_table != matches!(train, Rows::Table(_)) {
            let kind = |table| if table { "a table with columns" } else { "rows of numbers" };
            return Err(Error::setting(
                name,
                format!("{}, as the training rows are", kind(!is_table)),
                kind(is_table),
            ));
        }
        if !is_table && rows.width() != width {
            return Err(Error::mended(
                name,
                format!("rows of {width} values, as the training rows have"),
                format!("rows of {}", rows.width()),
                "give rows of the same kind, or features of the same encoder".into(),
            ));
        }
    }
    Ok(())
}

/// Refuses rows whose differences are so small that their squares are 0: all distances would be.
fn refuse_tiny(all: &[(&'static str, &Rows)]) -> Result<()> {
    const SMALLEST: f64 = 1e-150;
    let Rows::Double(train) = all[0].1 else { return Ok(()) };
    let first = train.row(0);
    let mut widest: f64 = 0.0;
    for (_, rows) in all {
        if let Rows::Double(rows) = rows {
            let differences =
                rows.outer_iter().flat_map(|row| row.into_iter().zip(&first).map(|(v, w)| (v - w).abs()));
            widest = differences.fold(widest, f64::max);
        }
    }
    if widest == 0.0 || widest >= SMALLEST {
        return Ok(());
    }
    Err(Error::mended(
        all[0].0,
        "rows that differ by more than 1e-150",
        format!("differences of at most {widest:e}"),
        "multiply the numbers of all sets by one constant".into(),
    ))
}

fn euclidean(all: &[(&'static str, &Rows)]) -> Result<Kind> {
    fn one<F: Copy>(name: &'static str, rows: &Array2<F>, wide: impl Fn(F) -> f64) -> Result<()> {
        let bad = rows.indexed_iter().find(|(_, v)| wide(**v).is_nan() || wide(**v).abs() > LARGEST);
        let Some(((row, unit), value)) = bad else { return Ok(()) };
        Err(Error::mended(
            name,
            "finite numbers of at most 1e150",
            format!("{:e} at row {row}, unit {unit}", wide(*value)),
            "remove or repair those rows; gaps of a table are read from .csv files".into(),
        ))
    }
    for (name, rows) in all {
        match rows {
            Rows::Single(rows) => one(name, rows, f64::from)?,
            Rows::Double(rows) => one(name, rows, |v| v)?,
            Rows::Table(_) => {}
        }
    }
    refuse_tiny(all)?;
    let single: Option<Vec<ArrayView2<f32>>> = all
        .iter()
        .map(|(_, rows)| if let Rows::Single(rows) = rows { Some(rows.view()) } else { None })
        .collect();
    if let Some(views) = single {
        return Ok(Kind::Euclidean(Euclidean::single(concatenate(Axis(0), &views).expect("one width"))));
    }
    let wide: Vec<Array2<f64>> = all.iter().filter_map(|(_, rows)| rows.numbers()).collect();
    let views: Vec<_> = wide.iter().map(|rows| rows.view()).collect();
    Ok(Kind::Euclidean(Euclidean::double(concatenate(Axis(0), &views).expect("one width"))))
}

/// The columns of the training rows, found in each table by name, or by place where tables have no names.
fn gower(all: &[(&'static str, &Rows)]) -> Result<Gower> {
    let tables: Vec<(&'static str, &Records)> = all
        .iter()
        .filter_map(|(name, rows)| match rows {
            Rows::Table(records) => Some((*name, records)),
            _ => None,
        })
        .collect();
    let train = tables[0].1;
    let mut columns = Vec::new();
    for place in 0..train.columns.len() {
        let own: Result<Vec<(&'static str, &Cells)>> = tables
            .iter()
            .map(|&(name, table)| Ok((name, &table.columns[found(name, train, table, place)?])))
            .collect();
        columns.push(column(&heading(train, place), &own?)?);
    }
    Ok(Gower::new(columns))
}

fn heading(table: &Records, place: usize) -> String {
    match &table.names {
        Some(names) => names[place].clone(),
        None => (place + 1).to_string(),
    }
}

/// Where a table has a column of the training rows.
fn found(name: &'static str, train: &Records, table: &Records, place: usize) -> Result<usize> {
    let columns = |table: &Records| match &table.names {
        Some(names) => format!("the columns {}", names.join(", ")),
        None => format!("{} columns without names", table.columns.len()),
    };
    let at = match (&train.names, &table.names) {
        (Some(own), Some(names)) => names.iter().position(|other| *other == own[place]),
        _ => Some(place),
    };
    at.filter(|_| train.columns.len() == table.columns.len()).ok_or_else(|| {
        Error::mended(
            name,
            format!("{}, as the training rows have", columns(train)),
            columns(table),
            message![
                "give tables of the same columns; ",
                Argument::option("header"),
                " says whether the first line names them"
            ],
        )
    })
}

/// One column of all sets. It holds numbers if all training cells do.
fn column(heading: &str, sets: &[(&'static str, &Cells)]) -> Result<Column> {
    let Some(train) = sets[0].1.numbers() else {
        let mut codes: HashMap<String, u32> = HashMap::new();
        let mut all = Vec::new();
        for (_, cells) in sets {
            for text in cells.texts() {
                let next = codes.len() as u32;
                all.push(text.map_or(Column::GAP, |text| *codes.entry(text).or_insert(next)));
            }
        }
        return Ok(Column::Categories(all));
    };
    let mut values = Vec::new();
    for (name, cells) in sets {
        let numbers = cells.numbers().ok_or_else(|| {
            let other = cells.texts().into_iter().flatten().find(|text| text.parse::<f64>().is_err());
            Error::setting(
                name,
                format!("numbers in column {heading}, as in the training rows"),
                format!("'{}'", other.unwrap_or_default()),
            )
        })?;
        if let Some(row) = numbers.iter().position(|v| v.is_infinite() || v.abs() > LARGEST) {
            let found = format!("{} in row {row} of column {heading}", numbers[row]);
            return Err(Error::setting(name, "numbers of at most 1e150, or gaps", found));
        }
        values.extend(numbers);
    }
    let known = || train.iter().copied().filter(|v| !v.is_nan());
    let (low, high) = known().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    let (low, range) = if low.is_finite() { (low, high - low) } else { (0.0, 0.0) };
    Ok(Column::Numbers { values, low, range })
}

/// Up to `most` of `count` numbers, evenly spaced.
pub(crate) fn evenly(count: usize, most: usize) -> Vec<usize> {
    let kept = count.min(most);
    (0..kept).map(|k| k * count / kept).collect()
}

/// A watch for searches that nobody watches.
pub fn unwatched(_: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}
