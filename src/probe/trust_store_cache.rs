//! Certificate stores that several runs share.

use std::path::PathBuf;

use super::spec::{ProxyKind, TlsOptions};
use super::tls_loader::TlsLoader;
use super::{PreparedRun, Spec};

/// Certificate stores, each loaded once for all runs that trust the same.
#[derive(Default)]
pub struct TrustStoreCache(Vec<(TrustStoreKey, TlsLoader)>);

/// What a store is loaded from.
#[derive(PartialEq, Eq)]
struct TrustStoreKey {
    ca_pem: Option<String>,
    paths: [Option<PathBuf>; 4],
}

impl TrustStoreCache {
    /// A store can take a mebibyte: the oldest of more are loaded again when they are wanted again.
    const MAX_STORES: usize = 16;

    /// Gets ready what a run of this spec needs, before it begins, so that none of its time is
    /// spent on it.
    pub async fn prepare(&mut self, spec: &Spec) -> PreparedRun {
        if !may_need_tls(spec) || spec.tls.key_log_listener.is_some() {
            return PreparedRun::start(spec);
        }
        let files = TrustStoreKey::from_options(&spec.tls);
        if let Some((_, loader)) = self.0.iter_mut().find(|(known, _)| *known == files) {
            return loader.load_and_share(&spec.tls).await.into();
        }
        let mut loader = TlsLoader::default();
        let prepared = loader.load_and_share(&spec.tls).await.into();
        if self.0.len() == Self::MAX_STORES {
            self.0.remove(0);
        }
        self.0.push((files, loader));
        prepared
    }
}

impl TrustStoreKey {
    fn from_options(choice: &TlsOptions) -> Self {
        let TlsOptions {
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
