export { type Journal, type JournalOptions, memoryJournal, openJournal, peekJournal } from "./journal.ts";
