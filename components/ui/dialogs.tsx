import { useWindowEvent } from "@mantine/hooks";
import { createContext, type ReactNode, useCallback, useContext, useState } from "react";
import { Dialog } from "./dialog.tsx";

export interface DialogAsked {
  readonly title: string;
  /** Drawn only while the dialog is open. Given ids, it looks the things up itself: they change while a person reads. */
  readonly content: (close: () => void) => ReactNode;
}

type Open = (asked: DialogAsked) => void;

const OpenDialog = createContext<Open>(() => {});

/** Opens a dialog that outlives the button that asked for it. */
export const useDialogs = (): Open => useContext(OpenDialog);

/**
 * Above all pages, the one dialog of things that a page draws in a place of theirs. A VM that moves is drawn anew in another host's
 * column, and a page that was asked for may arrive late: neither may take away what a person has typed.
 */
export function Dialogs({ children }: { readonly children: ReactNode }) {
  const [asked, setAsked] = useState<DialogAsked>({ title: "", content: () => null });
  const [opened, setOpened] = useState(false);
  const close = useCallback(() => setOpened(false), []);
  const open = useCallback<Open>((next) => {
    setAsked(next);
    setOpened(true);
  }, []);
  useWindowEvent("popstate", close); // who goes back leaves the dialog too
  return (
    <OpenDialog value={open}>
      {children}
      <Dialog title={asked.title} opened={opened} onClose={close}>
        {asked.content(close)}
      </Dialog>
    </OpenDialog>
  );
}
