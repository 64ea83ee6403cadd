"use client";

import { Alert, Button, PasswordInput, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { signIn } from "../../lib/client/index.ts";
import { PlainPage } from "../shell/plain-page.tsx";
import classes from "./sign-in.module.css";

/** The way in. A full load of the page follows, so nothing of an earlier person stays in memory. */
export function SignIn() {
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setProblem(undefined);
    const answer = await signIn(String(form.get("email")), String(form.get("password")));
    if (answer.ok) return window.location.assign("/");
    setProblem(answer.message);
    setBusy(false);
  };

  return (
    <PlainPage>
      <h1 className={classes.title}>Sign in</h1>
      {/* Sent before the page's own script runs it must not put a password into an address. */}
      <form className={classes.form} method="post" onSubmit={(event) => void submit(event)}>
        <TextInput
          label="E-mail"
          name="email"
          type="email"
          autoComplete="username"
          required
          withAsterisk={false}
          autoFocus
        />
        <PasswordInput label="Password" name="password" autoComplete="current-password" required withAsterisk={false} />
        {problem === undefined ? null : (
          <Alert color="red" role="alert" className={classes.problem}>
            {problem}
          </Alert>
        )}
        <Button type="submit" loading={busy} fullWidth>
          Sign in
        </Button>
      </form>
      <p className={classes.hint}>
        The first start printed its accounts and their passwords; they are kept in <code>accounts.json</code> of the
        data directory. Other accounts, and new passwords, come from whoever runs Belay (<code>npm run people</code>).
      </p>
    </PlainPage>
  );
}
