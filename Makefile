# PORT=8010 make run, make test ARGS="-k wallet"
.DEFAULT_GOAL := help
.PHONY: help run test test-fast test-run test-kill test-cluster fmt house demo mariadb bench

LAUNCH := p2plending/scripts/with-python

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | sort | awk -F '\t' '{printf "  make %-10s %s\n", $$1, $$2}'

run: ## start everything: site, worker, demo world (PORT=8000, HOST=127.0.0.1); Ctrl-C stops it
	@$(LAUNCH) run_site $(ARGS)

test: ## lint, contracts, checks and the whole suite on SQLite and MariaDB (ARGS="-k wallet" goes to pytest)
	@$(LAUNCH) run_tests $(ARGS)

test-fast: ## the same on SQLite only, without a browser
	@$(LAUNCH) run_tests --fast $(ARGS)

test-cluster: ## three Galera nodes, hot writers and faults: what was acknowledged is booked (root; ARGS="--seconds 20")
	@$(LAUNCH) run_cluster_test $(ARGS)

test-run: ## a fresh clone in an empty folder: make run, look at it, Ctrl-C, nothing left (ARGS=--install: own packages)
	@$(LAUNCH) try_run $(ARGS)

test-kill: ## kill worker, mail server and database under load on a throw-away MariaDB (ARGS="--seconds 60")
	@$(LAUNCH) run_kills $(ARGS)

fmt: ## format Python, templates, styles and scripts, and mend what the tools can
	@$(LAUNCH) format_code

house: ## how the code is built, in figures with their limits: cycles, sizes, crowded folders
	@$(LAUNCH) measure_house

demo: ## make or complete the demo world without starting the site (ARGS="--advance 31")
	@$(LAUNCH) run_site --demo-only $(ARGS)

mariadb: ## run a throw-away MariaDB and print its DATABASE_URL; Ctrl-C removes it
	@$(LAUNCH) mariadb

bench: ## measure what the platform costs against bare SQL and its peers, on a throw-away MariaDB
	@$(LAUNCH) run_bench
