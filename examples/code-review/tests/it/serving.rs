//! The server, over HTTP: a proposal and its job are made together, once, or not at all.

use crate::{
    database::{TestDatabase, on_each_store},
    process::Running,
    sandbox::Sandbox,
};
use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode, header::LOCATION},
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::ChildStderr,
};

on_each_store! {
    a_proposal_is_made_with_its_job_and_shown_with_what_its_jobs_found
    one_that_is_there_already_is_answered_as_it_is
    twenty_who_ask_at_once_for_the_same_get_one_proposal_with_one_job
    where_the_transaction_fails_after_the_job_was_enqueued_neither_is_kept
    what_cannot_be_done_is_refused_in_words
    at_sigterm_a_request_that_is_under_way_is_answered
}

/// The program, serving.
struct Server {
    running: Running,
    err: BufReader<ChildStderr>,
    address: String,
    client: Client<HttpConnector, Body>,
}

/// What it answered.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    location: Option<String>,
    body: Value,
}

impl Server {
    /// On a free port.
    fn of(sandbox: &Sandbox) -> Self {
        let mut running = sandbox.start(&["serve", "project", "--listen", "127.0.0.1:0"]);
        let mut err = running.err();
        let mut line = String::new();
        err.read_line(&mut line).unwrap();
        let address = line.trim().strip_suffix("/proposals").and_then(|it| it.split_once(" on http://"));
        let (_, address) = address.unwrap_or_else(|| panic!("it says {line}"));
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { address: address.to_owned(), running, err, client }
    }

    async fn answer(&self, request: Request<Body>) -> Answer {
        let (head, body) = self.client.request(request).await.unwrap().into_parts();
        let bytes = to_bytes(Body::new(body), usize::MAX).await.unwrap();
        let location = head.headers.get(LOCATION).map(|it| it.to_str().unwrap().to_owned());
        Answer { status: head.status, location, body: serde_json::from_slice(&bytes).unwrap() }
    }

    async fn get(&self, path: &str) -> Answer {
        self.answer(Request::get(format!("http://{}{path}", self.address)).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, text: &str) -> Answer {
        let request = Request::post(format!("http://{}/proposals", self.address));
        let request = request.header("content-type", "application/json");
        self.answer(request.body(Body::from(text.to_owned())).unwrap()).await
    }

    async fn propose(&self, commit: &str) -> Answer {
        self.post(&json!({ "commit": commit }).to_string()).await
    }
}

const PROPOSALS: &str = "SELECT count(*) FROM proposal";
const JOBS: &str = "SELECT count(*) FROM job";

fn a_proposal_is_made_with_its_job_and_shown_with_what_its_jobs_found(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(3).kept_in(server).configured("3s");
    let server = Server::of(&sandbox);
    let made = sandbox.block_on(server.propose("HEAD~1"));
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    assert_eq!(made.body["subject"], "Write line 2");
    assert_eq!((&made.body["diff"], &made.body["heat"]), (&Value::Null, &Value::Null));

    for name in ["generate-diff", "proposal-heat"] {
        let said = sandbox.run(&["run-jobs", "code-review"]);
        assert!(said.err.ends_with(&format!("INFO    Ran 1 {name} jobs.\n")), "{said:?}");
    }
    let shown = sandbox.block_on(server.get(&made.location.unwrap()));
    assert_eq!(shown.status, StatusCode::OK, "{shown:?}");
    assert_eq!(shown.body["source"], made.body["source"]);
    assert_eq!((&shown.body["diff"]["insertions"], &shown.body["diff"]["cut"]), (&json!(1), &json!(false)));
    assert!(shown.body["diff"]["patch"].as_str().unwrap().ends_with("\n line 1\n+line 2\n"), "{shown:?}");
    assert!(shown.body["heat"].is_number(), "{shown:?}");
}

fn one_that_is_there_already_is_answered_as_it_is(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(1).kept_in(server).configured("3s");
    let server = Server::of(&sandbox);
    let made = sandbox.block_on(server.propose("main"));
    let hash = made.body["source"].as_str().unwrap();
    for name in [hash, &hash[..9]] {
        let again = sandbox.block_on(server.propose(name));
        assert_eq!((again.status, &again.location), (StatusCode::OK, &made.location));
        assert_eq!(again.body, made.body);
    }
    assert_eq!((sandbox.number(PROPOSALS), sandbox.number(JOBS)), (1, 1));
}

fn twenty_who_ask_at_once_for_the_same_get_one_proposal_with_one_job(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(1).kept_in(server).configured("3s");
    let server = Server::of(&sandbox);
    let asked: Vec<_> = (0..20).map(|_| server.propose("HEAD")).collect();
    let answers = sandbox.block_on(futures_util::future::join_all(asked));
    let created = answers.iter().filter(|it| it.status == StatusCode::CREATED).count();
    let found = answers.iter().filter(|it| it.status == StatusCode::OK).count();
    assert_eq!((created, found), (1, 19), "{answers:?}");
    assert!(answers.iter().all(|it| it.body == answers[0].body));
    assert_eq!((sandbox.number(PROPOSALS), sandbox.number(JOBS)), (1, 1));
}

fn where_the_transaction_fails_after_the_job_was_enqueued_neither_is_kept(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(1).kept_in(server).configured("3s");
    let mut server = Server::of(&sandbox);
    // The row that refers to the job, so the job is there by then.
    sandbox.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON proposal_job BEGIN SELECT RAISE(ABORT, 'refused'); END",
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON proposal_job FOR EACH ROW EXECUTE FUNCTION refuse()",
    );
    let refused = sandbox.block_on(server.propose("HEAD"));
    assert_eq!(refused.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(refused.body["error"], "it failed; the server's log says why");
    let mut line = String::new();
    server.err.read_line(&mut line).unwrap();
    assert_eq!(line, "serve: the database did not do it\n");
    assert_eq!((sandbox.number(PROPOSALS), sandbox.number(JOBS)), (0, 0));

    sandbox.execute("DROP TRIGGER refuse", "DROP TRIGGER refuse ON proposal_job");
    assert_eq!(sandbox.block_on(server.propose("HEAD")).status, StatusCode::CREATED);
    assert_eq!((sandbox.number(PROPOSALS), sandbox.number(JOBS)), (1, 1));
}

fn what_cannot_be_done_is_refused_in_words(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(1).kept_in(server).configured("3s");
    let server = Server::of(&sandbox);
    let refused = |answer: Answer, status: u16, words: &str| {
        assert_eq!(answer.status.as_u16(), status, "{answer:?}");
        assert!(answer.body["error"].as_str().unwrap().contains(words), "{answer:?}");
    };
    for (text, status, words) in [
        ("{\"commit\":", 400, "EOF while parsing"),
        ("{\"kommit\":\"HEAD\"}", 422, "unknown field `kommit`, expected `commit`"),
        ("{\"commit\":7}", 422, "expected a string"),
        ("{\"commit\":\"HEAD~1\"}", 422, "no single commit here is called `HEAD~1`; name one by its hash"),
        ("{\"commit\":\"\"}", 422, "no single commit here is called ``"),
        ("{\"commit\":\":/line\"}", 422, "no single commit"),
        ("{\"commit\":\"a\\u0000b\"}", 422, "no single commit"),
    ] {
        refused(sandbox.block_on(server.post(text)), status, words);
    }
    let untyped = Request::post(format!("http://{}/proposals", server.address)).body(Body::from("{}"));
    refused(sandbox.block_on(server.answer(untyped.unwrap())), 415, "application/json");
    refused(sandbox.block_on(server.get("/proposals/7")), 404, "there is no proposal 7");
    refused(sandbox.block_on(server.get("/proposals/x")), 400, "Cannot parse `x`");
    refused(sandbox.block_on(server.get("/")), 404, "POST /proposals");
    assert_eq!((sandbox.number(PROPOSALS), sandbox.number(JOBS)), (0, 0));
}

fn at_sigterm_a_request_that_is_under_way_is_answered(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(1).kept_in(server).configured("3s");
    let mut server = Server::of(&sandbox);
    let text = json!({ "commit": "HEAD" }).to_string();
    let mut socket = TcpStream::connect(&server.address).unwrap();
    let head =
        "POST /proposals HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nExpect: 100-continue";
    write!(socket, "{head}\r\nContent-Length: {}\r\n\r\n", text.len()).unwrap();
    let expected = b"HTTP/1.1 100 Continue\r\n\r\n";
    let mut begun = [0; 25];
    socket.read_exact(&mut begun).unwrap();
    assert_eq!(&begun, expected, "the request waits for its body");

    server.running.signal("TERM");
    let mut line = String::new();
    server.err.read_line(&mut line).unwrap();
    assert!(line.starts_with("Stopping. "), "{line}");
    socket.write_all(text.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    assert_eq!(server.running.end().code, Some(0));
    assert_eq!((sandbox.number(PROPOSALS), sandbox.number(JOBS)), (1, 1));
}
