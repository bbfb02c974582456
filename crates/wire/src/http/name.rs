//! Names of header and trailer fields (IANA "HTTP Field Name Registry"), each a group of its own.

use crate::{Field, Show};

macro_rules! names {
    ($($name:literal, $id:literal, $rfc:literal, $line:literal;)*) => {
        /// The groups of field lines with a known name, in alphabetical order of their ids.
        pub static NAMES: &[&Field] = &[$(&Field {
            id: concat!("http.field.", $id), name: $name, rfc: $rfc, line: $line, show: Show::Group, codes: &[],
        }),*];
    };
}

/// The known name that equals `name` without regard to case (RFC 9110 §5.1).
pub fn known(name: &[u8]) -> Option<&'static Field> {
    let row = NAMES.binary_search_by(|field| {
        let lower = name.iter().map(u8::to_ascii_lowercase);
        field.name.bytes().map(|byte| byte.to_ascii_lowercase()).cmp(lower)
    });
    row.ok().map(|row| NAMES[row])
}

names! {
    "Accept", "accept", "RFC 9110 §12.5.1", "the kinds of content that the client understands, with weights";
    "Accept-CH", "accept-ch", "RFC 8942 §3.1", "the hints about itself that the server wants from the client";
    "Accept-Charset", "accept-charset", "RFC 9110 §12.5.2", "the character sets that the client understands; no longer used";
    "Accept-Encoding", "accept-encoding", "RFC 9110 §12.5.3", "the compressions that the client can undo";
    "Accept-Language", "accept-language", "RFC 9110 §12.5.4", "the languages that the user reads, the best first";
    "Accept-Patch", "accept-patch", "RFC 5789 §3.1", "the kinds of changes that PATCH takes here";
    "Accept-Ranges", "accept-ranges", "RFC 9110 §14.3", "whether parts can be asked for";
    "Access-Control-Allow-Credentials", "access-control-allow-credentials", "Fetch §3.2.3", "whether another site's page may read this with the user's cookies";
    "Access-Control-Allow-Headers", "access-control-allow-headers", "Fetch §3.2.3", "the fields that another site's page may send";
    "Access-Control-Allow-Methods", "access-control-allow-methods", "Fetch §3.2.3", "the methods that another site's page may use";
    "Access-Control-Allow-Origin", "access-control-allow-origin", "Fetch §3.2.3", "which other site's pages may read this";
    "Access-Control-Expose-Headers", "access-control-expose-headers", "Fetch §3.2.3", "the fields that another site's page may read";
    "Access-Control-Max-Age", "access-control-max-age", "Fetch §3.2.3", "how many seconds this permission may be remembered";
    "Access-Control-Request-Headers", "access-control-request-headers", "Fetch §3.2.2", "the fields that a page would like to send to another site";
    "Access-Control-Request-Method", "access-control-request-method", "Fetch §3.2.2", "the method that a page would like to use on another site";
    "Age", "age", "RFC 9111 §5.1", "how many seconds ago a cache got this from the server";
    "Allow", "allow", "RFC 9110 §10.2.1", "the methods that work here";
    "Alt-Svc", "alt-svc", "RFC 7838 §3", "the same site can be had elsewhere, for example by HTTP/3";
    "Alt-Used", "alt-used", "RFC 7838 §5", "which alternative the client uses";
    "Authentication-Info", "authentication-info", "RFC 9110 §11.6.3", "what the server adds after a login";
    "Authorization", "authorization", "RFC 9110 §11.6.2", "proof of who the user is: a secret";
    "Cache-Control", "cache-control", "RFC 9111 §5.2", "who may keep a copy, and how long";
    "Cache-Status", "cache-status", "RFC 9211 §2", "what the caches on the way did";
    "CDN-Cache-Control", "cdn-cache-control", "RFC 9213 §3.1", "how long a content delivery network may keep a copy";
    "Clear-Site-Data", "clear-site-data", "Clear Site Data §3.1", "forget what you stored for this site";
    "Connection", "connection", "RFC 9110 §7.6.1", "close: the last message on this connection; keep-alive: more may follow; or fields for this hop only";
    "Content-Disposition", "content-disposition", "RFC 6266 §4", "whether to show or to save it, and under which name";
    "Content-Encoding", "content-encoding", "RFC 9110 §8.4", "how the content is compressed";
    "Content-Language", "content-language", "RFC 9110 §8.5", "the language of the content";
    "Content-Length", "content-length", "RFC 9110 §8.6", "how many bytes the body has";
    "Content-Location", "content-location", "RFC 9110 §8.7", "the address of exactly this content";
    "Content-Range", "content-range", "RFC 9110 §14.4", "which part of the whole this is";
    "Content-Security-Policy", "content-security-policy", "CSP 3 §3.1", "where a page may load scripts and other things from";
    "Content-Security-Policy-Report-Only", "content-security-policy-report-only", "CSP 3 §3.2", "rules for a page that are only reported, not enforced";
    "Content-Type", "content-type", "RFC 9110 §8.3", "what kind of content the body is";
    "Cookie", "cookie", "RFC 6265 §5.4", "what the server asked the client to remember, returned";
    "Cross-Origin-Embedder-Policy", "cross-origin-embedder-policy", "HTML §7.1.4", "what a page may embed";
    "Cross-Origin-Opener-Policy", "cross-origin-opener-policy", "HTML §7.1.3", "whether windows of other sites share a process with this one";
    "Cross-Origin-Resource-Policy", "cross-origin-resource-policy", "Fetch §3.7", "which sites may embed this";
    "Date", "date", "RFC 9110 §6.6.1", "when the message was made";
    "Deprecation", "deprecation", "RFC 9745 §2", "since when this should no longer be used";
    "Destination", "destination", "RFC 4918 §10.3", "where to copy or move to";
    "Digest", "digest", "RFC 3230 §4.3.2", "a checksum of the content, older form";
    "DNT", "dnt", "W3C TPE §5.2", "the user does not want to be tracked; no longer used";
    "Downlink", "downlink", "Network Information §7", "the client's guess at its rate in Mbit/s";
    "Early-Data", "early-data", "RFC 8470 §5.1", "this request came as 0-RTT data and could be a replay";
    "ETag", "etag", "RFC 9110 §8.8.3", "a name for this version of the content";
    "Expect", "expect", "RFC 9110 §10.1.1", "100-continue: wait for the server's word before sending the body";
    "Expect-CT", "expect-ct", "RFC 9163 §2.1", "insist on public logs of certificates; no longer used";
    "Expires", "expires", "RFC 9111 §5.3", "when a copy becomes stale";
    "Forwarded", "forwarded", "RFC 7239 §4", "what proxies on the way saw: the client's address and more";
    "From", "from", "RFC 9110 §10.1.2", "a mail address of the user, mostly of a robot";
    "Host", "host", "RFC 9110 §7.2", "which site is meant: many share one address";
    "HTTP2-Settings", "http2-settings", "RFC 7540 §3.2.1", "settings for a change to HTTP/2; no longer used";
    "If-Match", "if-match", "RFC 9110 §13.1.1", "do it only if the content is still this version";
    "If-Modified-Since", "if-modified-since", "RFC 9110 §13.1.3", "send it only if it changed after this";
    "If-None-Match", "if-none-match", "RFC 9110 §13.1.2", "send it only if it is none of these versions";
    "If-Range", "if-range", "RFC 9110 §13.1.5", "send the part only if the content is still this version";
    "If-Unmodified-Since", "if-unmodified-since", "RFC 9110 §13.1.4", "do it only if it has not changed after this";
    "Keep-Alive", "keep-alive", "RFC 2068 §19.7.1.1", "how long an idle connection stays open, and for how many requests";
    "Last-Modified", "last-modified", "RFC 9110 §8.8.2", "when the content changed last";
    "Link", "link", "RFC 8288 §3", "related resources, for example to load in advance";
    "Location", "location", "RFC 9110 §10.2.2", "where to go instead, or where the new resource is";
    "Max-Forwards", "max-forwards", "RFC 9110 §7.6.2", "how many proxies TRACE or OPTIONS may pass";
    "MIME-Version", "mime-version", "RFC 9112 §B.1", "1.0: a relic of mail";
    "NEL", "nel", "Network Error Logging §3", "where to report failed connections";
    "Origin", "origin", "RFC 6454 §7", "which site's page made this request";
    "Permissions-Policy", "permissions-policy", "Permissions Policy §5.1", "which features of the browser a page may use";
    "Pragma", "pragma", "RFC 9111 §5.4", "no-cache, for very old caches";
    "Prefer", "prefer", "RFC 7240 §2", "what the client would like, if possible";
    "Priority", "priority", "RFC 9218 §5", "how urgent this is";
    "Proxy-Authenticate", "proxy-authenticate", "RFC 9110 §11.7.1", "how to log in to the proxy";
    "Proxy-Authorization", "proxy-authorization", "RFC 9110 §11.7.2", "proof for the proxy: a secret";
    "Proxy-Connection", "proxy-connection", "RFC 9112 §C.2.2", "Connection for old proxies; never standard";
    "Range", "range", "RFC 9110 §14.2", "send only this part";
    "Referer", "referer", "RFC 9110 §10.1.3", "the page that the user came from (the misspelling is the standard)";
    "Referrer-Policy", "referrer-policy", "Referrer Policy §4.1", "how much of the page's address others may see";
    "Refresh", "refresh", "HTML §4.6.7.13", "load it again, or another page, after some seconds";
    "Report-To", "report-to", "Reporting API §3.1", "where to send reports";
    "Reporting-Endpoints", "reporting-endpoints", "Reporting API §3.2", "where to send reports";
    "Retry-After", "retry-after", "RFC 9110 §10.2.3", "when to try again";
    "Save-Data", "save-data", "Save Data §2", "the user wants to save data";
    "Sec-CH-UA", "sec-ch-ua", "UA Client Hints §3.1", "the browser's brand and version";
    "Sec-CH-UA-Mobile", "sec-ch-ua-mobile", "UA Client Hints §3.5", "whether it is a mobile device";
    "Sec-CH-UA-Platform", "sec-ch-ua-platform", "UA Client Hints §3.7", "the operating system";
    "Sec-Fetch-Dest", "sec-fetch-dest", "Fetch Metadata §2.1", "what the browser will use this for";
    "Sec-Fetch-Mode", "sec-fetch-mode", "Fetch Metadata §2.2", "how the browser makes this request";
    "Sec-Fetch-Site", "sec-fetch-site", "Fetch Metadata §2.3", "whether the page that asks is of the same site";
    "Sec-Fetch-User", "sec-fetch-user", "Fetch Metadata §2.4", "whether the user caused it, by a click for example";
    "Sec-WebSocket-Accept", "sec-websocket-accept", "RFC 6455 §11.3.3", "the server's proof that it understood the WebSocket handshake";
    "Sec-WebSocket-Extensions", "sec-websocket-extensions", "RFC 6455 §11.3.2", "extensions of WebSocket";
    "Sec-WebSocket-Key", "sec-websocket-key", "RFC 6455 §11.3.1", "a random value that the server's answer must show it has read";
    "Sec-WebSocket-Protocol", "sec-websocket-protocol", "RFC 6455 §11.3.4", "what is spoken inside the WebSocket";
    "Sec-WebSocket-Version", "sec-websocket-version", "RFC 6455 §11.3.5", "the version of WebSocket: 13";
    "Server", "server", "RFC 9110 §10.2.4", "which program answers";
    "Server-Timing", "server-timing", "Server Timing §3", "where the server spent its time";
    "Set-Cookie", "set-cookie", "RFC 6265 §4.1", "please remember this and send it back with each request";
    "Strict-Transport-Security", "strict-transport-security", "RFC 6797 §6.1", "from now on only by HTTPS";
    "TE", "te", "RFC 9110 §10.1.4", "the transfer codings that the client understands, and whether it reads trailers";
    "Timing-Allow-Origin", "timing-allow-origin", "Resource Timing §4.5.1", "which sites may measure how long this took";
    "Traceparent", "traceparent", "Trace Context §3.2", "the trace that this request belongs to";
    "Tracestate", "tracestate", "Trace Context §3.3", "what tracing systems add to it";
    "Trailer", "trailer", "RFC 9110 §6.6.2", "the fields that follow the body";
    "Transfer-Encoding", "transfer-encoding", "RFC 9112 §6.1", "chunked: the body comes in pieces, each with its length";
    "Upgrade", "upgrade", "RFC 9110 §7.8", "let us speak another protocol on this connection";
    "Upgrade-Insecure-Requests", "upgrade-insecure-requests", "Upgrade Insecure Requests §3.2.1", "the browser would rather have HTTPS";
    "User-Agent", "user-agent", "RFC 9110 §10.1.5", "which program asks";
    "Vary", "vary", "RFC 9110 §12.5.5", "the request fields on which this answer depends; caches must compare them";
    "Via", "via", "RFC 9110 §7.6.3", "the proxies that the message passed";
    "Warning", "warning", "RFC 9111 §5.5", "no longer used";
    "WWW-Authenticate", "www-authenticate", "RFC 9110 §11.6.1", "how to log in";
    "X-Content-Type-Options", "x-content-type-options", "Fetch §3.6", "nosniff: believe Content-Type";
    "X-DNS-Prefetch-Control", "x-dns-prefetch-control", "MDN", "whether the browser may resolve names in advance; never standard";
    "X-Forwarded-For", "x-forwarded-for", "RFC 7239 §1", "the client's address as a proxy saw it; anybody can forge it";
    "X-Forwarded-Host", "x-forwarded-host", "RFC 7239 §1", "the Host field that a proxy received";
    "X-Forwarded-Proto", "x-forwarded-proto", "RFC 7239 §1", "whether the client came by http or https to the proxy";
    "X-Frame-Options", "x-frame-options", "RFC 7034 §2.1", "which sites may show this page in a frame";
    "X-Powered-By", "x-powered-by", "convention", "which software made the page; never standard";
    "X-Request-ID", "x-request-id", "convention", "a number to find this request in logs; never standard";
    "X-Requested-With", "x-requested-with", "convention", "XMLHttpRequest: a script asks; never standard";
    "X-XSS-Protection", "x-xss-protection", "convention", "a filter in old browsers; no longer used";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case() {
        for field in NAMES {
            assert_eq!(known(field.name.as_bytes()).map(|found| found.id), Some(field.id));
            assert_eq!(known(field.name.to_uppercase().as_bytes()).map(|found| found.id), Some(field.id));
        }
        assert!(known(b"X-Unheard-Of").is_none() && known(b"").is_none());
    }
}
