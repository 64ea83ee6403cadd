import { defineConfig } from "vitest/config";

const none = ["node_modules/**", ".next/**", ".data/**", ".cache/**", "e2e/**"];

/** Three kinds of tests by what they need: nothing, a PostgreSQL of their own, or the lab (real libvirtd and QEMU, root). */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["**/*.test.ts", "**/*.test.tsx"],
          exclude: [...none, "**/*.db.test.ts", "**/*.lab.test.ts"],
        },
      },
      {
        test: {
          name: "db",
          include: ["**/*.db.test.ts"],
          exclude: none,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          globalSetup: "lib/store/testing/global-setup.ts",
        },
      },
      {
        test: {
          name: "lab",
          include: ["**/*.lab.test.ts"],
          exclude: none,
          testTimeout: 120_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
