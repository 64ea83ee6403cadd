-- CreateTable: whether there is room for more saved states, as captures found it.
CREATE TABLE "checkpoint_room" (
    "id" INTEGER NOT NULL,
    "full_since" TIMESTAMPTZ(3),

    CONSTRAINT "checkpoint_room_pkey" PRIMARY KEY ("id")
);
