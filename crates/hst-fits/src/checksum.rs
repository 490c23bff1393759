//! Checksums of units. FITS 4.0, appendix J.

/// Adds 32-bit words in ones' complement; the bytes begin at a multiple of four and are padded with zeros.
pub(crate) fn add(sum: u32, bytes: &[u8]) -> u32 {
    let (words, rest) = bytes.as_chunks::<4>();
    // 2³² words can be added before 64 bits overflow.
    let mut total = u64::from(sum);
    total += words.iter().map(|word| u64::from(u32::from_be_bytes(*word))).sum::<u64>();
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    total += u64::from(u32::from_be_bytes(last));
    while total >> 32 != 0 {
        total = (total & 0xffff_ffff) + (total >> 32);
    }
    u32::try_from(total).unwrap_or(u32::MAX)
}

/// What stands in `CHECKSUM` so that a unit sums to zero, when it sums to `sum` with sixteen `0` there.
pub(crate) fn encode(sum: u32) -> String {
    let mut text = [b'0'; 16];
    for (i, byte) in (!sum).to_be_bytes().into_iter().enumerate() {
        let quotient = byte / 4 + b'0';
        let mut four = [quotient + byte % 4, quotient, quotient, quotient];
        // Only letters and digits may stand there: a pair moves apart and keeps its sum.
        for pair in four.chunks_exact_mut(2) {
            while pair.iter().any(|c| !c.is_ascii_alphanumeric()) {
                pair[0] += 1;
                pair[1] -= 1;
            }
        }
        // The text begins at the fourth byte of a word.
        for (j, c) in four.into_iter().enumerate() {
            text[(4 * j + i + 1) % 16] = c;
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standards_examples() {
        // FITS 4.0, appendix J: the sum 868229149 is written as hcHjjc9ghcEghc9g.
        assert_eq!(encode(868_229_149), "hcHjjc9ghcEghc9g");
        assert_eq!(encode(u32::MAX), "0000000000000000");
    }

    #[test]
    fn sums_carry_around_and_pad_with_zeros() {
        assert_eq!(add(0, &[0xff; 8]), 0xffff_ffff);
        assert_eq!(add(0xffff_ffff, &[0, 0, 0, 1]), 1);
        assert_eq!(add(0, &[1, 2]), 0x0102_0000);
    }
}
