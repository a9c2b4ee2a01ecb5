//! The inbound address of a trigger: `POST /hooks/{hook}`. Public, since senders have no key; each call proves itself by its signature or
//! its token. What fires, and under which id, is the catalog's matter.

use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::api::answer::Answer;
use crate::api::app::App;
use crate::api::blocking::blocking;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::route::{Access, Free, Route};
use crate::catalog;
use crate::catalog::triggers::rows::{Inbound, Proof, Source, TriggerRow, WEBHOOK};
use crate::catalog::triggers::{Fired, Occurrence};
use crate::catalog::webhooks::secret_bytes;
use crate::ids::{Tenant, TimeMs};
use crate::machine::input::Purpose;

/// The headers of Standard Webhooks.
const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";
/// Where a token may stand, beside `Authorization: Bearer`.
const TOKEN: &str = "X-Webhook-Token";
/// Bytes of an event.
const EVENT_BYTES_MAX: usize = 256 << 10;
/// Headers that expressions do not see: they prove who sends, or say nothing of the event.
const HIDDEN: [&str; 7] = ["authorization", "cookie", "x-api-key", "x-webhook-token", SIGNATURE, "connection", "content-length"];

/// What became of an event.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Received {
    /// None: the filter, or the type of event, left it out, or no agent is bound.
    firing_id: Option<String>,
    filtered: bool,
    /// The same event has come before.
    duplicate: bool,
}

pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/hooks/{hook}", "receiveEvent", "An event for a trigger, with its signature or token")
            .access(Access::Public)
            .takes::<Free>()
            .headers(&[ID, TIMESTAMP, SIGNATURE, TOKEN])
            .body_bytes_max(EVENT_BYTES_MAX)
            // A stranger who knows no address is sent away before what it sends takes any memory.
            .before_body(|app, named, from| known(app, named.get("hook").map_or("", String::as_str), from).map(drop))
            .answers::<Received>(200)
            .to(receive),
    ]
}

async fn receive(call: Call) -> Result<Answer, Problem> {
    let (tenant, row) = known(&call.app, call.parameter("hook")?, call.address)?;
    let Source::Webhook(inbound) = &row.definition.source else {
        return Err(Problem::not_found("inbound address", call.parameter("hook")?));
    };
    let (app, now) = (Arc::clone(&call.app), call.now);
    let (of_tenant, of_row) = (tenant.clone(), row.clone());
    let secrets = blocking(move || Ok(app.vault.trigger_secrets(&of_tenant, &of_row, now)?)).await?;
    prove(&call, inbound, &secrets).map_err(|problem| failed(&call.app, call.address, problem))?;
    let _permit = call.app.limiter.admit(&format!("trigger:{}", row.id), &tenant)?;
    let payload = serde_json::from_slice(&call.body).map_err(|error| Problem::invalid("$", format!("it is no JSON: {error}")))?;
    let occurrence = Occurrence {
        kind: WEBHOOK.to_owned(),
        at: call.now,
        event_id: call.header(ID).map(ToOwned::to_owned),
        payload,
        headers: headers(&call),
        purpose: Purpose::Production,
        by: None,
    };
    let fired = call.app.catalog.fire_trigger(&tenant, &row.id, &occurrence).await?;
    call.app.triggers.wake();
    Answer::json(&match fired {
        Fired::Recorded(firings) => {
            let firing_id = firings.first().map(|firing| firing.id.clone());
            Received { firing_id, filtered: false, duplicate: false }
        }
        Fired::Duplicate(name) => Received { firing_id: Some(name), filtered: false, duplicate: true },
        Fired::Filtered => Received { firing_id: None, filtered: true, duplicate: false },
    })
}

/// An address that nobody has is answered slowly to those who guess.
fn known(app: &App, hook: &str, from: Option<IpAddr>) -> Result<(Tenant, TriggerRow), Problem> {
    app.catalog.hooked_trigger(hook).map_err(|error| match error {
        catalog::Error::NotFound { .. } => failed(app, from, error.into()),
        error => error.into(),
    })
}

/// One more failure from this address; too many are 429.
fn failed(app: &App, from: Option<IpAddr>, problem: Problem) -> Problem {
    from.and_then(|address| app.limiter.failure(address).err()).unwrap_or(problem)
}

fn unproven(detail: &str) -> Problem {
    Problem::new(401, "webhook_unproven", "The event does not prove who sends it", detail)
}

fn prove(call: &Call, inbound: &Inbound, secrets: &[Zeroizing<String>]) -> Result<(), Problem> {
    let secrets: Vec<&str> = secrets.iter().map(|secret| secret.as_str()).collect();
    match inbound.auth {
        Proof::Hmac => {
            let header = |name: &str| call.header(name).ok_or_else(|| unproven(&format!("the header `{name}` is missing")));
            let proof = Signed { id: header(ID)?, timestamp: header(TIMESTAMP)?, signatures: header(SIGNATURE)? };
            proof.check(&secrets, &call.body, call.now, u64::from(inbound.replay_window_seconds))
        }
        Proof::Token => {
            let bearer = call.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
            let token = call.header(TOKEN).or(bearer).ok_or_else(|| unproven("send the token in `X-Webhook-Token`"))?;
            let fits = secrets.iter().any(|secret| bool::from(secret.as_bytes().ct_eq(token.as_bytes())));
            if fits { Ok(()) } else { Err(unproven("the token is another one")) }
        }
    }
}

/// What a signed event says of itself.
struct Signed<'a> {
    id: &'a str,
    /// In seconds.
    timestamp: &'a str,
    /// `v1,BASE64`, several with spaces between.
    signatures: &'a str,
}

impl Signed<'_> {
    /// The signature comes first: without it, nobody learns what our clock says.
    fn check(&self, secrets: &[&str], body: &[u8], now: TimeMs, window_seconds: u64) -> Result<(), Problem> {
        let given: Vec<Vec<u8>> =
            self.signatures.split(' ').filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok()).collect();
        let is_signed = secrets.iter().filter_map(|secret| self.mac(secret, body)).any(|mac| {
            // The code is compared in constant time.
            given.iter().any(|given| mac.clone().verify_slice(given).is_ok())
        });
        if !is_signed {
            return Err(unproven("the signature is not that of the secret over `id.timestamp.body`"));
        }
        let seconds: u64 = self.timestamp.parse().map_err(|_| unproven("the timestamp is no number of seconds"))?;
        if (now.0 / 1_000).abs_diff(seconds) > window_seconds {
            return Err(unproven("the timestamp is too far from now: an old event, or a clock that is wrong"));
        }
        Ok(())
    }

    fn mac(&self, secret: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret_bytes(secret)?).ok()?;
        mac.update(self.id.as_bytes());
        mac.update(b".");
        mac.update(self.timestamp.as_bytes());
        mac.update(b".");
        mac.update(body);
        Some(mac)
    }
}

/// What expressions see of the headers.
fn headers(call: &Call) -> Map<String, Value> {
    let shown = call.headers.iter().filter(|(name, _)| !HIDDEN.contains(&name.as_str()));
    shown.filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.into()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification of Standard Webhooks.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const AT: TimeMs = TimeMs(1_614_265_330_000);

    fn check(id: &str, timestamp: &str, signatures: &str, secrets: &[&str], body: &[u8], now: TimeMs) -> bool {
        Signed { id, timestamp, signatures }.check(secrets, body, now, 300).is_ok()
    }

    #[test]
    fn the_specification_s_example_is_taken_and_nothing_near_it() {
        let (id, timestamp, signature) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        assert!(check(id, timestamp, signature, &[SECRET], BODY, AT));
        assert!(check(id, timestamp, &format!("v2,x v1,AAAA {signature}"), &[other, SECRET], BODY, AT.plus(300_999)));
        assert!(!check(id, timestamp, signature, &[other], BODY, AT), "another secret");
        assert!(!check(id, timestamp, signature, &[SECRET], b"{}", AT), "another body");
        assert!(!check("msg_other", timestamp, signature, &[SECRET], BODY, AT), "another id");
        assert!(!check(id, "1614265331", signature, &[SECRET], BODY, AT), "another time");
        assert!(!check(id, timestamp, "v1,", &[SECRET], BODY, AT), "an empty one");
        assert!(!check(id, timestamp, signature, &[SECRET], BODY, AT.plus(301_000)), "too late");
        assert!(!check(id, timestamp, signature, &[SECRET], BODY, TimeMs(AT.0 - 301_000)), "from the future");
    }
}
