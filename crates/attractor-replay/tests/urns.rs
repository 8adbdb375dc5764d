//! The exact version, held to closed forms.
//!
//! Tests on random runs have a fixed seed. Each states the chance with which it would fail for a right program at
//! another seed.
#![allow(missing_docs)]

use attractor::noise::{Purpose, Stream};
use attractor::{Patterns, Spec};
use attractor_replay::{Experiences, Protocol, Replay, Rule, theory};
use ndarray::{Array2, array};

/// Distinct patterns of ±1 in 10 units: the bits of 1, 2, ….
fn patterns(count: usize) -> Array2<f64> {
    Array2::from_shape_fn((count, 10), |(n, j)| if (n + 1) >> j & 1 == 1 { 1.0 } else { -1.0 })
}

/// The event, which is none of them.
fn event() -> Array2<f64> {
    Array2::from_elem((1, 10), -1.0)
}

fn replay(stored: usize, protocol: Protocol) -> Replay<f64> {
    let stored = Patterns::new(patterns(stored)).expect("patterns");
    on(&Spec::new("diffusion"), &stored, &Experiences::new(event().view()), protocol).expect("a protocol")
}

/// A protocol on patterns.
fn on(
    spec: &Spec,
    stored: &Patterns<f64>,
    given: &Experiences<f64>,
    protocol: Protocol,
) -> attractor_replay::Result<Replay<f64>> {
    Replay::new(spec, spec.build(stored.clone())?.as_ref(), given, protocol)
}

/// The weights of the event in all runs after the last round.
fn weights(replay: &mut Replay<f64>) -> Vec<f64> {
    replay.finish().expect("rounds");
    (0..replay.protocol().runs).map(|run| replay.weight(run)).collect()
}

/// Pearson's χ² of counts against probabilities, with cells joined from the left until at least five are expected.
/// Returns χ² and the degrees of freedom.
fn chi_square(counts: &[usize], probabilities: &[f64]) -> (f64, usize) {
    let total: usize = counts.iter().sum();
    let (mut cells, mut open): (Vec<(f64, f64)>, (f64, f64)) = (Vec::new(), (0.0, 0.0));
    for (count, p) in counts.iter().zip(probabilities) {
        open = (open.0 + *count as f64, open.1 + p * total as f64);
        if open.1 >= 5.0 {
            cells.push(std::mem::take(&mut open));
        }
    }
    if let Some(last) = cells.last_mut() {
        *last = (last.0 + open.0, last.1 + open.1);
    }
    let chi2 = cells.iter().map(|(found, expected)| (found - expected).powi(2) / expected).sum();
    (chi2, cells.len() - 1)
}

/// The chance of a χ² at least this large.
fn p_value((chi2, freedom): (f64, usize)) -> f64 {
    puruspe::gammq(freedom as f64 / 2.0, chi2 / 2.0)
}

/// The chance with which a test of this file fails for a right program at another seed.
const FALSE_ALARM: f64 = 1e-4;
/// The standard normal deviate that is exceeded on either side with that chance.
const DEVIATES: f64 = 3.89;

#[test]
fn self_sampled_replays_are_those_of_polyas_urn() {
    let (rounds, runs) = (200, 20_000);
    let mut urn = replay(19, Protocol { rounds, runs, ..Protocol::default() });
    let weights = weights(&mut urn);
    let mut counts = vec![0; 201];
    // The weight is (1 + k)/220.
    weights.iter().for_each(|w| counts[(w * 220.0 - 1.0).round() as usize] += 1);
    let expected = theory::beta_binomial(200, 1.0, 19.0);
    let p = p_value(chi_square(&counts, &expected));
    assert!(p > FALSE_ALARM, "p = {p}");
    // Published: mean .0500, median 8/220. The standard error of the mean is .0475·√(200/220)/√20000 = .00032.
    let last = &urn.rounds()[200];
    assert!((last.weight - 0.05).abs() < DEVIATES * 0.00033, "{last:?}");
    assert!((last.quantiles[2] - 8.0 / 220.0).abs() < 1e-12, "{last:?}");
    // Most runs end below the weight that the event began with: P(k ≤ 9) of the distribution.
    let below: f64 = expected[..=9].iter().sum();
    assert!(below > 0.6 && (last.fallen - below).abs() < DEVIATES * 0.5 / (runs as f64).sqrt());
}

/// The probability of k by two products of Gamma functions, written out anew: C(n,k) B(a+k, b+n−k)/B(a,b).
#[test]
fn beta_binomial_is_the_textbooks() {
    let ln_beta = |a: f64, b: f64| puruspe::ln_gamma(a) + puruspe::ln_gamma(b) - puruspe::ln_gamma(a + b);
    let (n, a, b) = (30_usize, 2.5, 4.0);
    for (k, p) in theory::beta_binomial(n, a, b).into_iter().enumerate() {
        let (nf, kf) = (n as f64, k as f64);
        let choose =
            puruspe::ln_gamma(nf + 1.0) - puruspe::ln_gamma(kf + 1.0) - puruspe::ln_gamma(nf - kf + 1.0);
        let expected = (choose + ln_beta(a + kf, b + nf - kf) - ln_beta(a, b)).exp();
        // Sums of 30 logarithms.
        assert!((p / expected - 1.0).abs() < 1e-9, "{k}: {p} {expected}");
    }
}

#[test]
fn a_memory_fitted_to_its_own_samples_ends_with_one() {
    let (n, runs) = (20, 4_000);
    // The event has the weight 1/4 at first.
    let protocol = Protocol {
        keep: 0.0,
        replays: n,
        rounds: 400,
        runs,
        mass: Some(15.0),
        event_mass: 5.0,
        ..Protocol::default()
    };
    let mut refitted = replay(1, protocol);
    let mut collapsed = vec![None; runs];
    let mut differ = Vec::new();
    for round in 1..=400 {
        refitted.step().expect("a round");
        let mut sum = 0.0;
        for (run, first) in collapsed.iter_mut().enumerate() {
            let w = refitted.weight(run);
            sum += 2.0 * w * (1.0 - w);
            if (w == 0.0 || w == 1.0) && first.is_none() {
                *first = Some(round);
            }
        }
        differ.push(sum / runs as f64);
    }
    // Fixation with the first weight: a binomial share with standard error √(.25·.75/4000) = .0068.
    let last = &refitted.rounds()[400];
    assert!(last.weight + last.lost > 0.999_999, "all runs have collapsed: {last:?}");
    assert!((last.weight - 0.25).abs() < DEVIATES * 0.0069, "{last:?}");
    // 2w(1 − w) falls as (1 − 1/n)^g from .375. Its values lie in [0, .5], so the standard error is below .25/√4000.
    for g in [1, 5, 20, 60] {
        let expected = 0.375 * 0.95_f64.powi(g as i32);
        assert!((differ[g - 1] - expected).abs() < DEVIATES * 0.25 / (runs as f64).sqrt(), "{g}");
    }
    // The mean time to collapse, from the exact chain. By an independent program (numpy.linalg.solve) at 5 of 20:
    assert!((theory::collapse_times(n)[5] - 21.137_986_969_833_49).abs() < 1e-9);
    let times: Vec<f64> = collapsed.iter().map(|t| f64::from(t.expect("collapsed"))).collect();
    let mean = times.iter().sum::<f64>() / runs as f64;
    let variance = times.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / (runs - 1) as f64;
    let expected = theory::collapse_times(n)[5];
    assert!((mean - expected).abs() < DEVIATES * (variance / runs as f64).sqrt(), "{mean} {expected}");
    // The limit of many samples is within a tenth of it at n = 20.
    assert!((theory::collapse_time(n, 0.25) / expected - 1.0).abs() < 0.1);
}

/// Two kinds with immigration from a source: each generation has 9 samples of the memory and one experience, which is
/// the event with probability ¼. The exact chain's stationary distribution, by 400 multiplications.
#[test]
fn immigration_keeps_the_distribution_of_its_chain() {
    let (k, q, rounds, runs) = (9_usize, 0.25, 60, 6_000);
    let n = k + 1;
    let chain: Vec<Vec<f64>> = (0..=n)
        .map(|i| {
            let own = theory::binomial(k, i as f64 / n as f64);
            (0..=n)
                .map(|j| {
                    let without = if j <= k { own[j] * (1.0 - q) } else { 0.0 };
                    without + if j > 0 { own[j - 1] * q } else { 0.0 }
                })
                .collect()
        })
        .collect();
    let mut stationary = vec![1.0 / (n + 1) as f64; n + 1];
    for _ in 0..400 {
        stationary = (0..=n).map(|j| (0..=n).map(|i| stationary[i] * chain[i][j]).sum()).collect();
    }
    // Its mean is that of the source.
    let mean: f64 = stationary.iter().enumerate().map(|(j, p)| p * j as f64 / n as f64).sum();
    assert!((mean - q).abs() < 1e-9);

    // A long stream, of which each run takes 60 rows in an order of its own.
    let length = 60_000;
    let mut stream = Stream::new(5, Purpose::Patterns, 0);
    let mut kinds = vec![true; length / 4];
    kinds.resize(length, false);
    stream.shuffle(&mut kinds);
    let stored = patterns(1);
    let rows = Array2::from_shape_fn((length, 10), |(i, j)| if kinds[i] { -1.0 } else { stored[[0, j]] });
    let patterns = Patterns::new(stored).expect("patterns");
    let event = event();
    let given = Experiences { stream: Some(rows.view()), ..Experiences::new(event.view()) };
    let protocol = Protocol { keep: 0.0, replays: k, rounds, runs, ..Protocol::default() };
    let mut replay = on(&Spec::new("diffusion"), &patterns, &given, protocol).expect("a protocol");
    let weights = weights(&mut replay);
    let mut counts = vec![0; n + 1];
    weights.iter().for_each(|w| counts[(w * n as f64).round() as usize] += 1);
    // After 60 generations the chain is within (9/10)^60 = .2 % of its stationary mean.
    let p = p_value(chi_square(&counts, &stationary));
    assert!(p > FALSE_ALARM, "p = {p}: {counts:?}");
}

/// With ever new experiences diversity stays, and the event is lost.
#[test]
fn new_experiences_keep_diversity_and_lose_the_event() {
    let (k, f, rounds, runs) = (16, 4, 60, 400);
    let mut noise = Stream::new(3, Purpose::Patterns, 1);
    let rows = Array2::from_shape_fn((f * rounds, 10), |_| noise.normal());
    let stored = Patterns::new(patterns(19)).expect("patterns");
    let event = event();
    let given = Experiences { stream: Some(rows.view()), ..Experiences::new(event.view()) };
    let protocol = Protocol {
        keep: 0.0,
        replays: k,
        rounds: rounds as u64,
        runs,
        fresh: Some(f),
        ..Protocol::default()
    };
    let mut replay = on(&Spec::new("diffusion"), &stored, &given, protocol).expect("a protocol");
    replay.finish().expect("rounds");
    let sums: Vec<f64> = (0..runs)
        .map(|run| {
            let memory = replay.memory(run).expect("a memory");
            memory.weights().expect("weights").iter().map(|w| w * w).sum()
        })
        .collect();
    let mean = sums.iter().sum::<f64>() / runs as f64;
    let variance = sums.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / (runs - 1) as f64;
    // By hand: S = n/(n² − k(k − 1)) = 20/(400 − 240) = 1/8.
    assert!((theory::concentration(k, f, 0.05, 1000) - 0.125).abs() < 1e-12);
    assert!((mean - 0.125).abs() < DEVIATES * (variance / runs as f64).sqrt(), "{mean}");
    // A kind with weight w is lost at the rate of the mean: .8^60 of it is left.
    assert!(replay.rounds()[rounds].lost > 0.99);
}

/// The mean weight against one new experience for each replay: E m' = E m (1 + 1/M).
#[test]
fn a_stream_dilutes_an_event() {
    let (rounds, runs) = (200_u64, 4_000);
    let mut noise = Stream::new(4, Purpose::Patterns, 2);
    let rows = Array2::from_shape_fn((rounds as usize, 10), |_| noise.normal());
    let stored = Patterns::new(patterns(19)).expect("patterns");
    let event = event();
    let given = Experiences { stream: Some(rows.view()), ..Experiences::new(event.view()) };
    let protocol = Protocol { rounds, runs, ..Protocol::default() };
    let mut replay = on(&Spec::new("diffusion"), &stored, &given, protocol).expect("a protocol");
    let weights = weights(&mut replay);
    let mean = weights.iter().sum::<f64>() / runs as f64;
    let variance = weights.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / (runs - 1) as f64;
    // Π (M + 1)/M over M = 20, 22, …, 418, divided by 420: Γ(210.5)Γ(10)/(Γ(10.5)Γ(210))/420 by the Gamma function.
    let ln = |x: f64| puruspe::ln_gamma(x);
    let expected = (ln(210.5) + ln(10.0) - ln(10.5) - ln(210.0)).exp() / 420.0;
    assert!((theory::diluted(1.0, 19.0, 1.0, rounds) / expected - 1.0).abs() < 1e-9);
    assert!((mean - expected).abs() < DEVIATES * (variance / runs as f64).sqrt(), "{mean} {expected}");
}

#[test]
fn superlinear_reinforcement_takes_one_and_sublinear_equalises() {
    let after = |exponent: f64| {
        let protocol = Protocol {
            rule: Rule::Power(exponent),
            rounds: 3000,
            replays: 20,
            runs: 60,
            ..Protocol::default()
        };
        let mut replay = replay(4, protocol);
        replay.finish().expect("rounds");
        replay.rounds().last().expect("a round").clone()
    };
    // The limit of γ > 1 is one memory in every run. The others keep what they won before, a few hundred of 60,000. γ < 1
    // has the limit 1/N for each: the drift is towards it, and 60,000 replays leave a spread of the order 1/√60000.
    let (winner, plain, equal) = (after(2.0), after(1.0), after(0.3));
    assert!(winner.participation < 1.05, "{winner:?}");
    assert!((1.5..4.6).contains(&plain.participation), "{plain:?}");
    assert!(equal.participation > 4.99, "{equal:?}");
    assert!(equal.quantiles[0] > 0.18 && equal.quantiles[4] < 0.22, "{equal:?}");
    // Each of the five has the same chance to take all: 60 runs, so 12 expected, with a standard deviation of 3.1.
    let won = winner.weight * 60.0;
    assert!((won - 12.0).abs() < DEVIATES * 3.2, "{won}");
}

#[test]
fn a_disrupted_replay_adds_nothing() {
    let mut none = replay(19, Protocol { disrupt: 1.0, rounds: 5, ..Protocol::default() });
    none.finish().expect("rounds");
    assert!((none.rounds()[5].weight - 0.05).abs() < 1e-15 && none.rounds()[5].replays == 0.0);
    // In rounds 3 to 4 only.
    let rounds = "3-4".parse().expect("rounds");
    let mut some =
        replay(19, Protocol { disrupt: 1.0, disrupt_rounds: Some(rounds), rounds: 5, ..Protocol::default() });
    some.finish().expect("rounds");
    let made: Vec<f64> = some.rounds().iter().map(|r| r.replays).collect();
    assert_eq!(made, [0.0, 1.0, 2.0, 2.0, 2.0, 3.0]);
    // Half of 100 × 40: a binomial count with a standard deviation of 31.6.
    let mut half =
        replay(19, Protocol { disrupt: 0.5, replays: 40, rounds: 1, runs: 100, ..Protocol::default() });
    half.finish().expect("rounds");
    assert!((half.rounds()[1].replays * 100.0 - 2000.0).abs() < DEVIATES * 31.7);
}

#[test]
fn an_event_that_is_stored_already_is_that_memory() {
    let stored = Patterns::new(array![[1.0, 1.0], [-1.0, 1.0]]).expect("patterns");
    let event = array![[-1.0, 1.0]];
    let protocol = Protocol { rounds: 1, ..Protocol::default() };
    let replay =
        on(&Spec::new("modern"), &stored, &Experiences::new(event.view()), protocol).expect("a protocol");
    assert_eq!(replay.events(0), [[1]]);
    assert!((replay.weight(0) - 0.5).abs() < 1e-15);
}
