//! Experiments by name: each declares what it can be told, and how it is made of that.

use std::path::PathBuf;

use attractor::options::{Options, Parameter};
use attractor_data::Table;

use crate::{Experiment, Result};

/// What an experiment is called and can be told. Each experiment has one, in its own file.
#[derive(Clone, Copy, Debug)]
pub struct Declaration {
    /// Its name.
    pub name: &'static str,
    /// What it reproduces, in one line.
    pub title: &'static str,
    /// Examples: what follows its name on the command line.
    pub examples: &'static [&'static str],
    /// Its settings, besides the seed, which all experiments have.
    pub settings: &'static [Parameter],
    /// What else it can be given.
    pub inputs: &'static [Input],
    /// Makes it of settings that are of their declared kinds.
    pub build: fn(Given) -> Result<Box<dyn Experiment>>,
}

impl Declaration {
    /// The setting of this name.
    pub fn setting(&self, name: &str) -> Option<&'static Parameter> {
        self.settings.iter().find(|setting| setting.name == name)
    }

    /// Whether it can be given this.
    pub fn takes(&self, input: Input) -> bool {
        self.inputs.contains(&input)
    }
}

/// What an experiment can be given that is not written as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Images.
    Data,
    /// A file of results, from which a run that was stopped goes on.
    Store,
}

/// What an experiment is given. What is left out is the paper's.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Settings by name.
    pub settings: Options,
    /// Seed.
    pub seed: u64,
    /// Images, for experiments that [take](Input::Data) them.
    pub data: Option<Data>,
    /// The file of results, for experiments that [keep](Input::Store) one.
    pub store: Option<PathBuf>,
}

/// Rows for an experiment, with what a report says of them.
#[derive(Clone, Debug)]
pub struct Data {
    /// What they are called.
    pub name: String,
    /// The rows.
    pub table: Table,
    /// Row numbers, in the order in which rows are taken; as they are if none.
    pub order: Option<Vec<usize>>,
    /// The options that name them on the command line, each after a space.
    pub arguments: String,
}
