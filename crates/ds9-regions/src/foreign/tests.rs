use super::*;
use crate::{Mode, Style};

fn read(text: &str, format: Format) -> (String, Vec<String>) {
    let options = ParseOptions { mode: Mode::Recover, ..ParseOptions::default() };
    let file = RegionFile::parse_format(text.as_bytes(), format, &options);
    assert_eq!(file.verbatim(text.as_bytes(), |_| true), text.as_bytes());
    let errors = file.errors().iter().map(ToString::to_string).collect();
    let text = file.to_text(Style::Canonical).unwrap();
    (text.lines().skip(1).collect::<Vec<_>>().join("\n"), errors)
}

fn check(format: Format, cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let (text_read, errors) = read(text, format);
        assert_eq!((text_read.as_str(), &errors[..]), (*expected, &[][..]), "{text}");
    }
}

#[test]
fn first_lines_tell_the_format() {
    for (text, format) in [
        ("#CRTFv0\n", Format::Crtf),
        ("# Region file format: CIAO version 1.0\ncircle(1,2,3)", Format::Ciao),
        ("# Region file format: DS9 version 4.1\n1 2", Format::Ds9),
        ("\u{feff}# Region file format: DS9 version 4.1\n", Format::Ds9),
        ("# a list\n# format: degrees (fk5)\n+circle(1,2,3)", Format::SaoTng),
        ("# format: of my own\nfk5;circle(1,2,3)", Format::Ds9),
        ("equatorial j2000; circle 1 2 3", Format::Pros),
        ("logical; circle 1 2 3", Format::Pros),
        ("physical; circle 1 2 3", Format::Ds9),
        ("physical; circle 1 2 3\nlogical; circle 1 2 3", Format::Pros),
        ("# xy file\nphysical\n\n300 300\n", Format::Xy),
        ("fk5\n13:00:24, +28:03:36 a name\n", Format::Xy),
        ("image\ncircle(1,2,3)\n4 5", Format::Ds9),
        ("# remarks only", Format::Ds9),
        ("1", Format::Ds9),
        ("", Format::Ds9),
    ] {
        assert_eq!(Format::detect(text.as_bytes()), format, "{text}");
    }
    for format in Format::ALL {
        assert_eq!(format.to_string().to_uppercase().parse(), Ok(format));
    }
    assert!("casa".parse::<Format>().is_err());
}

#[test]
fn ciao() {
    check(
        Format::Ciao,
        &[
            (
                "circle(400,400,10)\n-cir(500,500,5)",
                "physical\ncircle(400,400,10)\n-circle(500,500,5)",
            ),
            (
                "rotbox(13:00:24.0,+28:03:36,10',5'',30) # here",
                "physical\nbox(195.1d,28.06d,10',5\",30) # here",
            ),
            ("circle(1,2,3) # color=red", "physical\ncircle(1,2,3) # note color=red"),
            ("pie(400,300,10,20,0,90)", "physical\npanda(400,300,0,90,1,10,20,1)"),
            ("rectangle(10,10,20,30)", "physical\nbox(15,20,10,20)"),
            ("rect(10d,10d,20d,30d)", "fk5\npolygon(10,10,20,10,20,30,10,30)"),
            ("sector(1,2,0,90)\nfield()\npoint(1,2)", "physical\npoint(1,2)"),
            (
                "circle(1,2,3)*circle(2,2,3)-circle(3,2,1)+point(5,6)",
                "physical\ncomposite(1,2) ||\ncircle(1,2,3) &&\ncircle(2,2,3) ||\n-circle(3,2,1)\npoint(5,6)",
            ),
            (
                "circle(1,2,3)\n&!box(2,2,3,4)",
                "physical\ncomposite(1,2) ||\ncircle(1,2,3) ||\n-box(2,2,3,4)",
            ),
        ],
    );
    let (text, errors) =
        read("circle 1 2 3\ncircle(1,2)\ncircle(1 2 3)\ncircle(1,2,3)", Format::Ciao);
    assert_eq!(text, "physical\ncircle(1,2,3)");
    assert_eq!(
        errors,
        [
            "line 1, column 8: expected `(` behind the name of a shape, found `1` [E201]",
            "line 2, column 11: expected a comma and another argument, found `)` [E201]",
            "line 3, column 10: expected a comma and another argument, found `2` [E201]",
        ]
    );
}

#[test]
fn pros() {
    check(
        Format::Pros,
        &[
            (
                "physical; circle 100 100 10\nlogical; box 1 2 10 20 30\nequatorial j2000; circle 13:00:24 28:03:36 10\"",
                "physical\ncircle(100,100,10i)\nimage\nbox(1,2,10,20,30)\nfk5\ncircle(195.1,28.06,10\")",
            ),
            ("circle(1,2,3)\n-point 4 5", "image\ncircle(1,2,3)\n-point(4,5)"),
            (
                "annulus 1 2 3 9 n=3; ANNULUS(1,2,3,9,N=1)",
                "image\nannulus(1,2,3,9,n=3)\nannulus(1,2,3,9,n=1)",
            ),
            // Units of the sky are FK5 among pixels.
            (
                "physical; circle 10d 20d 5; point 1 2",
                "fk5\ncircle(10,20,5i)\nphysical\npoint(1,2)",
            ),
            ("box 1 2 3 4 0.25r", "image\nbox(1,2,3,4,14.32394487827058)"),
            (
                "physical; annulus 1 2 3 4 5; circle 1 2 3",
                "physical\nannulus(1,2,3i,4i,5i)\ncircle(1,2,3i)",
            ),
        ],
    );
    let (text, errors) =
        read("galactic; box 57 80 10 20 & !box 57 80 5 10\nicrs; point 1 2\n", Format::Pros);
    assert!(text.starts_with("image\nbox(") && text.ends_with("d,5,10,10,20)"), "{text}");
    assert_eq!(errors.len(), 1, "{errors:?}");
}

#[test]
fn saotng_and_saoimage() {
    check(
        Format::SaoTng,
        &[
            (
                "# format: degrees (fk5)\n# my text\n+circle(195.1,28.06,20) # red\n-box(195.1,28.06,20,10,0) # background and more",
                "fk5\ncircle(195.1,28.06,20i) # text={my text} color=red\nimage\n-box(195.1d,28.06d,20,10,0) # color=red background and more",
            ),
            (
                "# format: hms (icrs)\ntext(13:00:24,28:03:36,\"a b\")",
                "icrs\ntext(195.1,28.06) # text={a b}",
            ),
            ("# format: pixels (physical)\n+line(1,2,3,4)", "image\nline(1,2,3,4)"),
            // What the file is of is no label, and does not take one away.
            (
                "# it\n# filename: image.fits\n# date: today\n+circle(1,2,3)\n+circle(1,2,4)",
                "image\ncircle(1,2,3) # text={it}\ncircle(1,2,4)",
            ),
            ("+circle(13:00:24,28:03:36,2)", "fk5\ncircle(195.1,28.06,2i)"),
        ],
    );
    check(
        Format::SaoImage,
        &[
            ("-circle(1,2,3) # it", "image\n-circle(1,2,3) # it"),
            (
                "ellipse(1,2,20,40,30) & !ellipse(1,2,10,20,30)",
                "image\nellipse(1,2,10,20,20,40,30)",
            ),
        ],
    );
    let (_, errors) = read("circle(1,2,3\")\nbox(1,2,3,4)&!box(1,3,1,1)", Format::SaoImage);
    assert_eq!(errors.len(), 2, "{errors:?}");
}

#[test]
fn lists_of_places() {
    check(
        Format::Xy,
        &[
            ("# xy\nphysical\n300 300 19.5 name\n(4,5)", "physical\npoint(300,300)\npoint(4,5)"),
            ("ccd\n1 2\nLogical\n3 4", "physical\npoint(1,2)\nimage\npoint(3,4)"),
            ("10d 20d\n3 4\nwcs galactic\n3 4", "point(10d,20d)\npoint(3,4)\ngalactic\npoint(3,4)"),
            ("fk5\n13:00:24 28:03:36\n195.1 28.06", "fk5\npoint(195.1,28.06)\npoint(195.1,28.06)"),
        ],
    );
    let (text, errors) = read("image\n1 2\nname\n3\n4 5", Format::Xy);
    assert_eq!(text, "image\npoint(1,2)\npoint(4,5)");
    assert_eq!(
        errors,
        [
            "line 3, column 1: expected a frame or two coordinates, found `name` [E404]",
            "line 4, column 2: expected the second coordinate, found the end of the statement [E201]",
        ]
    );
}

#[test]
fn carta() {
    check(
        Format::Carta,
        &[(
            "# Region file format: DS9 CARTA 4.0.0\npoint(5.00, 5.00) # color=#2EE6D6\n\
             # box(5.00, 5.00, 4.00, 3.00, 0) color=#FFBA01\n# polyline(5, 5, 4, 3, 1, 6)\n\
             # textbox(6, 6, 4, 3, 0) text={a}\n# text(6, 6) text=\"Text\"\n# box of words\n",
            "image\npoint(5,5) # color=#2EE6D6\nbox(5,5,4,3,0) # color=#FFBA01 ann\n\
             segment(5,5,4,3,1,6) # ann\nbox(6,6,4,3,0) # text={a} ann\ntext(6,6) # text={Text}",
        )],
    );
    let text = b"# Region file format: DS9 CARTA 4.0.0\nimage\n# box(5, 5, 4, 3, 0)\n";
    assert_eq!(Format::detect(text), Format::Ds9);
    assert_eq!(RegionFile::parse(text, Mode::Default).regions().len(), 0);
    let (_, errors) = read("# box(5, 5, 4)\n# line(1,2,3,4)", Format::Carta);
    assert_eq!(errors, ["line 1, column 14: expected the second of two lengths, found `)` [E201]"]);
}

#[test]
fn crtf() {
    check(
        Format::Crtf,
        &[
            (
                "#CRTFv0\nglobal coord=B1950, color=blue, corr=[I, Q]\nann circle[[18h12m24s, -23d11m00s], 2.3arcsec], color=2ee6d6",
                "fk4\ncircle(273.1,-23.183333333333334,2.3\") # color=#2ee6d6 ann corr=[I, Q]",
            ),
            (
                "-ellipse[[12deg, +45deg], [0.25deg, 1.34deg], 45deg], coord=J2000, label='Cut \"this\"'",
                "fk5\n-ellipse(12,45,0.25,1.34,135) # text={Cut \"this\"}",
            ),
            (
                "symbol [[18:47:44.0, -001.30.36.0], .] coord=ICRS, linewidth=2, linestyle=-, symsize=3, font=Helvetica, fontsize=10, fontstyle=bold",
                "icrs\npoint(281.93333333333334,-1.51) # width=2 point=circle 3 font=\"helvetica 10 bold roman\"",
            ),
            ("box[[0pix,1pix],[10pix,5pix]]", "image\nbox(6,4,10,4)"),
            ("box[[1deg,2deg],[3deg,4deg]], coord=GALACTIC", "galactic\npolygon(1,2,3,2,3,4,1,4)"),
            (
                "text[[1deg,2deg],'my text'], linestyle=--",
                "icrs\ntext(1,2) # text={my text} dash=1",
            ),
            ("poly[[1deg,2deg],[3deg,4deg],[5deg,6deg]]", "icrs\npolygon(1,2,3,4,5,6)"),
            (
                "annulus[[1pix,2pix],[3pix,4pix]]\nrotbox[[1deg,2deg],[3arcmin,1arcmin],12deg]",
                "image\nannulus(2,3,3,4)\nicrs\nbox(1,2,3',1',12)",
            ),
        ],
    );
    let text = "circle[[1deg,2deg],3]\ncircle[[1deg,99deg],3deg]\nstar[[1deg,2deg]]\ncircle[[1deg,2deg]]\n\
                circle[[1deg,2deg],3deg\ncircle[[1deg,2pix],3deg]\ncircle[[1deg,2deg],3parsec]\nbox[[1deg,2deg],[3deg,4deg],5deg]\n\
                circle[[1deg,2deg],3deg], coord=SUPERGAL\ncircle[[1deg,2deg],3deg] free words\n";
    let (_, errors) = read(text, Format::Crtf);
    let codes: Vec<_> =
        errors.iter().map(|error| &error[error.len() - 5..error.len() - 1]).collect();
    assert_eq!(
        codes,
        ["E207", "E206", "E401", "E201", "E201", "E203", "E207", "E202", "E302", "E304"],
        "{errors:#?}"
    );
}
