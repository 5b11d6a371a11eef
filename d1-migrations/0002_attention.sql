CREATE TABLE `approval_asked` (
	`team` text NOT NULL,
	`mission_id` text NOT NULL,
	`seq` integer NOT NULL,
	`gate_digest` text NOT NULL,
	`at` text NOT NULL,
	`words` integer NOT NULL,
	PRIMARY KEY(`team`, `mission_id`, `gate_digest`, `seq`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `approval_decision` (
	`team` text NOT NULL,
	`mission_id` text NOT NULL,
	`seq` integer NOT NULL,
	`gate_digest` text NOT NULL,
	`approver` text NOT NULL,
	`decision` text NOT NULL,
	`at` text NOT NULL,
	PRIMARY KEY(`team`, `mission_id`, `seq`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `decision_of_person` ON `approval_decision` (`team`,`approver`,`at`);