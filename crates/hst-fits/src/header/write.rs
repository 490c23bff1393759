//! Cards as the 80 characters of a file.

use super::{CARD, Card, Header, Value};
use crate::{Error, Result};

/// The cards that `wanted` names, in their order; those nobody changed as they stood in their file.
///
/// # Errors
/// When a card cannot be said in FITS.
pub(crate) fn cards(header: &Header, wanted: impl Fn(&Card) -> bool) -> Result<String> {
    let all = header.parsed();
    let mut text = String::with_capacity((all.cards.len() + 36) * CARD);
    for (i, card) in all.cards.iter().enumerate() {
        if wanted(card) {
            nth(header, i, &mut text)?;
        }
    }
    Ok(text)
}

/// The card of that number, as it stood in its file if nobody changed it.
pub(super) fn nth(header: &Header, i: usize, out: &mut String) -> Result<()> {
    let all = header.parsed();
    let place = &all.places[i];
    if place.is_empty() {
        return card(&all.cards[i], out);
    }
    out.push_str(&header.text[place.clone()]);
    Ok(())
}

/// A card whose value is decided elsewhere: as it stands in `header` where that says the same, else with its comment.
pub(crate) fn decided(header: &Header, mut card: Card, out: &mut String) -> Result<()> {
    let all = header.parsed();
    if let Some((old, place)) =
        all.cards.iter().zip(&all.places).find(|(old, _)| old.keyword == card.keyword)
    {
        if old.value == card.value && !place.is_empty() {
            out.push_str(&header.text[place.clone()]);
            return Ok(());
        }
        if !old.comment.is_empty() {
            card.comment.clone_from(&old.comment);
        }
    }
    self::card(&card, out)
}

/// One card, or several for a long text. FITS 4.0, sect. 4.1 and 4.2.
pub(crate) fn card(card: &Card, out: &mut String) -> Result<()> {
    valued(card, &card.value, out)
}

/// The card with another value.
pub(super) fn valued(card: &Card, value: &Value, out: &mut String) -> Result<()> {
    let Card { keyword, comment, .. } = card;
    let legal = |text: &str| text.bytes().all(|b| (0x20..0x7f).contains(&b));
    let printed = value.to_string();
    if !legal(&printed) || !legal(comment) || !legal(keyword) {
        return Err(unwritable(format!("only printable ASCII can stand in a header: {keyword}")));
    }
    if matches!(value, Value::Float(value) if !value.is_finite()) {
        return Err(unwritable(format!("{printed} cannot stand in a header: {keyword}")));
    }
    let in_set = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    let standard = keyword.len() <= 8 && keyword.bytes().all(in_set);
    if let Value::Commentary(text) = value
        && standard
    {
        return commentary(keyword, text, out);
    }
    let start = out.len();
    if standard {
        out.push_str(keyword);
        fill(out, start + 8);
        out.push_str("= ");
        // Texts begin in the same column, numbers end there.
        let is_text = matches!(value, Value::Text(_));
        fill(out, start + if is_text { 10 } else { 30_usize.saturating_sub(printed.len()) });
        out.push_str(&printed);
        fill(out, start + 30);
    } else {
        for piece in ["HIERARCH ", keyword, " = ", &printed] {
            out.push_str(piece);
        }
    }
    if out.len() - start <= CARD {
        with_comment(start, comment, out);
        return Ok(());
    }
    out.truncate(start);
    match value {
        Value::Text(text) if standard => long_text(keyword, text, comment, out),
        _ => return Err(unwritable(format!("the value does not fit its card: {keyword}"))),
    }
    Ok(())
}

/// Blanks up to that length; without the loop over characters that a formatted width costs.
fn fill(out: &mut String, length: usize) {
    const BLANKS: &str = match std::str::from_utf8(&[b' '; CARD]) {
        Ok(blanks) => blanks,
        Err(_) => "",
    };
    out.push_str(&BLANKS[..length.saturating_sub(out.len())]);
}

fn unwritable(problem: String) -> Error {
    Error::Unwritable { problem }
}

/// Fills the line that begins at `start`; a comment that does not fit is cut.
fn with_comment(start: usize, comment: &str, out: &mut String) {
    if !comment.is_empty() {
        out.push_str(" / ");
        out.push_str(comment);
        out.truncate(start + CARD);
    }
    fill(out, start + CARD);
}

fn commentary(keyword: &str, text: &str, out: &mut String) -> Result<()> {
    let several = matches!(keyword, "COMMENT" | "HISTORY" | "");
    if text.len() > CARD - 8 && !several {
        return Err(unwritable(format!("the text does not fit its card: {keyword}")));
    }
    for start in (0..text.len().max(1)).step_by(CARD - 8) {
        let piece = &text[start..text.len().min(start + CARD - 8)];
        out.push_str(&format!("{:<CARD$}", format!("{keyword:<8}{piece}")));
    }
    Ok(())
}

/// `CONTINUE` cards. FITS 4.0, sect. 4.2.1.2.
fn long_text(keyword: &str, text: &str, comment: &str, out: &mut String) {
    // A card has room for 67 characters and `&`; a doubled quote stays together.
    let mut pieces = vec![String::new()];
    for c in text.chars() {
        let width = if c == '\'' { 2 } else { 1 };
        if pieces.last().is_some_and(|piece| piece.len() + width > 67) {
            pieces.push(String::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
            if c == '\'' {
                piece.push(c);
            }
        }
    }
    let last = pieces.len() - 1;
    for (i, piece) in pieces.iter().enumerate() {
        let (more, comment) = if i < last { ("&", "") } else { ("", comment) };
        let start = out.len();
        let head = if i == 0 { format!("{keyword:<8}= ") } else { "CONTINUE  ".to_owned() };
        out.push_str(&format!("{head}'{piece}{more}'"));
        with_comment(start, comment, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(card: &Card) -> Header {
        let mut text = String::new();
        super::card(card, &mut text).unwrap();
        assert_eq!(text.len() % CARD, 0);
        Header::parse(format!("{text}{:<80}", "END").as_bytes()).unwrap()
    }

    #[test]
    fn long_texts_come_back() {
        for n in [67, 68, 69, 134, 135, 500] {
            let quotes: String =
                (0..n).map(|i| if i % 7 == 0 { '\'' } else { 'x' }).collect::<String>() + "!";
            let card = Card::new("LONG", quotes.as_str(), "at the end");
            assert_eq!(written(&card).cards(), [card]);
        }
    }

    #[test]
    fn long_commentary_takes_several_lines() {
        let header = written(&Card::commentary("HISTORY", &"word ".repeat(40)));
        assert_eq!(header.cards().len(), 3);
    }

    #[test]
    fn what_fits_no_card_is_refused() {
        let refused = |card: Card| super::card(&card, &mut String::new()).unwrap_err().to_string();
        assert_eq!(
            refused(Card::new("NAME", "\u{e9}", "")),
            "only printable ASCII can stand in a header: NAME"
        );
        assert_eq!(refused(Card::new("X", f64::NAN, "")), "NaN cannot stand in a header: X");
        assert_eq!(
            refused(Card::new("ESO A B", "x".repeat(90), "")),
            "the value does not fit its card: ESO A B"
        );
    }
}
