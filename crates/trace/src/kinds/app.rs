//! Acts of people, and what programs do.

crate::kinds! {
    USER_OPENS = "user.opens", Act, "the user opens {0}", [Text, None], "an act of the user";
    USER_JOINS = "user.joins", Act, "the user connects the machine to the network", [None, None], "an act of the user";
    OPERATOR_STARTS = "operator.starts", Act, "the operator starts {0}", [Text, None], "an act of an operator";
    ATTACKER_SENDS = "attacker.sends", Act, "an attacker sends a forged packet", [None, None], "an act of an attacker";
    TASK_STARTS = "app.task", Decision, "the program starts the task {0}", [Text, None], "a program's own decision";
    TIMER_SET = "app.timer_set", Timer, "the program waits for {0}", [Nanos, None], "a program's own decision";
    TIMER_FIRED = "app.timer", Timer, "the program's wait of {0} is over", [Nanos, None], "a program's own decision";
    WRITE = "app.write", Passage, "the program writes {0}", [Bytes, None], "RFC 9293 §3.9.1.2";
    READ = "app.read", Passage, "the program reads {0}", [Bytes, None], "RFC 9293 §3.9.1.3";
    CLOSE = "app.close", Decision, "the program closes the connection", [None, None], "RFC 9293 §3.9.1.4";
    URL_PARSED = "app.url", Decision, "the browser takes the URL apart: {0}", [Text, None], "RFC 3986 §3";
    RACE_WAITS = "race.waits", Decision, "an IPv4 address is known first: waits {0} more for an IPv6 address", [Nanos, None], "RFC 8305 §3";
    RACE_TRIES = "race.tries", Decision, "tries to connect to {0}", [Socket, None], "RFC 8305 §5";
    RACE_FAILED = "race.failed", Decision, "no connection to {0}: {1}", [Socket, Text], "RFC 8305 §5";
    RACE_WON = "race.won", Decision, "the connection to {0} is open first: it is used", [Socket, None], "RFC 8305 §5";
    TLS_STARTS = "tls.starts", Decision, "the TLS handshake begins, for {0}", [Text, None], "RFC 8446 §2";
    TLS_DONE = "tls.done", Decision, "the TLS handshake is complete: {0}", [Text, None], "RFC 8446 §2";
    TLS_FAILED = "tls.failed", Decision, "the TLS handshake failed: {0}", [Text, None], "RFC 8446 §6.2";
    HTTP_REQUEST = "http.request", Decision, "the request {0}", [Text, None], "RFC 9110 §3.4";
    HTTP_THINK = "http.think", Timer, "the server thinks for {0} about the request", [Nanos, None], "RFC 9110 §3.4";
    HTTP_RESPONSE = "http.response", Decision, "the response {0}", [Text, None], "RFC 9110 §3.4";
    HTTP_BREAK_OFF = "http.break_off", Decision, "the server's program will break off after {0} of a body of {1}", [Bytes, Bytes], "RFC 9112 §8";
    HTTP_DONE = "http.done", Decision, "the response is complete: {0} of body", [Bytes, None], "RFC 9112 §8";
    PAGE_REFERS = "http.refers", Decision, "the page refers to files of its server: {0}", [Count, None], "RFC 9110 §3.5";
    REQUEST_FAILED = "http.failed", Decision, "the request failed: {0}", [Text, None], "RFC 9110 §3.4";
}
