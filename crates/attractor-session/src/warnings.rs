//! Warnings: reasons why many stored patterns are not recalled, or not told apart.

use attractor::message::{Argument, Message};
use attractor::{Memory, Patterns, Preparation, Real, Request, message};

use crate::about::About;

/// Why many stored patterns are not recalled or not told apart.
pub(crate) fn of_memory<F: Real>(memory: &dyn Memory<F>, about: &About) -> Vec<Message> {
    let mut warnings = Vec::new();
    if let Some(patterns) = memory.patterns() {
        warnings.extend(of_values(patterns, about));
        warnings.extend(of_mean(memory, patterns, about));
        warnings.extend(of_scales(patterns, about));
    }
    warnings.extend(memory.warnings());
    if warnings.is_empty() {
        warnings.extend(memory.patterns().and_then(|patterns| of_recall(memory, patterns, about)));
    }
    warnings
}

/// A memory of ±1 states whose patterns have other values.
fn of_values<F: Real>(patterns: &Patterns<F>, about: &About) -> Option<Message> {
    let plain = *patterns.preparation() == Preparation::Identity;
    let spins = about.card.is_some_and(|card| card.spins);
    (plain && spins && !patterns.are_spins()).then(|| {
        message![
            format!("{} recalls ±1 states, but the patterns have other values; ", about.spec.model),
            Argument::set("prepare", "normalize"),
            " thresholds them"
        ]
    })
}

/// Dot products of patterns that have most of their length in common.
fn of_mean<F: Real>(memory: &dyn Memory<F>, patterns: &Patterns<F>, about: &About) -> Option<Message> {
    let plain = *patterns.preparation() == Preparation::Identity;
    let by_dots =
        memory.inverse_temperature().is_some() && about.spec.options.switch("norm-bias") != Some(true);
    let share = patterns.mean_share();
    (plain && by_dots && share > 0.5 && patterns.len() > 1).then(|| {
        message![
            format!(
                "the mean pattern holds {:.0} % of the patterns' squared length, and dot products will see little else; ",
                100.0 * share
            ),
            Argument::set("prepare", "center"),
            " takes it out"
        ]
    })
}

/// Patterns that differ in a few units only, nearly: columns of a table on different scales.
fn of_scales<F: Real>(patterns: &Patterns<F>, about: &About) -> Option<Message> {
    /// The share of all variance at which other units do not count.
    const MOST: f64 = 0.9;
    /// The share of the units that vary below which few of them count: their effective number is (Σv)²/Σv².
    const FEW: f64 = 1.0 / 16.0;
    /// So many patterns, evenly spaced, are examined.
    const SAMPLE: usize = 2048;
    let (rows, dim) = (patterns.len(), patterns.dim());
    // Thresholded units have one scale, and so have pixels.
    let spins = about.card.is_some_and(|card| card.spins);
    let scaled = matches!(patterns.preparation(), Preparation::Standardized { .. });
    if spins || scaled || about.raw || about.shape.is_some() || rows < 3 || dim < 3 || !patterns.are_held() {
        return None;
    }
    let examined = rows.min(SAMPLE);
    let values = patterns.values();
    let some: Vec<_> = (0..examined).map(|k| values.row(k * rows / examined)).collect();
    let (mut mean, mut squares) = (vec![0.0; dim], vec![0.0; dim]);
    for row in &some {
        mean.iter_mut().zip(row).for_each(|(mean, value)| *mean += value.to_f64() / examined as f64);
    }
    for row in &some {
        for ((square, value), mean) in squares.iter_mut().zip(row).zip(&mean) {
            *square += (value.to_f64() - mean).powi(2);
        }
    }
    let mut order: Vec<usize> = (0..dim).collect();
    order.sort_by(|&a, &b| squares[b].total_cmp(&squares[a]));
    let sum: f64 = squares.iter().sum();
    let share = squares[order[0]] / sum;
    let vary = squares.iter().filter(|square| **square > 0.0).count();
    let effective = sum * sum / squares.iter().map(|square| square * square).sum::<f64>();
    let name = about.units.as_ref().map_or(String::new(), |names| format!(" ({:?})", names[order[0]]));
    let found = if share > MOST {
        format!("unit {}{name} holds {:.0} %", order[0], 100.0 * share)
    } else if effective < 1.0 + (vary.max(1) - 1) as f64 * FEW {
        let mut held = 0.0;
        let counts = |unit: &&usize| {
            let before = held;
            held += squares[**unit];
            before < 0.99 * sum
        };
        let count = order.iter().take_while(counts).count();
        format!("{count} units, unit {}{name} most, hold 99 %", order[0])
    } else {
        return None;
    };
    Some(message![
        format!("{found} of the variance of all {dim} units, and recall will see little else; "),
        Argument::set("prepare", "standardize"),
        " brings them to one scale"
    ])
}

/// Stored patterns that do not stay what they are: the network is overloaded, or patterns blend. One update of a few of
/// them is made.
fn of_recall<F: Real>(memory: &dyn Memory<F>, patterns: &Patterns<F>, about: &About) -> Option<Message> {
    /// The multiply-adds that are worth a warning: some hundredths of a second.
    const WORK: usize = 20_000_000;
    /// The share of units that one update of a stored pattern may change. For random patterns it is exceeded from 0.19 D
    /// patterns on; Hebb's rule holds 0.138 D.
    const FLIPS: f64 = 0.01;
    /// How far a stored pattern may move in one update, in spreads.
    const MOVED: f64 = 0.5;
    let model = about.spec.model.as_str();
    let (count, dim) = (patterns.len(), patterns.dim());
    let spins = matches!(model, "hopfield" | "dense" | "bidirectional");
    let random = about.spec.options.number("temperature").is_some();
    if !(spins || model == "modern") || random || count < 2 || !patterns.are_held() {
        return None;
    }
    let rows = (WORK / dim.saturating_mul(count.max(dim)).max(1)).clamp(1, 16).min(count);
    let some: Vec<usize> = (0..rows).map(|k| k * count / rows).collect();
    let stored = patterns.select(&some);
    let cues = patterns.preparation().backward(stored.clone());
    let request = Request { updates: Some(1), report: false, ..Request::new(cues.view()) };
    let moved = patterns.preparation().forward(memory.recall(&request).ok()?.states);
    if spins {
        let flips = moved.iter().zip(&stored).filter(|(a, b)| a.to_f64() * b.to_f64() <= 0.0).count();
        let share = flips as f64 / moved.len().max(1) as f64;
        return (share > FLIPS).then(|| overloaded(model, share, about));
    }
    let far = |(a, b): (&F, &F)| (a.to_f64() - b.to_f64()).powi(2);
    let distance = (moved.iter().zip(&stored).map(far).sum::<f64>() / moved.len().max(1) as f64).sqrt();
    let (spread, beta) = (memory.spread()?, memory.inverse_temperature()?);
    (spread > 0.0 && distance > MOVED * spread).then(|| {
        message![
            format!(
                "stored patterns move by {:.2} spreads in one update, since at beta {beta:.3} they blend; ",
                distance / spread
            ),
            Argument::set("beta", "auto"),
            " separates them"
        ]
    })
}

/// What is said of a network that holds fewer patterns than are stored.
fn overloaded(model: &str, share: f64, about: &About) -> Message {
    let found = format!(
        "one update changes {:.0} % of the units of stored patterns: too many are stored, or they are too much alike; ",
        (100.0 * share).ceil()
    );
    let text = |name: &str| about.spec.options.text(name).map(str::to_owned);
    match model {
        "hopfield" if text("rule").is_none_or(|rule| rule == "hebb") => {
            message![found, Argument::set("rule", "pseudo-inverse"), " tells patterns apart that are alike"]
        }
        "dense" if text("interaction").is_none_or(|form| form != "exp") => {
            message![found, Argument::set("interaction", "exp"), " holds the most"]
        }
        _ => message![found, "the models dense and modern hold more"],
    }
}
