"""`make test-cluster`: three Galera nodes on this machine, faults, and the proof that no acknowledged money is lost."""
