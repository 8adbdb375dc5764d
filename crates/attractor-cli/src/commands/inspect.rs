//! `attractor inspect`

use anyhow::Result;
use attractor::memories::Options;
use attractor_audit::Rows;
use attractor_audit::inspect::{Inspection, Settings};
use attractor_data::Rows as FileRows;

use super::audit::reported;
use crate::args::Inspect as Arguments;
use crate::load;

pub fn run(args: &Arguments, options: &Options) -> Result<()> {
    load::threads(&args.work)?;
    let settings = Settings::from_options(options, args.seed)?;
    load::distinct(&[Some(&args.patterns)], &[("out", Some(&args.out))])?;
    load::concern(&args.files, &[Some(&args.patterns)])?;
    let rows = FileRows::open(&args.patterns, &load::reading(&args.files)?)?;
    let notes = rows.head().notes.clone();
    let table = rows.all()?;
    load::tell(args.work.quiet, notes);
    let names = table.labels().map(<[String]>::to_vec);
    let source = args.patterns.display().to_string();
    let inspection = Inspection::new(Rows::of(&table), names, source, settings)?;
    reported(&inspection, &args.out, args.json, args.work.quiet)
}
