//! `PLIO_1`, the line lists of IRAF. FITS 4.0, sect. 10.4.3.

/// Decodes `n` pixels; `None` where the bytes are no line list. Pixels behind the last run are 0.
pub(super) fn decode(bytes: &[u8], n: usize) -> Option<Vec<i32>> {
    let (words, _) = bytes.as_chunks::<2>();
    let word = |i: usize| words.get(i).map(|word| i16::from_be_bytes(*word));
    let third = word(2)?;
    let (start, length) = if third > 0 {
        (3, usize::try_from(third).ok()?)
    } else {
        let [low, high] = [word(3)?, word(4)?].map(|half| usize::try_from(half).ok());
        (usize::try_from(word(1)?).ok()?, (high? << 15) + low?)
    };
    // Three words can say any pixel: a longer list is no list.
    let list = words.get(start..length)?;
    if list.len() > n.saturating_mul(4) + 16 || n > super::MOST_PIXELS {
        return None;
    }
    let mut pixels = Vec::with_capacity(n);
    let mut value: i32 = 1;
    let mut list = list.iter().map(|word| u16::from_be_bytes(*word));
    while pixels.len() < n
        && let Some(word) = list.next()
    {
        let (code, data) = (word >> 12, i32::from(word & 0x0fff));
        let run = usize::from(word & 0x0fff).min(n - pixels.len());
        match code {
            0 => pixels.resize(pixels.len() + run, 0),
            1 => value = (i32::from(list.next()?.cast_signed()) << 12) | data,
            2 | 6 => value = value.wrapping_add(data),
            3 | 7 => value = value.wrapping_sub(data),
            4 => pixels.resize(pixels.len() + run, value),
            5 if run > 0 => {
                let whole = run == usize::from(word & 0x0fff);
                pixels.resize(pixels.len() + run - 1, 0);
                pixels.push(if whole { value } else { 0 });
            }
            5 => {}
            _ => return None,
        }
        if code == 6 || code == 7 {
            pixels.push(value);
        }
    }
    pixels.resize(n, 0);
    Some(pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(codes: &[(u16, u16)]) -> Vec<u8> {
        let length = u16::try_from(codes.len() + 7).unwrap();
        let mut words = vec![0, 7, (-100_i16).cast_unsigned(), length, 0, 0, 0];
        words.extend(codes.iter().map(|(code, data)| code << 12 | data));
        words.into_iter().flat_map(u16::to_be_bytes).collect()
    }

    #[test]
    fn every_code_is_read() {
        let codes = [(0, 2), (4, 2), (2, 5), (5, 3), (6, 1), (7, 3), (3, 1), (4, 1)];
        assert_eq!(decode(&list(&codes), 12), Some(vec![0, 0, 1, 1, 0, 0, 6, 7, 4, 3, 0, 0]));
        // A value of more than twelve bits takes a second word.
        let mut long = list(&[(1, 2), (0, 3), (4, 2)]);
        assert_eq!(decode(&long, 2), Some(vec![3 << 12 | 2; 2]));
        long.truncate(18);
        assert_eq!(decode(&long, 2), None);
    }

    #[test]
    fn runs_end_with_the_tile() {
        assert_eq!(decode(&list(&[(4, 9)]), 3), Some(vec![1; 3]));
        assert_eq!(decode(&list(&[(5, 9)]), 3), Some(vec![0; 3]));
        assert_eq!(decode(&list(&[(8, 9)]), 3), None);
        assert_eq!(decode(&[0; 4], 3), None);
        assert_eq!(decode(&list(&[(2, 0); 100]), 3), None);
    }
}
