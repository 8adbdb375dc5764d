//! Experiments and their reports: settings go in, a [`Report`] comes out. Also the statistics that reports
//! use.
//!
//! An [`Experiment`] is a value that holds its settings. Running it gives a report with the published numbers
//! beside ours. A report is one description, from which HTML, Markdown, JSON and CSV are written.

mod declaration;
mod error;
mod experiment;
mod files;
mod html;
mod markdown;
#[cfg(feature = "parquet")]
mod parquet;
mod report;
pub mod statistics;
mod table;
pub mod team;

pub use declaration::{Data, Declaration, Given, Input};
pub use error::{Error, Result};
pub use experiment::{Cellular, Experiment, Progress, Team};
pub use markdown::code;
pub use report::{Block, Illustration, Images, Report};
pub use table::{Cell, Column, NumberColumn, Table};

#[cfg(test)]
mod tests;
