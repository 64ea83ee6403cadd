import { runWrongManager } from "./manager.ts";

runWrongManager(process.argv[2] ?? ".", { acknowledgesEarly: true, ignoresDeadlines: true });
