ALTER TABLE `revoked_tries` ADD `stopped_at` integer;--> statement-breakpoint
ALTER TABLE `revoked_tries` ADD `stopped_by` text;