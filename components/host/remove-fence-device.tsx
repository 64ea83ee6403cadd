import { removeFenceDevice } from "../../lib/client/index.ts";
import type { FenceDeviceView, HostView } from "../../lib/contract/index.ts";
import { useAsk } from "../cloud/use-ask.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Form } from "../ui/form.tsx";

export interface RemoveFenceDeviceProps {
  readonly host: HostView;
  /** undefined while nothing is asked. */
  readonly device: FenceDeviceView | undefined;
  readonly onClose: () => void;
}

export function RemoveFenceDevice({ host, device, onClose }: RemoveFenceDeviceProps) {
  const { busy, problem, ask } = useAsk();
  const remove = async (gone: FenceDeviceView) => {
    if ((await ask(() => removeFenceDevice(gone.id))) !== undefined) onClose();
  };
  return (
    <Dialog title={`Remove a power switch of ${host.name}?`} opened={device !== undefined} onClose={onClose}>
      {device === undefined ? null : (
        <Form
          submit="Remove"
          dangerous
          busy={busy}
          problem={problem}
          onSubmit={() => void remove(device)}
          onCancel={onClose}
        >
          <p>
            Belay can then no longer switch {host.name} off by <code>{device.agent}</code>. Without another way its VMs
            stay down when it dies.
          </p>
        </Form>
      )}
    </Dialog>
  );
}
