// The revisions of an agent, newest first.
import { itemsOf, type Schemas } from "../../api/client";
import { useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { Link, to, type RoomProps } from "../../lib/router";
import { Badge, CopyButton, Empty, LinkButton, Loaded, PlainText, RelativeTime, Table, type Column } from "../../ui";
import { AgentHead } from "./AgentHead";
import "./agents.css";

type Line = Schemas["RevisionLine"];
const REFRESH_MS = 15_000;
const DIGEST_SHOWN = 10;

function columns(agent: string, all: readonly Line[]): Column<Line>[] {
  // Newest first: the one below is the one before.
  const before = (line: Line) => all[all.indexOf(line) + 1]?.revision;
  return [
    {
      key: "revision",
      title: "Revision",
      width: "12.5rem",
      cell: (one) => (
        <span className="agent-name">
          <Link to={to`/agents/${agent}/design/${String(one.revision)}`}>Revision {one.revision}</Link>
          {one.isCurrent && <Badge tone="good">In production</Badge>}
        </span>
      ),
    },
    { key: "comment", title: "Why", width: "minmax(8rem, 2fr)", cell: (one) => one.comment ? <PlainText text={one.comment} max={200} /> : <span className="quiet">–</span> },
    {
      key: "compare",
      title: "Differs from",
      width: "8rem",
      cell: (one) => (before(one) ? <Link to={`${to`/agents/${agent}/compare`}?before=${before(one)}&after=${one.revision}`}>Revision {before(one)}</Link> : <span className="quiet">–</span>),
    },
    { key: "by", title: "By", width: "minmax(5rem, 1fr)", cell: (one) => one.createdBy },
    { key: "made", title: "Made", width: "7rem", cell: (one) => <RelativeTime at={one.createdAt} /> },
    { key: "deployed", title: "Last deployed", width: "7rem", cell: (one) => <RelativeTime at={one.lastDeployedAt} /> },
    {
      key: "digest",
      title: "Digest",
      width: "11rem",
      wideOnly: true,
      cell: (one) => (
        <span className="agent-name">
          <code title={one.digest}>{one.digest.replace("sha256:", "").slice(0, DIGEST_SHOWN)}</code>
          <CopyButton text={one.digest} label="Copy the digest" />
        </span>
      ),
    },
  ];
}

export default function RevisionsRoom({ params }: RoomProps) {
  const agent = params["agent"] ?? "";
  const { tenant } = useSession();
  const revisions = useApi("/v1/tenants/{tenant}/agents/{agent}/revisions", { path: { tenant, agent } }, { refreshMs: REFRESH_MS });
  return (
    <div className="room">
      <AgentHead
        agent={agent}
        part="revisions"
        actions={
          revisions.data && itemsOf(revisions.data).length > 0 && (
            <LinkButton icon="release" to={to`/agents/${agent}/deployments`}>
              Deploy
            </LinkButton>
          )
        }
      />
      <Loaded query={revisions}>
        {(data) => {
          const all = [...itemsOf(data)].sort((a, b) => b.revision - a.revision);
          if (all.length === 0) {
            return (
              <Empty icon="history" title="No revision yet" action={<LinkButton to={to`/agents/${agent}/design`}>To the designer</LinkButton>}>
                Save a draft as a revision.
              </Empty>
            );
          }
          return <Table label="Revisions" rows={all} columns={columns(agent, all)} keyOf={(one) => String(one.revision)} linkOf={(one) => to`/agents/${agent}/design/${String(one.revision)}`} />;
        }}
      </Loaded>
    </div>
  );
}
