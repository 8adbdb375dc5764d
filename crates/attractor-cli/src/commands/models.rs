//! `attractor models`

use std::io::Write;

use anyhow::Result;
use attractor::memories::MODELS;

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
    Ok(())
}
