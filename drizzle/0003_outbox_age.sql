ALTER TABLE `outbox` ADD `wanted_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `outbox_wanted` ON `outbox` (`wanted_at`);--> statement-breakpoint
UPDATE `outbox` SET `wanted_at` = `due_at`;
