// Our name and sign.
import { hrefOf } from "../lib/router";

export function Brand() {
  return (
    <a className="brand" href={hrefOf("/agents")}>
      <span className="brand-sign" aria-hidden="true">
        <svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round">
          <path d="M2.5 8H6M10 8h3.5M8 4.5v7" />
        </svg>
      </span>
      Flowgate
    </a>
  );
}
