//! Groups of patterns whose mean is covered by exactly the group's supports.

use ndarray::{Array2, ArrayView2};

/// The groups of points, as rows of indices, whose mean lies within `radius` of every member and farther than it from every
/// other point. `None` if more than `limit` groups would have to be looked at.
///
/// `squares` are the squared distances of all pairs, N × N, and `weights` those of the mean (N numbers above 0). The squares
/// of distances from the mean of a group with weights w, Σw = W, follow from pairs:
///
/// ```text
/// ‖ȳ − y_m‖² = Σ_j w_j d²_mj / W − v,   v = Σ_{i<j} w_i w_j d²_ij / W²
/// ```
///
/// v is the mean squared distance of the members from ȳ. Every ball that holds the members has a radius of √v or more, also if
/// it holds further points. So groups are grown one point at a time, in rising order, and a group with v ≥ radius² is
/// left, with all that contain it. Cost: N operations for each group.
pub(super) fn covered(
    squares: ArrayView2<f64>,
    weights: &[f64],
    radius: f64,
    limit: usize,
) -> Option<Vec<Vec<usize>>> {
    let n = squares.nrows();
    let mut search = Search { squares, weights, square: radius * radius, left: limit, found: Vec::new() };
    let empty = Group { members: Vec::new(), weight: 0.0, pairs: 0.0, sums: vec![0.0; n] };
    let all: Vec<usize> = (0..n).collect();
    search.grow(&empty, &all)?;
    Some(search.found)
}

/// A group of points.
struct Group {
    members: Vec<usize>,
    /// W.
    weight: f64,
    /// Σ_{i<j} w_i w_j d²_ij.
    pairs: f64,
    /// Σ_j w_j d²_mj of every point m.
    sums: Vec<f64>,
}

struct Search<'a> {
    squares: ArrayView2<'a, f64>,
    weights: &'a [f64],
    square: f64,
    left: usize,
    found: Vec<Vec<usize>>,
}

impl Search<'_> {
    /// Looks at all groups that add one or more candidates to a group.
    fn grow(&mut self, group: &Group, candidates: &[usize]) -> Option<()> {
        for (k, &next) in candidates.iter().enumerate() {
            self.left = self.left.checked_sub(1)?;
            let w = self.weights[next];
            let weight = group.weight + w;
            let pairs = group.pairs + w * group.sums[next];
            let variance = pairs / (weight * weight);
            if variance >= self.square {
                continue;
            }
            let row = self.squares.row(next);
            let sums: Vec<f64> = group.sums.iter().zip(row).map(|(sum, d)| sum + w * d).collect();
            let mut members = group.members.clone();
            members.push(next);
            let group = Group { members, weight, pairs, sums };
            if self.is_exact(&group, variance) {
                self.found.push(group.members.clone());
            }
            // Two members are at most a diameter apart.
            let near = |other: &usize| self.squares[[next, *other]] < 4.0 * self.square;
            let rest: Vec<usize> = candidates[k + 1..].iter().copied().filter(near).collect();
            self.grow(&group, &rest)?;
        }
        Some(())
    }

    /// Whether exactly the members lie within the radius of the mean, and no other point on its border.
    fn is_exact(&self, group: &Group, variance: f64) -> bool {
        let mut members = group.members.iter().copied().peekable();
        group.sums.iter().enumerate().all(|(m, sum)| {
            let square = sum / group.weight - variance;
            match members.next_if_eq(&m) {
                Some(_) => square < self.square,
                None => square > self.square,
            }
        })
    }
}

/// The weights of the mean of a group, 1 × `count`: they sum to 1.
pub(super) fn shares(group: &[usize], weights: &[f64], count: usize) -> Array2<f64> {
    let total: f64 = group.iter().map(|&n| weights[n]).sum();
    let mut shares = Array2::zeros((1, count));
    group.iter().for_each(|&n| shares[[0, n]] = weights[n] / total);
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Purpose, Stream};

    /// All subsets, with distances from the mean computed from coordinates.
    #[test]
    fn groups_are_those_of_all_subsets() {
        let mut sizes = 0;
        for seed in 0..30 {
            let mut stream = Stream::new(seed, Purpose::Patterns, 0);
            let n = 9;
            let points: Vec<[f64; 2]> = (0..n).map(|_| [stream.normal(), stream.normal()]).collect();
            let weights: Vec<f64> =
                (0..n).map(|_| if seed % 2 == 0 { 1.0 } else { 0.5 + stream.uniform() }).collect();
            let square = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2);
            let squares = Array2::from_shape_fn((n, n), |(i, j)| square(points[i], points[j]));
            let radius = 0.4 + 0.05 * seed as f64;
            let mut expected: Vec<Vec<usize>> = (1..1_usize << n)
                .map(|set| (0..n).filter(|i| set >> i & 1 == 1).collect::<Vec<_>>())
                .filter(|group| {
                    let total: f64 = group.iter().map(|&i| weights[i]).sum();
                    let mean = [0, 1]
                        .map(|unit| group.iter().map(|&i| weights[i] * points[i][unit]).sum::<f64>() / total);
                    (0..n).all(|i| (square(mean, points[i]) < radius * radius) == group.contains(&i))
                })
                .collect();
            expected.sort();
            let mut found = covered(squares.view(), &weights, radius, 1 << 20).expect("within the limit");
            found.sort();
            assert_eq!(found, expected, "seed {seed}");
            sizes += found.iter().filter(|group| group.len() > 1).count();
            assert!(covered(squares.view(), &weights, radius, 3).is_none());
        }
        assert!(sizes > 50, "{sizes}");
    }
}
