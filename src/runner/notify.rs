//! What tells somebody outside that something happened: one call of a webhook, one mail. Each is tried once; whether and when it is tried
//! again is `notify`'s business. Webhooks go through the outbound client, under the operator's address policy, like the http steps of
//! flows; the mail server is the operator's own.

use std::sync::Arc;
use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls as TlsUse, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use url::Url;
use zeroize::Zeroizing;

use super::Runner;
use super::outbound::{Exchange, Header, Payload, Wire};
use super::tool::http::retry_after_ms;
use crate::clock;

/// How long a receiver may take to answer.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);
/// A receiver's answer beyond this is not read; the call then counts as failed.
const ANSWER_BYTES_MAX: usize = 256 << 10;
/// As much of an answer is kept, in bytes.
const ANSWER_BYTES_KEPT: usize = 1 << 10;
/// How long the mail server may take for one command.
const MAIL_TIMEOUT: Duration = Duration::from_secs(20);

/// One call of a webhook.
pub struct WebhookCall {
    pub url: Url,
    /// `webhook-id`, `webhook-timestamp`, `webhook-signature`; they stay with the origin that the webhook names.
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookAnswer {
    /// None when there was no answer; `error` says why.
    pub status: Option<u16>,
    pub error: Option<String>,
    /// The beginning of the answer.
    pub answer: String,
    /// How long the receiver asks to be left alone.
    pub retry_after_ms: Option<u64>,
}

impl Runner {
    /// Whether a URL could be called at all, as far as can be said without resolving its name.
    ///
    /// # Errors
    /// What is wrong with it, for the person who wrote it.
    pub fn check_url(&self, url: &Url) -> Result<(), String> {
        self.0.settings.outbound.check(url).map_err(|failure| failure.error.message)
    }

    /// Calls a webhook once.
    pub async fn call_webhook(&self, call: WebhookCall) -> WebhookAnswer {
        let header = |(name, value): (&str, String)| Header { name: name.to_owned(), value: value.into(), credential: true };
        let body = Payload {
            content_type: "application/json".to_owned(),
            bytes: Zeroizing::new(call.body.into_bytes()),
            // A redirect must not carry it to somebody whom nobody named.
            credential: true,
        };
        let exchange = Exchange {
            method: "POST".to_owned(),
            url: call.url,
            headers: call.headers.into_iter().map(header).collect(),
            body: Some(body),
            answer_bytes_max: ANSWER_BYTES_MAX,
        };
        let wire = Wire::new(CancellationToken::new());
        let failed = |error: String| WebhookAnswer { error: Some(error), ..WebhookAnswer::default() };
        match tokio::time::timeout(CALL_TIMEOUT, self.0.outbound.exchange(exchange, &wire)).await {
            Err(_) => failed(format!("no answer within {} s", CALL_TIMEOUT.as_secs())),
            Ok(Err(failure)) => failed(failure.error.message),
            Ok(Ok(reply)) => WebhookAnswer {
                status: Some(reply.status),
                error: None,
                answer: beginning(&reply.body),
                retry_after_ms: reply.retry_after.as_deref().and_then(|header| retry_after_ms(header, clock::system())),
            },
        }
    }
}

fn beginning(body: &[u8]) -> String {
    let kept = &body[..body.len().min(ANSWER_BYTES_KEPT)];
    String::from_utf8_lossy(kept).into_owned()
}

/// `[notify.smtp]`: the operator's mail server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpTable {
    pub host: String,
    /// Without it, the usual one for `tls`.
    #[serde(default)]
    pub port: Option<u16>,
    #[serde(default)]
    pub user: Option<String>,
    /// The environment variable that holds the password.
    #[serde(default)]
    pub password_env: Option<String>,
    /// Who the mails come from: `flows@corp.example` or `Flows <flows@corp.example>`.
    pub from: String,
    #[serde(default)]
    pub tls: SmtpTls,
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmtpTls {
    /// Not at all: only for a server on the same machine.
    None,
    /// Agreed on after the greeting, and required.
    #[default]
    Starttls,
    /// From the first byte.
    Implicit,
}

/// Why mails cannot be sent with these settings.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    #[error("notify.smtp.from: `{0}` is no mail address")]
    From(String),
    #[error("notify.smtp: `user` and `password_env` belong together")]
    Half,
    #[error("notify.smtp.password_env: the environment variable {0} is not set")]
    Password(String),
    #[error("notify.smtp: {0}")]
    Tls(String),
}

/// One mail, as plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Unique; the same when it is sent again.
    pub id: String,
    pub to: String,
    pub subject: String,
    pub text: String,
}

/// Sends mails through one server. Clones share it.
#[derive(Clone)]
pub struct Mailer {
    transport: Arc<AsyncSmtpTransport<Tokio1Executor>>,
    from: Mailbox,
    host: String,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mailer({})", self.host)
    }
}

impl Mailer {
    /// Connects with the first mail. `variable` gives the value of an environment variable.
    ///
    /// # Errors
    /// What is wrong with the table.
    pub fn new(table: &SmtpTable, variable: impl Fn(&str) -> Option<String>) -> Result<Self, SmtpError> {
        let from = table.from.parse::<Mailbox>().map_err(|_| SmtpError::From(table.from.clone()))?;
        let parameters = || TlsParameters::new(table.host.clone()).map_err(|error| SmtpError::Tls(error.to_string()));
        let (tls, usual) = match table.tls {
            SmtpTls::None => (TlsUse::None, 25),
            SmtpTls::Starttls => (TlsUse::Required(parameters()?), 587),
            SmtpTls::Implicit => (TlsUse::Wrapper(parameters()?), 465),
        };
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&table.host);
        let mut builder = builder.tls(tls).port(table.port.unwrap_or(usual)).timeout(Some(MAIL_TIMEOUT));
        match (&table.user, &table.password_env) {
            (None, None) => {}
            (Some(user), Some(name)) => {
                let password = variable(name).ok_or_else(|| SmtpError::Password(name.clone()))?;
                builder = builder.credentials(Credentials::new(user.clone(), password));
            }
            (Some(_), None) | (None, Some(_)) => return Err(SmtpError::Half),
        }
        Ok(Self { transport: Arc::new(builder.build()), from, host: table.host.clone() })
    }

    /// The mail server.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether `text` is an address that a mail can go to.
    #[must_use]
    pub fn is_address(text: &str) -> bool {
        text.parse::<Mailbox>().is_ok()
    }

    /// Hands a mail to the server.
    ///
    /// # Errors
    /// What the server said, or why it could not be reached.
    pub async fn send(&self, mail: &Mail) -> Result<(), String> {
        let to = mail.to.parse::<Mailbox>().map_err(|_| format!("`{}` is no mail address", mail.to))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(mail.subject.clone())
            .message_id(Some(format!("<{}@{}>", mail.id, self.from.email.domain())))
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text.clone())
            .map_err(|error| format!("the mail cannot be written: {error}"))?;
        self.transport.send(message).await.map(drop).map_err(|error| format!("{}: {error}", self.host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailer(table: &str) -> Result<Mailer, SmtpError> {
        // The process's TLS back end, which the outbound client sets up otherwise.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Mailer::new(&toml::from_str(table).unwrap(), |name| (name == "MAIL_PASSWORD").then(|| "secret".to_owned()))
    }

    #[test]
    fn a_mail_server_is_described_completely_or_refused() {
        assert!(mailer("host = 'mail'\nfrom = 'Flows <flows@corp.example>'").is_ok());
        assert!(mailer("host = 'mail'\nfrom = 'f@x'\ntls = 'implicit'\nuser = 'f'\npassword_env = 'MAIL_PASSWORD'").is_ok());
        assert!(matches!(mailer("host = 'mail'\nfrom = 'nobody'"), Err(SmtpError::From(_))));
        assert!(matches!(mailer("host = 'mail'\nfrom = 'f@x'\nuser = 'f'"), Err(SmtpError::Half)));
        assert!(matches!(mailer("host = 'mail'\nfrom = 'f@x'\nuser = 'f'\npassword_env = 'OTHER'"), Err(SmtpError::Password(_))));
        assert!(toml::from_str::<SmtpTable>("host = 'mail'\nfrom = 'f@x'\npassword = 'in the file'").is_err());
    }

    #[test]
    fn the_beginning_of_an_answer_is_kept_whatever_it_is() {
        assert_eq!(beginning(b"fine"), "fine");
        assert_eq!(beginning(&[b'x'; 5_000]).len(), ANSWER_BYTES_KEPT);
        assert_eq!(beginning(&[0xff]), "\u{fffd}");
    }
}
