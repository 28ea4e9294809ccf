CREATE TABLE `audit_events` (
	`sequence` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`actor` text NOT NULL,
	`action` text NOT NULL,
	`token_id` text,
	`detail` text NOT NULL,
	`pepper_id` text NOT NULL,
	`mac` blob NOT NULL
) STRICT;
--> statement-breakpoint
CREATE INDEX `audit_events_token` ON `audit_events` (`token_id`);--> statement-breakpoint
CREATE TABLE `deliveries` (
	`key` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`token_id` text NOT NULL,
	FOREIGN KEY (`token_id`) REFERENCES `tokens`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE INDEX `deliveries_at` ON `deliveries` (`at`);--> statement-breakpoint
CREATE TABLE `messages` (
	`id` integer PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`token_id` text,
	`channel` text NOT NULL,
	`ts` text NOT NULL,
	FOREIGN KEY (`token_id`) REFERENCES `tokens`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `messages_kind_token` ON `messages` (`kind`,`token_id`);--> statement-breakpoint
CREATE TABLE `outbox` (
	`key` text PRIMARY KEY NOT NULL,
	`saying` text NOT NULL,
	`due_at` integer NOT NULL,
	`version` integer NOT NULL,
	`attempts` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE INDEX `outbox_due` ON `outbox` (`due_at`);--> statement-breakpoint
CREATE TABLE `refusal_counts` (
	`actor` text NOT NULL,
	`hour` integer NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`actor`, `hour`)
) STRICT;
--> statement-breakpoint
CREATE TABLE `secrets` (
	`lookup_id` text PRIMARY KEY NOT NULL,
	`token_id` text NOT NULL,
	`hash` text,
	`digest` blob,
	`pepper_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`shown_at` integer,
	`ends_at` integer,
	`name` text NOT NULL,
	`owner` text NOT NULL,
	`scopes` text NOT NULL,
	FOREIGN KEY (`token_id`) REFERENCES `tokens`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "secrets_emptied_whole" CHECK((hash is null) = (digest is null))
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `secrets_token` ON `secrets` (`token_id`);--> statement-breakpoint
CREATE TABLE `settings` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `token_usage` (
	`token_id` text PRIMARY KEY NOT NULL,
	`last_used_at` integer NOT NULL,
	`use_count` integer NOT NULL,
	FOREIGN KEY (`token_id`) REFERENCES `tokens`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE TABLE `tokens` (
	`id` text PRIMARY KEY NOT NULL,
	`workspace` text NOT NULL,
	`name` text NOT NULL,
	`name_key` text NOT NULL,
	`owner` text NOT NULL,
	`created_by` text NOT NULL,
	`purpose` text,
	`scopes` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`generation` integer NOT NULL,
	`claimed_at` integer,
	`revoked_at` integer,
	`revoked_by` text,
	`revoke_reason` text
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `tokens_name_key` ON `tokens` (`workspace`,`name_key`);--> statement-breakpoint
CREATE INDEX `tokens_owner` ON `tokens` (`workspace`,`owner`);
