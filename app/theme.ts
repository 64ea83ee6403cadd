import {
  type CSSVariablesResolver,
  createTheme,
  type MantineColorsTuple,
  Modal,
  Notification,
  Popover,
} from "@mantine/core";

const steel: MantineColorsTuple = [
  "#eaf3fc",
  "#d3e4f6",
  "#a6c8ec",
  "#76abe2",
  "#4e92da",
  "#3582d5",
  "#2470b8",
  "#0a58a8",
  "#084a8e",
  "#063b73",
];

/** Filled buttons take a shade on which white text has more than 4.5 : 1, in light and dark. */
export const theme = createTheme({
  primaryColor: "steel",
  primaryShade: { light: 7, dark: 7 },
  colors: { steel },
  fontFamily: "var(--font-text)",
  fontFamilyMonospace: "var(--font-mono)",
  defaultRadius: 6,
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Modal: Modal.extend({ styles: { title: { fontSize: 17, fontWeight: 620 } } }),
    Popover: Popover.extend({
      styles: { dropdown: { backgroundColor: "var(--surface)", borderColor: "var(--line-strong)" } },
    }),
    Notification: Notification.extend({
      styles: {
        root: { backgroundColor: "var(--surface)", border: "1px solid var(--line-strong)" },
        description: { color: "var(--ink-2)" },
      },
    }),
  },
});

/**
 * Mantine's own grounds and greys are replaced by Belay's: its dimmed text, placeholders and errors fail 4.5 : 1 in
 * light. They are given for both schemes, for Mantine's own are too, and would win.
 */
const ours = {
  "--mantine-color-body": "var(--surface)",
  "--mantine-color-text": "var(--ink)",
  "--mantine-color-dimmed": "var(--ink-3)",
  "--mantine-color-placeholder": "var(--ink-3)",
  "--mantine-color-error": "var(--bad)",
  "--mantine-color-anchor": "var(--link)",
  "--mantine-color-default": "var(--surface)",
  "--mantine-color-default-hover": "var(--sunken)",
  "--mantine-color-default-color": "var(--ink)",
  "--mantine-color-default-border": "var(--line-strong)",
  "--mantine-color-disabled": "var(--sunken)",
  "--mantine-color-disabled-color": "var(--ink-3)",
};

export const cssVariables: CSSVariablesResolver = () => ({ variables: {}, light: ours, dark: ours });
