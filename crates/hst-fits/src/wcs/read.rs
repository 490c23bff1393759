use astro_coords::Frame;

use super::allsky::AllSky;
use super::distortion::Distortion;
use super::error::{Result, WcsError};
use super::keywords::{Keywords, Version};
use super::linear::{self, Linear, Matrix};
use super::lookup::{LookupTable, LookupTables};
use super::sip;
use super::sphere::Sphere;
use super::start::Start;
use super::tpv::{self, Tpv};
use super::trig::sin_cos;
use super::zenithal::{Kind, Zenithal};
use super::{Projection, Wcs};

/// Reads one description of a header.
pub(super) fn read<K: Keywords + ?Sized>(
    keywords: &K,
    alternate: Option<char>,
    tables: &LookupTables,
) -> Result<Wcs> {
    let header = Version::new(keywords, alternate)?;
    let axes = CelestialAxes::read(&header)?;
    let units = [unit(&header, 1)?, unit(&header, 2)?];
    let values = [header.needed("CRVAL1")? * units[0], header.needed("CRVAL2")? * units[1]];
    let reference = [values[axes.longitude - 1], values[axes.latitude - 1]];
    if reference[1].abs() > 90.0 {
        let keyword = header.name(&format!("CRVAL{}", axes.latitude));
        return Err(WcsError::bad(
            &keyword,
            reference[1],
            "a latitude lies within -90 and 90 degrees",
        ));
    }
    let origin = [origin(&header, "CRPIX1")?, origin(&header, "CRPIX2")?];
    let rows = linear::read(&header, axes.latitude)?;
    let scaled = [rows[0].map(|element| element * units[0]), rows[1].map(|e| e * units[1])];
    let linear = Linear::new(origin, [scaled[axes.longitude - 1], scaled[axes.latitude - 1]])?;

    let distortion = read_distortion(&header, origin, tables)?;
    let has_sip = distortion.as_ref().is_some_and(|distortion| distortion.sip.is_some());
    let (linear, tpv, projection) = projection(&header, &axes, reference, linear, has_sip)?;
    Ok(Wcs {
        name: header.text("WCSNAME"),
        frame: frame(&header, axes.system)?.transform(),
        distortion: distortion.map(Box::new),
        linear,
        tpv: tpv.map(Box::new),
        projection,
    })
}

/// CRPIX counted from zero.
fn origin<K: Keywords + ?Sized>(header: &Version<'_, K>, keyword: &str) -> Result<f64> {
    let value = header.needed(keyword)?;
    if value.abs() < FARTHEST {
        return Ok(value - 1.0);
    }
    Err(WcsError::bad(&header.name(keyword), value, "so far away no pixel differs from the next"))
}

/// Numbers from here on have no halves.
const FARTHEST: f64 = 4_503_599_627_370_496.0;

/// Which axis is the longitude, of what, drawn how.
struct CelestialAxes {
    /// 1 or 2.
    longitude: usize,
    latitude: usize,
    system: System,
    /// The three letters of the projection.
    code: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum System {
    Equatorial,
    Galactic,
    Ecliptic,
}

impl CelestialAxes {
    fn read<K: Keywords + ?Sized>(header: &Version<'_, K>) -> Result<Self> {
        let ctype = |axis: usize| {
            let keyword = format!("CTYPE{axis}");
            header.text(&keyword).ok_or_else(|| WcsError::MissingKeyword(header.name(&keyword)))
        };
        let (first, second) = (ctype(1)?, ctype(2)?);
        let error = || WcsError::NotCelestial(first.clone(), second.clone());
        let (Some((system, is_longitude, code)), Some((other, other_is_longitude, other_code))) =
            (split(&first), split(&second))
        else {
            return Err(error());
        };
        if system != other || is_longitude == other_is_longitude || code != other_code {
            return Err(error());
        }
        let (longitude, latitude) = if is_longitude { (1, 2) } else { (2, 1) };
        Ok(Self { longitude, latitude, system, code: code.to_owned() })
    }
}

/// `RA---TAN-SIP` → equatorial, a longitude, `TAN`.
fn split(ctype: &str) -> Option<(System, bool, &str)> {
    let (system, is_longitude) = match ctype.get(..5)? {
        "RA---" => (System::Equatorial, true),
        "DEC--" => (System::Equatorial, false),
        "GLON-" => (System::Galactic, true),
        "GLAT-" => (System::Galactic, false),
        "ELON-" => (System::Ecliptic, true),
        "ELAT-" => (System::Ecliptic, false),
        _ => return None,
    };
    Some((system, is_longitude, ctype.get(5..8)?))
}

/// Degrees in the axis' CUNIT; 1 where it has none.
fn unit<K: Keywords + ?Sized>(header: &Version<'_, K>, axis: usize) -> Result<f64> {
    let keyword = format!("CUNIT{axis}");
    let Some(text) = header.text(&keyword) else { return Ok(1.0) };
    Ok(match text.trim().to_ascii_lowercase().as_str() {
        "" | "deg" | "degree" | "degrees" => 1.0,
        "arcmin" => 1.0 / 60.0,
        "arcsec" => 1.0 / 3600.0,
        "mas" => 1.0 / 3.6e6,
        "rad" => 1f64.to_degrees(),
        _ => return Err(WcsError::bad(&header.name(&keyword), text, "not a unit of angle")),
    })
}

/// The frame of the axes; without RADESYS, FK4 before the equinox of 1984, FK5 after, ICRS without equinox.
fn frame<K: Keywords + ?Sized>(header: &Version<'_, K>, system: System) -> Result<Frame> {
    let radesys = header.text("RADESYS").or_else(|| header.header().text("RADECSYS"));
    let equinox = header.float("EQUINOX")?.or_else(|| header.header().float("EPOCH"));
    let checked = |frame, year: Option<f64>| match year {
        Some(year) if !(1000.0..=3000.0).contains(&year) => {
            Err(WcsError::bad(&header.name("EQUINOX"), year, "not a year of any equinox"))
        }
        _ => Ok(frame),
    };
    let name = radesys.unwrap_or_default().trim().to_ascii_uppercase();
    let frame = match (name.as_str(), equinox) {
        ("ICRS", _) | ("", None) => Frame::Icrs,
        ("FK5", equinox) => Frame::Fk5 { equinox: equinox.unwrap_or(2000.0) },
        ("FK4", equinox) => Frame::Fk4 { equinox: equinox.unwrap_or(1950.0) },
        ("", Some(equinox)) if equinox < 1984.0 => Frame::Fk4 { equinox },
        ("", Some(equinox)) => Frame::Fk5 { equinox },
        // GSC1 and other catalogs' frames are realisations of FK5 or ICRS to an arcsecond.
        _ => return Err(WcsError::bad(&header.name("RADESYS"), name, "not a frame known here")),
    };
    match system {
        System::Equatorial if frame == Frame::Icrs => Ok(frame),
        System::Equatorial => checked(frame, equinox),
        System::Galactic => Ok(Frame::Galactic),
        System::Ecliptic => {
            checked(Frame::Ecliptic { equinox: equinox.unwrap_or(2000.0) }, equinox)
        }
    }
}

/// The projection, its plane turned by LONPOLE where that is all LONPOLE does.
fn projection<K: Keywords + ?Sized>(
    header: &Version<'_, K>,
    axes: &CelestialAxes,
    reference: [f64; 2],
    linear: Linear,
    has_sip: bool,
) -> Result<(Linear, Option<Tpv>, Projection)> {
    let code = axes.code.as_str();
    let pv = [axes.longitude, axes.latitude];
    let polynomial = code == "TPV" || code == "TAN" && !has_sip && tpv::is_scamp(header, pv);
    let kind = match code {
        "TAN" | "TPV" => Some(Kind::Tan),
        "SIN" => Some(Kind::Sin),
        "ARC" => Some(Kind::Arc),
        "STG" => Some(Kind::Stg),
        "ZEA" => Some(Kind::Zea),
        _ => None,
    };
    let lon_axis = axes.longitude;
    if !polynomial && (code != "TAN" || !has_sip) {
        let offsets = [0, 1, 2].map(|m| format!("PV{lon_axis}_{m}"));
        tpv::refuse(header, code, &offsets)?;
    }
    let Some(kind) = kind else {
        let allsky = allsky(header, code, axes.latitude)?;
        let default = if reference[1] < 0.0 { 180.0 } else { 0.0 };
        let lon_pole = pole(header, "LONPOLE", lon_axis, 3, default)?;
        let lat_pole = pole(header, "LATPOLE", lon_axis, 4, 90.0)?;
        let sphere = Sphere::new(reference, lon_pole, lat_pole)?;
        return Ok((linear, None, Projection::AllSky(allsky, sphere)));
    };
    if kind == Kind::Sin {
        tpv::refuse(header, code, &[1, 2].map(|m| format!("PV{}_{m}", axes.latitude)))?;
    }
    let default = if reference[1] < 90.0 { 180.0 } else { 0.0 };
    let lon_pole = if polynomial || has_sip {
        header.float_or("LONPOLE", default)?
    } else {
        pole(header, "LONPOLE", lon_axis, 3, default)?
    };
    let zenithal = Projection::Zenithal(Zenithal::new(kind, reference));
    let turn = plane_turn(lon_pole);
    if polynomial {
        let tpv = Tpv::read(header, pv, turn)?;
        return Ok((linear, Some(tpv), zenithal));
    }
    Ok((if turn == linear::UNITY { linear } else { linear.rotated(&turn) }, None, zenithal))
}

/// LONPOLE or LATPOLE, or the PVi_m of the longitude axis that mean the same.
fn pole<K: Keywords + ?Sized>(
    header: &Version<'_, K>,
    keyword: &str,
    axis: usize,
    m: usize,
    default: f64,
) -> Result<f64> {
    let parameter = header.float(&format!("PV{axis}_{m}"))?;
    Ok(parameter.or(header.float(keyword)?).unwrap_or(default))
}

fn allsky<K: Keywords + ?Sized>(
    header: &Version<'_, K>,
    code: &str,
    latitude_axis: usize,
) -> Result<AllSky> {
    Ok(match code {
        "CAR" => AllSky::Car,
        "CEA" => {
            let keyword = format!("PV{latitude_axis}_1");
            let lambda = header.float_or(&keyword, 1.0)?;
            if !(lambda > 0.0 && lambda <= 1.0) {
                return Err(WcsError::bad(&header.name(&keyword), lambda, "CEA needs 0 < λ <= 1"));
            }
            AllSky::Cea(lambda)
        }
        "MER" => AllSky::Mer,
        "SFL" | "GLS" => AllSky::Sfl,
        "AIT" => AllSky::Ait,
        "MOL" => AllSky::Mol,
        _ => return Err(WcsError::UnsupportedProjection(code.to_owned())),
    })
}

/// From the projection's plane to one whose y points north: a turn by LONPOLE − 180°.
fn plane_turn(lon_pole: f64) -> Matrix {
    if lon_pole == 180.0 {
        return linear::UNITY;
    }
    let (sin, cos) = sin_cos((lon_pole - 180.0) % 360.0);
    [[cos, sin], [-sin, cos]]
}

fn read_distortion<K: Keywords + ?Sized>(
    header: &Version<'_, K>,
    origin: [f64; 2],
    tables: &LookupTables,
) -> Result<Option<Distortion>> {
    let keywords = header.header();
    let sip = sip::read(keywords)?;
    let detector = lookup(keywords, "D2IMDIS", "D2IM", &tables.d2imarr)?;
    let residual = lookup(keywords, "CPDIS", "DP", &tables.wcsdvarr)?;
    let some = sip.is_some() || detector.iter().chain(&residual).any(Option::is_some);
    let start = sip.as_ref().and_then(|sip| {
        let size = [1, 2].map(|axis| keywords.float(&format!("NAXIS{axis}")));
        // Without its size the image is taken to lie around CRPIX.
        let high = [0, 1].map(|axis| size[axis].unwrap_or(2.0 * origin[axis]) - origin[axis]);
        Start::fit(sip, origin.map(|origin| -origin), high)
    });
    Ok(some.then_some(Distortion { origin, detector, sip, start, residual }))
}

/// The tables of both axes that `CPDIS1 = 'LOOKUP'` and `DP1 = 'EXTVER: 1'` ask for.
fn lookup<K: Keywords + ?Sized>(
    header: &K,
    kind: &str,
    record: &str,
    tables: &[(i64, LookupTable)],
) -> Result<[Option<LookupTable>; 2]> {
    let mut found = [None, None];
    for (axis, slot) in found.iter_mut().enumerate() {
        let keyword = format!("{kind}{}", axis + 1);
        let Some(text) = header.text(&keyword) else { continue };
        if !text.trim().eq_ignore_ascii_case("LOOKUP") {
            return Err(WcsError::bad(&keyword, text, "not a distortion known here"));
        }
        let version = extver(header, &format!("{record}{}", axis + 1))?;
        let table = tables.iter().find(|(number, _)| *number == version);
        let missing = || WcsError::MissingTable { keyword, version };
        *slot = Some(table.ok_or_else(missing)?.1.clone());
    }
    Ok(found)
}

/// The number in `EXTVER: 3.0` among the records of `keyword`; 1 where there is none.
pub(super) fn extver<K: Keywords + ?Sized>(header: &K, keyword: &str) -> Result<i64> {
    let dotted = header.float(&format!("{keyword}.EXTVER"));
    let texts = header.texts(keyword);
    let record = texts.iter().find_map(|text| text.trim().strip_prefix("EXTVER:"));
    let number = match record {
        Some(text) => text.trim().parse::<f64>().ok(),
        None => Some(dotted.unwrap_or(1.0)),
    };
    let whole = number.filter(|number| number.fract() == 0.0 && number.abs() < 1e6);
    #[expect(clippy::cast_possible_truncation, reason = "a whole number below a million")]
    whole.map(|number| number as i64).ok_or_else(|| {
        WcsError::bad(keyword, record.unwrap_or_default(), "not the version of an extension")
    })
}
