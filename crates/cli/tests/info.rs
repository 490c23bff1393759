//! `hst info`: whole outputs.

mod common;

use common::{hst, make_demo, stderr, stdout};

const IMAGE: &str = "hst_90001_11_acs_wfc_f814w_jdem11_drc.fits";

const EXPECTED: &str = "\
hst_90001_11_acs_wfc_f814w_jdem11_drc.fits  10915200 bytes
   0  PRIMARY     1  empty     8                 28 cards
   1  SCI         1  image   -32  953 x 953      26 cards
   2  WHT         1  image   -32  953 x 953      23 cards
   3  CTX         1  image    32  953 x 953      22 cards
  specification      HST-ACS-WFC-F814W
  exposure           1920 s
  start              58801.25 MJD
  unit               ELECTRONS/S
  AB zero point      25.944043 mag
  ST zero point      26.779743 mag
  PHOTFLAM           7.0486e-20
  PHOTPLAM           8045.45 Angstrom
  pixfrac            1
  drizzled to        0.05 arcsec
  projection         RA---TAN ICRS
  pixel scale        0.05 x 0.05 arcsec
  position angle of y 0 deg
  centre             194.95016 27.979861
  corner             194.95765 27.973243
  corner             194.94266 27.973243
  corner             194.94266 27.986479
  corner             194.95765 27.986479
  weight RMS/median  0.12229829
";

#[test]
fn an_image_is_described_as_a_whole_or_as_far_as_it_goes() {
    let demo = make_demo("info");
    let output = hst(&demo, &["info", IMAGE]);
    assert!(output.status.success(), "{}", stderr(&output));
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(squeezed(&stdout(&output)), squeezed(EXPECTED));

    let whole = std::fs::read(demo.join(IMAGE)).unwrap();
    std::fs::write(demo.join("cut.fits"), &whole[..4_000_000]).unwrap();
    let output = hst(&demo, &["info", "--json", "cut.fits", IMAGE, "nowhere.fits"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let lines: Vec<serde_json::Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [cut, good] = lines.as_slice() else { panic!("{lines:?}") };
    let message = "cut short, 4000000 of 7277760 bytes are there: cut.fits";
    assert_eq!(cut["damage"], message);
    assert_eq!(cut["image"]["spec"], "HST-ACS-WFC-F814W");
    assert_eq!(
        cut["image"]["weight_error"],
        "cut short, 4000000 of 7276036 bytes are there: WHT in cut.fits"
    );
    assert!(good["damage"].is_null() && good["image"]["weight_error"].is_null());
    let messages = stderr(&output);
    assert!(messages.contains(message) && messages.contains("nowhere.fits"), "{messages}");
}

#[test]
fn an_exposure_has_its_distortions_and_descriptions() {
    let Some(path) = testkit::shared("data/hst/sample_svm_flc.fits") else { return };
    let output = hst(std::path::Path::new("."), &["info", path.to_str().unwrap()]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    for line in [
        "specification      HST-WFC3-UVIS-F555W",
        "gain               1.5",
        "projection         RA---TAN-SIP ICRS",
        "distortion         SIP, D2IM, CPDIS",
        "alternates         A IDC_2731450pi, B IDC_2731450pi-HSC30, C IDC_2731450pi-FIT_REL_GAIAeDR3, O OPUS",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
}
