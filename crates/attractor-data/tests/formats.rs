//! Tests every reader with files from the usual programs (see `fixtures/make.py`), and with damaged files.

use std::path::{Path, PathBuf};

use attractor::message::Argument;
use attractor_data::{Dtype, Layout, NpyWriter, NpzWriter, ReadOptions, Rows, read, read_bytes, write_npy};
use ndarray::{Array2, array, s};
use proptest::prelude::*;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn plain(name: &str) -> attractor_data::Result<attractor_data::Table> {
    read(&fixture(name), &ReadOptions::default())
}

/// 0, 1, 2, … by rows.
fn count(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| (i * columns + j) as f64)
}

#[test]
fn arrays_of_every_type_and_order() {
    for name in ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u2", "u4", "u8", "big"] {
        let table = plain(&format!("{name}.npy")).expect(name);
        assert_eq!(table.floats::<f64>(), count(4, 6), "{name}");
    }
    let table = plain("u1.npy").expect("bytes");
    assert_eq!((table.dtype(), table.floats::<f64>()), (Dtype::U8, count(4, 6) / 255.0));
    let table = plain("bool.npy").expect("bools");
    assert_eq!((table.dtype(), table.floats::<f64>()), (Dtype::Bool, count(4, 6).mapv(|v| v % 2.0)));
    assert_eq!(plain("fortran.npy").expect("columns first").floats::<f64>(), count(2, 12));
    assert_eq!(plain("vector.npy").expect("a vector").floats::<f64>(), count(1, 24));
    let shape = |name| plain(name).expect(name).shape().expect("images").to_string();
    assert_eq!((shape("chw.npy").as_str(), shape("hwc.npy").as_str()), ("3x4x5", "4x5x3"));
    for name in ["complex", "text", "objects"] {
        let refusal = plain(&format!("{name}.npy")).expect_err(name).to_string();
        assert!(refusal.contains("float, integer or bool"), "{refusal}");
    }
}

#[test]
fn named_arrays() {
    assert_eq!(plain("one.npz").expect("one array").floats::<f64>(), count(4, 6));
    assert_eq!(plain("two.npz:a").expect("a named array").floats::<f64>(), count(4, 6));
    assert_eq!(plain("two.npz:b.npy").expect("another").floats::<f64>(), Array2::<f64>::ones((2, 2)));
    assert_eq!(plain("two.safetensors").expect("patterns").floats::<f64>(), count(4, 6));
    assert_eq!(plain("two.safetensors:a").expect("a").floats::<f64>(), Array2::<f64>::ones((2, 2)));
    for name in ["two.npz", "two.npz:c", "two.safetensors:c"] {
        let refusal = plain(name).expect_err(name).to_string();
        assert!(refusal.contains("behind a colon") || refusal.contains("behind the colon"), "{refusal}");
    }
    assert!(plain("f4.npy:a").expect_err("no archive").to_string().contains("leave the name away"));
}

#[test]
fn idx_with_the_labels_beside_it() {
    let table = plain("two-images-idx3-ubyte").expect("images");
    assert_eq!(table.floats::<f64>(), count(2, 12) / 255.0);
    assert_eq!(table.labels().expect("labels"), ["7", "3"]);
    assert_eq!(table.shape().expect("images").to_string(), "3x4");
    assert_eq!(plain("floats-idx2.gz").expect("floats").floats::<f64>(), count(4, 6));
}

#[test]
fn cifar() {
    let table = plain("two.bin.gz").expect("CIFAR-10");
    assert_eq!(table.labels().expect("classes"), ["cat", "truck"]);
    let expected = Array2::from_shape_fn((2, 3072), |(r, i)| ((i * [4, 10][r]) % 256) as f64 / 255.0);
    assert_eq!(table.floats::<f64>(), expected);
}

#[test]
fn arrays_of_zarr() {
    let same = [
        "v3-plain",
        "v3-gzip",
        "v3-zstd",
        "v3-dots",
        "v3-big",
        "v2-plain",
        "v2-zlib",
        "v2-zstd",
        "v2-columns",
    ];
    for name in same.iter().map(|name| format!("zarr/{name}")).chain(["zarr/group/a".into()]) {
        assert_eq!(plain(&name).expect(&name).floats::<f64>(), count(4, 6), "{name}");
    }
    let images = plain("zarr/images").expect("images");
    assert_eq!((images.dtype(), images.shape().expect("images").to_string().as_str()), (Dtype::U8, "3x4"));
    assert_eq!(images.numbers::<f64>(), count(2, 12));
    let vector = plain("zarr/vector").expect("a vector");
    assert_eq!((vector.dtype(), vector.floats::<f64>()), (Dtype::Integer, count(1, 24)));
    let mut filled = Array2::from_elem((4, 6), 2.5);
    filled.row_mut(0).assign(&count(1, 6).row(0));
    assert_eq!(plain("zarr/filled").expect("fill values").floats::<f64>(), filled);
    for (name, words) in [
        ("v3-blosc", "'blosc'"),
        ("v3-shards", "'sharding_indexed'"),
        ("complex", "'complex64'"),
        ("group", "arrays a, b"),
    ] {
        let refusal = plain(&format!("zarr/{name}")).expect_err(name).to_string();
        assert!(refusal.contains(words), "{name}: {refusal}");
    }
}

/// A copy of a Zarr array in which some text of its description is replaced, and one chunk.
fn changed_zarr(
    name: &str,
    from: &str,
    to: &str,
    chunk: Option<&[u8]>,
) -> attractor_data::Result<attractor_data::Table> {
    let folder = tempfile::tempdir().expect("a folder");
    let says = std::fs::read_to_string(fixture(name).join("zarr.json")).expect("a description");
    let (head, tail) = says.split_once(from).unwrap_or_else(|| panic!("{from} in {says}"));
    std::fs::write(folder.path().join("zarr.json"), format!("{head}{to}{tail}")).expect("written");
    let own = std::fs::read(fixture(name).join("c/0/0")).expect("a chunk");
    std::fs::create_dir_all(folder.path().join("c/0")).expect("a folder");
    std::fs::write(folder.path().join("c/0/0"), chunk.unwrap_or(&own)).expect("written");
    read(folder.path(), &ReadOptions::default())
}

#[test]
fn damaged_arrays_of_zarr_are_refused() {
    let refusal = |from: &str, to: &str, chunk: Option<&[u8]>| {
        changed_zarr("zarr/v3-gzip", from, to, chunk).expect_err(to).to_string()
    };
    let rows = "\"shape\": [\n    4,";
    // Sizes that lie: too many rows, chunks of petabytes, more chunks than can be, and rows without any chunk.
    assert!(refusal(rows, "\"shape\": [\n 1152921504606846976,", None).contains("fits in memory"));
    assert!(
        refusal("\"chunk_shape\": [\n        3,", "\"chunk_shape\": [\n 1125899906842624,", None)
            .contains("4 GiB")
    );
    assert!(refusal("\"chunk_shape\": [\n        3,", "\"chunk_shape\": [\n 0,", None).contains("4 GiB"));
    assert!(refusal(rows, "\"shape\": [\n 1125899906842624,", None).contains("no file of 1001 chunks"));
    assert!(refusal("float32", "r5", None).contains("'r5'"));
    assert!(refusal("{", "", None).contains("damaged zarr.json"));
    let short = refusal("float32", "float32", Some(&[1, 2, 3]));
    assert!(short.contains("a chunk of 48 bytes"), "{short}");
    let plain = changed_zarr("zarr/v3-plain", "float32", "float32", Some(&[0; 49]))
        .expect_err("49 bytes")
        .to_string();
    assert!(plain.contains("48 bytes, found more"), "{plain}");
}

/// What the other formats of tables need is tested in `columns.rs`, with the features.
#[cfg(not(any(feature = "arrow", feature = "parquet")))]
#[test]
fn formats_that_are_left_out_say_which_feature_they_need() {
    for (name, feature) in
        [("embeddings.parquet", "parquet"), ("embeddings.feather", "arrow"), ("embeddings.arrow", "arrow")]
    {
        let refusal = plain(&format!("tables/{name}")).expect_err(name).to_string();
        assert!(refusal.contains(&format!("needs the feature {feature}")), "{refusal}");
    }
}

#[test]
fn flat_indexes_of_faiss() {
    for name in ["l2", "ip", "l1", "lp", "ids"] {
        let table = plain(&format!("faiss/{name}.faiss")).expect(name);
        assert_eq!((table.dtype(), table.floats::<f64>()), (Dtype::F32, count(4, 6)), "{name}");
        let ids = ["7", "-3", "1099511627776", "9"].map(String::from);
        assert_eq!(table.labels(), (name == "ids").then_some(&ids[..]), "{name}");
    }
    assert_eq!(plain("faiss/empty.faiss").expect("no rows").rows(), 0);
    for (name, words) in
        [("hnsw", "a graph (HNSW)"), ("ivf", "an inverted file (IVF)"), ("binary", "binary vectors")]
    {
        let refusal = plain(&format!("faiss/{name}.faiss")).expect_err(name).to_string();
        assert!(refusal.contains(words) && refusal.contains("reconstruct_n"), "{refusal}");
    }
    let refusal = |at: usize, value: &[u8]| {
        let mut bytes = std::fs::read(fixture("faiss/ids.faiss")).expect("a fixture");
        bytes[at..at + value.len()].copy_from_slice(value);
        read_bytes("ids.faiss", bytes, &ReadOptions::default()).expect_err("a damaged index").to_string()
    };
    // Letters in another order, sizes that lie or contradict each other, identifiers that are not as many.
    assert!(refusal(0, b"pMxI").contains("big-endian"));
    assert!(refusal(0, b"IxXX").contains("reconstruct_n"));
    assert!(refusal(4, &(-6_i32).to_le_bytes()).contains("-6 units"));
    assert!(refusal(8, &(1_i64 << 60).to_le_bytes()).contains("in the map"));
    assert!(refusal(37, b"IxMp").contains("a map around a map"));
    assert!(refusal(74, &(1_u64 << 60).to_le_bytes()).contains("1152921504606846976 numbers"));
    assert!(refusal(178, &5_u64.to_le_bytes()).contains("5 identifiers"));
}

fn picture(height: usize, width: usize, channels: usize) -> Array2<f64> {
    let value = |unit: usize| {
        let (pixel, c) = (unit / channels, unit % channels);
        (20 * (pixel / width) + 10 * (pixel % width) + 60 * c) % 256
    };
    Array2::from_shape_fn((1, height * width * channels), |(_, unit)| value(unit) as f64)
}

#[test]
fn pictures() {
    let bytes = |name: &str| plain(name).expect(name).floats::<f64>() * 255.0;
    let close = |a: &Array2<f64>, b: &Array2<f64>| (a - b).iter().all(|d| d.abs() < 1e-9);
    for name in ["colour.png", "palette.png", "opaque.png"] {
        assert!(close(&bytes(name), &picture(6, 5, 3)), "{name}");
        assert_eq!(plain(name).expect(name).shape().expect("a picture").layout, Layout::Hwc);
    }
    assert!(close(&bytes("sixteen.png"), &picture(6, 5, 1)));
    let error = plain("transparent.png").expect_err("alpha");
    assert_eq!(error.arguments(), [Argument::option("background")], "{error}");
    let error = plain("damaged-palette.png").expect_err("a palette of 4 bytes").to_string();
    assert!(error.contains("damaged-palette.png") && error.contains("damaged"), "{error}");

    let table = plain("pictures").expect("a folder");
    assert_eq!(table.labels().expect("names"), ["a.png", "b.png", "deep/c.png"]);
    assert_eq!(table.shape().expect("pictures").to_string(), "6x5");
    let rows = table.floats::<f64>() * 255.0;
    assert!(close(&rows.slice(s![1..2, ..]).to_owned(), &picture(6, 5, 1)));

    // Decoders of JPEG may differ by rounding in the inverse transform and in the colours: by one each.
    for name in ["colour", "grey"] {
        let ours = bytes(&format!("{name}.jpg"));
        let pillow =
            bytes(&format!("{name}-jpg.npy")).into_shape_with_order(ours.dim()).expect("as many pixels");
        let worst = (&ours - &pillow).iter().fold(0.0_f64, |w, d| w.max(d.abs()));
        assert!(worst <= 2.5, "{name}: {worst}");
    }
}

#[test]
fn pictures_change_size_and_colour_only_when_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    for (from, to) in [("colour.png", "a.png"), ("grey.jpg", "b.jpg")] {
        std::fs::copy(fixture(from), folder.path().join(to)).expect("a copy");
    }
    let open = |reading: &ReadOptions| read(folder.path(), reading);
    let refused = |reading: &ReadOptions, found: &str, arguments: &[Argument]| {
        let error = open(reading).expect_err("two forms");
        assert_eq!(error.arguments(), arguments, "{error}");
        assert!(error.to_string().contains(found), "{error}");
    };
    // One message says all that is needed.
    let (colour, background) = (Argument::option("colour"), Argument::option("background"));
    refused(
        &ReadOptions::default(),
        "2 pictures: 2 sizes, 1 grey and 1 in colour",
        &[Argument::Resize, Argument::Grey, colour],
    );
    refused(&ReadOptions { grey: true, ..ReadOptions::default() }, "2 sizes", &[Argument::Resize]);
    std::fs::copy(fixture("half.png"), folder.path().join("c.png")).expect("a copy");
    refused(
        &ReadOptions { resize: Some((4, 4)), ..ReadOptions::default() },
        "3 pictures: 2 grey and 1 in colour, 1 with transparent pixels",
        &[Argument::Grey, colour, background],
    );
    let all = ReadOptions {
        resize: Some((4, 4)),
        colour: true,
        background: Some([255; 3]),
        ..ReadOptions::default()
    };
    assert_eq!(open(&all).expect("one form").columns(), 48);
    std::fs::remove_file(folder.path().join("c.png")).expect("removed");
    let table =
        open(&ReadOptions { grey: true, resize: Some((4, 4)), ..ReadOptions::default() }).expect("one size");
    assert_eq!((table.rows(), table.columns()), (2, 16));
    // A picture of one colour stays unchanged.
    let flat = folder.path().join("flat.png");
    attractor_data::write_png(&flat, 9, 7, 1, &[100; 63]).expect("a picture");
    let small =
        read(&flat, &ReadOptions { resize: Some((3, 4)), ..ReadOptions::default() }).expect("resized");
    assert!(small.floats::<f64>().iter().all(|v| (v * 255.0 - 100.0).abs() < 1e-9));
}

/// A pixel of opacity a is a parts of its own value and 1 − a of the background.
#[test]
fn transparent_pixels_are_put_on_a_background() {
    let on = |background| {
        let reading = ReadOptions { background: Some(background), ..ReadOptions::default() };
        read(&fixture("half.png"), &reading).expect("a picture")
    };
    let grey = picture(6, 5, 1);
    let white = on([255; 3]);
    assert_eq!(white.shape().expect("a picture").to_string(), "6x5");
    for (unit, (&found, &own)) in white.floats::<f64>().iter().zip(&grey).enumerate() {
        let expected = if unit % 5 == 4 { (own * 128.0 + 255.0 * 127.0) / 255.0 } else { own };
        assert!((found * 255.0 - expected).abs() <= 0.5, "unit {unit}: {found}, {expected}");
    }
    // A grey picture on a background in colour is one in colour.
    assert_eq!(on([255, 0, 0]).shape().expect("a picture").to_string(), "6x5x3");
}

/// The scene of `make.py`: bright above, a little brighter at the left.
#[test]
fn pictures_of_cameras_are_turned_upright() {
    for name in ["sideways.jpg", "sideways.png"] {
        let table = plain(name).expect(name);
        assert_eq!(table.shape().expect("a picture").to_string(), "16x24", "{name}");
        let pixels = table.floats::<f64>();
        for (y, x) in (0..16).flat_map(|y| (0..24).map(move |x| (y, x))) {
            let expected = f64::from(if y < 8 { 200 } else { 0 } + if x < 8 { 50 } else { 0 });
            // JPEG at quality 95.
            assert!((pixels[[0, 24 * y + x]] * 255.0 - expected).abs() < 4.0, "{name}: {y}, {x}");
        }
    }
}

#[test]
fn rows_come_in_batches_and_in_any_layout() {
    for name in [
        "f4.npy",
        "fortran.npy",
        "two.bin.gz",
        "header.csv",
        "pictures",
        "one.npz",
        "zarr/v2-columns",
        "zarr/v3-zstd",
        "two-images-idx3-ubyte",
        "faiss/ids.faiss",
    ] {
        let whole = plain(name).expect(name);
        let mut rows = Rows::open(&fixture(name), &ReadOptions::default()).expect(name);
        let mut at = 0;
        while let Some(batch) = rows.next_batch(1).expect(name) {
            assert_eq!(batch.floats::<f64>(), whole.to_floats::<f64>(at..at + 1), "{name}");
            assert_eq!(batch.labels(), whole.labels().map(|l| &l[at..at + 1]));
            at += 1;
        }
        assert_eq!(at, whole.rows(), "{name}");
    }
    // A shape that contradicts that of the file is refused.
    for (name, shape) in [("colour.png", "3x6x5"), ("colour.png", "9x10"), ("chw.npy", "4x5x3")] {
        let reading = ReadOptions { shape: shape.parse().ok(), ..ReadOptions::default() };
        assert!(Rows::open(&fixture(name), &reading).is_err(), "{name} as {shape}");
    }
    // In a picture the colours of a pixel lie together; here they come one after the other.
    let chw = "3x6x5".parse().expect("a shape");
    let rows = Rows::open(&fixture("colour.png"), &ReadOptions::default()).expect("a picture");
    let table = rows.laid_out_as(Some(chw)).all().expect("rows");
    let value = |u: usize| (20 * (u % 30 / 5) + 10 * (u % 5) + 60 * (u / 30)) % 256;
    let expected = Array2::from_shape_fn((1, 90), |(_, u)| value(u) as f64 / 255.0);
    assert_eq!(table.floats::<f64>(), expected);
}

#[test]
fn what_is_written_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let (npy, npz) = (folder.path().join("a.npy"), folder.path().join("a.npz"));
    let values = count(5, 3);
    let mut writer = NpyWriter::<f64>::create(&npy, 5, 3).expect("a file");
    let mut archive = NpzWriter::create::<f64>(&npz, "states", 5, 3).expect("a file");
    for rows in [0..2, 2..2, 2..5] {
        let rows = values.slice(s![rows, ..]);
        writer.append(rows).expect("written");
        archive.append(rows).expect("written");
    }
    archive.add("memory", array![1_i64, -1, 3].view());
    writer.finish().expect("written");
    archive.finish().expect("written");
    let read = |path: &Path| read(path, &ReadOptions::default()).expect("readable").floats::<f64>();
    assert_eq!(read(&npy), values);
    assert_eq!(read(&folder.path().join("a.npz:states")), values);
    assert_eq!(read(&folder.path().join("a.npz:memory")), array![[1.0, -1.0, 3.0]]);
    write_npy(&npy, array![[7_u8]].view()).expect("written over");
    assert_eq!(read(&npy), array![[7.0 / 255.0]]);
    // A writer that is dropped half-way leaves the old file and nothing else.
    drop(NpyWriter::<f64>::create(&npy, 5, 3).expect("a file"));
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 2);
}

#[test]
fn truncated_and_longer_files_are_refused() {
    let names = [
        "f4.npy",
        "two-images-idx3-ubyte",
        "one.npz",
        "two.safetensors",
        "two.bin.gz",
        "faiss/l2.faiss",
        "faiss/ids.faiss",
        "colour.png",
        "colour.jpg",
        "floats-idx2.gz",
    ];
    for name in names {
        let bytes = std::fs::read(fixture(name)).expect(name);
        for part in [0, 1, 7, bytes.len() / 2, bytes.len() - 1] {
            let short = read_bytes(name, bytes[..part].to_vec(), &ReadOptions::default());
            // A JPEG without its last byte lacks only the end marker.
            let forgivable = name == "colour.jpg" && part == bytes.len() - 1;
            assert!(short.is_err() || forgivable, "{name}: {part} of {} bytes", bytes.len());
        }
    }
    for name in ["f4.npy", "two-images-idx3-ubyte", "faiss/l2.faiss", "faiss/ids.faiss"] {
        let mut bytes = std::fs::read(fixture(name)).expect(name);
        bytes.push(0);
        let refusal = read_bytes(name, bytes, &ReadOptions::default()).expect_err(name).to_string();
        assert!(refusal.contains("more"), "{refusal}");
    }
    // A head that claims 10¹⁵ numbers.
    let mut head =
        b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f8', 'fortran_order': False, 'shape': (40000000, 40000000), }"
            .to_vec();
    head.resize(127, b' ');
    head.push(b'\n');
    for name in ["a.npy", "a.npy.gz"] {
        assert!(read_bytes(name, head.clone(), &ReadOptions::default()).is_err());
    }
    for shape in ["(0, 9223372036854775808)", "(0, 4611686018427387904)", "(3, 0)"] {
        let mut head = b"\x93NUMPY\x01\x00".to_vec();
        let text = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n");
        head.extend_from_slice(&(text.len() as u16).to_le_bytes());
        head.extend_from_slice(text.as_bytes());
        let read = read_bytes("a.npy", head, &ReadOptions::default());
        assert!(read.is_err() || shape == "(3, 0)", "{shape}");
    }
    // One changed bit of an archive is found by its checksum.
    for name in ["one.npz", "two.npz:a"] {
        let (file, array) = name.split_once(':').unwrap_or((name, ""));
        let folder = tempfile::tempdir().expect("a folder");
        let mut bytes = std::fs::read(fixture(file)).expect(name);
        // Inside of the first entry, behind its 128 bytes of head and its name.
        bytes[if file == "one.npz" { 120 } else { 200 }] ^= 1;
        std::fs::write(folder.path().join(file), bytes).expect("written");
        let path = folder.path().join(if array.is_empty() { file.into() } else { format!("{file}:{array}") });
        assert!(read(&path, &ReadOptions::default()).is_err(), "{name}");
    }
    // Sixty thousand brackets.
    let mut deep = b"\x93NUMPY\x01\x00".to_vec();
    deep.extend_from_slice(&60_000_u16.to_le_bytes());
    deep.resize(60_010, b'[');
    assert!(
        read_bytes("a.npy", deep, &ReadOptions::default()).expect_err("brackets").to_string().len() < 300
    );
}

/// Example files, one for every reader.
const SEEDS: [&str; 12] = [
    "f4.npy",
    "fortran.npy",
    "two.npz",
    "one.npz",
    "two.safetensors",
    "two-images-idx3-ubyte",
    "two.bin.gz",
    "faiss/lp.faiss",
    "faiss/ids.faiss",
    "header.csv",
    "colour.png",
    "colour.jpg",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    /// Any bytes give rows or an error, and every row is as wide as announced.
    #[test]
    fn no_reader_panics(
        seed in 0..SEEDS.len(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in proptest::option::of(any::<prop::sample::Index>()),
        noise in proptest::collection::vec(any::<u8>(), 0..64),
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
        let _ = read_bytes(name, noise, &ReadOptions::default());
        if let Ok(table) = read_bytes(name, bytes, &ReadOptions::default()) {
            prop_assert_eq!(table.floats::<f32>().ncols(), table.columns());
        }
    }
}
