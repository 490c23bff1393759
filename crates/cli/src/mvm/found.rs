//! Asking an archive for skycells.

use anyhow::Context;
use astro_coords::{Angle, Coverage, SkyCoord, SkyPolygon, SkyShape};
use hst_fits::MvmName;
use mast_client::{Cell, Cone, Criteria, Observation, Product, Query, unique_files};

use crate::archive::{Place, Session, chained};
use crate::console::Console;
use crate::table::{Column, Table, Values};

/// Where, how large, and of which instruments.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) at: SkyCoord,
    /// Along right ascension and declination.
    pub(crate) size: (Angle, Angle),
    /// `acs`, `wfc3` ...
    pub(crate) instruments: Vec<String>,
    /// The choice of hapcut_utils: by the middle of the skycell, without cos(dec).
    pub(crate) by_center: bool,
}

impl Wanted {
    /// Half of the diagonal, in whole arcsec upwards.
    pub(crate) fn radius(&self) -> Angle {
        let (width, height) = self.size;
        let half = width.arcsec().hypot(height.arcsec()) / 2.0;
        Angle::from_arcsec((half - 1e-6).ceil().max(1.0))
    }

    /// The rectangle, as a polygon on the sky; a circle where it has no sides.
    fn shape(&self) -> SkyShape {
        let (half_width, half_height) = (self.size.0.degrees() / 2.0, self.size.1.degrees() / 2.0);
        let corner = |x: f64, y: f64| {
            let (dx, dy) = (x * half_width, y * half_height);
            let angle = Angle::from_degrees(dx.atan2(dy).to_degrees());
            self.at.offset(angle, Angle::from_degrees(dx.hypot(dy)))
        };
        let corners = [corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0)];
        let cone = Cone { center: self.at, radius: self.radius() };
        SkyPolygon::new(&corners).map_or_else(|| cone.into(), SkyShape::Polygon)
    }

    /// What of it an observation holds.
    fn coverage(&self, observation: &Observation, shape: &SkyShape) -> Option<Coverage> {
        if self.by_center {
            let near = |value: Option<f64>, middle: f64, size: Angle| {
                value.is_some_and(|value| (value - middle).abs() <= size.degrees())
            };
            let (ra, dec) = (observation.s_ra.copied(), observation.s_dec.copied());
            let held = near(ra, self.at.ra.degrees(), self.size.0)
                && near(dec, self.at.dec.degrees(), self.size.1);
            return held.then_some(Coverage::Maybe(f64::NAN));
        }
        // A footprint that cannot be read excludes nothing: the pixels will tell.
        match observation.footprint() {
            Ok(footprint) => Some(footprint.coverage_of(shape)).filter(|c| *c != Coverage::No),
            Err(_) => Some(Coverage::Maybe(f64::NAN)),
        }
    }
}

/// A file of a layer of a skycell.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) product: Product,
    name: MvmName,
    /// Share of the place that the footprint holds.
    share: f64,
}

/// The layers of skycells that hold a part of the place, one row a file, by name.
pub(crate) fn search(
    wanted: &Wanted,
    place: &Place,
    console: &Console,
) -> anyhow::Result<Vec<Found>> {
    let archive = place.open(&Session::default(), console)?;
    let criteria = Criteria::new()
        .any_of("obs_collection", ["HST"])
        .any_of("project", ["HAP"])
        .any_of("provenance_name", ["HAP-MVM"])
        .any_of("dataproduct_type", ["image"]);
    let cone = Cone { center: wanted.at, radius: wanted.radius() };
    let query = Query { cone: Some(cone), criteria, columns: Vec::new() };
    let answer = archive.find(&query).map_err(chained)?;
    for warning in &answer.warnings {
        console.detail(&format!("in the archive's answer: {warning}"));
    }
    let shape = wanted.shape();
    let held: Vec<(Observation, f64)> = answer
        .rows
        .into_iter()
        .filter(|row| row.obs_id.text().starts_with("hst_skycell"))
        .filter_map(|row| {
            let share = match wanted.coverage(&row, &shape)? {
                Coverage::Yes => 1.0,
                Coverage::Maybe(share) => share,
                Coverage::No => return None,
            };
            Some((row, share))
        })
        .collect();
    let ids: Vec<_> = held.iter().filter_map(|(row, _)| row.obsid.copied()).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let products = unique_files(archive.list(&ids).map_err(chained)?.rows);
    let share_of = |product: &Product| {
        let of = |(row, _): &&(Observation, f64)| {
            row.obsid == product.parent_obsid || row.obsid == product.obsid
        };
        held.iter().find(of).map_or(f64::NAN, |(_, share)| *share)
    };
    let mut found: Vec<Found> = products
        .into_iter()
        .filter_map(|product| {
            let name: MvmName = product.product_filename.text().parse().ok()?;
            let of_instrument = wanted.instruments.is_empty()
                || wanted.instruments.iter().any(|i| name.instrument.eq_ignore_ascii_case(i));
            let share = share_of(&product);
            of_instrument.then_some(Found { product, name, share })
        })
        .collect();
    found.sort_by(|a, b| a.product.product_filename.text().cmp(b.product.product_filename.text()));
    Ok(found)
}

impl Found {
    /// The archive's columns in its order, then what the name and the footprint tell.
    pub(crate) fn table(found: &[Self]) -> anyhow::Result<Table> {
        use mast_client::Row;
        let mut columns = Vec::new();
        for column in Product::COLUMNS {
            let cells: Vec<_> = found.iter().map(|f| f.product.cell(column.name)).collect();
            if cells.iter().all(Option::is_none) && !found.is_empty() {
                continue;
            }
            let values = match column.kind {
                mast_client::Kind::Integer => {
                    Values::Int(cells.iter().map(|c| c.as_ref().and_then(integer)).collect())
                }
                _ => Values::Text(
                    cells
                        .iter()
                        .map(|c| c.as_ref().map_or_else(String::new, ToString::to_string))
                        .collect(),
                ),
            };
            columns.push(Column { name: column.name.into(), unit: None, description: "", values });
        }
        let names = found.iter().map(|f| &f.name);
        let text =
            |get: &dyn Fn(&MvmName) -> String| Values::Text(names.clone().map(get).collect());
        let int = |get: &dyn Fn(&MvmName) -> i64| {
            Values::Int(names.clone().map(|n| Some(get(n))).collect())
        };
        let of_name: [(&'static str, &'static str, Values); 8] = [
            ("projcell", "projection cell", int(&|n| n.cell.projection.id().into())),
            ("xcell", "column of the skycell", int(&|n| n.cell.x.into())),
            ("ycell", "row of the skycell", int(&|n| n.cell.y.into())),
            ("instrument", "instrument", text(&|n| n.instrument.to_uppercase())),
            ("detector", "detector", text(&|n| n.detector.to_uppercase())),
            ("filter", "filter", text(&|n| n.filter.to_uppercase())),
            (
                "scale",
                "fine: 0.04 arcsec a pixel, coarse: 0.12",
                text(&|n| format!("{:?}", n.scale).to_lowercase()),
            ),
            (
                "exposure",
                "the exposure, of a layer of one",
                text(&|n| n.exposure.clone().unwrap_or_default()),
            ),
        ];
        for (name, description, values) in of_name {
            columns.push(Column { name: name.into(), unit: None, description, values });
        }
        columns.push(Column {
            name: "overlap_frac".into(),
            unit: None,
            description: "share of the place within the footprint",
            values: Values::Float(found.iter().map(|f| f.share).collect()),
        });
        let mut table = Table { columns, ..Table::default() };
        let rows = table.rows();
        anyhow::ensure!(rows == found.len(), "a table of {rows} rows");
        table.meta.insert("software".into(), concat!("hst ", env!("CARGO_PKG_VERSION")).into());
        let command: Vec<String> = std::env::args().collect();
        table.meta.insert("command".into(), serde_json::to_value(command).context("command")?);
        Ok(table)
    }
}

fn integer(cell: &Cell<'_>) -> Option<i64> {
    match cell {
        Cell::Integer(value) => Some(*value),
        _ => None,
    }
}
