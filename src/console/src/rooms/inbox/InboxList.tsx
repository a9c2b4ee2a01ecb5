// The list of approvals: one line of facts each, virtualised, with a box for deciding several at once.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { useNow } from "../../lib/hooks";
import { Link, to, useLocation } from "../../lib/router";
import { Badge, Icon, Money, PlainText, RelativeTime, Status } from "../../ui";
import { deadlineTone, GATES, isOpen, type Approval } from "./words";

const ROW = 86;
const AHEAD = 8;
const TITLE_MAX = 160;

export interface ListProps {
  rows: readonly Approval[];
  selected: string | null;
  checked: ReadonlySet<string>;
  onCheck: (id: string, isOn: boolean) => void;
  onEnd: () => void;
}

export function InboxList(props: ListProps) {
  const { rows, selected, onEnd } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: AHEAD, getItemKey: (index) => rows[index]?.id ?? index });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (last >= rows.length - AHEAD) onEnd();
  }, [last, rows.length, onEnd]);
  const at = rows.findIndex((one) => one.id === selected);
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at);
    // Only when another one is chosen, not when the list grows.
  }, [selected]);
  return (
    <div className="inbox-list" ref={scroller} role="list" aria-label="Approvals" tabIndex={-1}>
      <div style={{ height: virtual.getTotalSize(), position: "relative" }} role="presentation">
        {items.map((item) => {
          const one = rows[item.index];
          if (!one) return null;
          return (
            <div key={one.id} role="listitem" aria-setsize={rows.length} aria-posinset={item.index + 1} className="inbox-item-place" style={{ height: ROW, transform: `translateY(${item.start}px)` }}>
              <Item approval={one} isSelected={one.id === selected} isChecked={props.checked.has(one.id)} onCheck={props.onCheck} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Item(props: { approval: Approval; isSelected: boolean; isChecked: boolean; onCheck: ListProps["onCheck"] }) {
  const { approval, isSelected } = props;
  const nowMs = useNow();
  // What the list is narrowed to goes along.
  const query = useLocation().query.toString();
  // Questions and calls in doubt want an answer of their own.
  const isForMany = approval.decisions.some((word) => word === "approve" || word === "reject");
  const tone = isOpen(approval) ? deadlineTone(approval.expiresAt, nowMs) : null;
  return (
    <div className={`inbox-item ${isSelected ? "inbox-item-selected" : ""}`}>
      {isOpen(approval) && (
        <label className="inbox-check" title={isForMany ? undefined : "This one is decided by itself"}>
          <input type="checkbox" checked={props.isChecked} disabled={!approval.mayDecide || !isForMany} onChange={(event) => props.onCheck(approval.id, event.target.checked)} />
          <span className="unseen">Choose {approval.outboundMessage.slice(0, TITLE_MAX)}</span>
        </label>
      )}
      <Link to={to`/inbox/${approval.id}` + (query ? `?${query}` : "")} className="inbox-item-link" aria-current={isSelected ? "true" : undefined}>
        <span className="inbox-item-title">
          <PlainText text={approval.outboundMessage.slice(0, TITLE_MAX).replace(/\s+/g, " ")} />
        </span>
        <span className="inbox-item-line">
          <span className="cut">{approval.agentId}</span>
          <span className="inbox-item-end">
            <RelativeTime at={approval.createdAt} />
          </span>
        </span>
        <span className="inbox-item-line">
          {isOpen(approval) ? <span>{GATES[approval.gateType]}</span> : <Status kind="approval" status={approval.status} compact />}
          {approval.action && approval.risk === "HIGH" && <Badge tone="bad">Cannot be taken back</Badge>}
          {approval.claim && (
            <span className="inbox-claimed" title={`${approval.claim.by} is looking at it`}>
              <Icon name="person" size={12} />
              <span className="cut">{approval.claim.by}</span>
            </span>
          )}
          <span className="inbox-item-end">
            {tone ? (
              <span className={`inbox-tone tone-${tone}`}>
                due <RelativeTime at={approval.expiresAt} />
              </span>
            ) : approval.decided ? (
              <PlainText text={approval.decided.by.slice(0, 40)} />
            ) : (
              <Money usd={approval.costSoFar} />
            )}
          </span>
        </span>
      </Link>
    </div>
  );
}
