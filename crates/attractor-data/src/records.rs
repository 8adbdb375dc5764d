//! Rows of a table with text and gaps, as they stand in a CSV file.

/// The cells of one column.
#[derive(Clone, Debug, PartialEq)]
pub enum Cells {
    /// Numbers; NaN is a gap.
    Numbers(Vec<f64>),
    /// Text; `None` is a gap.
    Texts(Vec<Option<String>>),
}

impl Cells {
    /// The number of cells.
    pub fn len(&self) -> usize {
        match self {
            Cells::Numbers(values) => values.len(),
            Cells::Texts(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cells as numbers with NaN for gaps, if each that is no gap is one.
    pub fn numbers(&self) -> Option<Vec<f64>> {
        match self {
            Cells::Numbers(values) => Some(values.clone()),
            Cells::Texts(values) => values
                .iter()
                .map(|text| match text {
                    Some(text) => text.parse().ok(),
                    None => Some(f64::NAN),
                })
                .collect(),
        }
    }

    /// The cells as text, with `None` for gaps.
    pub fn texts(&self) -> Vec<Option<String>> {
        match self {
            Cells::Numbers(values) => {
                values.iter().map(|value| (!value.is_nan()).then(|| value.to_string())).collect()
            }
            Cells::Texts(values) => values.clone(),
        }
    }

    /// Whether some cells are gaps, or text that is no number.
    pub fn is_mixed(&self) -> bool {
        self.numbers().is_none_or(|values| values.iter().any(|value| value.is_nan()))
    }

    fn select(&self, rows: &[usize]) -> Self {
        match self {
            Cells::Numbers(values) => Cells::Numbers(rows.iter().map(|&row| values[row]).collect()),
            Cells::Texts(values) => Cells::Texts(rows.iter().map(|&row| values[row].clone()).collect()),
        }
    }
}

/// A table with columns of numbers, text and gaps.
#[derive(Clone, Debug, PartialEq)]
pub struct Records {
    /// The names of the columns, if the table has any.
    pub names: Option<Vec<String>>,
    /// The columns, all of one length.
    pub columns: Vec<Cells>,
}

impl Records {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, Cells::len)
    }

    /// Some of the rows.
    pub fn select(&self, rows: &[usize]) -> Self {
        Records {
            names: self.names.clone(),
            columns: self.columns.iter().map(|column| column.select(rows)).collect(),
        }
    }

    /// Whether some column holds text or gaps.
    pub fn is_mixed(&self) -> bool {
        self.columns.iter().any(Cells::is_mixed)
    }
}
