//! The outside world of the tests: a small HTTP server that answers slowly and writes down every request it receives.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// One request, in the order of arrival.
#[derive(Clone, Debug)]
pub struct Received {
    pub path: String,
    pub idempotency_key: Option<String>,
    /// The whole answer has been written.
    pub answered: bool,
}

/// Listens until the test process ends.
pub struct Recorder {
    pub address: String,
    shared: Arc<Shared>,
}

struct Shared {
    received: Mutex<Vec<Received>>,
    arrived: Condvar,
    delay: Duration,
}

impl Recorder {
    /// Answers every request after `delay`, with `{"path": …}`.
    pub fn start(delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared { received: Mutex::default(), arrived: Condvar::new(), delay });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&serving);
                // A client that is killed closes its connection; that is what these tests are about.
                std::thread::spawn(move || stream.map(|stream| serve(stream, &shared)));
            }
        });
        Self { address, shared }
    }

    /// Waits for the `count`-th request to `path`; false when it does not come in time.
    pub fn wait_for(&self, path: &str, count: usize, limit: Duration) -> bool {
        let until = Instant::now() + limit;
        let mut received = self.shared.received.lock().unwrap();
        loop {
            if received.iter().filter(|request| request.path == path).count() >= count {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            received = self.shared.arrived.wait_timeout(received, left).unwrap().0;
        }
    }

    /// Everything received so far.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap().clone()
    }
}

/// One connection; requests follow each other on it.
fn serve(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let (mut length, mut key) = (0, None);
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let Some((name, value)) = header.trim_end().split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap_or(0),
                "idempotency-key" => key = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let index = {
            let mut received = shared.received.lock().unwrap();
            received.push(Received { path: path.clone(), idempotency_key: key, answered: false });
            received.len() - 1
        };
        shared.arrived.notify_all();
        std::thread::sleep(shared.delay);
        let body = format!("{{\"path\":\"{path}\"}}");
        // Before the bytes leave: from here on the other side may have the answer.
        shared.received.lock().unwrap()[index].answered = true;
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())?;
        stream.flush()?;
    }
}
