//! Lists of nearest rows: the searches that grow with the square of the number of rows, as cells that others may compute.
//!
//! A cell is `{"search": NAME, "from": A, "to": B}`, for some of the rows whose neighbours are searched. It gives `{"rows": …, "distances": …}`,
//! with as many neighbours of each.

use std::ops::Range;

use attractor_report::team::{gathered, stray};
use attractor_report::{Result, Team};
use serde_json::{Value, json};

use crate::found::{Found, Nearest};
use crate::rows::Space;
use crate::search::Watch;

/// The length of a list of nearest rows. With as many training as held-out rows, no training row is among 64 pool rows with
/// probability 2⁻⁶⁴.
const LIST: usize = 64;

/// One of the searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// The nearest other pool rows of each pool row.
    Own,
    /// The nearest pool rows of each generated row.
    Near,
    /// The nearest other generated row of each.
    Twins,
}

impl Search {
    const ALL: [(&'static str, Search); 3] =
        [("own", Search::Own), ("near", Search::Near), ("twins", Search::Twins)];

    /// The rows whose neighbours are searched.
    fn queries(self, space: &Space) -> Range<usize> {
        if self == Search::Own { space.pool() } else { space.generated() }
    }

    /// The rows among which they are searched.
    fn among(self, space: &Space) -> Range<usize> {
        if self == Search::Twins { space.generated() } else { space.pool() }
    }

    fn some(self, space: &Space, queries: Range<usize>, watch: &mut Watch) -> Option<Nearest> {
        let count = if self == Search::Twins { 1 } else { LIST };
        space.nearest(&queries.collect::<Vec<_>>(), self.among(space), count, watch)
    }

    /// The whole search. `None` if the watch breaks.
    pub fn all(self, space: &Space, watch: &mut Watch) -> Option<Nearest> {
        self.some(space, self.queries(space), watch)
    }

    /// The number of pairs that it compares.
    fn pairs(self, space: &Space) -> u64 {
        (self.queries(space).len() * self.among(space).len()) as u64
    }
}

/// What the searches found.
pub struct Neighbours {
    pub own: Nearest,
    pub near: Nearest,
    pub twins: Nearest,
}

impl Neighbours {
    /// The searches of a space, by a team. `tell` is called with the number of pairs that were compared.
    pub fn by(team: &mut dyn Team, space: &Space, tell: &mut dyn FnMut(u64) -> Result<()>) -> Result<Self> {
        let mut cells = Vec::new();
        for (name, search) in Search::ALL {
            let (queries, each) = (search.queries(space), rows_of_a_cell(space, search));
            let starts = queries.clone().step_by(each);
            cells.extend(
                starts
                    .map(|from| json!({ "search": name, "from": from, "to": queries.end.min(from + each) })),
            );
        }
        let all = cells.len().max(1) as u64;
        let found = gathered(team, &cells, &mut |done| tell(Neighbours::pairs(space) / all * done as u64))?;
        let of = |name: &str, search: Search| -> Result<Nearest> {
            let parts = cells.iter().zip(&found).filter(|(cell, _)| cell["search"] == *name);
            let parts: Vec<Nearest> = parts.map(|(_, found)| read(space, found)).collect::<Result<_>>()?;
            let joined = Nearest::joined(parts);
            let expected = if joined.is_empty() { 0 } else { search.queries(space).len() };
            if joined.len() == expected { Ok(joined) } else { Err(stray(&json!(name))) }
        };
        Ok(Neighbours {
            own: of("own", Search::Own)?,
            near: of("near", Search::Near)?,
            twins: of("twins", Search::Twins)?,
        })
    }

    /// The number of pairs that the searches compare.
    pub fn pairs(space: &Space) -> u64 {
        Search::ALL.iter().map(|(_, search)| search.pairs(space)).sum()
    }
}

/// How many rows a cell has: some seconds of work, and whole blocks of a search.
fn rows_of_a_cell(space: &Space, search: Search) -> usize {
    /// Operations of a cell.
    const WORTH: f64 = 2e10;
    /// Rows of a block.
    const BLOCK: usize = 256;
    let row = space.work() * search.among(space).len().max(1) as f64;
    ((WORTH / row) as usize / BLOCK).clamp(1, 1 << 20) * BLOCK
}

/// Computes a cell.
pub fn computed(space: &Space, cell: &Value) -> Result<Value> {
    let search = Search::ALL.iter().find(|(name, _)| cell["search"] == **name).map(|(_, search)| *search);
    let number = |name: &str| cell[name].as_u64().and_then(|n| usize::try_from(n).ok());
    let (Some(search), Some(from), Some(to)) = (search, number("from"), number("to")) else {
        return Err(stray(cell));
    };
    let all = search.queries(space);
    if from < all.start || to > all.end || from > to {
        return Err(stray(cell));
    }
    let found = search.some(space, from..to, &mut crate::rows::unwatched).expect("nothing stops this search");
    let found: Vec<&Found> = found.iter().flatten().collect();
    Ok(json!({
        "queries": to - from,
        "rows": found.iter().map(|found| found.row).collect::<Vec<u32>>(),
        "distances": found.iter().map(|found| found.distance).collect::<Vec<f64>>(),
    }))
}

/// What a cell gave.
fn read(space: &Space, found: &Value) -> Result<Nearest> {
    let read = || -> Option<Nearest> {
        let most = space.pool().len() + space.generated().len();
        let row = |value: &Value| {
            value.as_u64().filter(|row| (*row as usize) < most).and_then(|row| u32::try_from(row).ok())
        };
        let rows = found["rows"].as_array()?.iter().map(row);
        // A distance that is no finite number is null.
        let distances = found["distances"].as_array()?;
        let distances = distances.iter().map(|value| value.as_f64().unwrap_or(f64::INFINITY));
        let queries = usize::try_from(found["queries"].as_u64()?).ok()?;
        let all: Vec<Found> = rows
            .zip(distances)
            .map(|(row, distance)| Some(Found { row: row?, distance }))
            .collect::<Option<_>>()?;
        let each = all.len().checked_div(queries).unwrap_or(0);
        (all.len() == each * queries && found["distances"].as_array()?.len() == all.len())
            .then(|| Nearest::new(all, each))
    };
    read().ok_or_else(|| stray(found))
}
