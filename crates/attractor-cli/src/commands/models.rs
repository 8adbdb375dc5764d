//! `attractor models`

use std::io::Write;

use anyhow::Result;
use attractor::memories::{MODELS, Output, PRESETS, Preset};
use attractor::separations::SEPARATIONS;
use attractor::similarities::{Data, SIMILARITIES};

pub fn run() -> Result<()> {
    let mut out = std::io::stdout().lock();
    for model in MODELS {
        let card = model.card;
        writeln!(out, "{}: {}", card.name, card.title)?;
        writeln!(out, "  {}", card.equation)?;
        writeln!(out, "  states  {}", if card.spins { "±1" } else { "real" })?;
        writeln!(out, "  cost    {}", card.cost)?;
        writeln!(out, "  source  {}", card.source)?;
        for parameter in card.parameters {
            writeln!(out, "  --{} {}", parameter.name, parameter.values)?;
            writeln!(out, "          {} [default: {}]", parameter.help, parameter.default)?;
        }
        writeln!(out)?;
    }
    let width = |names: &mut dyn Iterator<Item = &'static str>| names.map(str::len).max().unwrap_or(0);
    writeln!(out, "Similarities of universal: score of a stored x and a cue z, and the data it is for")?;
    let wide = width(&mut SIMILARITIES.iter().map(|f| f.name));
    for facts in SIMILARITIES {
        let data = match facts.data {
            Data::Any => "any",
            Data::Amounts => "numbers >= 0",
            Data::Shares => "numbers >= 0, not all 0",
            Data::Bits => "-1 and 1, or 0 and 1",
        };
        writeln!(out, "  {:wide$}  {}  [{data}]", facts.name, facts.formula)?;
    }
    writeln!(
        out,
        "\nSeparations of universal: weights w of scores s, then shared out to sum to 1 unless some may be negative"
    )?;
    let wide = width(&mut SEPARATIONS.iter().map(|(name, _)| *name));
    for (name, formula) in SEPARATIONS {
        writeln!(out, "  {name:wide$}  {formula}")?;
    }
    writeln!(out, "\nPresets of universal (for 100 units)")?;
    let wide = width(&mut PRESETS.iter().map(|(name, _)| *name));
    for (name, preset) in PRESETS {
        let Preset { similarity, separation, output } = preset(100);
        let sign = if output == Output::Sign { ", sign" } else { "" };
        writeln!(out, "  {name:wide$}  {similarity}, {separation}{sign}")?;
    }
    Ok(())
}
