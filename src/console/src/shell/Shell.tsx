// Around every room: the way to the others, whose data is shown, and who is signed in.
import { useEffect, useRef, useState, type ReactNode } from "react";
import { itemsOf } from "../api/client";
import { useLiveLists } from "../api/changes";
import { useApi } from "../api/query";
import { useSession } from "../api/session";
import { usePhone, useShortcuts, useTitleCount } from "../lib/hooks";
import { Link, navigate, useLocation } from "../lib/router";
import { spelled } from "../lib/text";
import { chooseTheme, useTheme, type Theme } from "../lib/theme";
import { Button, Drawer, Icon, Select, Tally, type IconName } from "../ui";
import { KeyboardHelp } from "../ui/KeyboardHelp";
import { RoomBoundary } from "../ui/States";
import { Toasts } from "../ui/Toast";
import { Brand } from "./Brand";
import { waysFor, type Way } from "./ways";

const COUNT_REFRESH_MS = 5_000;

/** Of the rest, only an administrator may read anything. */
const HEARD = ["executions:read", "approvals:read", "agents:read", "secrets:read"] as const;

function useOpenApprovals(): number {
  const { tenant, may } = useSession();
  const counts = useApi("/v1/tenants/{tenant}/pendingApprovals/counts", { path: { tenant } }, { refreshMs: COUNT_REFRESH_MS, whileHidden: true, enabled: may("approvals:read") });
  return counts.data?.mine ?? 0;
}

function isAt(path: string, way: Way): boolean {
  // An execution stands below its agent, but belongs to the executions.
  if (/^\/agents\/[^/]+\/executions\/./.test(path)) return way.to === "/executions";
  return path === way.to || path.startsWith(`${way.to}/`);
}

/** Places with the same name here share a room that stays: the inbox keeps its list while one looks at its approvals. */
function roomOf(path: string): string {
  return path.split("/").slice(0, path.startsWith("/inbox") ? 2 : 4).join("/");
}

export function Shell(props: { children: ReactNode }) {
  const { path } = useLocation();
  const { tenant, may } = useSession();
  useLiveLists(HEARD.some(may) ? tenant : null);
  const ways = waysFor(may);
  const open = useOpenApprovals();
  useTitleCount(open);
  const isPhone = usePhone();
  const room = useRef<HTMLElement>(null);
  const [overlay, setOverlay] = useState<"keys" | "more" | null>(null);
  useShortcuts([
    ...ways.map((way) => ({ keys: `g ${way.key}`, label: `Go to ${way.label}`, run: () => navigate(way.to) })),
    { keys: "?", label: "These keys", run: () => setOverlay("keys") },
  ]);
  return (
    <div className="shell">
      <a className="shell-skip" href="#room" onClick={(event) => (event.preventDefault(), room.current?.focus())}>
        To the content
      </a>
      {!isPhone && (
        <div className="rail">
          <Brand />
          <nav className="rail-rooms" aria-label="Rooms">
            {ways.map((way) => (
              <Link key={way.to} to={way.to} className="rail-room" aria-current={isAt(path, way) ? "page" : undefined}>
                <Icon name={way.icon} />
                {way.label}
                {way.to === "/inbox" && open > 0 && (
                  <span className="rail-count">
                    <Tally tone="waiting" value={open} label="open" />
                  </span>
                )}
              </Link>
            ))}
          </nav>
          <div className="rail-foot">
            <Whose />
            <Who onKeys={() => setOverlay("keys")} />
          </div>
        </div>
      )}
      <main className="shell-room" id="room" ref={room} tabIndex={-1}>
        <RoomBoundary key={roomOf(path)}>{props.children}</RoomBoundary>
      </main>
      {isPhone && <PhoneBar ways={ways} path={path} open={open} onMore={() => setOverlay("more")} />}
      {overlay === "keys" && <KeyboardHelp onClose={() => setOverlay(null)} />}
      {overlay === "more" && (
        <Drawer title="Flowgate" onClose={() => setOverlay(null)}>
          <div className="stack">
            <Whose />
            <Who onKeys={() => setOverlay("keys")} />
          </div>
        </Drawer>
      )}
      <Toasts />
    </div>
  );
}

function PhoneBar(props: { ways: readonly Way[]; path: string; open: number; onMore: () => void }) {
  return (
    <nav className="phone-bar" aria-label="Rooms">
      {props.ways.map((way) => (
        <Link key={way.to} to={way.to} className="phone-room" aria-current={isAt(props.path, way) ? "page" : undefined}>
          <Icon name={way.icon} size={20} />
          {way.label}
          {way.to === "/inbox" && props.open > 0 && (
            <span className="phone-count">
              <Tally tone="waiting" value={props.open} label="open" />
            </span>
          )}
        </Link>
      ))}
      <button type="button" className="phone-room" onClick={props.onMore}>
        <Icon name="more" size={20} />
        More
      </button>
    </nav>
  );
}

/** Whose data is shown: the tenant (for those who may see several) and the environment. */
function Whose() {
  const { who, tenant, environment, chooseTenant, chooseEnvironment, may } = useSession();
  const tenants = useApi("/v1/tenants", {}, { enabled: who.isRoot });
  const mayChoose = may("agents:read");
  const environments = useApi("/v1/tenants/{tenant}/environments", { path: { tenant } }, { enabled: mayChoose });
  const known = itemsOf(environments.data);
  const isKnown = environment === null || known.some((one) => one.slug === environment);
  // One that this tenant does not have would leave every room empty.
  const isGone = environments.data !== undefined && !isKnown;
  useEffect(() => {
    if (isGone) chooseEnvironment(null);
  }, [isGone, chooseEnvironment]);
  return (
    <div className="stack" style={{ gap: "var(--space-2)" }}>
      {who.isRoot && (tenants.data?.length ?? 0) > 1 && (
        <Select
          label="Tenant"
          value={tenant}
          onChange={(event) => chooseTenant(event.target.value)}
          options={(tenants.data ?? []).map((one) => ({ value: one.id, label: spelled(one.displayName) }))}
        />
      )}
      {mayChoose && (
        <Select
          label="Environment"
          value={isKnown ? (environment ?? "") : ""}
          onChange={(event) => chooseEnvironment(event.target.value || null)}
          options={[{ value: "", label: "All environments" }, ...known.map((one) => ({ value: one.slug, label: spelled(one.displayName) }))]}
        />
      )}
    </div>
  );
}

const THEMES: Record<Theme, { next: Theme; icon: IconName; label: string }> = {
  system: { next: "light", icon: "screen", label: "Colours: as the system" },
  light: { next: "dark", icon: "sun", label: "Colours: light" },
  dark: { next: "system", icon: "moon", label: "Colours: dark" },
};

function Who(props: { onKeys: () => void }) {
  const { who, signOut } = useSession();
  const theme = THEMES[useTheme()];
  return (
    <div className="rail-who">
      <Icon name="person" />
      <span className="grow cut" title={`${who.user}, ${who.isRoot ? "root" : who.roles.join(", ") || "no roles"}`}>
        {who.user}
      </span>
      <Button small look="quiet" icon={theme.icon} iconOnly onClick={() => chooseTheme(theme.next)}>
        {theme.label}
      </Button>
      <Button small look="quiet" icon="keyboard" iconOnly onClick={props.onKeys}>
        Keyboard
      </Button>
      <Button small look="quiet" icon="signOut" iconOnly onClick={() => void signOut()}>
        Sign out
      </Button>
    </div>
  );
}
