use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::keyword::{Keyword, keyword};

/// The coordinate system a region is written in: a kind of pixels, or a WCS with its sky frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Frame {
    /// Which axes the numbers are on.
    pub system: System,
    /// Which WCS of the image, where the system is [`System::Wcs`]; it also sticks while the system is pixels.
    pub wcs: WcsName,
    /// Which sky frame, where that WCS is celestial.
    pub sky: SkyFrame,
}

/// The axes that numbers of a region are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum System {
    /// The file names no frame. DS9 reads physical pixels then; many programs that write such files mean image
    /// pixels, so the two can be told apart.
    PhysicalDefault,
    /// Pixels of the image, the centre of the first one at (1, 1).
    Image,
    /// Pixels of the parent image, through LTM and LTV.
    Physical,
    /// Pixels of the detector, through DTM and DTV.
    Detector,
    /// Pixels of the amplifier, through ATM and ATV.
    Amplifier,
    /// World coordinates.
    Wcs,
}

/// The primary WCS of an image or one of its alternates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum WcsName {
    /// `wcs`: the WCS without a letter.
    #[default]
    Primary,
    /// `wcsa` to `wcsz`: the upper-case letter.
    Letter(char),
    /// `wcs0`: DS9's own offset system of templates.
    Offset,
}

/// The sky frame of celestial coordinates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SkyFrame {
    /// None was named; DS9 takes FK5.
    #[default]
    Unnamed,
    /// FK4, equinox B1950.
    Fk4,
    /// FK5, equinox J2000.
    Fk5,
    /// ICRS.
    Icrs,
    /// Galactic longitude and latitude.
    Galactic,
    /// Mean ecliptic longitude and latitude of J2000.
    Ecliptic,
    /// `linear`: the axes of the WCS are not celestial.
    Linear,
}

impl Frame {
    /// No frame was named: DS9 takes physical pixels.
    pub const UNNAMED: Self = Self::pixels(System::PhysicalDefault);
    /// Image pixels.
    pub const IMAGE: Self = Self::pixels(System::Image);
    /// Physical pixels.
    pub const PHYSICAL: Self = Self::pixels(System::Physical);
    /// FK5 in the primary WCS.
    pub const FK5: Self = Self::celestial(SkyFrame::Fk5);
    /// ICRS in the primary WCS.
    pub const ICRS: Self = Self::celestial(SkyFrame::Icrs);
    /// Galactic in the primary WCS.
    pub const GALACTIC: Self = Self::celestial(SkyFrame::Galactic);

    const fn pixels(system: System) -> Self {
        Self { system, wcs: WcsName::Primary, sky: SkyFrame::Unnamed }
    }

    /// `sky` in the primary WCS.
    pub const fn celestial(sky: SkyFrame) -> Self {
        Self { system: System::Wcs, wcs: WcsName::Primary, sky }
    }

    /// Whether the numbers are pixels of some kind.
    pub fn is_pixels(self) -> bool {
        self.system != System::Wcs
    }

    /// The sky frame, where positions can be celestial without asking an image.
    ///
    /// `linear`, `wcs0` and `wcsp` (by custom the physical pixels) have none; other letters are taken at their
    /// word when a sky frame was named.
    pub fn sky_frame(self) -> Option<SkyFrame> {
        match (self.system, self.wcs, self.sky) {
            (System::Wcs, _, SkyFrame::Linear)
            | (System::Wcs, WcsName::Letter('P') | WcsName::Offset, _) => None,
            (System::Wcs, WcsName::Letter(_), SkyFrame::Unnamed) => None,
            (System::Wcs, _, SkyFrame::Unnamed) => Some(SkyFrame::Fk5),
            (System::Wcs, _, sky) => Some(sky),
            _ => None,
        }
    }

    /// The frame that celestial units mean inside this one: DS9 takes FK5 for them in image and physical pixels.
    pub(crate) fn for_celestial_units(self) -> Self {
        match self.system {
            System::PhysicalDefault | System::Image | System::Physical => Self::FK5,
            _ => self,
        }
    }

    /// The frame without what sticks unseen behind pixels.
    pub(crate) fn visible(self) -> Self {
        if self.is_pixels() { Self::pixels(self.system) } else { self }
    }

    /// Whether both mean the same axes; what sticks unseen behind pixels does not matter.
    pub fn same_axes(self, other: Self) -> bool {
        self.system == other.system
            && (self.is_pixels() || (self.wcs, self.sky) == (other.wcs, other.sky))
    }
}

impl Default for Frame {
    fn default() -> Self {
        Self::UNNAMED
    }
}

/// The frame command that selects this frame, `fk5`, `image`, `wcsa;icrs`; empty where none was named.
impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.system {
            System::PhysicalDefault => return Ok(()),
            System::Image => return f.write_str("image"),
            System::Physical => return f.write_str("physical"),
            System::Detector => return f.write_str("detector"),
            System::Amplifier => return f.write_str("amplifier"),
            System::Wcs => {}
        }
        match (self.wcs, self.sky) {
            (WcsName::Primary, SkyFrame::Unnamed) => f.write_str("wcs"),
            (WcsName::Primary, sky) => f.write_str(sky.name()),
            (name, SkyFrame::Unnamed) => name.fmt(f),
            (name, sky) => write!(f, "{name};{}", sky.name()),
        }
    }
}

/// Words that select no frame.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{0}` is no frame: image, physical, detector, amplifier, fk4, fk5, icrs, galactic, ecliptic, linear, wcs, wcsa to \
     wcsz, or a letter and a sky frame as in `wcsa;icrs`"
)]
pub struct UnknownFrame(String);

/// The words that [`Frame`] is displayed as, in any case.
impl FromStr for Frame {
    type Err = UnknownFrame;

    fn from_str(text: &str) -> Result<Self, UnknownFrame> {
        let unknown = || UnknownFrame(text.to_owned());
        let mut words = text.split(';').map(|word| keyword(word.trim().as_bytes()));
        let (first, second) = (words.next(), words.next());
        match (first, second, words.next()) {
            (Some(Keyword::System(system)), None, None) => Ok(Self::pixels(system)),
            (Some(Keyword::Sky(sky)), None, None) => Ok(Self::celestial(sky)),
            (Some(Keyword::Wcs(wcs)), second, None) => {
                let sky = match second {
                    None => SkyFrame::Unnamed,
                    Some(Keyword::Sky(sky)) => sky,
                    Some(_) => return Err(unknown()),
                };
                Ok(Self { system: System::Wcs, wcs, sky })
            }
            _ => Err(unknown()),
        }
    }
}

impl SkyFrame {
    /// The word of a region file for this frame; empty where none was named.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unnamed => "",
            Self::Fk4 => "fk4",
            Self::Fk5 => "fk5",
            Self::Icrs => "icrs",
            Self::Galactic => "galactic",
            Self::Ecliptic => "ecliptic",
            Self::Linear => "linear",
        }
    }
}

impl fmt::Display for WcsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Primary => f.write_str("wcs"),
            Self::Letter(letter) => write!(f, "wcs{}", letter.to_ascii_lowercase()),
            Self::Offset => f.write_str("wcs0"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_as_they_are_shown() {
        for text in [
            "image",
            "physical",
            "detector",
            "amplifier",
            "wcs",
            "fk4",
            "icrs",
            "wcsp",
            "wcsa;icrs",
            "wcs0",
        ] {
            assert_eq!(text.parse::<Frame>().map(|frame| frame.to_string()), Ok(text.to_owned()));
        }
        assert_eq!("J2000".parse(), Ok(Frame::FK5));
        assert_eq!(
            " WCSB ; Galactic ".parse::<Frame>().map(|frame| frame.to_string()).as_deref(),
            Ok("wcsb;galactic")
        );
        for text in ["", "sky", "fk5;icrs", "image;fk5", "wcsa;image", "wcsa;fk5;fk5"] {
            assert!(text.parse::<Frame>().is_err(), "{text}");
        }
    }
}
