-- DropIndex
DROP INDEX "intent_ended_at_at_idx";

-- AlterTable
ALTER TABLE "application" ADD COLUMN     "checkpoint_every_ms" INTEGER;

-- AlterTable
ALTER TABLE "intent" ADD COLUMN     "by" TEXT,
ADD COLUMN     "wish" JSONB,
ALTER COLUMN "run_id" DROP NOT NULL;

-- AlterTable
ALTER TABLE "repair" ADD COLUMN     "called_checkpoint" TEXT;

-- AlterTable
ALTER TABLE "vm" ADD COLUMN     "checkpoint_every_ms" INTEGER,
ADD COLUMN     "checkpoint_group" TEXT,
ADD COLUMN     "standby" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "checkpoint" (
    "id" TEXT NOT NULL,
    "vm_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "method" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "generation" INTEGER NOT NULL,
    "run_id" INTEGER NOT NULL,
    "pause_ms" DOUBLE PRECISION NOT NULL,
    "took_ms" DOUBLE PRECISION NOT NULL,
    "whole_bytes" BIGINT NOT NULL,
    "changed_bytes" BIGINT NOT NULL,
    "stored_bytes" BIGINT NOT NULL,
    "verified_at" TIMESTAMPTZ(3),
    "kept" BOOLEAN NOT NULL,
    "words" TEXT NOT NULL,

    CONSTRAINT "checkpoint_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "checkpoint_status" (
    "vm_id" TEXT NOT NULL,
    "offer" JSONB,
    "last_at" TIMESTAMPTZ(3),
    "kept_every_ms" DOUBLE PRECISION,
    "trouble" TEXT,
    "standby" JSONB,
    "cost_ms" DOUBLE PRECISION,
    "took_ms" DOUBLE PRECISION,
    "told_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "checkpoint_status_pkey" PRIMARY KEY ("vm_id")
);

-- CreateIndex
CREATE INDEX "checkpoint_vm_id_at_idx" ON "checkpoint"("vm_id", "at");

-- CreateIndex
CREATE INDEX "intent_ended_at_kind_at_idx" ON "intent"("ended_at", "kind", "at");

-- AddForeignKey
ALTER TABLE "checkpoint" ADD CONSTRAINT "checkpoint_vm_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "vm"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "checkpoint_status" ADD CONSTRAINT "checkpoint_status_vm_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "vm"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
