//! How scores become weights: the second third of a single-shot memory (Millidge et al. 2022).
//!
//! A steeper separation keeps memories further apart. Here an exponent is that of the weights: a dense
//! memory whose energy is of degree k separates with exponent k − 1.

mod lagrangian;

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::message;
use crate::message::{Argument, Message};
use crate::real::Real;
use crate::similarities::{Convention, Keys, Range};

/// The inverse temperature of a softmax, as of a modern Hopfield network.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Beta {
    /// Large enough that a stored pattern recalls itself with weight 0.999 or more: see
    /// [`Modern::separating_beta`](crate::memories::Modern::separating_beta).
    #[default]
    Auto,
    /// This.
    Value(f64),
}

impl Beta {
    /// The value; 1 if it is still to be found.
    pub(crate) fn value(self) -> f64 {
        match self {
            Beta::Auto => 1.0,
            Beta::Value(beta) => beta,
        }
    }
}

impl FromStr for Beta {
    type Err = std::num::ParseFloatError;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        if text == "auto" { Ok(Beta::Auto) } else { text.parse().map(Beta::Value) }
    }
}

/// A separation function: weights w of scores s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Separation {
    /// s
    Identity,
    /// ln(1 + s)
    Logarithm,
    /// √s
    Root,
    /// s^n, n > 0
    Polynomial(f64),
    /// max(s, 0)^n, n > 0
    Rectified(f64),
    /// exp(βs)/Σ exp(βs)
    Softmax(Beta),
    /// exp(s)
    Exponential,
    /// 1 for the largest score, the first of equal ones.
    Max,
    /// s for the k largest scores, the first of equal ones; 0 for the others.
    KMax(usize),
    /// 1 within a radius, 0 beyond: see [`Similarity::least_score`](crate::similarities::Similarity::least_score).
    Threshold(f64),
    /// The nearest distribution to βs (Martins & Astudillo 2016).
    Sparsemax(f64),
    /// α-entmax of βs: softmax at α = 1, sparsemax at α = 2 (Peters et al. 2019).
    Entmax(f64, f64),
}

/// How a separation is written, and what it is: one line each, in the order of the paper's tables.
pub const SEPARATIONS: &[(&str, &str)] = &[
    ("identity", "w = s"),
    ("log", "w = ln(1+s)"),
    ("sqrt", "w = s^(1/2)"),
    ("poly:N", "w = s^N; N is the exponent here, and N+1 the degree of the energy"),
    ("relu:N", "w = max(s,0)^N"),
    ("softmax:BETA", "w = exp(BETA s)/sum exp(BETA s); auto separates the stored patterns"),
    ("exp", "w = exp(s)"),
    ("max", "all weight to the largest s"),
    ("k-max:K", "w = s for the K largest s, else 0"),
    ("threshold:R", "w = 1 within radius R (distances) or for s >= R, else 0"),
    ("sparsemax[:BETA]", "the distribution nearest to BETA s"),
    ("entmax:ALPHA[:BETA]", "between softmax (ALPHA = 1) and sparsemax (ALPHA = 2) of BETA s"),
];

/// How every separation is written, in the order of [`SEPARATIONS`]; what is in capitals is a number.
pub fn grammars() -> &'static [&'static str] {
    const GRAMMARS: [&str; SEPARATIONS.len()] = {
        let mut grammars = [""; SEPARATIONS.len()];
        let mut n = 0;
        while n < grammars.len() {
            grammars[n] = SEPARATIONS[n].0;
            n += 1;
        }
        grammars
    };
    &GRAMMARS
}

impl FromStr for Separation {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let unknown = || Error::UnknownName {
            kind: "separation",
            found: text.to_owned(),
            known: SEPARATIONS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "),
        };
        let parts: Vec<&str> = text.split(':').collect();
        let number = |at: usize, what: &'static str, least: f64| -> Result<f64> {
            let value = parts[at];
            let number: Option<f64> = value.parse().ok().filter(|n: &f64| n.is_finite() && *n >= least);
            number.ok_or_else(|| {
                Error::parameter("separation", format!("{what}, as in {}", example(parts[0])), text)
            })
        };
        let positive = |at| {
            number(at, "a number from 1e-30 to 1e30", 1e-30).and_then(|n| {
                if n <= 1e30 {
                    Ok(n)
                } else {
                    Err(Error::parameter("separation", "a number from 1e-30 to 1e30", text))
                }
            })
        };
        let exponent = || match number(1, "an exponent from 1e-3 to 1000", 1e-3)? {
            n if n <= 1e3 => Ok(n),
            _ => Err(Error::parameter("separation", "an exponent from 1e-3 to 1000", text)),
        };
        Ok(match (parts[0], parts.len()) {
            ("identity", 1) => Separation::Identity,
            ("log", 1) => Separation::Logarithm,
            ("sqrt", 1) => Separation::Root,
            ("poly", 2) => Separation::Polynomial(exponent()?),
            ("relu", 2) => Separation::Rectified(exponent()?),
            ("softmax", 2) if parts[1] == "auto" => Separation::Softmax(Beta::Auto),
            ("softmax", 2) => Separation::Softmax(Beta::Value(positive(1)?)),
            ("exp", 1) => Separation::Exponential,
            ("max", 1) => Separation::Max,
            ("k-max", 2) => match parts[1].parse() {
                Ok(k) if k > 0 => Separation::KMax(k),
                _ => {
                    return Err(Error::parameter(
                        "separation",
                        "a whole number of memories, as in k-max:5",
                        text,
                    ));
                }
            },
            ("threshold", 2) => Separation::Threshold(number(1, "a number", f64::MIN)?),
            ("sparsemax", 1) => Separation::Sparsemax(1.0),
            ("sparsemax", 2) => Separation::Sparsemax(positive(1)?),
            ("entmax", 2 | 3) => {
                let alpha = number(1, "a number from 1 to 10", 1.0)?;
                if alpha > 10.0 {
                    return Err(Error::parameter("separation", "ALPHA from 1 to 10, as in entmax:1.5", text));
                }
                Separation::Entmax(alpha, if parts.len() == 3 { positive(2)? } else { 1.0 })
            }
            _ => return Err(unknown()),
        })
    }
}

fn example(name: &str) -> &'static str {
    match name {
        "poly" => "poly:10",
        "relu" => "relu:3",
        "softmax" => "softmax:20 or softmax:auto",
        "threshold" => "threshold:100",
        "sparsemax" => "sparsemax:20",
        _ => "entmax:1.5 or entmax:1.5:20",
    }
}

impl fmt::Display for Separation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Separation::Identity => write!(f, "identity"),
            Separation::Logarithm => write!(f, "log"),
            Separation::Root => write!(f, "sqrt"),
            Separation::Polynomial(n) => write!(f, "poly:{n}"),
            Separation::Rectified(n) => write!(f, "relu:{n}"),
            Separation::Softmax(Beta::Auto) => write!(f, "softmax:auto"),
            Separation::Softmax(Beta::Value(beta)) => write!(f, "softmax:{beta}"),
            Separation::Exponential => write!(f, "exp"),
            Separation::Max => write!(f, "max"),
            Separation::KMax(k) => write!(f, "k-max:{k}"),
            Separation::Threshold(r) => write!(f, "threshold:{r}"),
            Separation::Sparsemax(beta) => write!(f, "sparsemax:{beta}"),
            Separation::Entmax(alpha, beta) => write!(f, "entmax:{alpha}:{beta}"),
        }
    }
}

/// A separation of the scores of one similarity: checked that the two go together.
///
/// Where no weight can be negative they are shared out to sum to 1, so that what is read is a weighted mean in
/// the patterns' own units. Products can be negative, and so can the weights that identity and poly make of
/// them: these stay as they are, and the read is a sum.
///
/// ```
/// use attractor::separations::{Separation, Separator};
/// use attractor::similarities::{Convention, Keys, Similarity};
/// use ndarray::array;
/// let patterns = array![[0.0_f64, 1.0], [2.0, 2.0]];
/// let keys = Keys::new(Similarity::Hamming, array![[1.0_f64, -1.0], [1.0, 1.0]], Convention::Corrected)?;
/// let separator = Separator::new(Separation::Polynomial(2.0), &keys)?;
/// let mut weights = [1.0, 3.0];
/// separator.weights(&mut weights)?;
/// assert_eq!(weights, [0.1, 0.9]);
/// // Distances by their negative cannot be shared out.
/// let keys = Keys::new(Similarity::Manhattan, patterns, Convention::Corrected)?;
/// assert!(Separator::new(Separation::Identity, &keys).is_err());
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Separator {
    separation: Separation,
    convention: Convention,
    shared: bool,
    least: f64,
}

impl Separator {
    /// For the scores of these keys. Resolves `softmax:auto` to the β at which the least separated key, as its
    /// own cue, keeps weight 0.999: see [`separating_beta`].
    ///
    /// # Errors
    /// A separation that makes no sense of such scores, with the reason.
    pub fn new<F: Real>(separation: Separation, keys: &Keys<F>) -> Result<Self> {
        let (similarity, convention) = (keys.similarity(), keys.convention());
        if let Some(reason) = refusal(separation, similarity.facts().range, convention) {
            let model = if convention == Convention::Uhn2022 { "uhn2022" } else { similarity.name() };
            let reason = reason.after(format!("{separation} "));
            return Err(Error::Undefined { model, what: "weights by this separation", reason });
        }
        let separation = match separation {
            Separation::Softmax(Beta::Auto) => Separation::Softmax(Beta::Value(separating_beta(keys)?)),
            other => other,
        };
        let least = match separation {
            Separation::Threshold(radius) => similarity.least_score(radius, keys.values().ncols()),
            _ => f64::NEG_INFINITY,
        };
        let signed = similarity.facts().range == Range::Any
            && matches!(separation, Separation::Identity | Separation::Polynomial(_));
        Ok(Separator { separation, convention, shared: !signed, least })
    }

    /// The separation, with its β.
    pub fn separation(&self) -> Separation {
        self.separation
    }

    /// Whether weights sum to 1; if not, some may be negative.
    pub fn shared(&self) -> bool {
        self.shared
    }

    /// Scores of one query to weights, in place. Cost N, and N ln N for sparsemax and entmax.
    ///
    /// # Errors
    /// No weight above 0, or none that is a number: no memory answers.
    pub fn weights(&self, scores: &mut [f64]) -> Result<()> {
        if self.convention == Convention::Uhn2022 {
            return self.published(scores);
        }
        separate(self.separation, self.least, scores);
        if self.shared { share(scores) } else { finite(scores) }
    }

    /// The pipeline of the published code: scores are divided by their sum, and so are the weights. An exact
    /// match, whose score is infinite, takes all; a score that is no number makes all of them none, of which
    /// the code's argmax takes the first.
    fn published(&self, scores: &mut [f64]) -> Result<()> {
        if let Some(exact) = scores.iter().position(|s| *s == f64::INFINITY) {
            one_hot(scores, exact);
            return Ok(());
        }
        let sum: f64 = scores.iter().sum();
        scores.iter_mut().for_each(|s| *s /= sum);
        if scores.iter().any(|s| s.is_nan()) && self.separation == Separation::Max {
            one_hot(scores, 0);
            return Ok(());
        }
        match self.separation {
            // As coded: the logarithm of shares, all negative, so that the least alike weighs most.
            Separation::Logarithm => scores.iter_mut().for_each(|s| *s = s.ln()),
            other => separate(other, self.least, scores),
        }
        let sum: f64 = scores.iter().sum();
        scores.iter_mut().for_each(|w| *w /= sum);
        finite(scores)
    }
}

/// Why scores of such signs cannot be separated so, if they cannot.
fn refusal(separation: Separation, range: Range, convention: Convention) -> Option<Message> {
    use Separation as S;
    let whole = |n: f64| n.fract() == 0.0;
    let published = convention == Convention::Uhn2022;
    if published {
        return match separation {
            S::Identity | S::Logarithm | S::Root | S::Polynomial(_) | S::Max | S::KMax(_) => None,
            S::Softmax(Beta::Value(_)) => None,
            _ => Some(message![
                "is not in the published code, nor is its scale known there; leave ",
                Argument::option("compat"),
                " away"
            ]),
        };
    }
    let reason = match (range, separation) {
        (Range::Negative, S::Identity | S::Logarithm | S::Root | S::Polynomial(_) | S::KMax(_)) => Some(
            "would give the least alike the most, since its scores are negative distances; use softmax, max, threshold, sparsemax or entmax, or an inverse similarity",
        ),
        (Range::Negative, S::Rectified(_)) => Some(
            "would leave nothing, since its scores are never above 0; use softmax, max, threshold, sparsemax or entmax, or an inverse similarity",
        ),
        (Range::Any, S::Logarithm | S::Root | S::KMax(_)) => Some(
            "needs scores that are never negative; use identity, poly, relu, softmax, max, sparsemax or entmax",
        ),
        (Range::Any, S::Polynomial(n)) if !whole(n) => {
            Some("has no value where scores are negative; use a whole exponent, or relu")
        }
        _ => None,
    };
    reason.map(Message::from)
}

fn separate(separation: Separation, least: f64, s: &mut [f64]) {
    match separation {
        Separation::Identity => {}
        Separation::Logarithm => s.iter_mut().for_each(|s| *s = s.ln_1p()),
        Separation::Root => s.iter_mut().for_each(|s| *s = s.sqrt()),
        Separation::Polynomial(n) => power(s, n),
        Separation::Rectified(n) => {
            s.iter_mut().for_each(|s| *s = s.max(0.0));
            power(s, n);
        }
        Separation::Softmax(beta) => exponentials(s, beta.value()),
        Separation::Exponential => exponentials(s, 1.0),
        Separation::Max => {
            let best = largest(s);
            one_hot(s, best);
        }
        Separation::KMax(k) => {
            let mut order: Vec<usize> = (0..s.len()).collect();
            order.sort_by(|&a, &b| s[b].total_cmp(&s[a]).then(a.cmp(&b)));
            order.iter().skip(k).for_each(|&n| s[n] = 0.0);
        }
        Separation::Threshold(_) => s.iter_mut().for_each(|s| *s = f64::from(u8::from(*s >= least))),
        Separation::Sparsemax(beta) => entmax(s, 2.0, beta),
        Separation::Entmax(alpha, beta) => entmax(s, alpha, beta),
    }
}

/// s^n, in units of the largest |s| where powers would leave the numbers.
fn power(s: &mut [f64], n: f64) {
    let most = s.iter().fold(0.0, |most: f64, s| most.max(s.abs()));
    let fits = most == 0.0 || (most.log10() * n).abs() < 100.0 && n < 100.0;
    let scale = if fits { 1.0 } else { most };
    let whole = n.fract() == 0.0;
    s.iter_mut().for_each(|s| *s = if whole { (*s / scale).powi(n as i32) } else { (*s / scale).powf(n) });
}

fn exponentials(s: &mut [f64], beta: f64) {
    let top = s.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    // Less than this of the best is nothing, even of a billion memories, and then costs nothing to read.
    const LEAST: f64 = -100.0;
    s.iter_mut().for_each(|s| {
        let logit = beta * (*s - top);
        *s = if logit < LEAST { 0.0 } else { logit.exp() };
    });
}

/// α-entmax of βs: w = [(α − 1)(βs − τ)]₊^{1/(α − 1)}, τ such that the weights sum to 1.
///
/// τ lies between the largest (α − 1)βs less 1 and itself; the sum falls with τ, so halving finds it.
fn entmax(s: &mut [f64], alpha: f64, beta: f64) {
    let steep = alpha - 1.0;
    // Exponents beyond which a weight is an exponential to the last digit.
    if steep < 1e-9 {
        return exponentials(s, beta);
    }
    let top = s.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    s.iter_mut().for_each(|s| *s = steep * beta * (*s - top));
    // Only scores within 1 of the best can have weight; weights are [x − τ]^{1/steep} for τ in [−1, 0).
    let active: Vec<usize> = (0..s.len()).filter(|&n| s[n] > -1.0).collect();
    let weight = |x: f64, tau: f64| (x - tau).max(0.0).powf(1.0 / steep);
    let (mut low, mut high) = (-1.0, 0.0);
    for _ in 0..64 {
        let middle = 0.5 * (low + high);
        let sum: f64 = active.iter().map(|&n| weight(s[n], middle)).sum();
        if sum >= 1.0 { low = middle } else { high = middle }
    }
    let weights: Vec<f64> = active.iter().map(|&n| weight(s[n], low)).collect();
    s.fill(0.0);
    active.iter().zip(weights).for_each(|(&n, w)| s[n] = w);
}

/// The place of the largest score; the first of equal ones.
pub fn largest(scores: &[f64]) -> usize {
    let mut best = 0;
    for (n, score) in scores.iter().enumerate() {
        if *score > scores[best] {
            best = n;
        }
    }
    best
}

fn one_hot(weights: &mut [f64], at: usize) {
    weights.fill(0.0);
    weights[at] = 1.0;
}

fn share(weights: &mut [f64]) -> Result<()> {
    let sum: f64 = weights.iter().sum();
    if !(sum.is_finite() && sum > 0.0) {
        return Err(silent(
            "no stored pattern has a weight above 0 for a cue; give a larger radius, or softmax or max",
        ));
    }
    weights.iter_mut().for_each(|w| *w /= sum);
    Ok(())
}

fn finite(weights: &[f64]) -> Result<()> {
    match weights.iter().all(|w| w.is_finite()) {
        true => Ok(()),
        false => Err(silent(
            "a cue's weights leave the finite numbers, as where a vector sums to 0 in the published arithmetic or an exponent is too large; use max, or another similarity",
        )),
    }
}

fn silent(reason: &str) -> Error {
    Error::Undefined { model: "universal", what: "weights", reason: reason.into() }
}

/// The β at which the least separated key, as its own cue, keeps softmax weight 0.999.
///
/// As [`Modern::separating_beta`](crate::memories::Modern::separating_beta), for any score: key i is ahead of the
/// others by Δ_i = s_ii − max_j s_ij, and β = ln(999 (N − 1))/Δ for the least positive Δ. Looks at up to 256
/// keys, evenly spaced; 1 where no key is ahead.
///
/// # Errors
/// None that the keys have not had.
pub fn separating_beta<F: Real>(keys: &Keys<F>) -> Result<f64> {
    const SAMPLE: usize = 256;
    const AHEAD: f64 = 999.0;
    let n = keys.values().nrows();
    let some: Vec<usize> = (0..n.min(SAMPLE)).map(|i| i * n / n.min(SAMPLE)).collect();
    let scores = keys.scores(keys.values().select(ndarray::Axis(0), &some).view())?;
    let gap = |(row, &own): (ndarray::ArrayView1<f64>, &usize)| {
        let others = row.iter().enumerate().filter(|(n, _)| *n != own).map(|(_, s)| *s);
        let next = others.fold(f64::NEG_INFINITY, f64::max);
        // A lead that only rounding makes is none.
        let rounding = 1e-6 * (row[own].abs() + next.abs());
        Some(row[own] - next).filter(|gap| gap.is_finite() && *gap > rounding)
    };
    let least = scores.outer_iter().zip(&some).filter_map(gap).fold(f64::INFINITY, f64::min);
    let beta = (AHEAD * (n.max(2) - 1) as f64).ln() / least;
    Ok(if least.is_finite() { beta.clamp(1e-30, 1e30) } else { 1.0 })
}
