//! What the audit finds of planted copies, in a report.

use attractor_report::{Block, Cell, Column, Table};

use super::maybe;
use crate::calibrate::Calibrated;
use crate::verdict::short;

pub(super) fn calibration(calibrated: &Calibrated) -> Vec<Block> {
    let mut table = Table::new(
        "calibration",
        vec![
            Column::new("plants", &["kind"]),
            Column::new("number", &["plants"]),
            Column::new("found", &["power"]),
            Column::new("copy", &["copies"]),
            Column::new("near copy", &["near_copies"]),
            Column::new("mosaic", &["mosaics"]),
            Column::new("fresh rows found", &["false_copies", "fresh"]),
            Column::new("p of f_mem, clusters", &["p_f_mem_clusters"]),
            Column::new("p of DCR share", &["p_dcr_share"]),
        ],
    );
    for kind in &calibrated.kinds {
        let [copies, near, mosaics, _] = kind.plants;
        let wrong = kind.counts[1] - kind.fresh[3];
        table.rows.push(vec![
            Cell::plain(kind.name.as_str()),
            Cell::plain(kind.counts[0]),
            Cell::of(format!("{:.0} %", 100.0 * kind.power()), [kind.power().into()]),
            Cell::plain(copies),
            Cell::plain(near),
            Cell::plain(mosaics),
            Cell::of(format!("{wrong} of {}", kind.counts[1]), [wrong.into(), kind.counts[1].into()]),
            maybe(kind.p_values[0]),
            maybe(kind.p_values[1]),
        ]);
    }
    vec![
        Block::Heading("What the audit finds of planted copies".into()),
        Block::Text(format!(
            "Plants made of training rows, each kind among the same fresh rows. Noise is a share of {}, the usual distance of a fresh row from its nearest training row. What is not found here would not be found in the generated rows either.",
            short(calibrated.usual)
        )),
        Block::Table(table),
    ]
}
