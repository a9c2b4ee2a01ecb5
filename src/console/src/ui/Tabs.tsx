// Tabs, in two kinds: places of their own (links), and parts of one place.
import { useEffect, useId, useRef, type ReactNode } from "react";
import { Link } from "../lib/router";

export interface TabPlace {
  key: string;
  label: ReactNode;
  to: string;
}

/** Tabs that are places: each has an address. */
export function TabLinks(props: { label: string; tabs: readonly TabPlace[]; current: string }) {
  const list = useRef<HTMLElement>(null);
  // On a phone the tabs are wider than the page; the current one is brought into sight, without moving the page.
  useEffect(() => {
    const nav = list.current;
    const tab = nav?.querySelector<HTMLElement>("[aria-current=page]");
    if (nav && tab) nav.scrollLeft = tab.offsetLeft - nav.offsetLeft - (nav.clientWidth - tab.offsetWidth) / 2;
  }, [props.current]);
  return (
    <nav ref={list} className="tabs" aria-label={props.label}>
      {props.tabs.map((tab) => (
        <Link key={tab.key} to={tab.to} className="tab" aria-current={tab.key === props.current ? "page" : undefined}>
          {tab.label}
        </Link>
      ))}
    </nav>
  );
}

export interface Tab {
  key: string;
  label: ReactNode;
}

/** Tabs within a place; the arrow keys move. */
export function Tabs(props: { label: string; tabs: readonly Tab[]; current: string; onChange: (key: string) => void; children: ReactNode }) {
  const { tabs, current, onChange } = props;
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const move = (by: number) => {
    const at = tabs.findIndex((tab) => tab.key === current);
    const next = tabs[(at + by + tabs.length) % tabs.length];
    if (!next) return;
    onChange(next.key);
    list.current?.querySelector<HTMLElement>(`[data-tab="${CSS.escape(next.key)}"]`)?.focus();
  };
  return (
    <>
      <div
        ref={list}
        className="tabs"
        role="tablist"
        aria-label={props.label}
        onKeyDown={(event) => {
          if (event.key === "ArrowRight") move(1);
          if (event.key === "ArrowLeft") move(-1);
        }}
      >
        {tabs.map((tab) => (
          <button
            key={tab.key}
            type="button"
            role="tab"
            id={`${id}-${tab.key}`}
            data-tab={tab.key}
            className="tab"
            aria-selected={tab.key === current}
            aria-controls={`${id}-panel`}
            tabIndex={tab.key === current ? 0 : -1}
            onClick={() => onChange(tab.key)}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div id={`${id}-panel`} role="tabpanel" aria-labelledby={`${id}-${current}`} className="tab-panel">
        {props.children}
      </div>
    </>
  );
}
