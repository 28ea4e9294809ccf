CREATE TABLE `revoked_tries` (
	`token_id` text PRIMARY KEY NOT NULL,
	`try_count` integer NOT NULL,
	`last_tried_at` integer NOT NULL,
	FOREIGN KEY (`token_id`) REFERENCES `tokens`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE TABLE `token_uses_by_hour` (
	`hour` integer NOT NULL,
	`token_id` text NOT NULL,
	`use_count` integer NOT NULL,
	PRIMARY KEY(`hour`, `token_id`),
	FOREIGN KEY (`token_id`) REFERENCES `tokens`(`id`) ON UPDATE no action ON DELETE no action
) STRICT, WITHOUT ROWID;
