"""The way of the requests through store and backends."""
