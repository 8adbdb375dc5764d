//! The nearest rows that a search has found.

/// A row that was found: its number, and its distance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// The number of the row in its space.
    pub row: u32,
    /// The distance.
    pub distance: f64,
}

/// The nearest rows of several queries: the same number for each, by distance, and of equal distances by number.
#[derive(Clone, Debug, Default)]
pub struct Nearest {
    found: Vec<Found>,
    each: usize,
}

impl Nearest {
    /// The nearest rows of queries, as many of `each`, one query after the other.
    pub(crate) fn new(found: Vec<Found>, each: usize) -> Self {
        Nearest { found, each }
    }

    /// Those of the queries of several searches among the same rows.
    pub(crate) fn joined(parts: Vec<Nearest>) -> Self {
        let each = parts.iter().map(|part| part.each).max().unwrap_or(0);
        Nearest { found: parts.into_iter().flat_map(|part| part.found).collect(), each }
    }

    /// The number of queries.
    pub fn len(&self) -> usize {
        self.found.len().checked_div(self.each).unwrap_or(0)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The nearest rows of a query.
    pub fn of(&self, query: usize) -> &[Found] {
        &self.found[query * self.each..][..self.each]
    }

    /// The nearest row of a query; none if there was none to find.
    pub fn of_if(&self, query: usize) -> Option<&Found> {
        self.found.get(query * self.each).filter(|_| self.each > 0)
    }

    /// The nearest rows of each query.
    pub fn iter(&self) -> impl Iterator<Item = &[Found]> {
        self.found.chunks(self.each.max(1))
    }
}

/// The rows that may be among the nearest of one query, while the search goes on.
pub(crate) struct Kept {
    each: usize,
    /// The smallest upper bounds of distances, in order: no row beyond the last is among the nearest.
    least: Vec<f64>,
    /// Rows with lower bounds of their distances.
    rows: Vec<(u32, f64)>,
}

impl Kept {
    /// None yet, for a list of `each` rows.
    pub fn new(each: usize) -> Self {
        Kept { each, least: Vec::with_capacity(each + 1), rows: Vec::new() }
    }

    /// The largest distance of a row that may be among the nearest. Without enough rows it is any.
    pub fn limit(&self) -> f64 {
        self.least.get(self.each - 1).copied().unwrap_or(f64::MAX)
    }

    /// Takes a row whose distance lies between bounds. Gives the new limit, or none if that is unchanged.
    pub fn offer(
        &mut self,
        row: usize,
        [least, most]: [f64; 2],
        distance: impl Fn(usize) -> f64,
    ) -> Option<f64> {
        /// Rows in a list of which none can be left out by their bounds, for each row that is asked for.
        const ROOM: usize = 8;
        let before = self.limit();
        if least > before {
            return None;
        }
        self.rows.push((row as u32, least));
        let place = self.least.partition_point(|other| *other <= most);
        if place < self.each {
            self.least.insert(place, most);
            self.least.truncate(self.each);
        }
        if self.rows.len() > ROOM * self.each {
            let limit = self.limit();
            self.rows.retain(|(_, least)| *least <= limit);
            // Many rows at nearly the same distance.
            if self.rows.len() > ROOM / 2 * self.each {
                let found = std::mem::replace(self, Kept::new(self.each)).nearest(distance);
                self.least = found.iter().map(|found| found.distance).collect();
                self.rows = found.iter().map(|found| (found.row, found.distance)).collect();
            }
        }
        let limit = self.limit();
        (limit < before).then_some(limit)
    }

    /// The nearest rows, by their exact distances.
    pub fn nearest(self, distance: impl Fn(usize) -> f64) -> Vec<Found> {
        let limit = self.limit();
        let rows = self.rows.into_iter().filter(|(_, least)| *least <= limit);
        let mut found: Vec<Found> =
            rows.map(|(row, _)| Found { row, distance: distance(row as usize) }).collect();
        found.sort_by(|a, b| a.distance.total_cmp(&b.distance).then(a.row.cmp(&b.row)));
        found.truncate(self.each);
        found
    }
}
