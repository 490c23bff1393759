//! The columns of the catalog: names, units, and what each number contains.

use super::combine::Row;
use super::{Catalog, Measurement};
use crate::table::{Column, Table, Values};

/// 3 standard deviations: fainter than this a source has a limit and no magnitude.
const DETECTION_SNR: f64 = 3.0;

/// The columns of a table for which none are asked by name.
pub(crate) fn usual(table: Table) -> Table {
    let Table { columns, meta } = table;
    let usual = |column: &Column| !MORE.contains(&&*column.name);
    Table { columns: columns.into_iter().filter(usual).collect(), meta }
}

/// Columns that only `--columns` brings.
const MORE: [&str; 1] = ["shape"];

/// The catalog as a table with all its columns.
pub(crate) fn table(catalog: &Catalog) -> Table {
    let rows = Rows { catalog };
    let unit = catalog.pixel_unit();
    let mut columns = rows.identity();
    columns.extend(rows.position());
    columns.extend(rows.sums(unit));
    columns.extend(rows.fluxes());
    columns.extend(rows.provenance());
    columns.extend(rows.more());
    Table { columns, meta: serde_json::Map::new() }
}

struct Rows<'a> {
    catalog: &'a Catalog,
}

impl Rows<'_> {
    fn float(
        &self,
        name: &'static str,
        unit: Option<&'static str>,
        description: &'static str,
        value: impl Fn(&Row) -> f64,
    ) -> Column {
        Column {
            name: name.into(),
            unit,
            description,
            values: Values::Float(self.catalog.rows.iter().map(value).collect()),
        }
    }

    fn int(
        &self,
        name: &'static str,
        description: &'static str,
        value: impl Fn(&Row) -> Option<i64>,
    ) -> Column {
        Column {
            name: name.into(),
            unit: None,
            description,
            values: Values::Int(self.catalog.rows.iter().map(value).collect()),
        }
    }

    fn text(
        &self,
        name: &'static str,
        description: &'static str,
        value: impl Fn(&Row) -> String,
    ) -> Column {
        Column {
            name: name.into(),
            unit: None,
            description,
            values: Values::Text(self.catalog.rows.iter().map(value).collect()),
        }
    }

    fn identity(&self) -> Vec<Column> {
        let source = |row: &Row| &self.catalog.sources[row.source];
        let spec = |row: &Row| self.catalog.specs[row.spec].clone();
        vec![
            self.int("region", "number of the region in the file, from 1", |row| {
                Some(source(row).region)
            }),
            self.text("id", "text of the region, else its number", |row| source(row).id.clone()),
            self.text("instrument", "INSTRUME", |row| spec(row).instrument),
            self.text("detector", "DETECTOR", |row| spec(row).detector),
            self.text("filter", "filter", |row| spec(row).filter),
            self.float(
                "ra",
                Some("deg"),
                "position of the region (of a polygon, the centre of its area), ICRS",
                |row| source(row).center.ra.degrees(),
            ),
            self.float(
                "dec",
                Some("deg"),
                "position of the region (of a polygon, the centre of its area), ICRS",
                |row| source(row).center.dec.degrees(),
            ),
            self.float(
                "r_arcsec",
                Some("arcsec"),
                "radius of the circle; of another shape, of a circle of its area",
                |row| source(row).radius.arcsec(),
            ),
            self.int("n_images", "images that entered", |row| Some(count(row.images.len()))),
            self.float("coverage", None, "valid over geometric area of the aperture", |row| {
                row.coverage
            }),
        ]
    }

    fn position(&self) -> Vec<Column> {
        let first =
            |row: &Row, value: fn(&Measurement) -> f64| row.first.as_ref().map_or(f64::NAN, value);
        let sky = |row: &Row, value: fn(astro_coords::SkyCoord) -> f64| {
            row.first.as_ref().and_then(|m| m.centroid_sky).map_or(f64::NAN, value)
        };
        vec![
            self.float(
                "x_centroid",
                Some("pix"),
                "centre of light in the first image, from 0",
                move |row| first(row, |m| m.centroid.x),
            ),
            self.float(
                "y_centroid",
                Some("pix"),
                "centre of light in the first image, from 0",
                move |row| first(row, |m| m.centroid.y),
            ),
            self.float("ra_centroid", Some("deg"), "the same on the sky, ICRS", move |row| {
                sky(row, |place| place.ra.degrees())
            }),
            self.float("dec_centroid", Some("deg"), "the same on the sky, ICRS", move |row| {
                sky(row, |place| place.dec.degrees())
            }),
        ]
    }

    fn sums(&self, unit: Option<&'static str>) -> Vec<Column> {
        vec![
            self.float(
                "sum",
                unit,
                "pixels times their share in the aperture, background subtracted",
                |row| row.sum,
            ),
            self.float("sum_err", unit, "standard error of sum", |row| row.sum_err),
            self.float(
                "sum_aper_area",
                Some("arcsec2"),
                "area of the valid pixels in the aperture",
                |row| row.sum_aper_area,
            ),
            self.float("bkg_sum", unit, "background that was subtracted in the aperture", |row| {
                row.bkg_sum
            }),
            self.float("bkg_rms", unit, "scatter of one pixel of the background there", |row| {
                row.bkg_rms
            }),
        ]
    }

    fn fluxes(&self) -> Vec<Column> {
        let microjansky = Some("uJy");
        let rate = Some("electron / s");
        vec![
            self.float("flux", rate, "count rate in the aperture", |row| row.flux),
            self.float("flux_err", rate, "standard error of flux", |row| row.flux_err),
            self.float("flux_ujy", microjansky, "flux density by PHOTFLAM and PHOTPLAM", |row| {
                row.flux_ujy
            }),
            self.float("flux_ujy_err", microjansky, "standard error of flux_ujy", |row| {
                row.flux_ujy_err
            }),
            self.float("snr", None, "sum over sum_err", snr),
            self.float(
                "ab_zeropoint",
                Some("mag"),
                "AB magnitude of one image unit per second",
                |row| row.ab_zeropoint,
            ),
            self.float(
                "mag_ab",
                Some("mag"),
                "AB magnitude in the aperture; empty below S/N 3",
                mag_ab,
            ),
            self.float("mag_ab_err", Some("mag"), "1.0857 sum_err / sum", mag_ab_err),
            self.float("mag_ab_lim", Some("mag"), "AB magnitude of 3 sum_err", mag_ab_lim),
            self.float("photflam", Some("erg / (Angstrom cm2 electron)"), "PHOTFLAM", |row| {
                row.photflam
            }),
            self.float("photplam", Some("Angstrom"), "PHOTPLAM, the pivot wavelength", |row| {
                row.photplam
            }),
        ]
    }

    /// Those that a table has only when they are asked for.
    fn more(&self) -> Vec<Column> {
        vec![self.text("shape", "word of the region format", |row| {
            self.catalog.sources[row.source].shape.to_owned()
        })]
    }

    fn provenance(&self) -> Vec<Column> {
        let names = |row: &Row| {
            let name = |&image: &usize| self.catalog.images[image].name.clone();
            row.images.iter().map(name).collect::<Vec<_>>().join(";")
        };
        vec![
            self.float("exptime", Some("s"), "exposure time of the images together", |row| {
                row.exptime
            }),
            self.float("mjd", Some("d"), "start of exposure, mean of the images", |row| row.mjd),
            self.int("n_bad", "pixels in the aperture that are masked or not numbers", |row| {
                (!row.images.is_empty()).then(|| i64::try_from(row.n_bad).unwrap_or(i64::MAX))
            }),
            self.float(
                "sum_scatter",
                self.catalog.pixel_unit(),
                "standard deviation from image to image",
                |row| row.sum_scatter,
            ),
            self.int("flags", "bits of photutils 3.1 and ours, of all images", |row| {
                Some(i64::from(row.flags))
            }),
            self.text("images", "files that entered", names),
        ]
    }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn snr(row: &Row) -> f64 {
    row.sum / row.sum_err
}

/// The magnitude, unless the error is known and says that nothing was detected.
fn mag_ab(row: &Row) -> f64 {
    if row.sum_err.is_nan() || snr(row) >= DETECTION_SNR { row.mag_ab } else { f64::NAN }
}

fn mag_ab_err(row: &Row) -> f64 {
    if mag_ab(row).is_nan() { f64::NAN } else { 2.5 / std::f64::consts::LN_10 / snr(row) }
}

fn mag_ab_lim(row: &Row) -> f64 {
    super::AB_MAG_OF_UJY - 2.5 * (DETECTION_SNR * row.flux_ujy_err).log10()
}
