"use client";

import { Alert, Button, PasswordInput } from "@mantine/core";
import { KeyRound } from "lucide-react";
import { useState } from "react";
import { changePassword } from "../../lib/client/index.ts";
import classes from "./account-menu.module.css";

/** As the server has it (lib/api/auth.ts). */
const leastCharacters = 12;

type Step =
  | { readonly at: "closed" }
  | { readonly at: "open"; readonly sending: boolean; readonly refused: string | undefined }
  | { readonly at: "done" };

/** A person's own password: the old one and a new one. Their sessions elsewhere end. */
export function ChangePassword() {
  const [step, setStep] = useState<Step>({ at: "closed" });
  if (step.at !== "open")
    return (
      <>
        {step.at === "done" && (
          <p role="status" className={classes.role}>
            Your password is changed. You are signed out everywhere else.
          </p>
        )}
        <Button
          variant="default"
          size="xs"
          leftSection={<KeyRound size={14} aria-hidden="true" />}
          onClick={() => setStep({ at: "open", sending: false, refused: undefined })}
        >
          Change password
        </Button>
      </>
    );

  const change = async (form: FormData) => {
    setStep({ at: "open", sending: true, refused: undefined });
    const answer = await changePassword(String(form.get("current")), String(form.get("new")));
    setStep(answer.ok ? { at: "done" } : { at: "open", sending: false, refused: answer.message });
  };
  return (
    <form
      className={classes.body}
      method="post"
      onSubmit={(event) => {
        event.preventDefault();
        void change(new FormData(event.currentTarget));
      }}
    >
      <PasswordInput
        size="xs"
        label="Password now"
        name="current"
        autoComplete="current-password"
        required
        withAsterisk={false}
      />
      <PasswordInput
        size="xs"
        label="New password"
        description={`${leastCharacters} characters or more`}
        name="new"
        autoComplete="new-password"
        minLength={leastCharacters}
        required
        withAsterisk={false}
      />
      {step.refused !== undefined && (
        <Alert color="red" role="alert" p="xs">
          {step.refused}
        </Alert>
      )}
      <Button type="submit" size="xs" loading={step.sending}>
        Change password
      </Button>
    </form>
  );
}
