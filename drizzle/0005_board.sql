DROP INDEX `tokens_owner`;--> statement-breakpoint
ALTER TABLE `tokens` ADD `quiet_since` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
UPDATE `tokens` SET `quiet_since` = coalesce((SELECT `last_used_at` FROM `token_usage` WHERE `token_id` = `id`), `created_at`);--> statement-breakpoint
CREATE INDEX `tokens_end` ON `tokens` (`workspace`,`revoked_at`,`expires_at`,`claimed_at`,`quiet_since`,`created_at`);--> statement-breakpoint
CREATE INDEX `tokens_quiet` ON `tokens` (`workspace`,`quiet_since`,`expires_at`,`claimed_at`,`created_at`) WHERE revoked_at is null;--> statement-breakpoint
CREATE INDEX `tokens_owner` ON `tokens` (`workspace`,`owner`,`revoked_at`);--> statement-breakpoint
CREATE TABLE `__new_deliveries` (
	`key` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`token_id` text,
	FOREIGN KEY (`token_id`) REFERENCES `tokens`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
INSERT INTO `__new_deliveries`("key", "at", "token_id") SELECT "key", "at", "token_id" FROM `deliveries`;--> statement-breakpoint
DROP TABLE `deliveries`;--> statement-breakpoint
ALTER TABLE `__new_deliveries` RENAME TO `deliveries`;--> statement-breakpoint
CREATE INDEX `deliveries_at` ON `deliveries` (`at`);--> statement-breakpoint
ALTER TABLE `messages` ADD `placed_by` text;--> statement-breakpoint
ALTER TABLE `messages` ADD `placed_at` integer;--> statement-breakpoint
ALTER TABLE `messages` ADD `drawing` text;--> statement-breakpoint
ALTER TABLE `messages` ADD `drawn_at` integer;--> statement-breakpoint
CREATE UNIQUE INDEX `messages_board` ON `messages` (`channel`) WHERE kind = 'board';--> statement-breakpoint
CREATE INDEX `token_usage_refused` ON `token_usage` (`last_refused_at`) WHERE last_refused_at is not null;
