//! One exchange in full.

use super::page::HtmlPage;
use super::{headers, names, packets, security, timeline};
use crate::trace::Exchange;

/// All there is to tell of it, with headings from a level on.
pub(super) fn write(page: &mut HtmlPage<'_>, exchange: &Exchange, level: u8) {
    timeline::write(page, exchange, level);
    names::write(page, exchange, level);
    security::write(page, exchange, level);
    headers::write(page, exchange, level);
    packets::write(page, exchange, level);
}
