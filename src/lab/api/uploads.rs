//! Uploads, counted or resumable after an interruption (draft-ietf-httpbis-resumable-upload).
//!
//! Only the length and the digest of an upload are kept.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt;
use hyper::header::{CACHE_CONTROL, CONTENT_RANGE, HeaderName, HeaderValue, LOCATION};
use hyper::{HeaderMap, Method, StatusCode};

use super::super::handler::{IncomingRequest, RequestBody};
use super::super::response::ServerResponse;
use super::MAX_BYTES;

/// Uploads kept; for another one the oldest is dropped.
const MAX_UPLOADS: usize = 64;

const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const COMPLETE: HeaderName = HeaderName::from_static("upload-complete");

/// Resumable uploads.
#[derive(Default)]
pub(super) struct Uploads(Mutex<UploadTable>);

#[derive(Default)]
struct UploadTable {
    last: u64,
    uploads: BTreeMap<u64, Upload>,
}

/// State of an upload.
struct Upload {
    /// Bytes received.
    offset: u64,
    is_complete: bool,
    digest: Context,
}

/// A part of an upload.
struct Part {
    offset: u64,
    is_last: bool,
}

impl Uploads {
    fn lock(&self) -> MutexGuard<'_, UploadTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn create(&self) -> u64 {
        let mut table = self.lock();
        table.last += 1;
        let id = table.last;
        table.uploads.insert(
            id,
            Upload {
                offset: 0,
                is_complete: false,
                digest: Context::new(&SHA256),
            },
        );
        if table.uploads.len() > MAX_UPLOADS {
            table.uploads.pop_first();
        }
        id
    }

    /// Runs a function on an upload; 404 if there is none.
    fn with_upload<T>(
        &self,
        id: u64,
        work: impl FnOnce(&mut Upload) -> T,
    ) -> Result<T, ServerResponse> {
        let mut table = self.lock();
        let not_found = || {
            ServerResponse::text(
                StatusCode::NOT_FOUND,
                format!(
                    "there is no upload {id}; POST /upload with Upload-Complete: ?0 creates one"
                ),
            )
        };
        table.uploads.get_mut(&id).map(work).ok_or_else(not_found)
    }

    fn status_response(&self, id: u64) -> Result<ServerResponse, ServerResponse> {
        self.with_upload(id, |upload| upload.status_response())
    }

    fn append(&self, id: u64, offset: u64, data: &[u8]) -> Result<(), ServerResponse> {
        self.with_upload(id, |upload| upload.append(offset, data))?
    }

    fn end_part(&self, id: u64, is_last: bool) -> Result<ServerResponse, ServerResponse> {
        self.with_upload(id, |upload| {
            upload.is_complete = is_last;
            upload.status_response()
        })
    }

    /// Receives a part incrementally, so that what arrived before an interruption counts.
    async fn receive_part(
        &self,
        id: u64,
        part: Part,
        mut body: RequestBody,
    ) -> Result<ServerResponse, ServerResponse> {
        let mut offset = part.offset;
        self.append(id, offset, &[])?;
        while let Some(frame) = body.frame().await {
            if let Some(data) = frame?.data_ref() {
                self.append(id, offset, data)?;
                offset += data.len() as u64;
            }
        }
        self.end_part(id, part.is_last)
    }
}

impl Upload {
    /// Checks that a part may begin at this offset.
    fn check_offset(&self, offset: u64) -> Result<(), ServerResponse> {
        if self.offset == offset && !self.is_complete {
            return Ok(());
        }
        let sentence = if self.is_complete {
            "the upload is complete".to_owned()
        } else {
            format!("the next offset is {}", self.offset)
        };
        Err(self.with_upload_headers(ServerResponse::text(StatusCode::CONFLICT, sentence)))
    }

    fn append(&mut self, offset: u64, data: &[u8]) -> Result<(), ServerResponse> {
        self.check_offset(offset)?;
        let length = self.offset.saturating_add(data.len() as u64);
        if length > MAX_BYTES {
            return Err(too_large_response());
        }
        self.offset = length;
        self.digest.update(data);
        Ok(())
    }

    fn with_upload_headers(&self, response: ServerResponse) -> ServerResponse {
        response
            .with_header(OFFSET, HeaderValue::from(self.offset))
            .with_header(
                COMPLETE,
                HeaderValue::from_static(if self.is_complete { "?1" } else { "?0" }),
            )
            .with_header(CACHE_CONTROL, HeaderValue::from_static("no-store"))
    }

    fn status_response(&self) -> ServerResponse {
        let digest = STANDARD.encode(self.digest.clone().finish());
        let received = self.offset;
        let is_complete = self.is_complete;
        self.with_upload_headers(ServerResponse::json(format!(
            "{{\"received\":{received},\"complete\":{is_complete},\"sha-256\":\"{digest}\"}}\n"
        )))
    }
}

/// `/upload`: counts a body; with `Upload-Complete`, creates a resumable upload.
pub(super) async fn handle_uploads(request: IncomingRequest, uploads: &Uploads) -> ServerResponse {
    if ![Method::POST, Method::PUT, Method::PATCH].contains(request.method()) {
        return ServerResponse::method_not_allowed("POST, PUT, PATCH");
    }
    if !request.headers().contains_key(COMPLETE) {
        return count_body(request.into_body())
            .await
            .unwrap_or_else(|response| response);
    }
    let id = uploads.create();
    let part = Part {
        offset: 0,
        is_last: is_last(request.headers()),
    };
    let response = match uploads.receive_part(id, part, request.into_body()).await {
        Ok(response) => response.with_status(StatusCode::CREATED),
        Err(response) => response,
    };
    response.with_text_header(LOCATION, &format!("/upload/{id}"))
}

/// `/upload/:id`: the status, or the next part: `PATCH` with `Upload-Offset`, or `PUT` with
/// `Content-Range`.
pub(super) async fn handle_upload(
    id: &str,
    request: IncomingRequest,
    uploads: &Uploads,
) -> ServerResponse {
    let Ok(id) = id.parse::<u64>() else {
        return ServerResponse::text(
            StatusCode::BAD_REQUEST,
            "/upload/ must be followed by a whole number",
        );
    };
    let part = match *request.method() {
        Method::GET | Method::HEAD => {
            return uploads
                .status_response(id)
                .unwrap_or_else(|response| response);
        }
        Method::DELETE => {
            let response =
                uploads.with_upload(id, |_| ServerResponse::empty(StatusCode::NO_CONTENT));
            uploads.lock().uploads.remove(&id);
            return response.unwrap_or_else(|response| response);
        }
        Method::PATCH => part_from_offset(request.headers()),
        Method::PUT => part_from_range(request.headers()),
        _ => return ServerResponse::method_not_allowed("GET, HEAD, PATCH, PUT, DELETE"),
    };
    let Some(part) = part else {
        return ServerResponse::text(
            StatusCode::BAD_REQUEST,
            "PATCH requires Upload-Offset: N, and PUT requires Content-Range: bytes N-M/LENGTH",
        );
    };
    match uploads.receive_part(id, part, request.into_body()).await {
        Ok(response) | Err(response) => response,
    }
}

fn part_from_offset(headers: &HeaderMap) -> Option<Part> {
    let offset = headers.get(OFFSET)?.to_str().ok()?.parse().ok()?;
    Some(Part {
        offset,
        is_last: is_last(headers),
    })
}

/// Parses `bytes 0-99/200` (RFC 9110 §14.4); the length may be `*` if it is unknown.
fn part_from_range(headers: &HeaderMap) -> Option<Part> {
    let (range, length) = headers
        .get(CONTENT_RANGE)?
        .to_str()
        .ok()?
        .strip_prefix("bytes ")?
        .split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let offset = first.parse().ok()?;
    let last = last.parse::<u64>().ok()?;
    Some(Part {
        offset,
        is_last: length
            .parse::<u64>()
            .is_ok_and(|length| last.checked_add(1) == Some(length)),
    })
}

fn is_last(headers: &HeaderMap) -> bool {
    headers.get(COMPLETE).is_none_or(|value| value != "?0")
}

async fn count_body(mut body: RequestBody) -> Result<ServerResponse, ServerResponse> {
    let mut received = 0_u64;
    while let Some(frame) = body.frame().await {
        received = received.saturating_add(frame?.data_ref().map_or(0, |data| data.len() as u64));
        if received > MAX_BYTES {
            return Err(too_large_response());
        }
    }
    Ok(ServerResponse::json(format!(
        "{{\"received\":{received}}}\n"
    )))
}

fn too_large_response() -> ServerResponse {
    ServerResponse::text(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("{MAX_BYTES} bytes at most"),
    )
}
