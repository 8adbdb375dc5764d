//! Notes for the user, in sentences.

use attractor::diffusion::Sampler;
use attractor::energies::{Form, Reconstruction};
use attractor::message::{Argument, Message};
use attractor::{Level, Memory, Real, message};
use attractor_data::Header;
use ndarray::ArrayView2;

use crate::about::{About, Origin};
use crate::warnings;

/// A memory in one line. `None` for a memory without patterns or description.
pub(crate) fn headline<F: Real>(memory: &dyn Memory<F>, about: &About) -> Option<String> {
    let name = &about.spec.model;
    if let Origin::Described { path, memories, dim } = &about.origin {
        let plural = if *memories == 1 { "y" } else { "ies" };
        let path = path.display();
        return Some(format!(
            "{name}: {memories} memor{plural} of {dim} units, described in {path}; {}",
            F::NAME
        ));
    }
    if let Some(line) = density_headline(memory, name) {
        return Some(line);
    }
    if let Some(line) = sums_headline(memory, about) {
        return Some(line);
    }
    let patterns = memory.patterns()?;
    let level = memory.inverse_temperature().map_or(String::new(), |beta| {
        let auto = about.spec.options.number("beta").is_none();
        format!("; beta {beta:.6}{}", if auto { " (auto: separates the stored patterns)" } else { "" })
    });
    let bytes = about.origin == Origin::Rows { bytes: true };
    Some(format!(
        "{name}: {} pattern{} of {} units, {}{}; {}{level}",
        patterns.len(),
        if patterns.len() == 1 { "" } else { "s" },
        patterns.dim(),
        if bytes { "uint8 read as value/255, " } else { "" },
        patterns.preparation().describe(),
        F::NAME
    ))
}

/// A density in one line, with the events beside it.
fn density_headline<F: Real>(memory: &dyn Memory<F>, name: &str) -> Option<String> {
    let mixture = memory.abilities().mixture?;
    if let Some(recipe) = mixture.reconstruction() {
        return Some(cores_headline(recipe, mixture.event_weight(), name, F::NAME));
    }
    let gaussians = mixture.gaussians().filter(|gaussians| !gaussians.is_empty())?;
    let rank = gaussians.iter().map(|(.., gaussian)| gaussian.deviations().len()).max().unwrap_or(0);
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let events = mixture.points().map_or(String::new(), |points| {
        format!(", {} of weight {:.4}", count(points.len(), "event"), mixture.event_weight())
    });
    let dim = memory.dim();
    let directions = if rank == dim { "full covariance".to_owned() } else { format!("rank {rank}") };
    let gaussians = count(gaussians.len(), "Gaussian");
    Some(format!("{name}: a density of {gaussians} of {directions} in {dim} units{events}; {}", F::NAME))
}

/// A memory of fixed size in one line.
fn sums_headline<F: Real>(memory: &dyn Memory<F>, about: &About) -> Option<String> {
    let sums = memory.abilities().features?.sums();
    let auto = about.spec.options.number("beta").is_none();
    Some(format!(
        "{}: sums of {} features over {} pattern{} of {} units, {}; {}; beta {:.6}{}",
        about.spec.model,
        sums.features(),
        sums.patterns,
        if sums.patterns == 1 { "" } else { "s" },
        sums.dim(),
        memory.preparation().describe(),
        F::NAME,
        sums.beta,
        if auto { " (auto: separates most of the first patterns)" } else { "" }
    ))
}

/// A reconstructive memory in one line.
fn cores_headline(recipe: &Reconstruction, weight: f64, name: &str, number: &str) -> String {
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let stored: usize = recipe.events.iter().map(|event| event.core.len()).sum();
    let gist = if weight < 1.0 { format!(" of weight {weight:.4}") } else { String::new() };
    format!(
        "{name}: cores of {}{gist} ({:.1} of {} numbers each, {}) beside a density of {}; {number}",
        count(recipe.events.len(), "event"),
        stored as f64 / recipe.events.len() as f64,
        recipe.dim(),
        recipe.form.name(),
        count(recipe.semantic.len(), "Gaussian"),
    )
}

/// Notes on properties of a memory that are allowed but may surprise.
pub(crate) fn of_memory<F: Real>(memory: &dyn Memory<F>, about: &About) -> Vec<Message> {
    let Some(patterns) = memory.patterns() else {
        let recipe = memory.abilities().mixture.and_then(|mixture| mixture.reconstruction());
        return recipe.map(of_cores).into_iter().flatten().chain(memory.notes()).collect();
    };
    let mut notes = warnings::of_memory(memory, about);
    notes.extend(memory.abilities().describe.map_or_else(Vec::new, |describe| describe.notes()));
    notes.extend(patterns.notes());
    notes
}

/// Notes on a reconstructive memory.
fn of_cores(recipe: &Reconstruction) -> Vec<Message> {
    let mut notes = Vec::new();
    if recipe.form == Form::Literal {
        notes.push(message![
            "in the literal form, features that are not stored keep the noise of the cue; ",
            Argument::set("form", "conditioned"),
            " draws them from the density"
        ]);
    }
    let empty = recipe.events.iter().filter(|event| event.core.is_empty()).count();
    if empty > 0 {
        let text = format!(
            "nothing is stored of {empty} of {} events, since the density predicts all of them; they are recalled as any \
             state of the density",
            recipe.events.len()
        );
        notes.push(text.into());
    }
    notes
}

/// Notes on cues that may surprise, judged by the head of their file and by their noise level.
pub fn of_cues<F: Real>(memory: &dyn Memory<F>, about: &About, head: &Header, level: Level) -> Vec<Message> {
    let mut notes = Vec::new();
    if level != Level::Estimate && memory.denoiser().is_none() {
        notes.push(message![
            format!("{} has no noise levels; ", memory.name()),
            Argument::option("signal"),
            " and ",
            Argument::option("sigma"),
            " only serve its match score"
        ]);
    }
    if head.dtype.is_raw() && !about.raw {
        let note = "the cues are bytes or bools, read as 0 to 1, but the memory is not; check that they are on one scale";
        notes.push(note.into());
    }
    notes
}

/// A note on the values of the first cues, if their scale is not that of the memory.
pub fn of_first_cues<F: Real>(about: &About, head: &Header, cues: ArrayView2<F>) -> Option<Message> {
    /// A value that noise on grey values from 0 to 1 does not reach.
    const NOT_GREY: f64 = 20.0;
    if !about.raw || head.dtype.is_raw() {
        return None;
    }
    let most = cues.iter().map(|v| v.to_f64().abs()).fold(0.0, f64::max);
    (most > NOT_GREY).then(|| {
        format!(
            "the cues reach {most}, but the memory was made of bytes, read as 0 to 1; save them as uint8 or divide them by 255"
        )
        .into()
    })
}

/// A note on patterns that are added to a memory, if their scale may not be that of the memory.
pub fn of_appended(memory_is_raw: bool, head: &Header) -> Option<Message> {
    if memory_is_raw == head.dtype.is_raw() {
        return None;
    }
    let (has, gets) = match memory_is_raw {
        true => ("bytes or bools, from 0 to 1", "other numbers"),
        false => ("other numbers", "bytes or bools, read as 0 to 1"),
    };
    let note = format!("the memory was made of {has}, and now gets {gets}; check that they are on one scale");
    Some(note.into())
}

/// A note on an inverse temperature that is found from the patterns, if it is another after patterns were added or
/// removed.
pub fn of_moved_beta(before: f64, now: f64) -> Option<Message> {
    /// A smaller factor changes no recall that was clear before.
    const MUCH: f64 = 2.0;
    let factor = now / before;
    if (1.0 / MUCH..=MUCH).contains(&factor) {
        return None;
    }
    let why = match factor > 1.0 {
        true => "some patterns are nearer to each other than any were before",
        false => "the patterns that were nearest to each other are gone",
    };
    Some(message![
        format!("beta was {before:.4} and is {now:.4} now, since {why}; give "),
        Argument::option("beta"),
        " in a recall for another"
    ])
}

/// A note on repeated recalls, if their end states do not follow the posterior.
pub fn of_repeats<F: Real>(memory: &dyn Memory<F>) -> Option<Message> {
    let sampling = memory.sampling().filter(|sampling| !sampling.samples_posterior())?;
    let does = match sampling.is_stochastic() {
        true => "does not draw from the posterior",
        false => "always recalls the same",
    };
    Some(message![
        format!("{} {does}; ", sampling.sampler.name()),
        Argument::option("sampler"),
        format!(" {} draw from it", drawing())
    ])
}

/// The names of the samplers that draw from the posterior, as a list in a sentence.
fn drawing() -> String {
    let names: Vec<_> = Sampler::ALL.iter().filter(|(_, s)| s.samples_posterior()).map(|(n, _)| *n).collect();
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => names.concat(),
    }
}
