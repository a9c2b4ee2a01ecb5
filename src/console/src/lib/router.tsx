// Where the reader is: the part of the address behind `#`. The server never sees it, so no path of the API can collide with it.
import { useSyncExternalStore, type AnchorHTMLAttributes, type ComponentType } from "react";
import { later, type Later } from "./later";

export interface Location {
  path: string;
  query: URLSearchParams;
}
let known: { hash: string; location: Location } | null = null;

export function currentLocation(): Location {
  const hash = window.location.hash;
  if (known?.hash !== hash) {
    const [path = "", query = ""] = hash.replace(/^#/, "").split("?");
    known = { hash, location: { path: path === "" ? "/" : path, query: new URLSearchParams(query) } };
  }
  return known.location;
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}

export function useLocation(): Location {
  return useSyncExternalStore(subscribe, currentLocation);
}

interface Going {
  /** No new entry in the history. */
  replace?: boolean;
  /** False: the tenant of the address does not go along. */
  keepTenant?: boolean;
}

/** The address of a place, with the tenant that the reader is in. */
export function hrefOf(to: string, keepTenant = true): string {
  const tenant = currentLocation().query.get("tenant");
  if (!keepTenant || !tenant || /[?&]tenant=/.test(to)) return `#${to}`;
  return `#${to}${to.includes("?") ? "&" : "?"}tenant=${encodeURIComponent(tenant)}`;
}

export function navigate(to: string, going: Going = {}): void {
  const href = hrefOf(to, going.keepTenant ?? true);
  if (window.location.hash === href) return;
  if (going.replace) {
    window.history.replaceState(null, "", href);
    window.dispatchEvent(new HashChangeEvent("hashchange"));
  } else {
    window.location.hash = href;
  }
}

/** Changes what stands behind `?` of the present place: filters, tabs. Null takes a name away. */
export function setQuery(changes: Record<string, string | null>, going: Going = { replace: true }): void {
  const { path, query } = currentLocation();
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") next.delete(name);
    else next.set(name, value);
  }
  const text = next.toString();
  navigate(text ? `${path}?${text}` : path, { keepTenant: false, ...going });
}

type LinkProps = AnchorHTMLAttributes<HTMLAnchorElement> & { to: string };

export function Link({ to, ...rest }: LinkProps) {
  useLocation();
  return <a href={hrefOf(to)} onPointerEnter={() => placeAt(to.split("?")[0] ?? "")?.place.room.fetch()} {...rest} />;
}

export type Params = Record<string, string>;
/** What a room gets: the names of its pattern. */
export interface RoomProps {
  params: Params;
}
export interface Place {
  pattern: string;
  room: Later<RoomProps>;
  /** Begins to read what the room will ask for, while its code is fetched. */
  readAhead?: (params: Params, tenant: string) => void;
}
/** Every place there is, in the order of the table. */
const places: Place[] = [];

/** One line of the table of rooms; `load` imports the module whose default export is the room. */
export function place(pattern: string, load: () => Promise<{ default: ComponentType<RoomProps> }>, readAhead?: Place["readAhead"]): Place {
  return { pattern, room: later(load), readAhead };
}

/** Makes the table known: to the app, and to links, which fetch the code of a room when they are pointed at. */
export function setPlaces(table: readonly Place[]): void {
  places.splice(0, places.length, ...table);
}

export function placeAt(path: string): { place: Place; params: Params } | null {
  for (const one of places) {
    const params = match(one.pattern, path);
    if (params) return { place: one, params };
  }
  return null;
}

/** The values of `:names`; a last `*` takes the rest. Null: another place. */
export function match(pattern: string, path: string): Params | null {
  const wanted = pattern.split("/").filter(Boolean);
  const given = path.split("/").filter(Boolean);
  const params: Params = {};
  for (const [at, part] of wanted.entries()) {
    if (part === "*") return { ...params, rest: given.slice(at).map(decoded).join("/") };
    const value = given[at];
    if (value === undefined) return null;
    if (part.startsWith(":")) params[part.slice(1)] = decoded(value);
    else if (part !== value) return null;
  }
  return wanted.length === given.length ? params : null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A path with its values encoded: to`/agents/${id}`. */
export function to(parts: TemplateStringsArray, ...values: string[]): string {
  return parts.reduce((text, part, at) => text + part + (at < values.length ? encodeURIComponent(values[at] ?? "") : ""), "");
}
