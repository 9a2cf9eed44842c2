//! The one client for addresses that a user may give: it reaches public hosts alone.
//!
//! A server stands where its users do not: beside databases, routers and the metadata service of its
//! cloud. So an address is looked at twice: as it is written, and as its name resolves at the moment of
//! connecting, to exactly the address that was looked at. Redirects are not followed, and no proxy of
//! the environment is used, since it would resolve the name once more. Source: OWASP, Server-Side
//! Request Forgery Prevention Cheat Sheet.

use std::{
    error::Error,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use reqwest::{
    RequestBuilder, Url,
    dns::{Addrs, Name, Resolve, Resolving},
};

/// The longest address that is taken, in bytes.
pub const URL_MOST: usize = 500;

/// Why an address may not be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is no address of the web, is too long, or carries a name and password.
    #[error("not a plain http address")]
    NotAnAddress,
    /// It would be called unprotected.
    #[error("not https")]
    NotHttps,
    /// It leads into a network that is not public.
    #[error("not a public host")]
    NotPublic,
}

/// A client for the addresses of users. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Guarded {
    client: reqwest::Client,
    inside: Arc<[String]>,
}

impl Guarded {
    /// A client whose exchanges end after `timeout`. The hosts of `inside`, names or addresses, may be
    /// called although they are not public, also over plain http: whoever runs the server has named them.
    pub fn new(inside: &[String], timeout: Duration) -> Result<Self, reqwest::Error> {
        let inside: Arc<[String]> = inside.iter().map(|host| host.to_ascii_lowercase()).collect();
        let client = reqwest::Client::builder()
            .timeout(timeout)
            .connect_timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(PublicOnly(inside.clone())))
            .user_agent(concat!("mendian/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, inside })
    }

    /// The address, where it may be called as far as can be told without asking for its name.
    pub fn check(&self, address: &str) -> Result<Url, Refused> {
        let url = Url::parse(address).map_err(|_| Refused::NotAnAddress)?;
        let plain = url.username().is_empty() && url.password().is_none() && address.len() <= URL_MOST;
        let host = url.host_str().filter(|host| plain && !host.is_empty()).ok_or(Refused::NotAnAddress)?;
        let inside = self.inside.iter().any(|named| named == host);
        match url.scheme() {
            "https" => {}
            "http" if inside => {}
            "http" => return Err(Refused::NotHttps),
            _ => return Err(Refused::NotAnAddress),
        }
        // A name is looked at when it is resolved; a bare address is resolved by nobody.
        match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(ip) if !inside && !is_public(ip) => Err(Refused::NotPublic),
            _ => Ok(url),
        }
    }

    /// A POST to the address.
    pub fn post(&self, address: &str) -> Result<RequestBuilder, Refused> {
        Ok(self.client.post(self.check(address)?))
    }
}

/// Whether an exchange failed because its host is not public.
pub fn was_refused(error: &reqwest::Error) -> bool {
    let mut cause: Option<&dyn Error> = Some(error);
    while let Some(error) = cause {
        if error.is::<Refused>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Resolves names to public addresses alone, except those named as being inside.
#[derive(Debug)]
struct PublicOnly(Arc<[String]>);

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let inside = self.0.iter().any(|named| named == name.as_str());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let good: Vec<SocketAddr> = found.filter(|address| inside || is_public(address.ip())).collect();
            if good.is_empty() {
                return Err(Refused::NotPublic.into());
            }
            Ok(Box::new(good.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is one of the public internet. Source: the IANA registries of special-purpose
/// addresses for IPv4 and IPv6; of a block that is public in part, all is refused.
pub fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = match a {
        // This network, private, loopback; multicast, reserved and broadcast.
        0 | 10 | 127 | 224.. => true,
        // Shared by a carrier's customers.
        100 => (64..128).contains(&b),
        // Link-local, with the metadata service of most clouds.
        169 => b == 254,
        172 => (16..32).contains(&b),
        // Protocols, documentation, 6to4 relays; private.
        192 => (b == 0 && matches!(c, 0 | 2)) || (b == 88 && c == 99) || b == 168,
        // Benchmarks; documentation.
        198 => matches!(b, 18 | 19) || (b == 51 && c == 100),
        203 => b == 0 && c == 113,
        _ => false,
    };
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    // Global unicast is 2000::/3. Within it: protocols and Teredo, documentation, 6to4, documentation.
    let special = (a == 0x2001 && (b < 0x0200 || b == 0x0db8)) || a == 0x2002 || (a == 0x3fff && b < 0x1000);
    (0x2000..0x4000).contains(&a) && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guarded(inside: &[&str]) -> Guarded {
        let inside: Vec<String> = inside.iter().map(|host| (*host).to_owned()).collect();
        Guarded::new(&inside, Duration::from_secs(1)).unwrap()
    }

    #[test]
    fn only_addresses_of_the_public_internet_are_public() {
        for ip in ["8.8.8.8", "1.1.1.1", "100.63.0.1", "172.32.0.1", "192.1.0.1", "223.5.5.5", "2606:4700::1111"] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in [
            "0.0.0.0",
            "10.0.0.8",
            "100.64.0.1",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
        ] {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn an_address_is_looked_at_as_it_is_written() {
        let guarded = guarded(&["erp.lan", "127.0.0.1"]);
        let told = |address: &str| guarded.check(address).map(drop);
        assert_eq!(told("https://partner.example/hooks?a=1"), Ok(()));
        assert_eq!(told("http://ERP.lan:8080/hooks"), Ok(()));
        assert_eq!(told("http://127.0.0.1:4000/"), Ok(()));
        assert_eq!(told("http://partner.example/"), Err(Refused::NotHttps));
        for address in
            ["", "partner.example", "file:///etc/passwd", "ftp://partner.example/", "https://a:b@partner.example/"]
        {
            assert_eq!(told(address), Err(Refused::NotAnAddress), "{address}");
        }
        assert_eq!(told(&format!("https://partner.example/{}", "a".repeat(URL_MOST))), Err(Refused::NotAnAddress));
        for address in [
            "https://127.0.0.2/",
            "https://2130706434/",
            "https://0x7f.0.0.2/",
            "https://0177.0.0.2/",
            "https://[::1]/",
            "https://[::ffff:169.254.169.254]/",
            "https://169.254.169.254/latest/meta-data",
            "https://10.1.1.1:5432/",
        ] {
            assert_eq!(told(address), Err(Refused::NotPublic), "{address}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_called() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let error = guarded(&[]).post(&format!("https://localhost:{port}/")).unwrap().send().await.unwrap_err();
        assert!(was_refused(&error), "{error:?}");
        let knocked = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(knocked.is_err(), "something connected");
    }
}
