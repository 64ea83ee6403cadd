-- AlterTable: what was a sentence until now.
ALTER TABLE "allocation" ADD COLUMN     "taking_back" BOOLEAN NOT NULL DEFAULT false;
UPDATE "allocation" SET "taking_back" = true
  WHERE "ended_at" IS NULL AND "words" = 'It is taken away from the machine that it was to run on.';
