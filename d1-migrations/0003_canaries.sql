ALTER TABLE `mission` ADD `canary` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `mission_canary` ON `mission` (`team`,`id`) WHERE canary = 1;