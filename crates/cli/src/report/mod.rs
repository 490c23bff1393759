//! The catalog as one page: `hst catalog --report`.
//!
//! The page needs no network and no other file. Everything is in it as text, SVG and small JPEGs; its script only sorts,
//! filters and saves the table.

mod charts;
mod diagrams;
mod html;
mod sections;
mod svg;

use std::io::{self, Write};

use crate::catalog::{Catalog, Portrait};
use crate::table::Table;

/// Sources that get a section of their own; the table has all of them.
pub(crate) const MOST_SECTIONS: usize = 200;

/// What a page is made of.
pub(crate) struct Report<'a> {
    pub(crate) catalog: &'a Catalog,
    /// As it is written elsewhere.
    pub(crate) table: &'a Table,
    /// The file the regions came from.
    pub(crate) regions: &'a str,
    /// What the user was told.
    pub(crate) messages: &'a [String],
}

impl Report<'_> {
    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let title = format!("{} \u{2013} hst catalog", self.regions);
        writeln!(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
        writeln!(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
        // An empty icon, so that no browser asks for one.
        writeln!(out, "<link rel=\"icon\" href=\"data:,\">")?;
        writeln!(out, "<title>{}</title>", html::escape(&title))?;
        writeln!(out, "<style>\n{}</style>\n</head>\n<body>", include_str!("page.css"))?;
        writeln!(out, "<a class=\"skip\" href=\"#table\">Skip to the table</a>")?;
        self.summary(out)?;
        self.warnings(out)?;
        self.table(out)?;
        diagrams::write(self, out)?;
        sections::write(self, out)?;
        self.images(out)?;
        self.provenance(out)?;
        writeln!(out, "<script>\n{}</script>\n</body>\n</html>", include_str!("page.js"))
    }

    /// The best portrait of a source in a specification: on the first image that entered its row.
    fn portrait(&self, source: usize, spec: usize) -> Option<&Portrait> {
        let row = self.catalog.rows.iter().find(|row| row.source == source && row.spec == spec)?;
        let image = *row.images.first()?;
        self.catalog.portraits.iter().find(|p| p.source == source && p.image == image)
    }
}
