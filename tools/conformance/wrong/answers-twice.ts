import { runWrongManager } from "./manager.ts";

runWrongManager(process.argv[2] ?? ".", { answersTwice: true });
