// Times, money, tokens and durations: aligned, with the exact value behind them.
import { absoluteTime, count, duration, money, relativeTime } from "../lib/format";
import { useNow } from "../lib/hooks";

/** A distance in time; the whole time on hover and for copying. */
export function RelativeTime(props: { at: number | null | undefined }) {
  const nowMs = useNow();
  if (props.at === null || props.at === undefined) return <span className="quiet">–</span>;
  return (
    <time className="number" dateTime={new Date(props.at).toISOString()} title={absoluteTime(props.at)}>
      {relativeTime(props.at, nowMs)}
    </time>
  );
}

export function Money(props: { usd: number | null | undefined }) {
  if (props.usd === null || props.usd === undefined) return <span className="quiet">–</span>;
  return (
    <span className={`number ${props.usd === 0 ? "quiet" : ""}`} title={`${props.usd} US dollars`}>
      {money(props.usd)}
    </span>
  );
}

export function Tokens(props: { input: number; output: number; cached?: number }) {
  const { input, output, cached = 0 } = props;
  const title = `${input} in, ${output} out${cached ? `, ${cached} from the cache` : ""}`;
  return (
    <span className="number" title={title}>
      {count(input)}
      <span className="quiet"> in </span>
      {count(output)}
      <span className="quiet"> out</span>
    </span>
  );
}

/** A length of time. Without an end it runs on. */
export function Duration(props: { ms?: number | null; from?: number | null; to?: number | null }) {
  if (props.ms !== undefined && props.ms !== null) return <Fixed ms={props.ms} />;
  if (props.from === undefined || props.from === null) return <span className="quiet">–</span>;
  if (props.to !== undefined && props.to !== null) return <Fixed ms={props.to - props.from} />;
  return <Running from={props.from} />;
}

function Fixed(props: { ms: number }) {
  return (
    <span className="number" title={`${props.ms} ms`}>
      {duration(props.ms)}
    </span>
  );
}

function Running(props: { from: number }) {
  const nowMs = useNow();
  return <span className="number">{duration(Math.max(0, Math.floor((nowMs - props.from) / 1000) * 1000))}</span>;
}

/** A figure with its name, for overviews. */
export function Figure(props: { label: string; children: React.ReactNode; note?: React.ReactNode }) {
  return (
    <div className="figure">
      <dt>{props.label}</dt>
      <dd>{props.children}</dd>
      {props.note && <dd className="figure-note">{props.note}</dd>}
    </div>
  );
}
