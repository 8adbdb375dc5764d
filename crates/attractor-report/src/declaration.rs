//! Declarations of experiments: their names, their settings, and how they are built.

use std::path::PathBuf;

use attractor::options::{Options, Parameter};
use attractor_data::Table;

use crate::{Experiment, Result};

/// The declaration of an experiment: its name and settings. Each experiment declares itself in its own file.
#[derive(Clone, Copy, Debug)]
pub struct Declaration {
    /// Its name.
    pub name: &'static str,
    /// What it reproduces, in one line.
    pub title: &'static str,
    /// Examples: the arguments after the name of the experiment on the command line.
    pub examples: &'static [&'static str],
    /// Its settings. The seed, which all experiments have, is not among them.
    pub settings: &'static [Parameter],
    /// Its other inputs.
    pub inputs: &'static [Input],
    /// Builds the experiment from settings of their declared kinds.
    pub build: fn(Given) -> Result<Box<dyn Experiment>>,
}

impl Declaration {
    /// The setting with this name.
    pub fn setting(&self, name: &str) -> Option<&'static Parameter> {
        self.settings.iter().find(|setting| setting.name == name)
    }

    /// Whether it takes this input.
    pub fn takes(&self, input: Input) -> bool {
        self.inputs.contains(&input)
    }
}

/// An input that is not a value of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Images.
    Data,
    /// A file of results, in which a stopped run continues.
    Store,
}

/// The settings and inputs of an experiment. What is left out has the paper's value.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Settings by name.
    pub settings: Options,
    /// Seed.
    pub seed: u64,
    /// Images, for experiments that take [`Input::Data`].
    pub data: Option<Data>,
    /// The file of results, for experiments that take [`Input::Store`].
    pub store: Option<PathBuf>,
}

/// Images for an experiment, and how a report refers to them.
#[derive(Clone, Debug)]
pub struct Data {
    /// Their name.
    pub name: String,
    /// The rows.
    pub table: Table,
    /// The numbers of the rows, in the order in which they are used. `None` keeps the order of the table.
    pub order: Option<Vec<usize>>,
    /// The options that name them on the command line, each with a space before it.
    pub arguments: String,
}
