/// A text with wildcards: `*` and `%` stand for any characters, also none; case does not matter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Glob {
    // The literal parts between the wildcards, in lower case; one part means no wildcard.
    parts: Vec<String>,
}

impl Glob {
    pub(crate) fn new(pattern: &str) -> Self {
        Self { parts: pattern.to_lowercase().split(['*', '%']).map(str::to_owned).collect() }
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let (Some(first), Some(last)) = (self.parts.first(), self.parts.last()) else {
            return false;
        };
        if self.parts.len() == 1 {
            return text == *first;
        }
        let Some(rest) = text.strip_prefix(first.as_str()) else { return false };
        let Some(mut rest) = rest.strip_suffix(last.as_str()) else { return false };
        // The earliest place of each part leaves most room for the next.
        self.parts[1..self.parts.len() - 1].iter().all(|part| match rest.find(part.as_str()) {
            Some(at) => {
                rest = &rest[at + part.len()..];
                true
            }
            None => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The plain definition: a wildcard eats nothing or one more character.
    fn plain(pattern: &[char], text: &[char]) -> bool {
        match (pattern.first(), text.first()) {
            (None, None) => true,
            (Some('*' | '%'), _) => {
                plain(&pattern[1..], text) || (!text.is_empty() && plain(pattern, &text[1..]))
            }
            (Some(p), Some(t)) => p == t && plain(&pattern[1..], &text[1..]),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn globs_match_as_defined(pattern in "[ab*%]{0,7}", text in "[ab]{0,9}") {
            let characters = |text: &str| text.chars().collect::<Vec<_>>();
            let expected = plain(&characters(&pattern), &characters(&text));
            prop_assert_eq!(Glob::new(&pattern).matches(&text), expected);
            prop_assert_eq!(Glob::new(&pattern.to_uppercase()).matches(&text), expected);
        }
    }
}
