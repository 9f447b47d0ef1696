//! Names to addresses.

mod answer;
mod configuration;
mod given;
mod hosts;
mod https;
mod order;
mod query;
mod stub;
mod system;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
mod transport;
mod verdict;

use std::net::{IpAddr, SocketAddr};

use hickory_resolver::proto::rr::Name;
use tokio::time::timeout_at;
use url::{Host, Url};

use self::configuration::Configuration;
use self::https::HttpsServer;
use self::stub::{Found, Stub};
use super::Failed;
use super::spec::{Dns, Family, TlsChoice};
use super::step::Step;
use super::trust_loader::TrustLoader;
use crate::trace::{Code, Phase, ResolutionSource, What};

pub(super) use given::connect_target;

const NAME_A_SERVER: &str = "name a server in /etc/resolv.conf, or with --dns-servers";

/// The dns phase: the addresses of a host in the order they are to be tried. A literal address has no such phase.
pub(super) async fn resolve(step: &Step<'_>, host: &str, port: u16) -> Result<Vec<SocketAddr>, Failed> {
    let host = without_brackets(host);
    if let Ok(ip) = host.parse::<IpAddr>() {
        return literal(step, ip).map(|ip| vec![SocketAddr::new(ip, port)]);
    }
    step.recorder.begin(step.exchange, Phase::Dns, None);
    let addresses = resolve_within(step, host, port).await?;
    step.recorder.end(step.exchange, Phase::Dns, None);
    Ok(addresses)
}

/// The same within another phase: a SOCKS5 proxy is given an address, so the name is resolved while talking to it.
pub(super) async fn resolve_within(step: &Step<'_>, host: &str, port: u16) -> Result<Vec<SocketAddr>, Failed> {
    let (source, addresses) = lookup(step, host, port).await?;
    let addresses = order::preferred(&addresses, step.spec.family);
    if addresses.is_empty() {
        return Err(no_address(step, host));
    }
    step.recorder.emit(What::Resolved { exchange: step.exchange, source, addresses: addresses.clone() });
    Ok(addresses.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
}

/// Where the addresses come from: the user, this machine's own names, DNS servers, or the system's resolver.
async fn lookup(step: &Step<'_>, host: &str, port: u16) -> Result<(ResolutionSource, Vec<IpAddr>), Failed> {
    if let Some(addresses) = given::addresses(step.spec, host, port) {
        return Ok((ResolutionSource::Given, addresses.to_vec()));
    }
    if let Some(addresses) = hosts::localhost(host) {
        return Ok((ResolutionSource::HostsFile, addresses));
    }
    if matches!(step.spec.dns, Dns::Configured | Dns::Servers(_)) {
        let addresses = hosts::in_hosts_file(host);
        if !addresses.is_empty() {
            return Ok((ResolutionSource::HostsFile, addresses));
        }
    }
    match &step.spec.dns {
        Dns::Configured => configured(step, host).await,
        Dns::Servers(servers) => from_servers(step, host, &Configuration::of_addresses(servers)).await,
        Dns::Https(url) => over_https(step, host, url).await,
        Dns::System => system::lookup(step, host).await,
    }
}

/// Asks the system's name servers. Where it names none, its own resolver may still know a way.
async fn configured(step: &Step<'_>, host: &str) -> Result<(ResolutionSource, Vec<IpAddr>), Failed> {
    match Configuration::of_system() {
        Ok(configuration) => from_servers(step, host, &configuration).await,
        Err(why) => {
            let note = format!("{why}: the system's resolver is asked, whose queries cannot be seen");
            step.recorder.note(step.exchange, note);
            system::lookup(step, host).await.map_err(|failed| not_configured(&failed, host, &why))
        }
    }
}

/// Asks a server over HTTPS. Its own name, where it has one, is resolved by the system's name servers. `--cacert` is for it too;
/// `--insecure` and client certificates are for the URL's own server alone, as in curl.
async fn over_https(step: &Step<'_>, host: &str, url: &Url) -> Result<(ResolutionSource, Vec<IpAddr>), Failed> {
    let store = TlsChoice { ca_file: step.spec.tls.ca_file.clone(), ca_pem: step.spec.tls.ca_pem.clone(), ..TlsChoice::default() };
    let mut trust = TrustLoader::Idle;
    trust.start(&store);
    let port = url.port_or_known_default().unwrap_or(443);
    let addresses = match url.host() {
        Some(Host::Ipv4(ip)) => vec![ip.into()],
        Some(Host::Ipv6(ip)) => vec![ip.into()],
        Some(Host::Domain(name)) => server_addresses(step, name).await?,
        None => Vec::new(),
    };
    let addresses: Vec<SocketAddr> = addresses.into_iter().map(|ip| SocketAddr::new(ip, port)).collect();
    let server = HttpsServer::new(url, &*trust.get(&store).await).map_err(|why| https_failed(url, &why))?;
    from_servers(step, host, &Configuration::of_https(&server, &addresses)).await
}

async fn server_addresses(step: &Step<'_>, name: &str) -> Result<Vec<IpAddr>, Failed> {
    let known = hosts::localhost(name).unwrap_or_else(|| hosts::in_hosts_file(name));
    let addresses = if known.is_empty() { configured(step, name).await?.1 } else { known };
    Ok(order::preferred(&addresses, Family::Any))
}

async fn from_servers(step: &Step<'_>, host: &str, configuration: &Configuration) -> Result<(ResolutionSource, Vec<IpAddr>), Failed> {
    let name = Name::from_ascii(host).map_err(|error| verdict::bad_name(host, &error.to_string()))?;
    if configuration.servers.is_empty() {
        let message = format!("{host} was not resolved: there is no DNS server to ask");
        return Err(Failed::new(Phase::Dns, Code::DnsNotConfigured, message, NAME_A_SERVER));
    }
    step.watcher.expect(&configuration.addresses());
    let stub = Stub::new(step, configuration);
    // On the heap: what both families' questions need is too much for everybody's stack who resolves a literal address.
    match timeout_at(step.connect_by, Box::pin(stub.lookup(&name))).await {
        Ok(Found::Addresses(addresses)) => Ok((ResolutionSource::Dns, addresses)),
        Ok(found) => Err(verdict::failure(step, host, &found, &stub.log())),
        Err(_) => Err(verdict::cut_off(step, host, &stub.log())),
    }
}

fn not_configured(failed: &Failed, host: &str, why: &str) -> Failed {
    let message = format!("{host} was not resolved: {why}, and {}", failed.failure.message.raw());
    Failed::new(Phase::Dns, Code::DnsNotConfigured, message, NAME_A_SERVER)
}

fn https_failed(url: &Url, why: &str) -> Failed {
    let message = format!("the DNS server {} cannot be asked over HTTPS: {why}", url.host_str().unwrap_or_default());
    Failed::new(Phase::Dns, Code::DnsUnreachable, message, "check --doh-url and the certificate options")
}

/// The URL's form of an IPv6 address has brackets around it.
fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

fn literal(step: &Step<'_>, ip: IpAddr) -> Result<IpAddr, Failed> {
    if order::allowed(ip, step.spec.family) {
        return Ok(ip);
    }
    let (is, wanted) = if ip.is_ipv4() { ("IPv4", "-6") } else { ("IPv6", "-4") };
    let message = format!("{ip} is an {is} address, but {wanted} was given");
    Err(Failed::new(Phase::Dns, Code::DnsNoAddress, message, format!("leave out {wanted}, or give an address of the other family")))
}

fn no_address(step: &Step<'_>, host: &str) -> Failed {
    let family = match step.spec.family {
        Family::Any => "",
        Family::V4 => " IPv4",
        Family::V6 => " IPv6",
    };
    let hint = if family.is_empty() { "check the spelling of the name" } else { "leave out -4 or -6 to allow the other family" };
    Failed::new(Phase::Dns, Code::DnsNoAddress, format!("{host} has no{family} address"), hint)
}
