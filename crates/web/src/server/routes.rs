//! What can be asked, and where.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use axum::http::{HeaderMap, Response};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::IntoResponse;
use axum::routing::{get, post};

use super::answer::{Answer, Failure, attachment, json, packed, sealed, typed};
use super::{Shared, capture, guard, progress};
use crate::api::{Chain, Code, Problem, RunAnswer, RunRequest};
use crate::html::{Export, Wanted};
use crate::run::{Capture, Plan, Run, State as RunState, of_capture, of_request};
use crate::{api, page, view};

/// The largest JSON body: a scenario file, quoted.
const MAX_JSON: usize = 3 << 20;
/// How long an answer to a new run waits for it: most are there at once.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(1500);

type Shop = State<Arc<Shared>>;
type Queries = Query<BTreeMap<String, String>>;

/// Every route.
pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/api/sources", get(sources))
        .route("/api/explain", get(explain))
        .route("/api/run", post(run))
        .route("/api/capture", post(upload))
        .route("/api/compare", get(compare))
        .route("/api/run/{run}/keys", post(keys))
        .route("/api/run/{run}/progress", get(follow))
        .route("/api/run/{run}/head", get(head))
        .route("/api/run/{run}/columns", get(columns))
        .route("/api/run/{run}/hops", get(hops))
        .route("/api/run/{run}/texts", get(texts))
        .route("/api/run/{run}/find", get(find))
        .route("/api/run/{run}/filter", get(filter))
        .route("/api/run/{run}/packet/{number}", get(packet))
        .route("/api/run/{run}/chain", get(chain))
        .route("/api/run/{run}/machines", get(machines))
        .route("/api/run/{run}/series", get(series))
        .route("/api/run/{run}/follow/{number}", get(journey))
        .route("/api/run/{run}/dns", get(dns))
        .route("/api/run/{run}/log", get(log))
        .route("/api/run/{run}/tour", get(tour))
        .route("/api/run/{run}/questions", get(questions))
        .route("/api/run/{run}/{export}", get(export))
        .fallback(nothing)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(shared.clone(), entrance))
        .with_state(shared)
}

/// Every request passes here: who asks, how many, and what every answer says.
async fn entrance(State(shared): Shop, request: Request, next: Next) -> Response<Body> {
    if let Err(problem) = guard::check(request.method(), request.uri().path(), request.headers()) {
        return sealed(Failure(problem).into_response());
    }
    let Ok(_permit) = shared.requests.try_acquire() else {
        let problem = Problem::new(Code::TooMany, "too many requests are under way").remedy("try again in a moment");
        return sealed(Failure(problem).into_response());
    };
    sealed(next.run(request).await)
}

async fn nothing(request: Request) -> Answer {
    Err(Problem::new(Code::NotFound, "there is nothing here").input(request.uri().path()).into())
}

async fn wrong_method(request: Request) -> Answer {
    let message = format!("{} is not answered here", request.method());
    Err(Problem::new(Code::BadRequest, message).input(request.uri().path()).into())
}

async fn index() -> Answer {
    let Some(html) = page::page() else {
        let why = page::missing().unwrap_or_default();
        let text = format!("This wirescope was built without its page: {why}\nThe command line and the API work.\n");
        return Ok(typed("text/plain; charset=utf-8", text.into()));
    };
    let mut response = typed("text/html; charset=utf-8", html.into());
    let policy = format!("{}; frame-ancestors 'none'", page::policy(html, "'self'"));
    let policy = HeaderValue::from_str(&policy).map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

async fn sources(State(shared): Shop) -> Answer {
    json(&view::sources(shared.start.clone(), shared.limits.upload))
}

async fn explain(Query(query): Queries) -> Answer {
    let term = query.get("term").filter(|term| !term.trim().is_empty() && term.len() <= 200);
    let term = term.ok_or_else(|| Problem::new(Code::BadRequest, "there is no term to explain").place("term"))?;
    json(&view::explained(term))
}

async fn run(State(shared): Shop, headers: HeaderMap, body: Body) -> Answer {
    capture::demand(&headers, "application/json")?;
    let body = capture::body(&headers, body, MAX_JSON, shared.limits.patience).await?;
    let request: RunRequest = serde_json::from_slice(&body).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Problem::new(Code::BadRequest, error.to_string()).place(place)
    })?;
    if let Some(old) = headers.get("x-wirescope-replaces").and_then(|id| id.to_str().ok()) {
        shared.store.cancel(old);
    }
    let id = of_request(&request);
    let plan = Plan::new(request)?;
    let run = shared.store.get_or_make(&id, false, move |report| plan.run(report))?;
    answer(&run).await
}

async fn upload(State(shared): Shop, Query(query): Queries, headers: HeaderMap, body: Body) -> Answer {
    let capture::Upload { held, id } = capture::upload(&shared, &headers, body).await?;
    let size = match query.get("size") {
        None => held.len(),
        Some(size) => size.parse().ok().filter(|size| *size <= held.len()).ok_or_else(|| {
            let message = format!("`{size}` is not a number of bytes of this body, which has {}", held.len());
            Problem::new(Code::BadRequest, message).input(size.as_str()).place("size")
        })?,
    };
    let name = capture::file_name(query.get("name").map(String::as_str));
    let keys = capture::keys_behind(&held, size)?;
    open(&shared, &id.finish(size), Capture { name, held: held.first(size), keys }).await
}

async fn keys(State(shared): Shop, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Answer {
    let run = shared.run(&id).await?;
    capture::demand(&headers, "application/octet-stream")?;
    let keys =
        capture::body(&headers, body, capture::MAX_KEYS.min(shared.limits.upload), shared.limits.patience).await?;
    // The capture's bytes are hashed again: that takes a while, and so the run's own thread does it.
    let (id, capture) = run
        .ask(move |workshop| {
            let none = || Problem::new(Code::NotAvailable, "a simulation has its keys already");
            let held = workshop.file().cloned().ok_or_else(none)?;
            let id = of_capture(&held, &keys);
            Ok((id, Capture { name: workshop.subject().title.clone(), held, keys }))
        })
        .await?;
    open(&shared, &id, capture).await
}

async fn open(shared: &Shared, id: &str, capture: Capture) -> Answer {
    let run = shared.store.get_or_make(id, false, move |report| capture.open(report))?;
    answer(&run).await
}

/// Where the run is to be found; what is wrong with it, if that shows soon.
async fn answer(run: &Run) -> Answer {
    match tokio::time::timeout(PATIENCE, run.made()).await {
        Ok(made) => made?,
        Err(_elapsed) => {}
    }
    json(&RunAnswer { run: run.id().to_owned(), ready: run.state() == RunState::Ready })
}

async fn follow(State(shared): Shop, Path(id): Path<String>) -> Answer {
    Ok(progress::events(shared.run(&id).await?).into_response())
}

/// The tap that the request names.
fn tap(query: &BTreeMap<String, String>) -> Option<String> {
    query.get("tap").cloned()
}

/// The number that the request gives as `name`, or `default`.
fn number(query: &BTreeMap<String, String>, name: &str, default: u32) -> Result<u32, Problem> {
    match query.get(name) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|_| {
            let message = format!("`{text}` is not a whole number of 32 bits");
            Problem::new(Code::BadRequest, message).input(text.as_str()).place(name)
        }),
    }
}

/// The run `id`; its first packets, if the request is content with those and the whole is not there yet.
async fn asked(shared: &Shared, id: &str, query: &BTreeMap<String, String>) -> Result<Arc<Run>, Problem> {
    let run = shared.run(id).await?;
    let beginning = run.beginning().filter(|_| query.contains_key("beginning"));
    Ok(beginning.unwrap_or(run))
}

async fn head(State(shared): Shop, Path(id): Path<String>, Query(query): Queries) -> Answer {
    let run = asked(&shared, &id, &query).await?;
    let tap = tap(&query);
    run.made().await?;
    // What was opened at once has its own name as soon as all of it was read.
    let id = Some(run.id()).filter(|own| !own.is_empty()).map_or(id, str::to_owned);
    json(&run.ask(move |shop| Ok(view::head(&id, shop, &*shop.seen(tap.as_deref())?))).await?)
}

async fn columns(State(shared): Shop, Path(id): Path<String>, Query(query): Queries) -> Answer {
    let tap = tap(&query);
    let run = asked(&shared, &id, &query).await?;
    let bytes = run.ask(move |shop| Ok(shop.seen(tap.as_deref())?.tables().columns.clone())).await?;
    Ok(packed(bytes))
}

async fn hops(State(shared): Shop, Path(id): Path<String>, Query(query): Queries) -> Answer {
    let tap = tap(&query);
    let run = asked(&shared, &id, &query).await?;
    let bytes = run
        .ask(move |shop| {
            let none = || Problem::new(Code::NotAvailable, "a capture shows one point of the way only");
            view::hops(&*shop.seen(tap.as_deref())?).ok_or_else(none)
        })
        .await?;
    Ok(packed(bytes))
}

async fn texts(State(shared): Shop, Path(id): Path<String>, Query(query): Queries) -> Answer {
    let (tap, from, count) = (tap(&query), number(&query, "from", 1)?, number(&query, "count", 200)?);
    let run = asked(&shared, &id, &query).await?;
    json(&run.ask(move |shop| Ok(view::texts(&shop.seen(tap.as_deref())?.story, from, count))).await?)
}

async fn find(State(shared): Shop, Path(id): Path<String>, Query(query): Queries) -> Answer {
    let (tap, after, limit) = (tap(&query), number(&query, "after", 0)?, number(&query, "limit", 100)?);
    let what = query.get("q").cloned().unwrap_or_default();
    let run = asked(&shared, &id, &query).await?;
    json(&run.ask(move |shop| view::find(&shop.seen(tap.as_deref())?.story, &what, after, limit as usize)).await?)
}

/// The numbers of the packets that a filter expression means, each of 32 bits, little-endian, in order.
async fn filter(State(shared): Shop, Path(id): Path<String>, Query(query): Queries) -> Answer {
    let tap = tap(&query);
    let expression = query.get("q").cloned().unwrap_or_default();
    let run = asked(&shared, &id, &query).await?;
    let bytes = run.ask(move |shop| view::filter(&shop.seen(tap.as_deref())?.story, &expression)).await?;
    Ok(typed("application/octet-stream", bytes.into()))
}

async fn packet(State(shared): Shop, Path((id, number)): Path<(String, String)>, Query(query): Queries) -> Answer {
    let tap = tap(&query);
    let number = view::packet_number(&number)?;
    let run = asked(&shared, &id, &query).await?;
    let packet = run.ask(move |shop| {
        let seen = shop.seen(tap.as_deref())?;
        let lose = view::lose(&seen, shop.subject(), number);
        Ok(api::Packet { lose, ..view::packet(&seen, number)? })
    });
    json(&packet.await?)
}

async fn chain(State(shared): Shop, Path(id): Path<String>, Query(query): Queries) -> Answer {
    let (tap, event) = (tap(&query), number(&query, "event", 0)?);
    let run = asked(&shared, &id, &query).await?;
    let links = run
        .ask(move |shop| {
            let seen = shop.seen(tap.as_deref())?;
            let links = seen.story.causes(base::EventId(event.into()));
            if links.is_empty() {
                let message = format!("no event {event} is recorded");
                return Err(Problem::new(Code::NotAvailable, message).input(event.to_string()).place("event"));
            }
            Ok(view::chain(&seen, links))
        })
        .await?;
    json(&Chain { links })
}

async fn machines(State(shared): Shop, Path(id): Path<String>, Query(query): Queries) -> Answer {
    let run = asked(&shared, &id, &query).await?;
    json(&run.ask(move |shop| view::machines(&*shop.seen(query.get("tap").map(String::as_str))?, &query)).await?)
}

async fn series(State(shared): Shop, Path(id): Path<String>, Query(query): Queries) -> Answer {
    let run = asked(&shared, &id, &query).await?;
    json(&run.ask(move |shop| view::series(&*shop.seen(query.get("tap").map(String::as_str))?, &query)).await?)
}

async fn journey(State(shared): Shop, Path((id, number)): Path<(String, String)>, Query(query): Queries) -> Answer {
    let run = asked(&shared, &id, &query).await?;
    json(&run.ask(move |shop| view::journey(&*shop.seen(query.get("tap").map(String::as_str))?, &number)).await?)
}

async fn dns(State(shared): Shop, Path(id): Path<String>, Query(query): Queries) -> Answer {
    let tap = tap(&query);
    json(&asked(&shared, &id, &query).await?.ask(move |shop| view::dns(&*shop.seen(tap.as_deref())?)).await?)
}

async fn log(State(shared): Shop, Path(id): Path<String>, Query(query): Queries) -> Answer {
    let tap = tap(&query);
    json(&asked(&shared, &id, &query).await?.ask(move |shop| view::log(&*shop.seen(tap.as_deref())?, &query)).await?)
}

async fn tour(State(shared): Shop, Path(id): Path<String>, Query(query): Queries) -> Answer {
    let tap = tap(&query);
    json(
        &asked(&shared, &id, &query)
            .await?
            .ask(move |shop| view::tour(&*shop.seen(tap.as_deref())?, shop.subject()))
            .await?,
    )
}

async fn questions(State(shared): Shop, Path(id): Path<String>, Query(query): Queries) -> Answer {
    let tap = tap(&query);
    json(&asked(&shared, &id, &query).await?.ask(move |shop| view::questions(&*shop.seen(tap.as_deref())?)).await?)
}

async fn compare(State(shared): Shop, Query(query): Queries) -> Answer {
    let run = async |name: &str| {
        let id = query.get(name).map_or("", String::as_str);
        if id.is_empty() {
            return Err(Problem::new(Code::BadRequest, format!("there is no run {name} to compare")).place(name));
        }
        shared.run(id).await
    };
    let (a, b) = (run("a").await?, run("b").await?);
    let (a, b) = (a.ask(|shop| Ok(shop.story().digest())).await?, b.ask(|shop| Ok(shop.story().digest())).await?);
    json(&view::comparison(&a, &b)?)
}

async fn export(State(shared): Shop, Path((id, export)): Path<(String, String)>, Query(query): Queries) -> Answer {
    let what = export
        .strip_prefix("export.")
        .and_then(Export::named)
        .ok_or_else(|| Problem::new(Code::NotFound, "there is nothing here").input(export.as_str()))?;
    let tap = tap(&query);
    let named = |name: &str| query.get(name).cloned();
    let how = Wanted { packets: named("packets"), left: named("left"), right: named("right") };
    let run = asked(&shared, &id, &query).await?;
    let name = format!("wirescope-{}.{}", id.get(..9).unwrap_or(&id), what.extension());
    let made = run.ask(move |shop| what.make(&id, shop, &*shop.seen(tap.as_deref())?, &how)).await?;
    attachment(what.media_type(), &name, made)
}
