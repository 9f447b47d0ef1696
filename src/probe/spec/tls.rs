//! TLS options, and the listeners for TLS secrets and for problems with the key log.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// A TLS version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// RFC 5246.
    V12,
    /// RFC 8446.
    V13,
}

/// TLS options.
#[derive(Clone, Debug, Default)]
pub struct TlsOptions {
    /// `-k`: continue with a certificate that does not verify.
    pub insecure: bool,
    /// `--tlsv1.2`, `--tlsv1.3`: lowest version accepted.
    pub min: Option<TlsVersion>,
    /// `--tls-max`: highest version accepted.
    pub max: Option<TlsVersion>,
    /// `--cacert`: trust anchors in place of the system's store.
    pub ca_file: Option<PathBuf>,
    /// Trust anchors as PEM text in place of the system's store; used by the embedded lab.
    pub ca_pem: Option<String>,
    /// `-E`/`--cert`.
    pub cert: Option<PathBuf>,
    /// `--key`.
    pub key: Option<PathBuf>,
    /// `--keylog` or `SSLKEYLOGFILE`: file to which TLS secrets are written (RFC 9850).
    pub key_log: Option<PathBuf>,
    /// Problems with that file.
    pub key_log_problems: KeyLogProblems,
    /// Listener that gets TLS secrets in addition.
    pub key_log_listener: Option<KeyLogListener>,
}

/// Problems with a key log, for the caller of the run. All clones share the same state.
#[derive(Clone, Debug, Default)]
pub struct KeyLogProblems(Arc<KeyLogProblemCells>);

#[derive(Debug, Default)]
struct KeyLogProblemCells {
    warning: OnceLock<String>,
    failure: OnceLock<String>,
}

impl KeyLogProblems {
    /// Returns a sentence about a problem that was corrected.
    pub fn warning(&self) -> Option<&str> {
        self.0.warning.get().map(String::as_str)
    }

    /// Returns a sentence about why the key log is incomplete.
    pub fn failure(&self) -> Option<&str> {
        self.0.failure.get().map(String::as_str)
    }

    /// Records a warning; only the first is kept.
    pub(in crate::probe) fn warn(&self, sentence: String) {
        let _ = self.0.warning.set(sentence);
    }

    /// Records a failure; only the first is kept.
    pub(in crate::probe) fn fail(&self, sentence: String) {
        let _ = self.0.failure.set(sentence);
    }
}

/// Listener for TLS secrets. It gets each as a line of a key log (RFC 9850) with its line break, on
/// the engine's thread.
#[derive(Clone)]
pub struct KeyLogListener(Arc<dyn Fn(&str) + Send + Sync>);

impl KeyLogListener {
    /// Creates a listener. `notify` must not block for long.
    pub fn new(notify: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(notify))
    }

    pub(in crate::probe) fn notify(&self, line: &str) {
        (self.0)(line);
    }
}

impl std::fmt::Debug for KeyLogListener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyLogListener")
    }
}
