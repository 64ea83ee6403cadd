import { ActionIcon, Button } from "@mantine/core";
import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { bytesWords, removeImage } from "../../lib/client/index.ts";
import type { ImageView } from "../../lib/contract/index.ts";
import { useAsk } from "../cloud/use-ask.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Form } from "../ui/form.tsx";
import { Panel } from "../ui/panel.tsx";
import { Situation } from "../ui/situation.tsx";
import classes from "./access.module.css";
import { AddImage } from "./add-image.tsx";

/** What VMs can be made from, and made anew from. */
export function ImagesPanel({
  images,
  mayChange,
}: {
  readonly images: readonly ImageView[];
  readonly mayChange: boolean;
}) {
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<ImageView | undefined>(undefined);
  return (
    <Panel
      title="Images"
      aside={
        mayChange ? (
          <Button
            size="compact-xs"
            variant="default"
            leftSection={<Plus size={12} aria-hidden="true" />}
            onClick={() => setAdding(true)}
          >
            Add an image
          </Button>
        ) : undefined
      }
    >
      {images.length === 0 ? (
        <Situation
          kind="empty"
          title="None."
          words={
            mayChange
              ? "An image is a disk below a shared path. Customers have VMs made from it, and made anew from it after a failure."
              : "Your provider offers no image yet, so no VM can be made, or made anew."
          }
        />
      ) : (
        <ul aria-label="Images">
          {images.map((image) => (
            <li key={image.id} className={classes.line}>
              <div>
                <p className={classes.name}>{image.name}</p>
                <p className={classes.words}>
                  {image.words} {bytesWords(image.sizeBytes)}
                  {image.path === null ? "" : `, ${image.path}`}
                </p>
              </div>
              {mayChange ? (
                <ActionIcon
                  variant="default"
                  aria-label={`Remove the image ${image.name}`}
                  onClick={() => setRemoving(image)}
                >
                  <Trash2 size={14} aria-hidden="true" />
                </ActionIcon>
              ) : null}
            </li>
          ))}
        </ul>
      )}
      <Dialog title="Add an image" opened={adding} onClose={() => setAdding(false)} size="lg">
        <AddImage onClose={() => setAdding(false)} />
      </Dialog>
      <Dialog
        title={`Remove the image ${removing?.name ?? ""}?`}
        opened={removing !== undefined}
        onClose={() => setRemoving(undefined)}
      >
        {removing === undefined ? null : <Remove image={removing} onClose={() => setRemoving(undefined)} />}
      </Dialog>
    </Panel>
  );
}

function Remove({ image, onClose }: { readonly image: ImageView; readonly onClose: () => void }) {
  const { busy, problem, ask } = useAsk();
  const remove = async () => {
    if ((await ask(() => removeImage(image.id))) !== undefined) onClose();
  };
  return (
    <Form submit="Remove it" busy={busy} problem={problem} dangerous onSubmit={() => void remove()} onCancel={onClose}>
      <p>No VM is made from it any more, nor made anew. The file stays, and so do the VMs.</p>
    </Form>
  );
}
