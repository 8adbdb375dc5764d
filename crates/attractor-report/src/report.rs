//! The report of an experiment: one description, from which files for people and for programs are written.
//!
//! `results.json` and `results.csv` hold the numbers at full precision. `report.md` and `report.html` show
//! the blocks to readers. Each figure is an SVG file, a PNG file and a CSV file of the numbers behind it; a
//! grid of images is a PNG file.
//! With the feature `parquet` each CSV file has a Parquet file beside it. `report.html` needs nothing else:
//! no network, no script, no font.

use attractor_figures::{Figure, Picture};
use serde_json::{Map, Value, json};

use crate::Table;

/// The version of the program that wrote a report.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A figure with its caption and its numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Illustration {
    /// The name of its files.
    pub name: &'static str,
    /// A description for those who cannot see the figure.
    pub alt: String,
    /// The caption, with inline code in backticks.
    pub caption: String,
    /// The figure.
    pub figure: Figure,
    /// The numbers behind its marks.
    pub numbers: Table,
}

/// A grid of images with its caption.
#[derive(Clone, Debug, PartialEq)]
pub struct Images {
    /// The name of its file.
    pub name: &'static str,
    /// A description for those who cannot see the images.
    pub alt: String,
    /// The caption, with inline code in backticks.
    pub caption: String,
    /// The images.
    pub picture: Picture,
}

/// A table with more rows than this is not shown; the report names its file.
pub(crate) const MOST_ROWS: usize = 400;

/// A part of a report.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A heading.
    Heading(String),
    /// A paragraph, with inline code in backticks.
    Text(String),
    /// A table. If its columns have keys, its values are also written to a file of its own.
    Table(Table),
    /// Where [`Report::results`] is shown, if it is short enough.
    Results,
    /// A figure.
    Figure(Box<Illustration>),
    /// A grid of images.
    Images(Box<Images>),
}

/// The report of one experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The name of the experiment.
    pub experiment: &'static str,
    /// Title.
    pub title: String,
    /// What was done, in a few sentences.
    pub introduction: String,
    /// The command that runs it again.
    pub command: String,
    /// The settings as a JSON object, in order.
    pub settings: Value,
    /// Seed.
    pub seed: u64,
    /// Wall time in seconds.
    pub seconds: f64,
    /// The results. In `results.json` they stand under the name of the table.
    pub results: Table,
    /// Further entries of `results.json`.
    pub more: Map<String, Value>,
    /// What the reader sees, in order.
    pub blocks: Vec<Block>,
}

impl Report {
    /// The content of `results.json`.
    pub fn json(&self) -> Value {
        let mut document = json!({
            "experiment": self.experiment,
            "version": VERSION,
            "command": self.command,
            "seconds": self.seconds,
            "settings": self.settings,
        });
        for (key, value) in &self.more {
            document[key] = value.clone();
        }
        document[&self.results.name] = self.results.json();
        document
    }

    /// The time that it took, for readers.
    pub(crate) fn duration(&self) -> String {
        format!("{:.*} s", usize::from(self.seconds < 10.0), self.seconds)
    }
}
