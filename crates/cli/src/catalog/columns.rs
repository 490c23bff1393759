//! The columns of the catalog: names, units, and what each number contains.

use photometry::calibration::{EncircledTable, R_V, ST_ZERO, extinction};

use super::combine::Row;
use super::statistics;
use super::{Catalog, Encircled, Measurement, Options};
use crate::table::{Column, Table, Values};

/// The columns of a table for which none are asked by name.
pub(crate) fn usual(table: Table) -> Table {
    let Table { columns, meta } = table;
    let usual =
        |column: &Column| !MORE.contains(&&*column.name) && !statistics::is_statistic(&column.name);
    Table { columns: columns.into_iter().filter(usual).collect(), meta }
}

/// Columns that only `--columns` brings.
const MORE: [&str; 16] = [
    "sky_centroid",
    "sky_centroid_hms",
    "exptime_aper",
    "shape",
    "sum_unit",
    "peak",
    "bkg_sum_err",
    "n_masked",
    "n_non_finite",
    "dq",
    "noise_factor",
    "n_uncovered",
    "mag_ab_fainter",
    "mag_ab_brighter",
    "st_zeropoint",
    "mag_st",
];

/// The catalog as a table with all its columns.
pub(crate) fn table(catalog: &Catalog, options: &Options) -> Table {
    let rows = Rows { catalog };
    let unit = catalog.pixel_unit().map(super::PixelUnit::name);
    let mut columns = rows.identity();
    columns.extend(rows.position());
    columns.extend(rows.sums(unit));
    columns.extend(rows.fluxes());
    columns.extend(rows.provenance());
    columns.extend(corrections(&rows, options));
    columns.extend(rows.more());
    if options.statistics {
        columns.extend(rows.statistics());
    }
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
            self.float(
                "snr",
                None,
                "flux_ujy over its error; without calibration, sum over sum_err",
                |row| row.snr,
            ),
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
                |row| row.ab.value,
            ),
            self.float("mag_ab_err", Some("mag"), "standard error, 1.0857 / snr", |row| {
                row.ab.error
            }),
            self.float(
                "mag_ab_lim",
                Some("mag"),
                "AB magnitude of three standard errors of the flux",
                |row| row.ab.limit,
            ),
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
        let place = |row: &Row| row.first.as_ref().and_then(|m| m.centroid_sky);
        let magnitude = Some("mag");
        let unit = self.catalog.pixel_unit().map(super::PixelUnit::name);
        vec![
            self.text("shape", "word of the region format", |row| {
                self.catalog.sources[row.source].shape.to_owned()
            }),
            self.text(
                "sky_centroid",
                "centre of light, ICRS, both in degrees:minutes:seconds",
                |row| place(row).map_or_else(String::new, |at| at.to_sexagesimal_degrees(8)),
            ),
            self.text(
                "sky_centroid_hms",
                "centre of light, ICRS, hours:minutes:seconds degrees:minutes:seconds",
                |row| place(row).map_or_else(String::new, |at| at.to_sexagesimal(5)),
            ),
            self.text("sum_unit", "unit of sum, bkg_sum, bkg_rms, peak", |row| {
                row.unit.map_or_else(String::new, |unit| unit.name().to_owned())
            }),
            self.float("peak", unit, "highest pixel in the aperture", |row| row.peak),
            self.float(
                "noise_factor",
                None,
                "what sum_err has been multiplied by for the correlated noise of drizzled pixels",
                |row| row.noise_factor,
            ),
            self.float(
                "bkg_sum_err",
                unit,
                "standard error of bkg_sum; part of sum_err but for --error empirical",
                |row| row.bkg_sum_err,
            ),
            self.float(
                "exptime_aper",
                Some("s"),
                "mean exposure in the aperture by the weights, of the images together",
                |row| row.depth_s,
            ),
            self.int("n_uncovered", "pixels in the aperture that were not exposed", |row| {
                (!row.images.is_empty()).then(|| count_u64(row.n_uncovered))
            }),
            self.int("n_masked", "pixels in the aperture that --dq-bad rejects", |row| {
                (!row.images.is_empty()).then(|| count_u64(row.n_masked))
            }),
            self.int("n_non_finite", "exposed pixels in the aperture without a value", |row| {
                (!row.images.is_empty()).then(|| count_u64(row.n_non_finite))
            }),
            self.int("dq", "quality bits of all pixels in the aperture together", |row| {
                row.quality.map(i64::from)
            }),
            self.float(
                "mag_ab_fainter",
                magnitude,
                "how much fainter one standard error is; more than mag_ab_err",
                |row| row.ab.fainter,
            ),
            self.float(
                "mag_ab_brighter",
                magnitude,
                "how much brighter one standard error is; less than mag_ab_err",
                |row| row.ab.brighter,
            ),
            self.float(
                "st_zeropoint",
                magnitude,
                "ST magnitude of one image unit per second",
                |row| row.st_zeropoint,
            ),
            self.float(
                "mag_st",
                magnitude,
                "ST magnitude in the aperture; empty where mag_ab is; its error is mag_ab_err",
                mag_st,
            ),
        ]
    }

    /// Of the first image.
    fn statistics(&self) -> Vec<Column> {
        let unit = self.catalog.pixel_unit();
        let column = |statistic: &statistics::Statistic| {
            let value = |row: &Row| {
                let found = row.first.as_ref().and_then(|m| m.statistics.as_ref());
                found.map_or(f64::NAN, |found| (statistic.value)(found))
            };
            self.float(statistic.name, statistic.unit.name(unit), statistic.description, value)
        };
        statistics::ALL.iter().map(column).collect()
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
                (!row.images.is_empty()).then(|| count_u64(row.n_bad))
            }),
            self.float(
                "sum_scatter",
                self.catalog.pixel_unit().map(super::PixelUnit::name),
                "standard deviation of sum from image to image",
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

fn count_u64(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn mag_st(row: &Row) -> f64 {
    if row.ab.value.is_nan() { f64::NAN } else { ST_ZERO - 2.5 * row.flam.log10() }
}

/// The light beyond the aperture of a point source, by the table of encircled energies.
fn ee(catalog: &Catalog, row: &Row, table: &EncircledTable) -> f64 {
    let source = &catalog.sources[row.source];
    let radius = source.radius.arcsec();
    if !source.outline.is_circle() {
        return f64::NAN;
    }
    if let Some(curve) = table.filter(&catalog.specs[row.spec].filter) {
        return curve.share(radius);
    }
    // STScI's tables have their wavelengths in Å or nm.
    let share = table.at_wavelength(row.photplam, radius);
    if share.is_nan() { table.at_wavelength(row.photplam / 10.0, radius) } else { share }
}

/// The columns that `--ee` and `--ebv` add.
fn corrections(rows: &Rows<'_>, options: &Options) -> Vec<Column> {
    let magnitude = Some("mag");
    let mut columns = Vec::new();
    if let Some(Encircled { table, .. }) = &options.ee {
        let share = |row: &Row| ee(rows.catalog, row, table);
        columns.extend([
            rows.float("ee", None, "share of a point source's light in the circle, by --ee", share),
            rows.float(
                "flux_ujy_ee",
                Some("uJy"),
                "flux_ujy over ee: all light of a point source",
                |row| row.flux_ujy / share(row),
            ),
            rows.float("mag_ab_ee", magnitude, "mag_ab + 2.5 lg ee, of a point source", |row| {
                row.ab.value + 2.5 * share(row).log10()
            }),
        ]);
    }
    if let Some(ebv) = options.ebv {
        let dimming = move |row: &Row| extinction(ebv, row.photplam, R_V);
        columns.extend([
            rows.float("a_lambda", magnitude, "extinction at PHOTPLAM for --ebv, R = 3.1", dimming),
            rows.float("mag_ab_0", magnitude, "mag_ab - a_lambda", move |row| {
                row.ab.value - dimming(row)
            }),
        ]);
    }
    columns
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::catalog::flags::WORDS;

    /// The page's rows: first cell and second.
    fn page() -> Option<Vec<(String, String)>> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/columns.md");
        let Ok(text) = std::fs::read_to_string(path) else {
            eprintln!("skipped: the crate stands alone");
            return None;
        };
        let cells = |line: &str| {
            let mut cells = line.strip_prefix("| ")?.split('|').map(str::trim);
            Some((cells.next()?.to_owned(), cells.next()?.to_owned()))
        };
        Some(text.lines().filter_map(cells).collect())
    }

    #[test]
    fn every_column_is_described_with_its_unit() {
        let table = "0.1 0.5\n0.2 0.7\n".parse().expect("a table");
        let options = Options {
            statistics: true,
            ee: Some(Encircled { path: PathBuf::new(), table }),
            ebv: Some(0.1),
            ..Options::default()
        };
        let Some(page) = page() else { return };
        let described: BTreeMap<_, _> = page
            .into_iter()
            .filter_map(|(name, unit)| {
                Some((name.strip_prefix('`')?.strip_suffix('`')?.to_owned(), unit))
            })
            .collect();
        let columns = table_of_nothing(&options);
        for column in &columns {
            let unit = described.get(&*column.name).unwrap_or_else(|| panic!("{}", column.name));
            match column.unit {
                Some(known) => assert_eq!(unit, known, "{}", column.name),
                None => {
                    assert!(unit.is_empty() || unit.starts_with("image unit"), "{}", column.name);
                }
            }
        }
        assert_eq!(described.len(), columns.len(), "a column that is no more");
    }

    fn table_of_nothing(options: &Options) -> Vec<Column> {
        table(&Catalog::default(), options).columns
    }

    #[test]
    fn every_flag_is_described() {
        let Some(page) = page() else { return };
        let described: Vec<u32> = page.iter().filter_map(|(bit, _)| bit.parse().ok()).collect();
        let known: Vec<u32> = WORDS.iter().map(|(flag, _)| flag.bits()).collect();
        assert_eq!(described, known);
    }
}
