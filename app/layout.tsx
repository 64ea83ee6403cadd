import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "uplot/dist/uPlot.min.css";
import "./globals.css";
import { ColorSchemeScript, mantineHtmlProps } from "@mantine/core";
import { GeistMono } from "geist/font/mono";
import { GeistSans } from "geist/font/sans";
import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import { SimulatedBanner } from "../components/shell/simulated.tsx";
import { Providers } from "./providers.tsx";
import { isSimulated } from "./who.ts";

export const metadata: Metadata = {
  title: { default: "Belay", template: "%s – Belay" },
  description: "Keeps applications alive when a host, a VM or a server fails.",
  icons: { icon: "/icon.svg" },
};

export const viewport: Viewport = { width: "device-width", initialScale: 1, colorScheme: "light dark" };

/** The banner stands here, so that no page of a simulated cloud can be without it. */
export default async function RootLayout({ children }: { children: ReactNode }) {
  const simulated = await isSimulated();
  return (
    <html lang="en" {...mantineHtmlProps} className={`${GeistSans.variable} ${GeistMono.variable}`}>
      <head>
        <ColorSchemeScript defaultColorScheme="auto" />
      </head>
      <body style={{ "--banner": simulated ? "28px" : "0px" }}>
        <Providers>
          {simulated ? <SimulatedBanner /> : null}
          {children}
        </Providers>
      </body>
    </html>
  );
}
