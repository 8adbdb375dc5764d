//! `attractor info`

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use attractor::networks::Architecture;
use attractor_data::{ShardSummary, StoredSummary, SumsSummary, check_parts, shards_in, summary};
use serde_json::{Map, Value, json};

use crate::args::Info;
use crate::{load, streams};

pub fn run(args: &Info) -> Result<()> {
    let size = std::fs::metadata(&args.file).ok().filter(|m| m.is_file()).map(|m| m.len());
    load::concern(&args.files, &[Some(&args.file)])?;
    let parts = if args.file.is_dir() { shards_in(&args.file)? } else { Vec::new() };
    let lines = match summary(&args.file)? {
        None if !parts.is_empty() => of_parts(&args.file, &parts)?,
        Some(s) => vec![
            ("kind", json!("stored memory")),
            ("model", json!(s.spec.model)),
            (
                "options",
                s.spec
                    .options
                    .iter()
                    .map(|(k, v)| (k.to_owned(), json!(v.to_string())))
                    .collect::<Map<_, _>>()
                    .into(),
            ),
            ("patterns", json!(s.patterns)),
            ("units", json!(s.dim)),
            ("dtype", json!(s.dtype)),
            ("preparation", json!(s.preparation)),
            ("shape", json!(s.shape.map(|s| s.to_string()))),
            ("weights", json!(s.weighted)),
            ("values", json!(s.associated)),
            ("labels", labels(s.labels.as_deref(), args.json)),
            ("network", network(&s)),
            ("density", density(&s)),
            ("sums", sums(&s)),
            ("provenance", json!(s.provenance)),
            ("shard", part(&s)),
            ("parts", json!(s.parts)),
            ("unfinished", json!(s.unfinished)),
            ("bytes", json!(size)),
        ],
        None => {
            let rows = load::rows(&args.file, &args.files, false)?;
            let head = rows.head();
            vec![
                ("kind", json!("rows")),
                ("rows", json!(head.rows)),
                ("units", json!(head.columns)),
                ("dtype", json!(head.dtype.name())),
                ("shape", json!(head.shape.map(|s| s.to_string()))),
                ("labels", labels(head.labels.as_deref(), args.json)),
                ("bytes", json!(size)),
            ]
        }
    };
    let mut out = streams::stdout(false);
    if args.json {
        out.json(&Value::Object(lines.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()))?;
        return Ok(());
    }
    for (key, value) in lines {
        let text = match value {
            Value::Null => "-".to_owned(),
            Value::String(text) => text,
            Value::Array(items) => items
                .iter()
                .map(|i| i.as_str().map_or(i.to_string(), str::to_owned))
                .collect::<Vec<_>>()
                .join("; "),
            Value::Object(options) if options.is_empty() => "defaults".to_owned(),
            Value::Object(options) => {
                let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
                let dashes = if key == "options" { "--" } else { "" };
                let option = |(k, v): (&String, &Value)| format!("{dashes}{k} {}", text(v));
                options.iter().map(option).collect::<Vec<_>>().join(if dashes.is_empty() {
                    ", "
                } else {
                    " "
                })
            }
            other => other.to_string(),
        };
        writeln!(out, "{key:<12} {}", streams::printable(&text).trim_end())?;
    }
    Ok(())
}

/// Describes a memory in parts, which must all be there.
fn of_parts(folder: &Path, parts: &[(PathBuf, StoredSummary)]) -> Result<Vec<(&'static str, Value)>> {
    let named: Vec<_> = parts.iter().map(|(path, summary)| (path.display().to_string(), summary)).collect();
    check_parts(folder, &named)?;
    let first = &parts[0].1;
    let shard = first.shard.as_ref().expect("only parts are listed");
    let bytes = parts.iter().map(|(path, _)| Ok(std::fs::metadata(path)?.len())).sum::<Result<u64>>()?;
    let rows: Vec<usize> = parts.iter().map(|(_, summary)| summary.patterns).collect();
    Ok(vec![
        ("kind", json!("memory in parts")),
        ("memory", json!(shard.memory)),
        ("model", json!(first.spec.model)),
        (
            "options",
            first
                .spec
                .options
                .iter()
                .map(|(k, v)| (k.to_owned(), json!(v.to_string())))
                .collect::<Map<_, _>>()
                .into(),
        ),
        ("patterns", json!(shard.total)),
        ("units", json!(first.dim)),
        ("dtype", json!(first.dtype)),
        ("preparation", json!(first.preparation)),
        ("shape", json!(first.shape.map(|s| s.to_string()))),
        ("parts", json!(parts.len())),
        ("rows", json!(rows)),
        ("version", json!(shard.version)),
        ("provenance", json!(first.provenance)),
        ("bytes", json!(bytes)),
    ])
}

/// Says which part of which memory a file is.
fn part(summary: &StoredSummary) -> Value {
    let of = |shard: &ShardSummary| {
        json!({
            "memory": shard.memory,
            "part": shard.part,
            "of": shard.parts,
            "first_row": shard.first,
            "all_patterns": shard.total,
            "version": shard.version,
        })
    };
    summary.shard.as_ref().map_or(Value::Null, of)
}

/// Describes a density: its Gaussians and the events beside them.
fn density(summary: &StoredSummary) -> Value {
    summary.density.as_ref().map_or(Value::Null, |density| {
        let mut lines = json!({
            "gaussians": density.gaussians,
            "rank": density.rank,
            "events": density.events,
            "event_weight": density.event_weight,
        });
        if let Some(cores) = &density.cores {
            lines["form"] = json!(cores.form);
            lines["odds"] = json!(cores.odds);
            lines["stored_numbers"] = json!(cores.numbers);
            lines["encoders"] = json!(cores.encoders);
        }
        lines
    })
}

/// Describes the sums of a memory of fixed size.
fn sums(summary: &StoredSummary) -> Value {
    let of = |sums: &SumsSummary| json!({ "features": sums.features, "beta": sums.beta, "seed": sums.seed, "weight": sums.weight });
    summary.sums.as_ref().map_or(Value::Null, of)
}

/// Describes a score network, and how far its training is.
fn network(summary: &StoredSummary) -> Value {
    let Some(network) = &summary.network else {
        return Value::Null;
    };
    let Architecture { kind, width, depth, .. } = network.architecture;
    let says = |what: &str| summary.training.as_ref().map_or(Value::Null, |t| t[what].clone());
    let lines = json!({
        "architecture": kind.name(),
        "width": width,
        "depth": depth,
        "levels": network.levels,
        "steps": says("done"),
        "planned": says("steps"),
        "process": says("process"),
        "seed": says("seed"),
    });
    // A network that was not saved by `train` has no facts about its training.
    let known = lines.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    Value::Object(known.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// All labels for JSON, or the first few for text.
fn labels(labels: Option<&[String]>, all: bool) -> Value {
    const SOME: usize = 8;
    let Some(labels) = labels else {
        return Value::Null;
    };
    if all {
        return json!(labels);
    }
    let distinct: BTreeSet<&String> = labels.iter().collect();
    let some: Vec<String> = distinct.iter().take(SOME).map(|l| streams::label(l, streams::LABEL)).collect();
    let more = if distinct.len() > SOME { ", ..." } else { "" };
    json!(format!("{} distinct: {}{more}", distinct.len(), some.join(", ")))
}
