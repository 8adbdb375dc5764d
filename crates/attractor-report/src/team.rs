//! Cells: independent parts of an experiment, which others may compute.
//!
//! A *cell* is named by a JSON value, and so is what it gives. Both depend on the settings of the experiment alone, and not
//! on who computes a cell, when, or on how many threads. So an experiment whose cells are handed to a [`Team`] gives the same
//! report as one that is run alone.

use std::collections::VecDeque;

use attractor::threads;
use serde_json::Value;

use crate::{Error, Result, Team};

/// What computes a cell.
type Compute<'a> = dyn Fn(&Value) -> Result<Value> + Sync + 'a;

/// A team of this process: it computes as many cells at the same time as there are threads.
pub struct Alone<'a> {
    compute: &'a Compute<'a>,
    open: VecDeque<Value>,
    done: VecDeque<(Value, Value)>,
}

impl<'a> Alone<'a> {
    /// A team that computes cells by this function.
    pub fn new(compute: &'a Compute<'a>) -> Self {
        Alone { compute, open: VecDeque::new(), done: VecDeque::new() }
    }
}

impl Team for Alone<'_> {
    fn hand_out(&mut self, cell: &Value) -> Result<()> {
        self.open.push_back(cell.clone());
        Ok(())
    }

    fn next(&mut self) -> Result<(Value, Value)> {
        if self.done.is_empty() {
            let count = threads::count().min(self.open.len());
            let cells: Vec<Value> = self.open.drain(..count).collect();
            let found = threads::parallel(count, |number| (self.compute)(&cells[number]));
            for (cell, found) in cells.into_iter().zip(found) {
                self.done.push_back((cell, found?));
            }
        }
        Ok(self.done.pop_front().expect("a cell is waited for only after it was handed out"))
    }
}

/// Hands out different cells, and returns what they gave, in the order of the cells. `tell` is called with the number of
/// cells that are done.
///
/// # Errors
/// Those of the team and of `tell`.
pub fn gathered(
    team: &mut dyn Team,
    cells: &[Value],
    tell: &mut dyn FnMut(usize) -> Result<()>,
) -> Result<Vec<Value>> {
    cells.iter().try_for_each(|cell| team.hand_out(cell))?;
    let mut found: Vec<Option<Value>> = vec![None; cells.len()];
    for done in 0..cells.len() {
        tell(done)?;
        let (cell, value) = team.next()?;
        let place = cells.iter().position(|other| *other == cell).ok_or_else(|| stray(&cell))?;
        found[place] = Some(value);
    }
    tell(cells.len())?;
    found.into_iter().zip(cells).map(|(value, cell)| value.ok_or_else(|| stray(cell))).collect()
}

/// The error for a value that is no cell of an experiment, or not what a cell gives.
pub fn stray(found: &Value) -> Error {
    /// So much of it is shown.
    const SHOWN: usize = 200;
    let text = found.to_string();
    let cut: String = text.chars().take(SHOWN).collect();
    let found = if cut.len() < text.len() { format!("{cut} …") } else { cut };
    Error::setting("executor", "cells of this experiment and what they give", found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_cells_give_comes_in_their_order() {
        let square = |cell: &Value| Ok(json!(cell.as_u64().map(|n| n * n)));
        let cells: Vec<Value> = (0..7).map(|n| json!(n)).collect();
        let mut told = Vec::new();
        let mut tell = |done| {
            told.push(done);
            Ok(())
        };
        let found = gathered(&mut Alone::new(&square), &cells, &mut tell).expect("squares");
        assert_eq!(found, [0, 1, 4, 9, 16, 25, 36].map(|n| json!(n)));
        assert_eq!(told, [0, 1, 2, 3, 4, 5, 6, 7]);
        let refuse = |_: &Value| Err(Error::setting("cell", "none", "one"));
        assert!(gathered(&mut Alone::new(&refuse), &cells, &mut |_| Ok(())).is_err());
    }

    /// A team whose last answer is always the same.
    struct Stuck(Value);

    impl Team for Stuck {
        fn hand_out(&mut self, _: &Value) -> Result<()> {
            Ok(())
        }

        fn next(&mut self) -> Result<(Value, Value)> {
            Ok((self.0.clone(), json!(1)))
        }
    }

    #[test]
    fn a_cell_that_was_not_asked_for_or_is_missing_is_an_error() {
        let cells = [json!(1), json!(2)];
        for answer in [json!(3), json!(1)] {
            let error = gathered(&mut Stuck(answer), &cells, &mut |_| Ok(())).expect_err("a stray cell");
            assert!(error.to_string().contains("executor"), "{error}");
        }
    }
}
