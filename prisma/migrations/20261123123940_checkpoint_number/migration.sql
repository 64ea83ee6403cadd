-- DropIndex
DROP INDEX "checkpoint_vm_id_at_idx";

-- AlterTable: those that are there are numbered by the times that they say, for nothing else is known of them.
CREATE SEQUENCE "checkpoint_number_seq";
ALTER TABLE "checkpoint" ADD COLUMN     "number" BIGINT;
UPDATE "checkpoint" SET "number" = "ordered"."n"
  FROM (SELECT "id", row_number() OVER (ORDER BY "at", "id") AS "n" FROM "checkpoint") AS "ordered"
  WHERE "ordered"."id" = "checkpoint"."id";
SELECT setval('"checkpoint_number_seq"', (SELECT count(*) + 1 FROM "checkpoint"), false);
ALTER TABLE "checkpoint" ALTER COLUMN "number" SET DEFAULT nextval('"checkpoint_number_seq"'), ALTER COLUMN "number" SET NOT NULL;
ALTER SEQUENCE "checkpoint_number_seq" OWNED BY "checkpoint"."number";

-- CreateIndex
CREATE INDEX "checkpoint_vm_id_number_idx" ON "checkpoint"("vm_id", "number");
