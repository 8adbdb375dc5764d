//! `attractor replay`

use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};
use attractor::Memory;
use attractor::energies::Mixture;
use attractor::memories::Options;
use attractor_data::{Hold, NewFile, Table, read_mask};
use attractor_replay::{Experiences, PARAMETERS, Protocol, Replay, Round};
use attractor_session::{About, Held, Opened, Origin, insert_fields, with_memory};
use serde_json::{Map, Value};

use crate::args::Replay as Arguments;
use crate::streams::say;
use crate::{interrupt, load, progress, streams};

pub fn run(args: &Arguments, options: &Options) -> Result<()> {
    let (mut settings, mut of_model) = (Options::default(), Options::default());
    for (name, value) in options.iter() {
        let is_setting = PARAMETERS.iter().any(|parameter| parameter.name == name);
        if is_setting { &mut settings } else { &mut of_model }.set(name, value.clone());
    }
    let protocol = Protocol::from_options(&settings, args.seed)?;
    if !(0.0..=1e6).contains(&args.save_every) {
        bail!("save-every: expected a number of seconds from 0 to 1e6, found {}", args.save_every);
    }
    let state = state(&args.out);
    let read = [Some(&args.store.memory), Some(&args.events), args.stream.as_ref(), args.core.as_ref()];
    load::distinct(&read, &[("out", Some(&args.out)), ("out", Some(&state))])?;
    load::concern(&args.store.files, &read)?;
    if args.resume && !state.is_file() {
        bail!(
            "resume: expected the state of a stopped run at {}, found nothing; leave --resume away to begin",
            state.display()
        );
    }
    let session = load::session(&args.store, &of_model)?;
    with_memory!(&session.memory, memory => replay(args, memory, &session.about, protocol, &state))
}

/// The file of the state: beside the output.
fn state(out: &Path) -> PathBuf {
    let mut name = out.to_owned().into_os_string();
    name.push(".replay");
    PathBuf::from(name)
}

/// All rows of a file, laid out as the memory's patterns.
fn rows(args: &Arguments, path: &Path, about: &About) -> Result<Table> {
    Ok(load::rows(path, &args.store.files, args.store.work.quiet)?.laid_out_as(about.shape).all()?)
}

fn replay<F: Held>(
    args: &Arguments,
    memory: &dyn Memory<F>,
    about: &About,
    protocol: Protocol,
    state: &Path,
) -> Result<()> {
    let keeps = |mixture: &Mixture<F>| attractor_data::is_density(mixture);
    if memory.patterns().is_none() && !memory.abilities().mixture.is_some_and(keeps) {
        bail!(
            "replay: expected a memory that a file keeps, of patterns or of Gaussians, found {}; store patterns with attractor store",
            memory.name()
        );
    }
    let events = rows(args, &args.events, about)?;
    let stream = args.stream.as_deref().map(|path| rows(args, path, about)).transpose()?;
    let reading = load::reading(&args.store.files)?;
    let mask = |path: &PathBuf| read_mask(path, events.rows(), memory.dim(), &reading, about.shape);
    let core = args.core.as_ref().map(mask).transpose()?;
    let (values, streamed) = (events.floats::<F>(), stream.as_ref().map(|table| table.floats::<F>()));
    let labels = |table: &Table| Table::labels(table).map(<[String]>::to_vec);
    let given = Experiences {
        events: values.view(),
        labels: labels(&events),
        stream: streamed.as_ref().map(|rows| rows.view()),
        stream_labels: stream.as_ref().and_then(labels),
        core: core.as_ref().map(|core| core.view()),
        shape: about.shape,
        grey: about.raw,
    };
    let replay = match args.resume {
        true => Replay::resume(&about.spec, memory, &given, protocol, state)?,
        false => Replay::new(&about.spec, memory, &given, protocol)?,
    };
    played(args, replay, about, state)
}

/// Makes the rounds, prints each, and writes the memory.
fn played<F: Held>(args: &Arguments, mut replay: Replay<F>, about: &About, state: &Path) -> Result<()> {
    let quiet = args.store.work.quiet;
    load::tell(quiet, replay.protocol().notes());
    // This finds out before the work whether the path can be written to.
    drop(NewFile::create(&args.out)?);
    // Of two that go on with one state, the second would undo the first.
    let _hold = Hold::at_once(state)?;
    let several = replay.protocol().runs > 1;
    let mut out = streams::stdout(true);
    if !args.json {
        writeln!(out, "{}", heading(several))?;
    }
    let mut show = |round: &Round| match args.json {
        true => {
            let mut line = Map::new();
            insert_fields(&mut line, Round::FIELDS, round);
            out.json(&Value::Object(line))
        }
        false => writeln!(out, "{}", line(round, several)),
    };
    for round in replay.rounds() {
        show(round)?;
    }
    let bar = progress::bar("rounds", quiet);
    bar.set_length(replay.protocol().rounds);
    bar.set_position(replay.done());
    interrupt::listen(true);
    let mut failed = None;
    let done = replay.run(Some(state), Duration::from_secs_f64(args.save_every), &mut |round| {
        bar.set_position(round.round);
        failed = bar.suspend(|| show(round)).err();
        if failed.is_some() || interrupt::pressed() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    bar.finish_and_clear();
    if let Some(error) = failed {
        return Err(error.into());
    }
    if !done {
        say!(
            "attractor: interrupted after round {}; go on with the same command and --resume",
            replay.done()
        );
        attractor_data::abandon_unfinished();
        std::process::exit(130);
    }
    interrupt::listen(false);
    drop(out);
    let memory = replay.memory(0)?;
    if !quiet {
        told(&replay, memory.as_ref(), &args.out);
    }
    let mut about = About { origin: Origin::Stored, ..about.clone() };
    let protocol = replay.protocol();
    about.provenance.push(format!(
        "replayed {} rounds of rule {} with the events {}, seed {}",
        protocol.rounds,
        protocol.rule,
        args.events.display(),
        protocol.seed
    ));
    Ok(Opened { memory, about }.write(&args.out)?)
}

/// Says what the file holds.
fn told<F: Held>(replay: &Replay<F>, memory: &dyn Memory<F>, out: &Path) {
    let run = if replay.protocol().runs > 1 { " (the first run)" } else { "" };
    say!(
        "{}: {} memories{run}; the weight of the events is {:.4}",
        out.display(),
        memory.memories().unwrap_or(0),
        replay.weight(0)
    );
    let forgotten = replay.forgotten(0);
    if forgotten > 0 {
        say!("note: {forgotten} memories have no weight left, and are not in it");
    }
}

fn heading(several: bool) -> String {
    let middle = match several {
        true => format!("{:>9} {:>9} {:>9} {:>7} {:>7}", "5 %", "median", "95 %", "fallen", "lost"),
        false => format!("{:>9}", "whole"),
    };
    format!(
        "{:>7} {:>9} {:>8} {:>9} {middle} {:>8} {:>9}",
        "round", "replays", "reached", "weight", "entropy", "memories"
    )
}

fn line(round: &Round, several: bool) -> String {
    let [low, _, median, _, high] = round.quantiles;
    let middle = match several {
        true => {
            format!("{low:>9.5} {median:>9.5} {high:>9.5} {:>7.3} {:>7.3}", round.fallen, round.lost)
        }
        false => format!("{:>9.5}", round.whole),
    };
    let reached = round.reached.map_or("-".to_owned(), |share| format!("{share:.3}"));
    format!(
        "{:>7} {:>9} {reached:>8} {:>9.5} {middle} {:>8.4} {:>9}",
        round.round, round.replays, round.weight, round.entropy, round.memories
    )
}
