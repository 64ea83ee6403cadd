-- AlterTable
ALTER TABLE "application" ADD COLUMN     "answer_within_ms" INTEGER NOT NULL DEFAULT 10000,
ADD COLUMN     "fallback" TEXT NOT NULL DEFAULT 'own-disk',
ADD COLUMN     "finish_within_ms" INTEGER NOT NULL DEFAULT 300000;

-- AlterTable
ALTER TABLE "audit" ADD COLUMN     "key_id" TEXT;

-- AlterTable
ALTER TABLE "image" ADD COLUMN     "boot" JSONB NOT NULL,
ADD COLUMN     "format" TEXT NOT NULL,
ADD COLUMN     "path" TEXT NOT NULL,
ADD COLUMN     "words" TEXT NOT NULL;

-- AlterTable
ALTER TABLE "vm" ADD COLUMN     "address" TEXT;

-- CreateTable
CREATE TABLE "api_key" (
    "id" TEXT NOT NULL,
    "organization_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "scopes" TEXT[],
    "digest" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "endpoint" (
    "organization_id" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "secret" TEXT NOT NULL,
    "ok" BOOLEAN NOT NULL,
    "words" TEXT,
    "tried_at" TIMESTAMPTZ(3),

    CONSTRAINT "endpoint_pkey" PRIMARY KEY ("organization_id")
);

-- CreateTable
CREATE TABLE "manager_claim" (
    "organization_id" TEXT NOT NULL,
    "instance" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "heard_at" TIMESTAMPTZ(3) NOT NULL,
    "released_at" TIMESTAMPTZ(3),

    CONSTRAINT "manager_claim_pkey" PRIMARY KEY ("organization_id")
);

-- CreateTable
CREATE TABLE "sensor_report" (
    "application_id" TEXT NOT NULL,
    "organization_id" TEXT NOT NULL,
    "reported_at" TIMESTAMPTZ(3) NOT NULL,
    "sensors" JSONB NOT NULL,
    "told_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sensor_report_pkey" PRIMARY KEY ("application_id")
);

-- CreateTable
CREATE TABLE "conversation_message" (
    "id" TEXT NOT NULL,
    "position" BIGSERIAL NOT NULL,
    "organization_id" TEXT NOT NULL,
    "incident_id" TEXT,
    "repair_id" TEXT,
    "from" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "kind" TEXT NOT NULL,
    "message" JSONB NOT NULL,
    "key" TEXT,
    "by" TEXT,
    "received_at" TIMESTAMPTZ(3),
    "settled_at" TIMESTAMPTZ(3),

    CONSTRAINT "conversation_message_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "allocation" (
    "id" TEXT NOT NULL,
    "organization_id" TEXT NOT NULL,
    "application_id" TEXT NOT NULL,
    "image_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "memory_mib" INTEGER NOT NULL,
    "vcpus" INTEGER NOT NULL,
    "apart" TEXT,
    "ssh_keys" TEXT[],
    "state" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "uuid" TEXT NOT NULL,
    "host_id" TEXT,
    "vm_id" TEXT,
    "asked_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "words" TEXT NOT NULL,
    "key" TEXT NOT NULL,

    CONSTRAINT "allocation_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "api_key_digest_key" ON "api_key"("digest");

-- CreateIndex
CREATE INDEX "api_key_organization_id_idx" ON "api_key"("organization_id");

-- CreateIndex
CREATE UNIQUE INDEX "conversation_message_position_key" ON "conversation_message"("position");

-- CreateIndex
CREATE UNIQUE INDEX "conversation_message_key_key" ON "conversation_message"("key");

-- CreateIndex
CREATE INDEX "conversation_message_repair_id_position_idx" ON "conversation_message"("repair_id", "position");

-- CreateIndex
CREATE INDEX "undelivered_messages" ON "conversation_message"("position") WHERE ("from" = 'provider' AND received_at IS NULL);

-- CreateIndex
CREATE INDEX "unsettled_messages" ON "conversation_message"("position") WHERE ("from" = 'customer' AND settled_at IS NULL);

-- CreateIndex
CREATE UNIQUE INDEX "conversation_message_incident_id_organization_id_from_seque_key" ON "conversation_message"("incident_id", "organization_id", "from", "sequence");

-- CreateIndex
CREATE UNIQUE INDEX "own_thread_sequence" ON "conversation_message"("organization_id", "from", "sequence") WHERE (incident_id IS NULL);

-- CreateIndex
CREATE UNIQUE INDEX "allocation_uuid_key" ON "allocation"("uuid");

-- CreateIndex
CREATE UNIQUE INDEX "allocation_vm_id_key" ON "allocation"("vm_id");

-- CreateIndex
CREATE INDEX "allocation_state_asked_at_idx" ON "allocation"("state", "asked_at");

-- CreateIndex
CREATE UNIQUE INDEX "allocation_organization_id_key_key" ON "allocation"("organization_id", "key");

-- CreateIndex
CREATE UNIQUE INDEX "one_allocation_per_address" ON "allocation"("address") WHERE (ended_at IS NULL);

-- CreateIndex
CREATE UNIQUE INDEX "one_allocation_per_name" ON "allocation"("organization_id", "name") WHERE (ended_at IS NULL);

-- CreateIndex
CREATE UNIQUE INDEX "image_name_key" ON "image"("name");

-- AddForeignKey
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "endpoint" ADD CONSTRAINT "endpoint_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "manager_claim" ADD CONSTRAINT "manager_claim_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sensor_report" ADD CONSTRAINT "sensor_report_application_id_fkey" FOREIGN KEY ("application_id") REFERENCES "application"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "conversation_message" ADD CONSTRAINT "conversation_message_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "allocation" ADD CONSTRAINT "allocation_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
