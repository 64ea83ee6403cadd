import { Button, CopyButton } from "@mantine/core";
import classes from "./access.module.css";

/** Something that is shown this once. */
export function Secret({
  words,
  secret,
  onClose,
}: {
  readonly words: string;
  readonly secret: string;
  readonly onClose: () => void;
}) {
  return (
    <div className={classes.secret}>
      <p>It is shown this once. {words}</p>
      <code>{secret}</code>
      <div className={classes.actions}>
        <CopyButton value={secret}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy}>
              {copied ? "Copied" : "Copy"}
            </Button>
          )}
        </CopyButton>
        <Button onClick={onClose}>I have it</Button>
      </div>
    </div>
  );
}
