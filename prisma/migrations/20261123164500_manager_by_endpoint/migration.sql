-- AlterTable: what was a sentence until now.
ALTER TABLE "endpoint" ADD COLUMN     "gone" BOOLEAN NOT NULL DEFAULT false;
UPDATE "endpoint" SET "gone" = true
  WHERE "words" = 'The endpoint answered 410 Gone: nothing more is sent to it until it is set or tested anew.';

-- AlterTable: a manager behind an endpoint has a right to act, too.
ALTER TABLE "manager_claim" ADD COLUMN     "by_endpoint" BOOLEAN NOT NULL DEFAULT false;
