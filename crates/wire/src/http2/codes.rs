//! Types, settings and error codes of HTTP/2 (IANA "Hypertext Transfer Protocol version 2 (HTTP/2) Parameters").

use crate::open_enum;

open_enum! {
    /// What a frame is (RFC 9113 §6).
    pub struct FrameType(u8) {
        DATA = 0x0, "DATA", "RFC 9113 §6.1", "a piece of a message's content";
        HEADERS = 0x1, "HEADERS", "RFC 9113 §6.2", "opens a stream or answers on it: fields of a request, a response or a trailer";
        PRIORITY = 0x2, "PRIORITY", "RFC 9113 §6.3", "how important the stream is; no longer used";
        RST_STREAM = 0x3, "RST_STREAM", "RFC 9113 §6.4", "ends one stream at once, and says why";
        SETTINGS = 0x4, "SETTINGS", "RFC 9113 §6.5", "what the sender wants the other side to keep to";
        PUSH_PROMISE = 0x5, "PUSH_PROMISE", "RFC 9113 §6.6", "the server will answer a request that it makes up itself";
        PING = 0x6, "PING", "RFC 9113 §6.7", "shall come back at once: measures the round trip, keeps the connection alive";
        GOAWAY = 0x7, "GOAWAY", "RFC 9113 §6.8", "no more streams; those up to the number given are still answered";
        WINDOW_UPDATE = 0x8, "WINDOW_UPDATE", "RFC 9113 §6.9", "the other side may send so many more bytes of DATA";
        CONTINUATION = 0x9, "CONTINUATION", "RFC 9113 §6.10", "goes on with the fields that did not fit into the frame before";
        ALTSVC = 0xa, "ALTSVC", "RFC 7838 §4", "the same site can be had elsewhere too";
        ORIGIN = 0xc, "ORIGIN", "RFC 8336 §2", "for which sites this connection may be used";
        PRIORITY_UPDATE = 0x10, "PRIORITY_UPDATE", "RFC 9218 §7.1", "how urgent an answer is";
    }
}

open_enum! {
    /// What a setting sets (RFC 9113 §6.5.2).
    pub struct Setting(u16) {
        HEADER_TABLE_SIZE = 0x1, "SETTINGS_HEADER_TABLE_SIZE", "RFC 9113 §6.5.2", "bytes of fields that the other side may have remembered here; 4096 unless said";
        ENABLE_PUSH = 0x2, "SETTINGS_ENABLE_PUSH", "RFC 9113 §6.5.2", "whether the server may answer what was not asked for";
        MAX_CONCURRENT_STREAMS = 0x3, "SETTINGS_MAX_CONCURRENT_STREAMS", "RFC 9113 §6.5.2", "requests at a time";
        INITIAL_WINDOW_SIZE = 0x4, "SETTINGS_INITIAL_WINDOW_SIZE", "RFC 9113 §6.5.2", "bytes of DATA on a new stream before a WINDOW_UPDATE; 65535 unless said";
        MAX_FRAME_SIZE = 0x5, "SETTINGS_MAX_FRAME_SIZE", "RFC 9113 §6.5.2", "bytes of a frame's payload; 16384 unless said";
        MAX_HEADER_LIST_SIZE = 0x6, "SETTINGS_MAX_HEADER_LIST_SIZE", "RFC 9113 §6.5.2", "bytes of a message's fields, uncompressed";
        ENABLE_CONNECT_PROTOCOL = 0x8, "SETTINGS_ENABLE_CONNECT_PROTOCOL", "RFC 8441 §3", "WebSocket on a stream is possible";
        NO_RFC7540_PRIORITIES = 0x9, "SETTINGS_NO_RFC7540_PRIORITIES", "RFC 9218 §2.1", "the sender does not use the old priorities";
    }
}

open_enum! {
    /// Why a stream or a connection ends (RFC 9113 §7).
    pub struct ErrorCode(u32) {
        NO_ERROR = 0x0, "NO_ERROR", "RFC 9113 §7", "nothing went wrong";
        PROTOCOL_ERROR = 0x1, "PROTOCOL_ERROR", "RFC 9113 §7", "the other side broke a rule";
        INTERNAL_ERROR = 0x2, "INTERNAL_ERROR", "RFC 9113 §7", "the sender itself has a problem";
        FLOW_CONTROL_ERROR = 0x3, "FLOW_CONTROL_ERROR", "RFC 9113 §7", "the other side sent more DATA than it was allowed";
        SETTINGS_TIMEOUT = 0x4, "SETTINGS_TIMEOUT", "RFC 9113 §7", "SETTINGS were not acknowledged in time";
        STREAM_CLOSED = 0x5, "STREAM_CLOSED", "RFC 9113 §7", "a frame came on a stream that was over";
        FRAME_SIZE_ERROR = 0x6, "FRAME_SIZE_ERROR", "RFC 9113 §7", "a frame has a length that it may not have";
        REFUSED_STREAM = 0x7, "REFUSED_STREAM", "RFC 9113 §7", "not processed at all: it is safe to ask again";
        CANCEL = 0x8, "CANCEL", "RFC 9113 §7", "the stream is no longer wanted";
        COMPRESSION_ERROR = 0x9, "COMPRESSION_ERROR", "RFC 9113 §7", "the compressed fields can no longer be read, for the whole connection";
        CONNECT_ERROR = 0xa, "CONNECT_ERROR", "RFC 9113 §7", "the connection behind a CONNECT broke";
        ENHANCE_YOUR_CALM = 0xb, "ENHANCE_YOUR_CALM", "RFC 9113 §7", "the other side asks for too much";
        INADEQUATE_SECURITY = 0xc, "INADEQUATE_SECURITY", "RFC 9113 §7", "TLS below it is too weak";
        HTTP_1_1_REQUIRED = 0xd, "HTTP_1_1_REQUIRED", "RFC 9113 §7", "ask again over HTTP/1.1";
    }
}
