//! The memories of a run: what was stored, the events, what the stream brought, and cores with a new rest.

use std::collections::HashMap;

use attractor::diffusion::Sampling;
use attractor::energies::Mixture;
use attractor::memories::{self, Spec, model, models_that};
use attractor::patterns::Packed;
use attractor::{Extras, Memory, Patterns, Real, message};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis, concatenate};

use crate::error::{Error, Result};
use crate::experiences::Experiences;
use crate::protocol::Protocol;

/// A memory that a run has besides the patterns of the [`Base`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Atom {
    /// A shape or a cloud of the memory, by its number. The memories of a run begin with them.
    Shape(usize),
    /// A row of the stream.
    Fresh(usize),
    /// The core of an event with the rest of a semantic memory: a stored pattern below their number, else a row of the
    /// stream.
    Core {
        /// The number of the event.
        event: usize,
        /// The semantic memory.
        rest: usize,
    },
}

/// What all runs share.
#[derive(Debug)]
pub(crate) struct Base<F> {
    /// The model and its options.
    pub spec: Spec,
    /// The shapes and clouds of the memory, if it has any.
    density: Option<Mixture<F>>,
    /// The stored patterns, followed by the events that were not among them. They have no weights.
    pub patterns: Patterns<F>,
    /// The number of patterns that were stored before.
    pub stored: usize,
    /// The pattern of each event.
    pub events: Vec<usize>,
    /// The event at each pattern.
    event_at: Vec<Option<usize>>,
    /// The masses of the patterns, then of the shapes, before the first round.
    pub masses: Vec<f64>,
    /// The memories besides the patterns before the first round: the shapes.
    pub extra: Vec<Atom>,
    /// The events in their own units.
    pub raw: Array2<F>,
    /// The stream, prepared.
    pub stream: Array2<F>,
    /// For each row of the stream the pattern, or else the first row of the stream, that it is equal to.
    same: Vec<Same>,
    stream_labels: Option<Vec<String>>,
    pub core: Option<Core>,
}

#[derive(Clone, Copy, Debug)]
enum Same {
    Pattern(usize),
    Row(usize),
}

/// The cores of the events.
#[derive(Debug)]
pub(crate) struct Core {
    /// Which units belong to the core of each event, E × D.
    units: Array2<bool>,
    /// −d²/2σ² for each event and semantic memory, d the distance between their cores.
    fits: Vec<Vec<f64>>,
}

/// The bits of a row, by which equal rows are found. Zeros of both signs are equal.
fn key<F: Real>(row: ArrayView1<F>) -> Vec<u64> {
    row.iter().map(|v| (v.to_f64() + 0.0).to_bits()).collect()
}

/// What a memory holds: points, and shapes or clouds.
struct Kept<F> {
    points: Option<Patterns<F>>,
    density: Option<Mixture<F>>,
    /// The prior weight of each point, then of each shape.
    weights: Vec<f64>,
}

impl<F: Real> Kept<F> {
    fn of(spec: &Spec, memory: &dyn Memory<F>) -> Result<Self> {
        let card = model(&spec.model)?.card;
        let refuse = |found: &str| {
            let models = models_that(|card| card.weights);
            let text = format!(
                "replay: expected a memory that weighs what it holds ({models}), found {found}; store the patterns with one of these models"
            );
            Err(Error::Refused(text.into()))
        };
        if !card.weights {
            return refuse(card.name);
        }
        if let Some(patterns) = memory.patterns() {
            if patterns.associated().is_some() {
                return Err(Error::Refused(
                    "replay: expected patterns without associated values, which events do not have, found some; store them without".into(),
                ));
            }
            let each = 1.0 / patterns.len() as f64;
            let share = |n: usize| patterns.log_weights().map_or(each, |log| log[n].exp());
            let weights = (0..patterns.len()).map(share).collect();
            return Ok(Kept { points: Some(patterns.unweighted()), density: None, weights });
        }
        let Some(mixture) = memory.abilities().mixture else {
            return refuse("one without patterns");
        };
        if mixture.is_unbounded() {
            return refuse("one without end, whose weights are per unit of volume");
        }
        if mixture.reconstruction().is_some() {
            return refuse("one in which only cores of events are stored");
        }
        let (all, extended) = (mixture.weights(), mixture.extended());
        let single: Vec<usize> = (0..all.len()).filter(|n| !extended.contains(n)).collect();
        let points = match mixture.points() {
            Some(points) if points.len() == single.len() => Some(points.unweighted()),
            Some(_) => return refuse("one with points of several kinds"),
            None => None,
        };
        let labelled = single.iter().any(|n| mixture.label(*n).is_some());
        let labels = || single.iter().map(|n| mixture.label(*n).unwrap_or_default().to_owned()).collect();
        let points = match points {
            Some(points) if labelled => Some(points.with_labels(labels())?),
            points => points,
        };
        let weights = single.iter().chain(&extended).map(|n| all[*n]).collect();
        Ok(Kept { points, density: Some(mixture.clone()), weights })
    }
}

impl<F: Real> Base<F> {
    pub fn new(
        spec: &Spec,
        memory: &dyn Memory<F>,
        given: &Experiences<F>,
        protocol: &Protocol,
    ) -> Result<Self> {
        let Kept { points, density, weights } = Kept::of(spec, memory)?;
        let dim = memory.dim();
        check_rows("events", given.events, dim)?;
        if let Some(stream) = given.stream {
            check_rows("stream", stream, dim)?;
        }
        let stored = points.as_ref().map_or(0, |points| points.len());
        let mut places: HashMap<Vec<u64>, usize> = HashMap::new();
        if let Some(points) = &points {
            points.values().outer_iter().enumerate().for_each(|(n, row)| {
                places.entry(key(row)).or_insert(n);
            });
        }
        let prepared = memory.preparation().forward(given.events.to_owned());
        let (mut events, mut new) = (Vec::new(), Vec::new());
        for (number, row) in prepared.outer_iter().enumerate() {
            let at = *places.entry(key(row)).or_insert_with(|| {
                new.push(number);
                stored + new.len() - 1
            });
            if let Some(other) = events.iter().position(|event| *event == at) {
                return Err(Error::Refused(
                    format!("events: expected different ones, found row {number} equal to row {other}; give each once").into(),
                ));
            }
            events.push(at);
        }
        let total = protocol.mass.unwrap_or(weights.len() as f64);
        let (of_points, of_shapes) = weights.split_at(stored);
        let own = |weights: &[f64]| weights.iter().map(|w| total * w).collect::<Vec<f64>>();
        let new_masses = vec![protocol.event_mass; new.len()];
        let masses = [own(of_points), new_masses, own(of_shapes)].concat();
        let extra = (0..of_shapes.len()).map(Atom::Shape).collect();
        let labels = given.labels.as_ref().map(|labels| new.iter().map(|n| labels[*n].clone()).collect());
        let patterns = with_new(points, given.events.select(Axis(0), &new), labels)?;
        let stream = given.stream.map_or_else(
            || Array2::from_elem((0, dim), F::ZERO),
            |rows| memory.preparation().forward(rows.to_owned()),
        );
        let mut first: HashMap<Vec<u64>, usize> = HashMap::new();
        let same = stream.outer_iter().enumerate().map(|(row, values)| {
            let key = key(values);
            match places.get(&key) {
                Some(pattern) => Same::Pattern(*pattern),
                None => Same::Row(*first.entry(key).or_insert(row)),
            }
        });
        let same = same.collect();
        let mut event_at = vec![None; patterns.len()];
        events.iter().enumerate().for_each(|(event, at): (usize, &usize)| event_at[*at] = Some(event));
        let mut base = Base {
            spec: spec.clone(),
            density,
            patterns,
            stored,
            events,
            event_at,
            masses,
            extra,
            raw: given.events.to_owned(),
            stream,
            same,
            stream_labels: given.stream_labels.clone(),
            core: None,
        };
        base.core = given.core.map(|units| base.core_of(units, protocol)).transpose()?;
        Ok(base)
    }

    fn core_of(&self, units: ArrayView2<bool>, protocol: &Protocol) -> Result<Core> {
        if self.density.is_some() {
            let expected = "core: expected a memory of patterns, one of which fits the core of a replay";
            return Err(Error::Refused(
                format!("{expected}, found one with shapes; store patterns, or leave the core away").into(),
            ));
        }
        let (count, dim) = (self.events.len(), self.patterns.dim());
        if units.ncols() != dim || (units.nrows() != 1 && units.nrows() != count) {
            let expected = format!("core: expected a mask of {count} x {dim} (or of one row), as the events");
            let found = format!("{} x {}", units.nrows(), units.ncols());
            return Err(Error::Refused(
                format!("{expected}, found {found}; mark each unit of the core with 1").into(),
            ));
        }
        let units =
            Array2::from_shape_fn((count, dim), |(e, j)| units[[if units.nrows() == 1 { 0 } else { e }, j]]);
        for (event, row) in units.outer_iter().enumerate() {
            let inside = row.iter().filter(|u| **u).count();
            if inside == 0 || inside == dim {
                return Err(Error::Refused(
                    format!("core: expected some of the {dim} units of each event, found {inside} of event {event}; leave the core away to replay events whole").into(),
                ));
            }
        }
        let sigma = match protocol.core_sigma {
            Some(sigma) => sigma * self.patterns.preparation().scale(),
            None => 0.5 * self.patterns.spread(),
        };
        let values = self.patterns.values();
        let semantic = || values.outer_iter().take(self.stored).chain(self.stream.outer_iter());
        let fits = self.events.iter().zip(units.outer_iter()).map(|(event, units)| {
            let own = values.row(*event);
            let fit = |row: ArrayView1<F>| {
                let differences = row.iter().zip(own).zip(units).filter(|(_, unit)| **unit);
                let square: f64 = differences.map(|((a, b), _)| (*a - *b).to_f64().powi(2)).sum();
                -square / (2.0 * sigma * sigma)
            };
            semantic().map(fit).collect()
        });
        Ok(Core { fits: fits.collect(), units })
    }

    /// A number that differs if the memory, the events, the core or the stream differ (FNV-1a over all of them).
    pub fn fingerprint(&self) -> u64 {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        let mut add = |number: u64| {
            for byte in number.to_le_bytes() {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        };
        let options = self.spec.options.iter().map(|(name, value)| format!("{name}={value}"));
        for text in std::iter::once(self.spec.model.clone()).chain(options) {
            text.bytes().for_each(|byte| add(u64::from(byte)));
        }
        add(self.stored as u64);
        self.events.iter().for_each(|event| add(*event as u64));
        self.masses.iter().for_each(|mass| add(mass.to_bits()));
        for values in [self.patterns.values(), self.stream.view()] {
            add(values.nrows() as u64);
            values.iter().for_each(|v| add(v.to_f64().to_bits()));
        }
        if let Some(core) = &self.core {
            core.units.iter().for_each(|unit| add(u64::from(*unit)));
        }
        if let Some(density) = &self.density {
            density.mean().iter().for_each(|m| add(m.to_bits()));
            add(density.spread().to_bits());
        }
        hash
    }

    /// Whether there can be such a memory.
    pub fn has(&self, atom: Atom) -> bool {
        match atom {
            Atom::Shape(shape) => self.extra.len() > shape,
            Atom::Fresh(row) => row < self.stream.nrows(),
            Atom::Core { event, rest } => {
                let semantic = self.stored + self.stream.nrows();
                self.core.is_some() && event < self.events.len() && rest < semantic
            }
        }
    }

    /// Where a row of the stream is in a run: its index among all of the run's memories, if it is there already.
    pub fn place(&self, row: usize, extra: &[Atom]) -> (Option<usize>, Atom) {
        match self.same[row] {
            Same::Pattern(pattern) => (Some(pattern), Atom::Fresh(row)),
            Same::Row(first) => {
                let atom = Atom::Fresh(first);
                (extra.iter().position(|a| *a == atom).map(|at| self.patterns.len() + at), atom)
            }
        }
    }

    /// The event whose core a memory of a run has.
    pub fn family(&self, index: usize, extra: &[Atom]) -> Option<usize> {
        match index.checked_sub(self.patterns.len()) {
            None => self.event_at[index],
            Some(at) => match extra[at] {
                Atom::Core { event, .. } => Some(event),
                Atom::Fresh(_) | Atom::Shape(_) => None,
            },
        }
    }

    /// The semantic memories of a run (stored patterns that are no events, and what the stream brought), each with its
    /// mass and its fit to the core of an event.
    pub fn rests(&self, event: usize, masses: &[f64], extra: &[Atom]) -> Vec<(usize, f64)> {
        let Some(core) = &self.core else {
            return Vec::new();
        };
        let fits = &core.fits[event];
        let stored = (0..self.stored).filter(|n| self.event_at[*n].is_none());
        let stored = stored.map(|n| (n, masses[n], fits[n]));
        let fresh = extra.iter().zip(&masses[self.patterns.len()..]).filter_map(|(atom, mass)| match atom {
            Atom::Fresh(row) => Some((self.stored + row, *mass, fits[self.stored + row])),
            Atom::Core { .. } | Atom::Shape(_) => None,
        });
        let there: Vec<_> = stored.chain(fresh).filter(|(_, mass, _)| *mass > 0.0).collect();
        let best = there.iter().map(|(_, _, fit)| *fit).fold(f64::NEG_INFINITY, f64::max);
        there.into_iter().map(|(rest, mass, fit)| (rest, mass * (fit - best).exp())).collect()
    }

    /// The values of a memory of a run, prepared.
    fn values(&self, index: usize, extra: &[Atom]) -> Vec<F> {
        let Some(at) = index.checked_sub(self.patterns.len()) else {
            return self.patterns.row(index);
        };
        let semantic = |rest: usize| match rest.checked_sub(self.stored) {
            None => self.patterns.row(rest),
            Some(row) => self.stream.row(row).to_vec(),
        };
        match extra[at] {
            Atom::Shape(_) => Vec::new(),
            Atom::Fresh(row) => self.stream.row(row).to_vec(),
            Atom::Core { event, rest } => {
                let (own, mut values) = (self.patterns.row(self.events[event]), semantic(rest));
                let units = self.core.as_ref().map(|core| core.units.row(event));
                for (j, value) in values.iter_mut().enumerate() {
                    if units.is_some_and(|units| units[j]) {
                        *value = own[j];
                    }
                }
                values
            }
        }
    }

    fn label(&self, index: usize, extra: &[Atom]) -> String {
        let Some(at) = index.checked_sub(self.patterns.len()) else {
            return self.patterns.label(index).unwrap_or_default().to_owned();
        };
        match extra[at] {
            Atom::Shape(_) => String::new(),
            Atom::Fresh(row) => self.stream_labels.as_ref().map_or(String::new(), |l| l[row].clone()),
            Atom::Core { event, .. } => {
                format!("core of {}", self.patterns.label(self.events[event]).unwrap_or_default())
            }
        }
    }

    /// The memories of a run in the order in which its memory numbers them: points that have mass, then shapes.
    pub fn order(&self, masses: &[f64], extra: &[Atom]) -> Vec<usize> {
        let count = self.patterns.len();
        let is_shape = |n: &usize| n.checked_sub(count).is_some_and(|at| matches!(extra[at], Atom::Shape(_)));
        let (shapes, points): (Vec<usize>, Vec<usize>) = (0..masses.len()).partition(is_shape);
        points.into_iter().filter(|n| masses[*n] > 0.0).chain(shapes).collect()
    }

    /// The points of a run that have mass, with these masses as weights. `None` if there are none.
    pub fn points(&self, masses: &[f64], extra: &[Atom]) -> Result<Option<Patterns<F>>> {
        let order = self.order(masses, extra);
        let alive = &order[..order.len() - self.extra.len()];
        let weights: Vec<f64> = alive.iter().map(|n| masses[*n]).collect();
        let count = self.patterns.len();
        if alive.is_empty() {
            return Ok(None);
        }
        if alive.len() == count && alive[count - 1] == count - 1 {
            return Ok(Some(self.patterns.clone().with_weights(&weights)?));
        }
        let old: Vec<usize> = alive.iter().copied().filter(|n| *n < count).collect();
        let new: Vec<F> =
            alive.iter().filter(|n| **n >= count).flat_map(|n| self.values(*n, extra)).collect();
        let new = Array2::from_shape_vec((alive.len() - old.len(), self.patterns.dim()), new);
        let values = concatenate(
            Axis(0),
            &[self.patterns.select(&old).view(), new.expect("rows of one width").view()],
        )
        .expect("equal widths");
        let preparation = self.patterns.preparation().clone();
        let patterns = match self.patterns.bits() {
            Some(_) => Patterns::packed(Packed::from_signs(values.view()), preparation)?,
            None => Patterns::restore(values, preparation)?,
        };
        let labelled = self.patterns.label(0).is_some() || self.stream_labels.is_some();
        let labels = labelled.then(|| alive.iter().map(|n| self.label(*n, extra)).collect());
        Ok(Some(patterns.with(Extras { labels, weights: Some(weights), associated: None })?))
    }

    /// The memory of a run.
    pub fn memory(&self, masses: &[f64], extra: &[Atom]) -> Result<Box<dyn Memory<F>>> {
        let points = self.points(masses, extra)?;
        let Some(density) = &self.density else {
            let nothing = || Error::Refused("replay: expected a memory with a weight, found none".into());
            return Ok(self.spec.build(points.ok_or_else(nothing)?)?);
        };
        /// A shape that has lost all mass stays in the memory, with a weight that is practically none.
        const LEAST: f64 = 1e-300;
        let order = self.order(masses, extra);
        let (alive, shapes) = order.split_at(order.len() - self.extra.len());
        let weights: Vec<f64> = shapes.iter().map(|n| masses[*n].max(LEAST)).collect();
        let mass = alive.iter().map(|n| masses[*n]).sum();
        let options = model(&self.spec.model)?.card.read(&self.spec.options)?;
        let mixture = density.reweighted(points.map(|points| (points, mass)), &weights)?;
        Ok(memories::mixture(mixture, Sampling::from_options(&options)?)?)
    }
}

/// Points followed by new events, or new events alone.
fn with_new<F: Real>(
    points: Option<Patterns<F>>,
    new: Array2<F>,
    labels: Option<Vec<String>>,
) -> Result<Patterns<F>> {
    Ok(match points {
        Some(points) if new.is_empty() => points,
        Some(points) => points.append(new, Extras { labels, ..Extras::default() })?,
        None => Patterns::new(new)?.with(Extras { labels, ..Extras::default() })?,
    })
}

/// Checks rows that are given beside the memory.
fn check_rows<F: Real>(what: &'static str, rows: ArrayView2<F>, dim: usize) -> Result<()> {
    let refused = |expected: String, found: String, cure: &'static str| {
        let name = attractor::message::Part::Parameter(what.to_owned());
        Err(Error::Refused(message![name, format!(": expected {expected}, found {found}; {cure}")]))
    };
    if rows.nrows() == 0 {
        return refused("at least one row".into(), "none".into(), "give one for each experience");
    }
    if rows.ncols() != dim {
        return refused(
            format!("rows of {dim} units, as the memory has"),
            rows.ncols().to_string(),
            "give rows of the width of the stored patterns",
        );
    }
    match rows.indexed_iter().find(|(_, v)| !v.is_finite()) {
        Some(((row, unit), value)) => refused(
            "finite numbers".into(),
            format!("{value} at row {row}, unit {unit}"),
            "repair or remove that row",
        ),
        None => Ok(()),
    }
}
