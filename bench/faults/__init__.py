"""The same load under every fault: what becomes of the queries."""
