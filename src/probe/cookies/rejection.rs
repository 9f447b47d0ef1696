//! Reasons for which a cookie is ignored.

use thiserror::Error;

use crate::units::Untrusted;

/// Reason for which a cookie is ignored, as the second half of a sentence (RFC 6265bis §5.6, §5.7).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(in crate::probe) enum CookieRejection {
    /// §5.6 step 1.
    #[error("it contains a control character")]
    ControlCharacter,
    /// §5.6 step 5.
    #[error("its name and value exceed 4,096 bytes")]
    TooLong,
    /// §5.7 step 2.
    #[error("it has neither a name nor a value")]
    Empty,
    /// §5.7 step 8.
    #[error("its Domain is not ASCII; international names are written as xn--…")]
    DomainNotAscii,
    /// §5.7 step 9.
    #[error("its Domain \"{0}\" is a public suffix, under which anyone can register a name")]
    PublicSuffix(String),
    /// §5.7 step 10.
    #[error("its Domain \"{0}\" is neither the host {1} nor a parent domain of it")]
    OtherDomain(String, String),
    /// §5.7 step 13.
    #[error("it is Secure but was received over plain HTTP")]
    NotSecure,
    /// §5.7 step 16.
    #[error("it was received over plain HTTP and would shadow a Secure cookie of the same name")]
    OverlaysSecure,
    /// §5.7 step 19.
    #[error("it has SameSite=None but is not Secure")]
    SameSiteNone,
    /// §5.7 step 20.
    #[error("a cookie whose name begins with __Secure- must be Secure")]
    SecurePrefix,
    /// §5.7 step 21.
    #[error(
        "a cookie whose name begins with __Host- must be Secure, with Path=/ and without \
        Domain"
    )]
    HostPrefix,
    /// §5.7 step 22.
    #[error("it has no name, and its value imitates a name with such a prefix")]
    HiddenPrefix,
}

impl CookieRejection {
    /// Describes the rejection of a `Set-Cookie` value in a sentence that contains the cookie's
    /// name but not its value, which is a secret.
    pub(in crate::probe) fn describe(&self, text: &[u8]) -> String {
        const MAX_NAME: usize = 64;
        let pair = text.split(|byte| *byte == b';').next().unwrap_or_default();
        let name = pair
            .iter()
            .position(|byte| *byte == b'=')
            .and_then(|place| pair.get(..place))
            .unwrap_or_default()
            .trim_ascii();
        let shown = Untrusted::from_bytes(name.get(..MAX_NAME).unwrap_or(name));
        let which = if name.is_empty() {
            "a cookie without a name".to_owned()
        } else {
            format!("the cookie \"{}\"", shown.raw())
        };
        format!("{which} was rejected: {self}")
    }
}
