//! A report as Markdown.

use std::fmt::Write as _;

use crate::Table;
use crate::report::{Block, MOST_ROWS, Report, VERSION};
use crate::table::without_controls;

/// Width of a line of text, in characters.
const LINE: usize = 110;

impl Report {
    /// The report as Markdown.
    pub fn markdown(&self) -> String {
        page(self)
    }

    /// The report in short, for a terminal: what was done, and the first table as far as it fits on a screen.
    pub fn summary(&self) -> String {
        /// Rows of the table that are shown.
        const MOST: usize = 30;
        let mut text = format!("# {}\n\n{}", self.title, wrapped(&made(self)));
        let first = self.blocks.iter().find_map(|block| match block {
            Block::Table(table) => Some(table),
            Block::Results => Some(&self.results),
            _ => None,
        });
        if let Some(table) = first.filter(|table| !table.rows.is_empty()) {
            let shown = Table { rows: table.rows.iter().take(MOST).cloned().collect(), ..table.clone() };
            text.push('\n');
            text += &rows(&shown);
            if table.rows.len() > MOST {
                let _ = writeln!(text, "\n{} more rows are in the report.", table.rows.len() - MOST);
            }
        }
        text
    }
}

/// What was done, with which seed and version, how long it took, and the command that does it again.
fn made(report: &Report) -> String {
    format!(
        "{} Seed {}, version {VERSION}, {}. Again: {}.",
        report.introduction,
        report.seed,
        report.duration(),
        fenced(&report.command)
    )
}

fn page(report: &Report) -> String {
    let mut text = format!("# {}\n\n{}", literal(&report.title), wrapped(&made(report)));
    for block in &report.blocks {
        text.push('\n');
        match block {
            Block::Heading(heading) => {
                let _ = writeln!(text, "## {heading}");
            }
            Block::Text(words) => text += &wrapped(words),
            Block::Table(table) => text += &rows(table),
            Block::Results => text += &rows(&report.results),
            Block::Figure(of) => {
                let _ = write!(text, "![{}]({}.svg)\n\n{}", of.alt, of.name, wrapped(&of.caption));
            }
            Block::Images(of) => {
                let _ = write!(text, "![{}]({}.png)\n\n{}", of.alt, of.name, wrapped(&of.caption));
            }
        }
    }
    text
}

/// The name of a file or folder in a text of a report: as code, so that no character of it is markup.
pub fn code(name: &str) -> String {
    format!("`{}`", without_controls(name).replace('`', "\u{2019}"))
}

/// Text without markup.
fn literal(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>') {
            out.push('\\');
        }
        out.push(if c.is_control() { '\u{fffd}' } else { c });
    }
    out
}

/// Text as code, with more backticks around it than there are in it.
fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if longest > 0 { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// Breaks text into lines of at most [`LINE`] characters. Inline code is not broken.
pub(super) fn wrapped(words: &str) -> String {
    let mut text = String::new();
    let mut length = 0;
    let mut code = false;
    for word in words.split_whitespace() {
        let count = word.chars().count();
        if length > 0 {
            let full = length + 1 + count > LINE && !code;
            text.push(if full { '\n' } else { ' ' });
            length = if full { 0 } else { length + 1 };
        }
        text += word;
        length += count;
        code ^= word.matches('`').count() % 2 == 1;
    }
    text + "\n"
}

fn rows(table: &Table) -> String {
    // Cells may hold names from files, of which nothing is markup.
    let cell = |text: &str| without_controls(text).replace('|', "\\|").replace('<', "\\<");
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = String::new();
    if !table.caption.is_empty() {
        text += &wrapped(&table.caption);
        text.push('\n');
    }
    if table.rows.len() > MOST_ROWS {
        return text + &wrapped(&format!("{} rows: `{}.csv`.", table.rows.len(), table.name));
    }
    text += &line(table.columns.iter().map(|c| cell(&c.heading)).collect());
    let _ = writeln!(text, "|{}", "---|".repeat(table.columns.len()));
    for row in &table.rows {
        text += &line(row.iter().map(|c| cell(&c.shown)).collect());
    }
    text
}
