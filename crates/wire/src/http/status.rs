//! Status codes (IANA "HTTP Status Codes"): the server's answer in three digits.

use crate::open_enum;

open_enum! {
    /// What came of a request. The first digit is its class (RFC 9110 §15).
    pub struct Status(u16) {
        CONTINUE = 100, "Continue", "RFC 9110 §15.2.1", "the head is fine, send the body";
        SWITCHING_PROTOCOLS = 101, "Switching Protocols", "RFC 9110 §15.2.2", "from here on the connection speaks what Upgrade says";
        PROCESSING = 102, "Processing", "RFC 2518 §10.1", "it takes long, but it is being worked on";
        EARLY_HINTS = 103, "Early Hints", "RFC 8297 §2", "fields of the final response in advance, so that the client can start loading";
        UPLOAD_RESUMPTION_SUPPORTED = 104, "Upload Resumption Supported", "draft-ietf-httpbis-resumable-upload §5", "an upload that breaks off can be resumed";
        OK = 200, "OK", "RFC 9110 §15.3.1", "it worked";
        CREATED = 201, "Created", "RFC 9110 §15.3.2", "a new resource was made";
        ACCEPTED = 202, "Accepted", "RFC 9110 §15.3.3", "taken on, not done yet";
        NON_AUTHORITATIVE_INFORMATION = 203, "Non-Authoritative Information", "RFC 9110 §15.3.4", "it worked, but a proxy changed the content";
        NO_CONTENT = 204, "No Content", "RFC 9110 §15.3.5", "it worked, and there is nothing to send";
        RESET_CONTENT = 205, "Reset Content", "RFC 9110 §15.3.6", "it worked; clear the form";
        PARTIAL_CONTENT = 206, "Partial Content", "RFC 9110 §15.3.7", "the part that was asked for";
        MULTI_STATUS = 207, "Multi-Status", "RFC 4918 §11.1", "several answers, one for each resource";
        ALREADY_REPORTED = 208, "Already Reported", "RFC 5842 §7.1", "said before in the same answer";
        IM_USED = 226, "IM Used", "RFC 3229 §10.4.1", "what has changed since the client's copy";
        MULTIPLE_CHOICES = 300, "Multiple Choices", "RFC 9110 §15.4.1", "there are several forms, choose one";
        MOVED_PERMANENTLY = 301, "Moved Permanently", "RFC 9110 §15.4.2", "it is at Location from now on";
        FOUND = 302, "Found", "RFC 9110 §15.4.3", "it is at Location for the moment";
        SEE_OTHER = 303, "See Other", "RFC 9110 §15.4.4", "the answer is at Location, get it from there";
        NOT_MODIFIED = 304, "Not Modified", "RFC 9110 §15.4.5", "the client's copy is still right";
        USE_PROXY = 305, "Use Proxy", "RFC 9110 §15.4.6", "no longer used";
        UNUSED_306 = 306, "(Unused)", "RFC 9110 §15.4.7", "no longer used";
        TEMPORARY_REDIRECT = 307, "Temporary Redirect", "RFC 9110 §15.4.8", "it is at Location for the moment; repeat the same request there";
        PERMANENT_REDIRECT = 308, "Permanent Redirect", "RFC 9110 §15.4.9", "it is at Location from now on; repeat the same request there";
        BAD_REQUEST = 400, "Bad Request", "RFC 9110 §15.5.1", "the request makes no sense";
        UNAUTHORIZED = 401, "Unauthorized", "RFC 9110 §15.5.2", "log in first";
        PAYMENT_REQUIRED = 402, "Payment Required", "RFC 9110 §15.5.3", "reserved for payments";
        FORBIDDEN = 403, "Forbidden", "RFC 9110 §15.5.4", "understood, and refused";
        NOT_FOUND = 404, "Not Found", "RFC 9110 §15.5.5", "there is nothing here";
        METHOD_NOT_ALLOWED = 405, "Method Not Allowed", "RFC 9110 §15.5.6", "not with this method; Allow lists the others";
        NOT_ACCEPTABLE = 406, "Not Acceptable", "RFC 9110 §15.5.7", "not in any form that the client accepts";
        PROXY_AUTHENTICATION_REQUIRED = 407, "Proxy Authentication Required", "RFC 9110 §15.5.8", "log in to the proxy first";
        REQUEST_TIMEOUT = 408, "Request Timeout", "RFC 9110 §15.5.9", "the request took too long to arrive";
        CONFLICT = 409, "Conflict", "RFC 9110 §15.5.10", "it contradicts the resource's present state";
        GONE = 410, "Gone", "RFC 9110 §15.5.11", "it was here and will not come back";
        LENGTH_REQUIRED = 411, "Length Required", "RFC 9110 §15.5.12", "say the body's length";
        PRECONDITION_FAILED = 412, "Precondition Failed", "RFC 9110 §15.5.13", "a condition of the request does not hold";
        CONTENT_TOO_LARGE = 413, "Content Too Large", "RFC 9110 §15.5.14", "the body is too long";
        URI_TOO_LONG = 414, "URI Too Long", "RFC 9110 §15.5.15", "the target is too long";
        UNSUPPORTED_MEDIA_TYPE = 415, "Unsupported Media Type", "RFC 9110 §15.5.16", "the body is of a kind that is not understood";
        RANGE_NOT_SATISFIABLE = 416, "Range Not Satisfiable", "RFC 9110 §15.5.17", "there is no such part";
        EXPECTATION_FAILED = 417, "Expectation Failed", "RFC 9110 §15.5.18", "what Expect asks cannot be done";
        UNUSED_418 = 418, "(Unused)", "RFC 9110 §15.5.19", "an April fool's teapot (RFC 2324)";
        MISDIRECTED_REQUEST = 421, "Misdirected Request", "RFC 9110 §15.5.20", "this server does not answer for that host";
        UNPROCESSABLE_CONTENT = 422, "Unprocessable Content", "RFC 9110 §15.5.21", "well formed, but its meaning is wrong";
        LOCKED = 423, "Locked", "RFC 4918 §11.3", "somebody else has locked it";
        FAILED_DEPENDENCY = 424, "Failed Dependency", "RFC 4918 §11.4", "something that it depends on failed";
        TOO_EARLY = 425, "Too Early", "RFC 8470 §5.2", "not as 0-RTT data, which could be replayed";
        UPGRADE_REQUIRED = 426, "Upgrade Required", "RFC 9110 §15.5.22", "only in another protocol; Upgrade says which";
        PRECONDITION_REQUIRED = 428, "Precondition Required", "RFC 6585 §3", "say which state you are changing";
        TOO_MANY_REQUESTS = 429, "Too Many Requests", "RFC 6585 §4", "slow down";
        REQUEST_HEADER_FIELDS_TOO_LARGE = 431, "Request Header Fields Too Large", "RFC 6585 §5", "the head is too long";
        UNAVAILABLE_FOR_LEGAL_REASONS = 451, "Unavailable For Legal Reasons", "RFC 7725 §3", "the law forbids it";
        INTERNAL_SERVER_ERROR = 500, "Internal Server Error", "RFC 9110 §15.6.1", "the server failed";
        NOT_IMPLEMENTED = 501, "Not Implemented", "RFC 9110 §15.6.2", "the server cannot do that";
        BAD_GATEWAY = 502, "Bad Gateway", "RFC 9110 §15.6.3", "the server behind this one gave nonsense";
        SERVICE_UNAVAILABLE = 503, "Service Unavailable", "RFC 9110 §15.6.4", "overloaded or under repair; Retry-After may say how long";
        GATEWAY_TIMEOUT = 504, "Gateway Timeout", "RFC 9110 §15.6.5", "the server behind this one did not answer in time";
        HTTP_VERSION_NOT_SUPPORTED = 505, "HTTP Version Not Supported", "RFC 9110 §15.6.6", "not in this version of HTTP";
        VARIANT_ALSO_NEGOTIATES = 506, "Variant Also Negotiates", "RFC 2295 §8.1", "the server's choices lead in a circle";
        INSUFFICIENT_STORAGE = 507, "Insufficient Storage", "RFC 4918 §11.5", "no room left";
        LOOP_DETECTED = 508, "Loop Detected", "RFC 5842 §7.2", "the request went in a circle";
        NOT_EXTENDED = 510, "Not Extended", "RFC 2774 §7", "no longer used";
        NETWORK_AUTHENTICATION_REQUIRED = 511, "Network Authentication Required", "RFC 6585 §6", "log in to the network first";
    }
}

open_enum! {
    /// The class of a status code: its first digit (RFC 9110 §15).
    pub struct StatusClass(u8) {
        INFORMATIONAL = 1, "Informational", "RFC 9110 §15.2", "something in advance; the final response follows";
        SUCCESSFUL = 2, "Successful", "RFC 9110 §15.3", "it worked";
        REDIRECTION = 3, "Redirection", "RFC 9110 §15.4", "something more must be done, mostly elsewhere";
        CLIENT_ERROR = 4, "Client Error", "RFC 9110 §15.5", "the request is to blame";
        SERVER_ERROR = 5, "Server Error", "RFC 9110 §15.6", "the server is to blame";
    }
}

impl Status {
    /// Its class.
    pub fn class(self) -> StatusClass {
        StatusClass((self.0 / 100) as u8)
    }
    /// Whether a final response follows this one (RFC 9110 §15.2).
    pub fn is_informational(self) -> bool {
        self.class() == StatusClass::INFORMATIONAL
    }
}
