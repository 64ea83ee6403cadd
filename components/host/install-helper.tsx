import { Button } from "@mantine/core";
import { CircleCheck, CircleX, LoaderCircle } from "lucide-react";
import { useState } from "react";
import { installHelper } from "../../lib/client/index.ts";
import type { HostView, InstallLine } from "../../lib/contract/index.ts";
import { Badge } from "../ui/badge.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Form } from "../ui/form.tsx";
import classes from "./host-page.module.css";

export interface InstallHelperProps {
  readonly host: HostView;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Puts belay-host on the host, step by step. */
export const InstallHelper = ({ host, opened, onClose }: InstallHelperProps) => (
  <Dialog title={`Install the helper on ${host.name}`} opened={opened} onClose={onClose}>
    <Steps host={host} onClose={onClose} />
  </Dialog>
);

function Steps({ host, onClose }: { readonly host: HostView; readonly onClose: () => void }) {
  const [busy, setBusy] = useState(false);
  const [lines, setLines] = useState<readonly InstallLine[]>([]);
  const last = lines.at(-1);
  const install = async () => {
    setBusy(true);
    setLines([]);
    await installHelper(host.id, (line) => setLines((known) => [...known, line]));
    setBusy(false);
  };
  if (last?.kind === "done")
    return (
      <>
        <Said lines={lines} busy={false} />
        <Button mt="md" onClick={onClose}>
          Close
        </Button>
      </>
    );
  return (
    <Form
      submit={last?.kind === "failed" ? "Try again" : "Install"}
      busy={busy}
      problem={last?.kind === "failed" ? last : undefined}
      onSubmit={() => void install()}
      onCancel={onClose}
    >
      <p>
        belay-host holds a lease for this host and feeds its watchdog. When the host is cut off and no power switch
        answers, it stops its guests before the lease ends, and they may start elsewhere. It needs Node 18 or newer on
        the host.
      </p>
      <Said lines={lines} busy={busy} />
    </Form>
  );
}

function Said({ lines, busy }: { readonly lines: readonly InstallLine[]; readonly busy: boolean }) {
  if (lines.length === 0 && !busy) return null;
  return (
    <ol className={classes.rows} aria-label="Steps of the installation">
      {lines.map((line, index) =>
        line.kind === "step" ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines are only ever added at the end
          <li key={index}>
            <span>{line.words}</span>
            <Badge tone="ok" icon={CircleCheck} word="done" />
          </li>
        ) : null,
      )}
      {busy ? (
        <li>
          <span>…</span>
          <Badge tone="busy" icon={LoaderCircle} word="under way" turning />
        </li>
      ) : null}
      {lines.at(-1)?.kind === "failed" ? (
        <li>
          <span>It was not finished.</span>
          <Badge tone="bad" icon={CircleX} word="failed" />
        </li>
      ) : null}
    </ol>
  );
}
