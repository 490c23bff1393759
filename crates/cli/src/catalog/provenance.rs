//! What travels with a catalog so that it can be repeated and judged.

use std::path::Path;

use serde_json::{Map, Value, json};

use astro_coords::Angle;
use clap::ValueEnum;
use photometry::BackgroundOptions;

use super::{Catalog, Combine, Options, RingSize, Subtract, Sum, ZeroPoint};

/// Version, command line, inputs with their sizes and checksums, and every option in force.
pub(crate) fn provenance(
    regions: &Path,
    options: &Options,
    catalog: &Catalog,
) -> Map<String, Value> {
    let mut meta = Map::new();
    meta.insert("software".into(), json!(concat!("hst ", env!("CARGO_PKG_VERSION"))));
    meta.insert("command".into(), json!(std::env::args().collect::<Vec<_>>()));
    meta.insert("regions".into(), file(regions));
    meta.insert(
        "images".into(),
        catalog.images.iter().map(|image| image.provenance.clone()).collect(),
    );
    meta.insert("options".into(), describe(options));
    meta.insert("summary".into(), super::summary(catalog));
    meta.insert("not_corrected".into(), json!(NOT_CORRECTED));
    meta
}

const NOT_CORRECTED: &str =
    "light outside the aperture (encircled energy), extinction, charge transfer";

/// Name, size and CRC-32 of a small input file.
fn file(path: &Path) -> Value {
    let bytes = std::fs::read(path).unwrap_or_default();
    let mut crc = flate2::Crc::new();
    crc.update(&bytes);
    json!({"file": path.display().to_string(), "bytes": bytes.len(), "crc32": format!("{:08x}", crc.sum())})
}

fn describe(options: &Options) -> Value {
    json!({
        "background": background(&options.background),
        "mask_regions": options.mask_growth,
        "mask_detected": options.mask_detected,
        "radii_arcsec": options.radii.iter().map(|radius| radius.arcsec()).collect::<Vec<_>>(),
        "sum": match options.sum {
            Sum::Exact => json!("exact"),
            Sum::Center => json!("center"),
            Sum::Subpixel(n) => json!({"subpixel": n}),
        },
        "sky_shape": options.sky_shape.to_possible_value().map(|value| value.get_name().to_owned()),
        "combine": match options.combine {
            Combine::Weighted => "weighted",
            Combine::Mean => "mean",
            Combine::None => "none",
        },
        "min_coverage": options.min_coverage,
        "zeropoint": match options.zero_point {
            ZeroPoint::Exact => json!("exact"),
            ZeroPoint::Notebook => json!("notebook"),
            ZeroPoint::Magnitude(magnitude) => json!(magnitude),
        },
        "error": options.error.to_possible_value().map(|value| value.get_name().to_owned()),
        "wht": options.wht,
        "wht_type": options.wht_type.to_possible_value().map(|value| value.get_name().to_owned()),
        "rms": options.rms,
        "dq": options.dq,
        "dq_bad": options.dq_bad,
        "ee": options.ee.as_ref().map(|ee| file(&ee.path)),
        "ebv": options.ebv,
        "bunit": options.bunit,
        "spec": options.specs.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn background(subtract: &Subtract) -> Value {
    match subtract {
        Subtract::None => json!("none"),
        Subtract::Regions => json!("regions"),
        Subtract::Annulus(RingSize::Times(factors)) => {
            json!({"kind": "annulus", "times_the_region": factors})
        }
        Subtract::Annulus(RingSize::Radii(radii)) => {
            json!({"kind": "annulus", "radii_arcsec": radii.map(Angle::arcsec)})
        }
        Subtract::Mesh(options) => mesh("mesh", options),
        Subtract::Local(options, reach) => {
            let mut described = mesh("local", options);
            described["reach_boxes"] = json!(reach);
            described
        }
    }
}

fn mesh(kind: &str, options: &BackgroundOptions) -> Value {
    json!({
        "kind": kind,
        "box": options.box_size,
        "filter": options.filter_size,
        "exclude": options.exclude.to_string(),
    })
}
