import { Button } from "@mantine/core";
import { Settings2 } from "lucide-react";
import type { ReactNode } from "react";
import { useDialogs } from "./dialogs.tsx";

export interface SettingsButtonProps {
  /** Of the dialog, and of the button for who does not see where it stands. */
  readonly title: string;
  readonly content: (close: () => void) => ReactNode;
}

/** On a card: opens a dialog with the settings of what the card is about. */
export function SettingsButton({ title, content }: SettingsButtonProps) {
  const open = useDialogs();
  return (
    <Button
      size="compact-xs"
      variant="default"
      leftSection={<Settings2 size={12} aria-hidden="true" />}
      aria-label={title}
      onClick={() => open({ title, content })}
    >
      Settings
    </Button>
  );
}
