//! Request methods (IANA "HTTP Method Registry").

use crate::Code;

macro_rules! methods {
    ($($name:literal, $rfc:literal, $safe:literal, $idempotent:literal, $line:literal;)*) => {
        /// The known methods by name; `value` is the row.
        pub static METHODS: &[Code] = &{
            let mut row = 0;
            [$(Code { value: { row += 1; row - 1 }, name: $name, rfc: $rfc, line: $line }),*]
        };
        /// Safe and idempotent, row by row.
        static PROPERTIES: &[(bool, bool)] = &[$(($safe, $idempotent)),*];
    };
}

methods! {
    "GET", "RFC 9110 §9.3.1", true, true, "give me this";
    "HEAD", "RFC 9110 §9.3.2", true, true, "give me only the head of what GET would bring";
    "POST", "RFC 9110 §9.3.3", false, false, "do something with the content that I send";
    "PUT", "RFC 9110 §9.3.4", false, true, "keep the content that I send under this name";
    "DELETE", "RFC 9110 §9.3.5", false, true, "remove this";
    "CONNECT", "RFC 9110 §9.3.6", false, false, "proxy, open a tunnel to that host";
    "OPTIONS", "RFC 9110 §9.3.7", true, true, "what can be done here?";
    "TRACE", "RFC 9110 §9.3.8", true, true, "send back what arrived";
    "PATCH", "RFC 5789 §2", false, false, "change this in the way that I send";
    "QUERY", "draft-ietf-httpbis-safe-method-w-body §2", true, true, "answer the question that I send as content";
    "PRI", "RFC 9113 §3.4", true, true, "not a method: the first bytes of HTTP/2";
    "ACL", "RFC 3744 §8.1", false, true, "change who may do what";
    "BASELINE-CONTROL", "RFC 3253 §12.6", false, true, "put a collection under version control";
    "BIND", "RFC 5842 §4", false, true, "give it one more name";
    "CHECKIN", "RFC 3253 §4.4", false, true, "make the working copy a version";
    "CHECKOUT", "RFC 3253 §4.3", false, true, "start to change a version";
    "COPY", "RFC 4918 §9.8", false, true, "copy this to Destination";
    "LABEL", "RFC 3253 §8.2", false, true, "give a version a label";
    "LINK", "RFC 2068 §19.6.1.2", false, true, "relate it to another resource";
    "LOCK", "RFC 4918 §9.10", false, false, "keep others from changing this";
    "MERGE", "RFC 3253 §11.2", false, true, "merge versions";
    "MKACTIVITY", "RFC 3253 §13.5", false, true, "make an activity";
    "MKCALENDAR", "RFC 4791 §5.3.1", false, true, "make a calendar";
    "MKCOL", "RFC 4918 §9.3", false, true, "make a folder";
    "MKREDIRECTREF", "RFC 4437 §6", false, true, "make a redirection";
    "MKWORKSPACE", "RFC 3253 §6.3", false, true, "make a workspace";
    "MOVE", "RFC 4918 §9.9", false, true, "move this to Destination";
    "ORDERPATCH", "RFC 3648 §7", false, true, "change the order of members";
    "PROPFIND", "RFC 4918 §9.1", true, true, "which properties has this?";
    "PROPPATCH", "RFC 4918 §9.2", false, true, "change its properties";
    "REBIND", "RFC 5842 §6", false, true, "move a name";
    "REPORT", "RFC 3253 §3.6", true, true, "tell me about this";
    "SEARCH", "RFC 5323 §2", true, true, "find something";
    "UNBIND", "RFC 5842 §5", false, true, "remove a name";
    "UNCHECKOUT", "RFC 3253 §4.5", false, true, "give up changes";
    "UNLINK", "RFC 2068 §19.6.1.3", false, true, "end a relation";
    "UNLOCK", "RFC 4918 §9.11", false, true, "others may change this again";
    "UPDATE", "RFC 3253 §7.1", false, true, "take over a version";
    "UPDATEREDIRECTREF", "RFC 4437 §7", false, true, "change a redirection";
    "VERSION-CONTROL", "RFC 3253 §3.5", false, true, "keep versions of this";
}

/// What a method means, if it is known. Names are case-sensitive (RFC 9110 §9.1).
pub fn method(name: &[u8]) -> Option<&'static Code> {
    METHODS.iter().find(|code| code.name.as_bytes() == name)
}

/// Whether the method only reads (RFC 9110 §9.2.1). Unknown ones may do anything.
pub fn is_safe(name: &[u8]) -> bool {
    property(name).is_some_and(|(safe, _)| safe)
}

/// Whether repeating the request changes nothing more, so that it may be retried (RFC 9110 §9.2.2).
pub fn is_idempotent(name: &[u8]) -> bool {
    property(name).is_some_and(|(_, idempotent)| idempotent)
}

fn property(name: &[u8]) -> Option<(bool, bool)> {
    PROPERTIES.get(method(name)?.value as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn safe_and_idempotent() {
        assert!(is_safe(b"GET") && is_idempotent(b"GET"));
        assert!(!is_safe(b"PUT") && is_idempotent(b"PUT"));
        assert!(!is_safe(b"POST") && !is_idempotent(b"POST"));
        assert!(method(b"get").is_none(), "methods are case-sensitive");
        assert!(METHODS.iter().enumerate().all(|(row, code)| code.value == row as u64));
    }
}
