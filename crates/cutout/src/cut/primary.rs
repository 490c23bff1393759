//! The primary header of a cutout.

use std::time::{SystemTime, UNIX_EPOCH};

use astro_coords::SkyCoord;
use hst_fits::{FitsFile, HduKind, Header};

use super::{CutOptions, CutUnit, Primary};

/// Place and program, behind what the file says where that is wanted.
pub(crate) fn header(
    file: &FitsFile,
    units: &[CutUnit],
    at: SkyCoord,
    options: &CutOptions,
) -> Header {
    let is_image = file.hdus()[0].kind != HduKind::Empty;
    let mut header = match options.primary {
        Primary::Copy if !is_image => file.primary().clone(),
        _ => Header::new(),
    };
    if let Some(name) = header.find::<String>("FILENAME").ok().flatten() {
        if header.card("ORIG_FLE").is_none() {
            header.set("ORIG_FLE", name, "Original image filename.");
        }
        header.remove("FILENAME");
    }
    if header.card("NEXTEND").is_some() {
        let units: usize = units.iter().map(|unit| 1 + unit.tables.len()).sum();
        header.set("NEXTEND", i64::try_from(units).unwrap_or(i64::MAX), "");
    }
    header.set("DATE", today(), "file creation date");
    for (keyword, value, comment) in [
        ("CREATOR", "hst cutout", "software that cut"),
        ("PROCVER", env!("CARGO_PKG_VERSION"), "software version"),
    ] {
        if header.card(keyword).is_none() {
            header.set(keyword, value, comment);
        }
    }
    header.set("RA_OBJ", at.ra.wrapped().degrees(), "[deg] right ascension");
    header.set("DEC_OBJ", at.dec.degrees(), "[deg] declination");
    header
}

/// The date in UTC, `YYYY-MM-DD`.
fn today() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (year, month, day) = civil(since.as_secs() / 86_400);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Year, month and day of a number of days since 1970-01-01, counting years from 1 March.
fn civil(days: u64) -> (u64, u64, u64) {
    // 0000-03-01 lies 719468 days earlier; an era is 400 years.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::civil;

    #[test]
    fn dates_of_the_calendar() {
        for (days, date) in [
            (0, (1970, 1, 1)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (20_783, (2026, 11, 26)),
            (47_540, (2100, 2, 28)),
            (47_541, (2100, 3, 1)),
        ] {
            assert_eq!(civil(days), date);
        }
    }
}
