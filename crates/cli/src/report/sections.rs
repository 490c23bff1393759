//! The parts of the page.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::charts::{class, energy_distribution, growth};
use super::html::{escape, number, ratio, shell, with_error};
use super::{MOST_SECTIONS, Report};
use crate::catalog::{Portrait, Row, Stamp, flag_words};
use crate::table::{Column, Values};

/// One section a source.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let sources = &report.catalog.sources;
    writeln!(out, "<section id=\"sources\"><h2>Sources</h2>")?;
    if sources.len() > MOST_SECTIONS {
        writeln!(out, "<p>The first {MOST_SECTIONS} of {}; the table has all.</p>", sources.len())?;
    }
    for source in 0..sources.len().min(MOST_SECTIONS) {
        one(report, source, out)?;
    }
    writeln!(out, "</section>")
}

fn one(report: &Report<'_>, index: usize, out: &mut dyn Write) -> io::Result<()> {
    let catalog = report.catalog;
    let source = &catalog.sources[index];
    writeln!(
        out,
        "<article id=\"s{index}\"><h3>{} <small>{} at {} \u{b7} r\u{a0}=\u{a0}{}\u{2033}</small></h3>",
        escape(&source.id),
        source.shape,
        escape(&source.center.to_sexagesimal(2)),
        number(source.radius.arcsec())
    )?;
    writeln!(out, "<div class=\"source\"><div class=\"filters\">")?;
    let order = catalog.by_wavelength();
    for (place, spec) in order.iter().enumerate() {
        let rows = catalog.rows.iter().filter(|row| row.source == index && row.spec == *spec);
        let Some(row) = rows.clone().next() else { continue };
        let label = &catalog.specs[*spec];
        writeln!(
            out,
            "<div class=\"filter\"><h4><i class=\"dot {}\"></i>{} <small>{} {}</small></h4>",
            class(place, order.len()),
            escape(&label.filter),
            escape(&label.instrument),
            escape(&label.detector)
        )?;
        if let Some(portrait) = report.portrait(index, *spec) {
            stamps(report, portrait, &label.filter, out)?;
        }
        numbers(row, out)?;
        writeln!(out, "</div>")?;
    }
    writeln!(out, "</div><div class=\"charts\">")?;
    if let Some(svg) = energy_distribution(report, index) {
        writeln!(out, "<figure><figcaption>Energy distribution</figcaption>{svg}</figure>")?;
    }
    if let Some(svg) = growth(report, index) {
        writeln!(out, "<figure><figcaption>Growth</figcaption>{svg}</figure>")?;
    }
    writeln!(out, "</div></div></article>")
}

fn stamps(
    report: &Report<'_>,
    portrait: &Portrait,
    filter: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let id = &report.catalog.sources[portrait.source].id;
    let image = &report.catalog.images[portrait.image].name;
    writeln!(out, "<div class=\"stamps\">")?;
    let side = number(portrait.side_arcsec);
    stamp(
        &portrait.stamp,
        &format!("{id} in {filter}"),
        &format!("{image}, {side}\u{2033} wide"),
        out,
    )?;
    match &portrait.background {
        Some(found) => {
            let title = format!(
                "background from {} to {}",
                number(found.limits[0]),
                number(found.limits[1])
            );
            stamp(found, &format!("background of {id} in {filter}"), &title, out)?;
        }
        None => writeln!(out, "<span class=\"none\">no background map</span>")?,
    }
    writeln!(out, "</div>")
}

fn stamp(stamp: &Stamp, alt: &str, title: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<img src=\"data:image/jpeg;base64,{}\" width=\"{side}\" height=\"{side}\" alt=\"{}\" title=\"{}\">",
        STANDARD.encode(&stamp.jpeg),
        escape(alt),
        escape(title),
        side = stamp.side
    )
}

/// What was measured, in words.
fn numbers(row: &Row, out: &mut dyn Write) -> io::Result<()> {
    let magnitude = if row.ab.value.is_nan() {
        format!("&gt; {}", number(row.ab.limit))
    } else {
        with_error(row.ab.value, row.ab.error)
    };
    writeln!(out, "<dl><dt>AB mag</dt><dd>{magnitude}</dd>")?;
    writeln!(out, "<dt>\u{b5}Jy</dt><dd>{}</dd>", with_error(row.flux_ujy, row.flux_ujy_err))?;
    writeln!(out, "<dt>S/N</dt><dd>{}</dd>", ratio(row.snr))?;
    writeln!(
        out,
        "<dt>images</dt><dd>{}, {} % covered</dd></dl>",
        row.images.len(),
        number(100.0 * row.coverage)
    )?;
    let words = flag_words(row.flags);
    if !words.is_empty() {
        writeln!(out, "<p class=\"flags\">{}</p>", escape(&words.join("; ")))?;
    }
    Ok(())
}

impl Report<'_> {
    pub(super) fn summary(&self, out: &mut dyn Write) -> io::Result<()> {
        let catalog = self.catalog;
        let uncovered = catalog.uncovered().len();
        writeln!(out, "<header><h1>{}</h1>", escape(self.regions))?;
        writeln!(out, "<ul class=\"facts\">")?;
        let measured = catalog.sources.len() - uncovered;
        writeln!(out, "<li><b>{measured}</b> of {} regions measured</li>", catalog.sources.len())?;
        writeln!(out, "<li><b>{}</b> images</li>", catalog.images.len())?;
        writeln!(out, "<li><b>{}</b> filters", catalog.specs.len())?;
        let names: Vec<_> = catalog
            .by_wavelength()
            .iter()
            .map(|spec| catalog.specs[*spec].filter.clone())
            .collect();
        writeln!(out, " <span>{}</span></li>", escape(&names.join(", ")))?;
        let seconds: f64 =
            catalog.images.iter().map(|i| i.exposure_s).filter(|s| s.is_finite()).sum();
        writeln!(out, "<li><b>{}</b> s exposed</li></ul>", number(seconds))?;
        writeln!(
            out,
            "<nav><a href=\"#table\">Table</a> <a href=\"#diagrams\">Diagrams</a> <a href=\"#sources\">Sources</a> <a href=\"#images\">Images</a> <a href=\"#provenance\">Provenance</a></nav></header>\n<main>"
        )
    }

    pub(super) fn warnings(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.messages.is_empty() {
            return Ok(());
        }
        writeln!(out, "<section id=\"warnings\"><h2>What to know</h2><ul>")?;
        for text in self.messages {
            writeln!(out, "<li>{}</li>", escape(text))?;
        }
        writeln!(out, "</ul></section>")
    }

    pub(super) fn table(&self, out: &mut dyn Write) -> io::Result<()> {
        let stem = self.regions.rsplit_once('.').map_or(self.regions, |(stem, _)| stem);
        writeln!(out, "<section id=\"table\"><h2>Catalog</h2>\n<div class=\"tools\">")?;
        writeln!(
            out,
            "<label>Filter <input type=\"search\" id=\"filter\" placeholder=\"id, filter, file \u{2026}\"></label>"
        )?;
        writeln!(out, "<output id=\"shown\" for=\"filter\"></output>")?;
        writeln!(
            out,
            "<button type=\"button\" id=\"csv\" data-name=\"{}.csv\">Download CSV</button></div>",
            escape(stem)
        )?;
        writeln!(
            out,
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"catalog\"><table>\n<thead><tr>"
        )?;
        for column in &self.table.columns {
            writeln!(
                out,
                "<th scope=\"col\" aria-sort=\"none\" title=\"{}\"><button type=\"button\">{}</button><small>{}</small></th>",
                escape(column.description),
                escape(&column.name),
                escape(column.unit.unwrap_or(""))
            )?;
        }
        writeln!(out, "</tr></thead>\n<tbody>")?;
        for row in 0..self.table.rows() {
            write!(out, "<tr>")?;
            for column in &self.table.columns {
                cell(column, row, out)?;
            }
            writeln!(out, "</tr>")?;
        }
        writeln!(out, "</tbody></table></div></section>")
    }

    pub(super) fn images(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "<section id=\"images\"><h2>Images</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"images\"><table><thead><tr><th scope=\"col\">file</th><th scope=\"col\">specification</th><th scope=\"col\">exposure (s)</th><th scope=\"col\">start (MJD)</th><th scope=\"col\">AB zero point</th><th scope=\"col\">entered for</th></tr></thead><tbody>"
        )?;
        for (index, image) in self.catalog.images.iter().enumerate() {
            let rows = self.catalog.rows.iter().filter(|row| row.images.contains(&index)).count();
            writeln!(
                out,
                "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{rows} of {} regions</td></tr>",
                escape(&image.name),
                escape(&image.spec.to_string()),
                number(image.exposure_s),
                if image.mjd.is_nan() { number(f64::NAN) } else { format!("{:.4}", image.mjd) },
                number(image.calibration.ab_zeropoint),
                self.catalog.sources.len()
            )?;
        }
        writeln!(out, "</tbody></table></div></section>")
    }

    pub(super) fn provenance(&self, out: &mut dyn Write) -> io::Result<()> {
        let meta = serde_json::to_string_pretty(&self.table.meta).unwrap_or_default();
        writeln!(out, "<section id=\"provenance\"><h2>Provenance</h2>")?;
        writeln!(
            out,
            "<p>To repeat it:</p><pre class=\"command\">{}</pre>",
            escape(&shell(std::env::args()))
        )?;
        writeln!(
            out,
            "<details><summary>Inputs and every option in force</summary><pre>{}</pre></details></section>",
            escape(&meta)
        )?;
        writeln!(out, "</main><footer>hst {}</footer>", env!("CARGO_PKG_VERSION"))
    }
}

/// A cell shows what a person reads, and holds what a program does.
fn cell(column: &Column, row: usize, out: &mut dyn Write) -> io::Result<()> {
    match (&column.values, column.values.cell(row)) {
        (_, None) => write!(out, "<td class=\"n\" data-v=\"\">\u{2013}</td>"),
        (Values::Text(_), Some(text)) => write!(out, "<td>{}</td>", escape(&text)),
        (Values::Int(_), Some(text)) => write!(out, "<td class=\"n\">{text}</td>"),
        (Values::Float(values), Some(text)) => {
            let shown = match column.unit {
                // Degrees need more digits than others to tell anything.
                Some("deg") => format!("{:.6}", values[row]),
                Some("d") => format!("{:.4}", values[row]),
                // Points of one column below each other.
                Some("pix") => format!("{:.2}", values[row]),
                Some("mag") => format!("{:.4}", values[row]),
                _ => number(values[row]),
            };
            write!(out, "<td class=\"n\" data-v=\"{text}\">{shown}</td>")
        }
    }
}
