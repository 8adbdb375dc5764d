//! CSV tables: what is read, what is guessed and said, and what is refused with the option that settles it.
#![allow(missing_docs)]

use attractor::message::Argument;
use attractor_data::{LabelColumn, ReadOptions, Rows};

/// The rows of a table, its labels, and the number of notes.
type Opened = (Vec<Vec<f64>>, Option<Vec<String>>, usize);

/// Writes a table and opens it.
fn open(text: &[u8], reading: &ReadOptions) -> attractor_data::Result<Opened> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.csv");
    std::fs::write(&path, text).expect("written");
    let rows = Rows::open(&path, reading)?;
    let notes = rows.head().notes.len();
    let table = rows.all()?;
    let numbers = table.floats::<f64>().outer_iter().map(|row| row.to_vec()).collect();
    Ok((numbers, table.labels().map(<[String]>::to_vec), notes))
}

fn usual() -> ReadOptions {
    ReadOptions::default()
}

/// Every way of writing one table gives it, with the labels that it has. Where something was guessed, a note says so.
#[test]
fn tables_are_read_as_people_write_them() {
    let numbers = vec![vec![0.5, 0.25, 3.0], vec![1.0, -2.0, 1e-3]];
    let none: &[&str] = &[];
    let animals = ["cat", "dog"];
    let cases: &[(&str, &[u8], &[&str], usize)] = &[
        ("plain", b".5,.25,3\n1,-2,1e-3\n", none, 0),
        ("semicolons", b".5;.25;3\n1;-2;1e-3", none, 0),
        ("tabs", b".5\t.25\t3\r\n1\t-2\t1e-3\r\n", none, 0),
        ("ends of old Macs", b".5,.25,3\r1,-2,1e-3\r", none, 0),
        ("blank lines", b".5,.25,3\n\n1,-2,1e-3\n\n\n", none, 0),
        ("a byte order mark", b"\xef\xbb\xbf.5,.25,3\n1,-2,1E-3\n", none, 0),
        ("Excel's first line", b"sep=;\n.5;.25;3\n1;-2;1e-3\n", none, 0),
        ("names", b"a,b,c\n.5,.25,3\n1,-2,1e-3\n", none, 0),
        ("numbered names, as pandas without an index", b"0,1,2\n.5,.25,3\n1,-2,1e-3\n", none, 1),
        ("numpy.savetxt with a header and a footer", b"# a,b,c\n.5,.25,3\n1,-2,1e-3\n# end\n", none, 0),
        ("labels in front", b"label,a,b,c\ncat,.5,.25,3\ndog,1,-2,1e-3\n", &animals, 0),
        ("labels behind, under a name", b"a,b,c,species\n.5,.25,3,cat\n1,-2,1e-3,dog\n", &animals, 0),
        ("text in the middle", b"a,b,kind,c\n.5,.25,cat,3\n1,-2,dog,1e-3\n", &animals, 1),
        ("text in front, no names", b"cat,.5,.25,3\ndog,1,-2,1e-3\n", &animals, 1),
        ("class numbers under a name", b"a,b,c,target\n.5,.25,3,007\n1,-2,1e-3,8\n", &["007", "8"], 0),
        ("the index of pandas", b",a,b,c\n0,.5,.25,3\n1,1,-2,1e-3\n", &["0", "1"], 1),
        ("a separator in a quoted name", b"\"width; cm\",b,c\n.5,.25,3\n1,-2,1e-3\n", none, 0),
        (
            "a separator in quoted labels",
            b"\"cat; big\",.5,.25,3\n\"dog, small\",1,-2,1e-3\n",
            &["cat; big", "dog, small"],
            1,
        ),
        (
            "quotes and spaces",
            b"\"label\",\"a\",\"b\",\"c\"\n\"cat\",\" .5\",\".25\",\"3\"\ndog, 1,-2 ,1e-3\n",
            &animals,
            0,
        ),
    ];
    for (name, text, labels, notes) in cases {
        let (found, its_labels, its_notes) = open(text, &usual()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(found, numbers, "{name}");
        assert_eq!(its_labels.unwrap_or_default(), *labels, "{name}");
        assert_eq!(its_notes, *notes, "{name}");
    }
    // NaN is a number that a mask of cues may need.
    assert!(open(b"1,nan\n2,3\n", &usual()).expect("a table").0[0][1].is_nan());
    // Digits of class numbers of 64 bits, and of padded ones, stay.
    let (_, labels, _) = open(b"x,label\n1,9007199254740993\n2,0042\n", &usual()).expect("a table");
    assert_eq!(labels.expect("labels"), ["9007199254740993", "0042"]);
}

/// What can be read in two ways is refused, with the option that settles it; so is what is no number, with its place.
#[test]
fn what_is_no_table_of_numbers_is_refused_with_its_place() {
    let (header, column) = (Argument::option("header"), Argument::option("label-column"));
    let cases: &[(&str, &str, &[Argument])] = &[
        ("1,2\n3\n", "1 fields in line 2 after 2", &[]),
        ("1,2\n3,x\n", "'x' in line 2, column 2", &[]),
        ("0,5;1\n2;3\n", "'0,5' in line 1, column 1", &[]),
        ("1,2\n\"1,000\",4\n", "'1,000' in line 2, column 1", &[]),
        ("a,b\n", "a header without rows", &[]),
        ("a,b\nc,d\n", "text in columns 1, 2", &[column]),
        ("1 2\n3 4\n", "'1 2' in line 1", &[]),
        ("1,x,3\n4,5,6\n", "'x' in line 1, column 2, above numbers", &[header]),
        ("cat,big,1\ndog,small,2\n", "text in columns 1, 2", &[column]),
        ("name,class,x\na,b,1\n", "names of labels in columns 1, 2", &[column]),
        // A header of numbers above whole numbers might be a row.
        ("0,1,2\n2,1,2\n1,0,1\n", "names of columns or a row", &[header]),
        ("0,1\n.3,.4\n", "names of columns or a row", &[header]),
        (
            "0,.5\n1,.25\n2,.3\n",
            "counts the rows",
            &[Argument::set("label-column", "1"), Argument::set("label-column", "none")],
        ),
        // Missing values, in any place and spelling, and never a column of labels.
        ("1,2,\n3,4,5\n", "a missing value, '' in line 1, column 3", &[Argument::Known]),
        ("1,2\n3,NA\n", "a missing value, 'NA' in line 2, column 2", &[Argument::Known]),
        ("1,NA\n3,NA\n", "a missing value, 'NA' in line 1, column 2", &[Argument::Known]),
        ("a,b\n1,?\n3,?\n", "a missing value, '?' in line 2, column 2", &[Argument::Known]),
        ("a,b,c\n1,2,None\n3,4,5\n", "a missing value, 'None' in line 2, column 3", &[Argument::Known]),
        ("NA,1.5\nNA,2\n5,4\n", "a missing value, 'NA' in line 1, column 1", &[Argument::Known]),
    ];
    for (text, says, arguments) in cases {
        let error = open(text.as_bytes(), &usual()).expect_err(text);
        assert!(error.to_string().contains(says), "{text:?}: {error}");
        assert_eq!(error.arguments(), *arguments, "{text:?}: {error}");
    }
    assert!(open(&[0xff, 0xfe, b'1', 0, b'\n', 0], &usual()).is_err(), "UTF-16");
}

#[test]
fn options_settle_what_a_table_does_not_say() {
    let header = |header| ReadOptions { header: Some(header), ..usual() };
    let column = |name: &str| ReadOptions { label_column: Some(LabelColumn::Named(name.into())), ..usual() };
    let nowhere = ReadOptions { label_column: Some(LabelColumn::Nowhere), ..usual() };
    let read = |text: &str, reading: &ReadOptions| open(text.as_bytes(), reading).expect("a table");
    let small = "0,1,2\n2,1,2\n1,0,1\n";
    assert_eq!(read(small, &header(true)).0, [[2.0, 1.0, 2.0], [1.0, 0.0, 1.0]]);
    assert_eq!(read(small, &header(false)).0.len(), 3);
    let index = "0,.5\n1,.25\n2,.3\n";
    assert_eq!(read(index, &nowhere).0[1], [1.0, 0.25]);
    let (numbers, labels, _) = read(index, &column("1"));
    assert_eq!(
        (numbers, labels.expect("labels")),
        (vec![vec![0.5], vec![0.25], vec![0.3]], vec!["0".into(), "1".into(), "2".into()])
    );
    let (numbers, labels, _) = read("x,kind,y\n1,7,2\n3,8,4\n", &column("kind"));
    assert_eq!(
        (numbers, labels.expect("labels")),
        (vec![vec![1.0, 2.0], vec![3.0, 4.0]], vec!["7".into(), "8".into()])
    );
    let error = open(b"x,y\n1,2\n", &column("z")).expect_err("no such column").to_string();
    assert!(error.contains("'z'"), "{error}");
    // The first line of a table is a row if the option says so, whatever it looks like.
    assert!(open(b"a,b\n1,2\n", &header(false)).is_err());
}
