//! What the user recognises a device by: browser, operating system, and a part of its address.

use std::net::{IpAddr, Ipv6Addr};

use woothee::parser::Parser;

/// Characters of the longest name. The client chooses its name; we decide how much of it we keep.
const MAX_LENGTH: usize = 60;

/// Returns "Firefox on Windows" from a `User-Agent`. For a program that is not a browser: its own name.
#[must_use]
pub fn device_name(user_agent: &str) -> String {
    let known = Parser::new().parse(user_agent);
    // The library knows only the kind of other programs; their own name says more.
    let known = known.filter(|known| ![UNKNOWN, "HTTP Library"].contains(&known.name));
    let name = match known {
        Some(known) if known.os == UNKNOWN => known.name.to_owned(),
        Some(known) => format!("{} on {}", known.name, system(known.os)),
        // RFC 9110, section 10.1.5: the most significant product comes first.
        None => user_agent.split(['/', ' ', '(']).next().unwrap_or_default().to_owned(),
    };
    let name: String = name.chars().filter(|character| character.is_ascii_graphic() || *character == ' ').collect();
    if name.is_empty() { "Unknown device".to_owned() } else { name.chars().take(MAX_LENGTH).collect() }
}

/// The library's word for an unknown part.
const UNKNOWN: &str = "UNKNOWN";

/// Names without versions.
fn system(os: &str) -> &str {
    match os {
        "Mac OSX" => "macOS",
        "iPad" => "iPadOS",
        "iPhone" | "iPod" => "iOS",
        windows if windows.starts_with("Windows") && windows != "Windows Phone OS" => "Windows",
        other => other,
    }
}

/// Returns the network of an address: enough to recognise home or work, but not a person. Leaves out the last byte of
/// IPv4, and all but the first 48 bits of IPv6. Keeps the whole address of this machine.
#[must_use]
pub fn shortened(address: IpAddr) -> String {
    match address.to_canonical() {
        address if address.is_loopback() => address.to_string(),
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.x")
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_recognise_their_devices() {
        let windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";
        let mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)";
        let chrome = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0";
        let webkit = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X)";
        let android = "Mozilla/5.0 (Linux; Android 10; K)";
        for (user_agent, name) in [
            (format!("{windows} {chrome} Safari/537.36"), "Chrome on Windows"),
            (format!("{windows} {chrome} Safari/537.36 Edg/142.0.0.0"), "Edge on Windows"),
            (format!("{windows} {chrome} Safari/537.36 OPR/125.0.0.0"), "Opera on Windows"),
            (format!("{windows} {chrome} Safari/537.36 Vivaldi/7.6"), "Vivaldi on Windows"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0".into(),
                "Firefox on Windows",
            ),
            (format!("{mac} {chrome} Safari/537.36"), "Chrome on macOS"),
            (format!("{mac} {webkit} Version/26.1 Safari/605.1.15"), "Safari on macOS"),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0".into(),
                "Firefox on macOS",
            ),
            (format!("Mozilla/5.0 (X11; Linux x86_64) {chrome} Safari/537.36"), "Chrome on Linux"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0".into(), "Firefox on Linux"),
            (format!("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {chrome} Safari/537.36"), "Chrome on ChromeOS"),
            (format!("{iphone} {webkit} Version/26.1 Mobile/15E148 Safari/604.1"), "Safari on iOS"),
            (format!("{iphone} {webkit} CriOS/142.0.7444.77 Mobile/15E148 Safari/604.1"), "Chrome on iOS"),
            (format!("{iphone} {webkit} FxiOS/145.0 Mobile/15E148 Safari/604.1"), "Firefox on iOS"),
            (
                format!(
                    "Mozilla/5.0 (iPad; CPU OS 18_7 like Mac OS X) {webkit} Version/26.1 Mobile/15E148 Safari/604.1"
                ),
                "Safari on iPadOS",
            ),
            (format!("{android} {chrome} Mobile Safari/537.36"), "Chrome on Android"),
            (format!("{android} {chrome} Mobile Safari/537.36 EdgA/142.0.0.0"), "Edge on Android"),
            ("Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0".into(), "Firefox on Android"),
            (
                "Mozilla/5.0 (Linux; Android 15; SM-S928B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36".into(),
                "SamsungBrowser on Android",
            ),
            ("curl/8.14.1".into(), "curl"),
            ("python-requests/2.32.5".into(), "python-requests"),
            ("PostmanRuntime/7.49.1".into(), "PostmanRuntime"),
            (String::new(), "Unknown device"),
            ("\u{202e}<script>alert(1)</script>".into(), "<script>alert"),
            ("x".repeat(5000), &"x".repeat(60)),
        ] {
            assert_eq!(device_name(&user_agent), name, "{user_agent}");
        }
    }

    #[test]
    fn an_address_tells_the_network_and_no_more() {
        for (address, shown) in [
            ("203.0.113.7", "203.0.113.x"),
            ("::ffff:203.0.113.7", "203.0.113.x"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
            ("127.0.0.1", "127.0.0.1"),
            ("::1", "::1"),
        ] {
            assert_eq!(shortened(address.parse().unwrap()), shown);
        }
    }
}
