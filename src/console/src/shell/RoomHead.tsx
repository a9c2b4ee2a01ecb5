// The top of a room: where one is, its title, and what can be done here.
import type { ReactNode } from "react";
import { useTitle } from "../lib/hooks";
import { Link } from "../lib/router";
import { PlainText } from "../ui/Json";

export function RoomHead(props: { title: string; crumbs?: readonly { label: string; to: string }[]; badge?: ReactNode; sub?: ReactNode; actions?: ReactNode }) {
  useTitle(props.title);
  return (
    <header className="room-head">
      <div className="room-head-titles">
        {props.crumbs && (
          <nav className="crumbs" aria-label="Where you are">
            {props.crumbs.map((crumb) => (
              <span key={crumb.to}>
                <Link to={crumb.to}>{crumb.label}</Link>
                <span className="quiet" aria-hidden="true">
                  {" / "}
                </span>
              </span>
            ))}
          </nav>
        )}
        <div className="row">
          <h1>
            <PlainText text={props.title} />
          </h1>
          {props.badge}
        </div>
        {props.sub && <div className="quiet small">{props.sub}</div>}
      </div>
      {props.actions && <div className="row">{props.actions}</div>}
    </header>
  );
}
