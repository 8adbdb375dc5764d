//! The name that a mistyped one was probably meant to be.

/// The known name nearest to `name`, if few enough letters differ: at most one in three. If there is none, the only known
/// name that begins with these letters, at least three. Capitals, and lines that join words, make no difference.
///
/// The distance counts letters that are added, left out, replaced, or swapped with their neighbour (Damerau 1964; the
/// crate `strsim`). Cost: the product of the lengths, for each known name.
///
/// ```
/// use attractor::names::similar;
/// assert_eq!(similar("hopfeld", ["hopfield", "modern"]), Some("hopfield"));
/// assert_eq!(similar("norm_bais", ["norm-bias", "beta"]), Some("norm-bias"));
/// assert_eq!(similar("repro", ["reproduce", "recommend"]), Some("reproduce"));
/// assert_eq!(similar("gibbs", ["hopfield", "modern"]), None);
/// ```
pub fn similar<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let known: Vec<&str> = known.into_iter().collect();
    let plain = |name: &str| name.to_lowercase().replace('_', "-");
    let typed = plain(name);
    let near = |other: &'a str| {
        let meant = plain(other);
        let far = strsim::osa_distance(&typed, &meant);
        (3 * far <= typed.chars().count().max(meant.chars().count())).then_some((far, other))
    };
    let nearest = known.iter().copied().filter_map(near).min_by_key(|(far, _)| *far).map(|(_, other)| other);
    let mut longer =
        known.iter().copied().filter(|other| typed.len() >= 3 && plain(other).starts_with(&typed));
    nearest.or_else(|| longer.next().filter(|_| longer.next().is_none()))
}
