//! The page: a server on the loopback address, and the page with a run inside as one file.
//!
//! The page itself is built from `page/` by this crate's build script and stands inside the program. It never parses a
//! packet: it draws what `story` tells, asked through the API whose types stand in [`api`].

pub mod api;
mod html;
mod page;
mod run;
mod server;
mod spool;
mod view;

pub use html::{HtmlError, html};
pub use page::missing as page_missing;
pub use run::{CaptureFile, Limits, MAX_FILE, Plan, Subject, Workshop};
pub use server::{Begin, Options, ServeError, serve};
