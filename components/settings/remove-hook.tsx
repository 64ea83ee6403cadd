import { removeHook } from "../../lib/client/index.ts";
import type { HookView } from "../../lib/contract/index.ts";
import { useAsk } from "../cloud/use-ask.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Form } from "../ui/form.tsx";

export function RemoveHook({ hook, onClose }: { readonly hook: HookView | undefined; readonly onClose: () => void }) {
  const { busy, problem, ask } = useAsk();
  const remove = async (gone: HookView) => {
    if ((await ask(() => removeHook(gone.id))) !== undefined) onClose();
  };
  return (
    <Dialog title="Remove the hook?" opened={hook !== undefined} onClose={onClose}>
      {hook === undefined ? null : (
        <Form
          submit="Remove"
          dangerous
          busy={busy}
          problem={problem}
          onSubmit={() => void remove(hook)}
          onCancel={onClose}
        >
          <p>
            <code>{hook.program}</code> is then no longer run for this failure. The file stays where it is.
          </p>
        </Form>
      )}
    </Dialog>
  );
}
