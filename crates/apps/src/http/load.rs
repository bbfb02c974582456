//! A page with all that it refers to, as a browser fetches it: over several connections of HTTP/1.1 with one request at a time
//! on each, or over one of HTTP/2 with all of them at once.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use base::Duration;
use bytes::Bytes;
use net::{Join, Os, TcpStream};
use trace::kinds::app;

use super::{Exchange, FetchError, Request, Response, Session};

/// Files that are fetched for one page at most.
const MOST: usize = 1000;

/// Bytes of a page that are looked through for them.
const LOOKED_AT: usize = 1 << 20;

/// Files that are still to be fetched.
type Queue = Rc<RefCell<VecDeque<Request>>>;

/// Connects, fetches the document and, if that is HTML, every file of the same server that it refers to; then closes.
///
/// # Errors
/// If the document cannot be fetched. What becomes of the files is recorded, and no error: a page is shown without a picture.
pub async fn load(os: &Os, tcp: TcpStream, to: &Exchange, document: Request) -> Result<Response, FetchError> {
    // Happy eyeballs may have chosen the address.
    let to = &Exchange { server: tcp.peer_addr(), ..to.clone() };
    let number = tcp.id().0;
    let first = Session::open(os, tcp, to).await?;
    let response = first.fetch(document.clone()).await?;
    let files: VecDeque<Request> =
        referred(&response).into_iter().filter_map(|target| file(&document, &target)).collect();
    let mut sessions = vec![first];
    if !files.is_empty() {
        os.event(&app::PAGE_REFERS, number, [files.len() as u64, 0]);
        sessions = fetch_all(os, to, sessions, files).await;
    }
    if to.linger > Duration::ZERO {
        os.sleep(to.linger).await;
    }
    let mut closing: Vec<Join<()>> = Vec::new();
    let last = sessions.pop();
    for session in sessions {
        closing.push(os.spawn("close", session.close()));
    }
    if let Some(session) = last {
        session.close().await;
    }
    for closed in closing {
        closed.await;
    }
    Ok(response)
}

/// Fetches all files. The connections that are open in the end are returned.
async fn fetch_all(os: &Os, to: &Exchange, mut open: Vec<Session>, files: VecDeque<Request>) -> Vec<Session> {
    let Some(first) = open.pop() else { return open };
    if first.multiplexes() {
        let first = Rc::new(first);
        let fetch = |request: Request| {
            let (task_os, session) = (os.clone(), first.clone());
            os.spawn("file", async move {
                let fetched = session.fetch(request).await;
                tell(&task_os, fetched);
            })
        };
        let fetches: Vec<Join<()>> = files.into_iter().map(fetch).collect();
        for fetch in fetches {
            fetch.await;
        }
        return Rc::into_inner(first).into_iter().collect();
    }
    // RFC 9112 §9.4 leaves it to the client how many connections it opens. One request at a time goes over each, the
    // others wait until one is free.
    let workers = files.len().min(to.connections.max(1));
    let queue: Queue = Rc::new(RefCell::new(files));
    let mut work: Vec<Join<Option<Session>>> = Vec::new();
    let mut first = Some(first);
    for _ in 0..workers {
        let (task_os, to, queue, session) = (os.clone(), to.clone(), queue.clone(), first.take());
        work.push(os.spawn("connection", async move {
            match fetch_from(&task_os, &to, session, &queue).await {
                Ok(session) => session,
                Err(error) => {
                    tell(&task_os, Err(error));
                    None
                }
            }
        }));
    }
    for work in work {
        open.extend(work.await);
    }
    open
}

/// Fetches files one after the other until none is left, over `session` and, when that is closed, connections of its own.
async fn fetch_from(
    os: &Os,
    to: &Exchange,
    mut session: Option<Session>,
    queue: &Queue,
) -> Result<Option<Session>, FetchError> {
    loop {
        let Some(request) = queue.borrow_mut().pop_front() else { return Ok(session) };
        // The server may close after a response (RFC 9112 §9.6).
        if let Some(old) = session.take() {
            match old.is_open().await {
                true => session = Some(old),
                false => old.close().await,
            }
        }
        let open = match session.take() {
            Some(open) => open,
            None => {
                let connect = os.tcp_connect(to.server).await;
                Session::open(os, connect.map_err(|errno| FetchError::Connect(to.server, errno))?, to).await?
            }
        };
        open.fetch(request).await?;
        session = Some(open);
    }
}

fn tell(os: &Os, fetched: Result<Response, FetchError>) {
    if let Err(error) = fetched {
        let text = os.text(&error.to_string());
        os.event(&app::REQUEST_FAILED, 0, [text, 0]);
    }
}

/// The request for a file that a document refers to: with the document's fields, but for those that tell of its own body and
/// of what is wanted.
fn file(document: &Request, target: &str) -> Option<Request> {
    let mut headers = document.headers.clone();
    headers.retain(|(name, _)| ![http::header::CONTENT_TYPE, http::header::CONTENT_LENGTH].contains(name));
    for (name, value) in &mut headers {
        if *name == http::header::ACCEPT {
            *value = http::HeaderValue::from_static("*/*");
        }
    }
    Some(Request { method: http::Method::GET, target: target.parse().ok()?, headers, body: Bytes::new() })
}

/// What an HTML document refers to on its own server: the values of `src` and, of links, of `href`, each once, in order.
fn referred(document: &Response) -> Vec<String> {
    let kind = document.headers.get(http::header::CONTENT_TYPE);
    if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(&document.body[..document.body.len().min(LOOKED_AT)]);
    let mut found = Vec::new();
    for tag in text.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag) {
        let attribute = if tag.starts_with("link ") { " href=\"" } else { " src=\"" };
        let value = tag.split_once(attribute).and_then(|(_, rest)| rest.split_once('"')).map(|(value, _)| value);
        // `//` would be another server (RFC 3986 §4.2).
        let own = value.filter(|value| value.starts_with('/') && !value.starts_with("//"));
        if let Some(own) = own.filter(|own| !found.iter().any(|known| known == own)) {
            found.push(own.to_owned());
        }
        if found.len() == MOST {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(kind: &'static str, body: &'static str) -> Vec<String> {
        let headers = [(http::header::CONTENT_TYPE, http::HeaderValue::from_static(kind))].into_iter().collect();
        referred(&Response { status: http::StatusCode::OK, headers, body: Bytes::from_static(body.as_bytes()) })
    }

    #[test]
    fn a_page_refers_to_files_of_its_own_server() {
        let page = "<!doctype html><link rel=\"stylesheet\" href=\"/a.css\"><a href=\"/other\">x</a>\
                    <script src=\"/b.js\"></script><img src=\"//elsewhere.example/c.png\"><img src=\"/b.js\">\
                    <img alt=\"\" src=\"/d.png?e=1\"><img src=\"data:,\"><img src=\"/open";
        assert_eq!(references("text/html; charset=utf-8", page), ["/a.css", "/b.js", "/d.png?e=1"]);
        assert!(references("text/plain", page).is_empty(), "only HTML refers to anything");
        assert!(references("text/html", "").is_empty());
    }
}
