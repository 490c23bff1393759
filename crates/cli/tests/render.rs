//! `hst render` as a user runs it.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{hst, make_demo, stderr, stdout};

const RED: &str = "hst_90001_11_acs_wfc_f814w_jdem11_drc.fits";
const GREEN: &str = "hst_90001_11_acs_wfc_f475w_jdem11_drc.fits";
const BLUE: &str = "hst_90001_01_wfc3_uvis_f336w_idem01_drc.fits";

/// Width, height and bytes a pixel of a PNG, and its pixels.
fn read_png(path: &Path) -> (u32, u32, Vec<u8>, Vec<(String, String)>) {
    let mut reader = png::Decoder::new(std::io::BufReader::new(fs::File::open(path).unwrap()))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    let texts = reader.info().uncompressed_latin1_text.iter();
    let texts = texts.map(|text| (text.keyword.clone(), text.text.clone())).collect();
    (frame.width, frame.height, pixels, texts)
}

fn folder() -> PathBuf {
    make_demo("render")
}

#[test]
fn pictures_of_the_demo() {
    let folder = folder();
    // The whole image, gray, beside the image's name.
    let made = hst(&folder, &["render", RED]);
    assert!(made.status.success(), "{}", stderr(&made));
    let (nx, ny, pixels, texts) = read_png(&folder.join(RED.replace(".fits", ".png")));
    assert_eq!((nx, ny, pixels.len()), (953, 953, 953 * 953));
    assert!(texts.iter().any(|(key, value)| key == "input_file" && value == RED), "{texts:?}");

    // An existing picture stays.
    let again = hst(&folder, &["render", RED]);
    assert_eq!(again.status.code(), Some(1));
    assert!(stderr(&again).contains("add --overwrite"), "{}", stderr(&again));

    // A window with regions: the circle is drawn in its colour around its place.
    let args = ["render", RED, "--at", "194.9490564 27.98125", "--size", "8arcsec", "--regions"];
    let made =
        hst(&folder, &[&args[..], &["demo.reg", "--guides", "-o", "a.png", "--json"]].concat());
    assert!(made.status.success(), "{}", stderr(&made));
    let summary: serde_json::Value = serde_json::from_str(&stdout(&made)).unwrap();
    assert_eq!((&summary["nx"], &summary["ny"]), (&160.into(), &160.into()));
    let (nx, ny, pixels, _) = read_png(&folder.join("a.png"));
    let green: Vec<[f64; 2]> = (0..ny)
        .flat_map(|y| (0..nx).map(move |x| (x, y)))
        .filter(|(x, y)| pixels[((y * nx + x) * 3) as usize..][..3] == [0, 255, 0])
        .map(|(x, y)| [f64::from(x), f64::from(ny - 1 - y)])
        .collect();
    assert!(green.len() > 200, "{}", green.len());
    let on_circle = green.iter().filter(|[x, y]| {
        // 2.5 arcsec are 50 pixels.
        ((x - 79.5).hypot(y - 79.5) - 50.0).abs() < 2.5
    });
    assert!(on_circle.count() > 200);

    // Three images on other grids: refused with the remedy, then resampled.
    let crooked = hst(&folder, &["render", RED, GREEN, BLUE, "--rgb", "-o", "c.png"]);
    assert_eq!(crooked.status.code(), Some(1));
    assert!(stderr(&crooked).contains("--align"), "{}", stderr(&crooked));
    assert!(!folder.join("c.png").exists());
    let made = hst(&folder, &["render", RED, GREEN, BLUE, "--rgb", "--align", "-o", "c.png"]);
    assert!(made.status.success(), "{}", stderr(&made));
    let (nx, _, pixels, _) = read_png(&folder.join("c.png"));
    assert_eq!((nx, pixels.len()), (953, 953 * 953 * 3));
    // Stars lie in the same place in all three: the channels of bright pixels go together.
    let bright = pixels.chunks(3).filter(|pixel| pixel[0] == 255).collect::<Vec<_>>();
    let blue_too = bright.iter().filter(|pixel| pixel[2] > 100).count();
    assert!(blue_too * 10 > bright.len() * 4, "{blue_too} of {}", bright.len());

    // JPEG, inverted and colour by Lupton's way.
    let made =
        hst(&folder, &["render", RED, GREEN, "--format", "jpg", "--invert", "--zscale", "-d", "."]);
    assert!(made.status.success(), "{}", stderr(&made));
    assert!(folder.join(RED.replace(".fits", ".jpg")).exists());
    let args = ["render", RED, GREEN, BLUE, "--rgb", "--align", "--lupton", "8,0.5", "-o", "l.jpg"];
    let made = hst(&folder, &args);
    assert!(made.status.success(), "{}", stderr(&made));

    // A mosaic of two filters has no calibration, and says so.
    let args = ["mosaic", RED, GREEN, "--at", "194.9490564 27.98125", "--size", "3arcsec"];
    let made = hst(&folder, &[&args[..], &["-o", "m.fits"]].concat());
    assert!(made.status.success(), "{}", stderr(&made));
    let warning = "PHOTFLAM differs between the images, so the result has none\n";
    assert!(stderr(&made).contains(warning), "{}", stderr(&made));

    // One bad file does not lose the others.
    fs::write(folder.join("bad.fits"), "nothing").unwrap();
    let some = hst(&folder, &["render", "bad.fits", BLUE]);
    assert_eq!(some.status.code(), Some(3), "{}", stderr(&some));
    assert!(stderr(&some).contains("bad.fits"), "{}", stderr(&some));
    assert!(folder.join(BLUE.replace(".fits", ".png")).exists());
    let left: Vec<_> = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".part")), "{left:?}");
}

/// astrocut 1.4.0 writes one of them, under the other's name.
#[test]
fn several_extensions_are_several_pictures() {
    let folder = make_demo("render_extensions");
    // Wide enough for the gap of the detector, so that weights differ.
    let at = ["--at", "194.9490564 27.98125", "--size", "200"];
    let run = |more: &[&str]| hst(&folder, &[&["render", RED], &at[..], more].concat());
    // To a folder, which is made, as `hst cutout` makes it.
    let apart = run(&["--ext", "SCI,WHT", "-d", "new/folder"]);
    assert!(apart.status.success(), "{}", stderr(&apart));
    assert_eq!(fs::read_dir(folder.join("new/folder")).unwrap().count(), 2);
    let versions = run(&["--ext", "SCI,1,WHT,1", "-d", "versions"]);
    assert!(versions.status.success(), "{}", stderr(&versions));
    for name in ["SCI1", "WHT1"] {
        let name = RED.replace(".fits", &format!("_{name}.png"));
        assert!(folder.join("versions").join(name).exists());
    }
    assert_eq!(run(&["--ext", "all"]).status.code(), Some(2));
    let both = run(&["--ext", "SCI,WHT", "--json"]);
    assert!(both.status.success(), "{}", stderr(&both));
    let stem = RED.trim_end_matches(".fits");
    let lines: Vec<serde_json::Value> =
        stdout(&both).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    for (line, name) in lines.iter().zip(["SCI", "WHT"]) {
        assert_eq!(line["file"], format!("{stem}_{name}.png"));
        // The picture of an extension alone, whose name says nothing of it.
        assert!(run(&["--ext", name, "-o", "one.png", "--overwrite"]).status.success());
        let alone = read_png(&folder.join("one.png"));
        let beside = read_png(&folder.join(format!("{stem}_{name}.png")));
        assert!(
            alone.2 == beside.2 && beside.2.iter().any(|&pixel| pixel != beside.2[0]),
            "{name}"
        );
    }
    let some = run(&["--ext", "WHT,DQ", "--overwrite"]);
    assert_eq!(some.status.code(), Some(3), "{}", stderr(&some));
    assert!(stderr(&some).contains("DQ"), "{}", stderr(&some));
    let one = run(&["--ext", "SCI,WHT", "-o", "two.png"]);
    assert_eq!(one.status.code(), Some(2));
    assert!(stderr(&one).contains("there are 2 images"), "{}", stderr(&one));
}

#[test]
fn wrong_arguments_are_told() {
    let folder = tempfile::tempdir().unwrap();
    for (args, code, text) in [
        (&["render", "a.fits", "--percent", "5"][..], 2, "two numbers with a comma"),
        (&["render", "a.fits", "--percent", "90,10"], 2, "runs downwards"),
        (&["render", "a.fits", "--stretch", "cubic"], 2, "there is no stretch cubic"),
        (&["render", "a.fits", "-o", "a.gif"], 2, "neither .png nor .jpg"),
        (&["render", "a.fits", "b.fits", "--rgb"], 2, "takes three images"),
        (&["render", "a.fits", "b.fits", "-o", "c.png"], 2, "use --dir"),
        (&["render", "a.fits"], 1, "a.fits"),
    ] {
        let output = hst(folder.path(), args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(text), "{args:?}: {}", stderr(&output));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// DS9 and the picture agree which way is up: pillow reads the PNG as astropy's image turned upside down.
#[test]
fn pillow_reads_what_is_written() {
    let Some(python) = std::env::var_os("HST_PEERS") else {
        eprintln!("skipped: HST_PEERS names no Python with pillow");
        return;
    };
    let folder = make_demo("render_peers");
    let made = hst(&folder, &["render", RED, "--range", "0,1", "--stretch", "linear"]);
    assert!(made.status.success(), "{}", stderr(&made));
    let script = "import sys, numpy as np\nfrom PIL import Image\nfrom astropy.io import fits\n\
        a = np.asarray(Image.open(sys.argv[2]))[::-1]\nd = fits.getdata(sys.argv[1], 'SCI')\n\
        e = np.nan_to_num(np.clip(d, 0, 1) * np.float32(255)).astype('u1')\n\
        assert (a == e).all(), (a != e).sum()\n";
    let checked = Command::new(python)
        .current_dir(&folder)
        .args(["-c", script, RED, &RED.replace(".fits", ".png")])
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", stderr(&checked));
}
