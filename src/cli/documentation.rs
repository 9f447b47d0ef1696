//! `tapline completions` and `tapline man`: output generated from the definition of the command
//! line.

use std::io::{self, Write};

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::args::Cli;
use super::exit::{Exit, UsageError};

/// Prints a shell's completion script.
pub(super) fn print_completions(shell: Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "tapline", &mut script);
    super::output::print(&script)
}

const STATUS: &str = r"
.SH EXIT STATUS
.TP
.B 0
Success. An HTTP status of 400 or above counts as success, unless \fB\-\-fail\fR is given.
.TP
.B 1
Internal error, or a report that could not be written.
.TP
.B 2
Usage error: the command line is invalid.
.TP
.B 3
The probe failed; the report says in which phase, why, and what to try.
.TP
.B 4
A budget was not met, or \fBtapline diff\fR found a regression.
In a suite the worst endpoint decides; a failure is worse than a missed budget.
.TP
.B 129, 130, 143
Terminated by SIGHUP, SIGINT or SIGTERM. A probe still writes a report of what happened until then.
";

const ENVIRONMENT: &str = r"
.SH ENVIRONMENT
.TP
.B http_proxy, https_proxy, all_proxy, no_proxy
The same as for
.BR curl (1);
the command line takes precedence.
.TP
.B SSLKEYLOGFILE
File to append TLS secrets to, as with \fB\-\-keylog\fR.
.TP
.B SSL_CERT_FILE, SSL_CERT_DIR
The trust store to use instead of the system's.
.TP
.B NO_COLOR, CLICOLOR_FORCE
Disable colours; force colours even without a terminal.
.TP
.B OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS, OTEL_EXPORTER_OTLP_TIMEOUT
.TQ
.B OTEL_EXPORTER_OTLP_CERTIFICATE
The endpoint used by \fB\-\-otlp \-\fR; header fields, timeout in milliseconds and
CA certificate for any \fB\-\-otlp\fR. The first two also exist with TRACES or METRICS after OTLP.
.TP
.B OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES
The resource that spans and metrics are attributed to.
";

const EXAMPLES: &str = r"
.SH EXAMPLES
.nf
tapline https://example.com/
tapline probe https://example.com/
tapline probe \-\-format json https://example.com/ | jq .exchanges
tapline probe \-\-budget 'total<=500ms,dns<=50ms' https://example.com/
tapline probe \-\-suite endpoints.toml \-\-format text \-\-format junit=endpoints.xml
tapline open capture.pcapng
tapline open page.har
tapline diff before.pcapng now.pcapng
tapline probe \-\-save run.pcapng https://example.com/
ssh host tapline probe \-\-save \- https://example.com/ | tapline open \-
ssh host tcpdump \-U \-w \- | tapline open \-
tapline lab
.fi
.SH SEE ALSO
.BR curl (1),
.BR tcpdump (8),
.BR wireshark (1)
";

/// Prints the manual page of a command, or of the whole program.
pub(super) fn print_manual(name: Option<&str>) -> Result<Exit, UsageError> {
    let mut program = Cli::command();
    program.build();
    let command = match name {
        None => program,
        Some(name) => program.find_subcommand(name).cloned().ok_or_else(|| {
            UsageError::new(format!(
                "there is no command '{}'; 'tapline --help' lists all commands",
                name.escape_default()
            ))
        })?,
    };
    match render_page(command, name) {
        Ok(roff) => Ok(super::output::print(&roff)),
        Err(error) => {
            eprintln!("tapline: the manual page cannot be written: {error}");
            Ok(Exit::Fault)
        }
    }
}

/// Renders the page of a command. The generated synopsis would list every option, so a shorter one
/// replaces it.
fn render_page(command: Command, name: Option<&str>) -> io::Result<Vec<u8>> {
    let synopsis = match name {
        None => "\n.SH SYNOPSIS\n.B tapline\n[\\fIOPTIONS\\fR] [\\fIURL\\fR]\n.br\n.B \
            tapline\n\\fICOMMAND\\fR [\\fIOPTIONS\\fR] ...\n"
            .to_owned(),
        Some(name) => {
            let arguments: Vec<String> = command
                .get_positionals()
                .map(|argument| format!("[\\fI{}\\fR]", argument.get_id().as_str().to_uppercase()))
                .collect();
            format!(
                "\n.SH SYNOPSIS\n.B tapline {name}\n[\\fIOPTIONS\\fR] {}\n",
                arguments.join(" ")
            )
        }
    };
    let has_subcommands = command.has_subcommands();
    let man = Man::new(command);
    let mut roff = Vec::new();
    man.render_title(&mut roff)?;
    man.render_name_section(&mut roff)?;
    roff.write_all(synopsis.as_bytes())?;
    man.render_description_section(&mut roff)?;
    man.render_options_section(&mut roff)?;
    if has_subcommands {
        man.render_subcommands_section(&mut roff)?;
    }
    for section in [STATUS, ENVIRONMENT, EXAMPLES] {
        roff.write_all(section.as_bytes())?;
    }
    Ok(roff)
}
