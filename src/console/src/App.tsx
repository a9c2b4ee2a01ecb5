// From the address to the room, and nobody in who is not signed in.
import { useMemo } from "react";
import { SessionAround, useGate } from "./api/session";
import { match, navigate, useLocation } from "./lib/router";
import { PLACES } from "./routes";
import { Shell } from "./shell/Shell";
import { SignIn } from "./shell/SignIn";
import { Empty, ErrorState, LinkButton } from "./ui";

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
  const found = useMemo(() => {
    for (const place of PLACES) {
      const params = match(place.pattern, path);
      if (params) return { place, params };
    }
    return null;
  }, [path]);
  if (path === "/") {
    navigate("/agents", { replace: true });
    return null;
  }
  if (!found) {
    return (
      <Empty icon="search" title="There is nothing at this address" action={<LinkButton to="/agents">To the agents</LinkButton>}>
        <code>{path}</code>
      </Empty>
    );
  }
  const { room: Found } = found.place;
  return <Found params={found.params} />;
}
