import { Alert, Button } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./form.module.css";

/** Why the server said no. */
export interface Problem {
  readonly message: string;
  readonly cure?: string | undefined;
  readonly field?: string | undefined;
}

export interface FormProps {
  readonly submit: string;
  readonly busy: boolean;
  readonly problem: Problem | undefined;
  readonly onSubmit: () => void;
  /** Where the form is a dialog: its button to leave. */
  readonly onCancel?: () => void;
  /** What is done hurts: the button says so by its colour too. */
  readonly dangerous?: boolean;
  /** The button cannot be used yet. */
  readonly disabled?: boolean;
  readonly children: ReactNode;
}

/** Inputs, the server's refusal with its cure, and the buttons. */
export function Form({ submit, busy, problem, onSubmit, onCancel, dangerous, disabled, children }: FormProps) {
  return (
    <form
      className={classes.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
      {problem === undefined ? null : (
        <Alert className={classes.problem} role="alert">
          {problem.message} {problem.cure}
        </Alert>
      )}
      <div className={classes.actions}>
        {onCancel === undefined ? null : (
          <Button variant="default" onClick={onCancel} {...(dangerous === true && { "data-autofocus": true })}>
            Cancel
          </Button>
        )}
        <Button
          type="submit"
          loading={busy}
          disabled={disabled === true}
          {...(dangerous === true && { className: classes.dangerous })}
        >
          {submit}
        </Button>
      </div>
    </form>
  );
}
