//! Sources of addresses: the user's overrides, the hosts file, DNS servers, or the system's
//! resolver.

use std::net::{IpAddr, SocketAddr};

use hickory_resolver::proto::rr::Name;
use tokio::time::timeout_at;
use url::{Host, Url};

use super::configuration::ResolverConfiguration;
use super::https::DohServer;
use super::stub::{LookupResult, StubResolver};
use super::{failure, hosts, order, overrides, system};
use crate::probe::PhaseFailure;
use crate::probe::exchange_context::ExchangeContext;
use crate::probe::spec::{AddressFamily, DnsChoice, TlsOptions};
use crate::probe::tls_loader::TlsLoader;
use crate::trace::{FailureCode, Phase, ResolutionSource};

const CONFIGURE_SERVER_HINT: &str = "configure a server in /etc/resolv.conf, or give one with \
    --dns-servers";

/// Returns the addresses of a host, not ordered yet, from the first source that has any.
pub(super) async fn find_addresses(
    context: &ExchangeContext<'_>,
    host: &str,
    port: u16,
) -> Result<(ResolutionSource, Vec<IpAddr>), PhaseFailure> {
    if let Some(addresses) = overrides::addresses_from_resolve(context.spec, host, port) {
        return Ok((ResolutionSource::Given, addresses.to_vec()));
    }
    if let Some(addresses) = hosts::localhost_addresses(host) {
        return Ok((ResolutionSource::HostsFile, addresses));
    }
    if matches!(
        context.spec.dns,
        DnsChoice::Configured | DnsChoice::Servers(_)
    ) {
        let mut addresses = hosts::in_hosts_file(host);
        addresses.retain(|ip| order::family_allows(*ip, context.spec.family));
        if !addresses.is_empty() {
            return Ok((ResolutionSource::HostsFile, addresses));
        }
    }
    match &context.spec.dns {
        DnsChoice::Configured => from_system_servers(context, host).await,
        DnsChoice::Servers(servers) => {
            from_servers(
                context,
                host,
                &ResolverConfiguration::from_addresses(servers),
            )
            .await
        }
        DnsChoice::Https(url) => from_doh_server(context, host, url).await,
        DnsChoice::System => system::look_up_with_getaddrinfo(context, host).await,
    }
}

/// Queries the system's name servers. If none are configured, the system's own resolver may still
/// have another source.
async fn from_system_servers(
    context: &ExchangeContext<'_>,
    host: &str,
) -> Result<(ResolutionSource, Vec<IpAddr>), PhaseFailure> {
    match ResolverConfiguration::from_system() {
        Ok(configuration) => from_servers(context, host, &configuration).await,
        Err(why) => {
            let note = format!("{why}: using the system's resolver, whose queries are not visible");
            context.recorder.note(context.exchange, note);
            system::look_up_with_getaddrinfo(context, host)
                .await
                .map_err(|failed| not_configured_failure(&failed, host, &why))
        }
    }
}

/// Queries a server over HTTPS. If the server is given by name, that name is resolved by the
/// system's name servers. `--cacert` applies to it too; `--insecure` and client certificates apply
/// to the URL's server alone, as in curl.
async fn from_doh_server(
    context: &ExchangeContext<'_>,
    host: &str,
    url: &Url,
) -> Result<(ResolutionSource, Vec<IpAddr>), PhaseFailure> {
    let store = TlsOptions {
        ca_file: context.spec.tls.ca_file.clone(),
        ca_pem: context.spec.tls.ca_pem.clone(),
        ..TlsOptions::default()
    };
    let mut trust = TlsLoader::default();
    trust.start(&store);
    let port = url.port_or_known_default().unwrap_or(443);
    let addresses = match url.host() {
        Some(Host::Ipv4(ip)) => vec![ip.into()],
        Some(Host::Ipv6(ip)) => vec![ip.into()],
        Some(Host::Domain(name)) => doh_server_addresses(context, name).await?,
        None => Vec::new(),
    };
    let addresses: Vec<SocketAddr> = addresses
        .into_iter()
        .map(|ip| SocketAddr::new(ip, port))
        .collect();
    let server = DohServer::new(url, &*trust.trust_store(&store).await)
        .map_err(|why| doh_failure(url, &why))?;
    from_servers(
        context,
        host,
        &ResolverConfiguration::from_doh(&server, &addresses),
    )
    .await
}

async fn doh_server_addresses(
    context: &ExchangeContext<'_>,
    name: &str,
) -> Result<Vec<IpAddr>, PhaseFailure> {
    let known = hosts::localhost_addresses(name).unwrap_or_else(|| hosts::in_hosts_file(name));
    let addresses = if known.is_empty() {
        from_system_servers(context, name).await?.1
    } else {
        known
    };
    Ok(order::preferred_order(&addresses, AddressFamily::Any))
}

/// Queries these servers until the time limit.
pub(super) async fn from_servers(
    context: &ExchangeContext<'_>,
    host: &str,
    configuration: &ResolverConfiguration,
) -> Result<(ResolutionSource, Vec<IpAddr>), PhaseFailure> {
    let name = Name::from_ascii(host)
        .map_err(|error| failure::invalid_name_failure(host, &error.to_string()))?;
    if configuration.servers.is_empty() {
        let message = format!("{host} was not resolved: there is no DNS server to query");
        return Err(PhaseFailure::new(
            Phase::Dns,
            FailureCode::DnsNotConfigured,
            message,
            CONFIGURE_SERVER_HINT,
        ));
    }
    context.observer.expect_remotes(&configuration.addresses());
    let resolver = StubResolver::new(context, configuration);
    // Boxed because the future is large, and every caller's stack would carry it, even those that
    // resolve an IP address.
    match timeout_at(context.connect_deadline, Box::pin(resolver.lookup(&name))).await {
        Ok(LookupResult::Addresses(addresses)) => Ok((ResolutionSource::Dns, addresses)),
        Ok(found) => Err(failure::lookup_failure(
            context,
            host,
            &found,
            &resolver.finished_queries(),
        )),
        Err(_) => Err(failure::timeout_failure(
            context,
            host,
            &resolver.finished_queries(),
        )),
    }
}

fn not_configured_failure(failed: &PhaseFailure, host: &str, why: &str) -> PhaseFailure {
    let message = format!(
        "{host} was not resolved: {why}, and {}",
        failed.failure.message.raw()
    );
    PhaseFailure::new(
        Phase::Dns,
        FailureCode::DnsNotConfigured,
        message,
        CONFIGURE_SERVER_HINT,
    )
}

fn doh_failure(url: &Url, why: &str) -> PhaseFailure {
    let message = format!(
        "the DNS server {} cannot be queried over HTTPS: {why}",
        url.host_str().unwrap_or_default()
    );
    PhaseFailure::new(
        Phase::Dns,
        FailureCode::DnsUnreachable,
        message,
        "check --doh-url and the certificate options",
    )
}
