import "react";

declare module "react" {
  /** Components pass figures and colours to their style sheets by CSS variables. */
  interface CSSProperties {
    [variable: `--${string}`]: string | number | undefined;
  }
}
