import classes from "./meter.module.css";

export interface MeterProps {
  readonly label: string;
  readonly value: number;
  readonly max: number;
  /** The figures in words, shown beside the label. */
  readonly words: string;
  /** It moves: a progress bar instead of a level. */
  readonly progress?: boolean;
}

/** How full something is, or how far; always with its figures. */
export function Meter({ label, value, max, words, progress = false }: MeterProps) {
  const share = max <= 0 ? (value > 0 ? 1 : 0) : Math.min(1, Math.max(0, value / max));
  const level = {
    role: progress ? "progressbar" : "meter",
    "aria-label": label,
    "aria-valuemin": 0,
    "aria-valuemax": 100,
    "aria-valuenow": Math.round(share * 100),
    "aria-valuetext": words,
  };
  return (
    <div className={classes.meter}>
      <div className={classes.head}>
        <span>{label}</span>
        <span className={classes.words}>{words}</span>
      </div>
      <div className={classes.track} {...level} data-over={value > max}>
        <div className={classes.bar} style={{ width: `${share * 100}%` }} />
      </div>
    </div>
  );
}
