import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { checkpointsQuery } from "../../lib/client/index.ts";
import type { CheckpointStatusView } from "../../lib/contract/index.ts";
import type { VmId } from "../../lib/model/index.ts";

/** The list, asked for again each time that the VM's status says that there may be a newer one. */
export function useCheckpoints(id: VmId, status: CheckpointStatusView | undefined) {
  const { data, error, isPending, refetch } = useQuery(checkpointsQuery(id));
  const known = useRef(status);
  useEffect(() => {
    if (known.current === status) return;
    known.current = status;
    void refetch();
  }, [status, refetch]);
  return { checkpoints: data?.checkpoints ?? [], error, isPending, refetch };
}
