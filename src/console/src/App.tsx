// From the address to the room, and nobody in who is not signed in.
import { useEffect, useMemo } from "react";
import { SessionAround, useGate, useSession } from "./api/session";
import { navigate, placeAt, setPlaces, useLocation } from "./lib/router";
import { PLACES } from "./routes";
import { Shell } from "./shell/Shell";
import { homeFor } from "./shell/ways";
import { SignIn } from "./shell/SignIn";
import { Empty, ErrorState, LinkButton, Skeleton } from "./ui";

setPlaces(PLACES);

export function App() {
  const gate = useGate();
  const { state } = gate;
  if (state.kind === "asking") return null;
  if (state.kind === "broken") return <ErrorState error={state.error} onRetry={gate.ask} />;
  if (state.kind === "out") return <SignIn reason={state.reason} onKey={gate.signIn} />;
  return (
    <SessionAround who={state.who} onOut={gate.ask}>
      <Shell>
        <Room />
      </Shell>
    </SessionAround>
  );
}

function Room() {
  const { path } = useLocation();
  const { tenant, may } = useSession();
  const found = useMemo(() => placeAt(path), [path]);
  useEffect(() => found?.place.readAhead?.(found.params, tenant), [found, tenant]);
  if (path === "/") {
    navigate(homeFor(may), { replace: true });
    return null;
  }
  if (!found) {
    return (
      <Empty icon="search" title="There is nothing at this address" action={<LinkButton to={homeFor(may)}>To the beginning</LinkButton>}>
        <code>{path}</code>
      </Empty>
    );
  }
  const { room: Found } = found.place;
  return <Found params={found.params} waiting={<div className="room"><Skeleton /></div>} />;
}
