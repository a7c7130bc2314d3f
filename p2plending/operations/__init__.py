"""What keeps the site running: the table of jobs, records of their runs, the worker's heartbeat, health."""
