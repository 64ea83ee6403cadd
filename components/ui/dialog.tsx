import { Modal } from "@mantine/core";
import type { ReactNode } from "react";

export interface DialogProps {
  readonly title: string;
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly size?: string;
  readonly children: ReactNode;
}

/**
 * What is asked before something is done. Its content is made anew each time that it opens. A click beside it does not close it: what was
 * typed, or a key that is shown this once, would be gone.
 */
export function Dialog({ title, opened, onClose, size = "md", children }: DialogProps) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={title}
      centered
      size={size}
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {opened ? children : null}
    </Modal>
  );
}
