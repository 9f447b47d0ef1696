//! Where addresses come from: the user, this machine's own names, DNS servers, or the system's
//! resolver.

use std::net::{IpAddr, SocketAddr};

use hickory_resolver::proto::rr::Name;
use tokio::time::timeout_at;
use url::{Host, Url};

use super::configuration::Configuration;
use super::https::HttpsServer;
use super::stub::{Found, Stub};
use super::{given, hosts, order, system, verdict};
use crate::probe::Failed;
use crate::probe::spec::{Dns, Family, TlsChoice};
use crate::probe::step::Step;
use crate::probe::trust_loader::TrustLoader;
use crate::trace::{Code, Phase, ResolutionSource};

const NAME_A_SERVER: &str = "name a server in /etc/resolv.conf, or with --dns-servers";

/// The addresses of a host, in no order yet, from the first source that knows any.
pub(super) async fn lookup(
    step: &Step<'_>,
    host: &str,
    port: u16,
) -> Result<(ResolutionSource, Vec<IpAddr>), Failed> {
    if let Some(addresses) = given::addresses(step.spec, host, port) {
        return Ok((ResolutionSource::Given, addresses.to_vec()));
    }
    if let Some(addresses) = hosts::localhost(host) {
        return Ok((ResolutionSource::HostsFile, addresses));
    }
    if matches!(step.spec.dns, Dns::Configured | Dns::Servers(_)) {
        let mut addresses = hosts::in_hosts_file(host);
        addresses.retain(|ip| order::allowed(*ip, step.spec.family));
        if !addresses.is_empty() {
            return Ok((ResolutionSource::HostsFile, addresses));
        }
    }
    match &step.spec.dns {
        Dns::Configured => configured(step, host).await,
        Dns::Servers(servers) => {
            from_servers(step, host, &Configuration::of_addresses(servers)).await
        }
        Dns::Https(url) => over_https(step, host, url).await,
        Dns::System => system::lookup(step, host).await,
    }
}

/// Asks the system's name servers. Where it names none, its own resolver may still know a way.
async fn configured(
    step: &Step<'_>,
    host: &str,
) -> Result<(ResolutionSource, Vec<IpAddr>), Failed> {
    match Configuration::of_system() {
        Ok(configuration) => from_servers(step, host, &configuration).await,
        Err(why) => {
            let note =
                format!("{why}: the system's resolver is asked, whose queries cannot be seen");
            step.recorder.note(step.exchange, note);
            system::lookup(step, host)
                .await
                .map_err(|failed| not_configured(&failed, host, &why))
        }
    }
}

/// Asks a server over HTTPS. Its own name, where it has one, is resolved by the system's name
/// servers. `--cacert` is for it too; `--insecure` and client certificates are for the URL's own
/// server alone, as in curl.
async fn over_https(
    step: &Step<'_>,
    host: &str,
    url: &Url,
) -> Result<(ResolutionSource, Vec<IpAddr>), Failed> {
    let store = TlsChoice {
        ca_file: step.spec.tls.ca_file.clone(),
        ca_pem: step.spec.tls.ca_pem.clone(),
        ..TlsChoice::default()
    };
    let mut trust = TrustLoader::default();
    trust.start(&store);
    let port = url.port_or_known_default().unwrap_or(443);
    let addresses = match url.host() {
        Some(Host::Ipv4(ip)) => vec![ip.into()],
        Some(Host::Ipv6(ip)) => vec![ip.into()],
        Some(Host::Domain(name)) => server_addresses(step, name).await?,
        None => Vec::new(),
    };
    let addresses: Vec<SocketAddr> = addresses
        .into_iter()
        .map(|ip| SocketAddr::new(ip, port))
        .collect();
    let server = HttpsServer::new(url, &*trust.trust(&store).await)
        .map_err(|why| https_failed(url, &why))?;
    from_servers(step, host, &Configuration::of_https(&server, &addresses)).await
}

async fn server_addresses(step: &Step<'_>, name: &str) -> Result<Vec<IpAddr>, Failed> {
    let known = hosts::localhost(name).unwrap_or_else(|| hosts::in_hosts_file(name));
    let addresses = if known.is_empty() {
        configured(step, name).await?.1
    } else {
        known
    };
    Ok(order::preferred(&addresses, Family::Any))
}

/// Asks these servers until the limit.
pub(super) async fn from_servers(
    step: &Step<'_>,
    host: &str,
    configuration: &Configuration,
) -> Result<(ResolutionSource, Vec<IpAddr>), Failed> {
    let name =
        Name::from_ascii(host).map_err(|error| verdict::bad_name(host, &error.to_string()))?;
    if configuration.servers.is_empty() {
        let message = format!("{host} was not resolved: there is no DNS server to ask");
        return Err(Failed::new(
            Phase::Dns,
            Code::DnsNotConfigured,
            message,
            NAME_A_SERVER,
        ));
    }
    step.watcher.expect(&configuration.addresses());
    let stub = Stub::new(step, configuration);
    // On the heap: what both families' questions need is too much for everybody's stack who
    // resolves a literal address.
    match timeout_at(step.connect_by, Box::pin(stub.lookup(&name))).await {
        Ok(Found::Addresses(addresses)) => Ok((ResolutionSource::Dns, addresses)),
        Ok(found) => Err(verdict::failure(step, host, &found, &stub.log())),
        Err(_) => Err(verdict::cut_off(step, host, &stub.log())),
    }
}

fn not_configured(failed: &Failed, host: &str, why: &str) -> Failed {
    let message = format!(
        "{host} was not resolved: {why}, and {}",
        failed.failure.message.raw()
    );
    Failed::new(Phase::Dns, Code::DnsNotConfigured, message, NAME_A_SERVER)
}

fn https_failed(url: &Url, why: &str) -> Failed {
    let message = format!(
        "the DNS server {} cannot be asked over HTTPS: {why}",
        url.host_str().unwrap_or_default()
    );
    Failed::new(
        Phase::Dns,
        Code::DnsUnreachable,
        message,
        "check --doh-url and the certificate options",
    )
}
