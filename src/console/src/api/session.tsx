// Who is signed in, and for which tenant and environment the rooms are shown.
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { api, onSignedOut, ProblemError, type Schemas } from "./client";
import { forgetEverything } from "./query";
import { navigate, useLocation } from "../lib/router";

export type SignedIn = Schemas["SignedIn"];
type State = { kind: "asking" } | { kind: "out"; reason: string | null } | { kind: "in"; who: SignedIn } | { kind: "broken"; error: ProblemError };

export interface Session {
  who: SignedIn;
  tenant: string;
  /** The environment chosen; null: all of them. */
  environment: string | null;
  chooseTenant: (tenant: string) => void;
  chooseEnvironment: (environment: string | null) => void;
  signOut: () => Promise<void>;
  may: (scope: Schemas["Scope"]) => boolean;
}

const ENVIRONMENT = "flowgate.environment";
const SessionContext = createContext<Session | null>(null);

/** For rooms: there is always somebody signed in around them. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("a room is shown without a session around it");
  return session;
}

/** A session that is given, for tests. */
export function GivenSession(props: { session: Session; children: ReactNode }) {
  return <SessionContext.Provider value={props.session}>{props.children}</SessionContext.Provider>;
}

export interface Gate {
  state: State;
  signIn: (key: string) => Promise<void>;
  ask: () => void;
}

export function useGate(): Gate {
  const [state, setState] = useState<State>({ kind: "asking" });
  const ask = useCallback(() => {
    setState({ kind: "asking" });
    api.get("/v1/signIn/current", {}).then(
      (who) => setState({ kind: "in", who }),
      (error: ProblemError) => setState(error.status === 401 ? { kind: "out", reason: null } : { kind: "broken", error }),
    );
  }, []);
  useEffect(ask, [ask]);
  useEffect(
    () =>
      onSignedOut(() => {
        forgetEverything();
        setState((before) => ({ kind: "out", reason: before.kind === "in" ? "The sign-in is over. Sign in again to go on where you were." : null }));
      }),
    [],
  );
  const signIn = useCallback(async (key: string) => {
    const who = await api.post("/v1/signIn", { body: { key } });
    forgetEverything();
    setState({ kind: "in", who });
  }, []);
  return { state, signIn, ask };
}

function may(who: SignedIn, scope: Schemas["Scope"]): boolean {
  return who.isRoot || who.scopes.includes("admin") || who.scopes.includes(scope);
}

/** Puts a session around the rooms. The tenant stands in the address, so that an address means the same for everybody. */
export function SessionAround(props: { who: SignedIn; onOut: () => void; children: ReactNode }) {
  const { who, onOut } = props;
  const location = useLocation();
  const named = location.query.get("tenant");
  const tenant = named && who.isRoot ? named : who.tenant;
  const [environment, setEnvironment] = useState<string | null>(() => localStorage.getItem(ENVIRONMENT));
  const session = useMemo<Session>(
    () => ({
      who,
      tenant,
      environment,
      chooseTenant: (chosen) => navigate(chosen === who.tenant ? "/agents" : `/agents?tenant=${encodeURIComponent(chosen)}`, { keepTenant: false }),
      chooseEnvironment: (chosen) => {
        if (chosen) localStorage.setItem(ENVIRONMENT, chosen);
        else localStorage.removeItem(ENVIRONMENT);
        setEnvironment(chosen);
      },
      signOut: async () => {
        await api.delete("/v1/signIn/current", {}).catch(() => undefined);
        forgetEverything();
        onOut();
      },
      may: (scope) => may(who, scope),
    }),
    [who, tenant, environment, onOut],
  );
  return <SessionContext.Provider value={session}>{props.children}</SessionContext.Provider>;
}
