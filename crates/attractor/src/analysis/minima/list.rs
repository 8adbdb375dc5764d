//! Exact lists of minima.

use ndarray::Array2;

use super::Search;
use crate::energies::Energy;
use crate::error::{Error, Result};
use crate::memories::Memory;
use crate::real::Real;

/// Whether the minima of a landscape are listed exactly, besides those that starts find.
///
/// A list is known for two kinds of memories. For states of ±1 with an energy all 2^D states are compared with their
/// neighbours: a minimum is a state that no flip of one unit lowers. For log-sum-ReLU a minimum is the mean of a group of
/// patterns which exactly the group's supports cover, and groups are searched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Listing {
    /// Where it is known and takes little: up to 16 units of ±1, and where few groups overlap.
    #[default]
    Auto,
    /// Always, up to 24 units; an error where no list is known.
    On,
    /// Never.
    Off,
}

impl Listing {
    /// Every choice with its name.
    pub const ALL: &[(&'static str, Self)] = &[("auto", Self::Auto), ("on", Self::On), ("off", Self::Off)];
}

impl std::str::FromStr for Listing {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        crate::options::find("exact", Self::ALL, name)
    }
}

/// A list of (prepared) minima, or the reason why there is none. There is no reason where none was tried.
pub(super) type Listed<F> = std::result::Result<Array2<F>, Option<&'static str>>;

/// The (prepared) minima of a memory.
pub(super) fn exact<F: Real>(memory: &dyn Memory<F>, search: &Search) -> Result<Listed<F>> {
    /// How many operations are made on groups of patterns, one for each pattern and group: if asked, and without being
    /// asked.
    const WORK: usize = 4_000_000_000;
    const LITTLE: usize = 200_000_000;
    if search.listing == Listing::Off {
        return Ok(Err(None));
    }
    let asked = search.listing == Listing::On;
    let none = |reason: &'static str| match asked {
        true => Err(Error::Undefined {
            model: memory.name(),
            what: "exact list of minima",
            reason: reason.into(),
        }),
        false => Ok(Err(Some(reason))),
    };
    let abilities = memory.abilities();
    if let Some(known) = abilities.minima {
        let groups = if asked { WORK } else { LITTLE } / memory.memories().unwrap_or(1).max(1);
        return match known.list(groups)? {
            Some(states) => Ok(Ok(states)),
            None => {
                none("too many groups of patterns have supports that overlap; starts find some of the minima")
            }
        };
    }
    match abilities.landscape {
        Ok(landscape) if abilities.spins && landscape.dim() == memory.dim() => {
            of_spins(landscape, asked, none)
        }
        _ if asked => none("no theory lists them; starts find some of them"),
        _ => Ok(Err(None)),
    }
}

/// The stable states of ±1, if there are few units.
fn of_spins<F: Real>(
    landscape: &dyn Energy<F>,
    asked: bool,
    none: impl Fn(&'static str) -> Result<Listed<F>>,
) -> Result<Listed<F>> {
    /// The units up to which all states are compared: if asked, and without being asked.
    const MOST: usize = 24;
    const FEW: usize = 16;
    match landscape.dim() {
        dim if dim <= if asked { MOST } else { FEW } => Ok(Ok(stable(landscape)?)),
        _ if asked => {
            none("all 2^D states are compared, which takes up to 24 units; starts find some of them")
        }
        _ => none("all 2^D states are compared up to 16 units, and up to 24 if asked for"),
    }
}

/// All states of ±1 whose energy no flip of one unit lowers. Where flips leave the energy equal, all of the equal states are
/// listed that no flip lowers.
///
/// Cost: 2^D energies, which are held.
fn stable<F: Real>(landscape: &dyn Energy<F>) -> Result<Array2<F>> {
    /// How many states are given to the energy at a time.
    const BATCH: usize = 4096;
    /// A share of the largest energy that is above its rounding.
    const ROUNDING: f64 = 1e-12;
    let dim = landscape.dim();
    let all = 1_usize << dim;
    let bit = |state: usize, unit: usize| if state >> unit & 1 == 1 { F::ONE } else { -F::ONE };
    let mut energies = Vec::with_capacity(all);
    for from in (0..all).step_by(BATCH) {
        let count = BATCH.min(all - from);
        let states = Array2::from_shape_fn((count, dim), |(k, unit)| bit(from + k, unit));
        energies.extend(landscape.energy(states.view(), &vec![0.0; count])?);
    }
    let largest = energies.iter().fold(0.0, |most: f64, energy| most.max(energy.abs()));
    let rounding = largest * ROUNDING.max(4.0 * F::ROUNDOFF);
    let is_stable =
        |state: &usize| (0..dim).all(|unit| energies[state ^ (1 << unit)] >= energies[*state] - rounding);
    let found: Vec<usize> = (0..all).filter(is_stable).collect();
    Ok(Array2::from_shape_fn((found.len(), dim), |(k, unit)| bit(found[k], unit)))
}
