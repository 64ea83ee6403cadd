-- AlterTable
ALTER TABLE "checkpoint" ADD COLUMN     "organization_id" TEXT;
