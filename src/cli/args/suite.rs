//! What `--help` says about suites.

/// The long help of `--suite`.
pub(super) const HELP: &str = "\
Probe the endpoints in FILE (TOML) at the same time, and give one verdict

[[endpoint]] has a url, a name, a budget, and any request option by its long name without the \
dashes; [defaults] has what holds for all \
that do not say otherwise, and the command line comes before both; of tables (headers, budget) \
each key does. A budget is text as for --budget, or a table: total = \"<=500ms\". \
headers is a table or a list of lines, method is --request, body is --data-raw, http is \"1.1\" \
or \"2\"; keys with a dot are written in \
quotes. Redirects from public addresses to private ones are refused unless redirect-guard is \
false. ${NAME} stands for a variable of the environment, the only way for credentials; $${ for ${ \
itself. Relative paths are relative to \
the file. A key that is not known is an error.

Reports: text, json (tapline/suite/1), junit, markdown, csv and prometheus, in the order of the \
file. The exit code is the worst \
endpoint's. Packets are not captured. The runs share one thread of this machine: figures of a few \
milliseconds are truer with --parallel 1.";
