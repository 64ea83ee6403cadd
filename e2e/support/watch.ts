import type { Locator, Page } from "@playwright/test";

/**
 * Notes every value that an element's text, or its accessible label, has from now on: what is on the page for a tenth of a second is
 * not missed, as it would be by looking now and then.
 */
export async function notes(element: Locator, what: "text" | "label"): Promise<() => Promise<string[]>> {
  const noted = await element.evaluateHandle((watched, of) => {
    const values: string[] = [];
    const note = () => {
      const value = (of === "label" ? watched.getAttribute("aria-label") : watched.textContent) ?? "";
      if (values.at(-1) !== value) values.push(value);
    };
    note();
    new MutationObserver(note).observe(watched, {
      subtree: true,
      childList: true,
      characterData: true,
      attributeFilter: ["aria-label"],
    });
    return values;
  }, what);
  return () => noted.jsonValue();
}

/** Keeps everything that a page is told: frames of its sockets, also of later ones, and the bodies of its API's answers. */
export function ear() {
  const frames: string[] = [];
  const bodies: Promise<string>[] = [];
  return {
    async listen(page: Page): Promise<void> {
      page.on("websocket", (socket) => {
        socket.on("framereceived", ({ payload }) => void frames.push(payload.toString()));
      });
      page.on("response", (response) => {
        if (response.url().includes("/api/")) bodies.push(response.text().catch(() => ""));
      });
    },
    heard: async (): Promise<string> => [...frames, ...(await Promise.all(bodies))].join("\n"),
  };
}
