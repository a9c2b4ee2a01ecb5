//! Signatures as Standard Webhooks 1.0 has them: HMAC-SHA256 over `id.timestamp.body`, one per secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::catalog::webhooks::secret_bytes;
use crate::ids::TimeMs;

/// The three headers of a call; the body is signed as it is sent.
#[must_use]
pub fn headers(secrets: &[Zeroizing<String>], id: &str, now: TimeMs, body: &str) -> Vec<(&'static str, String)> {
    let timestamp = now.0 / 1_000;
    let signatures: Vec<String> = secrets.iter().filter_map(|secret| signature(secret, id, timestamp, body)).collect();
    vec![("webhook-id", id.to_owned()), ("webhook-timestamp", timestamp.to_string()), ("webhook-signature", signatures.join(" "))]
}

fn signature(secret: &str, id: &str, timestamp: u64, body: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&secret_bytes(secret)?).ok()?;
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn the_specification_s_example_comes_out() {
        let headers = headers(
            &[Zeroizing::new(SECRET.to_owned())],
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            TimeMs(1_614_265_330_999),
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(headers[1], ("webhook-timestamp", "1614265330".to_owned()));
        assert_eq!(headers[2], ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".to_owned()));
    }

    #[test]
    fn two_secrets_sign_side_by_side() {
        let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let of = |secrets: &[&str]| {
            let secrets: Vec<_> = secrets.iter().map(|secret| Zeroizing::new((*secret).to_owned())).collect();
            headers(&secrets, "msg_1", TimeMs(5_000), "{}")[2].1.clone()
        };
        assert_eq!(of(&[other, SECRET]), format!("{} {}", of(&[other]), of(&[SECRET])));
        assert_ne!(of(&[other]), of(&[SECRET]));
    }
}
