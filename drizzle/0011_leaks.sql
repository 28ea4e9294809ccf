CREATE TABLE `leaked_tokens` (
	`channel` text NOT NULL,
	`ts` text NOT NULL,
	`token_id` text NOT NULL,
	`made_at` integer NOT NULL,
	`is_there` integer NOT NULL,
	PRIMARY KEY(`channel`, `ts`, `token_id`),
	FOREIGN KEY (`token_id`) REFERENCES `tokens`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE INDEX `leaked_tokens_token` ON `leaked_tokens` (`token_id`);--> statement-breakpoint
CREATE TABLE `leaks` (
	`channel` text NOT NULL,
	`ts` text NOT NULL,
	`thread_ts` text,
	`place` text NOT NULL,
	`reason` text NOT NULL,
	`policy` text NOT NULL,
	`seen_at` integer NOT NULL,
	`cards` text NOT NULL,
	PRIMARY KEY(`channel`, `ts`)
) STRICT;
--> statement-breakpoint
CREATE INDEX `leaks_seen` ON `leaks` (`seen_at`);