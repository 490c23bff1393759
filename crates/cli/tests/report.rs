//! The report in a real browser: Chromium, where there is one (`HST_CHROMIUM` names another than `chromium`).

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use common::{hst, make_demo, stderr, stdout};
use serde_json::Value;

/// Opens a page and gives the document as it is after its scripts have run; standard error has the console.
fn chromium(page: &Path, width: u32, folder: &Path) -> Option<Output> {
    let program = std::env::var("HST_CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
    Command::new(program)
        .env("HOME", folder)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"])
        .arg(format!("--window-size={width},1000"))
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .args(["--virtual-time-budget=4000", "--dump-dom"])
        .arg(format!("file://{}", page.display()))
        .output()
        .ok()
}

/// What the page said about itself.
fn said(output: &Output) -> Value {
    let text = stdout(output);
    let mark = "id=\"said\">";
    let from = text.find(mark).unwrap_or_else(|| panic!("{}", stderr(output))) + mark.len();
    let to = from + text[from..].find("</script>").unwrap();
    serde_json::from_str(&text[from..to]).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

#[test]
fn the_page_works_in_a_browser() {
    let folder = make_demo("report");
    let page = folder.join("report.html");
    let html = fs::read_to_string(&page).unwrap();

    // Nothing is fetched from elsewhere.
    for outside in ["http://", "https://", "src=\"//", "@import", "url("] {
        assert!(!html.contains(outside), "{outside}");
    }
    for id in ["A", "B", "C", "D", "E", "F", "G"] {
        assert!(html.contains(&format!("<h3>{id} <small>")), "{id}");
    }
    // A stamp and its background for each region and filter.
    assert_eq!(html.matches("data:image/jpeg;base64").count(), 2 * 7 * 3);

    let tested = folder.join("tested.html");
    let script = format!("<script>\n{}</script>\n</body>", include_str!("report.js"));
    fs::write(&tested, html.replace("</body>", &script)).unwrap();
    let Some(output) = chromium(&tested, 1200, &folder) else {
        eprintln!("skipped: there is no Chromium");
        return;
    };
    let console = stderr(&output);
    assert!(!console.contains("CONSOLE"), "{console}");
    let found = said(&output);

    let (up, down) = (numbers(&found["ascending"]), numbers(&found["descending"]));
    assert_eq!(up.len(), 21);
    assert!(up.is_sorted() && down.iter().rev().is_sorted(), "{up:?} {down:?}");
    assert_eq!(found["sorted"], "descending");
    let filters = found["filtered"].as_array().unwrap();
    assert!(filters.len() == 7 && filters.iter().all(|f| f == "F814W"), "{filters:?}");
    assert_eq!(found["shown"], "7 of 21 rows");
    assert!(found["images"].as_array().unwrap().iter().all(|loaded| loaded == true));
    assert_eq!(found["charts"], 3 + 2 * 7);

    // What is downloaded has every digit of the catalog.
    let csv = found["csv"].as_str().unwrap();
    let catalog = fs::read_to_string(folder.join("catalog.ecsv")).unwrap();
    let wanted = catalog.lines().find(|line| line.starts_with("1 A ACS WFC F814W")).unwrap();
    let line = csv.lines().find(|line| line.starts_with("1,A,ACS,WFC,F814W")).unwrap();
    assert_eq!(line.replace(',', " "), wanted);
    assert_eq!(csv.lines().count(), 8);

    // On a phone nothing is wider than the screen.
    let phone = said(&chromium(&tested, 500, &folder).unwrap());
    assert_eq!(phone["overflow"], false);
}

#[test]
fn names_from_the_region_file_are_no_markup() {
    let folder = make_demo("report_names");
    let nasty = "<script>alert(1)</script>&\"'";
    let text = format!("icrs\ncircle(194.9490564,27.98125,1\") # text={{{nasty}}}\n");
    fs::write(folder.join("nasty.reg"), text).unwrap();
    let image = "hst_90001_11_acs_wfc_f814w_jdem11_drc.fits";
    let args = ["catalog", "nasty.reg", "--images", image, "--report", "r.html", "-o", "r.ecsv"];
    let made = hst(&folder, &args);
    assert!(made.status.success(), "{}", stderr(&made));
    let html = fs::read_to_string(folder.join("r.html")).unwrap();
    assert!(!html.contains("<script>alert"));
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;"));
    // The command can be repeated, and an existing report stays.
    assert!(html.contains("catalog nasty.reg --images"), "{}", stdout(&made));
    let again = hst(&folder, &["catalog", "nasty.reg", "--images", image, "--report", "r.html"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(stderr(&again).contains("r.html exists"), "{}", stderr(&again));
}
