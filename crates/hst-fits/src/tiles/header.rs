//! The header of the image that lies in a table of tiles. FITS 4.0, sect. 10.1.

use crate::{Card, Header, Value};

/// The cards of the image: mandatory ones from their `Z` keywords, the rest as it stands in the table's header.
pub(crate) fn image_header(table: &Header) -> Header {
    let mut header = table.clone();
    let renamed = |old: &str, new: &str| {
        table.card(old).map(|card| Card { keyword: new.to_owned(), ..card.clone() })
    };
    let axes = table.find::<i64>("ZNAXIS").ok().flatten().unwrap_or(0).clamp(0, 999);
    let mut first: Vec<_> = vec![Card::new("XTENSION", "IMAGE", "image extension")];
    first.extend(renamed("ZBITPIX", "BITPIX"));
    first.extend(renamed("ZNAXIS", "NAXIS"));
    first.extend((1..=axes).filter_map(|i| renamed(&format!("ZNAXIS{i}"), &format!("NAXIS{i}"))));
    let count = |keyword: &str, old, value: i64| {
        renamed(old, keyword).unwrap_or_else(|| Card::new(keyword, value, ""))
    };
    first.push(count("PCOUNT", "ZPCOUNT", 0));
    first.push(count("GCOUNT", "ZGCOUNT", 1));
    let float =
        matches!(table.card("ZBITPIX").map(|card| &card.value), Some(Value::Integer(n)) if *n < 0);
    if table.card("BLANK").is_none() && !float {
        first.extend(renamed("ZBLANK", "BLANK"));
    }
    header.retain(|card| !of_the_table(&card.keyword));
    header.prepend(first);
    header.rename("ZHECKSUM", "CHECKSUM");
    header.rename("ZDATASUM", "DATASUM");
    header
}

/// Whether a keyword describes the table or the tiles, or is decided anew.
fn of_the_table(keyword: &str) -> bool {
    let numbered = |stem: &str| {
        keyword
            .strip_prefix(stem)
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    const NAMES: [&str; 26] = [
        "XTENSION", "BITPIX", "NAXIS", "PCOUNT", "GCOUNT", "TFIELDS", "THEAP", "CHECKSUM",
        "DATASUM", "ZIMAGE", "ZCMPTYPE", "ZBITPIX", "ZNAXIS", "ZQUANTIZ", "ZDITHER0", "ZSCALE",
        "ZZERO", "ZBLANK", "ZMASKCMP", "ZSIMPLE", "ZTENSION", "ZEXTEND", "ZBLOCKED", "ZPCOUNT",
        "ZGCOUNT", "ZTHEAP",
    ];
    const STEMS: [&str; 12] = [
        "NAXIS", "TTYPE", "TFORM", "TUNIT", "TDIM", "TSCAL", "TZERO", "TNULL", "ZNAXIS", "ZTILE",
        "ZNAME", "ZVAL",
    ];
    NAMES.contains(&keyword) || STEMS.iter().any(|stem| numbered(stem))
}
