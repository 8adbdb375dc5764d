//! Options for reading that none of the files has a use for are refused, since they would do nothing.

use std::path::Path;

use attractor::message::Argument;

use super::{Bytes, Format, ReadOptions, array_name, unpacked};
use crate::error::{Error, Result};

impl ReadOptions {
    /// Refuses options that none of these files has a use for. One set of options may serve several files, such as those of a memory and of its
    /// cues, so an option is refused only if it concerns none of them.
    ///
    /// Sizes, colours and backgrounds concern PNG and JPEG pictures; headers concern CSV tables, and columns of labels those of Parquet and Arrow
    /// files, too; shapes and layouts concern every
    /// file. Files that are missing, and pipes, are taken to have a use for everything: reading them says what is wrong.
    ///
    /// # Errors
    /// An option that concerns none of the files, by name.
    pub fn concern(&self, files: &[&Path]) -> Result<()> {
        let formats: Vec<Option<Format>> = files.iter().map(|file| format(file)).collect();
        let any = |wanted: Format| formats.iter().any(|found| found.is_none_or(|found| found == wanted));
        let option = Argument::option;
        let of_pictures = [
            (self.resize.is_some(), Argument::Resize),
            (self.grey, Argument::Grey),
            (self.colour, option("colour")),
            (self.background.is_some(), option("background")),
        ];
        let of_csv = [(self.header.is_some(), option("header"))];
        let of_tables = [(self.label_column.is_some(), option("label-column"))];
        let tables = [Format::Csv, Format::Parquet, Format::Arrow];
        let of_all = [(self.shape.is_some(), Argument::Shape), (self.layout.is_some(), Argument::Layout)];
        let groups: [(&[_], bool, _); 4] = [
            (&of_pictures, any(Format::Picture), "PNG or JPEG pictures"),
            (&of_csv, any(Format::Csv), "a CSV table"),
            (&of_tables, tables.into_iter().any(any), "a CSV, Parquet or Arrow table"),
            (&of_all, !files.is_empty(), "a file of rows"),
        ];
        for (options, has_use, expected) in groups {
            if let Some((_, option)) = options.iter().find(|(given, _)| *given && !has_use) {
                let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
                let found = if names.is_empty() { "no file".to_owned() } else { names.join(" and ") };
                return Err(Error::Needless { option: *option, expected, found });
            }
        }
        Ok(())
    }
}

/// The format of a file, if it can be told without using the file up.
fn format(path: &Path) -> Option<Format> {
    let (path, _) = array_name(path);
    let found = std::fs::metadata(&path).ok()?;
    if found.is_dir() {
        // An array of Zarr has no more use for the options than one of NumPy.
        return Some(if super::is_zarr(&path) { Format::Npy } else { Format::Picture });
    }
    if !found.is_file() {
        return None;
    }
    let mut bytes = Bytes::open(&path).ok()?;
    let (start, name) = unpacked(&path, &mut bytes).ok()?;
    // What is no file of rows is a description, which has no use for these options.
    Some(Format::of(&start, &name).unwrap_or(Format::Npy))
}
