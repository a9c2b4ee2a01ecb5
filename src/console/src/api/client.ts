// The one way to the server: typed calls over the OpenAPI document's types. What goes wrong is a `ProblemError`.
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"];
type Method = "get" | "post" | "put" | "patch" | "delete";

/** The paths that take a method. */
export type PathWith<M extends Method> = { [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never }[keyof paths];
type Operation<P extends keyof paths, M extends Method> = paths[P] extends Record<M, infer O> ? O : never;
type Json<R> = R extends { content: { "application/json": infer A } } ? A : never;
/** What an operation answers with. */
export type Answer<P extends keyof paths, M extends Method> = Operation<P, M> extends { responses: infer R } ? Json<R[keyof R]> : never;
/** What an operation takes. */
export type Body<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { requestBody?: infer B } ? Json<Exclude<B, undefined>> : never;
type Parameters<P extends keyof paths, M extends Method> = Operation<P, M> extends { parameters: infer Q } ? Q : never;
type InPath<P extends keyof paths, M extends Method> = Parameters<P, M> extends { path: infer V } ? { path: V } : { path?: undefined };
type InQuery<P extends keyof paths, M extends Method> = Parameters<P, M> extends { query?: infer V } ? { query?: V } : { query?: undefined };
/** Where a call goes: what stands in its path and behind `?`. */
export type Target<P extends keyof paths, M extends Method> = InPath<P, M> & InQuery<P, M>;
/** Beside the target: the body, and what makes a repetition known. */
export type Sent<P extends keyof paths, M extends Method> = Target<P, M> & {
  body?: [Body<P, M>] extends [never] ? undefined : Body<P, M>;
  idempotencyKey?: string;
  /** Refused (409 `stale`) unless the thing has this version. */
  ifMatch?: number;
  /** Answered as soon as it has begun, not when it rests. */
  respondAsync?: boolean;
  signal?: AbortSignal;
};

/** What the server refused, or why it could not be asked (`status` 0). */
export class ProblemError extends Error {
  readonly problem: Problem;
  readonly retryAfterMs: number | null;

  constructor(problem: Problem, retryAfterMs: number | null = null) {
    super(problem.detail || problem.title);
    this.name = "ProblemError";
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }

  get status(): number {
    return this.problem.status;
  }

  get code(): string {
    return this.problem.code;
  }
}

type Values = Record<string, unknown> | undefined;

/** The address of an operation, relative to the page, so that any prefix works. */
export function address(path: string, where: { path?: unknown; query?: unknown } = {}): string {
  const inPath = (where.path ?? {}) as Record<string, unknown>;
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(inPath[name] ?? "")));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries((where.query as Values) ?? {})) {
    const values = Array.isArray(value) ? value : [value];
    for (const one of values) if (one !== undefined && one !== null && one !== "") query.append(name, String(one));
  }
  const text = query.toString();
  return filled.replace(/^\//, "") + (text ? `?${text}` : "");
}

type Listener = () => void;
const signedOut = new Set<Listener>();

/** Called whenever the server says that nobody is signed in any more. */
export function onSignedOut(listener: Listener): () => void {
  signedOut.add(listener);
  return () => void signedOut.delete(listener);
}

function unreachable(error: unknown): ProblemError {
  const detail = error instanceof Error ? error.message : String(error);
  return new ProblemError({ type: "", title: "The server cannot be reached", status: 0, code: "unreachable", detail });
}

async function problemOf(response: Response): Promise<ProblemError> {
  const seconds = Number(response.headers.get("retry-after"));
  const retryAfterMs = seconds > 0 ? seconds * 1000 : null;
  try {
    const problem = (await response.json()) as Problem;
    if (typeof problem.code === "string") return new ProblemError(problem, retryAfterMs);
  } catch {
    // Something in between answered; its words are not for people.
  }
  const title = response.statusText || `Status ${response.status}`;
  return new ProblemError({ type: "", title, status: response.status, code: "unexpected", detail: title }, retryAfterMs);
}

/** One request; parsed JSON, or null where there is no content. */
export async function request(method: string, url: string, options: { body?: unknown; idempotencyKey?: string; ifMatch?: number; respondAsync?: boolean; signal?: AbortSignal } = {}): Promise<unknown> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (options.body !== undefined) headers["content-type"] = "application/json";
  if (options.idempotencyKey) headers["idempotency-key"] = options.idempotencyKey;
  if (options.respondAsync) headers["prefer"] = "respond-async";
  if (options.ifMatch !== undefined) headers["if-match"] = `"${options.ifMatch}"`;
  const body = options.body === undefined ? undefined : JSON.stringify(options.body);
  let response: Response;
  try {
    response = await fetch(url, { method: method.toUpperCase(), headers, body, signal: options.signal, credentials: "same-origin" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreachable(error);
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (response.status === 401) for (const listener of signedOut) listener();
    throw problem;
  }
  if (response.status === 204) return null;
  const text = await response.text();
  return text === "" ? null : (JSON.parse(text) as unknown);
}

function sender<M extends Method>(method: M) {
  return <P extends PathWith<M>>(path: P, sent: Sent<P, M>): Promise<Answer<P, M>> =>
    request(method, address(path, sent), sent as { body?: unknown }) as Promise<Answer<P, M>>;
}

export const api = { get: sender("get"), post: sender("post"), put: sender("put"), patch: sender("patch"), delete: sender("delete") };

/** A list that comes as an array, or as a page. */
export function itemsOf<T>(list: T[] | { items: T[] } | undefined): T[] {
  if (!list) return [];
  return Array.isArray(list) ? list : list.items;
}
