export { type Journal, type JournalOptions, memoryJournal, openJournal } from "./journal.ts";
