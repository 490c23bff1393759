//! Region files of other programs, of any bytes: no panic, nothing lost, and regions that DS9's language can say.
#![no_main]

use ds9_regions::{Format, ItemKind, Mode, ParseOptions, RegionFile, Style};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = Format::detect(bytes);
    let Some((first, bytes)) = bytes.split_first() else { return };
    let format = Format::ALL[1 + usize::from(*first) % (Format::ALL.len() - 1)];
    for mode in [Mode::Default, Mode::Recover] {
        let options = ParseOptions { mode, ..ParseOptions::default() };
        let file = RegionFile::parse_format(bytes, format, &options);
        assert_eq!(file.verbatim(bytes, |_| true), bytes);
        let mut at = 0;
        for item in file.items() {
            assert_eq!(item.span().start, at);
            at = item.span().end;
            if let ItemKind::Region(index) = item.kind {
                assert!(file.regions().get(index as usize).is_some());
            }
        }
        assert_eq!(at, bytes.len() as u64);
        for error in file.errors() {
            let _ = error.render(bytes);
        }
        if mode == Mode::Default {
            assert!(file.errors().len() < 2);
            continue;
        }
        // A label may hold every kind of quote there is; nothing else may fail.
        let Ok(text) = file.to_text(Style::Canonical) else { continue };
        let again = RegionFile::parse(text.as_bytes(), Mode::Default);
        assert!(again.errors().is_empty(), "{text}\n{}", again.errors()[0].render(text.as_bytes()));
        assert_eq!(again.regions().len(), file.regions().len(), "{text}");
        for (one, other) in file.regions().iter().zip(again.regions()) {
            assert_eq!(one.shape, other.shape, "{text}");
            assert_eq!(one.properties, other.properties, "{text}");
            assert_eq!(one.include(), other.include(), "{text}");
            assert_eq!(one.in_composite, other.in_composite, "{text}");
        }
        let good = file.verbatim(bytes, |item| item.kind != ItemKind::Error);
        let without = RegionFile::parse_format(&good, format, &options);
        assert!(without.errors().is_empty());
        assert_eq!(without.regions().len(), file.regions().len());
    }
});
