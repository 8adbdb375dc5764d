//! The outcome of an audit: rows, rates and what else it found.

use attractor::noise::{Purpose, Stream};
use attractor::threads;
use attractor_report::statistics::wilson;

use crate::fidelity::Compared;
use crate::rates::{COUNT, LOW, Lists, Pair, RATES, RATIO, c_t, rates};
use crate::searched::Searched;
use crate::settings::Settings;
use crate::swap::{Swapped, swapped};
use crate::verdict::{Row, Verdict, judge};

/// A rate of the generated rows, with its null.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The place of the rate in [`RATES`].
    pub rate: usize,
    /// The rate.
    pub value: f64,
    /// The 95 % interval of the rate over other rows that the model would generate, with the same training rows.
    pub interval: Option<[f64; 2]>,
    /// The rate of held-out rows in the place of generated ones.
    pub honest: Option<f64>,
    /// The mean and the 95 % range of the rate when training and held-out rows are swapped.
    pub null: Option<(f64, [f64; 2])>,
    /// The p-value of the swap.
    pub p_value: Option<f64>,
}

/// The outcome of an audit.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The generated rows, in order.
    pub rows: Vec<Row>,
    /// The rates.
    pub rates: Vec<Measured>,
    /// The share of honest rows with d₁/d₂ < ⅓ across clusters.
    pub honest_share: f64,
    /// 3^−D̂, the share that evenly spread rows would have.
    pub floor: Option<f64>,
    /// Whether all splits of the pool were computed.
    pub is_exact: bool,
    /// Fidelity.
    pub fidelity: Option<Compared>,
}

impl Outcome {
    /// The outcome for some of the generated rows.
    pub fn new(found: &Searched, rows: &[usize], settings: &Settings) -> Self {
        let judged = judge(found, rows, settings);
        let lists = found.lists(rows);
        let pool = found.own.len();
        let trained: Vec<bool> = (0..pool).map(|row| row < found.train).collect();
        let values = rates(&lists, &trained);
        let has_heldout = pool > found.train;
        let swaps = has_heldout.then(|| swapped(&lists, found.train, settings.swaps, settings.seed));
        let honest = has_heldout.then(|| {
            let held: Vec<usize> = found.honest().collect();
            let of_held = Lists { near: &found.own, rows: &held, cells: &found.pool_cells, ..lists };
            rates(&of_held, &trained)
        });
        let mut ratios: Vec<f64> = rows
            .iter()
            .map(|&row| Pair::of(found.near.of(row), |r| found.is_train(r), &found.clusters).ratio())
            .collect();
        ratios.sort_by(f64::total_cmp);
        let of_c_t = has_heldout.then(|| bootstrapped(&lists, &trained, settings.seed));
        let measured = (0..COUNT).filter(|&rate| has_heldout || !RATES[rate].needs_heldout).map(|rate| {
            measured(rate, values[rate], rows.len(), &ratios, honest.map(|h| h[rate]), swaps.as_ref(), of_c_t)
        });
        let of_honest: Vec<f64> = found.honest().map(|row| found.honest_pair(row).cluster_ratio()).collect();
        let below = of_honest.iter().filter(|ratio| **ratio < RATIO).count();
        Outcome {
            rows: judged,
            rates: measured.collect(),
            honest_share: below as f64 / of_honest.len() as f64,
            floor: found.dimension.map(|dimension| RATIO.powf(dimension)),
            is_exact: swaps.is_some_and(|swaps| swaps.is_exact),
            fidelity: None,
        }
    }

    /// The number of rows with a verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.rows.iter().filter(|row| row.verdict == verdict).count()
    }

    /// The places of rows, worst first.
    pub fn worst(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        order.sort_by(|&a, &b| {
            let (a, b) = (&self.rows[a], &self.rows[b]);
            let mosaic = |row: &Row| row.mosaic.map_or(1.0, |mosaic| mosaic.p);
            a.verdict
                .cmp(&b.verdict)
                .then_with(|| match a.verdict {
                    Verdict::Mosaic => mosaic(a).total_cmp(&mosaic(b)),
                    _ => a.p_listed.total_cmp(&b.p_listed),
                })
                .then_with(|| a.ratio.total_cmp(&b.ratio))
                .then_with(|| a.row.cmp(&b.row))
        });
        order
    }
}

fn measured(
    rate: usize,
    value: f64,
    rows: usize,
    ratios: &[f64],
    honest: Option<f64>,
    swaps: Option<&Swapped>,
    of_c_t: Option<[f64; 2]>,
) -> Measured {
    let facts = &RATES[rate];
    let interval = if facts.is_share {
        let interval = wilson((value * rows as f64).round() as usize, rows);
        Some([interval.low, interval.high])
    } else if facts.key == "nndr" {
        Some(of_quantile(ratios, LOW))
    } else {
        of_c_t
    };
    Measured {
        rate,
        value,
        interval,
        // Held-out rows are compared with held-out rows in these.
        honest: honest.filter(|_| !facts.needs_heldout),
        null: swaps.map(|swaps| (swaps.mean(rate), swaps.range(rate))),
        p_value: swaps.map(|swaps| swaps.p_value(rate, value)),
    }
}

/// The 95 % percentile bootstrap interval of C_T over generated rows.
fn bootstrapped(lists: &Lists, trained: &[bool], seed: u64) -> [f64; 2] {
    const RESAMPLES: usize = 200;
    let mut values = threads::parallel(RESAMPLES, |n| {
        let mut stream = Stream::new(seed, Purpose::Bootstrap, n as u64);
        let count = lists.rows.len();
        let rows: Vec<usize> = (0..count).map(|_| lists.rows[stream.below(count)]).collect();
        c_t(&Lists { rows: &rows, ..*lists }, trained)
    });
    values.sort_by(f64::total_cmp);
    [0.025, 0.975].map(|share| values[(share * (RESAMPLES - 1) as f64).round() as usize])
}

/// The 95 % interval of a quantile, between order statistics (normal approximation of their binomial places).
pub(crate) fn of_quantile(sorted: &[f64], share: f64) -> [f64; 2] {
    let n = sorted.len() as f64;
    let half = 1.96 * (n * share * (1.0 - share)).sqrt();
    let at = |place: f64| sorted[(place.max(0.0) as usize).min(sorted.len() - 1)];
    [at(n * share - half), at(n * share + half)]
}
