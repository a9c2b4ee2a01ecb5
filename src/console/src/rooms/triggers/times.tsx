// Due times, on the clocks of the schedule's zone.
import { absoluteTime } from "../../lib/format";
import { RelativeTime } from "../../ui";

/** A due time on the clocks of the schedule's zone; on the reader's, where the browser does not know that zone. */
export function timeIn(atMs: number, timeZone: string): string {
  try {
    return new Date(atMs).toLocaleString(undefined, { weekday: "short", year: "numeric", month: "short", day: "numeric", hour: "numeric", minute: "2-digit", timeZone, timeZoneName: "short" });
  } catch {
    return absoluteTime(atMs);
  }
}

export function Times(props: { times: readonly number[]; timeZone: string; label?: string }) {
  return (
    <ol className="trigger-times" aria-label={props.label}>
      {props.times.map((at) => (
        <li key={at}>
          <span className="grow number" title={absoluteTime(at)}>
            {timeIn(at, props.timeZone)}
          </span>
          <RelativeTime at={at} />
        </li>
      ))}
      {props.times.length === 0 && <li className="quiet">No time fits any more.</li>}
    </ol>
  );
}
