//! The cookie file written by `-c`.

use std::io::{self, Write as _};
use std::path::PathBuf;

use super::atomic_file::Readers;
use super::exit::Exit;
use super::output;
use super::standard_output::StandardOutput;
use crate::probe::Spec;
use crate::probe::cookies::PersistentCookies;
use crate::units::Untrusted;

/// The cookies of a run, and the file they are written to.
#[derive(Clone)]
pub(super) struct CookieJar {
    cookies: PersistentCookies,
    path: PathBuf,
}

impl CookieJar {
    /// Returns `None` if `-c` was not given.
    pub(super) fn new(path: Option<PathBuf>) -> Option<Self> {
        path.map(|path| Self {
            cookies: PersistentCookies::default(),
            path,
        })
    }

    /// Makes transfers of a spec add their cookies to this jar.
    pub(super) fn attach_to(&self, spec: &mut Spec) {
        if let Some(jar) = &spec.cookies.store {
            self.cookies.add_initial(jar);
        }
        spec.cookies.persistent = Some(self.cookies.clone());
    }

    /// Writes the file, whether or not the run succeeded. A new file is readable by its owner only,
    /// since cookies are secrets.
    pub(super) fn write(&self) -> Result<(), Exit> {
        let mut left_out = 0;
        let written = if self.path.as_os_str() == "-" {
            StandardOutput::open().and_then(|mut stdout| {
                left_out = self.cookies.write(&mut stdout)?;
                stdout.flush()
            })
        } else {
            output::write_file(&self.path, Readers::OwnerIfNew, |out| {
                self.cookies.write(out).map(|count| left_out = count)
            })
        };
        if left_out > 0 {
            eprintln!(
                "tapline: {left_out} cookies were not written: their name or path contains a tab, \
                 which a cookie file cannot represent"
            );
        }
        match written {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => {
                let name = Untrusted::new(self.path.to_string_lossy())
                    .escaped()
                    .into_owned();
                eprintln!("tapline: the cookies cannot be written to {name}: {error}");
                Err(Exit::Fault)
            }
        }
    }
}
