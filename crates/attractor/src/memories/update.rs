//! How the units of memories of ±1 states are updated, as options that several models share.

use std::str::FromStr;

use crate::dynamics::{Asynchronous, Dynamics, Order, Rule, Synchronous, TIE, Tie};
use crate::energies::Flip;
use crate::error::{Error, Result};
use crate::options::{Fallback, Kind, NumberRange, Options, Parameter, find, names_of};
use crate::real::Real;

/// How units are updated.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Update {
    /// All units at once.
    #[default]
    Synchronous,
    /// One unit after the other.
    Asynchronous(Order),
    /// One unit after the other, set at random at this temperature (Glauber dynamics).
    Glauber(Order, f64),
}

/// The update rules by name. The temperature of Glauber updates is a separate option.
const UPDATES: &[(&str, Update)] = &[
    ("synchronous", Update::Synchronous),
    ("asynchronous", Update::Asynchronous(Order::Random)),
    ("glauber", Update::Glauber(Order::Random, f64::NAN)),
];

/// The option for the updates of a model whose updates are synchronous if nothing else is said.
pub(super) const SYNCHRONOUS: Parameter = update("synchronous");
/// The same for asynchronous updates.
pub(super) const ASYNCHRONOUS: Parameter = update("asynchronous");

const fn update(usual: &'static str) -> Parameter {
    Parameter {
        name: "update",
        kind: Kind::Choice(|| names_of(UPDATES)),
        default: Fallback::Is(usual),
        help: "Which units move: all at once, one after the other, or one after the other at random at a temperature",
    }
}

/// The option for the order of units.
pub(super) const ORDER: Parameter = Parameter {
    name: "order",
    kind: Kind::Choice(|| names_of(Order::ALL)),
    default: Fallback::Is("random"),
    help: "Order of the units in a sweep, with update asynchronous or glauber",
};

/// The option for the temperature.
pub(super) const TEMPERATURE: Parameter = Parameter {
    name: "temperature",
    kind: Kind::Number(NumberRange::POSITIVE),
    default: Fallback::Rule("none; glauber needs one"),
    help: "Temperature T, with update glauber, in units of the energy (for Hebb, T/D is the T of AGS)",
};

impl FromStr for Update {
    type Err = Error;

    /// Parses `synchronous`, `asynchronous` or `glauber`; the temperature of `glauber` must be set afterwards.
    fn from_str(name: &str) -> Result<Self> {
        find("update", UPDATES, name)
    }
}

impl Update {
    /// Reads the options `update`, `order` and `temperature`. `usual` is the update if none is named.
    ///
    /// # Errors
    /// An option that the update does not use; Glauber updates without a temperature.
    pub(super) fn from_options(options: &Options, usual: Update) -> Result<Self> {
        let order = options.named(ORDER.name)?.unwrap_or_default();
        let temperature = options.number(TEMPERATURE.name);
        let update = options.named(SYNCHRONOUS.name)?.unwrap_or(usual);
        let needs = |name: &str, updates: &str| match options.get(name) {
            Some(value) => {
                Err(Error::parameter(name, format!("updates of a kind that uses it ({updates})"), value))
            }
            None => Ok(()),
        };
        if update == Update::Synchronous {
            needs(ORDER.name, "asynchronous or glauber")?;
        }
        match update {
            Update::Glauber(..) if options.has(TIE.name) => {
                needs(TIE.name, "synchronous or asynchronous")?;
            }
            Update::Glauber(..) => {}
            _ => needs(TEMPERATURE.name, "glauber")?,
        }
        Ok(match update {
            Update::Synchronous => Update::Synchronous,
            Update::Asynchronous(_) => Update::Asynchronous(order),
            Update::Glauber(..) => {
                let missing = || Error::parameter("temperature", "a number > 0 for glauber updates", "none");
                Update::Glauber(order, temperature.ok_or_else(missing)?)
            }
        })
    }

    /// Returns an error for a temperature that is not positive and finite.
    ///
    /// # Errors
    /// A temperature that is not positive and finite.
    pub(super) fn check(self) -> Result<()> {
        match self {
            Update::Glauber(_, t) if !(t > 0.0 && t.is_finite()) => {
                Err(Error::parameter("temperature", "a positive finite number", t))
            }
            _ => Ok(()),
        }
    }

    /// The update in a landscape, as a dynamics.
    pub(super) fn dynamics<F: Real>(self, energy: &dyn Flip<F>, tie: Tie) -> Box<dyn Dynamics<F> + '_> {
        let sweeps = |order, rule| Box::new(Asynchronous { energy, order, rule });
        match self {
            Update::Synchronous => Box::new(Synchronous { energy, tie }),
            Update::Asynchronous(order) => sweeps(order, Rule::Sign(tie)),
            Update::Glauber(order, temperature) => sweeps(order, Rule::Glauber { temperature }),
        }
    }
}
