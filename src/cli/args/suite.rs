//! What `--help` says about suites.

/// The long help of `--suite`.
pub(super) const HELP: &str = "\
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
