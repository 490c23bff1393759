use std::cell::RefCell;
use std::io::{self, Write};

use jpeg_encoder::{Encoder, EncodingError, ImageBuffer, JpegColorType, rgb_to_ycbcr};

use super::picture::draw_top_rows;
use super::{About, Channels, Picture, RenderError, RenderResult};

const LONGEST: usize = u16::MAX as usize;

/// Of 100; what fine detail beside black needs.
const QUALITY: u8 = 92;

/// Writes the picture as JPEG, the highest row on top; what is known about it goes to the EXIF image description as JSON.
///
/// # Errors
/// When the image cannot be read or `out` cannot be written, or a side has more than 65535 pixels.
pub fn write_jpeg(picture: &dyn Picture, about: &About, out: impl Write) -> RenderResult<()> {
    let (ny, nx) = picture.shape();
    let too_large =
        || RenderError::TooLarge { format: "JPEG", limit: LONGEST, width: nx, height: ny };
    let side = |n: usize| u16::try_from(n).map_err(|_| too_large());
    let (width, height) = (side(nx)?, side(ny)?);
    let broken = RefCell::new(None);
    let rows = TopRows { picture, width, height, band: RefCell::default(), broken: &broken };
    let mut encoder = Encoder::new(out, QUALITY);
    encoder.add_app_segment(1, exif(&about.json((ny, nx)))).map_err(failed)?;
    let written = encoder.encode_image(rows).map_err(failed);
    match broken.into_inner() {
        Some(error) => Err(error),
        None => written,
    }
}

fn failed(error: EncodingError) -> RenderError {
    RenderError::Write(match error {
        EncodingError::IoError(error) => error,
        other => io::Error::other(other),
    })
}

/// An EXIF block of one entry, the image description.
fn exif(text: &str) -> Vec<u8> {
    const DATA: u32 = 26;
    // Longer names than a segment holds are cut off.
    let text = text.get(..60_000).unwrap_or(text).as_bytes();
    let count = text.len() as u32 + 1;
    let mut out = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x0e\x01\x02\0".to_vec();
    out.extend(count.to_le_bytes());
    out.extend(DATA.to_le_bytes());
    out.extend([0; 4]);
    out.extend(text);
    out.push(0);
    out
}

/// The rows of a picture as the encoder asks for them: downwards, several of them each time.
struct TopRows<'a> {
    picture: &'a dyn Picture,
    width: u16,
    height: u16,
    /// The rows drawn last, and the first of them counted from the top.
    band: RefCell<(usize, Vec<u8>)>,
    broken: &'a RefCell<Option<RenderError>>,
}

impl ImageBuffer for TopRows<'_> {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        match self.picture.channels() {
            Channels::Gray => JpegColorType::Luma,
            Channels::Rgb => JpegColorType::Ycbcr,
        }
    }

    fn width(&self) -> u16 {
        self.width
    }

    fn height(&self) -> u16 {
        self.height
    }

    fn fill_buffers(&self, y: u16, buffers: &mut [Vec<u8>; 4]) {
        let line = usize::from(self.width) * self.picture.channels().count();
        let mut band = self.band.borrow_mut();
        let held = band.0..band.0 + band.1.len() / line;
        if !held.contains(&usize::from(y)) {
            let drawn = draw_top_rows(self.picture, y.into());
            *band = (
                y.into(),
                drawn.unwrap_or_else(|error| {
                    *self.broken.borrow_mut() = Some(error);
                    vec![0; line]
                }),
            );
        }
        let at = (usize::from(y) - band.0) * line;
        let pixels = &band.1[at..at + line];
        match self.picture.channels() {
            Channels::Gray => buffers[0].extend_from_slice(pixels),
            Channels::Rgb => pixels.chunks_exact(3).for_each(|pixel| {
                let ycc = [rgb_to_ycbcr(pixel[0], pixel[1], pixel[2])].map(<[u8; 3]>::from);
                buffers.iter_mut().zip(ycc[0]).for_each(|(buffer, part)| buffer.push(part));
            }),
        }
    }
}
