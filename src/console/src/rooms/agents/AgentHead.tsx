// The top of everything that belongs to one agent: its name, and the ways to its rooms. Other rooms use it, too.
import type { ReactNode } from "react";
import { useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { to } from "../../lib/router";
import { RoomHead } from "../../shell/RoomHead";
import { Badge, TabLinks } from "../../ui";

export type AgentPart = "overview" | "design" | "executions" | "revisions" | "deployments" | "triggers" | "budgets";

export function AgentHead(props: { agent: string; part: AgentPart; actions?: ReactNode }) {
  const { agent, part } = props;
  const { tenant } = useSession();
  const known = useApi("/v1/tenants/{tenant}/agents/{agent}", { path: { tenant, agent } });
  const data = known.data;
  return (
    <>
      <RoomHead
        title={data?.displayName || agent}
        crumbs={[{ label: "Agents", to: "/agents" }]}
        badge={data && !data.enabled ? <Badge tone="stopped">Off</Badge> : undefined}
        actions={props.actions}
      />
      <div className="agent-tabs">
        <TabLinks
          label="Of this agent"
          current={part}
          tabs={[
            { key: "overview", label: "Overview", to: to`/agents/${agent}` },
            { key: "design", label: "Design", to: to`/agents/${agent}/design` },
            { key: "executions", label: "Executions", to: to`/agents/${agent}/executions` },
            { key: "revisions", label: "Revisions", to: to`/agents/${agent}/revisions` },
            { key: "deployments", label: "Deployments", to: to`/agents/${agent}/deployments` },
            { key: "triggers", label: "Triggers", to: to`/agents/${agent}/triggers` },
            { key: "budgets", label: "Budgets", to: to`/agents/${agent}/budgets` },
          ]}
        />
      </div>
    </>
  );
}
