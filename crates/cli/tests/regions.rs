//! `hst regions` as a user types it: whole outputs.

#[expect(dead_code, reason = "no demo is needed here")]
mod common;

use std::fs;
use std::path::Path;

use common::{hst, stderr, stdout};

const FILE: &str = "fk5\n\
    circle(13:29:52.7,+47:11:43,10\") # color=red text={007} tag={arm} tag={two words}\n\
    circel(1,2,3)\n\
    !box(202.4,47.1,10\",1',30)\n\
    !polygon(1,2,3,4,5,6)\n\
    annulus(202.5,47.2,1\",2\",3\") # background\n";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("bad.reg"), FILE).expect("a file");
    fs::write(folder.path().join("good.reg"), "image\ncircle(1,2,3)\n").expect("a file");
    folder
}

fn run(folder: &Path, args: &[&str], code: i32) -> (String, String) {
    let output = hst(folder, args);
    assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
    (stdout(&output), stderr(&output))
}

#[test]
fn check_shows_every_problem_with_its_place() {
    let folder = folder();
    let (out, err) = run(folder.path(), &["regions", "check", "bad.reg", "good.reg"], 3);
    assert_eq!(
        out,
        "\
bad.reg: 4 regions, 1 error, 3 warnings; DS9 does not load it

error[E401]: expected a shape or a command, found `circel`
  --> bad.reg:3:1
  |
3 | circel(1,2,3)
  | ^^^^^^
  = help: did you mean `circle`?

warning[W503]: `!` is taken as exclusion; DS9 wants `-`
  --> bad.reg:4:1
  |
4 | !box(202.4,47.1,10\",1',30)
  | ^
  = help: write `-` in place of `!`
  = also: 5:1

warning[W508]: the two lengths have different units; DS9 wants the same one
  --> bad.reg:4:17
  |
4 | !box(202.4,47.1,10\",1',30)
  |                 ^^^^^^
  = help: write both lengths with one unit, as in 10\",60\"

good.reg: 1 region; DS9 loads it
"
    );
    assert_eq!(err, "2 files checked, 1 with errors\n");
}

#[test]
fn check_tells_of_annotations_that_ds9_does_not_see() {
    let folder = folder();
    let text = "# Region file format: DS9 CARTA 4.0.0\nimage\npoint(5, 5)\n# box(5, 5, 4, 3, 0) color=#FFBA01\n";
    fs::write(folder.path().join("carta.reg"), text).expect("a file");
    let (out, _) = run(folder.path(), &["regions", "check", "carta.reg"], 0);
    assert_eq!(
        out,
        "carta.reg: 1 region; DS9 loads it\n  \
         1 annotation of CARTA, comments to DS9, not among them; `--from carta` reads them too\n"
    );
    let args = ["regions", "convert", "carta.reg", "--from", "carta", "--to", "line"];
    let (out, _) = run(folder.path(), &args, 0);
    assert_eq!(out, "image;point(5,5);box(5,5,4,3,0);\n");
}

#[test]
fn check_as_json_is_a_line_a_file() {
    let folder = folder();
    let (out, err) = run(folder.path(), &["regions", "check", "--json", "bad.reg", "good.reg"], 3);
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(
        lines[0],
        "{\"file\":\"bad.reg\",\"regions\":4,\"loads_in_ds9\":false,\"errors\":[{\"line\":3,\"column\":1,\
         \"code\":\"E401\",\"message\":\"expected a shape or a command, found `circel`\",\
         \"help\":\"did you mean `circle`?\"}],\"warnings\":[{\"line\":4,\"column\":1,\"code\":\"W503\",\
         \"message\":\"`!` is taken as exclusion; DS9 wants `-`\",\"help\":\"write `-` in place of `!`\"},\
         {\"line\":4,\"column\":17,\"code\":\"W508\",\
         \"message\":\"the two lengths have different units; DS9 wants the same one\",\
         \"help\":\"write both lengths with one unit, as in 10\\\",60\\\"\"},\
         {\"line\":5,\"column\":1,\"code\":\"W503\",\
         \"message\":\"`!` is taken as exclusion; DS9 wants `-`\",\"help\":\"write `-` in place of `!`\"}]}"
    );
    assert_eq!(
        lines[1],
        "{\"file\":\"good.reg\",\"regions\":1,\"loads_in_ds9\":true,\"errors\":[],\"warnings\":[]}"
    );
    assert_eq!((lines.len(), err.as_str()), (2, ""));
}

#[test]
fn exit_codes_tell_what_was_checked() {
    let folder = folder();
    run(folder.path(), &["regions", "check", "good.reg"], 0);
    run(folder.path(), &["regions", "check", "--strict", "good.reg"], 0);
    let (out, err) = run(folder.path(), &["regions", "check", "none.reg"], 1);
    assert_eq!(out, "");
    assert!(err.starts_with("error: cannot read none.reg: "), "{err}");
    run(folder.path(), &["regions", "check", "good.reg", "none.reg"], 3);
    run(folder.path(), &["regions", "check"], 2);
    fs::write(folder.path().join("odd.reg"), "image\n!circle(1,2,3)\n").expect("a file");
    run(folder.path(), &["regions", "check", "odd.reg"], 0);
    run(folder.path(), &["regions", "check", "--strict", "odd.reg"], 3);
}

#[test]
fn convert_to_csv_gives_a_row_a_region() {
    let folder = folder();
    let (out, err) = run(folder.path(), &["regions", "convert", "bad.reg", "--to", "csv"], 3);
    assert_eq!(
        out,
        "\
index,line,include,shape,frame,x,y,sizes,angle,text,tags,properties
1,2,1,circle,fk5,202.46958333333333,47.195277777777775,10arcsec,,\"007\",\"arm,two words\",color=red
2,4,0,box,fk5,202.4,47.1,\"10arcsec 1arcmin\",30.0,\"\",\"\",\"\"
3,5,0,polygon,fk5,1.0,2.0,\"3 4 5 6\",,\"\",\"\",\"\"
4,6,1,annulus,fk5,202.5,47.2,\"1arcsec 2arcsec 3arcsec\",,\"\",\"\",background
"
    );
    assert!(err.contains("bad.reg:3:1"), "{err}");
}

#[test]
fn convert_with_json_is_json_on_standard_output() {
    let folder = folder();
    fs::write(folder.path().join("a.reg"), "icrs\ncircle(202.5,47.2,10\") # text={007}\n").unwrap();
    let rows = |text: &str| {
        let table: serde_json::Value = serde_json::from_str(text).unwrap();
        table["rows"].as_array().unwrap().iter().map(|row| row["text"].clone()).collect::<Vec<_>>()
    };
    let (out, _) = run(folder.path(), &["regions", "convert", "a.reg", "--json"], 0);
    assert_eq!(rows(&out), ["007"]);
    // A file that is named has the form that is named.
    let args = ["regions", "convert", "a.reg", "--json", "--to", "canonical", "-o", "b.reg"];
    let (out, _) = run(folder.path(), &args, 0);
    assert_eq!(rows(&out), ["007"]);
    let written = fs::read_to_string(folder.path().join("b.reg")).unwrap();
    assert!(written.contains("circle(202.5"), "{written}");
}

#[test]
fn convert_to_ds9_rounds_as_ds9_and_canonical_does_not() {
    let folder = folder();
    fs::write(
        folder.path().join("a.reg"),
        "fk5;circle(13:29:52.7,+47:11:43,10\") # text={007}\nvector(1,2,0.5d,-30)\ncircle(5i,6i,2i)\n",
    )
    .expect("a file");
    let (out, err) = run(folder.path(), &["regions", "convert", "a.reg"], 0);
    assert_eq!(
        out,
        "# Region file format: DS9 version 4.1\n\
         global color=green dashlist=8 3 width=1 font=\"helvetica 10 normal roman\" select=1 highlite=1 dash=0 \
         fixed=0 edit=1 move=1 delete=1 include=1 source=1\n\
         fk5\n\
         circle(202.4695833,47.1952778,10.000\") # text={007}\n\
         # vector(1.0000000,2.0000000,1800.000\",330) vector=1\n\
         circle(5i,6i,2i)\n"
    );
    assert_eq!(err, "");
    let (out, _) = run(folder.path(), &["regions", "convert", "a.reg", "--to", "canonical"], 0);
    assert_eq!(
        out,
        "# Region file format: DS9 version 4.1\n\
         fk5\n\
         circle(202.46958333333333,47.195277777777775,10\") # text={007}\n\
         vector(1,2,0.5,-30)\n\
         circle(5i,6i,2i)\n"
    );
    run(folder.path(), &["regions", "convert", "good.reg", "--to", "line", "-o", "line.reg"], 0);
    let line = fs::read_to_string(folder.path().join("line.reg")).expect("the file");
    assert_eq!(line, "image;circle(1,2,3);\n");
    let (_, err) = run(folder.path(), &["regions", "convert", "good.reg", "-o", "line.reg"], 1);
    assert_eq!(err, "error: line.reg exists; add --overwrite to replace it\n");
}

/// Units that are not the frame's stay, where no image says what they are in it.
#[test]
fn convert_to_ds9_keeps_units_of_another_frame() {
    let folder = folder();
    fs::write(
        folder.path().join("a.reg"),
        "image\ncircle(13:00:24,28:03:36,0.1')\nbox(1,2,3p,4p)\nannulus(1,2,3,1d)\npolygon(1d,2d,3i,4i,5p,6p)\n",
    )
    .expect("a file");
    let (out, _) = run(folder.path(), &["regions", "convert", "a.reg"], 0);
    let lines: Vec<_> = out.lines().skip(2).collect();
    assert_eq!(
        lines,
        [
            "image",
            "circle(195.1000000d,28.0600000d,6.000\")",
            "box(1,2,3p,4p,0)",
            "annulus(1,2,3,3600.000\")",
            "polygon(1.0000000d,2.0000000d,3,4,5p,6p)",
        ]
    );
    fs::write(folder.path().join("b.reg"), &out).expect("a file");
    run(folder.path(), &["regions", "check", "--strict", "b.reg"], 0);
}

#[test]
fn convert_names_a_label_that_cannot_be_written() {
    let folder = folder();
    let text = "#CRTFv0\ncircle[[1deg,2deg],3arcsec], label=a'}\"b\ncircle[[1deg,2deg],3arcsec]\n";
    fs::write(folder.path().join("a.crtf"), text).expect("a file");
    let (out, err) = run(folder.path(), &["regions", "convert", "a.crtf"], 3);
    assert!(out.ends_with("icrs\ncircle(1.0000000,2.0000000,3.000\")\n"), "{out}");
    assert_eq!(
        err,
        "error: a.crtf:2: circle not written: a text holds `}`, `\"` and `'`, so nothing is left to quote it with\n"
    );
}

/// Half a second of arc a pixel, north up, the centre at pixel (100, 100); physical pixels twice as fine.
const HEADER: &str = "SIMPLE  =                    T\n\
    NAXIS   =                    2\n\
    NAXIS1  =                  200\n\
    NAXIS2  =                  200\n\
    RADESYS = 'FK5'\n\
    CTYPE1  = 'RA---TAN'\n\
    CTYPE2  = 'DEC--TAN'\n\
    CRVAL1  =                202.5\n\
    CRVAL2  =                 47.2\n\
    CRPIX1  =                100.0\n\
    CRPIX2  =                100.0\n\
    CDELT1  = -1.38888888888888E-4\n\
    CDELT2  =  1.38888888888888E-4\n\
    LTM1_1  =                  0.5\n\
    LTM2_2  =                  0.5\n\
    END\n";

#[test]
fn convert_carries_regions_between_frames() {
    let folder = folder();
    fs::write(folder.path().join("image.txt"), HEADER).expect("a header");
    fs::write(
        folder.path().join("sky.reg"),
        "fk5\ncircle(202.5,47.2,10\")\nbox(202.5,47.2,10\",20\",90) # color=red\n",
    )
    .expect("a file");
    let args = ["regions", "convert", "sky.reg", "--to", "canonical", "--frame", "image"];
    let (out, err) = run(folder.path(), &args, 1);
    assert_eq!(out, "");
    assert!(
        err.starts_with("error: sky.reg:2: circle not converted: ")
            && err.contains("give one with `--wcs IMAGE`"),
        "{err}"
    );
    let args = ["regions", "convert", "sky.reg", "--frame", "image", "--wcs", "image.txt"];
    let (out, err) = run(folder.path(), &args, 0);
    let lines: Vec<_> = out.lines().skip(2).collect();
    assert_eq!(
        lines,
        ["image", "circle(100,100,20)", "box(100,100,20,40,90) # color=red"],
        "{err}"
    );
    let args = ["regions", "convert", "sky.reg", "--frame", "physical", "--wcs", "image.txt"];
    let (out, _) = run(folder.path(), &args, 0);
    assert!(out.contains("physical\ncircle(200,200,40)\n"), "{out}");

    let args = ["regions", "convert", "sky.reg", "--frame", "galactic", "--to", "canonical"];
    let (out, _) = run(folder.path(), &args, 0);
    let there = folder.path().join("galactic.reg");
    fs::write(&there, &out).expect("a file");
    assert!(out.contains("galactic\ncircle(104.8"), "{out}");
    let args = ["regions", "convert", "galactic.reg", "--frame", "fk5"];
    let (out, _) = run(folder.path(), &args, 0);
    assert!(out.contains("circle(202.5000000,47.2000000,10.000\")\n"), "{out}");
    assert!(
        out.contains("box(202.5000000,47.2000000,10.000\",20.000\",90) # color=red\n"),
        "{out}"
    );
}

#[test]
fn convert_says_which_regions_and_frames_it_cannot() {
    let folder = folder();
    fs::write(folder.path().join("image.txt"), HEADER).expect("a header");
    fs::write(
        folder.path().join("far.reg"),
        "fk5\ncircle(22.5,-47.2,1\")\ncircle(202.5,47.2,1\")\n",
    )
    .expect("a file");
    let args = ["regions", "convert", "far.reg", "--frame", "image", "--wcs", "image.txt"];
    let (out, err) = run(folder.path(), &args, 3);
    assert!(out.ends_with("image\ncircle(100,100,2)\n"), "{out}");
    assert!(err.starts_with("error: far.reg:2: circle not converted: "), "{err}");
    let (_, err) = run(folder.path(), &["regions", "convert", "far.reg", "--frame", "sky"], 2);
    assert!(err.contains("`sky` is no frame: image, physical"), "{err}");
    fs::write(folder.path().join("long.txt"), format!("SIMPLE  = T{:>90}\n", "x"))
        .expect("a header");
    for (name, says) in [("long.txt", "at most 80 characters"), ("none.fits", "none.fits")] {
        let args = ["regions", "convert", "far.reg", "--frame", "image", "--wcs", name];
        let (out, err) = run(folder.path(), &args, 1);
        assert!(out.is_empty() && err.contains(says), "{err}");
    }
}

#[test]
fn files_of_other_programs_are_known_or_named() {
    let folder = folder();
    fs::write(
        folder.path().join("casa.crtf"),
        "#CRTFv0\nglobal coord=J2000\ncircle[[202.5deg, 47.2deg], 10arcsec], label='007'\nstar[[1deg, 2deg]]\n",
    )
    .expect("a file");
    let args = ["regions", "convert", "casa.crtf", "--to", "canonical"];
    let (out, err) = run(folder.path(), &args, 3);
    assert!(out.ends_with("fk5\ncircle(202.5,47.2,10\") # text={007}\n"), "{out}");
    assert!(err.contains("casa.crtf:4:1") && err.contains("found `star`"), "{err}");
    let (out, _) = run(folder.path(), &["regions", "check", "casa.crtf"], 3);
    let head = "casa.crtf: 1 region in the format crtf, 1 error; DS9 does not load it as a file of its own\n";
    assert!(out.starts_with(head), "{out}");
    let (out, _) = run(folder.path(), &["regions", "check", "--json", "casa.crtf"], 3);
    assert!(out.contains("\"format\":\"crtf\"") && out.contains("\"regions\":1"), "{out}");

    fs::write(folder.path().join("list.txt"), "fk5\n202.5 47.2 18.3 bright\n202.6 47.3\n")
        .expect("a file");
    let args = ["regions", "convert", "list.txt", "--to", "canonical"];
    let (out, err) = run(folder.path(), &args, 0);
    assert!(
        out.ends_with("fk5\npoint(202.5,47.2)\npoint(202.6,47.3)\n") && err.is_empty(),
        "{out}{err}"
    );
    fs::write(folder.path().join("pixels.reg"), "circle(1,2,3)\n").expect("a file");
    for (from, frame) in [("ciao", "physical"), ("saoimage", "image"), ("SAOtng", "image")] {
        let args = ["regions", "convert", "pixels.reg", "--from", from, "--to", "canonical"];
        let (out, _) = run(folder.path(), &args, 0);
        assert!(out.ends_with(&format!("{frame}\ncircle(1,2,3)\n")), "{out}");
    }
    let (_, err) = run(folder.path(), &["regions", "check", "--from", "casa", "pixels.reg"], 2);
    assert!(err.contains("`casa` is no format of regions: ds9, ciao"), "{err}");
}
