//! What the audit says of each generated row, and why.
//!
//! - **copy**: within the tolerance of a training row.
//! - **near copy**: on the list at the stated false discovery rate, by d₁/d₂ (or d₁) against honest rows.
//! - **mosaic**: on the list of mosaics at the same rate, with windows, or pixels, from at least two clusters.
//! - **new**: none of these. It does not mean that the model could not give a copy, nor that the row was not learned from one.
//!
//! Honest rows are held-out rows. Without any, each training row stands for one, with its own cluster left out. That is approximate,
//! and says nothing if the training rows are not a fair sample.

use crate::conformal::{Honest, listed};
use crate::rates::Pair;
use crate::searched::Searched;
use crate::settings::{Score, Settings};

/// The verdict on a row, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// A training row.
    Copy,
    /// Nearer to a training row than honest rows are.
    NearCopy,
    /// Put together from pieces of several training rows.
    Mosaic,
    /// None of these.
    New,
}

impl Verdict {
    /// All verdicts, worst first.
    pub const ALL: [Self; 4] = [Verdict::Copy, Verdict::NearCopy, Verdict::Mosaic, Verdict::New];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Copy => "copy",
            Verdict::NearCopy => "near copy",
            Verdict::Mosaic => "mosaic",
            Verdict::New => "new",
        }
    }
}

/// What is known of a generated row. Numbers of rows count within their sets.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its number.
    pub row: usize,
    /// The verdict.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// The nearest training row.
    pub train: Option<u32>,
    /// d₁.
    pub distance: f64,
    /// d₂, to the second nearest training row.
    pub second: f64,
    /// The nearest training row of another cluster; `None` if it is farther than the 64 nearest rows.
    pub other: Option<u32>,
    /// d₂ to that row, or the least that it can be.
    pub other_distance: f64,
    /// d₁/d₂ across clusters.
    pub ratio: f64,
    /// The cluster of the nearest training row: the number of its first row in the pool.
    pub cluster: Option<u32>,
    /// Training rows in that cluster.
    pub cluster_size: usize,
    /// The conformal p-value of d₁; none without held-out rows.
    pub p_distance: Option<f64>,
    /// The conformal p-value of the ratio; none without held-out rows.
    pub p_ratio: Option<f64>,
    /// The p-value that the list uses.
    pub p_listed: f64,
    /// The weight of the nearest training row in the posterior at the level of the audit.
    pub posterior: Option<f64>,
    /// The local dimension at that level.
    pub dimension: Option<f64>,
    /// The nearest other generated row, and its distance.
    pub twin: Option<(u32, f64)>,
    /// The nearest held-out row, if it is among the 64 nearest rows, and its distance.
    pub heldout: Option<(u32, f64)>,
    /// What its windows say; none without images.
    pub mosaic: Option<Mosaic>,
}

/// What the windows of an image say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mosaic {
    /// M of windows side by side.
    pub distance: Option<f64>,
    /// Its conformal p-value; none without held-out rows.
    pub p_distance: Option<f64>,
    /// L, the local error; none of images that were not looked at.
    pub local_error: Option<f64>,
    /// Its conformal p-value; none without held-out rows.
    pub p_local_error: Option<f64>,
    /// The p-value of both, which the list uses.
    pub p: f64,
    /// Whether it is on the list, with pieces from at least two clusters.
    pub listed: bool,
    /// Whether L is the score that speaks for it.
    by_pixels: bool,
}

/// Looks at some generated rows: they are the whole set as far as lists go.
pub fn judge(found: &Searched, rows: &[usize], settings: &Settings) -> Vec<Row> {
    let pairs: Vec<Pair> = rows
        .iter()
        .map(|&row| Pair::of(found.near.of(row), |r| found.is_train(r), &found.clusters))
        .collect();
    let honest: Vec<Pair> = found.honest().map(|row| found.honest_pair(row)).collect();
    let distances = Honest::new(honest.iter().map(Pair::distance).collect());
    let ratios = Honest::new(honest.iter().map(Pair::cluster_ratio).collect());
    let p: Vec<f64> = pairs
        .iter()
        .map(|pair| match settings.score {
            Score::Ratio => ratios.p_value(pair.cluster_ratio()),
            Score::Distance => distances.p_value(pair.distance()),
        })
        .collect();
    let near = listed(&p, settings.fdr);
    let mosaics = mosaics(found, rows, settings);
    let has_heldout = found.own.len() > found.train;
    (0..rows.len())
        .map(|n| {
            let mosaic = mosaics.as_ref().map(|all| all[n]);
            let (verdict, reason) = verdict(found, rows[n], &pairs[n], (near[n], mosaic), p[n], settings);
            let mut row = facts(found, rows[n], &pairs[n]);
            (row.verdict, row.reason, row.p_listed, row.mosaic) = (verdict, reason, p[n], mosaic);
            row.p_distance = has_heldout.then(|| distances.rank(pairs[n].distance()));
            row.p_ratio = has_heldout.then(|| ratios.rank(pairs[n].cluster_ratio()));
            row
        })
        .collect()
}

/// What windows say of rows, with one list for both scores.
fn mosaics(found: &Searched, rows: &[usize], settings: &Settings) -> Option<Vec<Mosaic>> {
    let by_windows = found.windows.as_ref().map(|windows| (windows, Honest::new(windows.honest.clone())));
    let by_pixels = found.pieces.as_ref().map(|pieces| (pieces, Honest::new(pieces.honest.clone())));
    if by_windows.is_none() && by_pixels.is_none() {
        return None;
    }
    let has_heldout = found.own.len() > found.train;
    let mut all: Vec<Mosaic> = rows
        .iter()
        .map(|&row| {
            let of = |score: Option<f64>, honest: Option<&Honest>| {
                score.zip(honest).map(|(score, honest)| (honest.p_value(score), honest.rank(score)))
            };
            let distance = by_windows.as_ref().map(|(windows, _)| windows.generated[row]);
            let local_error = by_pixels.as_ref().and_then(|(pieces, _)| pieces.generated[row]);
            let windows = of(distance, by_windows.as_ref().map(|(_, honest)| honest));
            let pixels = of(local_error, by_pixels.as_ref().map(|(_, honest)| honest));
            let p = match (windows, pixels) {
                (Some((a, _)), Some((b, _))) => (2.0 * a.min(b)).min(1.0),
                (one, other) => one.or(other).map_or(1.0, |(p, _)| p),
            };
            let by_pixels = pixels.is_some_and(|(p, _)| windows.is_none_or(|(other, _)| p < other));
            let rank = |of: Option<(f64, f64)>| of.map(|(_, rank)| rank).filter(|_| has_heldout);
            let (p_distance, p_local_error) = (rank(windows), rank(pixels));
            Mosaic { distance, p_distance, local_error, p_local_error, p, listed: false, by_pixels }
        })
        .collect();
    let p: Vec<f64> = all.iter().map(|mosaic| mosaic.p).collect();
    for ((mosaic, on), &row) in all.iter_mut().zip(listed(&p, settings.fdr)).zip(rows) {
        mosaic.listed = on && origins(found, row, mosaic.by_pixels) > 1;
    }
    Some(all)
}

/// The number of clusters that a row's windows, or its pixels, come from.
fn origins(found: &Searched, row: usize, by_pixels: bool) -> usize {
    match (&found.windows, &found.pieces) {
        (_, Some(pieces)) if by_pixels => pieces.clusters(row, &found.clusters),
        (Some(windows), _) => windows.clusters(row, &found.clusters),
        _ => 0,
    }
}

/// Why a row is a mosaic.
fn pieced(found: &Searched, row: usize, mosaic: &Mosaic) -> String {
    let (clusters, p) = (origins(found, row, mosaic.by_pixels), short(mosaic.p));
    match (&found.windows, &found.pieces) {
        (_, Some(pieces)) if mosaic.by_pixels => format!(
            "its pixels differ by {} from the middles of the training windows of {} pixels nearest to theirs (honest rows by {}), p = {p}; these are from {clusters} different images",
            short(mosaic.local_error.unwrap_or(f64::NAN)),
            pieces.side,
            short(pieces.usual())
        ),
        (Some(windows), _) => format!(
            "its {} windows are nearer to training images than honest ones, p = {p}; those are {clusters} different ones",
            windows.pieces[row].len()
        ),
        _ => String::new(),
    }
}

fn facts(found: &Searched, row: usize, pair: &Pair) -> Row {
    let first = pair.first.map(|first| first.row);
    let held = found.near.of(row).iter().find(|other| !found.is_train(other.row));
    let local = found.local.as_ref().map(|all| all[row]).zip(found.sigma);
    let pool = found.own.len() as u32;
    Row {
        row,
        verdict: Verdict::New,
        reason: String::new(),
        train: first,
        distance: pair.distance(),
        second: pair.second,
        other: pair.other.map(|other| other.row),
        other_distance: pair.other.map_or(pair.last, |other| other.distance),
        ratio: pair.cluster_ratio(),
        cluster: first.map(|first| found.clusters.of[first as usize]),
        cluster_size: first.map_or(0, |first| found.clusters.size(first)),
        p_distance: None,
        p_ratio: None,
        p_listed: 1.0,
        posterior: local.map(|(local, sigma)| local.weight(pair.distance(), sigma)),
        dimension: local.map(|(local, _)| local.dimension),
        twin: found.twins.of_if(row).map(|twin| (twin.row - pool, twin.distance)),
        heldout: held.map(|held| (held.row - found.train as u32, held.distance)),
        mosaic: None,
    }
}

fn verdict(
    found: &Searched,
    row: usize,
    pair: &Pair,
    (near, mosaic): (bool, Option<Mosaic>),
    p: f64,
    settings: &Settings,
) -> (Verdict, String) {
    let (distance, ratio) = (pair.distance(), pair.cluster_ratio());
    let size = pair.first.map_or(0, |first| found.clusters.size(first.row));
    let copies = match size {
        0 | 1 => String::new(),
        size => format!("; {size} training rows are near-duplicates of it"),
    };
    if distance <= found.tolerance {
        return (Verdict::Copy, format!("equals its training row{copies}"));
    }
    if near {
        let score = match settings.score {
            Score::Ratio => format!("d1/d2 = {}", short(ratio)),
            Score::Distance => format!("d1 = {}", short(distance)),
        };
        return (Verdict::NearCopy, format!("{score}, p = {}{copies}", short(p)));
    }
    if let Some(mosaic) = mosaic.filter(|mosaic| mosaic.listed) {
        return (Verdict::Mosaic, pieced(found, row, &mosaic));
    }
    (Verdict::New, format!("d1/d2 = {}, p = {}", short(ratio), short(p)))
}

/// A number with three significant digits, without trailing zeros.
pub fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-3..1e4).contains(&value.abs()) {
        return format!("{value:.1e}");
    }
    let digits = (2.0 - value.abs().log10().floor()).max(0.0) as usize;
    let text = format!("{value:.digits$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_are_short() {
        let all = [0.0, 1.0, 0.001, 0.05, 0.12345, 12.0, 1234.6, 12345.0, 2e-9, -0.5].map(short);
        assert_eq!(all, ["0", "1", "0.001", "0.05", "0.123", "12", "1235", "1.2e4", "2.0e-9", "-0.5"]);
    }
}
