//! What an experiment hands back: one description, written for people and for programs.
//!
//! `results.json` and `results.csv` hold the numbers at full precision, `report.md` and `report.html` the
//! same blocks for readers, and each figure is an SVG, a PNG and a CSV file of the numbers behind its marks.
//! With the feature `parquet` each CSV file has a Parquet file beside it.
//! `report.html` is one file that needs nothing else: no network, no script, no font.

use std::path::Path;

use attractor_data::write_atomically;
use attractor_figures::Figure;
use serde_json::{Map, Value, json};

#[cfg(feature = "parquet")]
use crate::parquet;
use crate::{Result, Table, html, markdown};

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
    /// The report as Markdown.
    pub fn markdown(&self) -> String {
        markdown::page(self)
    }

    /// The report as one page of HTML that is well-formed XML too.
    ///
    /// # Errors
    /// A figure that cannot be drawn.
    pub fn html(&self) -> Result<String> {
        html::page(self)
    }

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

    /// Writes `results.json`, `results.csv`, `report.md`, `report.html`, `NAME.csv` for each other table with
    /// keys, and `NAME.svg`, `NAME.png` and `NAME.csv` for each figure into a folder.
    ///
    /// # Errors
    /// A figure that cannot be drawn, and whatever the system says.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let text = |name: &str, text: &str| {
            write_atomically(&folder.join(name), |file| file.write_all(text.as_bytes()))
        };
        let json = self.json();
        write_atomically(&folder.join("results.json"), |file| {
            serde_json::to_writer_pretty(&mut *file, &json)?;
            writeln!(file)
        })?;
        let table = |name: &str, table: &Table| -> Result<()> {
            text(&format!("{name}.csv"), &table.csv())?;
            #[cfg(feature = "parquet")]
            write_atomically(&folder.join(format!("{name}.parquet")), |file| {
                file.write_all(&parquet::bytes(table).map_err(std::io::Error::other)?)
            })?;
            Ok(())
        };
        table("results", &self.results)?;
        for block in &self.blocks {
            match block {
                Block::Table(of) if of.is_kept() => table(&of.name, of)?,
                Block::Figure(of) => {
                    of.figure.write(folder, of.name)?;
                    table(of.name, &of.numbers)?;
                }
                _ => {}
            }
        }
        text("report.md", &self.markdown())?;
        text("report.html", &self.html()?)?;
        Ok(())
    }

    /// How long it took, as a reader wants it.
    pub(crate) fn duration(&self) -> String {
        format!("{:.*} s", usize::from(self.seconds < 10.0), self.seconds)
    }
}
