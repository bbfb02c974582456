//! What the server of a scenario answers: the page, and the files that it refers to.

use std::collections::BTreeMap;

use apps::http::Page;
use bytes::Bytes;

use crate::run::header;
use crate::{Scenario, ScenarioError};

/// The page.
pub(crate) fn page(scenario: &Scenario) -> Result<Page, ScenarioError> {
    let page = &scenario.server.page;
    let mut headers = Vec::new();
    if let Some(content_type) = &page.content_type {
        headers.push(header("server.page.content_type", "content-type", content_type)?);
    }
    for crate::Header(name, value) in &page.headers {
        headers.push(header("server.page.headers", name, value)?);
    }
    let status = http::StatusCode::from_u16(page.status).map_err(|error| ScenarioError::Value {
        key: "server.page.status",
        value: page.status.to_string(),
        reason: error.to_string(),
    })?;
    let breaks_after = page.breaks_after.map(|len| len.0 as usize);
    let mut made = Page { status, headers, body: Bytes::new(), think: page.think.0, breaks_after, date: page.date };
    made.body = match (&page.body, page.size, page.response_size) {
        (Some(body), _, _) => Bytes::from(body.clone() + &references(page)),
        (None, Some(size), _) => sized(page, size.0 as usize)?,
        (None, None, Some(total)) => {
            // The head's length depends on the digits of Content-Length: try until both agree.
            let total = total.0 as usize;
            let fits = (0..=total).rev().find(|&body| made.head_len(body) + body == total);
            sized(
                page,
                fits.ok_or_else(|| ScenarioError::Value {
                    key: "server.page.response_size",
                    value: total.to_string(),
                    reason: format!("the head alone has {} bytes", made.head_len(0)),
                })?,
            )?
        }
        (None, None, None) => Bytes::from(html(page)),
    };
    Ok(made)
}

/// `size` bytes in numbered lines, so that every place in them can be told.
fn filler(size: usize, begins: &str) -> Bytes {
    let mut out = Vec::with_capacity(size + 32);
    let mut line = 0u64;
    while out.len() < size {
        out.extend_from_slice(format!("{begins} {line:>10} of the body\n").as_bytes());
        line += 1;
    }
    out.truncate(size);
    Bytes::from(out)
}

/// The target of a file that a page refers to; they are numbered from 1.
fn target(number: u32) -> String {
    format!("/file-{number}.js")
}

/// The files that the page refers to, by their targets.
pub(crate) fn files(scenario: &Scenario) -> BTreeMap<String, Page> {
    let page = &scenario.server.page;
    let script = http::HeaderValue::from_static("text/javascript");
    let file = || Page {
        status: http::StatusCode::OK,
        headers: vec![(http::header::CONTENT_TYPE, script.clone())],
        body: filler(page.file_size.0 as usize, "//"),
        think: page.file_think.0,
        breaks_after: None,
        date: page.date,
    };
    (1..=page.files).map(|number| (target(number), file())).collect()
}

/// The references of a page to its files.
fn references(page: &crate::Page) -> String {
    (1..=page.files).map(|number| format!("<script src=\"{}\"></script>\n", target(number))).collect()
}

/// A page that says little.
fn html(page: &crate::Page) -> String {
    format!("<!doctype html>\n<title>A page</title>\n{}<p>A page of the simulated internet.\n", references(page))
}

/// A body of a given size.
fn sized(page: &crate::Page, size: usize) -> Result<Bytes, ScenarioError> {
    let mut body = references(page).into_bytes();
    if body.len() > size {
        return Err(ScenarioError::Value {
            key: "server.page.size",
            value: size.to_string(),
            reason: format!("the references to {} files alone have {} bytes", page.files, body.len()),
        });
    }
    body.extend_from_slice(&filler(size - body.len(), "line"));
    Ok(body.into())
}
