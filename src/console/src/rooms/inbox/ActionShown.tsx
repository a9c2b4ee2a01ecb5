// Exactly what would be done, how it differs from the last time, and what speaks for it.
import { itemsOf, type Schemas } from "../../api/client";
import { useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { Link, to, useLocation } from "../../lib/router";
import { Badge, CodeBlock, JsonView, Note, PlainText, RelativeTime } from "../../ui";
import { differences, type Difference } from "./values";
import type { Approval } from "./words";

type Action = Schemas["ActionView"];
/** How far back the last time is looked for. */
const CLOSED_LOOKED_AT = 100;
const LONG_TEXT = 120;

function shownValue(value: unknown) {
  if (value === undefined) return <span className="quiet">nothing</span>;
  return <PlainText text={typeof value === "string" ? value : (JSON.stringify(value) ?? "")} max={500} />;
}

export function Differences(props: { found: readonly Difference[]; before: string; after: string }) {
  return (
    <table className="inbox-diff">
      <thead>
        <tr>
          <th scope="col">Where</th>
          <th scope="col">{props.before}</th>
          <th scope="col">{props.after}</th>
        </tr>
      </thead>
      <tbody>
        {props.found.map((one) => (
          <tr key={one.path}>
            <th scope="row">
              <PlainText text={one.path} max={200} />
            </th>
            <td className="inbox-diff-before">{shownValue(one.before)}</td>
            <td className="inbox-diff-after">{shownValue(one.after)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Pairs(props: { title: string; pairs: readonly Schemas["Pair"][] | undefined }) {
  if (!props.pairs || props.pairs.length === 0) return null;
  return (
    <>
      <h4>{props.title}</h4>
      <dl className="inbox-pairs">
        {props.pairs.map((pair, at) => (
          <div key={at}>
            <dt>
              <PlainText text={pair.name} />
            </dt>
            <dd className="code">
              <PlainText text={pair.value} />
              {pair.secret && (
                <Badge title="Its value is put in when it is sent, and shown nowhere">
                  secret <PlainText text={pair.secret} />
                </Badge>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

/** JSON is shown as a tree beside its bytes only where the two say different things: here the bytes are what is sent. */
function Call(props: { action: Action }) {
  const { action } = props;
  const isHttp = Boolean(action.url);
  return (
    <div className="inbox-call">
      <div className="inbox-call-line">
        {isHttp ? <strong className="code">{action.method ?? "GET"}</strong> : <Badge>{action.kind}</Badge>}
        <span className="code grow">
          <PlainText text={isHttp ? (action.url ?? "") : [action.server, action.tool ?? action.step].filter(Boolean).join(" › ")} />
        </span>
        {action.rehearsed && (
          <Badge tone="neutral" title="Nothing leaves the server">
            Rehearsed
          </Badge>
        )}
      </div>
      <Pairs title="Query" pairs={action.query} />
      <Pairs title="Headers" pairs={action.headers} />
      {action.body ? (
        <>
          <h4>
            Body <span className="quiet">{action.body.contentType}</span>
          </h4>
          <CodeBlock text={action.body.text} label="Body, byte for byte" />
        </>
      ) : (
        <>
          <h4>Arguments</h4>
          <JsonView value={action.arguments} label="Arguments" openDepth={3} />
        </>
      )}
      {action.rehearsed && <p className="quiet small">A rehearsal: a script answers, and nothing leaves the server.</p>}
    </div>
  );
}

/** The newest approval of the same step that went ahead before this one. */
export function lastTime(closed: readonly Approval[], now: Approval): Approval | null {
  const fits = closed.filter((one) => one.id !== now.id && one.stepIdentifier === now.stepIdentifier && one.toolKey === now.toolKey && one.decision === "APPROVE" && (one.respondedAt ?? 0) <= (now.respondedAt ?? Infinity));
  return fits.reduce<Approval | null>((best, one) => ((one.respondedAt ?? 0) > (best?.respondedAt ?? -1) ? one : best), null);
}

function LastTime(props: { approval: Approval }) {
  const { approval } = props;
  const { tenant } = useSession();
  const query = useLocation().query.toString();
  const closed = useApi("/v1/tenants/{tenant}/pendingApprovals", { path: { tenant }, query: { agentId: approval.agentId, status: ["RESPONDED"], pageSize: CLOSED_LOOKED_AT } });
  if (!closed.data) return null;
  const last = lastTime(itemsOf(closed.data), approval);
  if (!last) return <p className="quiet small">Nothing like it was approved lately, so there is nothing to compare it with.</p>;
  const found = differences(last.decided?.arguments ?? last.action?.arguments ?? last.proposedParameters, approval.action?.arguments ?? approval.proposedParameters);
  return (
    <>
      <p className="quiet small">
        Last time was <Link to={to`/inbox/${last.id}` + (query ? `?${query}` : "")}>this approval</Link>, <RelativeTime at={last.respondedAt} />
        {last.respondedBy && (
          <>
            {" "}
            by <PlainText text={last.respondedBy} />
          </>
        )}
        .{found.length === 0 && " The arguments are the same."}
      </p>
      {found.length > 0 && <Differences found={found} before="Last time" after="Now" />}
    </>
  );
}

export function WhatIsDone(props: { approval: Approval }) {
  const { approval } = props;
  if (!approval.action && approval.gateType === "ASK") return null;
  return (
    <section aria-labelledby="inbox-what">
      <h3 id="inbox-what">{approval.gateType === "IN_DOUBT" ? "What was begun" : "What will be done"}</h3>
      {approval.action ? (
        <>
          <Call action={approval.action} />
          {approval.gateType !== "IN_DOUBT" && <LastTime approval={approval} />}
        </>
      ) : (
        <p className="quiet">{approval.gateType === "BUDGET" ? "The execution gets the same amount again, and goes on." : "Nothing but this: the flow goes on, or it takes its other way."}</p>
      )}
    </section>
  );
}

export function EvidenceShown(props: { approval: Approval }) {
  const { evidence } = props.approval;
  if (evidence.length === 0) return null;
  return (
    <section aria-labelledby="inbox-evidence">
      <h3 id="inbox-evidence">What it is about</h3>
      <dl className="inbox-evidence">
        {evidence.map((one, at) => (
          <div key={at}>
            <dt className="code">
              <PlainText text={one.name} />
            </dt>
            <dd>
              {typeof one.value === "string" ? (
                <div className={one.value.length > LONG_TEXT ? "inbox-text" : ""}>
                  <PlainText text={one.value} max={4_000} />
                </div>
              ) : typeof one.value === "object" && one.value !== null ? (
                <JsonView value={one.value} label={one.name} openDepth={2} />
              ) : (
                <span className="code">{String(one.value)}</span>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** The action changed while somebody looked. */
export function Changed(props: { before: Approval; after: Approval }) {
  const found = differences(props.before.action?.arguments ?? props.before.proposedParameters, props.after.action?.arguments ?? props.after.proposedParameters);
  return (
    <Note tone="waiting" icon="warning">
      <strong>It is another action now.</strong> Somebody changed it while you looked, so what you saw can no longer be decided.
      {found.length > 0 && <Differences found={found} before="You saw" after="It is now" />}
    </Note>
  );
}
