//! Server-sent events: frames, heartbeats, and the end of every stream when the server stops.

use std::time::Duration;

use actix_web::web::Bytes;
use futures::stream::{LocalBoxStream, Stream, StreamExt as _};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

/// How long a stream is silent before it shows that it lives.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// One frame. Without an id a reader's position stays where it was.
#[must_use]
pub fn frame<T: Serialize>(id: Option<&str>, event: &str, data: &T) -> Bytes {
    let data = serde_json::to_string(data).unwrap_or_else(|_| "{}".to_owned());
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    Bytes::from(format!("{id}event: {event}\ndata: {data}\n\n"))
}

/// One frame without a name.
#[must_use]
pub fn data<T: Serialize>(data: &T) -> Bytes {
    Bytes::from(format!("data: {}\n\n", serde_json::to_string(data).unwrap_or_else(|_| "{}".to_owned())))
}

/// How a stream says that the server stops, for programs.
const STOPPING: &str = "shutting_down";

/// The event that ends a stream before its time: why, for programs, and in words.
#[must_use]
pub fn closing(reason: &str, message: &str) -> Bytes {
    // Clients of other products know an `error` by its name.
    let error = serde_json::json!({"message": message, "type": "server_error", "param": null, "code": reason});
    frame(None, "closing", &serde_json::json!({"reason": reason, "message": message, "error": error}))
}

/// `frames` with a comment whenever nothing was sent for a while, ended by an event `closing` when the server stops.
pub fn stream(frames: impl Stream<Item = Bytes> + 'static, closing: CancellationToken) -> LocalBoxStream<'static, Bytes> {
    let state = (frames.boxed_local(), closing, false);
    let steps = futures::stream::unfold(state, |(mut frames, closing, over)| async move {
        if over {
            return None;
        }
        let next = tokio::select! {
            biased;
            () = closing.cancelled() => {
                let said = self::closing(STOPPING, "the server stops; connect again to go on");
                return Some((said, (frames, closing, true)));
            }
            next = tokio::time::timeout(HEARTBEAT, frames.next()) => next,
        };
        match next {
            Ok(Some(bytes)) => Some((bytes, (frames, closing, false))),
            Ok(None) => None,
            Err(_) => Some((Bytes::from_static(b": heartbeat\n\n"), (frames, closing, false))),
        }
    });
    steps.boxed_local()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_stays_on_one_line() {
        let bytes = frame(Some("7"), "text", &serde_json::json!({"chunk": "a\nb\r\u{2028}"}));
        let text = std::str::from_utf8(&bytes).unwrap();
        assert_eq!(text.lines().count(), 4, "{text:?}");
        assert!(text.starts_with("id: 7\nevent: text\ndata: {"));
    }

    #[tokio::test]
    async fn a_stream_says_that_the_server_stops() {
        let closing = CancellationToken::new();
        let frames = futures::stream::iter([frame(None, "a", &1)]).chain(futures::stream::pending());
        let mut stream = stream(frames, closing.clone());
        assert!(stream.next().await.unwrap().starts_with(b"event: a"));
        closing.cancel();
        assert!(stream.next().await.unwrap().starts_with(b"event: closing"));
        assert!(stream.next().await.is_none());
    }
}
