"use client";

import { Button, Menu, useMantineColorScheme } from "@mantine/core";
import { Check, CircleUser, LogOut, Monitor, Moon, Sun } from "lucide-react";
import { signOut } from "../../lib/client/index.ts";
import classes from "./account-menu.module.css";

const schemes = [
  { value: "auto", words: "As the system", Icon: Monitor },
  { value: "light", words: "Light", Icon: Sun },
  { value: "dark", words: "Dark", Icon: Moon },
] as const;

const leave = async () => {
  await signOut();
  window.location.assign("/sign-in");
};

/** Who is signed in, the colours, and the way out. */
export function AccountMenu({ person, role }: { readonly person: string; readonly role: "provider" | "customer" }) {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu position="bottom-end" width={220} withinPortal>
      <Menu.Target>
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
      </Menu.Target>
      <Menu.Dropdown aria-label={`Account of ${person}`}>
        <Menu.Label>
          {person}, {role}
        </Menu.Label>
        <Menu.Divider />
        <Menu.Label>Colours</Menu.Label>
        {schemes.map(({ value, words, Icon }) => (
          <Menu.Item
            key={value}
            role="menuitemradio"
            aria-checked={colorScheme === value}
            closeMenuOnClick={false}
            leftSection={<Icon size={15} aria-hidden="true" />}
            rightSection={colorScheme === value ? <Check size={15} aria-hidden="true" /> : null}
            onClick={() => setColorScheme(value)}
          >
            {words}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<LogOut size={15} aria-hidden="true" />} onClick={() => void leave()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
