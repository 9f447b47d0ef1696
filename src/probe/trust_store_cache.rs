//! Cache of certificate stores that several runs share.

use std::path::PathBuf;

use super::spec::{ProxyKind, TlsOptions};
use super::tls_loader::TlsLoader;
use super::{PreparedRun, Spec};

/// Certificate stores, each loaded once for all runs with the same trust options.
#[derive(Default)]
pub struct TrustStoreCache(Vec<(TrustStoreKey, TlsLoader)>);

/// Key of the cache: what a store is loaded from.
#[derive(PartialEq, Eq)]
struct TrustStoreKey {
    ca_pem: Option<String>,
    paths: [Option<PathBuf>; 4],
}

impl TrustStoreCache {
    /// Maximum number of stores, since each can take a mebibyte. The oldest is evicted.
    const MAX_STORES: usize = 16;

    /// Loads what a run of this spec needs before the run begins, so that no time of the run is
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
    fn from_options(options: &TlsOptions) -> Self {
        let TlsOptions {
            ca_file,
            ca_pem,
            cert,
            key,
            key_log,
            ..
        } = options;
        Self {
            ca_pem: ca_pem.clone(),
            paths: [ca_file, cert, key, key_log].map(Clone::clone),
        }
    }
}

/// Returns true if the URL or the proxy uses TLS, or a redirect may lead to it.
fn may_need_tls(spec: &Spec) -> bool {
    let proxy_has_it = spec
        .proxy
        .as_ref()
        .is_some_and(|proxy| proxy.kind == ProxyKind::Https);
    spec.url.scheme() == "https" || spec.redirects.follow || proxy_has_it
}
