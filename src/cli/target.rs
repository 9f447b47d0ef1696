//! From what the user wrote as a URL to a spec.

use clap::ArgMatches;

use super::args::RequestArgs;
use super::request::{self, CookieFiles};
use super::usage::UsageError;
use crate::lab::{CatalogueEntry, EmbeddedLab};
use crate::probe::Spec;
use crate::probe::spec::DnsChoice;

/// Makes specs from URLs; holds the embedded lab where there is one, which ends with it.
pub(super) struct Targets {
    request: RequestArgs,
    matches: ArgMatches,
    cookie_files: CookieFiles,
    lab: Option<EmbeddedLab>,
    exhibits: Vec<CatalogueEntry>,
    notice: Option<String>,
}

impl Targets {
    /// URLs of the world.
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

    /// URLs of the lab and of the world.
    pub(super) fn with_lab(self, lab: EmbeddedLab) -> Self {
        Self {
            exhibits: lab.catalogue(),
            lab: Some(lab),
            ..self
        }
    }

    /// Places worth going to.
    pub(super) fn with_exhibits(self, exhibits: Vec<CatalogueEntry>) -> Self {
        Self { exhibits, ..self }
    }

    /// A plain line on what is not real here.
    pub(super) fn with_notice(self, notice: Option<String>) -> Self {
        Self { notice, ..self }
    }

    /// What is worth going to.
    pub(super) fn exhibits(&self) -> &[CatalogueEntry] {
        &self.exhibits
    }

    /// What is not real here.
    pub(super) fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// What is said about capture.
    pub(super) const fn request(&self) -> &RequestArgs {
        &self.request
    }

    /// The spec for one URL.
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

/// Leads a spec into the lab by its DNS and its authority. What the user chose himself stays.
fn route_to_lab(lab: &EmbeddedLab, spec: &mut Spec) {
    if spec.dns == DnsChoice::Configured {
        spec.dns = DnsChoice::Servers(vec![lab.dns_server()]);
    }
    if spec.tls.ca_file.is_none() {
        spec.tls.ca_pem = Some(lab.ca_pem().to_owned());
    }
}
