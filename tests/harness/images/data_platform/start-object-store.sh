#!/bin/sh
# A bucket is a folder in /data.
set -eu
mkdir -p "/data/$BUCKET"
exec versitygw --port :7070 posix /data
