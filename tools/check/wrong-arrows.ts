import { impureNames, insiders, keptPackages, pureRooms, rooms } from "./arrows.ts";
import type { SourceFile, SourceTree, Target } from "./tree.ts";

const engineDoor = "lib/engine/ports.ts";
const isTesting = (file: string): boolean => /(^|\/)testing(\/|\.ts$)/.test(file);
const isTest = (file: string): boolean => /\.test\.tsx?$/.test(file) || isTesting(file);

/** The room of a file, or undefined for one that is in none: a new room needs a row in arrows.ts. */
export function roomOf(file: string): string | undefined {
  const named = Object.keys(rooms).filter((room) => file === room || file.startsWith(`${room}/`));
  const longest = named.sort((a, b) => b.length - a.length)[0];
  return longest ?? (file.includes("/") ? undefined : "(configuration)");
}

/** One line for each import that DESIGN does not allow: `FILE:LINE imports X: why not`. */
export function wrongArrows(tree: SourceTree): string[] {
  return tree.files.flatMap((file) => {
    const room = roomOf(file.path);
    if (room === undefined) return [`${file.path} is in no room: move it, or add a row to tools/check/arrows.ts`];
    const wrong = file.targets.flatMap(({ specifier, line, to }) => {
      const why = refusal(file.path, room, to);
      return why ? [`${file.path}:${line} imports ${specifier}: ${why}`] : [];
    });
    return [...wrong, ...impurities(file, room)];
  });
}

function refusal(from: string, room: string, to: Target): string | undefined {
  if (to.kind === "lost") return "it is outside the project";
  return to.kind === "package" ? packageRefusal(from, room, to.name) : fileRefusal(from, room, to.path);
}

function fileRefusal(from: string, room: string, target: string): string | undefined {
  const entered = roomOf(target);
  if (entered === room) return undefined;
  if (entered === undefined) return `${target} is in no room`;
  const allowed = rooms[room]?.to ?? [];
  const mayEnter =
    isTest(from) ||
    allowed.includes(entered) ||
    (allowed.includes("lib/*") && entered.startsWith("lib/")) ||
    (allowed.includes("engine/ports") && target === engineDoor);
  if (!mayEnter) {
    const list = allowed.length > 0 ? `only ${allowed.join(", ")}` : "no other room";
    return `${room} may import ${list}, not ${entered}`;
  }
  if (isTest(from) && isTesting(target)) return undefined;
  const doors = rooms[entered]?.doors?.map((name) => `${entered}/${name}`);
  // Texts, pictures and tables are no code: who may enter a room may read them.
  if (doors === undefined || !/\.[mc]?[jt]sx?$/.test(target) || insiders[from] === entered) return undefined;
  return doors.includes(target) ? undefined : `${entered} is entered only by ${doors.join(" or ")}`;
}

function packageRefusal(from: string, room: string, name: string): string | undefined {
  if (name.startsWith("node:") && rooms[room]?.noNode && !isTest(from)) return `${room} uses nothing of Node`;
  const rule = keptPackages.find(({ packages }) => packages.includes(name));
  if (rule === undefined || rule.only.some((place) => place === room || from === place || from.startsWith(`${place}/`)))
    return undefined;
  return rule.why;
}

function impurities(file: SourceFile, room: string): string[] {
  if (!pureRooms.includes(room) || isTest(file.path)) return [];
  return file.names
    .filter(({ name }) => impureNames.includes(name))
    .map(({ name, line }) => `${file.path}:${line} uses ${name}: ${room} is pure, time and chance are given to it`);
}
