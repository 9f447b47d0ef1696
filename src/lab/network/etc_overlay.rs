//! Overlay of system files for programs in the lab: DNS configuration and CA certificates. The
//! machine's own files are not changed; files in a tmpfs are bind-mounted over them in the lab's
//! mount namespace.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_bind, mount_change};

/// Directories that are empty on most machines; the tmpfs is mounted on the first one that is.
const MOUNT_POINTS: [&str; 6] = ["/srv", "/mnt", "/media", "/opt", "/var/opt", "/var/local"];
/// CA bundles of Debian, Fedora, Alpine and others.
const CA_BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
];
const HOSTS: &str = "127.0.0.1 localhost\n::1 localhost\n";

/// Mounts the overlay for the calling process and its children. Returns the path of the authority's
/// certificate.
pub(super) fn mount_overlay(ca_pem: &str, resolvers: &[std::net::IpAddr]) -> io::Result<PathBuf> {
    // Keep these mounts from propagating to the machine's namespace.
    mount_change(
        "/",
        MountPropagationFlags::PRIVATE | MountPropagationFlags::REC,
    )?;
    let directory = overlay_directory()?;
    mount(
        "tapline",
        &directory,
        "tmpfs",
        MountFlags::NODEV | MountFlags::NOSUID,
        Some(c"mode=0755"),
    )?;
    mount_own_proc();
    let write_file = |name: &str, text: &str| {
        let file = directory.join(name);
        fs::write(&file, text).map(|()| file)
    };
    let certificate = write_file("ca.pem", ca_pem)?;
    for bundle in CA_BUNDLES
        .iter()
        .map(Path::new)
        .filter(|bundle| bundle.is_file())
    {
        bind_over(&certificate, bundle)?;
    }
    bind_over(
        &write_file("resolv.conf", &resolv_conf(resolvers))?,
        Path::new("/etc/resolv.conf"),
    )?;
    bind_over(&write_file("hosts", HOSTS)?, Path::new("/etc/hosts"))?;
    let nsswitch = Path::new("/etc/nsswitch.conf");
    if let Ok(text) = fs::read_to_string(nsswitch) {
        bind_over(
            &write_file("nsswitch.conf", &nsswitch_files_and_dns(&text))?,
            nsswitch,
        )?;
    }
    Ok(certificate)
}

fn overlay_directory() -> io::Result<PathBuf> {
    let is_empty =
        |path: &&&str| fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    let found = MOUNT_POINTS
        .iter()
        .find(is_empty)
        .or_else(|| MOUNT_POINTS.iter().find(|path| Path::new(path).is_dir()));
    found.map(PathBuf::from).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::NotFound,
            "there is no directory to mount the lab's files on",
        )
    })
}

/// Mounts `/proc` for the lab's PID namespace. Where that is refused, as in many containers,
/// programs see the machine's processes instead, which does no harm.
fn mount_own_proc() {
    let _ = mount(
        "proc",
        "/proc",
        "proc",
        MountFlags::NODEV | MountFlags::NOSUID | MountFlags::NOEXEC,
        None::<&std::ffi::CStr>,
    );
}

/// Bind-mounts a file; does nothing where the target does not exist.
fn bind_over(file: &Path, over: &Path) -> io::Result<()> {
    match mount_bind(file, over) {
        Err(rustix::io::Errno::NOENT) => Ok(()),
        done => Ok(done?),
    }
}

/// A resolver configuration that retries a lost datagram after one second instead of five.
fn resolv_conf(resolvers: &[std::net::IpAddr]) -> String {
    let servers = resolvers.iter().fold(String::new(), |text, server| {
        text + &format!("nameserver {server}\n")
    });
    servers + "options timeout:1 attempts:3\n"
}

/// Restricts host lookups to files and DNS. Other sources know nothing of the lab, and some reach
/// the machine's own resolver by a Unix-domain socket, which no network namespace prevents.
fn nsswitch_files_and_dns(nsswitch: &str) -> String {
    let line = |line: &str| {
        if line.trim_start().starts_with("hosts:") {
            "hosts: files dns".to_owned()
        } else {
            line.to_owned()
        }
    };
    nsswitch.lines().map(|old| line(old) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_come_from_files_and_dns_alone() {
        let text = "passwd: files systemd\nhosts:  files mymachines resolve [!UNAVAIL=return] \
            dns\nports: db files\n";
        assert_eq!(
            nsswitch_files_and_dns(text),
            "passwd: files systemd\nhosts: files dns\nports: db files\n"
        );
    }

    #[test]
    fn resolv_conf_lists_the_name_servers() {
        let servers = ["10.77.0.53".parse(), "fd77::35".parse()]
            .map(|server| server.unwrap_or(std::net::IpAddr::from([0; 4])));
        assert_eq!(
            resolv_conf(&servers),
            "nameserver 10.77.0.53\nnameserver fd77::35\noptions timeout:1 attempts:3\n"
        );
    }
}
