// What a trigger did, or did not do, newest first.
import { useState } from "react";
import type { Schemas } from "../../api/client";
import { usePages } from "../../api/pages";
import { useSession } from "../../api/session";
import { absoluteTime } from "../../lib/format";
import { Link, to } from "../../lib/router";
import { statusLook } from "../../lib/status";
import { Badge, Button, Dialog, JsonView, Loaded, PlainText, RelativeTime, Status, Table, type Column } from "../../ui";
import { kindLabel } from "./draft";

type Firing = Schemas["Firing"];
const REFRESH_MS = 3_000;

/** What became of it: of one that has ended, how its execution ended. */
export function FiringStatus(props: { firing: Firing }) {
  const { firing } = props;
  const isKnown = firing.state === "ENDED" && firing.note && statusLook("execution", firing.note).label !== firing.note;
  return isKnown && firing.note ? <Status kind="execution" status={firing.note} /> : <Status kind="firing" status={firing.state} />;
}

/** Why, where that is not said by the status. */
function noteOf(firing: Firing): string | null {
  return firing.state === "ENDED" ? null : (firing.note ?? null);
}

function Execution(props: { firing: Firing }) {
  const { firing } = props;
  if (!firing.executionRecordId || !firing.agentId || !["STARTED", "ENDED"].includes(firing.state)) return <span className="quiet">–</span>;
  return <Link to={to`/agents/${firing.agentId}/executions/${firing.executionRecordId}`}>Execution</Link>;
}

export function FiringLine(props: { firing: Firing }) {
  const { firing } = props;
  const note = noteOf(firing);
  return (
    <>
      <FiringStatus firing={firing} />
      <span className="grow cut">
        {firing.agentId} {note && <PlainText text={note} max={300} />}
      </span>
      <Execution firing={firing} />
    </>
  );
}

const COLUMNS: Column<Firing>[] = [
  { key: "when", title: "When", width: "6.5rem", cell: (one) => <RelativeTime at={one.at} /> },
  { key: "state", title: "What came of it", width: "10rem", cell: (one) => <FiringStatus firing={one} /> },
  {
    key: "agent",
    title: "Agent",
    width: "minmax(6rem, 1fr)",
    cell: (one) => (
      <span className="trigger-name">
        <span className="cut">{one.agentId ?? "–"}</span>
        {one.origin === "TEST" && <Badge>test</Badge>}
      </span>
    ),
  },
  { key: "why", title: "Why", width: "minmax(6rem, 2fr)", cell: (one) => (noteOf(one) ? <span title={noteOf(one) ?? undefined}><PlainText text={noteOf(one) ?? ""} max={200} /></span> : <span className="quiet">{kindLabel(one.kind)}</span>) },
  { key: "execution", title: "", width: "5.5rem", align: "end", cell: (one) => <Execution firing={one} /> },
];

export function Firings(props: { trigger: string; count: number }) {
  const { tenant } = useSession();
  const [open, setOpen] = useState<Firing | null>(null);
  const pages = usePages<Firing>("/v1/tenants/{tenant}/triggers/{trigger}/firings", { path: { tenant, trigger: props.trigger } }, { refreshMs: REFRESH_MS });
  // Fired by hand a moment ago: read at once.
  const [seen, setSeen] = useState(props.count);
  if (seen !== props.count) {
    setSeen(props.count);
    pages.reload();
  }
  return (
    <Loaded query={pages} rows={3}>
      {(all) =>
        all.length === 0 ? (
          <p className="quiet">It has not fired yet. What fires stays here for 30 days.</p>
        ) : (
          <>
            <Table label="Firings" rows={all} columns={COLUMNS} keyOf={(one) => `${one.firingId} ${one.agentId ?? ""}`} onOpen={setOpen} onEnd={pages.more} keys={false} />
            {pages.hasMore && (
              <Button small look="quiet" onClick={pages.more}>
                Show older ones
              </Button>
            )}
            {open && <LookAtFiring firing={open} onClose={() => setOpen(null)} />}
          </>
        )
      }
    </Loaded>
  );
}

function LookAtFiring(props: { firing: Firing; onClose: () => void }) {
  const { firing } = props;
  const note = noteOf(firing);
  return (
    <Dialog title="A firing" width="wide" onClose={props.onClose}>
      <div className="stack">
        <dl className="operate-facts">
          <dt>What came of it</dt>
          <dd>
            <FiringStatus firing={firing} /> <Execution firing={firing} />
          </dd>
          {note && (
            <>
              <dt>Why</dt>
              <dd>
                <PlainText text={note} />
              </dd>
            </>
          )}
          <dt>Agent</dt>
          <dd>{firing.agentId ?? "–"}</dd>
          <dt>When</dt>
          <dd>{absoluteTime(firing.at)}</dd>
          {firing.scheduledFor && (
            <>
              <dt>Due at</dt>
              <dd>{absoluteTime(firing.scheduledFor)}</dd>
            </>
          )}
          <dt>How</dt>
          <dd>
            {kindLabel(firing.kind)}, by <PlainText text={firing.firedBy} max={120} />, under definition {firing.triggerRevision}
          </dd>
          {firing.eventId && (
            <>
              <dt>Event</dt>
              <dd>
                <PlainText text={firing.eventId} max={300} />
              </dd>
            </>
          )}
        </dl>
        <h3>What it carried</h3>
        <JsonView value={firing.payload} label="Payload" />
        <h3>Parameters</h3>
        <JsonView value={firing.parameters} label="Parameters" />
      </div>
    </Dialog>
  );
}
