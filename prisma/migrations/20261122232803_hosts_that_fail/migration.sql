-- By hand: a UUID is one VM from now on. Where one was moved by hand and Belay had taken it up a second time, the one that lives stays,
-- or the newest; what was open for the others ends.
WITH ranked AS (
    SELECT "id", row_number() OVER (
        PARTITION BY "uuid"
        ORDER BY ("state" IN ('running', 'paused', 'suspended', 'stopping', 'crashed')) DESC, "adopted_at" DESC, "id" DESC
    ) AS "place"
    FROM "vm" WHERE "removed_at" IS NULL
)
UPDATE "vm" SET "removed_at" = now() WHERE "id" IN (SELECT "id" FROM ranked WHERE "place" > 1);

UPDATE "repair" SET "state" = 'handed-over', "words" = "repair"."words" || ' The VM is watched on another host.', "finished_at" = now()
FROM "vm" WHERE "vm"."id" = "repair"."vm_id" AND "vm"."removed_at" IS NOT NULL AND "repair"."finished_at" IS NULL;

UPDATE "incident" SET "state" = 'cleared', "words" = 'The VM is watched on another host.', "ended_at" = now()
FROM "vm" WHERE "vm"."id" = "incident"."vm_id" AND "vm"."removed_at" IS NOT NULL AND "incident"."ended_at" IS NULL;

UPDATE "intent" SET "ok" = false, "words" = 'The VM is watched on another host.', "ended_at" = now()
FROM "vm" WHERE "vm"."id" = "intent"."vm_id" AND "vm"."removed_at" IS NOT NULL AND "intent"."ended_at" IS NULL;

-- DropIndex
DROP INDEX "one_vm_per_host_and_uuid";

-- AlterTable
ALTER TABLE "host" ADD COLUMN     "fence_proof" JSONB,
ADD COLUMN     "health" TEXT NOT NULL DEFAULT 'green',
ADD COLUMN     "helper" JSONB,
ADD COLUMN     "protection_ok" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "protection_words" TEXT NOT NULL DEFAULT 'Not protected: it has no tested fence device and no helper.',
ADD COLUMN     "rack" TEXT,
ADD COLUMN     "shared_paths" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "standing" TEXT NOT NULL DEFAULT 'in-use',
ADD COLUMN     "standing_words" TEXT;

-- AlterTable
ALTER TABLE "incident" ADD COLUMN     "awaits" TEXT,
ADD COLUMN     "part_of" TEXT,
ADD COLUMN     "said_off_at" TIMESTAMPTZ(3),
ADD COLUMN     "said_off_by" TEXT,
ALTER COLUMN "vm_id" DROP NOT NULL;

-- AlterTable
ALTER TABLE "repair" ADD COLUMN     "claims" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "released" BOOLEAN NOT NULL DEFAULT false,
ALTER COLUMN "vm_id" DROP NOT NULL;

-- AlterTable
ALTER TABLE "vm" ADD COLUMN     "apart" TEXT,
ADD COLUMN     "disk_paths" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "generation" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "moving_to" TEXT,
ADD COLUMN     "priority" INTEGER NOT NULL DEFAULT 5,
ADD COLUMN     "rollback_intolerant" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "together" TEXT;

-- CreateTable
CREATE TABLE "fence_device" (
    "id" TEXT NOT NULL,
    "host_id" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "agent" TEXT NOT NULL,
    "options" JSONB NOT NULL,
    "timeout_ms" INTEGER NOT NULL,
    "tested_at" TIMESTAMPTZ(3),
    "ok" BOOLEAN NOT NULL,
    "words" TEXT NOT NULL,

    CONSTRAINT "fence_device_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "hook" (
    "id" TEXT NOT NULL,
    "program" TEXT NOT NULL,
    "args" TEXT[],
    "cause" TEXT NOT NULL,
    "timeout_ms" INTEGER NOT NULL,
    "role" TEXT NOT NULL,
    "enabled" BOOLEAN NOT NULL,

    CONSTRAINT "hook_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "maintenance" (
    "id" TEXT NOT NULL,
    "host_id" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "parallel" INTEGER NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "words" TEXT NOT NULL,

    CONSTRAINT "maintenance_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "maintenance_move" (
    "maintenance_id" TEXT NOT NULL,
    "vm_id" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "to_host_id" TEXT,
    "state" TEXT NOT NULL,
    "phase" TEXT,
    "percent" DOUBLE PRECISION NOT NULL,
    "bytes_done" BIGINT NOT NULL,
    "bytes_total" BIGINT NOT NULL,
    "words" TEXT,

    CONSTRAINT "maintenance_move_pkey" PRIMARY KEY ("maintenance_id","vm_id")
);

-- CreateTable
CREATE TABLE "policy" (
    "id" INTEGER NOT NULL,
    "set" JSONB NOT NULL,

    CONSTRAINT "policy_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "tolerance" (
    "id" INTEGER NOT NULL,
    "list" JSONB NOT NULL,

    CONSTRAINT "tolerance_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "fence_device_host_id_idx" ON "fence_device"("host_id");

-- CreateIndex
CREATE INDEX "maintenance_ended_at_started_at_idx" ON "maintenance"("ended_at", "started_at");

-- CreateIndex
CREATE UNIQUE INDEX "one_open_maintenance_per_host" ON "maintenance"("host_id") WHERE (ended_at IS NULL);

-- CreateIndex
CREATE UNIQUE INDEX "maintenance_move_maintenance_id_position_key" ON "maintenance_move"("maintenance_id", "position");

-- CreateIndex
CREATE INDEX "incident_part_of_idx" ON "incident"("part_of");

-- CreateIndex
CREATE UNIQUE INDEX "one_open_incident_per_host" ON "incident"("host_id") WHERE (vm_id IS NULL AND ended_at IS NULL);

-- CreateIndex
CREATE UNIQUE INDEX "one_open_repair_per_incident" ON "repair"("incident_id") WHERE (finished_at IS NULL);

-- CreateIndex
CREATE INDEX "vm_host_id_idx" ON "vm"("host_id");

-- CreateIndex
CREATE UNIQUE INDEX "one_vm_per_uuid" ON "vm"("uuid") WHERE (removed_at IS NULL);

-- AddForeignKey
ALTER TABLE "incident" ADD CONSTRAINT "incident_part_of_fkey" FOREIGN KEY ("part_of") REFERENCES "incident"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "fence_device" ADD CONSTRAINT "fence_device_host_id_fkey" FOREIGN KEY ("host_id") REFERENCES "host"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "maintenance" ADD CONSTRAINT "maintenance_host_id_fkey" FOREIGN KEY ("host_id") REFERENCES "host"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "maintenance_move" ADD CONSTRAINT "maintenance_move_maintenance_id_fkey" FOREIGN KEY ("maintenance_id") REFERENCES "maintenance"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
