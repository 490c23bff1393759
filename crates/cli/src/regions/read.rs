use ds9_regions::{Format, Mode, ParseOptions, RegionFile};

/// Every region that can be read, of the format given or else the one that the first lines show.
pub(crate) fn parse(bytes: &[u8], from: Option<Format>) -> RegionFile {
    let format = from.unwrap_or_else(|| Format::detect(bytes));
    let options = ParseOptions { mode: Mode::Recover, ..ParseOptions::default() };
    RegionFile::parse_format(bytes, format, &options)
}
