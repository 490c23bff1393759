use super::{Glob, Test, Wanted};
use crate::cell::Kind;
use crate::{Error, Result};

/// How the values of a [`Filter`](super::Filter) are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Syntax {
    /// As the reference client reads them: text is literal.
    #[default]
    Reference,
    /// Text takes wildcards and finds itself among values joined by `;`.
    Extended,
}

/// Reads one value of a filter for a column that holds `kind`.
pub(super) fn test(column: &str, value: &str, kind: Kind, syntax: Syntax) -> Result<Test> {
    let (negated, positive) = value.strip_prefix('!').map_or((false, value), |rest| (true, rest));
    let wanted = match (kind, syntax) {
        (Kind::Number | Kind::Integer, _) => numeric(positive).ok_or_else(|| Error::BadFilter {
            column: column.to_owned(),
            value: value.to_owned(),
            problem: "not a number",
        })?,
        (_, Syntax::Reference) => Wanted::Text(positive.to_lowercase()),
        (_, Syntax::Extended) if positive.contains(';') => Wanted::Glob(Glob::new(positive)),
        (_, Syntax::Extended) => Wanted::Member(Glob::new(positive)),
    };
    Ok(Test { negated, wanted })
}

fn numeric(text: &str) -> Option<Wanted> {
    let text = text.trim();
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|n| !n.is_nan());
    type Compare = fn(f64) -> Wanted;
    let compares: [(&str, Compare); 4] = [
        (">=", Wanted::AtLeast),
        ("<=", Wanted::AtMost),
        (">", Wanted::Above),
        ("<", Wanted::Below),
    ];
    if let Some((sign, compare)) = compares.iter().find(|(sign, _)| text.starts_with(sign)) {
        return number(&text[sign.len()..]).map(compare);
    }
    match text.split_once("..") {
        Some((low, high)) => Some(Wanted::Range(number(low)?, number(high)?)),
        None => number(text).map(Wanted::Number),
    }
}
