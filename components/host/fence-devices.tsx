import { ActionIcon, Button, Table } from "@mantine/core";
import { CircleCheck, CircleDashed, CircleX, Pencil, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { agoWords, serverNow } from "../../lib/client/index.ts";
import type { FenceDeviceView, HostView } from "../../lib/contract/index.ts";
import { Badge } from "../ui/badge.tsx";
import { Panel } from "../ui/panel.tsx";
import { Situation } from "../ui/situation.tsx";
import { useNow } from "../ui/use-now.ts";
import { FenceDeviceDialog } from "./fence-device-dialog.tsx";
import classes from "./fence-devices.module.css";
import { RemoveFenceDevice } from "./remove-fence-device.tsx";

type Asked = { readonly what: "add" } | { readonly what: "change" | "remove"; readonly device: FenceDeviceView };

function TestBadge({ device }: { readonly device: FenceDeviceView }) {
  if (device.testedAt === null) return <Badge tone="busy" icon={CircleDashed} word="Not tested yet" />;
  return device.ok ? (
    <Badge tone="ok" icon={CircleCheck} word="Works" />
  ) : (
    <Badge tone="bad" icon={CircleX} word="Fails" />
  );
}

/** How Belay switches the host off, and when each way was last tried. */
export function FenceDevices({
  host,
  devices,
}: {
  readonly host: HostView;
  readonly devices: readonly FenceDeviceView[];
}) {
  const now = useNow(serverNow, 5_000);
  const [asked, setAsked] = useState<Asked | undefined>(undefined);
  const close = () => setAsked(undefined);
  const ordered = [...devices].sort((a, b) => a.position - b.position);
  const next = Math.max(0, ...ordered.map((it) => it.position)) + 1;
  return (
    <Panel
      title="Power switches"
      aside={
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<Plus size={12} aria-hidden="true" />}
          onClick={() => setAsked({ what: "add" })}
        >
          Add a power switch
        </Button>
      }
    >
      {ordered.length === 0 ? (
        <Situation
          kind="empty"
          title="None."
          words="When this host dies, its VMs may only start elsewhere once it is proven off. A power switch (IPMI, Redfish, a PDU) proves it within seconds."
        />
      ) : (
        <Table verticalSpacing={6} horizontalSpacing="md" className={classes.table}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Order</Table.Th>
              <Table.Th>Agent</Table.Th>
              <Table.Th>Last test</Table.Th>
              <Table.Th aria-label="Buttons" />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {ordered.map((device) => (
              <Table.Tr key={device.id}>
                <Table.Td>{device.position}</Table.Td>
                <Table.Td>
                  <code>{device.agent}</code>
                  <p className={classes.options}>
                    {Object.entries(device.options)
                      .map(([key, value]) => `${key}=${value}`)
                      .join("  ")}
                  </p>
                </Table.Td>
                <Table.Td>
                  <TestBadge device={device} />{" "}
                  {device.testedAt === null ? null : (
                    <span className={classes.when}>{agoWords(now - device.testedAt)} ago</span>
                  )}
                  <p className={classes.words}>{device.words}</p>
                </Table.Td>
                <Table.Td>
                  <div className={classes.buttons}>
                    <ActionIcon
                      variant="default"
                      aria-label={`Change power switch ${device.position}`}
                      onClick={() => setAsked({ what: "change", device })}
                    >
                      <Pencil size={14} aria-hidden="true" />
                    </ActionIcon>
                    <ActionIcon
                      variant="default"
                      aria-label={`Remove power switch ${device.position}`}
                      onClick={() => setAsked({ what: "remove", device })}
                    >
                      <Trash2 size={14} aria-hidden="true" />
                    </ActionIcon>
                  </div>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <FenceDeviceDialog
        host={host}
        device={asked?.what === "change" ? asked.device : undefined}
        position={next}
        opened={asked?.what === "add" || asked?.what === "change"}
        onClose={close}
      />
      <RemoveFenceDevice host={host} device={asked?.what === "remove" ? asked.device : undefined} onClose={close} />
    </Panel>
  );
}
