//! The places in the lab: listing them, and resolving their names.

use crate::cli::exit::UsageError;
use crate::lab::CatalogueEntry;

/// The host assumed for a path without a host.
const DEFAULT_HOST: &str = "api.lab.test";

/// Formats one line per place.
pub(super) fn format_places(exhibits: &[CatalogueEntry]) -> String {
    let places: Vec<(&str, &str)> = exhibits
        .iter()
        .map(|exhibit| (exhibit.url.as_str(), exhibit.description))
        .collect();
    let width = places
        .iter()
        .map(|(place, _)| place.len())
        .max()
        .unwrap_or(0);
    places.iter().fold(String::new(), |list, (place, shows)| {
        list + &format!("{place:width$}  {shows}\n")
    })
}

/// Resolves a place to its URL. It may be written as listed, or as just its path, its host, or the
/// first label of its host.
pub(super) fn resolve_place(
    exhibits: &[CatalogueEntry],
    place: &str,
) -> Result<String, UsageError> {
    let fits = |url: &str| {
        let bare = without_port(url);
        let (_, rest) = bare.split_once("://").unwrap_or(("", &bare));
        let host = rest.split('/').next().unwrap_or_default();
        url == place
            || bare == place
            || host == place
            || host.split('.').next() == Some(place)
            || (place.starts_with('/') && rest == format!("{DEFAULT_HOST}{place}"))
    };
    if let Some(exhibit) = exhibits.iter().find(|exhibit| fits(&exhibit.url)) {
        return Ok(exhibit.url.clone());
    }
    if let (true, Some(first)) = (place.starts_with('/'), exhibits.first()) {
        // Any path of the first host is accepted: /bytes/5, /status/418.
        return Ok(first.url.replace("/users", place));
    }
    Err(UsageError::new(format!(
        "the lab has no place '{}'; 'tapline lab --list' lists all places",
        place.escape_debug()
    )))
}

fn without_port(url: &str) -> String {
    let Ok(mut parsed) = url::Url::parse(url) else {
        return url.to_owned();
    };
    if matches!(parsed.scheme(), "http" | "https") {
        let _ = parsed.set_port(None);
    }
    parsed.to_string()
}
