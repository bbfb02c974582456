//! Finding an address.

crate::kinds! {
    ASK = "dns.ask", Decision, "asks for the address of {0}", [Text, None], "RFC 1034 §5.3.3";
    CACHE_HIT = "dns.cache_hit", Decision, "{0} has the answer in its cache", [Text, None], "RFC 1034 §5.3.3";
    CACHE_MISS = "dns.cache_miss", Decision, "{0} does not have it in its cache", [Text, None], "RFC 1034 §5.3.3";
    QUERY = "dns.query", Decision, "sends the question {0} to {1}", [Text, Ip], "RFC 1035 §4.1.2";
    ANSWER = "dns.answer", Decision, "the answer is {0}", [Text, None], "RFC 1035 §4.1.3";
    REFERRAL = "dns.referral", Decision, "is referred to the name servers of {0}", [Text, None], "RFC 1034 §4.3.1";
    FAILED = "dns.failed", Decision, "the name cannot be resolved: {0}", [Text, None], "RFC 1035 §4.1.1";
    TIMEOUT = "dns.timeout", Timer, "no answer within {0}", [Nanos, None], "RFC 1035 §4.2.1";
}
