//! What the server answers.

use crate::{Connection, Database, Diff, Error, Proposal, complaint::complain, proposals, repository};
use axum::{
    Json, Router,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
    http::{StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use job_core::store::StoreError;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// What all requests share.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    /// Where the proposals and their jobs are: a pool of the application's own.
    pub(crate) database: Database,
    /// The git folder whose commits can be proposed.
    pub(crate) repository: Arc<str>,
}

/// `POST /proposals` and `GET /proposals/ID`.
pub(crate) fn router(api: Api) -> Router {
    Router::new()
        .route("/proposals", post(propose))
        .route("/proposals/{id}", get(show))
        .fallback(async || {
            let words = "there is only POST /proposals and GET /proposals/ID";
            Refused(StatusCode::NOT_FOUND, words.to_owned())
        })
        .with_state(api)
}

/// What is asked for: a commit, by a name that [`repository::named`] understands.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    commit: String,
}

/// What a proposal looks like from outside.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    proposal: Proposal,
    /// None until its job has run.
    diff: Option<Diff>,
}

/// Creates the proposal and its job, together or not at all. One that is there already is answered as it is.
async fn propose(
    State(api): State<Api>,
    asked: Result<Json<Asked>, JsonRejection>,
) -> Result<Response, Refused> {
    let Json(Asked { commit }) = asked?;
    let folder = api.repository;
    let new = spawn_blocking(move || repository::named(&repository::open(&folder)?, &commit));
    let new = new.await.map_err(Error::from)??;
    let proposed = api.database.with(move |conn| {
        conn.transaction(|conn| {
            let made = proposals::propose_one(conn, &new)?;
            Ok((made.is_new, shown(conn, made.id)?))
        })
    });
    let (is_new, shown) = proposed.await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    let location = format!("/proposals/{}", shown.proposal.id);
    Ok((status, [(LOCATION, location)], Json(shown)).into_response())
}

/// The proposal with its diff and heat, as far as its jobs have run.
async fn show(State(api): State<Api>, id: Result<Path<i64>, PathRejection>) -> Result<Json<Shown>, Refused> {
    let Path(id) = id?;
    Ok(Json(api.database.with(move |conn| shown(conn, id)).await?))
}

fn shown(conn: &mut Connection<'_>, id: i64) -> Result<Shown, Error> {
    Ok(Shown { proposal: proposals::get(conn, id)?, diff: proposals::diff(conn, id)? })
}

/// Why a request is not answered, in words.
#[derive(Debug)]
struct Refused(StatusCode, String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

impl From<JsonRejection> for Refused {
    fn from(rejection: JsonRejection) -> Self {
        Self(rejection.status(), rejection.body_text())
    }
}

impl From<PathRejection> for Refused {
    fn from(rejection: PathRejection) -> Self {
        Self(rejection.status(), rejection.body_text())
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        match error {
            Error::NoProposal { .. } => Self(StatusCode::NOT_FOUND, error.to_string()),
            Error::NoCommit { .. } => Self(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
            // The rest is not for everybody's eyes, and worth the operator's.
            error => {
                complain("serve", &error);
                match error {
                    Error::Pool(_) | Error::Busy | Error::Store(StoreError::Unavailable(_)) => {
                        let words = "the database is not there just now; try again";
                        Self(StatusCode::SERVICE_UNAVAILABLE, words.to_owned())
                    }
                    _ => Self(
                        StatusCode::INTERNAL_SERVER_ERROR,
                        "it failed; the server's log says why".to_owned(),
                    ),
                }
            }
        }
    }
}
