//! Writing a report as files in a folder.

use std::path::Path;

use attractor_data::write_atomically;

#[cfg(feature = "parquet")]
use crate::parquet;
use crate::report::{Block, Report};
use crate::{Result, Table};

impl Report {
    /// Writes `results.json`, `results.csv`, `report.md` and `report.html` into a folder. Each other table
    /// with keys is also written as `NAME.csv`, each figure as `NAME.svg`, `NAME.png` and
    /// `NAME.csv`, and each grid of images as `NAME.png`.
    ///
    /// # Errors
    /// A figure that cannot be drawn; errors of the file system.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let text = |name: &str, text: &str| {
            write_atomically(&folder.join(name), |file| file.write_all(text.as_bytes()))
        };
        let json = self.json();
        write_atomically(&folder.join("results.json"), |file| {
            serde_json::to_writer_pretty(&mut *file, &json)?;
            writeln!(file)
        })?;
        let table = |name: &str, table: &Table| -> Result<()> {
            text(&format!("{name}.csv"), &table.csv())?;
            #[cfg(feature = "parquet")]
            write_atomically(&folder.join(format!("{name}.parquet")), |file| {
                file.write_all(&parquet::bytes(table).map_err(std::io::Error::other)?)
            })?;
            Ok(())
        };
        table("results", &self.results)?;
        for block in &self.blocks {
            match block {
                Block::Table(of) if of.is_kept() => table(&of.name, of)?,
                Block::Figure(of) => {
                    of.figure.write(folder, of.name)?;
                    table(of.name, &of.numbers)?;
                }
                Block::Images(of) => of.picture.write_png(&folder.join(format!("{}.png", of.name)))?,
                _ => {}
            }
        }
        text("report.md", &self.markdown())?;
        text("report.html", &self.html()?)?;
        Ok(())
    }
}
