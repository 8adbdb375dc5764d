//! What is audited, checked.

use attractor::message::Message;
use attractor_data::{Shape, Table};
use attractor_report::{Error, Result};

use crate::rows::{Rows, Sets, Space};
use crate::searched::Images;
use crate::settings::Settings;

/// What is audited.
pub struct Given {
    /// Rows of the three sets, which are compared: pixels, features, or tables.
    pub rows: Sets<Rows>,
    /// Images that belong to the rows, for pictures and mosaics.
    pub images: Option<Sets<Table>>,
    /// A name for each row of the sets, such as that of its file.
    pub names: Sets<Option<Vec<String>>>,
    /// What was guessed about the files.
    pub notes: Vec<Message>,
    /// Where the rows come from, for the report: names and values.
    pub sources: Vec<(String, String)>,
}

/// The checked inputs of an audit.
pub struct Inputs {
    /// The rows of the sets.
    pub rows: Sets<Rows>,
    /// All rows in one space.
    pub space: Space,
    /// Images that belong to the rows.
    pub images: Option<Images>,
    /// A name for each row.
    pub names: Sets<Option<Vec<String>>>,
    /// Where the rows come from.
    pub sources: Vec<(String, String)>,
    /// What was guessed about the files.
    pub notes: Vec<Message>,
    /// The settings.
    pub settings: Settings,
}

impl Inputs {
    /// Checks what is given.
    ///
    /// # Errors
    /// A setting outside its range; rows that cannot be compared (see [`Space::new`]); images of another number than rows.
    pub fn new(given: Given, settings: Settings) -> Result<Self> {
        settings.check()?;
        let images = given.images.map(|tables| images(tables, &given.rows)).transpose()?.flatten();
        let space = Space::new(&given.rows)?;
        images.as_ref().map_or(Ok(()), finite)?;
        Ok(Inputs {
            rows: given.rows,
            space,
            images,
            names: given.names,
            sources: given.sources,
            notes: given.notes,
            settings,
        })
    }
}

impl Inputs {
    /// Whether the rows are the pixels of the images, and not features of them.
    pub(crate) fn are_pixels(&self) -> bool {
        self.images.as_ref().is_some_and(|images| match &self.rows.train {
            Rows::Single(values) => *values == images.pixels.train,
            Rows::Double(values) => values.mapv(|v| v as f32) == images.pixels.train,
            Rows::Table(_) => false,
        })
    }
}

/// Refuses pixels that are no numbers in 32 bits, in which images are compared.
fn finite(images: &Images) -> Result<()> {
    for (name, pixels) in images.pixels.named() {
        if let Some(((row, unit), value)) = pixels.indexed_iter().find(|(_, value)| !value.is_finite()) {
            return Err(Error::mended(
                name,
                "images of finite numbers, of at most 3.4e38",
                format!("{value} at row {row}, unit {unit}"),
                "remove or repair those images".into(),
            ));
        }
    }
    Ok(())
}

/// The pixels of images, if these tables hold any.
fn images(tables: Sets<Table>, rows: &Sets<Rows>) -> Result<Option<Images>> {
    let own = |table: &Table| {
        table.shape().or_else(|| Shape::square(table.columns()).filter(|_| table.dtype().is_raw()))
    };
    let Some(shape) = own(&tables.train) else { return Ok(None) };
    for ((name, table), (_, rows)) in tables.named().into_iter().zip(rows.named()) {
        if table.rows() != rows.len() {
            return Err(Error::mended(
                "features",
                format!("one row for each of the {} images of {name}", table.rows()),
                format!("{} rows", rows.len()),
                "give the features of these images, in the same order".into(),
            ));
        }
        if table.columns() != shape.size() {
            return Err(Error::setting(
                name,
                format!("images of {shape}, as the training rows are"),
                format!("rows of {} values", table.columns()),
            ));
        }
    }
    Ok(Some(Images { pixels: tables.map(|table| table.floats::<f32>()), shape }))
}
