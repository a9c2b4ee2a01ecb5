// An execution among those that it started and that started it: who runs, how long, for how much.
import { useMemo } from "react";
import type { Schemas } from "../../api/client";
import { useApi } from "../../api/query";
import { counted, duration, money } from "../../lib/format";
import { Link, to } from "../../lib/router";
import { Badge, Duration, Empty, Loaded, Money, PlainText, RelativeTime, Status, Table, type Column } from "../../ui";
import { RECORD, type ExecutionPath } from "./useExecution";

type Node = Schemas["Node"];
const REFRESH_MS = 5_000;

export function useFamily(path: ExecutionPath, isOver: boolean) {
  return useApi(`${RECORD}/tree`, { path }, isOver ? {} : { refreshMs: REFRESH_MS });
}

export function Family(props: { path: ExecutionPath; isOver: boolean }) {
  const { path } = props;
  const tree = useFamily(path, props.isOver);
  const columns = useMemo<Column<Node>[]>(
    () => [
      {
        key: "name",
        title: "Execution",
        width: "minmax(10rem, 3fr)",
        cell: (node) => (
          <span className="execution-name" style={{ paddingLeft: `calc(${Math.min(node.depth, 8)} * var(--space-4))` }}>
            <Link to={to`/agents/${node.agentId}/executions/${node.id}`} title={node.id}>
              {node.agentId} {node.subject ? <PlainText text={node.subject} max={80} /> : <code>{node.id.slice(-8)}</code>}
            </Link>
            {node.id === path.execution && <Badge>this one</Badge>}
          </span>
        ),
      },
      { key: "status", title: "Status", width: "11rem", cell: (node) => <Status kind="execution" status={node.status} /> },
      { key: "started", title: "Started", align: "end", width: "7rem", cell: (node) => <RelativeTime at={node.startTime} /> },
      { key: "took", title: "Took", align: "end", width: "7rem", cell: (node) => <Duration from={node.startTime} to={node.endTime} /> },
      { key: "cost", title: "Own cost", align: "end", width: "7rem", cell: (node) => <Money usd={node.totalCost} /> },
    ],
    [path.execution],
  );
  return (
    <Loaded query={tree} rows={4}>
      {(data) => {
        if (data.nodes.length < 2) {
          return (
            <Empty icon="fork" title="It stands alone">
              Nothing started it but its caller, and it has started no other execution.
            </Empty>
          );
        }
        const { totals } = data;
        return (
          <div className="stack">
            <p className="small quiet">
              {counted(totals.runs, "execution")}, {totals.failed} failed, {duration(totals.elapsedMs)}, {money(totals.cost)} in all{totals.truncatedByRetention && "; some are gone already"}
            </p>
            <Table label="Executions of this family" rows={data.nodes} columns={columns} keyOf={(node) => node.id} linkOf={(node) => to`/agents/${node.agentId}/executions/${node.id}`} selectedKey={path.execution} phoneRow={150} keys={false} />
          </div>
        );
      }}
    </Loaded>
  );
}
