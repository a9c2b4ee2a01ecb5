// For whoever runs the server: how it does, what needs a person, and the keys, secrets, webhooks, records and rules of the tenant.
import type { ComponentType } from "react";
import { useSession, type Session } from "../../api/session";
import type { RoomProps } from "../../lib/router";
import { RoomHead } from "../../shell/RoomHead";
import { Empty, LinkButton, TabLinks } from "../../ui";
import { AuditPart } from "./Audit";
import { TriggersPart } from "../triggers/TriggersRoom";
import { EnvironmentsPart } from "./Environments";
import { KeysPart } from "./Keys";
import { OverviewPart } from "./Overview";
import { RetentionPart } from "./Retention";
import { SecretsPart } from "./Secrets";
import { StuckPart } from "./Stuck";
import { TenantsPart } from "./Tenants";
import { WebhooksPart } from "./Webhooks";
import "./operate.css";

type Scope = Parameters<Session["may"]>[0];
interface Part {
  key: string;
  label: string;
  part: ComponentType;
  /** What a key must be allowed to see it: one of these; empty: nothing. */
  needs: readonly Scope[];
  /** Of no use without the root key. */
  rootOnly?: boolean;
}
const PARTS: readonly Part[] = [
  { key: "overview", label: "Overview", part: OverviewPart, needs: [] },
  { key: "stuck", label: "Needs a person", part: StuckPart, needs: ["approvals:read"] },
  { key: "keys", label: "Keys", part: KeysPart, needs: ["keys:read"] },
  { key: "secrets", label: "Secrets", part: SecretsPart, needs: ["secrets:read"] },
  { key: "webhooks", label: "Webhooks", part: WebhooksPart, needs: ["agents:read"] },
  { key: "triggers", label: "Triggers", part: TriggersPart, needs: ["agents:read"] },
  { key: "environments", label: "Environments", part: EnvironmentsPart, needs: ["agents:read"] },
  { key: "audit", label: "Audit", part: AuditPart, needs: ["admin"] },
  { key: "retention", label: "Retention", part: RetentionPart, needs: ["admin"] },
  { key: "tenants", label: "Tenants", part: TenantsPart, needs: [], rootOnly: true },
];

export default function OperateRoom({ params }: RoomProps) {
  const { may, who } = useSession();
  const current = params["part"] ?? "overview";
  const part = PARTS.find((one) => one.key === current);
  const isOpen = (one: Part) => one.needs.length === 0 || one.needs.some(may);
  // What a key may not see is no tab; who comes by its address is told.
  const shown = PARTS.filter((one) => (!one.rootOnly || who.isRoot) && (isOpen(one) || one === part));
  return (
    <div className="room">
      <RoomHead title="Operate" />
      <div className="operate-tabs">
        <TabLinks label="Parts" current={current} tabs={shown.map((one) => ({ key: one.key, label: one.label, to: one.key === "overview" ? "/operate" : `/operate/${one.key}` }))} />
      </div>
      {!part ? (
        <Empty icon="search" title="There is nothing at this address" action={<LinkButton to="/operate">To the overview</LinkButton>} />
      ) : isOpen(part) ? (
        <part.part />
      ) : (
        <Empty icon="lock" title="Not for this key" action={<LinkButton to="/operate">To the overview</LinkButton>}>
          <p>
            This wants the scope <code>{part.needs.join(" or ")}</code>. Whoever makes keys can give it to yours.
          </p>
        </Empty>
      )}
    </div>
  );
}
