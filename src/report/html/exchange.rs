//! One exchange in full.

use super::page::Page;
use super::{headers, names, packets, security, time};
use crate::trace::Exchange;

/// All there is to tell of it, with headings from a level on.
pub(super) fn write(page: &mut Page<'_>, exchange: &Exchange, level: u8) {
    time::write(page, exchange, level);
    names::write(page, exchange, level);
    security::write(page, exchange, level);
    headers::write(page, exchange, level);
    packets::write(page, exchange, level);
}
