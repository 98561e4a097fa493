#!/bin/sh
# Java is a child of this shell, not process 1, so that a test can stop and continue it by signals.
# Hadoop's jars come first: some of Hive's are older ones of the same.
/opt/java/bin/java ${JAVA_OPTS:-} -cp "/etc/metastore:/opt/metastore/hadoop/*:/opt/metastore/hive/*" \
    org.apache.hadoop.hive.metastore.HiveMetaStore &
trap 'kill $!' TERM INT
wait $!
