//! DNS messages (RFC 1035 and its many successors): one decoder for resolver and inspector, one encoder.
//!
//! [`decode`] reads a message with any sink and makes a typed [`Message`]; [`Message::parse`] is the same with the
//! silent sink. [`decode_stream`] reads the messages of a TCP stream. Types of records that nobody here knows keep their
//! bytes (RFC 3597).
//!
//! ```
//! use wire::dns::{Message, Name, Question, RData, ResourceRecord, Type};
//! let name: Name = "www.example.com".parse()?;
//! let query = Message::query(0x1234, Question::new(name.clone(), Type::A));
//! let mut response = Message::response_to(&Message::parse(&query.encode())?);
//! response.answers.push(ResourceRecord::new(name, 300, RData::A([192, 0, 2, 1].into())));
//! assert_eq!(response.answers[0].to_string(), "www.example.com 300 IN A 192.0.2.1");
//! assert_eq!(Message::parse(&response.encode())?, response);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod codes;
mod dnssec;
mod edns;
mod encode;
mod message;
mod name;
#[cfg(test)]
mod oracle;
mod rdata;
mod svcb;
#[cfg(test)]
mod tests;
mod text;

pub use codes::{Algorithm, Class, DigestType, ErrorInfo, Opcode, OptionCode, Rcode, SvcParamKey, Type};
pub use dnssec::{DNSSEC_FIELDS, Dnskey, Ds, Nsec, Nsec3, Rrsig, TypeSet};
pub use edns::{EDNS_FIELDS, Edns, EdnsOption};
pub use message::{
    Header, Message, Question, RECORD_FIELDS, ResourceRecord, decode, decode_stream, field, split_stream,
};
pub use name::{MAX_LABEL, MAX_NAME, NAME_FIELDS, Name, NameError, Pointers, decode_name};
pub use rdata::{RDATA_FIELDS, RData, Soa};
pub use svcb::{SVCB_FIELDS, SvcParam, Svcb};
pub use text::CharString;

/// UDP and TCP port of DNS servers (RFC 1035 §4.2).
pub const PORT: u16 = 53;

/// Every field of DNS, a list a part.
pub static FIELD_LISTS: &[&[&crate::Field]] =
    &[field::ALL, RECORD_FIELDS, NAME_FIELDS, RDATA_FIELDS, SVCB_FIELDS, DNSSEC_FIELDS, EDNS_FIELDS];
