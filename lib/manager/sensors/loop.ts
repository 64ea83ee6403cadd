import { Script, sh } from "../ssh/index.ts";
import type { Sensor } from "./sensors.ts";

/**
 * The program that looks, in one VM: busybox and the shell alone, a line for each look, over the kept connection, and ended with it. A
 * former one that has not noticed the end of its connection is ended first.
 */
export function loopScript(
  sensors: readonly { readonly number: number; readonly sensor: Sensor }[],
  everySeconds: number,
  addressOf: (vm: string) => string,
): Script {
  const looks = sensors.map(({ number, sensor }) => {
    const look = sh`words=
if
${sensor.look(addressOf)}
then echo ${number} ok; else say ${number} "$words"; fi`;
    return sensor.everyRounds === 1
      ? look
      : sh`if [ $((round % ${sensor.everyRounds})) -eq 0 ]; then
${look}
fi`;
  });
  // Tenths, as the shell knows whole numbers only and `sleep` knows both.
  const pause = (Math.round(everySeconds * 10) / 10).toFixed(1);
  return sh`export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mkdir -p /run/belay
{ read -r old < /run/belay/sensors.pid && kill "$old"; } 2> /dev/null
echo $$ > /run/belay/sensors.pid
# The first line of it.
say() { while read -r first; do echo "$1 failing $first"; return; done <<end
$2
end
}
round=0
while :; do
${looks.length > 0 ? looks : Script.empty}
echo beat
round=$((round + 1))
sleep ${pause} || exit
done`;
}

/** A line of the program; undefined for a beat, and for what is none of its lines. */
export function readLine(
  line: string,
): { readonly number: number; readonly look: "ok" | "failing"; readonly words: string } | undefined {
  const found = /^(\d+) (ok|failing)(?: (.*))?$/.exec(line);
  if (!found) return undefined;
  return {
    number: Number(found[1]),
    look: found[2] === "ok" ? "ok" : "failing",
    words: (found[3] ?? "").slice(0, 300),
  };
}
