CREATE TABLE `changes` (
	`subject` text PRIMARY KEY NOT NULL,
	`number` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE INDEX `changes_number` ON `changes` (`number`);--> statement-breakpoint
CREATE TABLE `home_pages` (
	`person` text PRIMARY KEY NOT NULL,
	`page` text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `leases` (
	`key` text PRIMARY KEY NOT NULL,
	`taken_by` text NOT NULL,
	`taken_until` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `limits` (
	`key` text PRIMARY KEY NOT NULL,
	`instants` text NOT NULL,
	`last_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE INDEX `limits_last` ON `limits` (`last_at`);--> statement-breakpoint
ALTER TABLE `outbox` ADD `taken_by` text;--> statement-breakpoint
ALTER TABLE `outbox` ADD `taken_until` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `outbox` ADD `quiet_until` integer DEFAULT 0 NOT NULL;