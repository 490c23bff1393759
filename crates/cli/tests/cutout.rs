//! `hst cutout`: files, names, exit codes.

#[expect(dead_code, reason = "no demo is needed here")]
mod common;

use std::fs;

use common::{hst, stderr, stdout};
use hst_fits::{FitsFile, Header, Pixels, write_images};
use serde_json::Value;

const IMAGE: &str = "a_drc.fits";
const OTHER: &str = "b_drc.fits";
const AT: &str = "194.95 27.98";

/// A folder with two images of 100 x 80 pixels of 0.04 arcsec; AT is their middle.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in [IMAGE, OTHER] {
        let mut primary = Header::new();
        for (keyword, text) in [
            ("TELESCOP", "HST"),
            ("INSTRUME", "ACS"),
            ("DETECTOR", "WFC"),
            ("FILTER", "F814W"),
            ("FILENAME", name),
        ] {
            primary.set(keyword, text, "");
        }
        let mut science = Header::new();
        for (keyword, text) in [("EXTNAME", "SCI"), ("CTYPE1", "RA---TAN"), ("CTYPE2", "DEC--TAN")]
        {
            science.set(keyword, text, "");
        }
        for (keyword, number) in [
            ("CRVAL1", 194.95),
            ("CRVAL2", 27.98),
            ("CRPIX1", 50.3),
            ("CRPIX2", 40.3),
            ("CD1_1", -1.1111e-5),
            ("CD2_2", 1.1111e-5),
        ] {
            science.set(keyword, number, "");
        }
        let mut weights = science.clone();
        weights.set("EXTNAME", "WHT", "");
        let pixels: Vec<f32> = (0..8000u16).map(|i| f32::from(i) + 1.0).collect();
        let pixels = Pixels::F32((80, 100), &pixels);
        let units = [(&primary, Pixels::None), (&science, pixels), (&weights, pixels)];
        write_images(&folder.path().join(name), &units).unwrap();
    }
    folder
}

#[test]
fn a_file_is_cut_and_named_by_place_and_size() {
    let held = folder();
    let demo = held.path();
    let output = hst(demo, &["cutout", IMAGE, "--at", AT, "--size", "60x40", "--ext", "SCI,WHT"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let name = "a_drc_194.9500000_27.9800000_60x40_cutout.fits";
    assert_eq!(stderr(&output), format!("{name}: 60 x 40 pixels, SCI, WHT\n"));
    let file = FitsFile::open(&demo.join(name)).unwrap();
    let shapes: Vec<_> = file.hdus().iter().map(|hdu| (hdu.name.as_str(), hdu.shape())).collect();
    assert_eq!(shapes, [("PRIMARY", None), ("SCI", Some((40, 60))), ("WHT", Some((40, 60)))]);
    // The image's primary header is there, so that the cutout can be measured too.
    let info = hst(demo, &["info", name, "--json"]);
    assert!(stdout(&info).contains("HST-ACS-WFC-F814W"), "{}", stdout(&info));

    let again = hst(demo, &["cutout", IMAGE, "--at", AT, "--size", "60x40"]);
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(
        stderr(&again),
        format!("error: {IMAGE}: {name} exists; add --overwrite to replace it\n")
    );
    let replaced =
        hst(demo, &["cutout", IMAGE, "--at", AT, "--size", "60x40", "--overwrite", "-q"]);
    assert!(replaced.status.success() && stderr(&replaced).is_empty());
    assert_eq!(FitsFile::open(&demo.join(name)).unwrap().hdus().len(), 2);
}

#[test]
fn an_image_that_gives_nothing_is_named_and_the_others_are_cut() {
    let held = folder();
    let demo = held.path();
    let (first, second) = (IMAGE, OTHER);
    fs::write(demo.join("no.fits"), "no").unwrap();
    let args = [
        "cutout",
        first,
        "no.fits",
        "gone.fits",
        second,
        "--at",
        AT,
        "--size",
        "9",
        "--ext",
        "SCI,DQ",
        "-d",
        "cut/here",
        "--name-template",
        "{id}c_{nx}.fits",
        "--json",
    ];
    let output = hst(demo, &args);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let text = stderr(&output);
    assert!(text.contains("error: not a FITS file: no.fits\n"), "{text}");
    assert!(text.contains("error: cannot read gone.fits: "), "{text}");
    assert!(text.contains(&format!("error: there is no extension DQ in {first}\n")), "{text}");
    let json: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(json["skipped"][0]["source"], "no.fits");
    let files: Vec<_> = json["written"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["file"].as_str().unwrap())
        .collect();
    assert_eq!(files, ["cut/here/c_9.fits", "cut/here/c_9_2.fits"]);
    assert_eq!(json["written"][0]["cutouts"][0]["extensions"][0]["nx"], 9);
    assert!(files.iter().all(|file| FitsFile::open(&demo.join(file)).is_ok()));

    let nothing = hst(demo, &["cutout", first, "--at", "10 -20", "--size", "9"]);
    assert_eq!(nothing.status.code(), Some(1));
    let told = stderr(&nothing);
    let expected = [
        format!("error: the position is not on the projection of the image: SCI in {first}\n"),
        format!("error: the cutout lies outside the image: SCI in {first}\n"),
    ];
    assert!(expected.contains(&told), "{told}");
}

#[test]
fn files_without_data_are_named_and_the_others_are_cut() {
    let held = folder();
    let demo = held.path();
    // The same image without any data, and one that shows another place.
    let source = FitsFile::open(&demo.join(IMAGE)).unwrap();
    let sci = source.find("SCI", None).unwrap();
    let zeros = vec![0.0f32; 8000];
    let write = |name: &str, science: &Header| {
        let units = [(source.primary(), Pixels::None), (science, Pixels::F32((80, 100), &zeros))];
        write_images(&demo.join(name), &units).unwrap();
    };
    write("empty.fits", &sci.header);
    let mut elsewhere = sci.header.clone();
    elsewhere.set("CRVAL2", 28.5, "");
    write("away.fits", &elsewhere);
    let run = |files: &[&str], more: &[&str]| {
        let args = ["--at", AT, "--size", "9", "-d", "cut", "--overwrite"];
        hst(demo, &[&["cutout"], files, &args, more].concat())
    };
    let some = run(&["empty.fits", "away.fits", OTHER], &["--json"]);
    assert_eq!(some.status.code(), Some(3));
    let text = stderr(&some);
    assert!(text.contains("error: the cutout contains no data: empty.fits\n"), "{text}");
    assert!(
        text.contains("error: the cutout lies outside the image: SCI in away.fits\n"),
        "{text}"
    );
    let json: Value = serde_json::from_str(&stdout(&some)).unwrap();
    assert_eq!(json["written"].as_array().unwrap().len(), 1);
    assert_eq!(json["skipped"].as_array().unwrap().len(), 2);
    assert_eq!(fs::read_dir(demo.join("cut")).unwrap().count(), 1);

    assert_eq!(run(&["empty.fits", "away.fits"], &[]).status.code(), Some(1));
    // Kept where that is asked for, but not where there is no image.
    let kept = run(&["empty.fits", "away.fits"], &["--keep-empty"]);
    assert_eq!(kept.status.code(), Some(3));
    let cut = demo.join("cut/empty_194.9500000_27.9800000_9x9_cutout.fits");
    let file = FitsFile::open(&cut).unwrap();
    assert!(file.find("SCI", None).unwrap().header.get::<bool>("EMPTY").unwrap());
}

#[test]
fn all_images_go_to_one_file() {
    let held = folder();
    let demo = held.path();
    let (first, second) = (IMAGE, OTHER);
    let output = hst(
        demo,
        &[
            "cutout",
            first,
            second,
            "--at",
            AT,
            "--size",
            "2arcsec",
            "--ext",
            "SCI,WHT",
            "--single",
            "-o",
            "both.fits",
        ],
    );
    assert!(output.status.success(), "{}", stderr(&output));
    let file = FitsFile::open(&demo.join("both.fits")).unwrap();
    let units: Vec<_> =
        file.hdus().iter().skip(1).map(|hdu| (hdu.name.clone(), hdu.version)).collect();
    let pair = |name: &str, version| (name.to_owned(), version);
    assert_eq!(units, [pair("SCI", 1), pair("WHT", 1), pair("SCI", 2), pair("WHT", 2)]);
    let original = |i: usize| file.hdus()[i].header.get::<String>("ORIG_FLE").unwrap();
    assert_eq!((original(1), original(3)), (first.to_owned(), second.to_owned()));

    let usage = hst(demo, &["cutout", first, second, "--at", AT, "--size", "9", "-o", "b.fits"]);
    assert!(stderr(&usage).starts_with("error: -o names one file for 2 images"));
    // An image is never replaced by its cutout.
    let own = hst(demo, &["cutout", first, "--at", AT, "--size", "9", "-o", first, "--overwrite"]);
    assert_eq!(own.status.code(), Some(1));
    assert_eq!(stderr(&own), format!("error: {first} is one of the images\n"));
}

#[test]
fn borders_are_filled_trimmed_or_refused() {
    let held = folder();
    let demo = held.path();
    let corner = stdout(&hst(demo, &["pix2sky", IMAGE, "-q", "0", "0"])).trim().to_owned();
    let run = |more: &[&str]| {
        let args = [
            &[
                "cutout",
                IMAGE,
                "--at",
                &corner,
                "--size",
                "8",
                "-o",
                "c.fits",
                "--overwrite",
                "--keep-empty",
            ],
            more,
        ];
        hst(demo, &args.concat())
    };
    let filled = run(&["--fill", "-7"]);
    assert!(stderr(&filled).ends_with("% in the image\n"), "{}", stderr(&filled));
    let file = FitsFile::open(&demo.join("c.fits")).unwrap();
    let header = &file.find("SCI", None).unwrap().header;
    assert_eq!(header.get::<f64>("CUTFILL").unwrap(), -7.0);
    assert!(run(&["--mode", "trim"]).status.success());
    let file = FitsFile::open(&demo.join("c.fits")).unwrap();
    let (ny, nx) = file.find("SCI", None).unwrap().shape().unwrap();
    assert!(ny < 8 && nx < 8);
    let refused = run(&["--mode", "strict"]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(
        stderr(&refused),
        format!("error: the cutout is not wholly in the image: SCI in {IMAGE}\n")
    );
    let compat = run(&["--compat"]);
    assert!(compat.status.success(), "{}", stderr(&compat));
    let file = FitsFile::open(&demo.join("c.fits")).unwrap();
    let header = &file.find("CUTOUT", None).unwrap().header;
    assert!(header.card("PC1_1").is_some() && header.card("CD1_1").is_none());
    assert!(file.primary().card("TELESCOP").is_none());
}

#[test]
fn many_positions_are_cut_at_once_and_each_has_its_status() {
    let held = folder();
    let demo = held.path();
    let table = "id,ra,dec\nmiddle,194.95,27.98\nfar,10,-20\nbad,x,y\nedge,194.9505,27.98\n";
    fs::write(demo.join("stars.csv"), table).unwrap();
    let run = |more: &[&str]| {
        let args = [&["cutout", IMAGE, "--table", "stars.csv", "--size", "7", "--json"], more];
        hst(demo, &args.concat())
    };
    let npy = run(&["--format", "npy", "--ext", "SCI,WHT", "-o", "stars.npy"]);
    assert_eq!(npy.status.code(), Some(3), "{}", stderr(&npy));
    let text = stderr(&npy);
    assert!(text.contains("error: far in a_drc.fits: not on the image\n"), "{text}");
    assert!(text.contains("error: bad in a_drc.fits: line 4: "), "{text}");
    let json: Value = serde_json::from_str(&stdout(&npy)).unwrap();
    let one = &json["written"][0];
    assert_eq!(one["files"], serde_json::json!(["stars_SCI.npy", "stars_WHT.npy"]));
    let found = ["ok", "partial", "off", "error"].map(|key| one[key].as_u64().unwrap());
    assert_eq!(found.iter().sum::<u64>(), 4);
    assert_eq!((found[2], found[3]), (1, 1));
    let status = fs::read_to_string(demo.join("stars.ecsv")).unwrap();
    let rows: Vec<_> = status.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(rows.len(), 5, "{status}");
    assert!(rows[1].starts_with("middle 194.95 27.98 46 36 7 7 ok 1.0"), "{}", rows[1]);
    // 7 x 7 pixels of 4 bytes behind 128 bytes of header.
    let bytes = fs::read(demo.join("stars_SCI.npy")).unwrap();
    assert_eq!(bytes.len(), 128 + 4 * 7 * 7 * 4);
    let first = f32::from_le_bytes(bytes[128..132].try_into().unwrap());
    assert_eq!(first, 36.0 * 100.0 + 46.0 + 1.0);

    assert_eq!(
        run(&["--format", "npy", "--ext", "SCI,WHT", "-o", "stars.npy"]).status.code(),
        Some(1)
    );
    assert_eq!(run(&["-d", "tar"]).status.code(), Some(3));
    assert!(
        demo.join("tar/a_drc_cutouts.tar").exists() && demo.join("tar/a_drc_cutouts.ecsv").exists()
    );
    assert_eq!(run(&["--format", "fits", "-d", "one"]).status.code(), Some(3));
    let file = FitsFile::open(&demo.join("one/a_drc_middle_cutout.fits")).unwrap();
    assert_eq!(file.find("SCI", None).unwrap().shape(), Some((7, 7)));
    assert!(!demo.join("one/a_drc_far_cutout.fits").exists());
}

#[test]
fn names_are_made_of_what_is_asked_for() {
    let held = folder();
    let demo = held.path();
    let one = ["cutout", IMAGE, "--at", AT, "--size", "2x1arcsec", "--ext", "SCI,WHT"];
    let template = ["--name-template", "{stem}_{size}_{ext}.fits"];
    let output = hst(demo, &[&one[..], &template].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(demo.join("a_drc_2x1arcsec_SCI-WHT.fits").exists());

    fs::write(demo.join("two.csv"), "id,ra,dec\none,194.95,27.98\nother,194.9501,27.98\n").unwrap();
    let many = |template| {
        let args = ["cutout", IMAGE, "--table", "two.csv", "--size", "7", "--format", "fits"];
        let args = [&args[..], &["--overwrite"]].concat();
        hst(demo, &[&args[..], &["--name-template", template]].concat())
    };
    let output = many("{id}_{ra:5}_{size}.fits");
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(demo.join("one_194.95000_7.fits").exists());
    assert!(demo.join("other_194.95010_7.fits").exists());
    let refused = many("{ra:2}.fits");
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(
        stderr(&refused),
        "error: a_drc.fits: two positions would both be written to 194.95.fits; {id} in \
         --name-template tells them apart\n"
    );
    assert!(!demo.join("194.95.fits").exists());

    // A template that would name nothing is refused.
    let both = [&one[..], &["-o", "x.fits"], &template].concat();
    let arrays = [
        "cutout",
        IMAGE,
        "--table",
        "two.csv",
        "--size",
        "7",
        "--format",
        "npy",
        "--name-template",
    ];
    for args in [both, [&arrays[..], &["{id}.npy"]].concat()] {
        let refused = hst(demo, &args);
        assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
        assert!(stderr(&refused).contains("--name-template"), "{}", stderr(&refused));
    }
    assert!(!demo.join("x.fits").exists());

    // A second image does not take the place of the first one's cutouts.
    fs::copy(demo.join(IMAGE), demo.join("b_drc.fits")).unwrap();
    let both = ["cutout", IMAGE, "b_drc.fits", "--table", "two.csv", "--size", "7"];
    let more = ["--format", "fits", "--overwrite", "--name-template", "{id}.fits"];
    let refused = hst(demo, &[&both[..], &more].concat());
    assert_eq!(refused.status.code(), Some(3), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("one.fits holds the cutout of another image"));
    assert!(demo.join("other.fits").exists());
}
