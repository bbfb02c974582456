//! The server's end of an HTTP/2 connection.

use std::rc::Rc;

use bytes::Bytes;
use h2::server::{Builder, SendResponse};
use hyper::rt::{Read, Write};
use net::Os;
use trace::kinds::app;

use super::io::TokioIo;
use super::{receive_body, send_body};
use crate::http::broken_off::LAST_WORDS;
use crate::http::server::{self, Server};

/// How many requests may be under way at once: RFC 9113 §6.5.2 recommends no fewer than 100, and nginx' default is 128.
const STREAMS: u32 = 128;

/// Answers every request on a connection, each as soon as it can be, until the client has closed it.
pub(in crate::http) async fn serve<T>(os: &Os, number: u32, connection: T, server: &Rc<Server>) -> Result<(), h2::Error>
where
    T: Read + Write + Unpin,
{
    let mut connection = Builder::new()
        // See the module's note: no clock is read.
        .max_concurrent_reset_streams(0)
        .max_concurrent_streams(STREAMS)
        .handshake::<_, Bytes>(TokioIo::new(connection))
        .await?;
    while let Some(request) = connection.accept().await {
        let (request, respond) = request?;
        let (task_os, server) = (os.clone(), server.clone());
        drop(os.spawn("stream", async move { answer(&task_os, number, &server, request, respond).await }));
    }
    Ok(())
}

async fn answer(
    os: &Os,
    number: u32,
    server: &Server,
    request: http::Request<h2::RecvStream>,
    mut respond: SendResponse<Bytes>,
) {
    let stream = respond.stream_id().as_u32();
    let (head, mut body) = request.into_parts();
    let told = |text: String| os.text(&format!("{text} on stream {stream}"));
    let target = head.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let page = server.page_at(target);
    os.event(&app::HTTP_REQUEST, number, [told(format!("{} {target}", head.method)), 0]);
    let answered = async {
        receive_body(&mut body).await?;
        server::think(os, number, page).await;
        os.event(&app::HTTP_RESPONSE, number, [told(page.status.to_string()), 0]);
        let mut response = http::Response::new(());
        (*response.status_mut(), *response.headers_mut()) = (page.status, server::fields(os, page));
        // RFC 9110 §15.2, §15.3.5, §15.4.5, §9.3.2: these have no content, whatever the page would be.
        let none = page.status.is_informational()
            || [http::StatusCode::NO_CONTENT, http::StatusCode::NOT_MODIFIED].contains(&page.status);
        if !none {
            // RFC 9110 §8.6: to HEAD, the length that GET would be answered with.
            response.headers_mut().insert(http::header::CONTENT_LENGTH, page.body.len().into());
        }
        let body = if none || head.method == http::Method::HEAD { Bytes::new() } else { page.body.clone() };
        let mut sending = respond.send_response(response, body.is_empty())?;
        let Some(torso) = page.torso().filter(|_| !body.is_empty()) else {
            return send_body(&mut sending, body, true).await;
        };
        os.event(&app::HTTP_BREAK_OFF, number, [torso.len() as u64, body.len() as u64]);
        send_body(&mut sending, torso, false).await?;
        os.sleep(LAST_WORDS).await;
        // RFC 9113 §8.1: a response that cannot be completed is ended by RST_STREAM; the other streams go on.
        sending.send_reset(h2::Reason::INTERNAL_ERROR);
        Ok(())
    };
    let answered: Result<(), h2::Error> = answered.await;
    if let Err(error) = answered {
        os.event(&app::REQUEST_FAILED, number, [told(error.to_string()), 0]);
    }
}
