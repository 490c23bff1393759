//! How files are fetched, and a bar that shows it.

use std::path::Path;
use std::sync::mpsc::Sender;

use indicatif::ProgressBar;
use mast_client::{
    CachePolicy, DownloadOptions, Event, Manifest, ManifestRow, Product, Progress, total_size,
};

use super::headers::{check, vouch};
use super::{Place, Session, chained};
use crate::console::Console;

/// Options of every command that fetches.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Transfer {
    /// Files to fetch at a time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
    /// Refuse to fetch more than this, as 2GB or 500MiB
    #[arg(long, value_name = "BYTES", value_parser = byte_count)]
    max_bytes: Option<u64>,
}

impl Transfer {
    /// The most bytes to fetch.
    pub(crate) fn max_bytes(&self) -> Option<u64> {
        self.max_bytes
    }

    /// The client's options, with a bar for all bytes; `finished` hears of every product.
    pub(super) fn options(
        &self,
        session: &Session,
        bar: &ProgressBar,
        finished: Option<Sender<(usize, ManifestRow)>>,
    ) -> DownloadOptions {
        let bar = bar.clone();
        let listener = move |event: Event<'_>| match event {
            Event::Started { name, already, .. } => {
                bar.set_message(name.to_owned());
                bar.inc(already);
            }
            Event::Received { bytes, .. } => bar.inc(bytes),
            Event::Finished { item, row } => {
                if let Some(finished) = &finished {
                    // A reader that is gone needs nothing more.
                    let _ = finished.send((item, row.clone()));
                }
            }
            _ => {}
        };
        let is_recording = session.is_recording();
        DownloadOptions {
            jobs: self.jobs.into(),
            policy: if is_recording { CachePolicy::Force } else { CachePolicy::Reuse },
            resume: !is_recording,
            max_bytes: self.max_bytes,
            check: Some(check()),
            vouch: Some(vouch()),
            progress: Some(Progress::new(listener)),
            ..DownloadOptions::default()
        }
    }
}

/// Brings all products to `folder` and tells what became of each.
pub(crate) fn bring(
    (archive, session): (&Place, &Session),
    products: &[Product],
    folder: &Path,
    transfer: &Transfer,
    console: &Console,
) -> anyhow::Result<Manifest> {
    let bar = bar(products, console);
    let options = transfer.options(session, &bar, None);
    let manifest = archive.open(session, console)?.fetch(products, folder, &options);
    bar.finish_and_clear();
    manifest.map_err(chained)
}

/// A bar for the bytes of `products`.
pub(super) fn bar(products: &[Product], console: &Console) -> ProgressBar {
    console.byte_bar(total_size(products).0, "fetching")
}

/// A number of bytes as people read it.
pub(crate) fn bytes(count: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")];
    let found = units.iter().find(|(size, _)| count >= *size);
    found.map_or_else(
        || format!("{count} bytes"),
        |(size, unit)| format!("{:.1} {unit}", count as f64 / *size as f64),
    )
}

/// `2000000`, `2MB`, `1.5GiB`.
fn byte_count(text: &str) -> Result<u64, String> {
    let units = [
        ("KIB", 1024.0),
        ("MIB", 1_048_576.0),
        ("GIB", 1_073_741_824.0),
        ("TIB", 1_099_511_627_776.0),
        ("KB", 1e3),
        ("MB", 1e6),
        ("GB", 1e9),
        ("TB", 1e12),
        ("B", 1.0),
        ("", 1.0),
    ];
    let upper = text.trim().to_ascii_uppercase();
    let found = units.iter().find_map(|(unit, size)| {
        let number: f64 = upper.strip_suffix(unit)?.trim().parse().ok()?;
        (number >= 0.0 && number.is_finite()).then_some(number * size)
    });
    found.map(|count| count as u64).ok_or_else(|| format!("not a number of bytes: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_and_written() {
        assert_eq!(byte_count("2880"), Ok(2880));
        assert_eq!(byte_count("1.5 GiB"), Ok(1_610_612_736));
        assert_eq!(byte_count("2mb"), Ok(2_000_000));
        assert!(byte_count("-1").is_err() && byte_count("many").is_err());
        assert_eq!(bytes(999), "999 bytes");
        assert_eq!(bytes(282_726_720), "282.7 MB");
    }
}
