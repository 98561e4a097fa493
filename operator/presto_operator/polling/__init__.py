"""Asking Presto and the metastore, beside the passes."""
