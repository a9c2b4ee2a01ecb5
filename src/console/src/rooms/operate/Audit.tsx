// Who did what, newest first.
import { useMemo } from "react";
import type { Schemas } from "../../api/client";
import { usePages } from "../../api/pages";
import { useSession } from "../../api/session";
import { useRested } from "../../lib/hooks";
import { setQuery, useLocation } from "../../lib/router";
import { Button, Empty, Field, Loaded, PlainText, RelativeTime, Select, Table, type Column } from "../../ui";
import { PartHead } from "./shared";

type Line = Schemas["TenantAuditEvent"];
const REFRESH_MS = 10_000;
const REST_MS = 400;
const DAY_MS = 86_400_000;

const COLUMNS: Column<Line>[] = [
  { key: "action", title: "What", width: "minmax(9rem, 1fr)", cell: (one) => <code>{one.action}</code> },
  { key: "actor", title: "Who", width: "minmax(6rem, 1fr)", cell: (one) => <PlainText text={one.actor} max={120} /> },
  { key: "target", title: "To what", width: "minmax(9rem, 2fr)", cell: (one) => <span className="code" title={one.target}><PlainText text={one.target} max={200} /></span> },
  { key: "detail", title: "Detail", width: "minmax(8rem, 2fr)", cell: (one) => (one.detail ? <span title={one.detail}><PlainText text={one.detail} max={300} /></span> : <span className="tally-none quiet">–</span>) },
  { key: "when", title: "When", width: "7rem", align: "end", cell: (one) => <RelativeTime at={one.createdAt} /> },
];
const SINCE = [
  { value: "", label: "Since ever" },
  { value: "1", label: "Since a day" },
  { value: "7", label: "Since a week" },
  { value: "30", label: "Since a month" },
];

export function AuditPart() {
  const { tenant, who } = useSession();
  const { query } = useLocation();
  const of = (name: string) => query.get(name) ?? "";
  const typed = useRested(JSON.stringify({ actor: of("actor"), action: of("action"), target: of("target") }), REST_MS);
  const days = of("since");
  // The bound moves with the choice, not with the clock: the address of the reading has to stay the same.
  const from = useMemo(() => (days ? Date.now() - Number(days) * DAY_MS : undefined), [days]);
  const isWhole = who.isRoot && of("of") === "installation";
  const filters = JSON.parse(typed) as Record<string, string>;
  const pages = usePages<Line>(isWhole ? "/v1/auditEvents" : "/v1/tenants/{tenant}/auditEvents", { path: { tenant }, query: { ...filters, from } }, { refreshMs: REFRESH_MS });
  const field = (name: string, label: string, hint: string) => <Field label={label} placeholder={hint} value={of(name)} autoComplete="off" onChange={(event) => setQuery({ [name]: event.target.value })} />;
  const isFiltered = Object.values(filters).some(Boolean) || Boolean(days);
  return (
    <section>
      <PartHead title="Audit" sub="Who did what. It is kept with the data, and nobody can change it." />
      <div className="operate-filters">
        {field("actor", "Who", "ana")}
        {field("action", "What", "key.revoked")}
        {field("target", "To what", "agent:refund-review")}
        <Select label="Since" value={days} onChange={(event) => setQuery({ since: event.target.value })} options={SINCE} />
        {who.isRoot && (
          <Select
            label="Of"
            value={of("of")}
            onChange={(event) => setQuery({ of: event.target.value })}
            options={[
              { value: "", label: "This tenant" },
              { value: "installation", label: "The installation" },
            ]}
          />
        )}
      </div>
      <Loaded query={pages}>
        {(all) =>
          all.length === 0 ? (
            <Empty icon="history" title={isFiltered ? "Nothing fits" : "Nothing was changed yet"}>{isFiltered ? "Filters want the whole word, such as agent:refund-review." : "What people and programs change appears here."}</Empty>
          ) : (
            <>
              <Table label="Audit" rows={all} columns={COLUMNS} keyOf={(one) => `${one.createdAt} ${one.action} ${one.target} ${one.actor} ${one.detail ?? ""}`} onEnd={pages.more} />
              {pages.hasMore && (
                <Button small look="quiet" onClick={pages.more}>
                  Show older ones
                </Button>
              )}
            </>
          )
        }
      </Loaded>
    </section>
  );
}
