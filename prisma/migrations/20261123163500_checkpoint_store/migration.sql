-- AlterTable: which store holds the bytes, so that one that is away is not taken for one that has lost them.
ALTER TABLE "checkpoint" ADD COLUMN     "store_id" TEXT;
