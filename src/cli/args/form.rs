//! What `--help` says about forms.

/// The long help of `-F`.
pub(super) const HELP: &str = "\
Multipart form field, as curl has it

name=value is text; name=@FILE is an upload, name=@FILE,FILE several of them in a \
multipart/mixed, name=<FILE a file's content as text; - is \
standard input. name=( begins a multipart within, =) ends it. Behind a value may stand \
;type=MEDIA/TYPE (with parameters of its own), \
;filename=NAME, ;headers=\"Name: value\" or ;headers=@FILE, and ;encoder= with base64, \
quoted-printable, 8bit, 7bit or binary. A value with \
; is put into double quotes, in which \\\" and \\\\ stand for themselves, or given with \
--form-string. Files are read as they are sent and may \
have any size; pipes and standard input are read before, up to 1 GiB. Unlike with curl, a \
parameter that is not known and a file that \
cannot be read are errors.";
