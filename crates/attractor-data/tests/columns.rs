//! Parquet and Arrow files, as pyarrow writes them (see `fixtures/tables/make.py`), and damaged ones.
#![cfg(all(feature = "arrow", feature = "parquet"))]

use std::path::{Path, PathBuf};

use attractor::message::Argument;
use attractor_data::{Dtype, LabelColumn, ReadOptions, Rows, Table, read, read_bytes};
use ndarray::{Array2, array};
use proptest::prelude::*;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tables").join(name)
}

fn plain(name: &str) -> attractor_data::Result<Table> {
    read(&fixture(name), &ReadOptions::default())
}

fn labelled(name: &str, column: &str) -> attractor_data::Result<Table> {
    let label_column = Some(match column {
        "none" => LabelColumn::Nowhere,
        name => LabelColumn::Named(name.into()),
    });
    read(&fixture(name), &ReadOptions { label_column, ..ReadOptions::default() })
}

#[test]
fn a_column_of_vectors_is_all_units() {
    let expected = Array2::from_shape_fn((5, 3), |(row, unit)| (3 * row + unit) as f64);
    for name in ["embeddings.parquet", "fixed.parquet", "embeddings.feather", "embeddings.arrow"] {
        let table = plain(name).expect(name);
        assert_eq!((table.dtype(), table.floats::<f64>()), (Dtype::F32, expected.clone()), "{name}");
        assert_eq!(table.labels().expect("labels"), ["one", "two", "three", "four", "five"], "{name}");
        // Batches cross the groups of rows, which are of two.
        let mut rows = Rows::open(&fixture(name), &ReadOptions::default()).expect(name);
        let notes: Vec<String> = rows.head().notes.iter().map(ToString::to_string).collect();
        assert!(
            notes.iter().any(|note| note.contains("the vectors are column 'vector'; left out: 'key'")),
            "{notes:?}"
        );
        for part in [0..3, 3..4, 4..5] {
            let batch = rows.next_batch(part.len()).expect(name).expect("rows");
            assert_eq!(batch.floats::<f64>(), expected.slice(ndarray::s![part, ..]), "{name}");
        }
        // Labels by name and by number, and none.
        let keys = labelled(name, "key").expect(name);
        assert_eq!(keys.labels().expect("keys"), ["10", "20", "30", "40", "50"]);
        assert_eq!(labelled(name, "1").expect(name).labels(), keys.labels());
        assert!(labelled(name, "none").expect(name).labels().is_none());
        // Columns that are chosen come in their order.
        let chosen = plain(&format!("{name}:vector,key")).expect(name).floats::<f64>();
        assert_eq!(chosen.row(2).to_vec(), [6.0, 7.0, 8.0, 30.0], "{name}");
        assert_eq!(plain(&format!("{name}:key")).expect(name).dtype(), Dtype::Integer);
    }
}

#[test]
fn columns_of_numbers_are_units() {
    for name in ["numbers.parquet", "numbers.feather"] {
        let table = plain(name).expect(name);
        let expected = Array2::from_shape_fn((3, 11), |(row, column)| match column {
            10 => [1.0, 0.0, 1.0][row],
            _ => row as f64,
        });
        assert_eq!((table.dtype(), table.floats::<f64>()), (Dtype::F64, expected), "{name}");
        assert_eq!(table.labels().expect("labels"), ["a", "b", "a"], "{name}");
        let rows = Rows::open(&fixture(name), &ReadOptions::default()).expect(name);
        let names = rows.head().names.clone().expect("names of units");
        assert_eq!((names.len(), names[0].as_str(), names[10].as_str()), (11, "int8", "yes"));
        let of = |columns: &str| plain(&format!("{name}:{columns}")).expect(name).dtype();
        let types = [of("float,halffloat"), of("yes"), of("int8,uint64"), of("int8,float")];
        assert_eq!(types, [Dtype::F32, Dtype::Bool, Dtype::Integer, Dtype::F64], "{name}");
    }
    for name in ["bytes.parquet", "bytes.feather"] {
        let table = plain(name).expect(name);
        assert_eq!(table.dtype(), Dtype::U8);
        assert_eq!(table.numbers::<f64>(), array![[1.0, 255.0], [2.0, 0.0]], "{name}");
    }
}

#[test]
fn what_cannot_be_rows_is_refused_in_a_sentence() {
    let cases = [
        ("gaps", "missing one in row 2, column 'a'"),
        ("lists-with-gaps", "missing one in row 1, column 'v'"),
        ("no-list", "row 1"),
        ("uneven", "1 in row 2"),
        ("times", "column 'when' of times"),
        ("nested", "column 's' of structures"),
        ("lists-of-lists", "column 'v' of lists of"),
        ("two-texts", "'a', 'b'"),
        ("two-vectors", "'v', 'w'"),
        ("large", "2^63"),
        ("embeddings:other", "key, text, vector"),
        ("embeddings:text", "column 'text' of texts"),
        ("embeddings:key,key", "'key' twice"),
    ];
    for ending in ["parquet", "feather"] {
        for (name, words) in cases {
            let (file, columns) = name.split_once(':').unwrap_or((name, ""));
            let colon = if columns.is_empty() { "" } else { ":" };
            let refusal = plain(&format!("{file}.{ending}{colon}{columns}")).expect_err(name).to_string();
            assert!(refusal.contains(words) && !refusal.contains('\n'), "{name}.{ending}: {refusal}");
        }
        assert_eq!(plain(&format!("no-rows.{ending}")).expect("no rows").rows(), 0);
        // A choice of columns leaves the others out.
        let chosen = plain(&format!("times.{ending}:a")).expect("a column");
        assert_eq!(chosen.floats::<f64>(), array![[1.0], [2.0]]);
        let both = format!("embeddings.{ending}:key");
        let refusal = labelled(&both, "key").expect_err("a label and a number");
        assert_eq!(refusal.arguments(), [Argument::set("label-column", "none")], "{refusal}");
    }
}

const SEEDS: [&str; 8] = [
    "embeddings.parquet",
    "fixed.parquet",
    "numbers.parquet",
    "bytes.parquet",
    "embeddings.feather",
    "embeddings.arrow",
    "numbers.feather",
    "bytes.feather",
];

#[test]
fn truncated_files_are_refused() {
    for name in SEEDS {
        let bytes = std::fs::read(fixture(name)).expect(name);
        let whole = plain(name).expect(name);
        for part in [4, 8, 12, bytes.len() / 4, bytes.len() / 2, bytes.len() * 3 / 4] {
            let cut = read_bytes(name, bytes[..part].to_vec(), &ReadOptions::default());
            // A stream without its end is one of fewer batches.
            let fewer =
                cut.as_ref().is_ok_and(|table| table.rows() < whole.rows() && name.ends_with("arrow"));
            assert!(cut.is_err() || fewer, "{name}: {part} of {} bytes", bytes.len());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    /// Any bytes give rows or an error.
    #[test]
    fn no_reader_panics(
        seed in 0..SEEDS.len(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let name = SEEDS[seed];
        let mut bytes = std::fs::read(fixture(name)).expect("a fixture");
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(table) = read_bytes(name, bytes, &ReadOptions::default()) {
            prop_assert_eq!(table.floats::<f32>().dim(), (table.rows(), table.columns()));
        }
    }
}
