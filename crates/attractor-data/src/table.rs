//! Tables: rows of numbers with their type, image shape and labels.

use std::ops::Range;

use attractor::Real;
use ndarray::Array2;

use crate::shape::Shape;

/// The number type of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dtype {
    /// 32-bit float. 16-bit floats are widened to it.
    F32,
    /// 64-bit float.
    F64,
    /// Unsigned byte: a grey value, read as value/255.
    U8,
    /// Bool, read as 0 or 1.
    Bool,
    /// Integers of any other width, read unchanged.
    Integer,
}

impl Dtype {
    /// Whether it is raw data (bytes or bools), which most memories prepare by default.
    pub fn is_raw(self) -> bool {
        matches!(self, Dtype::U8 | Dtype::Bool)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Dtype::F32 => "f32",
            Dtype::F64 => "f64",
            Dtype::U8 => "u8",
            Dtype::Bool => "bool",
            Dtype::Integer => "integer",
        }
    }
}

/// An N × D table of numbers. Each row is a pattern, cue or state.
#[derive(Clone, Debug)]
pub struct Table {
    values: Values,
    rows: usize,
    columns: usize,
    labels: Option<Vec<String>>,
    shape: Option<Shape>,
}

#[derive(Clone, Debug)]
pub(crate) enum Values {
    F32(Vec<f32>),
    F64(Vec<f64>),
    U8(Vec<u8>),
    Bool(Vec<bool>),
    Integer(Vec<i64>),
}

impl Values {
    pub(crate) fn len(&self) -> usize {
        match self {
            Values::F32(v) => v.len(),
            Values::F64(v) => v.len(),
            Values::U8(v) => v.len(),
            Values::Bool(v) => v.len(),
            Values::Integer(v) => v.len(),
        }
    }

    /// Adds numbers of the same type at the end.
    #[cfg(any(feature = "arrow", feature = "parquet"))]
    pub(crate) fn extend(&mut self, more: Values) {
        match (self, more) {
            (Values::F32(v), Values::F32(more)) => v.extend(more),
            (Values::F64(v), Values::F64(more)) => v.extend(more),
            (Values::U8(v), Values::U8(more)) => v.extend(more),
            (Values::Bool(v), Values::Bool(more)) => v.extend(more),
            (Values::Integer(v), Values::Integer(more)) => v.extend(more),
            _ => unreachable!("parts of a column have its type"),
        }
    }

    /// The numbers at some places, in this order.
    pub(crate) fn pick(&self, places: impl Iterator<Item = usize>) -> Values {
        match self {
            Values::F32(v) => Values::F32(places.map(|i| v[i]).collect()),
            Values::F64(v) => Values::F64(places.map(|i| v[i]).collect()),
            Values::U8(v) => Values::U8(places.map(|i| v[i]).collect()),
            Values::Bool(v) => Values::Bool(places.map(|i| v[i]).collect()),
            Values::Integer(v) => Values::Integer(places.map(|i| v[i]).collect()),
        }
    }
}

impl Table {
    pub(crate) fn new(
        values: Values,
        columns: usize,
        labels: Option<Vec<String>>,
        shape: Option<Shape>,
    ) -> Self {
        let rows = values.len().checked_div(columns).unwrap_or(0);
        Table { values, rows, columns, labels, shape }
    }

    /// A table of bytes, N × D.
    pub fn from_bytes(values: Array2<u8>) -> Self {
        let columns = values.ncols();
        Self::new(Values::U8(values.into_iter().collect()), columns, None, None)
    }

    /// A table of floats, N × D.
    pub fn from_floats<F: Real>(values: Array2<F>) -> Self {
        let columns = values.ncols();
        let values = if size_of::<F>() == 4 {
            Values::F32(values.into_iter().map(|v| v.to_f64() as f32).collect())
        } else {
            Values::F64(values.into_iter().map(F::to_f64).collect())
        };
        Self::new(values, columns, None, None)
    }

    /// The same rows as images of this shape.
    pub fn with_shape(self, shape: Option<Shape>) -> Self {
        Table { shape, ..self }
    }

    /// The same rows with one label per row.
    pub fn with_labels(self, labels: Option<Vec<String>>) -> Self {
        Table { labels, ..self }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Numbers in a row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The bytes, if it is a table of bytes.
    pub fn into_bytes(self) -> Option<Vec<u8>> {
        match self.values {
            Values::U8(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The number type.
    pub fn dtype(&self) -> Dtype {
        match self.values {
            Values::F32(_) => Dtype::F32,
            Values::F64(_) => Dtype::F64,
            Values::U8(_) => Dtype::U8,
            Values::Bool(_) => Dtype::Bool,
            Values::Integer(_) => Dtype::Integer,
        }
    }

    /// One label per row, such as a file's name or a class.
    pub fn labels(&self) -> Option<&[String]> {
        self.labels.as_deref()
    }

    /// The shape of the images, if the rows are images.
    pub fn shape(&self) -> Option<Shape> {
        self.shape
    }

    /// Some of the rows.
    pub fn select(&self, rows: &[usize]) -> Self {
        let columns = self.columns;
        let values = self.values.pick(rows.iter().flat_map(|r| r * columns..(r + 1) * columns));
        let labels = self.labels.as_ref().map(|l| rows.iter().map(|&r| l[r].clone()).collect());
        Table { rows: rows.len(), ..Table::new(values, columns, labels, self.shape) }
    }

    /// The same images, with their numbers in the layout of `to`.
    pub(crate) fn relaid(self, to: Shape) -> Self {
        let Some(from) = self.shape.filter(|from| from.layout != to.layout && from.size() == to.size())
        else {
            return self;
        };
        let order: Vec<usize> = (0..to.size())
            .map(|unit| {
                let (channel, row, column) = to.place(unit);
                from.unit(channel, row, column)
            })
            .collect();
        let columns = self.columns;
        let places = (0..self.rows).flat_map(|row| order.iter().map(move |place| row * columns + place));
        Table { values: self.values.pick(places), shape: Some(to), ..self }
    }

    /// Some of the rows as floats. Bytes are value/255; other numbers are unchanged.
    pub fn to_floats<F: Real>(&self, rows: Range<usize>) -> Array2<F> {
        let count = rows.len();
        let range = rows.start * self.columns..rows.end * self.columns;
        let values: Vec<F> = match &self.values {
            Values::F32(v) => v[range].iter().map(|&v| F::from_f64(f64::from(v))).collect(),
            Values::F64(v) => v[range].iter().map(|&v| F::from_f64(v)).collect(),
            Values::U8(v) => v[range].iter().map(|&v| F::from_f64(f64::from(v) / 255.0)).collect(),
            Values::Bool(v) => v[range].iter().map(|&v| F::from_f64(f64::from(u8::from(v)))).collect(),
            Values::Integer(v) => v[range].iter().map(|&v| F::from_f64(v as f64)).collect(),
        };
        Array2::from_shape_vec((count, self.columns), values).expect("one value a place")
    }

    /// All rows with unchanged values, also of bytes. It is for weights, classes and other numbers that are not grey
    /// values.
    pub fn numbers<F: Real>(&self) -> Array2<F> {
        match &self.values {
            Values::U8(v) => {
                let values = v.iter().map(|&v| F::from_f64(f64::from(v))).collect();
                Array2::from_shape_vec((self.rows, self.columns), values).expect("one value a place")
            }
            _ => self.floats(),
        }
    }

    /// All numbers as text, row by row, each as its own type writes it: whole numbers of 64 bits keep all of their digits, and
    /// floats of 32 bits have no more than they hold.
    ///
    /// # Errors
    /// The first number that is not finite.
    pub fn texts(&self) -> Result<Vec<String>, String> {
        let text = |finite: bool, text: String| if finite { Ok(text) } else { Err(text) };
        match &self.values {
            Values::F32(v) => v.iter().map(|v| text(v.is_finite(), v.to_string())).collect(),
            Values::F64(v) => v.iter().map(|v| text(v.is_finite(), v.to_string())).collect(),
            Values::U8(v) => Ok(v.iter().map(u8::to_string).collect()),
            Values::Bool(v) => Ok(v.iter().map(|&v| u8::from(v).to_string()).collect()),
            Values::Integer(v) => Ok(v.iter().map(i64::to_string).collect()),
        }
    }

    /// The rows as they are, if they are integers other than bytes.
    pub fn integers(&self) -> Option<Array2<i64>> {
        match &self.values {
            Values::Integer(v) => Array2::from_shape_vec((self.rows, self.columns), v.clone()).ok(),
            _ => None,
        }
    }

    /// All rows as floats.
    pub fn floats<F: Real>(&self) -> Array2<F> {
        self.to_floats(0..self.rows)
    }
}
