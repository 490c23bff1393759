//! The services an archive client asks for.

use std::fs::File;
use std::time::UNIX_EPOCH;

use astro_coords::{Angle, SkyCoord};
use serde_json::{Map, Value, json};

use super::http::{Answer, Asked, Content, Wanted, pairs, wanted};
use crate::cell::Kind;
use crate::download::DOWNLOAD;
use crate::mashup::INVOKE;
use crate::transport::Headers;
use crate::{
    Column, Cone, Criteria, LocalArchive, Observation, Product, ProductGroupId, Query, Row,
};

pub(super) fn answer(archive: &LocalArchive, asked: &Asked) -> Answer {
    match (asked.method.as_str(), asked.path.trim_end_matches('/')) {
        ("GET" | "HEAD" | "POST", INVOKE) => invoke(archive, asked),
        ("GET" | "POST", "/portal/Mashup/Mashup.asmx/columnsconfig") => Answer::json(&columns()),
        ("GET" | "HEAD", DOWNLOAD) => file(archive, asked),
        ("GET", "/api/v0.1/path_lookup") => Answer::json(&path_lookup(archive, asked)),
        ("GET", "/whoami") => Answer::json(&json!({ "anon": true })),
        ("GET" | "HEAD", "") => Answer::text(200, "an archive for hst and astroquery\n"),
        ("GET" | "HEAD" | "POST", path) => Answer::text(404, &format!("nothing at {path}\n")),
        (method, _) => Answer::text(405, &format!("{method} is not understood\n")),
    }
}

fn invoke(archive: &LocalArchive, asked: &Asked) -> Answer {
    let form = String::from_utf8_lossy(&asked.body);
    let body = pairs(&form).into_iter().find(|(name, _)| name == "request").map(|(_, value)| value);
    let request = body.or_else(|| asked.field("request").map(str::to_owned)).unwrap_or_default();
    let answer = serde_json::from_str(&request)
        .map_err(|error| format!("the request is no JSON: {error}"))
        .and_then(|request: Value| serve(archive, &request));
    let failed =
        |message| json!({ "status": "ERROR", "msg": message, "data": null, "fields": null });
    Answer::json(&answer.unwrap_or_else(failed))
}

fn serve(archive: &LocalArchive, request: &Value) -> Result<Value, String> {
    let params = &request["params"];
    match request["service"].as_str().unwrap_or_default() {
        "Mast.Caom.Cone" => {
            let cone = cone([&params["ra"], &params["dec"], &params["radius"]])?;
            let rows = archive.observations(cone).map_err(|error| error.to_string())?.rows;
            Ok(page(request, &rows, true))
        }
        "Mast.Caom.Filtered" | "Mast.Caom.Filtered.Position" => filtered(archive, request),
        "Mast.Caom.Products" => {
            let ids =
                params["obsid"].as_str().map_or_else(|| params["obsid"].to_string(), str::to_owned);
            let ids: Vec<_> = ids
                .split(',')
                .filter_map(|id| id.trim().parse().ok())
                .map(ProductGroupId)
                .collect();
            Ok(page(request, &archive.products(&ids).rows, false))
        }
        "Mast.Name.Lookup" => Ok(json!({ "resolvedCoordinate": [], "status": "COMPLETE" })),
        service => Err(format!("there is no service {service:?} here")),
    }
}

fn filtered(archive: &LocalArchive, request: &Value) -> Result<Value, String> {
    let params = &request["params"];
    let criteria = Criteria::from_json(&params["filters"]).map_err(|error| error.to_string())?;
    let cone = match params["position"].as_str() {
        Some(position) => {
            let numbers: Vec<_> = position.split(',').map(|text| json!(text.trim())).collect();
            let [ra, dec, radius] = &numbers[..] else {
                return Err(format!("not \"ra, dec, radius\": {position:?}"));
            };
            Some(self::cone([ra, dec, radius])?)
        }
        None => None,
    };
    let query = Query { cone, criteria, columns: Vec::new() };
    let rows = archive.observations(query).map_err(|error| error.to_string())?.rows;
    if params["columns"].as_str().is_some_and(|columns| columns.starts_with("COUNT")) {
        return Ok(json!({
            "status": "COMPLETE",
            "msg": "",
            "data": [{ "Column1": rows.len() }],
            "fields": [{ "name": "Column1", "type": "string" }],
            "paging": paging(1, 1, 1, 1),
        }));
    }
    Ok(page(request, &rows, cone.is_some()))
}

fn cone(numbers: [&Value; 3]) -> Result<Cone, String> {
    let number = |value: &Value| {
        let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
        number.filter(|n| n.is_finite()).ok_or_else(|| format!("not a number: {value}"))
    };
    let [ra, dec, radius] = [number(numbers[0])?, number(numbers[1])?, number(numbers[2])?];
    if dec.abs() > 90.0 || radius < 0.0 {
        return Err(format!("not a place: {ra}, {dec}, {radius}"));
    }
    Ok(Cone { center: SkyCoord::from_degrees(ra, dec), radius: Angle::from_degrees(radius) })
}

/// One page of `rows`, every column in every row.
fn page<R: Row>(request: &Value, rows: &[R], with_distance: bool) -> Value {
    let number = |key: &str, default: usize| {
        let value = &request[key];
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        number.and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0).unwrap_or(default)
    };
    let (size, asked) = (number("pagesize", 1000), number("page", 1));
    let wanted = |column: &&Column| {
        let positional = ["distance", "objID1"].contains(&column.name);
        !positional || (with_distance && column.name == "distance")
    };
    let columns: Vec<_> = R::COLUMNS.iter().filter(wanted).collect();
    let start = (asked - 1).saturating_mul(size).min(rows.len());
    let part = &rows[start..rows.len().min(start.saturating_add(size))];
    let row = |row: &R| {
        let value = |column: &&Column| {
            let cell = row.cell(column.name);
            let value =
                cell.map_or(Value::Null, |cell| serde_json::to_value(cell).unwrap_or_default());
            (column.name.to_owned(), value)
        };
        Value::Object(columns.iter().map(value).collect::<Map<_, _>>())
    };
    json!({
        "status": "COMPLETE",
        "msg": "",
        "data": part.iter().map(row).collect::<Vec<_>>(),
        "fields": columns.iter().map(|column| field(column)).collect::<Vec<_>>(),
        "paging": paging(asked, rows.len().div_ceil(size).max(1), part.len(), rows.len()),
    })
}

fn paging(page: usize, pages: usize, rows: usize, all: usize) -> Value {
    json!({
        "page": page,
        "pageSize": rows,
        "pagesFiltered": pages,
        "rows": rows,
        "rowsFiltered": all,
        "rowsTotal": all,
    })
}

/// Numbers of rows are texts in the archive's declarations, though they come as numbers.
fn is_id(column: &Column) -> bool {
    ["obsid", "objID", "objID1", "obsID", "parent_obsid"].contains(&column.name)
}

fn field(column: &Column) -> Value {
    let declared = match column.kind {
        _ if is_id(column) => "string",
        Kind::Text => "string",
        Kind::Number => "float",
        Kind::Integer => "int",
        Kind::Truth => "boolean",
    };
    json!({ "name": column.name, "type": declared })
}

/// What a client needs to know to write filters.
fn columns() -> Value {
    let config = |column: &Column| {
        let datatype = match column.kind {
            _ if is_id(column) => "long",
            Kind::Text => "char",
            Kind::Number => "double",
            Kind::Integer => "int",
            Kind::Truth => "boolean",
        };
        let mut config = json!({ "text": column.name, "vot.datatype": datatype });
        if crate::criteria::is_set(column.name) {
            config["separator"] = ";".into();
        }
        (column.name.to_owned(), config)
    };
    let all = Observation::COLUMNS.iter().chain(Product::COLUMNS);
    Value::Object(all.map(config).collect())
}

fn path_lookup(archive: &LocalArchive, asked: &Asked) -> Value {
    let look_up = |(_, uri): &(String, String)| {
        // The path is for a cloud, and there is none.
        let status = if archive.path(uri).is_some() { 200 } else { 404 };
        (uri.clone(), json!({ "status_code": status, "path": null }))
    };
    let uris = asked.query.iter().filter(|(name, _)| name == "uri");
    Value::Object(uris.map(look_up).collect())
}

fn file(archive: &LocalArchive, asked: &Asked) -> Answer {
    let uri = asked.field("uri").unwrap_or_default();
    let not_found = || Answer::text(404, &format!("no file {uri:?} in this archive\n"));
    let Some(path) = archive.path(uri) else { return not_found() };
    let opened = File::open(&path).and_then(|file| Ok((file.metadata()?, file)));
    let Ok((metadata, file)) = opened else { return not_found() };
    if !metadata.is_file() {
        return not_found();
    }
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let etag = format!("\"{:x}-{:x}\"", metadata.len(), modified.unwrap_or_default().as_nanos());
    let mut headers = Headers::default();
    headers.push("content-type", "application/octet-stream");
    headers.push("accept-ranges", "bytes");
    headers.push("etag", etag.clone());
    // A part is only good for a client that has the rest of the same file.
    let same = asked.headers.value("if-range").is_none_or(|known| known == etag);
    let range = asked.headers.value("range").filter(|_| same);
    let length = metadata.len();
    let (status, range) = match wanted(range, length) {
        Wanted::Whole => (200, 0..length),
        Wanted::Part(range) => {
            headers
                .push("content-range", format!("bytes {}-{}/{length}", range.start, range.end - 1));
            (206, range)
        }
        Wanted::Nothing => {
            headers.push("content-range", format!("bytes */{length}"));
            return Answer { status: 416, headers, content: Content::Bytes(Vec::new()) };
        }
    };
    Answer { status, headers, content: Content::File { file, range } }
}
