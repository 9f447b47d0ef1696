//! Folding of events into a connection.

use crate::trace::{Connection, EventKind, Tls};
use crate::units::Moment;

pub(super) fn fold_connection(connection: &mut Connection, at: Moment, kind: &EventKind) {
    match kind {
        EventKind::KernelMeasured { figures, .. } => connection.tcp_info = Some(*figures),
        EventKind::Disconnected { .. } => {
            connection.closed.get_or_insert(at);
        }
        EventKind::Layered {
            from,
            records,
            parts,
            unlisted,
            ..
        } => connection
            .layers
            .of_mut(*from)
            .take(records, parts, *unlisted),
        _ => fold_tls(connection.tls.get_or_insert_default(), at, kind),
    }
}

fn fold_tls(tls: &mut Tls, at: Moment, kind: &EventKind) {
    match kind {
        EventKind::TlsMessage { message, .. } => tls.messages.push((at, message.clone())),
        EventKind::TlsCertificates { certificates, .. } => {
            tls.certificates.clone_from(certificates)
        }
        EventKind::TlsVerified {
            verification, took, ..
        } => tls.verification = Some((verification.clone(), *took)),
        EventKind::TlsEstablished { handshake, .. } => tls.handshake = Some(handshake.clone()),
        _ => {}
    }
}
