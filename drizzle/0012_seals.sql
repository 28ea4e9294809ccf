ALTER TABLE `secrets` ADD `seal` blob;--> statement-breakpoint
INSERT INTO `settings` (`key`, `value`) SELECT 'unsealed', 'before 0012' WHERE EXISTS (SELECT 1 FROM `secrets`);