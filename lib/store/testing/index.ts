export { seededIds, seededRandom } from "./seeded.ts";
export { type TestDatabase, testDatabase } from "./test-database.ts";
