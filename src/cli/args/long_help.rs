//! Long help texts of options, which `--help` shows and `-h` does not.

/// The long help of `--form`.
pub(super) const FORM: &str = "\
Multipart form field, in curl's syntax

name=value is text; name=@FILE uploads a file, name=@FILE,FILE several of them as \
multipart/mixed, name=<FILE sends a file's content as text; - is standard input. name=( begins a \
nested multipart, =) ends it. A value may be followed by ;type=MEDIA/TYPE (which may have \
parameters), ;filename=NAME, ;headers=\"Name: value\" or ;headers=@FILE, and ;encoder= with \
base64, quoted-printable, 8bit, 7bit or binary. A value that contains ; must be in double quotes, \
within which \\\" and \\\\ are escapes, or be given with --form-string. Files are read while they \
are sent and may have any size; pipes and standard input are read in advance, up to 1 GiB. Unlike \
in curl, unknown parameters and files that cannot be read are errors.";

/// The long help of `--location`.
pub(super) const LOCATION: &str = "\
Follow redirects: 301, 302, 303, 307 and 308 with a Location

301 and 302 change POST to GET, 303 changes every method except HEAD, including one given by -X \
(which curl keeps); 307 and 308 keep the method and the body. Your own data (header fields given \
by -H, -A, -e and -b, credentials, the body, the client certificate) is sent only to the scheme, \
host and port of the original URL, and no longer once a redirect has led away from there. A 307 \
or 308 that would send the body elsewhere ends the run with a failure. --location-trusted sends \
everything everywhere. Reports list what each redirect withheld.";

/// The long help of `--redirect-guard`.
pub(super) const REDIRECT_GUARD: &str = "\
Refuse redirects from public addresses to addresses that are not publicly reachable

These are loopback, unspecified, link-local, private, unique-local and multicast addresses, and \
those of cloud metadata services, including their forms embedded in IPv6 addresses (IPv4-mapped, \
NAT64, 6to4, Teredo). Every address is checked after name resolution, before connecting to it. If \
a proxy resolves the name its address is not known here; then only addresses in the URL and \
localhost are checked, and a note says so. Without the guard such redirects are followed, with a \
note. In suites the guard is on by default; redirect-guard = false or --no-redirect-guard turns \
it off.";

/// The long help of `--cookie`.
pub(super) const COOKIE: &str = "\
Cookies: 'name=value; name2=value2', or the name of a cookie file (Netscape format, or Set-Cookie \
lines); an argument without = is a file name, and - is standard input. May be repeated: all \
cookies are sent.

Cookies that servers set are kept, and sent according to RFC 6265bis until the last redirect; -b \
'', or the name of a file that does not exist, only enables that. Cookies given as text are sent \
only to the URL's own origin, not to the targets of redirects. Each URL and each repeat starts \
with the cookies given here.";

/// The long help of `--cookie-jar`.
pub(super) const COOKIE_JAR: &str = "\
Write all cookies to FILE after the run, in Netscape format, which curl can read; - writes to \
standard output.

These are the cookies of the files given by -b, updated by those that servers set in all URLs, \
redirects and repeats, in the order they arrived; they are written even if the run fails or is \
interrupted. A new file is readable only by its owner, since cookies are secrets; an existing one \
keeps its permissions. The file is replaced atomically, so -b FILE -c FILE continues a session.";

/// The long help of `--budget`.
pub(super) const BUDGET: &str = "\
Limits such as 'total<=500ms,dns<=50ms'; exit with code 4 if one is not met

A rule compares (<= < >= > = !=) a measure with a number and its unit: 'cert_days>=14', \
'status<400', 'http_version>=2'. It applies to every request; with --repeat also to a statistic \
of them: 'p95(total)<=300ms', with p1 to p99, min, median, mean or max. A tolerance turns small \
violations into warnings: 'total<=500ms+-10%', 'cert_days>=30+-16'. A rule whose measure was not \
measured is reported as such, and is neither met nor missed. With a rule on failures, such as \
'failures<=1', that many failed requests do not cause exit code 3.

Measures: dns connect proxy tls send wait receive (or xfer) ttfb total, on the program's clock; \
wire_dns to wire_receive, on the packets' clock; rtt, round_trips, extra_round_trips (beyond the \
minimum); size (or response_body_bytes), response_decoded_bytes, response_header_bytes, \
request_header_bytes, request_body_bytes, sent_bytes, received_bytes; segments_sent, \
segments_received, retransmits, retransmits_received; status, http_version, tls_version, \
cert_days; failures

Whose time it was: client server network resolver unknown; and on what it went: client.processing \
client.delay client.queue client.shared client.window client.flow_control client.nagle; \
server.think server.pause server.window server.flow_control server.nagle; network.round_trip \
network.congestion_window network.bandwidth network.queueing network.loss network.timeout \
network.unanswered; resolver.lookup; proxy.connect proxy.forward; unknown.unexplained. Without \
packets, losses and their kin are not measured";

/// The long help of `--suite`.
pub(super) const SUITE: &str = "\
Probe the endpoints listed in FILE (TOML) concurrently, and report one verdict

An [[endpoint]] has a url, a name, a budget, and any request option by its long name without \
dashes; [defaults] applies to all endpoints that do not set the same key, and the command line \
overrides both; tables (headers, budget) are merged key by key. A budget is a string as for \
--budget, or a table: total = \"<=500ms\". headers is a table or a list of lines, method is \
--request, body is --data-raw, http is \"1.1\" or \"2\"; keys that contain a dot must be quoted. \
Redirects from public addresses to private ones are refused unless redirect-guard is false. \
${NAME} is replaced by an environment variable, which is the only way to give credentials; $${ is \
a literal ${. Relative paths are relative to the file. Unknown keys are errors.

Reports: text, json (tapline/suite/1), junit, markdown, csv and prometheus, in file order. The \
exit code is that of the worst endpoint. Packets are not captured. The runs share one thread: for \
figures of a few milliseconds, --parallel 1 is more accurate.";
