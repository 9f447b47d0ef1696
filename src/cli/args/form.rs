//! What `--help` says about forms.

/// The long help of `-F`.
pub(super) const HELP: &str = "\
Multipart form field, in curl's syntax

name=value is text; name=@FILE uploads a file, name=@FILE,FILE several of them as \
multipart/mixed, name=<FILE sends a file's content as text; - is standard input. name=( begins a \
nested multipart, =) ends it. A value may be followed by ;type=MEDIA/TYPE (which may have \
parameters), ;filename=NAME, ;headers=\"Name: value\" or ;headers=@FILE, and ;encoder= with \
base64, quoted-printable, 8bit, 7bit or binary. A value that contains ; must be in double quotes, \
within which \\\" and \\\\ are escapes, or be given with --form-string. Files are read while they \
are sent and may have any size; pipes and standard input are read in advance, up to 1 GiB. Unlike \
in curl, unknown parameters and files that cannot be read are errors.";
