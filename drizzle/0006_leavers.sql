CREATE TABLE `owners` (
	`workspace` text NOT NULL,
	`person` text NOT NULL,
	`look_up_at` integer NOT NULL,
	`gone_at` integer,
	PRIMARY KEY(`workspace`, `person`)
) STRICT;
--> statement-breakpoint
CREATE INDEX `owners_due` ON `owners` (`workspace`,`look_up_at`);--> statement-breakpoint
CREATE INDEX `owners_gone` ON `owners` (`workspace`,`person`) WHERE gone_at is not null;--> statement-breakpoint
INSERT INTO `owners` (`workspace`, `person`, `look_up_at`) SELECT DISTINCT `workspace`, `owner`, 0 FROM `tokens` WHERE `revoked_at` IS NULL;
