//! All sections about one exchange.

use super::page::HtmlPage;
use super::{headers, names, packets, security, timeline};
use crate::trace::Exchange;

/// Writes the sections, with headings from the given level on.
pub(super) fn write(page: &mut HtmlPage<'_>, exchange: &Exchange, level: u8) {
    timeline::write(page, exchange, level);
    names::write(page, exchange, level);
    security::write(page, exchange, level);
    headers::write(page, exchange, level);
    packets::write(page, exchange, level);
}
