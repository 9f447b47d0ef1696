//! What a connection takes in.

use crate::trace::{Connection, Tls, What};
use crate::units::Moment;

pub(super) fn fold_connection(connection: &mut Connection, at: Moment, what: &What) {
    match what {
        What::KernelMeasured { figures, .. } => connection.kernel = Some(*figures),
        What::Disconnected { .. } => {
            connection.closed.get_or_insert(at);
        }
        What::Layered {
            from,
            records,
            parts,
            unlisted,
            ..
        } => connection
            .layers
            .of_mut(*from)
            .take(records, parts, *unlisted),
        _ => fold_tls(connection.tls.get_or_insert_default(), at, what),
    }
}

fn fold_tls(tls: &mut Tls, at: Moment, what: &What) {
    match what {
        What::TlsMessage { message, .. } => tls.messages.push((at, message.clone())),
        What::TlsCertificates { certificates, .. } => tls.certificates.clone_from(certificates),
        What::TlsVerified {
            verification, took, ..
        } => tls.verification = Some((verification.clone(), *took)),
        What::TlsEstablished { handshake, .. } => tls.handshake = Some(handshake.clone()),
        _ => {}
    }
}
