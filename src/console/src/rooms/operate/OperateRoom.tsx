// For whoever runs the server: how it does, what needs a person, and the keys, secrets, webhooks, records and rules of the tenant.
import type { ComponentType } from "react";
import { useSession, type Session } from "../../api/session";
import type { RoomProps } from "../../lib/router";
import { RoomHead } from "../../shell/RoomHead";
import { Empty, LinkButton, Note, TabLinks } from "../../ui";
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
  /** What a key must be allowed to see it. */
  needs: Scope | null;
  /** Of no use without the root key. */
  rootOnly?: boolean;
}
const PARTS: readonly Part[] = [
  { key: "overview", label: "Overview", part: OverviewPart, needs: null },
  { key: "stuck", label: "Needs a person", part: StuckPart, needs: "admin" },
  { key: "keys", label: "Keys", part: KeysPart, needs: "keys:read" },
  { key: "secrets", label: "Secrets", part: SecretsPart, needs: "secrets:read" },
  { key: "webhooks", label: "Webhooks", part: WebhooksPart, needs: null },
  { key: "triggers", label: "Triggers", part: TriggersPart, needs: "agents:read" },
  { key: "environments", label: "Environments", part: EnvironmentsPart, needs: null },
  { key: "audit", label: "Audit", part: AuditPart, needs: "admin" },
  { key: "retention", label: "Retention", part: RetentionPart, needs: null },
  { key: "tenants", label: "Tenants", part: TenantsPart, needs: null, rootOnly: true },
];

export default function OperateRoom({ params }: RoomProps) {
  const { may, who } = useSession();
  const current = params["part"] ?? "overview";
  const part = PARTS.find((one) => one.key === current);
  return (
    <div className="room">
      <RoomHead title="Operate" />
      <div className="operate-tabs">
        <TabLinks label="Parts" current={current} tabs={PARTS.filter((one) => !one.rootOnly || who.isRoot).map((one) => ({ key: one.key, label: one.label, to: one.key === "overview" ? "/operate" : `/operate/${one.key}` }))} />
      </div>
      {!part ? (
        <Empty icon="search" title="There is nothing at this address" action={<LinkButton to="/operate">To the overview</LinkButton>} />
      ) : (
        <>
          {part.needs && !may(part.needs) && (
            <Note tone="waiting" icon="lock">
              Your key has no scope <code>{part.needs}</code>, which this wants.
            </Note>
          )}
          <part.part />
        </>
      )}
    </div>
  );
}
