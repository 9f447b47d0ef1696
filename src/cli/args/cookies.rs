//! The long help of the cookie options.

/// `-b`.
pub(super) const COOKIE: &str = "\
Cookies: 'name=value; name2=value2', or the name of a cookie file (Netscape's format, or lines of \
Set-Cookie); what has no = is a file, and \
- is standard input. It may be given several times: all are sent.

Either way cookies that a server sets are kept and sent where they belong by RFC 6265bis until \
the redirects end; -b '' only turns that on, \
and so does the name of a file that is not there. What is given as text goes to the URL's own \
origin alone, not where redirects lead. Each \
URL and each repeat begins anew with the cookies given here.";

/// `-c`.
pub(super) const COOKIE_JAR: &str = "\
Write all cookies to FILE after the run, in Netscape's format, which curl reads; - for standard \
output.

They are those of -b's files, and over them what the servers set in all URLs, redirects and \
repeats, in the order it came; a run that fails \
or is interrupted writes them, too. A new file is readable by its owner alone, for cookies are \
secrets; one that is there keeps its \
permissions. The file is replaced as a whole, so that -b FILE -c FILE continues a session.";
