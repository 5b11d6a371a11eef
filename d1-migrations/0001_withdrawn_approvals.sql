CREATE TABLE `withdrawn_approval` (
	`team` text NOT NULL,
	`approver` text NOT NULL,
	`mission_id` text NOT NULL,
	`seq` integer NOT NULL,
	`node_id` text NOT NULL,
	`gate_digest` text NOT NULL,
	`new_gate_digest` text,
	`cause` text NOT NULL,
	`at` text NOT NULL,
	PRIMARY KEY(`team`, `approver`, `mission_id`, `seq`)
);
--> statement-breakpoint
CREATE INDEX `withdrawn_newest` ON `withdrawn_approval` (`team`,`approver`,`at`);--> statement-breakpoint
ALTER TABLE `approval_request` ADD `requirement` text;