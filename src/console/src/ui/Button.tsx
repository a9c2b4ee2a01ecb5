// What acts: buttons, and links that look like them.
import type { AnchorHTMLAttributes, ButtonHTMLAttributes, ReactNode } from "react";
import { hrefOf, useLocation } from "../lib/router";
import { Icon, type IconName } from "./Icon";

type Look = "plain" | "primary" | "danger" | "quiet";

interface Common {
  look?: Look;
  icon?: IconName;
  /** Only the icon is shown; the label is its name. */
  iconOnly?: boolean;
  small?: boolean;
}
export type ButtonProps = Common & ButtonHTMLAttributes<HTMLButtonElement> & { busy?: boolean };

function classes(props: Common, extra?: string): string {
  const { look = "plain", iconOnly, small } = props;
  return ["button", `button-${look}`, iconOnly && "button-icon", small && "button-small", extra].filter(Boolean).join(" ");
}

function inside(icon: IconName | undefined, iconOnly: boolean | undefined, children: ReactNode): ReactNode {
  return (
    <>
      {icon && <Icon name={icon} />}
      {iconOnly ? <span className="unseen">{children}</span> : children}
    </>
  );
}

export function Button({ look, icon, iconOnly, small, busy, className, children, type = "button", disabled, ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      className={classes({ look, iconOnly, small }, className)}
      aria-busy={busy || undefined}
      // A busy button keeps its focus; it only does nothing.
      aria-disabled={busy || disabled || undefined}
      disabled={disabled}
      title={iconOnly && typeof children === "string" ? children : undefined}
      {...rest}
      onClick={busy ? (event) => event.preventDefault() : rest.onClick}
    >
      {busy && <span className="spinner" aria-hidden="true" />}
      {inside(busy ? undefined : icon, iconOnly, children)}
    </button>
  );
}

export function LinkButton({ look, icon, iconOnly, small, className, children, to, ...rest }: Common & AnchorHTMLAttributes<HTMLAnchorElement> & { to: string }) {
  useLocation();
  return (
    <a href={hrefOf(to)} className={classes({ look, iconOnly, small }, className)} title={iconOnly && typeof children === "string" ? children : undefined} {...rest}>
      {inside(icon, iconOnly, children)}
    </a>
  );
}
