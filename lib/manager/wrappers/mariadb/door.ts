/** What the techniques need of this kind of server: the recording of modification requests off the VM. */
export { recorderPassword, recorderUser } from "./accounts.ts";
export { isSemiSynchronous, serverIdOf } from "./config.ts";
export type { Mariadb } from "./database.ts";
export { formatOf, gtidOf, isKept, type LogEvent, readEvent, rotateTo } from "./events.ts";
export { dropBefore, eventsIn, newRecording, type Recording, recordingFiles } from "./recordings.ts";
