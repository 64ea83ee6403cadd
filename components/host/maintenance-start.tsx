import { NumberInput } from "@mantine/core";
import { useState } from "react";
import { beginMaintenance, fetchDrainPreview } from "../../lib/client/index.ts";
import type { CloudView, DrainPreview, HostView } from "../../lib/contract/index.ts";
import { useAsk } from "../cloud/use-ask.ts";
import { Form } from "../ui/form.tsx";
import { DrainPreviewList } from "./drain-preview-list.tsx";
import classes from "./host-page.module.css";

/** First what would happen, then the button that does it. */
export function MaintenanceStart({ cloud, host }: { readonly cloud: CloudView; readonly host: HostView }) {
  const looking = useAsk();
  const beginning = useAsk();
  const [preview, setPreview] = useState<DrainPreview | undefined>(undefined);
  const [parallel, setParallel] = useState<number | string>(1);
  const look = async () => setPreview(await looking.ask(() => fetchDrainPreview(host.id)));
  return (
    <div className={classes.padded}>
      <p>
        Its VMs are moved to other hosts while they run. Until the maintenance ends it gets no VMs, it is not fenced,
        and nothing is repaired against it.
      </p>
      <Form
        submit={preview === undefined ? "Preview" : "Preview again"}
        busy={looking.busy}
        problem={looking.problem}
        onSubmit={() => void look()}
      >
        {preview === undefined ? null : <DrainPreviewList preview={preview} cloud={cloud} />}
      </Form>
      {preview === undefined ? null : (
        <Form
          submit={`Begin maintenance of ${host.name}`}
          busy={beginning.busy}
          problem={beginning.problem}
          onSubmit={() => void beginning.ask(() => beginMaintenance(host.id, { parallel: Number(parallel) }))}
          onCancel={() => setPreview(undefined)}
        >
          <NumberInput
            label="VMs at once"
            description="More is quicker, and each VM's own move takes longer."
            min={1}
            max={16}
            allowDecimal={false}
            value={parallel}
            error={beginning.wrongAt("parallel")}
            onChange={setParallel}
          />
        </Form>
      )}
    </div>
  );
}
