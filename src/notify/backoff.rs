//! How long to wait before something is sent again.

/// Before the second attempt, the third, and so on; after the last one it is given up. A bit over three days.
const DELAYS_MS: [u64; 9] =
    [5_000, 30_000, 2 * 60_000, 10 * 60_000, 60 * 60_000, 6 * 60 * 60_000, 24 * 60 * 60_000, 24 * 60 * 60_000, 24 * 60 * 60_000];
/// A receiver that asks for more is asked again after this all the same.
const ASKED_MS_MAX: u64 = 24 * 60 * 60_000;

/// The pause after `tries` attempts, between 80 and 120 % of its step, so that many do not come back at once; no less than the receiver
/// `asked` for. None: it is given up.
#[must_use]
pub fn pause_ms(tries: u32, asked: Option<u64>, entropy: u64) -> Option<u64> {
    let step = *DELAYS_MS.get(tries.checked_sub(1)? as usize)?;
    let jittered = step / 10 * 8 + entropy % (step / 10 * 4 + 1);
    Some(jittered.max(asked.unwrap_or(0).min(ASKED_MS_MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_with_jitter_and_end() {
        let mut before = 0;
        for tries in 1..=9 {
            let step = DELAYS_MS[tries as usize - 1];
            let (least, most) = (pause_ms(tries, None, 0).unwrap(), pause_ms(tries, None, step / 10 * 4).unwrap());
            assert_eq!(least, step / 10 * 8);
            assert_eq!(most, step / 10 * 12);
            assert!(least >= before);
            before = least;
        }
        assert_eq!(pause_ms(10, None, 0), None, "given up");
        assert_eq!(pause_ms(1, Some(60_000), 0), Some(60_000));
        assert_eq!(pause_ms(1, Some(u64::MAX), 0), Some(ASKED_MS_MAX));
    }
}
