#!/bin/sh
# The tables are made before anybody can connect over the network: who connects finds all of them.
# Losing power may lose data here, and saves the tests seconds.
set -eu
programs=/usr/lib/postgresql/15/bin
folder=/data/metastore
socket=/data

if [ ! -e "$folder" ]; then
    rm -rf "$folder.new"
    "$programs/initdb" --pgdata="$folder.new" --username=hive --auth=trust --no-sync --locale=C.UTF-8
    echo "host all all all trust" >> "$folder.new/pg_hba.conf"
    "$programs/pg_ctl" --pgdata="$folder.new" --wait --options="-c listen_addresses= -k $socket -F" start
    "$programs/createdb" --host="$socket" --username=hive metastore
    "$programs/psql" --host="$socket" --username=hive --quiet --set=ON_ERROR_STOP=1 \
        --file=/usr/share/metastore/schema.sql metastore > /dev/null
    "$programs/pg_ctl" --pgdata="$folder.new" --wait stop
    mv "$folder.new" "$folder"
fi
exec "$programs/postgres" -D "$folder" -k "$socket" -F \
    -c listen_addresses='*' -c shared_buffers=16MB -c max_connections=60
