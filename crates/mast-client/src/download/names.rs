//! Names of files that a server chose, turned into names in a folder of ours.

use std::collections::HashMap;

use crate::hash::sha256;
use crate::{Error, Product, Result};

/// Room for what is added to a name while its file is fetched.
const LONGEST: usize = 200;
const RESERVED: [&str; 4] = ["con", "prn", "aux", "nul"];

/// What to do when two different files would get the same name in the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Collisions {
    /// Nothing is fetched and the collision is an error.
    #[default]
    Refuse,
    /// The later file gets eight digits from its URI into its name.
    Suffix,
}

/// The local name of a product: the last part of its file name, never that of its URI.
///
/// # Errors
/// When the name is empty, hidden, too long, or would not stay in the folder on some system.
pub fn local_name(product: &Product) -> Result<String> {
    let given = product.product_filename.text();
    let name = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let numbered =
        |prefix: &str| stem.strip_prefix(prefix).is_some_and(|rest| rest.len() == 1 && rest != "0");
    let odd = |c: char| c.is_control() || "<>:\"|?*".contains(c);
    let unsafe_name = name.is_empty()
        || name.len() > LONGEST
        || name.starts_with('.')
        || name.ends_with(['.', ' '])
        || name.contains(odd)
        || given.contains("..")
        || RESERVED.contains(&stem.as_str())
        || numbered("com")
        || numbered("lpt");
    if unsafe_name {
        let name = crate::error::beginning(given.as_bytes(), 200);
        return Err(Error::UnsafeName { name });
    }
    Ok(name.to_owned())
}

/// The name of every product, or why it has none; a URI that is listed twice keeps its one name.
pub(super) fn local_names(
    products: &[Product],
    collisions: Collisions,
) -> Result<Vec<Result<String>>> {
    let mut owners: HashMap<String, &str> = HashMap::new();
    let mut names = Vec::with_capacity(products.len());
    for product in products {
        let uri = product.data_uri.text();
        let Ok(name) = local_name(product) else {
            names.push(local_name(product));
            continue;
        };
        let name = match (owners.get(&name.to_lowercase()), collisions) {
            (Some(owner), Collisions::Refuse) if *owner != uri => {
                let first = (*owner).to_owned();
                return Err(Error::Collision { name, first, second: uri.to_owned() });
            }
            (Some(owner), Collisions::Suffix) if *owner != uri => with_suffix(&name, uri),
            _ => name,
        };
        owners.entry(name.to_lowercase()).or_insert(uri);
        names.push(Ok(name));
    }
    Ok(names)
}

fn with_suffix(name: &str, uri: &str) -> String {
    let digits = &sha256(uri.as_bytes())[..8];
    match name.split_once('.') {
        Some((stem, ending)) => format!("{stem}-{digits}.{ending}"),
        None => format!("{name}-{digits}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(name: &str, uri: &str) -> Product {
        Product { product_filename: name.into(), data_uri: uri.into(), ..Product::default() }
    }

    #[test]
    fn names_stay_in_the_folder() {
        let name = |given: &str| local_name(&product(given, "u")).ok();
        assert_eq!(name("a_drc.fits").as_deref(), Some("a_drc.fits"));
        assert_eq!(name("HST/a_drc.fits").as_deref(), Some("a_drc.fits"));
        assert_eq!(name("C:\\temp\\a.fits").as_deref(), Some("a.fits"));
        for given in [
            "",
            "/",
            "..",
            "../a.fits",
            "a/..",
            "..\\a",
            ".bashrc",
            "a\0b",
            "a\nb",
            "a.fits.",
            "a ",
            "con",
            "NUL.fits",
            "com1.txt",
            "a?b",
            "a:b",
        ] {
            assert_eq!(name(given), None, "{given:?}");
        }
        assert_eq!(name(&"x".repeat(300)), None);
        assert_eq!(name("com10.fits").as_deref(), Some("com10.fits"));
    }

    #[test]
    fn collisions_are_found_before_anything_is_fetched() {
        let list =
            [product("a.fits", "mast:1"), product("A.FITS", "mast:2"), product("a.fits", "mast:1")];
        let error = local_names(&list, Collisions::Refuse).unwrap_err();
        assert_eq!(error.to_string(), "mast:1 and mast:2 would both be saved as A.FITS");
        let names = local_names(&list, Collisions::Suffix).unwrap();
        let names: Vec<_> = names.into_iter().map(Result::unwrap).collect();
        assert_eq!(names[0], "a.fits");
        assert!(names[1].starts_with("A-") && names[1].ends_with(".FITS"), "{}", names[1]);
        assert_eq!(names[2], "a.fits");
    }
}
