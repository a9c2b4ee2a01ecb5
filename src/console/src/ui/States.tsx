// What a room shows when there is nothing, not yet anything, or something is wrong.
import { Component, type ReactNode } from "react";
import type { ProblemError } from "../api/client";
import type { Query } from "../api/query";
import { Button } from "./Button";
import { Icon, type IconName } from "./Icon";

export function Empty(props: { icon?: IconName; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="empty">
      <div className="empty-sign">
        <Icon name={props.icon ?? "info"} size={22} />
      </div>
      <h2>{props.title}</h2>
      {props.children && <div className="empty-text">{props.children}</div>}
      {props.action}
    </div>
  );
}

function advice(error: ProblemError): string | null {
  if (error.status === 0) return "Check that the server runs and that you are online. This page goes on by itself when it is back.";
  if (error.status === 403) return "Your key does not allow this. Somebody with the scope `admin` can give you one that does.";
  if (error.status === 404) return "It is not there, or not yours to see.";
  if (error.status === 429) return "The server is asked for too much at once. Try again in a moment.";
  if (error.status >= 500) return "The fault is the server's. Its log says more.";
  return null;
}

export function ErrorState(props: { error: ProblemError; onRetry?: () => void }) {
  const { error } = props;
  const { problem } = error;
  return (
    <div className="empty" role="alert">
      <div className="empty-sign tone-bad">
        <Icon name="warning" size={22} />
      </div>
      <h2>{problem.title}</h2>
      <div className="empty-text">
        <p>{problem.detail}</p>
        {advice(error) && <p>{advice(error)}</p>}
        <p className="quiet small code">{problem.code}</p>
      </div>
      {props.onRetry && (
        <Button icon="retry" onClick={props.onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** A problem beside what caused it: under a form, over a list that is old. */
export function ProblemNote(props: { error: ProblemError | null }) {
  if (!props.error) return null;
  const { problem } = props.error;
  const fields = Object.entries((problem.errors ?? {}) as Record<string, unknown>);
  return (
    <div className="note tone-bad" role="alert">
      <Icon name="warning" />
      <div className="grow">
        <strong>{problem.title}.</strong> {problem.detail}
        {fields.length > 0 && (
          <ul>
            {fields.map(([field, says]) => (
              <li key={field}>
                <code>{field}</code>: {Array.isArray(says) ? says.join("; ") : String(says)}
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}

export function Note(props: { tone?: "moving" | "waiting" | "bad" | "good" | "doubt" | "neutral"; icon?: IconName; children: ReactNode }) {
  return (
    <div className={`note tone-${props.tone ?? "neutral"}`}>
      <Icon name={props.icon ?? "info"} />
      <div className="grow">{props.children}</div>
    </div>
  );
}

/** Grey lines in the place of what comes. */
export function Skeleton(props: { rows?: number; label?: string }) {
  return (
    <div className="skeleton" role="status" aria-label={props.label ?? "Loading"}>
      {Array.from({ length: props.rows ?? 6 }, (_, at) => (
        <div key={at} className="skeleton-row" aria-hidden="true" />
      ))}
    </div>
  );
}

/** The states of one reading: what comes first, what went wrong, and old data with a note when it could not be read again. */
export function Loaded<T>(props: { query: Query<T>; rows?: number; children: (data: T) => ReactNode }) {
  const { query } = props;
  if (query.data !== undefined) {
    return (
      <>
        {query.error && <StaleNote error={query.error} />}
        {props.children(query.data)}
      </>
    );
  }
  if (query.error) return <ErrorState error={query.error} onRetry={query.reload} />;
  return <Skeleton rows={props.rows} />;
}

function StaleNote(props: { error: ProblemError }) {
  return (
    <Note tone="waiting" icon="warning">
      This is what was last read; reading it again failed: {props.error.message}
    </Note>
  );
}

/** Keeps a fault in one room from taking the others along. */
export class RoomBoundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    const isGone = /dynamically imported module|Failed to fetch/i.test(error.message);
    return (
      <div className="room">
        <Empty icon="warning" title={isGone ? "This page is older than the server" : "This room broke"} action={<Button onClick={() => window.location.reload()}>Load the page again</Button>}>
          <p>{isGone ? "The server was updated. Nothing is lost." : error.message}</p>
        </Empty>
      </div>
    );
  }
}
