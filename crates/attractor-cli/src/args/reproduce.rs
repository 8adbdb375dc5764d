//! The arguments of `reproduce`: a command for each experiment, with the settings that it declares.

use std::path::PathBuf;

use attractor::options::{Options, Parameter};
use attractor_experiments::{Declaration, EXPERIMENTS};
use attractor_report::Input;
use clap::{ArgMatches, Args, Command, FromArgMatches, Subcommand};

use super::Files;
use super::options::{add, given};

/// An experiment with its settings.
pub struct Reproduce {
    /// Its name.
    pub name: &'static str,
    /// Its settings.
    pub settings: Options,
    /// Arguments that every experiment takes.
    pub common: Common,
    /// Images, if the experiment takes any.
    pub images: Option<Images>,
    /// Whether its results are kept in a file, so that a stopped run can be resumed.
    pub keeps: bool,
}

/// The images of an experiment.
#[derive(Args)]
pub struct Images {
    /// The images: a file or folder of any kind that `attractor recall --memory` takes [default: the 1,797 digits that
    /// come with the program]
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// The order in which images are taken: a file with one row number per line, or an array [default: as they are in the
    /// file]
    #[arg(long, value_name = "FILE", requires = "data")]
    pub order: Option<PathBuf>,
    #[command(flatten)]
    pub files: Files,
}

/// Arguments that every experiment takes.
#[derive(Args)]
pub struct Common {
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Folder for the report (report.html, report.md, results.json, results.csv) and its figures
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Print no progress on stderr
    #[arg(long)]
    pub quiet: bool,
}

/// The settings of an experiment, and those of all other experiments.
fn settings(experiment: &'static Declaration) -> (Vec<&'static Parameter>, Vec<&'static Parameter>) {
    let all = EXPERIMENTS.iter().flat_map(|experiment| experiment.settings);
    (experiment.settings.iter().collect(), all.filter(|s| experiment.setting(s.name).is_none()).collect())
}

/// The command of an experiment with its own settings.
fn own(experiment: &'static Declaration) -> Command {
    let name = experiment.name;
    let examples = experiment.examples.iter().map(|rest| format!("\n  attractor reproduce {name} {rest}"));
    let mut more = format!(
        "{}:{}",
        if experiment.examples.len() == 1 { "Example" } else { "Examples" },
        examples.collect::<String>()
    );
    if experiment.takes(Input::Store) {
        more += "\n\nA run that was stopped continues where it was. Several runs at once with the same --out share the work.";
    }
    let command = add(Command::new(name), &settings(experiment).0, "Settings", true);
    let command = if experiment.takes(Input::Data) { Images::augment_args(command) } else { command };
    // The flattened arguments bring their own description, so the experiment's is set last.
    Common::augment_args(command).about(experiment.title).after_help(more)
}

/// The command of an experiment for the parser. Settings of other experiments are hidden arguments, so that the error
/// can say which experiments have them.
fn command(experiment: &'static Declaration) -> Command {
    add(own(experiment), &settings(experiment).1, "Settings", false)
}

/// `reproduce` for completions: each experiment with its own settings only.
pub fn completed(reproduce: Command) -> Command {
    EXPERIMENTS.iter().fold(reproduce, |all, one| all.mut_subcommand(one.name, |_| own(one)))
}

impl Subcommand for Reproduce {
    fn augment_subcommands(reproduce: Command) -> Command {
        let reproduce = EXPERIMENTS.iter().fold(reproduce, |all, one| all.subcommand(command(one)));
        reproduce.subcommand_required(true).arg_required_else_help(true)
    }

    fn augment_subcommands_for_update(reproduce: Command) -> Command {
        Self::augment_subcommands(reproduce)
    }

    fn has_subcommand(name: &str) -> bool {
        EXPERIMENTS.iter().any(|experiment| experiment.name == name)
    }
}

impl FromArgMatches for Reproduce {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let named = matches.subcommand().and_then(|(name, told)| {
            EXPERIMENTS.iter().find(|experiment| experiment.name == name).map(|experiment| (experiment, told))
        });
        let Some((experiment, told)) = named else {
            return Err(clap::Error::new(clap::error::ErrorKind::MissingSubcommand));
        };
        let (own, others) = settings(experiment);
        Ok(Reproduce {
            name: experiment.name,
            settings: given(told, &[own, others].concat()),
            common: Common::from_arg_matches(told)?,
            images: experiment.takes(Input::Data).then(|| Images::from_arg_matches(told)).transpose()?,
            keeps: experiment.takes(Input::Store),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
