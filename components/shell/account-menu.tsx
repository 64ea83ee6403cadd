"use client";

import { Button, Popover, SegmentedControl, useMantineColorScheme } from "@mantine/core";
import { CircleUser, LogOut } from "lucide-react";
import { signOut } from "../../lib/client/index.ts";
import classes from "./account-menu.module.css";
import { ChangePassword } from "./change-password.tsx";

const schemes = [
  { value: "auto", label: "As system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
] as const;
type Scheme = (typeof schemes)[number]["value"];

const leave = async () => {
  await signOut();
  window.location.assign("/sign-in");
};

/** Who is signed in, the colours, their password, and the way out. */
export function AccountMenu({ person, role }: { readonly person: string; readonly role: "provider" | "customer" }) {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Popover position="bottom-end" width={264} trapFocus returnFocus>
      <Popover.Target>
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          className={classes.button}
          leftSection={<CircleUser size={17} aria-hidden="true" />}
          aria-label={`Account of ${person}`}
        >
          <span className={classes.name}>{person}</span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={classes.body}>
        <p>
          <strong>{person}</strong> <span className={classes.role}>signed in as {role}</span>
        </p>
        <SegmentedControl<Scheme>
          fullWidth
          size="xs"
          aria-label="Colours"
          data={[...schemes]}
          value={colorScheme}
          onChange={setColorScheme}
        />
        <ChangePassword />
        <Button
          variant="default"
          size="xs"
          leftSection={<LogOut size={14} aria-hidden="true" />}
          onClick={() => void leave()}
        >
          Sign out
        </Button>
      </Popover.Dropdown>
    </Popover>
  );
}
