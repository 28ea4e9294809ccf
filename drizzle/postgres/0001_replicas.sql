CREATE TABLE "changes" (
	"subject" text COLLATE "C" PRIMARY KEY NOT NULL,
	"number" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "home_pages" (
	"person" text COLLATE "C" PRIMARY KEY NOT NULL,
	"page" text COLLATE "C" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "leases" (
	"key" text COLLATE "C" PRIMARY KEY NOT NULL,
	"taken_by" text COLLATE "C" NOT NULL,
	"taken_until" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "limits" (
	"key" text COLLATE "C" PRIMARY KEY NOT NULL,
	"instants" text COLLATE "C" NOT NULL,
	"last_at" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "outbox" ADD COLUMN "taken_by" text COLLATE "C";--> statement-breakpoint
ALTER TABLE "outbox" ADD COLUMN "taken_until" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "outbox" ADD COLUMN "quiet_until" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "changes_number" ON "changes" USING btree ("number");--> statement-breakpoint
CREATE INDEX "limits_last" ON "limits" USING btree ("last_at");