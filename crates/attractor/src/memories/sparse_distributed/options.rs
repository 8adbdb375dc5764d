//! The options of sparse distributed memory.

use super::SparseDistributed;
use crate::dynamics::TIE;
use crate::error::{Error, Result};
use crate::memories::{Card, Family, Learned, Memory, Weights};
use crate::message;
use crate::message::Argument;
use crate::options::{CountRange, Fallback, Kind, NumberRange, Options, Parameter};
use crate::patterns::Patterns;
use crate::real::Real;

/// The range of the number of hard locations.
pub(super) const LOCATIONS: CountRange = CountRange::between(1, u32::MAX as u64);
/// The range of the number of bits of a counter.
const COUNTERS: CountRange = CountRange::between(2, 32);
/// A radius in bits. It is at most the number of units of a pattern, which is checked when the memory is built.
const RADIUS: Kind = Kind::Count(CountRange::at_least(1));
/// The probability that a location is active.
const ACTIVATION: Kind = Kind::Number(NumberRange::between(0.0, 1.0).above_low().below_high());

/// The entry of this model in [`MODELS`](super::MODELS).
pub(in crate::memories) const CARD: Card = Card {
    name: "sparse-distributed",
    aliases: &["sdm"],
    title: "Sparse distributed memory",
    equation: "write: c_a += y, |a - y| <= R;  read: x <- sign(sum of c_a over |a - x| <= R)  (no energy)",
    parameters: &[
        Parameter {
            name: "locations",
            kind: Kind::Count(LOCATIONS),
            default: Fallback::Is("10000"),
            help: "Hard locations M: random addresses with a counter for each unit",
        },
        Parameter {
            name: "location-seed",
            kind: Kind::Count(CountRange::ANY),
            default: Fallback::Is("0"),
            help: "Seed of the hard locations' addresses",
        },
        Parameter {
            name: "addresses",
            kind: Kind::Text("FILE"),
            default: Fallback::None,
            help: "Addresses of your own, an M x D array of +1 and -1, or of 1 and 0, in place of random ones",
        },
        Parameter {
            name: "radius",
            kind: Kind::AutoOr(&RADIUS),
            default: Fallback::Is("auto"),
            help: "Hamming radius R within which locations are active; auto follows from the activation probability",
        },
        Parameter {
            name: "activation",
            kind: Kind::AutoOr(&ACTIVATION),
            default: Fallback::Rule("auto, which is Kanerva's optimum (2 M N)^(-1/3)"),
            help: "Probability that a location is active, which sets the radius",
        },
        Parameter {
            name: "counters",
            kind: Kind::Count(COUNTERS),
            default: Fallback::Is("8"),
            help: "Bits of a counter, which stops at its limits +-(2^(bits-1) - 1)",
        },
        TIE,
    ],
    cost: "M D bits compared and p M D counters added an update and cue; M D counters and M D bits",
    source: "Kanerva (1988, 1993)",
    spins: true,
    values: true,
    family: Family::Classical,
    ..Card::PLAIN
};

/// The radius within which hard locations are active.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Radius {
    /// The smallest radius that reaches Kanerva's activation probability (2MN)^(−1/3), where N is the number of
    /// patterns.
    #[default]
    Auto,
    /// The smallest radius that reaches this activation probability, in (0, 1).
    Activation(f64),
    /// A radius of this many bits, from 1 to D.
    Bits(usize),
}

/// Options of a [`SparseDistributed`] memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SparseOptions {
    /// The number of hard locations M. Default 10,000, which store about 1,500 random words of 256 bits with 99 % of
    /// bits right.
    pub locations: usize,
    /// The seed of their addresses. Default 0.
    pub location_seed: u64,
    /// The radius R. Default [`Radius::Auto`].
    pub radius: Radius,
    /// The number of bits of a counter, 2 to 32. Default 8.
    pub counters: u32,
}

impl Default for SparseOptions {
    fn default() -> Self {
        SparseOptions { locations: 10_000, location_seed: 0, radius: Radius::Auto, counters: 8 }
    }
}

/// Builds the memory from named options.
pub(in crate::memories) fn build<F: Real>(
    patterns: Patterns<F>,
    options: &Options,
    learned: Option<Learned>,
) -> Result<Box<dyn Memory<F>>> {
    let default = SparseOptions::default();
    let radius = match (options.count("radius"), options.number("activation")) {
        (Some(_), Some(_)) => {
            return Err(Error::parameter("activation", "auto where there is a radius", "both"));
        }
        (Some(bits), None) => Radius::Bits(bits),
        (None, Some(p)) => Radius::Activation(p),
        (None, None) => Radius::Auto,
    };
    // Who reads the file takes the option away.
    if let Some(file) = options.get("addresses") {
        return Err(Error::parameter(
            "addresses",
            "a memory of stored patterns, which has room for them",
            file,
        ));
    }
    let given = match learned {
        Some(Learned { weights: Weights::Addresses(addresses), .. }) => Some(addresses),
        _ => None,
    };
    if let Some(name) =
        ["locations", "location-seed"].into_iter().find(|name| given.is_some() && options.has(name))
    {
        let expected = message!["random locations or addresses of your own, not ", Argument::option(name)];
        return Err(Error::parameter("addresses", expected, "both"));
    }
    let tie = options.named(TIE.name)?.unwrap_or_default();
    let options = SparseOptions {
        locations: options.count("locations").unwrap_or(default.locations),
        location_seed: options.seed("location-seed").unwrap_or(default.location_seed),
        radius,
        counters: options.count("counters").map_or(default.counters, |bits| bits as u32),
    };
    let memory = match given {
        Some(addresses) => {
            let signs = addresses.mapv(|up| if up { F::ONE } else { -F::ONE });
            SparseDistributed::at(patterns, signs.view(), options)?
        }
        None => SparseDistributed::new(patterns, options)?,
    };
    Ok(Box::new(memory.with_tie(tie)))
}
