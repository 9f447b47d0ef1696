//! What `--help` says about redirects.

/// The long help of `-L`.
pub(super) const LOCATION: &str = "\
Follow redirects: 301, 302, 303, 307 and 308 with a Location

301 and 302 turn POST into GET, 303 every method but HEAD, also one that was given with -X (curl \
keeps that word); 307 and 308 keep the \
method and the body. What is your own (header fields of -H, -A, -e and -b, credentials, the body, \
the client certificate) goes to the \
scheme, host and port of the URL that was given and to no others, and not again once a redirect \
has led away from there. A 307 or 308 that wants the body \
elsewhere ends the run with a failure. --location-trusted sends everything everywhere. What \
stayed home is told with each redirect.";

/// The long help of `--redirect-guard`.
pub(super) const GUARD: &str = "\
Refuse redirects from public addresses to those that the public cannot reach

These are loopback, unspecified, link-local, private, unique-local and multicast addresses and \
those of clouds' metadata services, also \
within IPv6 addresses (IPv4-mapped, NAT64, 6to4, Teredo). Every address is judged that would be \
connected to, after the name was looked \
up. Of a name that a proxy looks up the address is not known here: then only addresses in the URL \
and localhost are judged, and a note says \
so. Without the guard such redirects are followed and noted. Suites have it on; there, \
redirect-guard = false or --no-redirect-guard turns \
it off.";
