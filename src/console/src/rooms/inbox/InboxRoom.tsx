// The inbox: everything that waits for a person, and the one that is looked at.
import { useEffect, useMemo, useRef, useState } from "react";
import { useApi } from "../../api/query";
import { usePages } from "../../api/pages";
import { useSession } from "../../api/session";
import { count, counted } from "../../lib/format";
import { useMedia, useShortcuts } from "../../lib/hooks";
import { navigate, setQuery, to, useLocation, type RoomProps } from "../../lib/router";
import { RoomHead } from "../../shell/RoomHead";
import { Button, Empty, Loaded, Select, SearchField, type Option } from "../../ui";
import { RoomBoundary } from "../../ui/States";
import { BulkBar } from "./Bulk";
import { Detail } from "./Detail";
import { InboxList } from "./InboxList";
import type { Approval } from "./words";
import "./inbox.css";

const REFRESH_MS = 4_000;
const HOUR_MS = 3_600_000;
const NARROW = "(max-width: 899px)";

const VIEWS: readonly Option[] = [
  { value: "", label: "For me" },
  { value: "open", label: "All that is open" },
  { value: "closed", label: "Closed" },
];
const DUE: readonly Option[] = [
  { value: "", label: "Any deadline" },
  { value: "hour", label: "Due within an hour" },
  { value: "day", label: "Due within a day" },
];
const RISKS: readonly Option[] = [
  { value: "", label: "Any risk" },
  { value: "HIGH", label: "Cannot be taken back" },
  { value: "MEDIUM", label: "Can be repeated" },
  { value: "LOW", label: "Changes nothing" },
];

interface Filters {
  view: string;
  agent: string;
  due: string;
  risk: string;
  search: string;
}

function useFilters(): Filters {
  const { query } = useLocation();
  const of = (name: string) => query.get(name) ?? "";
  return { view: of("view"), agent: of("agent"), due: of("due"), risk: of("risk"), search: of("search") };
}

/** What the server is asked for. */
export function queryOf(filters: Filters): Record<string, unknown> {
  const isClosed = filters.view === "closed";
  return {
    status: isClosed ? ["RESPONDED", "EXPIRED", "CANCELLED"] : ["PENDING"],
    approver: filters.view === "" ? "me" : undefined,
    agentId: filters.agent || undefined,
    risk: filters.risk || undefined,
    expiringWithinMs: isClosed || filters.due === "" ? undefined : filters.due === "hour" ? HOUR_MS : 24 * HOUR_MS,
  };
}

/** What the server does not filter by. */
export function fits(one: Approval, search: string, environment: string | null): boolean {
  if (environment && one.environment && one.environment !== environment) return false;
  const text = [one.outboundMessage, one.agentId, one.stepIdentifier, one.toolKey, one.startedBy, one.id, one.executionRecordId].join(" ").toLowerCase();
  return search.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

export default function InboxRoom({ params }: RoomProps) {
  const { tenant, environment } = useSession();
  const filters = useFilters();
  const isNarrow = useMedia(NARROW);
  const pages = usePages<Approval>("/v1/tenants/{tenant}/pendingApprovals", { path: { tenant }, query: queryOf(filters) }, { refreshMs: REFRESH_MS });
  const rows = useMemo(() => (pages.data ?? []).filter((one) => fits(one, filters.search, environment)), [pages.data, filters.search, environment]);
  const selected = params["approval"] ?? null;
  const go = useSelection(rows, selected, isNarrow);
  const [checked, setChecked] = useState<ReadonlySet<string>>(new Set());
  const onCheck = (id: string, isOn: boolean) => setChecked((before) => (isOn ? new Set([...before, id]) : new Set([...before].filter((one) => one !== id))));
  const chosen = rows.filter((one) => checked.has(one.id) && one.status === "PENDING");
  const listed = rows.find((one) => one.id === selected) ?? null;
  useShortcuts([{ keys: "x", label: "Choose for several at once", once: true, run: () => listed?.mayDecide && onCheck(listed.id, !checked.has(listed.id)) }], listed !== null);
  // What was decided about came off the list, or will: read at once what the counts say.
  useRereadWithCounts(pages.reload);
  const whole = useWhole(filters, environment);
  const isEmpty = pages.data !== undefined && rows.length === 0;
  const nothing = <Nothing filters={filters} hasMore={pages.hasMore} />;
  const showsList = !isNarrow || selected === null;
  const showsDetail = !isNarrow || selected !== null;
  return (
    <div className={`room inbox ${isNarrow ? "inbox-narrow" : ""}`}>
      {showsList && (
        <div className="inbox-side">
          <RoomHead title="Inbox" sub={pages.data && sizeOf(rows.length, pages.hasMore, whole)} />
          <FilterBar filters={filters} />
          <BulkBar key={JSON.stringify(filters)} chosen={chosen} onClear={() => setChecked(new Set())} />
          <Loaded query={pages} rows={8}>
            {() =>
              rows.length > 0 ? (
                <InboxList rows={rows} selected={selected} checked={checked} onCheck={onCheck} onEnd={pages.more} />
              ) : (
                (isNarrow || selected !== null) && nothing
              )
            }
          </Loaded>
        </div>
      )}
      {showsDetail && (
        <div className="inbox-main">
          {selected ? (
            <RoomBoundary key={selected}>
              <Detail key={selected} id={selected} listed={listed} onNext={() => go(1)} onBack={isNarrow ? () => navigate(withQuery("/inbox")) : null} />
            </RoomBoundary>
          ) : (
            (isEmpty && nothing) || (rows.length > 0 && <Empty icon="inbox" title="Choose an approval" />)
          )}
        </div>
      )}
    </div>
  );
}

/** How many there are in all, where nothing narrows the list but whose they are. */
function useWhole(filters: Filters, environment: string | null): number | null {
  const { tenant } = useSession();
  const counts = useApi("/v1/tenants/{tenant}/pendingApprovals/counts", { path: { tenant } });
  const isNarrowed = Boolean(filters.search || filters.agent || filters.due || filters.risk || environment);
  if (!counts.data || isNarrowed || filters.view === "closed") return null;
  return filters.view === "" ? counts.data.mine : counts.data.pending;
}

/** "100 of 1,010 approvals": what was read, and what there is. */
export function sizeOf(read: number, hasMore: boolean, whole: number | null): string {
  if (!hasMore) return counted(read, "approval");
  return whole !== null && whole > read ? `${count(read)} of ${counted(whole, "approval")}` : `${counted(read, "approval")} so far`;
}

function withQuery(place: string): string {
  const hash = window.location.hash;
  const query = hash.includes("?") ? hash.slice(hash.indexOf("?")) : "";
  return place + query;
}

/** j and k, and where one is when what one looked at leaves the list. */
function useSelection(rows: readonly Approval[], selected: string | null, isNarrow: boolean): (by: number) => void {
  const at = rows.findIndex((one) => one.id === selected);
  const lastAt = useRef(0);
  useEffect(() => {
    if (at >= 0) lastAt.current = at;
  }, [at]);
  // On a desk one is always looking at something. It is pinned by its address, so that what comes and goes cannot change it.
  const first = rows[0]?.id;
  useEffect(() => {
    if (!isNarrow && selected === null && first) navigate(withQuery(to`/inbox/${first}`), { replace: true });
  }, [isNarrow, selected, first]);
  const go = (by: number) => {
    // Gone from the list: the one that stands in its place is the next one.
    const from = at >= 0 ? at + by : by > 0 ? lastAt.current : lastAt.current - 1;
    const next = rows[Math.max(0, Math.min(rows.length - 1, from))];
    if (next && next.id !== selected) navigate(withQuery(to`/inbox/${next.id}`), { replace: selected !== null });
    else if (!next) navigate(withQuery("/inbox"));
  };
  useShortcuts([
    { keys: "j", label: "Next approval", run: () => go(1) },
    { keys: "k", label: "Previous approval", run: () => go(-1) },
  ]);
  return go;
}

function useRereadWithCounts(reload: () => void): void {
  const { tenant } = useSession();
  const counts = useApi("/v1/tenants/{tenant}/pendingApprovals/counts", { path: { tenant } });
  const told = counts.data ? `${counts.data.pending} ${counts.data.mine} ${counts.data.oldestCreatedAt ?? 0}` : null;
  const before = useRef(told);
  useEffect(() => {
    if (before.current !== null && told !== before.current) reload();
    before.current = told;
  }, [told, reload]);
}

function FilterBar(props: { filters: Filters }) {
  const { filters } = props;
  const { tenant } = useSession();
  const counts = useApi("/v1/tenants/{tenant}/pendingApprovals/counts", { path: { tenant } });
  const search = useRef<HTMLInputElement>(null);
  useShortcuts([{ keys: "/", label: "Search", run: () => search.current?.focus() }]);
  const agents = Object.entries((counts.data?.byAgent ?? {}) as Record<string, number>);
  const known = filters.agent && !agents.some(([agent]) => agent === filters.agent) ? [...agents, [filters.agent, 0] as const] : agents;
  const set = (name: string) => (event: React.ChangeEvent<HTMLSelectElement>) => setQuery({ [name]: event.target.value || null });
  return (
    <div className="inbox-filters">
      <SearchField label="Search approvals" value={filters.search} onChange={(text) => setQuery({ search: text })} inputRef={search} />
      <Select labelUnseen label="Which" value={filters.view} onChange={set("view")} options={VIEWS.map((one) => ({ ...one, label: one.value === "" && counts.data ? `${one.label} (${count(counts.data.mine)})` : one.value === "open" && counts.data ? `${one.label} (${count(counts.data.pending)}${counts.data.complete ? "" : "+"})` : one.label }))} />
      <Select labelUnseen label="Agent" value={filters.agent} onChange={set("agent")} options={[{ value: "", label: "Every agent" }, ...known.map(([agent, open]) => ({ value: agent, label: open > 0 ? `${agent} (${count(open)})` : agent }))]} />
      <Select labelUnseen label="Deadline" value={filters.due} disabled={filters.view === "closed"} onChange={set("due")} options={DUE} />
      <Select labelUnseen label="Risk" value={filters.risk} onChange={set("risk")} options={RISKS} />
    </div>
  );
}

function Nothing(props: { filters: Filters; hasMore: boolean }) {
  const { filters } = props;
  const isFiltered = Boolean(filters.search || filters.agent || filters.due || filters.risk);
  if (isFiltered) {
    return (
      <Empty icon="search" title="No approval fits" action={<Button onClick={() => setQuery({ search: null, agent: null, due: null, risk: null })}>Show all</Button>}>
        {props.hasMore ? "None of those that were read so far." : "Nothing that fits this is here."}
      </Empty>
    );
  }
  if (filters.view === "closed") return <Empty icon="inbox" title="Nothing was decided yet">What is decided, expires or is taken back appears here.</Empty>;
  return (
    <Empty icon="check" title={filters.view === "" ? "Nothing waits for you" : "Nothing waits for anybody"}>
      This page stays up to date by itself, and its title counts what comes.
    </Empty>
  );
}
