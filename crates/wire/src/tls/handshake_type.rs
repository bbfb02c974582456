//! The kinds of handshake messages (IANA "TLS HandshakeType").

use crate::open_enum;

crate::fields! {
    /// Fields of every handshake message.
    pub HANDSHAKE_TYPE_FIELDS;
    HANDSHAKE_OTHER = "tls.handshake", "Handshake message", "RFC 8446 §4", Group, "one message of the handshake: its type, length and content";
}

super::parts::grouped_enum! {
    prefix "tls.handshake.", make open_enum, rest HANDSHAKE_OTHER;
    /// What a handshake message is.
    pub struct HandshakeType(u8) {
        HELLO_REQUEST = 0, "hello_request", "RFC 5246 §7.4.1.1", "the server asks for a new handshake";
        CLIENT_HELLO = 1, "client_hello", "RFC 8446 §4.1.2", "the client opens: what it can do, a random number and, in TLS 1.3, its key shares";
        SERVER_HELLO = 2, "server_hello", "RFC 8446 §4.1.3", "the server chooses version and cipher suite and, in TLS 1.3, sends its key share";
        HELLO_VERIFY_REQUEST = 3, "hello_verify_request", "RFC 6347 §4.2.1", "DTLS: the server wants to see a cookie first";
        NEW_SESSION_TICKET = 4, "new_session_ticket", "RFC 8446 §4.6.1", "a ticket with which the client can come back without a full handshake";
        END_OF_EARLY_DATA = 5, "end_of_early_data", "RFC 8446 §4.5", "the client's 0-RTT data ends here";
        ENCRYPTED_EXTENSIONS = 8, "encrypted_extensions", "RFC 8446 §4.3.1", "the server's answers to extensions that need not be seen by others";
        CERTIFICATE = 11, "certificate", "RFC 8446 §4.4.2", "who the sender is: its certificate and those that vouch for it";
        SERVER_KEY_EXCHANGE = 12, "server_key_exchange", "RFC 5246 §7.4.3", "the server's fresh key, signed with its certificate's key";
        CERTIFICATE_REQUEST = 13, "certificate_request", "RFC 8446 §4.3.2", "the server wants the client to prove who it is";
        SERVER_HELLO_DONE = 14, "server_hello_done", "RFC 5246 §7.4.5", "the server waits for the client now";
        CERTIFICATE_VERIFY = 15, "certificate_verify", "RFC 8446 §4.4.3", "a signature over the handshake: the sender owns its certificate's key";
        CLIENT_KEY_EXCHANGE = 16, "client_key_exchange", "RFC 5246 §7.4.7", "the client's part of the secret";
        CLIENT_CERTIFICATE_REQUEST = 17, "client_certificate_request", "RFC 9261 §4", "asks for an exported authenticator";
        FINISHED = 20, "finished", "RFC 8446 §4.4.4", "a checksum over the whole handshake under the new keys: nobody has tampered with it";
        CERTIFICATE_URL = 21, "certificate_url", "RFC 6066 §5", "where the client's certificate can be fetched";
        CERTIFICATE_STATUS = 22, "certificate_status", "RFC 6066 §8", "a fresh statement that the certificate is not revoked";
        SUPPLEMENTAL_DATA = 23, "supplemental_data", "RFC 4680 §2", "data for an application's authorisation";
        KEY_UPDATE = 24, "key_update", "RFC 8446 §4.6.3", "the sender changes to new keys";
        COMPRESSED_CERTIFICATE = 25, "compressed_certificate", "RFC 8879 §4", "a certificate message, compressed";
        EKT_KEY = 26, "ekt_key", "RFC 8870 §5.2.2", "a key for conference media";
        NEXT_PROTOCOL = 67, "next_protocol", "draft-agl-tls-nextprotoneg-04 §3", "the client's choice of protocol before ALPN existed";
        MESSAGE_HASH = 254, "message_hash", "RFC 8446 §4.4.1", "stands for the first ClientHello in the transcript after a HelloRetryRequest; never sent";
    }
}
