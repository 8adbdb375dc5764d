//! Values that are one of several names: completions offer the names, and errors list them.

use std::ffi::OsStr;

use attractor::options::Name;
use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command};

use super::options::refused;

/// The models.
pub const MODELS: fn() -> Vec<Name> =
    || attractor::memories::MODELS.iter().map(|m| Name::with_about(m.card.name, m.card.title)).collect();
/// The models whose capacity is measured, and the decoder that they are measured against.
pub const CONTENDERS: fn() -> Vec<Name> = || {
    let stores = attractor::memories::MODELS.iter().map(|m| m.card).filter(|c| !c.described && !c.trained);
    let ceiling = Name::with_about("ceiling", "The best decoder that there can be");
    std::iter::once(ceiling).chain(stores.map(|card| Name::with_about(card.name, card.title))).collect()
};
/// How patterns are prepared.
pub const PREPARATIONS: fn() -> Vec<Name> =
    || plain(&["none", "center", "normalize", "standardize", "packed", "auto"]);
/// How patterns that are learned are prepared.
pub const LEARNED: fn() -> Vec<Name> = || plain(&["none", "center", "normalize", "standardize", "auto"]);
/// Number types.
pub const PRECISIONS: fn() -> Vec<Name> = || plain(&["f32", "f64"]);
/// Orders of the numbers of an image.
pub const LAYOUTS: fn() -> Vec<Name> = || plain(&["chw", "hwc"]);
/// Whether minima are listed.
pub const LISTINGS: fn() -> Vec<Name> = || plain(&["auto", "on", "off"]);
/// Ways to find a density.
pub const DENSITIES: fn() -> Vec<Name> = || plain(&["exact", "flow"]);

fn plain(names: &[&'static str]) -> Vec<Name> {
    names.iter().map(|name| Name::new(name)).collect()
}

/// A parser of a value that has a form of its own.
pub fn read_by<T, E>(read: fn(&str) -> Result<T, E>) -> OneOf<T, E> {
    OneOf { names: Vec::new, read }
}

/// A parser of one of these names.
pub fn one_of<T, E>(names: fn() -> Vec<Name>, read: fn(&str) -> Result<T, E>) -> OneOf<T, E> {
    OneOf { names, read }
}

/// See [`one_of`] and [`read_by`].
pub struct OneOf<T, E> {
    names: fn() -> Vec<Name>,
    read: fn(&str) -> Result<T, E>,
}

impl<T, E> Clone for OneOf<T, E> {
    fn clone(&self) -> Self {
        OneOf { names: self.names, read: self.read }
    }
}

impl<T, E> TypedValueParser for OneOf<T, E>
where
    T: Clone + Send + Sync + 'static,
    E: std::fmt::Display + 'static,
{
    type Value = T;

    fn parse_ref(&self, command: &Command, _: Option<&Arg>, text: &OsStr) -> Result<T, clap::Error> {
        (self.read)(&text.to_string_lossy()).map_err(|error| refused(command, &error))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let value = |name: Name| {
            let value = PossibleValue::new(name.name.into_owned());
            if name.about.is_empty() { value } else { value.help(name.about.into_owned()) }
        };
        let names = (self.names)();
        if names.is_empty() { None } else { Some(Box::new(names.into_iter().map(value))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_can_be_read() {
        let read = |names: fn() -> Vec<Name>, can: fn(&str) -> bool| {
            let names: Vec<Name> = names();
            names.iter().for_each(|name| assert!(can(&name.name), "{name:?}"));
        };
        read(MODELS, |name| attractor::memories::model(name).is_ok());
        read(PREPARATIONS, |name| name.parse::<attractor_session::Auto>().is_ok());
        read(LEARNED, |name| name.parse::<attractor_session::Auto>().is_ok());
        read(PRECISIONS, |name| name.parse::<attractor_session::Precision>().is_ok());
        read(LAYOUTS, |name| name.parse::<attractor_data::Layout>().is_ok());
        read(LISTINGS, |name| name.parse::<attractor::analysis::Listing>().is_ok());
        read(DENSITIES, |name| name.parse::<attractor::analysis::Density>().is_ok());
    }
}
