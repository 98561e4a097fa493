"""Spark on this machine: an engine beside Presto, on the same metastore and the same S3."""

from tests.harness.spark.engine import DataLake, SparkEngine, SparkError
from tests.harness.spark.installation import spark_folder, spark_packages

__all__ = ["DataLake", "SparkEngine", "SparkError", "spark_folder", "spark_packages"]
