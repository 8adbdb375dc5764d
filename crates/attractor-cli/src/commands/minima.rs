//! `attractor minima`

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Result, bail};
use attractor::Memory;
use attractor::analysis::{Minima, Minimum, Relation, Search, Starts, minima};
use attractor::fields::{Kind, Value};
use attractor::memories::Options;
use attractor_data::{NewFile, NpzWriter, Shape};
use attractor_figures::landscape::{Settings, draw_memory};
use attractor_figures::{Look, Mark, Picture, Point, Series};
use attractor_session::insert_fields;
use ndarray::Array1;
use serde_json::{Map, Value as Json, json};

use crate::columns::number;
use crate::output::{canvas, wrote};
use crate::streams::{LABEL, Printer, label, say};
use crate::{args, interrupt, load, progress, streams};

pub fn run(args: &args::Minima, options: &Options) -> Result<()> {
    load::distinct(
        &[Some(&args.store.memory)],
        &[("out", args.out.as_ref()), ("picture", args.picture.as_ref())],
    )?;
    load::concern(&args.store.files, &[Some(&args.store.memory)])?;
    let ending =
        |path: &Path| path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    if let Some(path) = &args.out {
        if !matches!(ending(path).as_str(), "csv" | "npz" | "json") {
            bail!("out: expected a .csv, .npz or .json file, found {}", path.display());
        }
        drop(NewFile::create(path)?);
    }
    if let Some(path) = &args.picture {
        if !matches!(ending(path).as_str(), "png" | "svg") {
            bail!("picture: expected a .png or .svg file to draw to, found {}", path.display());
        }
        drop(NewFile::create(path)?);
    }
    // Ends are compared, and energies are close to each other, so both need double precision.
    let made = load::session_in::<f64>(&args.store, options)?;
    let memory = made.memory.as_ref();
    let search = Search {
        starts: args.starts,
        from: args.near.map_or(Starts::Prior, Starts::Near),
        seed: args.seed,
        sigma: args.sigma,
        within: args.within,
        listing: args.exact.unwrap_or_default(),
    };
    if args.picture.is_some()
        && memory.dim() != 2
        && canvas(memory, made.about.shape, made.about.raw).is_none()
    {
        bail!(
            "picture: expected a memory of two units or of images, found {} units, which make no square image; give --shape HxW or CxHxW",
            memory.dim()
        );
    }
    let quiet = args.store.work.quiet;
    let found = watched(memory, &search, quiet)?;
    if let Some(path) = &args.out {
        match ending(path).as_str() {
            "csv" => table(path, &found)?,
            "npz" => arrays(path, &found)?,
            _ => attractor_data::write_atomically(path, |file| {
                file.write_all(format!("{}\n", as_json(memory, args, &found, true)).as_bytes())
            })?,
        }
        wrote(quiet, path);
    }
    if let Some(path) = &args.picture {
        match memory.dim() {
            2 => on_the_plane(path, memory, &found, made.about.units.clone())?,
            _ => grid(path, memory, &found, made.about.shape, made.about.raw)?,
        }
        wrote(quiet, path);
    }
    let mut out = streams::stdout(args.out.is_some() || args.picture.is_some());
    match args.json {
        true => out.json(&as_json(memory, args, &found, args.out.is_none()))?,
        false => print(&mut out, memory, args, &found)?,
    }
    Ok(out.flush()?)
}

/// Finds the minima, and shows how far the work is. Ctrl-C ends it with what was found until then.
fn watched(memory: &dyn Memory<f64>, search: &Search, quiet: bool) -> Result<Minima<f64>> {
    let bar = progress::bar("starts", quiet);
    interrupt::listen(true);
    let found = minima(memory, search, &mut |done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
        if interrupt::pressed() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    interrupt::listen(false);
    bar.finish_and_clear();
    let found = found?;
    if found.starts < search.starts {
        say!("note: stopped after {} of {} starts", found.starts, search.starts);
    }
    if let (false, Some(reason)) = (quiet, found.unlisted) {
        say!("note: the minima are not listed exactly: {reason}");
    }
    Ok(found)
}

/// The patterns of a minimum, as in 3 + 0.5·7 or 3 − 7.
fn parts(minimum: &Minimum) -> String {
    /// So many are named.
    const SOME: usize = 8;
    let spins = minimum.memories.iter().all(|(_, weight)| weight.abs() == 1.0);
    let part = |(k, &(n, weight)): (usize, &(usize, f64))| match (k, spins) {
        (0, true) => format!("{}{n}", if weight < 0.0 { "-" } else { "" }),
        (_, true) => format!(" {} {n}", if weight < 0.0 { "-" } else { "+" }),
        (0, false) => format!("{weight:.2} of {n}"),
        (_, false) => format!(", {weight:.2} of {n}"),
    };
    let more = if minimum.memories.len() > SOME { ", ..." } else { "" };
    minimum.memories.iter().enumerate().take(SOME).map(part).collect::<String>() + more
}

fn print(
    out: &mut Printer,
    memory: &dyn Memory<f64>,
    args: &args::Minima,
    found: &Minima<f64>,
) -> Result<()> {
    let kinds = Relation::ALL.map(|relation| format!("{} {}", found.count(relation), relation.name()));
    writeln!(out, "{} minima: {}", found.minima.len(), kinds.join(", "))?;
    if let Some(listed) = found.listed {
        let missed = found.minima.iter().filter(|minimum| minimum.found == 0).count();
        writeln!(out, "{listed} of them are listed exactly, and these are all; no start ended in {missed}")?;
    }
    let still = found.starts - found.rested - found.undefined;
    writeln!(
        out,
        "{} starts: {} came to rest, {still} did not, {} had no next state",
        found.starts, found.rested, found.undefined
    )?;
    if let (Some(unseen), None) = (found.unseen(), found.listed) {
        writeln!(
            out,
            "basins that were not seen have about {:.2} % of the starts; there are about {:.0} minima or more",
            100.0 * unseen,
            found.at_least()
        )?;
    }
    writeln!(out, "\n{:>6} {:>8} {:>24} {:>13}  relation", "", "found", "share [95 %]", "energy")?;
    for (n, minimum) in found.minima.iter().take(args.top).enumerate() {
        let share = match (minimum.share, minimum.low, minimum.high) {
            (Some(share), Some(low), Some(high)) => format!("{share:.4} [{low:.4}, {high:.4}]"),
            _ => "-".to_owned(),
        };
        let energy = minimum.energy.map_or("-".to_owned(), |energy| number(energy, 13, 6));
        let parts = parts(minimum);
        let of = if parts.is_empty() { String::new() } else { format!(" ({parts})") };
        let name = match minimum.memories[..] {
            [(n, _)] => memory.label(n).map_or(String::new(), |l| format!("  {}", label(l, LABEL))),
            _ => String::new(),
        };
        let relation = minimum.relation.name();
        writeln!(out, "{n:>6} {:>8} {share:>24} {energy:>13}  {relation}{of}{name}", minimum.found)?;
    }
    if found.minima.len() > args.top {
        writeln!(out, "     and {} others; --top or --out shows them", found.minima.len() - args.top)?;
    }
    Ok(())
}

fn as_json(memory: &dyn Memory<f64>, args: &args::Minima, found: &Minima<f64>, states: bool) -> Json {
    let one = |(minimum, state): (&Minimum, ndarray::ArrayView1<f64>)| {
        let mut object = Map::new();
        insert_fields(&mut object, Minimum::FIELDS, minimum);
        if states {
            object.insert("state".to_owned(), state.iter().copied().collect());
        }
        Json::Object(object)
    };
    json!({
        "model": memory.name(),
        "version": env!("CARGO_PKG_VERSION"),
        "command": crate::again::command_line(),
        "seed": args.seed,
        "sigma": found.sigma,
        "near": args.near,
        "within": args.within,
        "starts": found.starts,
        "rested": found.rested,
        "undefined": found.undefined,
        "listed": found.listed,
        "unseen": found.unseen(),
        "at_least": found.at_least(),
        "minima": found.minima.iter().zip(found.states.outer_iter()).map(one).collect::<Vec<_>>(),
    })
}

/// A value in a table: patterns with their weights are written as in `3:0.5 7:0.5`.
fn cell(value: &Value) -> String {
    match value {
        Value::Whole(n) => n.to_string(),
        Value::Number(x) if x.is_finite() => x.to_string(),
        Value::Text(text) => text.to_string(),
        Value::Weights(all) => {
            let parts: Vec<String> = all.iter().map(|(n, weight)| format!("{n}:{weight}")).collect();
            parts.join(" ")
        }
        _ => String::new(),
    }
}

/// Writes a line for each minimum, with its state.
fn table(path: &Path, found: &Minima<f64>) -> Result<()> {
    let mut text: String = Minimum::FIELDS.iter().map(|field| field.name).collect::<Vec<_>>().join(",");
    (0..found.states.ncols()).for_each(|j| text += &format!(",x{j}"));
    text.push('\n');
    for (minimum, state) in found.minima.iter().zip(found.states.outer_iter()) {
        let fields: Vec<String> = Minimum::FIELDS.iter().map(|field| cell(&(field.get)(minimum))).collect();
        text += &fields.join(",");
        state.iter().for_each(|x| text += &format!(",{x}"));
        text.push('\n');
    }
    Ok(attractor_data::write_atomically(path, |file| file.write_all(text.as_bytes()))?)
}

/// Writes the states and the fields that are numbers as arrays. Relations are numbered in the order of the list.
fn arrays(path: &Path, found: &Minima<f64>) -> Result<()> {
    let mut archive = NpzWriter::create::<f64>(path, "states", found.states.nrows(), found.states.ncols())?;
    archive.append(found.states.view())?;
    for field in Minimum::FIELDS.iter().filter(|field| matches!(field.kind, Kind::Number | Kind::Whole)) {
        let values = found.minima.iter().map(|minimum| (field.get)(minimum).number().unwrap_or(f64::NAN));
        match field.kind {
            Kind::Whole => archive.add(field.name, values.map(|v| v as i64).collect::<Array1<i64>>().view()),
            _ => archive.add(field.name, values.collect::<Array1<f64>>().view()),
        }
    }
    let place =
        |minimum: &Minimum| Relation::ALL.iter().position(|r| *r == minimum.relation).unwrap_or(0) as i64;
    archive.add("relation", found.minima.iter().map(place).collect::<Array1<i64>>().view());
    Ok(archive.finish()?)
}

/// Draws the landscape of two units with the minima.
fn on_the_plane(
    path: &Path,
    memory: &dyn Memory<f64>,
    found: &Minima<f64>,
    units: Option<Vec<String>>,
) -> Result<()> {
    let settings = Settings { units, sigmas: found.sigma.into_iter().collect(), ..Settings::default() };
    let mut drawn = draw_memory(memory, &settings, &mut |_, _| {})?;
    let points = |is: fn(Relation) -> bool| {
        let of = found.minima.iter().zip(found.states.outer_iter()).filter(move |(m, _)| is(m.relation));
        of.map(|(_, state)| Point::new(state[0], state[1])).collect::<Vec<_>>()
    };
    let kinds = [
        ("minimum on a stored pattern", 0, points(|r| r == Relation::Stored)),
        ("other minimum", 1, points(|r| r != Relation::Stored)),
    ];
    for panel in &mut drawn.landscape.figure.panels {
        for (name, style, points) in kinds.clone() {
            let series = Series { name: name.to_owned(), style, look: Look::Markers, points };
            panel.marks.push(Mark::Line(series));
        }
    }
    Ok(drawn.landscape.figure.write_to(path)?)
}

/// Draws minima that are images, each with its share and relation.
fn grid(
    path: &Path,
    memory: &dyn Memory<f64>,
    found: &Minima<f64>,
    shape: Option<Shape>,
    raw: bool,
) -> Result<()> {
    /// The largest number of minima that are drawn.
    const MOST: usize = 24;
    let Some(canvas) = canvas(memory, shape, raw) else { return Ok(()) };
    let shown = found.minima.len().min(MOST);
    let named = |minimum: &Minimum| {
        let share = minimum.share.map_or(String::new(), |share| format!("{:.1} %, ", 100.0 * share));
        format!("{share}{}", minimum.relation.name())
    };
    let names: Vec<String> = found.minima[..shown].iter().map(named).collect();
    let mut picture = Picture::new(&["minimum"], &names, canvas.shape);
    for (row, state) in found.states.outer_iter().take(shown).enumerate() {
        picture.draw(row, 0, canvas, |unit| Some(state[unit]));
    }
    if found.minima.len() > shown {
        say!("note: the picture shows the first {shown} of {} minima", found.minima.len());
    }
    Ok(picture.write_png(path)?)
}
