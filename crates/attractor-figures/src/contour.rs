//! Contour lines of values on a grid, by marching squares.

use std::collections::HashMap;

use ndarray::ArrayView2;

/// An edge of the grid: the cell corner where it begins, and whether it runs along the rows (upwards).
type Edge = (usize, usize, bool);

/// The lines on which the interpolated value equals `level`, as (column, row). A closed line ends where it
/// begins.
pub(super) fn lines(values: ArrayView2<f64>, level: f64) -> Vec<Vec<(f64, f64)>> {
    let (rows, columns) = values.dim();
    // For each edge, the edges that a line joins it to. An edge belongs to at most two cells.
    let mut joined: HashMap<Edge, Vec<Edge>> = HashMap::new();
    let above = |r: usize, c: usize| values[[r, c]] >= level;
    for r in 0..rows.saturating_sub(1) {
        for c in 0..columns.saturating_sub(1) {
            let corners = [above(r, c), above(r, c + 1), above(r + 1, c + 1), above(r + 1, c)];
            let [bottom, right, top, left]: [Edge; 4] =
                [(r, c, false), (r, c + 1, true), (r + 1, c, false), (r, c, true)];
            let edges = [bottom, right, top, left];
            let crossed: Vec<Edge> =
                (0..4).filter(|&i| corners[i] != corners[(i + 1) % 4]).map(|i| edges[i]).collect();
            let pairs = match crossed[..] {
                [a, b] => vec![(a, b)],
                [..] if crossed.len() == 4 => {
                    // A saddle: the mean of the corners decides which corners are connected.
                    let middle =
                        (values[[r, c]] + values[[r, c + 1]] + values[[r + 1, c]] + values[[r + 1, c + 1]])
                            / 4.0;
                    if (middle >= level) == corners[0] {
                        vec![(bottom, right), (top, left)]
                    } else {
                        vec![(bottom, left), (right, top)]
                    }
                }
                _ => vec![],
            };
            for (a, b) in pairs {
                joined.entry(a).or_default().push(b);
                joined.entry(b).or_default().push(a);
            }
        }
    }
    let place = |(r, c, up): Edge| {
        let (a, b) = (values[[r, c]], if up { values[[r + 1, c]] } else { values[[r, c + 1]] });
        let share = if a == b { 0.5 } else { ((level - a) / (b - a)).clamp(0.0, 1.0) };
        if up { (c as f64, r as f64 + share) } else { (c as f64 + share, r as f64) }
    };
    // Lines that end at the border come first, then closed ones, always in the same order.
    let mut starts: Vec<Edge> = joined.keys().copied().collect();
    starts.sort_by_key(|edge| (joined[edge].len(), *edge));
    let mut lines = Vec::new();
    for start in starts {
        let mut line = Vec::new();
        let mut at = start;
        while let Some(next) = joined.get_mut(&at).and_then(Vec::pop) {
            if line.is_empty() {
                line.push(place(at));
            }
            if let Some(back) = joined.get_mut(&next) {
                back.retain(|edge| *edge != at);
            }
            line.push(place(next));
            at = next;
        }
        if line.len() > 1 {
            lines.push(line);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn a_bowl_has_one_round_line() {
        let values = Array2::from_shape_fn((41, 41), |(r, c)| (r as f64 - 20.0).hypot(c as f64 - 20.0));
        let found = lines(values.view(), 10.0);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].first(), found[0].last());
        // Linear interpolation over a cell errs by less than h²/8r.
        assert!(found[0].iter().all(|(x, y)| ((x - 20.0).hypot(y - 20.0) - 10.0).abs() < 1.0 / 80.0));
    }

    #[test]
    fn a_slope_has_a_line_from_border_to_border_and_a_saddle_two() {
        let slope = Array2::from_shape_fn((5, 7), |(_, c)| c as f64);
        let found = lines(slope.view(), 2.5);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].len(), 5);
        assert!(found[0].iter().all(|(x, _)| *x == 2.5));
        let saddle = Array2::from_shape_fn((2, 2), |(r, c)| if r == c { 1.0 } else { 0.0 });
        assert_eq!(lines(saddle.view(), 0.5).len(), 2);
        assert!(lines(slope.view(), 9.0).is_empty());
    }
}
