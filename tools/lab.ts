/** `npm run lab -- COMMAND`: the lab's own commands, and those that need all of Belay on it. */
const program = process.argv[2] === "soak" ? import("./soak/main.ts") : import("../lab/main.ts");
await program;

export {};
