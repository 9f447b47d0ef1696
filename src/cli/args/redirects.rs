//! What `--help` says about redirects.

/// The long help of `-L`.
pub(super) const LOCATION: &str = "\
Follow redirects: 301, 302, 303, 307 and 308 with a Location

301 and 302 change POST to GET, 303 changes every method except HEAD, including one given by -X \
(which curl keeps); 307 and 308 keep the method and the body. Your own data (header fields given \
by -H, -A, -e and -b, credentials, the body, the client certificate) is sent only to the scheme, \
host and port of the original URL, and no longer once a redirect has led away from there. A 307 \
or 308 that would send the body elsewhere ends the run with a failure. --location-trusted sends \
everything everywhere. Reports list what each redirect withheld.";

/// The long help of `--redirect-guard`.
pub(super) const GUARD: &str = "\
Refuse redirects from public addresses to addresses that are not publicly reachable

These are loopback, unspecified, link-local, private, unique-local and multicast addresses, and \
those of cloud metadata services, including their forms embedded in IPv6 addresses (IPv4-mapped, \
NAT64, 6to4, Teredo). Every address is checked after name resolution, before connecting to it. If \
a proxy resolves the name its address is not known here; then only addresses in the URL and \
localhost are checked, and a note says so. Without the guard such redirects are followed, with a \
note. In suites the guard is on by default; redirect-guard = false or --no-redirect-guard turns \
it off.";
