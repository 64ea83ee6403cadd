import { ActionIcon, Button } from "@mantine/core";
import { CircleCheck, CircleOff, Pencil, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import type { HookView } from "../../lib/contract/index.ts";
import { causes } from "../../lib/model/index.ts";
import { Badge } from "../ui/badge.tsx";
import { Panel } from "../ui/panel.tsx";
import { Situation } from "../ui/situation.tsx";
import { HookDialog } from "./hook-dialog.tsx";
import { RemoveHook } from "./remove-hook.tsx";
import classes from "./settings.module.css";

type Asked = { readonly what: "add" } | { readonly what: "change" | "remove"; readonly hook: HookView };

/** The provider's own programs, each for one failure. */
export function Hooks({ hooks }: { readonly hooks: readonly HookView[] }) {
  const [asked, setAsked] = useState<Asked | undefined>(undefined);
  const close = () => setAsked(undefined);
  return (
    <Panel
      title="Hooks"
      aside={
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<Plus size={12} aria-hidden="true" />}
          onClick={() => setAsked({ what: "add" })}
        >
          Add a hook
        </Button>
      }
    >
      {hooks.length === 0 ? (
        <Situation
          kind="empty"
          title="None."
          words="A hook is a program of yours that Belay runs for a failure: instead of its own repair, or beside it."
        />
      ) : (
        <ul aria-label="Hooks">
          {hooks.map((hook) => (
            <li key={hook.id} className={classes.hook}>
              <div className={classes.program}>
                <code>{[hook.program, ...hook.args].join(" ")}</code>
                {hook.enabled ? (
                  <Badge tone="ok" icon={CircleCheck} word="On" />
                ) : (
                  <Badge tone="quiet" icon={CircleOff} word="Off" />
                )}
              </div>
              <p className={classes.words}>
                When {causes[hook.cause]}:{" "}
                {hook.role === "instead" ? "it is the repair" : "it is told, and Belay repairs"}, at most{" "}
                {hook.timeoutMs / 1000} s.
              </p>
              <div className={classes.buttons}>
                <ActionIcon
                  variant="default"
                  aria-label={`Change hook ${hook.program}`}
                  onClick={() => setAsked({ what: "change", hook })}
                >
                  <Pencil size={14} aria-hidden="true" />
                </ActionIcon>
                <ActionIcon
                  variant="default"
                  aria-label={`Remove hook ${hook.program}`}
                  onClick={() => setAsked({ what: "remove", hook })}
                >
                  <Trash2 size={14} aria-hidden="true" />
                </ActionIcon>
              </div>
            </li>
          ))}
        </ul>
      )}
      <HookDialog
        hook={asked?.what === "change" ? asked.hook : undefined}
        opened={asked?.what === "add" || asked?.what === "change"}
        onClose={close}
      />
      <RemoveHook hook={asked?.what === "remove" ? asked.hook : undefined} onClose={close} />
    </Panel>
  );
}
