//! How windows of the pixels of images are compared.

use attractor::energies::LocalRule;
use attractor::options::{CountRange, Fallback, Kind, Options, Parameter, find, names_of};
use attractor::{Error, Result};

/// The settings of the local error of images.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The side of the window of each pixel, an odd number of pixels. Default: [`mosaic::pieces::side`](crate::mosaic::pieces::side).
    pub window: Option<usize>,
    /// Whether windows are compared in their place ([`LocalRule::Local`]) or at all places ([`LocalRule::EquivariantLocal`]). Default: in their place.
    pub rule: LocalRule,
    /// The most generated images, and honest ones, that are compared, evenly spaced; 0 compares none. Default: 1000, or as many as take 10^10 comparisons of pixels each, but at least 100.
    pub rows: Option<usize>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { window: None, rule: LocalRule::Local, rows: None }
    }
}

const SIDE: CountRange = CountRange::between(3, 9999);
const ROWS: CountRange = CountRange::between(0, 1_000_000);
const RULES: &[(&str, LocalRule)] =
    &[("local", LocalRule::Local), ("equivariant-local", LocalRule::EquivariantLocal)];

/// The settings as options, which are among those of an audit.
pub const PARAMETERS: [Parameter; 3] = [
    Parameter {
        name: "local-window",
        kind: Kind::AutoOr(&Kind::Count(SIDE)),
        default: Fallback::Is("auto"),
        help: "Side of the window of each pixel, an odd number; auto is that of one of the windows, at least 3",
    },
    Parameter {
        name: "local-rule",
        kind: Kind::Choice(|| names_of(RULES)),
        default: Fallback::Is("local"),
        help: "Compare the window of a pixel in its place (local) or at all places (equivariant-local)",
    },
    Parameter {
        name: "local-rows",
        kind: Kind::AutoOr(&Kind::Count(ROWS)),
        default: Fallback::Is("auto"),
        help: "Generated images, and honest ones, that are compared at most, evenly spaced; auto is 1000, or as many as take 10^10 \
               comparisons of pixels each, but at least 100; 0 for none",
    },
];

impl Settings {
    /// Reads the settings that are among these options.
    pub(crate) fn of(options: &Options) -> Result<Self> {
        let usual = Settings::default();
        let rule = options.get("local-rule").map(ToString::to_string);
        Ok(Settings {
            window: options.count("local-window"),
            rule: rule.map_or(Ok(usual.rule), |rule| find("local-rule", RULES, &rule))?,
            rows: options.count("local-rows"),
        })
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// A value outside its range, or an even window.
    pub(crate) fn check(&self) -> Result<()> {
        if let Some(rows) = self.rows {
            ROWS.check("local-rows", rows as u64)?;
        }
        if !RULES.iter().any(|(_, rule)| *rule == self.rule) {
            let expected = "a rule with windows: local or equivariant-local";
            return Err(Error::parameter("local-rule", expected, format!("{:?}", self.rule)));
        }
        let Some(side) = self.window else { return Ok(()) };
        SIDE.check("local-window", side as u64)?;
        match side % 2 {
            1 => Ok(()),
            _ => Err(Error::parameter("local-window", "an odd number, so that a window has a middle", side)),
        }
    }

    /// The most images of each kind that are compared, if each takes so many comparisons of pixels.
    pub(crate) fn rows(&self, each: usize) -> usize {
        /// Comparisons of pixels that take about two minutes on two cores.
        const PIXELS: usize = 10_000_000_000;
        self.rows.unwrap_or_else(|| (PIXELS / each.max(1)).clamp(100, 1000))
    }

    /// The name of the rule.
    pub(crate) fn rule_name(&self) -> &'static str {
        RULES.iter().find(|(_, rule)| *rule == self.rule).map_or("", |(name, _)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_limited_by_their_comparisons() {
        let rows = |rows, each| Settings { rows, ..Settings::default() }.rows(each);
        assert_eq!(rows(None, 60_000 * 784), 212);
        assert_eq!((rows(None, 600 * 64), rows(None, usize::MAX), rows(None, 0)), (1000, 100, 1000));
        assert_eq!((rows(Some(0), 1), rows(Some(5000), usize::MAX)), (0, 5000));
    }
}
