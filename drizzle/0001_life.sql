CREATE TABLE `notices` (
	`token_id` text NOT NULL,
	`kind` text NOT NULL,
	`due_at` integer NOT NULL,
	`sent_at` integer,
	PRIMARY KEY(`token_id`, `kind`),
	FOREIGN KEY (`token_id`) REFERENCES `tokens`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE INDEX `notices_due` ON `notices` (`due_at`) WHERE sent_at is null;--> statement-breakpoint
CREATE TABLE `secret_usage` (
	`lookup_id` text PRIMARY KEY NOT NULL,
	`last_used_at` integer NOT NULL
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `__new_token_usage` (
	`token_id` text PRIMARY KEY NOT NULL,
	`last_used_at` integer,
	`use_count` integer NOT NULL,
	`refused_count` integer NOT NULL,
	`last_refused_at` integer,
	`addresses` text NOT NULL,
	FOREIGN KEY (`token_id`) REFERENCES `tokens`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
INSERT INTO `__new_token_usage`("token_id", "last_used_at", "use_count", "refused_count", "last_refused_at", "addresses") SELECT "token_id", "last_used_at", "use_count", 0, NULL, '[]' FROM `token_usage`;--> statement-breakpoint
DROP TABLE `token_usage`;--> statement-breakpoint
ALTER TABLE `__new_token_usage` RENAME TO `token_usage`;--> statement-breakpoint
ALTER TABLE `secrets` ADD `generation` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `tokens_created_by` ON `tokens` (`workspace`,`created_by`,`created_at`);--> statement-breakpoint
CREATE INDEX `tokens_unclaimed` ON `tokens` (`workspace`,`created_at`) WHERE claimed_at is null and revoked_at is null;--> statement-breakpoint
INSERT INTO `notices` (`token_id`, `kind`, `due_at`) SELECT `id`, `column1`, `expires_at` - `column2` * 86400000 FROM `tokens`, (VALUES ('expires_in_14_days', 14), ('expires_in_7_days', 7), ('expires_tomorrow', 1)) WHERE `revoked_at` IS NULL AND `expires_at` - `column2` * 86400000 > `claimed_at`;
