//! Certificate stores that several runs share.

use std::path::PathBuf;

use super::spec::{ProxyKind, TlsChoice};
use super::trust_loader::TrustLoader;
use super::{Prepared, Spec};

/// Certificate stores, each loaded once for all runs that trust the same.
#[derive(Default)]
pub struct Stores(Vec<(Files, TrustLoader)>);

/// What a store is loaded from.
#[derive(PartialEq, Eq)]
struct Files {
    ca_pem: Option<String>,
    paths: [Option<PathBuf>; 4],
}

impl Stores {
    /// A store can take a mebibyte: the oldest of more are loaded again when they are wanted again.
    const MOST: usize = 16;

    /// Gets ready what a run of this spec needs, before it begins, so that none of its time is
    /// spent on it.
    pub async fn prepare(&mut self, spec: &Spec) -> Prepared {
        if !may_need_tls(spec) || spec.tls.key_tap.is_some() {
            return Prepared::start(spec);
        }
        let files = Files::of(&spec.tls);
        if let Some((_, loader)) = self.0.iter_mut().find(|(known, _)| *known == files) {
            return loader.shared(&spec.tls).await.into();
        }
        let mut loader = TrustLoader::default();
        let prepared = loader.shared(&spec.tls).await.into();
        if self.0.len() == Self::MOST {
            self.0.remove(0);
        }
        self.0.push((files, loader));
        prepared
    }
}

impl Files {
    fn of(choice: &TlsChoice) -> Self {
        let TlsChoice {
            ca_file,
            ca_pem,
            cert,
            key,
            key_log,
            ..
        } = choice;
        Self {
            ca_pem: ca_pem.clone(),
            paths: [ca_file, cert, key, key_log].map(Clone::clone),
        }
    }
}

/// Whether TLS is wanted from the start, or a redirect may lead to it.
fn may_need_tls(spec: &Spec) -> bool {
    let proxy_has_it = spec
        .proxy
        .as_ref()
        .is_some_and(|proxy| proxy.kind == ProxyKind::Https);
    spec.url.scheme() == "https" || spec.redirects.follow || proxy_has_it
}
