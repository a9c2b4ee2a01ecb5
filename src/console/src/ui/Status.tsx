// Badges, and the one way in which a status is shown.
import type { ReactNode } from "react";
import { statusLook, type StatusKind, type Tone } from "../lib/status";

export function Badge(props: { tone?: Tone; children: ReactNode; title?: string }) {
  return (
    <span className={`badge tone-${props.tone ?? "neutral"}`} title={props.title}>
      {props.children}
    </span>
  );
}

/** A status with its sign and its colour. `compact`: without the ground. */
export function Status(props: { kind: StatusKind; status: string; compact?: boolean; children?: ReactNode }) {
  const look = statusLook(props.kind, props.status);
  return (
    <span className={`status tone-${look.tone} ${props.compact ? "status-compact" : ""}`} data-status={props.status}>
      <span className="status-sign" aria-hidden="true">
        {look.sign}
      </span>
      {props.children ?? look.label}
    </span>
  );
}

/** A number with a meaning: quiet when it is nothing. */
export function Tally(props: { tone: Tone; value: number; more?: boolean; label: string }) {
  const { value, more, label } = props;
  if (value === 0) {
    return (
      <span className="tally-none number quiet">
        {more ? "–" : "0"}
        <span className="unseen"> {label}</span>
      </span>
    );
  }
  return (
    <span className={`tally number tone-${props.tone}`}>
      {value.toLocaleString("en-US")}
      {more && "+"}
      <span className="unseen"> {label}</span>
    </span>
  );
}
