//! A report as a single HTML page that loads nothing else.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::report::{Block, Illustration, Images, MOST_ROWS, Report, VERSION};
use crate::{Result, Table};

const STYLE: &str = include_str!("style.css");

impl Report {
    /// The report as one HTML page, which is also well-formed XML.
    ///
    /// # Errors
    /// A figure that cannot be drawn.
    pub fn html(&self) -> Result<String> {
        page(self)
    }

    /// The report as a part of a page, as notebooks show it: well-formed XML without links, scripts and style sheets.
    /// Figures and images are `img` elements whose data stand in the text, so that they are also shown where
    /// drawings within a page are taken out, as in a notebook that is not trusted.
    ///
    /// # Errors
    /// A figure that cannot be drawn.
    pub fn fragment(&self) -> Result<String> {
        let mut body = String::new();
        for block in &self.blocks {
            match block {
                Block::Heading(heading) => {
                    let _ = writeln!(body, "<h3>{}</h3>", escaped(heading));
                }
                Block::Text(words) => {
                    let _ = writeln!(body, "<p>{}</p>", inline(words));
                }
                Block::Table(table) => body += &folded(table),
                Block::Results => body += &folded(&self.results),
                Block::Figure(of) => {
                    let drawn = of.figure.svg()?;
                    body += &picture(&of.alt, &of.caption, "image/svg+xml", drawn.as_bytes());
                }
                Block::Images(of) => body += &picture(&of.alt, &of.caption, "image/png", &of.picture.png()?),
            }
        }
        Ok(format!(
            "<div class=\"attractor-report\">\n<h2>{title}</h2>\n<p>{introduction}</p>\n\
             <p>Again: <code>{command}</code> (seed {seed}, version {VERSION}, {duration})</p>\n\
             <details><summary>Settings</summary>\n<dl>\n{settings}</dl>\n</details>\n{body}</div>\n",
            title = escaped(&self.title),
            introduction = inline(&self.introduction),
            command = escaped(&self.command),
            seed = self.seed,
            duration = self.duration(),
            settings = settings(self),
        ))
    }
}

/// A picture whose data stand in the text.
fn picture(alt: &str, caption: &str, kind: &str, data: &[u8]) -> String {
    format!(
        "<figure>\n<img alt=\"{alt}\" style=\"max-width: 100%; background: white\" \
         src=\"data:{kind};base64,{data}\"/>\n<figcaption>{caption}</figcaption>\n</figure>\n",
        alt = escaped(alt),
        data = BASE64_STANDARD.encode(data),
        caption = inline(caption),
    )
}

/// A table, folded away if it is long.
fn folded(table: &Table) -> String {
    /// So many rows fit on a screen.
    const SCREEN: usize = 30;
    let shown = rows(table);
    match table.rows.len() {
        0..=SCREEN => shown,
        many => format!("<details><summary>{many} rows</summary>\n{shown}</details>\n"),
    }
}

fn page(report: &Report) -> Result<String> {
    let title = escaped(&report.title);
    let mut body = String::new();
    for block in &report.blocks {
        match block {
            Block::Heading(heading) => {
                let _ = writeln!(body, "<h2>{}</h2>", escaped(heading));
            }
            Block::Text(words) => {
                let _ = writeln!(body, "<p>{}</p>", inline(words));
            }
            Block::Table(table) => {
                body += &rows(table);
                if table.rows.len() > MOST_ROWS {
                    let _ = writeln!(body, "<p>{}</p>", link(table, &table.name));
                }
            }
            Block::Results => body += &rows(&report.results),
            Block::Figure(of) => body += &figure(of)?,
            Block::Images(of) => body += &images(of)?,
        }
    }
    Ok(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"generator\" content=\"attractor {VERSION}\"/>\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n\
         <p>{introduction}</p>\n\
         <section class=\"made\" aria-label=\"How this was made\">\n\
         <p>Run it again: <code>{command}</code></p>\n\
         <dl>\n<div><dt>seed</dt><dd>{seed}</dd></div>\n<div><dt>version</dt><dd>{VERSION}</dd></div>\n\
         <div><dt>wall time</dt><dd>{duration}</dd></div>\n</dl>\n\
         <details open=\"open\"><summary>Settings</summary>\n<dl>\n{settings}</dl>\n</details>\n{download}</section>\n\
         {body}</main>\n</body>\n</html>\n",
        introduction = inline(&report.introduction),
        command = escaped(&report.command),
        seed = report.seed,
        duration = report.duration(),
        settings = settings(report),
        download = format_args!("<p>All numbers: {}.</p>\n", download("results.csv", &report.results.csv())),
    ))
}

/// The settings as terms and descriptions of a list.
fn settings(report: &Report) -> String {
    let settings = report.settings.as_object().into_iter().flatten();
    settings
        .map(|(key, value)| {
            let value = match value {
                Value::String(text) => escaped(text),
                value => escaped(&value.to_string().replace(',', ", ")),
            };
            format!("<div><dt>{}</dt><dd>{value}</dd></div>\n", escaped(key))
        })
        .collect()
}

fn figure(of: &Illustration) -> Result<String> {
    let name = escaped(of.name);
    let drawn = of.figure.svg()?;
    // The label is on the group, so that screen readers say it instead of the letters in the drawing.
    Ok(format!(
        "<figure id=\"{name}\">\n<div class=\"drawing\" role=\"img\" aria-label=\"{alt}\" tabindex=\"0\">{drawn}</div>\n\
         <figcaption>{caption}</figcaption>\n\
         <details><summary>Numbers of this figure</summary>\n{numbers}</details>\n</figure>\n",
        alt = escaped(&of.alt),
        caption = inline(&of.caption),
        numbers = rows(&of.numbers) + &format!("<p>{}</p>\n", link(&of.numbers, of.name)),
    ))
}

fn images(of: &Images) -> Result<String> {
    Ok(format!(
        "<figure id=\"{name}\">\n<div class=\"drawing\" tabindex=\"0\"><img alt=\"{alt}\" \
         src=\"data:image/png;base64,{data}\"/></div>\n<figcaption>{caption}</figcaption>\n</figure>\n",
        name = escaped(of.name),
        alt = escaped(&of.alt),
        data = BASE64_STANDARD.encode(of.picture.png()?),
        caption = inline(&of.caption),
    ))
}

fn rows(table: &Table) -> String {
    let mut text = String::new();
    if table.rows.len() > MOST_ROWS {
        let size = format!("{} rows of {} columns", table.rows.len(), table.columns.len());
        return format!("<p>{} {size}.</p>\n", inline(&table.caption));
    }
    text += "<div class=\"table\" tabindex=\"0\">\n<table>\n";
    if !table.caption.is_empty() {
        let _ = writeln!(text, "<caption>{}</caption>", inline(&table.caption));
    }
    let number = |column: usize| {
        let values = || table.rows.iter().filter_map(move |row| row.get(column)?.values.first());
        values().next().is_some() && values().all(Value::is_number)
    };
    let class: Vec<&str> = (0..table.columns.len())
        .map(|column| if number(column) { " class=\"number\"" } else { "" })
        .collect();
    text += "<thead><tr>";
    for (column, class) in table.columns.iter().zip(&class) {
        let _ = write!(text, "<th scope=\"col\"{class}>{}</th>", escaped(&column.heading));
    }
    text += "</tr></thead>\n<tbody>\n";
    for row in &table.rows {
        text += "<tr>";
        for (cell, class) in row.iter().zip(&class) {
            let _ = write!(text, "<td{class}>{}</td>", escaped(&cell.shown));
        }
        text += "</tr>\n";
    }
    text + "</tbody>\n</table>\n</div>\n"
}

fn link(table: &Table, name: &str) -> String {
    download(&format!("{name}.csv"), &table.csv())
}

/// A link that saves a text which is part of the page.
fn download(file: &str, text: &str) -> String {
    let file = escaped(file);
    format!(
        "<a download=\"{file}\" href=\"data:text/csv;base64,{}\">{file}</a>",
        BASE64_STANDARD.encode(text)
    )
}

/// Text as HTML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            // Such characters are not allowed in XML.
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Text with inline code in backticks, as HTML.
fn inline(text: &str) -> String {
    let mut out = String::new();
    for (i, part) in text.split('`').enumerate() {
        let part = escaped(part);
        out += &if i % 2 == 1 { format!("<code>{part}</code>") } else { part };
    }
    out
}
