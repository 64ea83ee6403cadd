import type { TestProject } from "vitest/node";
import { startTestServer } from "./test-server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Address of the template database of the PostgreSQL that all tests of the run share. */
    testServerUrl: string;
  }
}

/** One PostgreSQL for a whole run of the db tests. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestServer();
  project.provide("testServerUrl", server.postgres.url);
  return () => server.stop();
}
