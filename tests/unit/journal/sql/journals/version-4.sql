BEGIN TRANSACTION;
CREATE TABLE apis (
	id INTEGER NOT NULL, 
	scope_id INTEGER NOT NULL, 
	api TEXT NOT NULL, 
	name TEXT NOT NULL, 
	tags TEXT NOT NULL, 
	endpoint_types TEXT NOT NULL, 
	created DOUBLE, 
	CONSTRAINT pk_apis PRIMARY KEY (id), 
	CONSTRAINT uq_apis_scope_id_api UNIQUE (scope_id, api), 
	CONSTRAINT fk_apis_scope_id FOREIGN KEY(scope_id) REFERENCES scopes (id)
);
INSERT INTO "apis" VALUES(2,1,'api0000001','orders-1','{"tier":"public"}','["REGIONAL"]',1700000000.0);
INSERT INTO "apis" VALUES(7,1,'api0000002','orders-2','{"tier":"public"}','["REGIONAL"]',1700000000.0);
INSERT INTO "apis" VALUES(10,1,'api0000003','orders-3','{"tier":"public"}','["REGIONAL"]',1700000000.0);
CREATE TABLE batchgw_schema (
	version INTEGER NOT NULL, 
	written_by VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_batchgw_schema PRIMARY KEY (version)
);
INSERT INTO "batchgw_schema" VALUES(4,'0.1.0');
CREATE TABLE changes (
	id INTEGER NOT NULL, 
	api_id INTEGER NOT NULL, 
	change VARCHAR(32) NOT NULL, 
	target TEXT NOT NULL, 
	action VARCHAR(16) NOT NULL, 
	before_id INTEGER, 
	after_id INTEGER, 
	intended_at DOUBLE, 
	rank SMALLINT NOT NULL, 
	kind VARCHAR(16), 
	code TEXT, 
	message TEXT, 
	attempts INTEGER DEFAULT '0' NOT NULL, 
	throttles INTEGER DEFAULT '0' NOT NULL, 
	waited DOUBLE DEFAULT '0' NOT NULL, 
	request_id TEXT, 
	verified BOOLEAN DEFAULT 0 NOT NULL, 
	decided_at DOUBLE, 
	CONSTRAINT pk_changes PRIMARY KEY (id), 
	CONSTRAINT fk_changes_api_id FOREIGN KEY(api_id) REFERENCES apis (id), 
	CONSTRAINT fk_changes_before_id FOREIGN KEY(before_id) REFERENCES images (id), 
	CONSTRAINT fk_changes_after_id FOREIGN KEY(after_id) REFERENCES images (id)
);
INSERT INTO "changes" VALUES(3,2,'response','DEFAULT_4XX','CREATE',5002,5001,1700000000.0,3,'applied',NULL,NULL,1,0,0.25,'request-1',0,1700000000.0);
INSERT INTO "changes" VALUES(4,2,'response','DEFAULT_5XX','UPDATE',5003,5001,1700000000.0,2,'failed','BadRequest','no',0,0,0.0,NULL,0,1700000000.0);
INSERT INTO "changes" VALUES(5,2,'response','THROTTLED','RESET',5004,NULL,NULL,0,NULL,NULL,NULL,0,0,0.0,NULL,0,NULL);
INSERT INTO "changes" VALUES(6,2,'response','UNAUTHORIZED','NO_OP',5004,5001,NULL,3,'unchanged',NULL,NULL,0,0,0.0,NULL,0,1700000000.0);
INSERT INTO "changes" VALUES(8,7,'response','DEFAULT_4XX','CREATE',5002,5001,1700000000.0,0,NULL,NULL,NULL,0,0,0.0,NULL,0,NULL);
INSERT INTO "changes" VALUES(9,7,'response','THROTTLED','RESET',5004,NULL,NULL,0,NULL,NULL,NULL,0,0,0.0,NULL,0,NULL);
INSERT INTO "changes" VALUES(11,10,'response','DEFAULT_4XX','NO_OP',NULL,NULL,NULL,2,'not_attempted','AccessDenied','no',0,0,0.0,NULL,0,1700000000.0);
CREATE TABLE ids (
	next BIGINT NOT NULL
);
INSERT INTO "ids" VALUES(5005);
CREATE TABLE images (
	id INTEGER NOT NULL, 
	digest BLOB NOT NULL, 
	body TEXT NOT NULL, 
	CONSTRAINT pk_images PRIMARY KEY (id), 
	CONSTRAINT uq_images_digest UNIQUE (digest)
);
INSERT INTO "images" VALUES(5001,X'4F5B4E6AEA8ED6371B6771F9739227E58AB521DF512DEAFF74BA558D3CE5FE7E','{"responseParameters":{"gatewayresponse.header.Access-Control-Allow-Origin":"''*''"},"responseTemplates":{"application/json":"{\"message\":$context.error.messageString}"}}');
INSERT INTO "images" VALUES(5002,X'3D3FD8E12BB96C60E64A4D2752634DE5DF61CD51F968EAFE8896D7050F75F74F','{"defaultResponse":true}');
INSERT INTO "images" VALUES(5003,X'07841BFE90D2A74B3C8A3D6694717DE1B2EC431EBC2E0F0E0B56DF495ABC636C','{"defaultResponse":false,"responseTemplates":{"text/plain":"gone"},"statusCode":"599"}');
INSERT INTO "images" VALUES(5004,X'09F5C2BD65B016CD427953FD9C31466B4A502BC9A704FDF18EAB60F9C2B5A445','{"defaultResponse":false,"responseParameters":{"gatewayresponse.header.Access-Control-Allow-Origin":"''*''"},"responseTemplates":{"application/json":"{\"message\":$context.error.messageString}"}}');
CREATE TABLE limits (
	id INTEGER NOT NULL, 
	endpoint TEXT NOT NULL, 
	account TEXT NOT NULL, 
	region TEXT NOT NULL, 
	operation TEXT NOT NULL, 
	stated_rate DOUBLE, 
	stated_burst DOUBLE, 
	share DOUBLE NOT NULL, 
	rate DOUBLE NOT NULL, 
	burst DOUBLE NOT NULL, 
	level DOUBLE NOT NULL, 
	at DOUBLE NOT NULL, 
	sent INTEGER NOT NULL, 
	refused INTEGER NOT NULL, 
	waited DOUBLE NOT NULL, 
	all_sent BIGINT DEFAULT '0' NOT NULL, 
	all_refused BIGINT DEFAULT '0' NOT NULL, 
	all_waited DOUBLE DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_limits PRIMARY KEY (id), 
	CONSTRAINT uq_limits_endpoint_account_region_operation UNIQUE (endpoint, account, region, operation)
);
INSERT INTO "limits" VALUES(1,'','111111111111','eu-west-1','*',10.0,40.0,1.0,7.0,40.0,3.0,1700000000.0,5,1,0.5,5,1,0.5);
CREATE TABLE locks (
	id INTEGER NOT NULL, 
	account TEXT NOT NULL, 
	region TEXT NOT NULL, 
	run_id INTEGER NOT NULL, 
	token VARCHAR(32) NOT NULL, 
	host TEXT NOT NULL, 
	pid BIGINT NOT NULL, 
	user TEXT NOT NULL, 
	since DOUBLE NOT NULL, 
	heartbeat DOUBLE NOT NULL, 
	pid_started BIGINT, 
	boot VARCHAR(64), 
	pid_namespace VARCHAR(64), 
	CONSTRAINT pk_locks PRIMARY KEY (id), 
	CONSTRAINT uq_locks_account_region UNIQUE (account, region), 
	CONSTRAINT fk_locks_run_id FOREIGN KEY(run_id) REFERENCES runs (id)
);
CREATE TABLE organization (
	id INTEGER NOT NULL, 
	reader TEXT NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	name TEXT NOT NULL, 
	body TEXT NOT NULL, 
	at DOUBLE NOT NULL, 
	CONSTRAINT pk_organization PRIMARY KEY (id), 
	CONSTRAINT uq_organization_reader_kind_name UNIQUE (reader, kind, name)
);
CREATE TABLE runs (
	id INTEGER NOT NULL, 
	name VARCHAR(32) NOT NULL, 
	verb VARCHAR(32) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	started DOUBLE NOT NULL, 
	finished DOUBLE, 
	version VARCHAR(64) NOT NULL, 
	policy_source TEXT NOT NULL, 
	policy_digest VARCHAR(128) NOT NULL, 
	desired TEXT NOT NULL, 
	options TEXT NOT NULL, 
	totals TEXT, 
	token VARCHAR(32), 
	host TEXT NOT NULL, 
	pid BIGINT NOT NULL, 
	user TEXT NOT NULL, 
	since DOUBLE NOT NULL, 
	heartbeat DOUBLE NOT NULL, 
	pid_started BIGINT, 
	boot VARCHAR(64), 
	pid_namespace VARCHAR(64), 
	CONSTRAINT pk_runs PRIMARY KEY (id), 
	CONSTRAINT uq_runs_name UNIQUE (name)
);
INSERT INTO "runs" VALUES(1,'20231114-ed097b','apply','stopped',1700000000.0,1700000000.0,'0.1.0','policy.yaml','0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a','{"rules":{"DEFAULT_4XX":{"mode":"merge","settings":{"responseParameters":{"gatewayresponse.header.Access-Control-Allow-Origin":"''*''"},"responseTemplates":{"application/json":"{\"message\":$context.error.messageString}"}}},"THROTTLED":{"mode":"replace","settings":null}},"unlisted":"leave"}','{"profile":"audit","rate":10.0,"regions":["eu-west-1"]}','{"applied":1,"attempts":1,"failed":1,"never_read":1,"not_attempted":1,"skipped":0,"throttles":0,"unchanged":1,"undecided":3,"waited":0.25}',NULL,'build-1',4242,'me',1700000000.0,1700000000.0,77,'b0','pid:[1]');
CREATE TABLE scopes (
	id INTEGER NOT NULL, 
	run_id INTEGER NOT NULL, 
	account TEXT NOT NULL, 
	region TEXT NOT NULL, 
	unread_code TEXT, 
	unread_message TEXT, 
	CONSTRAINT pk_scopes PRIMARY KEY (id), 
	CONSTRAINT uq_scopes_run_id_account_region UNIQUE (run_id, account, region), 
	CONSTRAINT fk_scopes_run_id FOREIGN KEY(run_id) REFERENCES runs (id)
);
INSERT INTO "scopes" VALUES(1,1,'111111111111','eu-west-1',NULL,NULL);
CREATE INDEX ix_runs_token ON runs (token);
CREATE INDEX ix_apis_scope_id_id ON apis (scope_id, id);
CREATE INDEX ix_changes_api_id ON changes (api_id);
COMMIT;
