"""Many volumes: each a job that any process can do, here or on a cluster, and a table of what came out."""
