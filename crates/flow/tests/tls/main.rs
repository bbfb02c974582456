//! TLS conversations of other programs, read by the secrets that these programs logged.

mod by_openssl;
mod by_rustls;
mod known;
mod talk;
