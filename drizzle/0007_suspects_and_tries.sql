DROP INDEX `owners_due`;--> statement-breakpoint
ALTER TABLE `owners` ADD `is_suspected` integer DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX `owners_due` ON `owners` (`workspace`,`is_suspected`,`look_up_at`);--> statement-breakpoint
ALTER TABLE `messages` DROP COLUMN `placed_at`;--> statement-breakpoint
ALTER TABLE `messages` RENAME COLUMN `drawn_at` TO `tried_at`;
