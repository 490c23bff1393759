//! Changing headers: every card that is not touched keeps its place and its bytes.

use super::{Card, Cards, Header, Value};

impl Header {
    /// Sets the first `keyword` where it stands, or appends it. An empty `comment` leaves the one that is there.
    pub fn set(&mut self, keyword: &str, value: impl Into<Value>, comment: &str) {
        let mut card = Card::new(keyword, value, comment);
        let all = self.parsed_mut();
        match all.position(keyword) {
            Some(i) => {
                if comment.is_empty() {
                    card.comment = std::mem::take(&mut all.cards[i].comment);
                }
                all.replace(i, card);
            }
            None => self.push(card),
        }
    }

    /// Appends a card, whatever is there already.
    pub fn push(&mut self, card: Card) {
        let all = self.parsed_mut();
        all.insert(all.cards.len(), card);
    }

    /// Puts a card behind the last one called `keyword`; at the end where there is none.
    pub fn insert_after(&mut self, keyword: &str, card: Card) {
        let all = self.parsed_mut();
        let last = all.cards.iter().rposition(|old| old.keyword == keyword);
        all.insert(last.map_or(all.cards.len(), |i| i + 1), card);
    }

    /// Puts a card before the first one called `keyword`; at the end where there is none.
    pub fn insert_before(&mut self, keyword: &str, card: Card) {
        let all = self.parsed_mut();
        all.insert(all.position(keyword).unwrap_or(all.cards.len()), card);
    }

    /// Puts cards before all others.
    pub(crate) fn prepend(&mut self, cards: Vec<Card>) {
        let all = self.parsed_mut();
        all.places.splice(0..0, vec![0..0; cards.len()]);
        all.cards.splice(0..0, cards);
    }

    /// Gives every card called `old` another keyword; place, value and comment stay.
    pub fn rename(&mut self, old: &str, new: &str) {
        let all = self.parsed_mut();
        for i in 0..all.cards.len() {
            if all.cards[i].keyword == old {
                let card = Card { keyword: new.to_owned(), ..all.cards[i].clone() };
                all.replace(i, card);
            }
        }
    }

    /// Takes all cards of that name away.
    pub fn remove(&mut self, keyword: &str) {
        self.retain(|card| card.keyword != keyword);
    }

    /// Replaces every card that `change` gives another for; the others keep their bytes.
    pub fn update(&mut self, mut change: impl FnMut(&Card) -> Option<Card>) {
        let all = self.parsed_mut();
        for i in 0..all.cards.len() {
            if let Some(card) = change(&all.cards[i]) {
                all.replace(i, card);
            }
        }
    }

    /// Keeps the cards that `keep` says yes to.
    pub fn retain(&mut self, mut keep: impl FnMut(&Card) -> bool) {
        let all = self.parsed_mut();
        let kept: Vec<_> = all.cards.iter().map(&mut keep).collect();
        let mut yes = kept.iter();
        all.cards.retain(|_| yes.next().is_some_and(|yes| *yes));
        let mut yes = kept.iter();
        all.places.retain(|_| yes.next().is_some_and(|yes| *yes));
    }

    /// Appends the cards of `other` as they stand.
    pub fn extend(&mut self, other: &Self) {
        self.parsed();
        let start = self.text.len();
        self.text.push_str(&other.text);
        let more = other.parsed();
        let all = self.parsed_mut();
        let moved = more.places.iter().map(|place| place.start + start..place.end + start);
        all.places.extend(moved);
        all.cards.extend_from_slice(&more.cards);
    }
}

impl Cards {
    fn position(&self, keyword: &str) -> Option<usize> {
        self.cards.iter().position(|card| card.keyword == keyword)
    }

    fn replace(&mut self, i: usize, card: Card) {
        self.cards[i] = card;
        self.places[i] = 0..0;
    }

    fn insert(&mut self, i: usize, card: Card) {
        self.cards.insert(i, card);
        self.places.insert(i, 0..0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FromValue, write};
    use super::*;

    fn header() -> Header {
        let cards = [
            "TELESCOP= 'HST'                / telescope",
            "DP1     = 'EXTVER: 1' / table",
            "DP1     = 'NAXES: 2'",
            "EXPTIME = 1.0150000D+02 / odd but legal",
            "HISTORY = as it was",
            "LONG    = 'abc&'",
            "CONTINUE  'def' / the end",
        ];
        let text: String = cards.iter().map(|card| format!("{card:<80}")).collect();
        Header::parse(format!("{text}{:<80}", "END").as_bytes()).unwrap()
    }

    fn lines(header: &Header) -> Vec<String> {
        let text = write::cards(header, |_| true).unwrap();
        text.as_bytes()
            .chunks(80)
            .map(|line| String::from_utf8_lossy(line).trim_end().to_owned())
            .collect()
    }

    #[test]
    fn what_is_not_touched_is_written_as_it_stood() {
        let mut header = header();
        assert_eq!(
            lines(&header),
            [
                "TELESCOP= 'HST'                / telescope",
                "DP1     = 'EXTVER: 1' / table",
                "DP1     = 'NAXES: 2'",
                "EXPTIME = 1.0150000D+02 / odd but legal",
                "HISTORY = as it was",
                "LONG    = 'abc&'",
                "CONTINUE  'def' / the end",
            ]
        );
        header.set("TELESCOP", "JWST", "");
        header.insert_after("DP1", Card::new("NEW", 1, "between"));
        header.insert_before("DP1", Card::new("FIRST", true, ""));
        header.rename("EXPTIME", "TEXPTIME");
        header.remove("HISTORY");
        header.push(Card::commentary("HISTORY", "cut"));
        assert_eq!(
            lines(&header),
            [
                "TELESCOP= 'JWST    '           / telescope",
                "FIRST   =                    T",
                "DP1     = 'EXTVER: 1' / table",
                "DP1     = 'NAXES: 2'",
                "NEW     =                    1 / between",
                "TEXPTIME=                101.5 / odd but legal",
                "LONG    = 'abc&'",
                "CONTINUE  'def' / the end",
                "HISTORY cut",
            ]
        );
    }

    #[test]
    fn every_card_of_a_name_can_be_changed() {
        let mut header = header();
        header.update(|card| {
            let text = String::from_value(&card.value)?.strip_prefix("EXTVER: ")?.to_owned();
            Some(Card { value: format!("EXTVER: {text}0").into(), ..card.clone() })
        });
        assert_eq!(lines(&header)[1], "DP1     = 'EXTVER: 10'         / table");
        assert_eq!(lines(&header)[2], "DP1     = 'NAXES: 2'");
    }

    #[test]
    fn headers_are_joined_as_they_stand() {
        let mut joined = header();
        joined.set("TELESCOP", "JWST", "");
        joined.extend(&header());
        assert_eq!(lines(&joined)[7..], lines(&header()));
        assert_eq!(joined.all("DP1").count(), 4);
    }
}
