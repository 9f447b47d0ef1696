//! From a URL on the command line to a spec.

use clap::ArgMatches;

use super::args::RequestArgs;
use super::exit::UsageError;
use super::request::{self, CookieFiles};
use crate::lab::{CatalogueEntry, EmbeddedLab};
use crate::probe::Spec;
use crate::probe::spec::DnsChoice;

/// Builds specs from URLs. Owns the embedded lab if there is one; dropping this stops it.
pub(super) struct Targets {
    request: RequestArgs,
    matches: ArgMatches,
    cookie_files: CookieFiles,
    lab: Option<EmbeddedLab>,
    exhibits: Vec<CatalogueEntry>,
    notice: Option<String>,
}

impl Targets {
    /// For URLs outside the lab.
    pub(super) fn new(request: RequestArgs, matches: ArgMatches) -> Self {
        Self {
            request,
            matches,
            cookie_files: CookieFiles::default(),
            lab: None,
            exhibits: Vec::new(),
            notice: None,
        }
    }

    /// Adds the embedded lab and its places.
    pub(super) fn with_lab(self, lab: EmbeddedLab) -> Self {
        Self {
            exhibits: lab.catalogue(),
            lab: Some(lab),
            ..self
        }
    }

    /// Adds suggested places.
    pub(super) fn with_exhibits(self, exhibits: Vec<CatalogueEntry>) -> Self {
        Self { exhibits, ..self }
    }

    /// Adds a notice about limitations.
    pub(super) fn with_notice(self, notice: Option<String>) -> Self {
        Self { notice, ..self }
    }

    /// The suggested places.
    pub(super) fn exhibits(&self) -> &[CatalogueEntry] {
        &self.exhibits
    }

    /// The notice about limitations.
    pub(super) fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// The request arguments.
    pub(super) const fn request(&self) -> &RequestArgs {
        &self.request
    }

    /// Builds the spec for one URL.
    pub(super) fn spec(&self, url: &str) -> Result<Spec, UsageError> {
        let mut spec = request::build_spec(url, &self.request, &self.matches, &self.cookie_files)?;
        if let Some(lab) = &self.lab
            && spec
                .url
                .host_str()
                .is_some_and(|host| host == "lab.test" || host.ends_with(".lab.test"))
        {
            route_to_lab(lab, &mut spec);
        }
        Ok(spec)
    }
}

/// Directs a spec to the lab's DNS server and certification authority, unless the user chose
/// others.
fn route_to_lab(lab: &EmbeddedLab, spec: &mut Spec) {
    if spec.dns == DnsChoice::Configured {
        spec.dns = DnsChoice::Servers(vec![lab.dns_server()]);
    }
    if spec.tls.ca_file.is_none() {
        spec.tls.ca_pem = Some(lab.ca_pem().to_owned());
    }
}
