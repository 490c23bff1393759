use std::io::{self, Write};

use png::chunk::IDAT;
use png::{BitDepth, ColorType, Encoder, EncodingError};

use super::deflate::Deflater;
use super::filter::Filters;
use super::picture::from_the_top;
use super::{About, Channels, Picture, RenderError, RenderResult};

const LONGEST: usize = i32::MAX as usize;

/// Writes the picture as PNG, the highest row on top, with a text chunk for each thing known about it.
///
/// # Errors
/// When the image cannot be read or `out` cannot be written, or a side has more than 2³¹ - 1 pixels.
pub fn write_png(picture: &dyn Picture, about: &About, out: impl Write + Send) -> RenderResult<()> {
    let (ny, nx) = picture.shape();
    let too_large =
        || RenderError::TooLarge { format: "PNG", limit: LONGEST, width: nx, height: ny };
    let side = |n: usize| i32::try_from(n).map(i32::unsigned_abs).map_err(|_| too_large());
    let mut encoder = Encoder::new(out, side(nx)?, side(ny)?);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_color(match picture.channels() {
        Channels::Gray => ColorType::Grayscale,
        Channels::Rgb => ColorType::Rgb,
    });
    for (key, value) in about.entries((ny, nx)) {
        if value.is_ascii() {
            encoder.add_text_chunk(key.to_owned(), value).map_err(failed)?;
        } else {
            encoder.add_itxt_chunk(key.to_owned(), value).map_err(failed)?;
        }
    }
    let mut writer = encoder.write_header().map_err(failed)?;
    let channels = picture.channels().count();
    let (mut filters, mut deflater) = (Filters::new(nx * channels, channels), Deflater::new());
    from_the_top(picture, |rows| {
        let write = |bytes: &[u8]| writer.write_chunk(IDAT, bytes).map_err(failed);
        deflater.block(filters.apply(rows), write)
    })?;
    writer.write_chunk(IDAT, &deflater.finish()).map_err(failed)?;
    writer.finish().map_err(failed)
}

fn failed(error: EncodingError) -> RenderError {
    RenderError::Write(match error {
        EncodingError::IoError(error) => error,
        other => io::Error::other(other),
    })
}
