//! A web page with its resources: one document and fifty style sheets, scripts, images and data
//! files of realistic sizes.

use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, HeaderValue};

use super::body;
use super::handler::{HttpHandler, IncomingRequest};
use super::http_service::HttpMode;
use super::response::ServerResponse;
use super::service::Service;

/// The page over TLS.
pub(super) const PAGE: Service = Service::https("page", PAGE_HANDLER);

/// The page over plaintext HTTP.
pub(super) const PAGE_IN_CLEAR: Service =
    Service::http("page in clear", HttpMode::Any, PAGE_HANDLER);

const PAGE_HANDLER: HttpHandler = |request, _| Box::pin(async move { page_response(&request) });

const STYLES: [usize; 5] = [1_840, 6_320, 14_700, 31_200, 48_900];
const SCRIPTS: [usize; 13] = [
    640, 1_150, 2_400, 3_900, 7_800, 11_300, 18_600, 24_100, 38_500, 52_000, 87_400, 121_000,
    184_000,
];
const IMAGES: [usize; 30] = [
    310, 420, 480, 560, 690, 740, 880, 960, 1_080, 1_240, 1_510, 1_890, 2_350, 2_900, 3_640, 4_420,
    5_870, 7_310, 9_050, 11_800, 14_900, 18_200, 22_700, 27_400, 33_900, 41_600, 55_300, 72_800,
    98_500, 147_000,
];
const DATA: [usize; 2] = [2_700, 19_400];

/// Resources of one media type.
struct ResourceKind {
    /// Path prefix: the first one is `/css/1.css`.
    folder: &'static str,
    ending: &'static str,
    media_type: &'static str,
    /// Text before and after the filler.
    wrapper: (&'static str, &'static str),
    /// Markup before and after the path in the document.
    element: (&'static str, &'static str),
    /// Size of each resource in bytes.
    sizes: &'static [usize],
}

const RESOURCE_KINDS: [ResourceKind; 4] = [
    ResourceKind {
        folder: "css",
        ending: "css",
        media_type: "text/css",
        wrapper: ("/* ", " */\n"),
        element: ("<link rel=\"stylesheet\" href=\"", "\">\n"),
        sizes: &STYLES,
    },
    ResourceKind {
        folder: "js",
        ending: "js",
        media_type: "text/javascript",
        wrapper: ("// ", "\n"),
        element: ("<script src=\"", "\" defer></script>\n"),
        sizes: &SCRIPTS,
    },
    ResourceKind {
        folder: "img",
        ending: "svg",
        media_type: "image/svg+xml",
        wrapper: (IMAGE, " --></svg>\n"),
        element: ("<img src=\"", "\" alt=\"\">\n"),
        sizes: &IMAGES,
    },
    ResourceKind {
        folder: "data",
        ending: "json",
        media_type: "application/json",
        wrapper: ("{\"filling\":\"", "\"}\n"),
        element: ("<link rel=\"preload\" as=\"fetch\" href=\"", "\">\n"),
        sizes: &DATA,
    },
];

const IMAGE: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"24\" height=\"24\"><rect \
    width=\"24\" height=\"24\" fill=\"#468\"/><!-- ";

fn page_response(request: &IncomingRequest) -> ServerResponse {
    let path = request.uri().path();
    if path == "/" {
        return ServerResponse::ok("text/html; charset=utf-8", body::full_body(page_document()));
    }
    match find_resource(path) {
        Some((kind, size)) => ServerResponse::ok(
            kind.media_type,
            body::full_body(fill_to_size(kind.wrapper, size)),
        )
        .with_header(
            CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=3600"),
        ),
        None => ServerResponse::text(
            StatusCode::NOT_FOUND,
            "the page is at /, and its resources are linked there",
        ),
    }
}

/// Finds a resource by its path, such as `/img/7.svg`.
fn find_resource(path: &str) -> Option<(&'static ResourceKind, usize)> {
    let (folder, name) = path.strip_prefix('/')?.split_once('/')?;
    let kind = RESOURCE_KINDS.iter().find(|kind| kind.folder == folder)?;
    let number: usize = name
        .strip_suffix(kind.ending)?
        .strip_suffix('.')?
        .parse()
        .ok()?;
    Some((kind, *kind.sizes.get(number.checked_sub(1)?)?))
}

/// Text of exactly this many bytes, syntactically valid in its language.
fn fill_to_size((before, after): (&str, &str), size: usize) -> String {
    let letters = "abcdefghijklmnopqrstuvwxyz0123456789 ";
    let length = size.saturating_sub(before.len() + after.len());
    [
        before,
        &letters.chars().cycle().take(length).collect::<String>(),
        after,
    ]
    .concat()
}

fn page_document() -> String {
    let paths_of = |kind: &'static ResourceKind| {
        (1..=kind.sizes.len())
            .map(move |number| (kind, format!("/{}/{number}.{}", kind.folder, kind.ending)))
    };
    let before = "<!doctype html>\n<html lang=\"en\">\n<title>Fifty resources</title>\n\
        <h1>Fifty resources</h1>\n";
    let after = "</html>\n";
    RESOURCE_KINDS
        .iter()
        .flat_map(paths_of)
        .fold(before.to_owned(), |page, (kind, path)| {
            page + kind.element.0 + &path + kind.element.1
        })
        + after
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_the_document_names_is_there_in_its_size() {
        let document = page_document();
        let paths: Vec<&str> = document
            .split('"')
            .filter(|part| part.starts_with('/'))
            .collect();
        assert_eq!(paths.len(), 50);
        for path in paths {
            let found = find_resource(path)
                .map(|(kind, size)| (fill_to_size(kind.wrapper, size).len(), size));
            assert!(
                found.is_some_and(|(actual, declared)| actual == declared),
                "{path}: {found:?}"
            );
        }
        assert!(
            ["/img/0.svg", "/img/31.svg", "/img/x.svg", "/css/1.js", "//"]
                .iter()
                .all(|path| find_resource(path).is_none())
        );
    }
}
