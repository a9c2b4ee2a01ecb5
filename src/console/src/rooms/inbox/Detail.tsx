// One approval: what it is about, and the decision.
import { useState } from "react";
import { useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { useNow } from "../../lib/hooks";
import { Link, to } from "../../lib/router";
import { Badge, Button, ErrorState, JsonView, Money, Note, PlainText, RelativeTime, Skeleton, Status } from "../../ui";
import { Changed, Differences, EvidenceShown, WhatIsDone } from "./ActionShown";
import { Decisions } from "./Decide";
import { ClaimBar, CommentsOf } from "./Talk";
import { differences } from "./values";
import { approversSay, deadlineTone, effectSays, GATES, isOpen, whyNot, WORDS, type Approval } from "./words";

const REFRESH_MS = 3_000;

interface DetailProps {
  id: string;
  /** What the list knows of it, to be shown at once. */
  listed: Approval | null;
  onNext: () => void;
  onBack: (() => void) | null;
}

export function Detail(props: DetailProps) {
  const { tenant } = useSession();
  const query = useApi("/v1/tenants/{tenant}/pendingApprovals/{approval}", { path: { tenant, approval: props.id } }, { refreshMs: REFRESH_MS });
  const approval = query.data ?? props.listed;
  return (
    <article className="inbox-detail" aria-label="Approval">
      {props.onBack && (
        <Button small look="quiet" icon="back" className="inbox-back" onClick={props.onBack}>
          All approvals
        </Button>
      )}
      {approval ? (
        <>
          {query.error && (
            <Note tone="waiting" icon="warning">
              This is what was last read; reading it again failed: {query.error.message}
            </Note>
          )}
          <Shown key={approval.id} approval={approval} onNext={props.onNext} />
        </>
      ) : query.error ? (
        <ErrorState error={query.error} onRetry={query.reload} />
      ) : (
        <Skeleton rows={8} />
      )}
    </article>
  );
}

/** Only what the reader has seen can be decided: another digest has to be looked at first. */
function Shown(props: { approval: Approval; onNext: () => void }) {
  const { approval } = props;
  const { who, may } = useSession();
  const [seen, setSeen] = useState(approval);
  const [isMine, setMine] = useState(false);
  const isChanged = isOpen(approval) && seen.digest !== approval.digest;
  const reason = whyNot(approval, who.user, may("approvals:decide"));
  return (
    <>
      <div className="inbox-shown">
        <Head approval={approval} />
        {!isOpen(approval) && <Standing approval={approval} isMine={isMine || approval.respondedBy === who.user} />}
        {isChanged && !isMine && <Changed before={seen} after={approval} />}
        <Facts approval={approval} />
        <ClaimBar approval={approval} />
        <WhatIsDone approval={approval} />
        <EvidenceShown approval={approval} />
        <Votes approval={approval} />
        <CommentsOf approval={approval} />
      </div>
      <div className="inbox-decide">
        {!isOpen(approval) ? (
          <Button look="primary" onClick={props.onNext}>
            Next
            <kbd className="inbox-key" aria-hidden="true">
              j
            </kbd>
          </Button>
        ) : isChanged ? (
          <Button look="primary" onClick={() => setSeen(approval)}>
            I have looked at it as it is now
          </Button>
        ) : (
          <>
            {reason && <p className="small quiet">{reason}</p>}
            <Decisions
              approval={seen.digest === approval.digest ? approval : seen}
              canDecide={approval.mayDecide}
              onDone={(after) => {
                setMine(true);
                setSeen(after);
              }}
            />
          </>
        )}
      </div>
    </>
  );
}

function Head(props: { approval: Approval }) {
  const { approval } = props;
  return (
    <header className="inbox-head">
      <div className="row">
        <Status kind="approval" status={approval.status} />
        <Badge>{GATES[approval.gateType]}</Badge>
        {approval.risk === "HIGH" && approval.action && <Badge tone="bad">Cannot be taken back</Badge>}
        {approval.edits > 0 && <Badge tone="waiting">Changed {approval.edits === 1 ? "once" : `${approval.edits} times`}</Badge>}
      </div>
      <h2>
        <PlainText text={approval.outboundMessage} max={1_000} />
      </h2>
    </header>
  );
}

function Deadline(props: { approval: Approval }) {
  const nowMs = useNow();
  const { expiresAt } = props.approval;
  const tone = deadlineTone(expiresAt, nowMs);
  if (expiresAt === null || expiresAt === undefined) return <span className="quiet">None</span>;
  return <span className={tone ? `inbox-tone tone-${tone}` : ""}><RelativeTime at={expiresAt} /></span>;
}

function Facts(props: { approval: Approval }) {
  const { may } = useSession();
  const { approval } = props;
  const says = effectSays(approval);
  return (
    <dl className="inbox-facts">
      {isOpen(approval) && (
        <div>
          <dt>Deadline</dt>
          <dd>
            <Deadline approval={approval} />
          </dd>
        </div>
      )}
      <div>
        <dt>Asked</dt>
        <dd>
          <RelativeTime at={approval.createdAt} />
        </dd>
      </div>
      <div>
        <dt>Started by</dt>
        <dd>
          <PlainText text={approval.startedBy} max={200} />
        </dd>
      </div>
      <div>
        <dt>Cost so far</dt>
        <dd>
          <Money usd={approval.costSoFar} /> <span className="quiet small">{approval.tokensSoFar.toLocaleString("en-US")} tokens</span>
        </dd>
      </div>
      <div>
        <dt>Agent</dt>
        <dd>
          {may("agents:read") ? <Link to={to`/agents/${approval.agentId}`}>{approval.agentId}</Link> : approval.agentId} <span className="quiet small">{approval.agentRevision < 0 ? "draft" : `revision ${approval.agentRevision}`}</span>
        </dd>
      </div>
      <div>
        <dt>Execution</dt>
        <dd>
          <Link to={to`/agents/${approval.agentId}/executions/${approval.executionRecordId}`}>
            step <PlainText text={approval.stepIdentifier} max={100} />
          </Link>{" "}
          <span className="quiet small">{approval.environment ?? "no environment"}</span>
        </dd>
      </div>
      <div className="inbox-facts-wide">
        <dt>Who may decide</dt>
        <dd>
          <PlainText text={approversSay(approval)} max={500} />
        </dd>
      </div>
      {says && (
        <div className="inbox-facts-wide">
          <dt>Effect</dt>
          <dd>{says}</dd>
        </div>
      )}
    </dl>
  );
}

/** How it was closed, by whom, and with what. */
function Standing(props: { approval: Approval; isMine: boolean }) {
  const { approval, isMine } = props;
  const { decided } = approval;
  if (!decided) {
    return (
      <Note icon="clock">
        {approval.status === "EXPIRED" ? "Nobody decided in time, and the flow went the way it has for that." : "It was taken back, or its execution ended before."} <RelativeTime at={approval.respondedAt} />
      </Note>
    );
  }
  const look = WORDS[decided.decision];
  const given = decided.response ?? decided.result;
  const changes = decided.arguments === undefined || decided.arguments === null ? [] : differences(approval.proposedParameters, decided.arguments);
  return (
    <Note tone={look.tone === "bad" ? "bad" : "good"} icon={look.tone === "bad" ? "close" : "check"}>
      <div className="inbox-standing">
        <div>
          <strong>{look.past}</strong> by {isMine ? "you" : <strong><PlainText text={decided.by} max={200} /></strong>}, <RelativeTime at={decided.at} />
          {decided.reason && (
            <>
              : <PlainText text={decided.reason} max={2_000} />
            </>
          )}
        </div>
        {changes.length > 0 && <Differences found={changes} before="Asked for" after="Decided" />}
        {given !== undefined && given !== null && <JsonView value={given} label="What was given" openDepth={2} />}
      </div>
    </Note>
  );
}

function Votes(props: { approval: Approval }) {
  const { approval } = props;
  if (approval.votes.length === 0 || approval.quorum <= 1) return null;
  return (
    <section aria-labelledby="inbox-votes">
      <h3 id="inbox-votes">Who agreed</h3>
      <ul className="inbox-comments">
        {approval.votes.map((vote, at) => (
          <li key={at}>
            <PlainText text={vote.by} max={200} /> <RelativeTime at={vote.at} />
            {vote.digest !== approval.digest && <span className="quiet"> to an action that has changed since; it counts no longer</span>}
            {vote.reason && (
              <>
                : <PlainText text={vote.reason} max={1_000} />
              </>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
