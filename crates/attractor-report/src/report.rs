//! What an experiment hands back: one description, written for people and for programs.
//!
//! `results.json` and `results.csv` hold the numbers at full precision, `report.md` and `report.html` the
//! same blocks for readers, and each figure is an SVG, a PNG and a CSV file of the numbers behind its marks.
//! With the feature `parquet` each CSV file has a Parquet file beside it.
//! `report.html` is one file that needs nothing else: no network, no script, no font.

use attractor_figures::Figure;
use serde_json::{Map, Value, json};

use crate::Table;

/// The version of the program that wrote a report.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A figure with what is said about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Illustration {
    /// Name of its files.
    pub name: &'static str,
    /// What it is, for those who do not see it.
    pub alt: String,
    /// What stands below it; inline code in backticks.
    pub caption: String,
    /// The figure.
    pub figure: Figure,
    /// The numbers behind its marks.
    pub numbers: Table,
}

/// Tables of more rows than a reader wants are only named; a file has them.
pub(crate) const MOST_ROWS: usize = 400;

/// A part of a report.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A heading.
    Heading(String),
    /// A paragraph; inline code in backticks.
    Text(String),
    /// A table. Its values are in a file of its own if its columns have keys.
    Table(Table),
    /// The place of [`Report::results`], where they are few enough to be read.
    Results,
    /// A figure.
    Figure(Box<Illustration>),
}

/// The report of one experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Name of the experiment.
    pub experiment: &'static str,
    /// Title.
    pub title: String,
    /// What was done, in a few sentences.
    pub introduction: String,
    /// What to type to run it again.
    pub command: String,
    /// Its settings, in order: an object.
    pub settings: Value,
    /// Seed.
    pub seed: u64,
    /// Wall time.
    pub seconds: f64,
    /// The numbers, under their own name in `results.json`.
    pub results: Table,
    /// What else `results.json` says.
    pub more: Map<String, Value>,
    /// What the reader sees, in order.
    pub blocks: Vec<Block>,
}

impl Report {
    /// What `results.json` says.
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

    /// How long it took, as a reader wants it.
    pub(crate) fn duration(&self) -> String {
        format!("{:.*} s", usize::from(self.seconds < 10.0), self.seconds)
    }
}
