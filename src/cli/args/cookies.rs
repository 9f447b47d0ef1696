//! The long help of the cookie options.

/// `-b`.
pub(super) const COOKIE: &str = "\
Cookies: 'name=value; name2=value2', or the name of a cookie file (Netscape format, or Set-Cookie \
lines); an argument without = is a file name, and - is standard input. May be repeated: all \
cookies are sent.

Cookies that servers set are kept, and sent according to RFC 6265bis until the last redirect; -b \
'', or the name of a file that does not exist, only enables that. Cookies given as text are sent \
only to the URL's own origin, not to the targets of redirects. Each URL and each repeat starts \
with the cookies given here.";

/// `-c`.
pub(super) const COOKIE_JAR: &str = "\
Write all cookies to FILE after the run, in Netscape format, which curl can read; - writes to \
standard output.

These are the cookies of the files given by -b, updated by those that servers set in all URLs, \
redirects and repeats, in the order they arrived; they are written even if the run fails or is \
interrupted. A new file is readable only by its owner, since cookies are secrets; an existing one \
keeps its permissions. The file is replaced atomically, so -b FILE -c FILE continues a session.";
