#!/bin/sh
# fetch-plugin.sh NAME URL SHA256 DIRECTORY
#
# Fetches a plugin from a URL into DIRECTORY. Runs as an init container in the Presto image, which need not have more than
# a shell, coreutils and the Python that Presto's launcher is written in; curl, tar and unzip are used if they are there.
#
# An archive may hold the jars themselves or, as Presto's own plugin archives do, one directory of them. The result is
# moved into place at once, so that an interrupted run leaves nothing half done.
#
# The environment is the user's, a proxy above all, and so is the configuration of curl.

# bash takes shell options from SHELLOPTS in the environment.
set +Ceuf

name=$1 url=$2 sha256=$3 directory=$4
# What messages show: the parameters of a URL may hold credentials.
shown=${url%%\?*}
attempts=4

# say WORDS. Not by echo: in dash, it changes words that have a backslash.
say() {
  printf '%s\n' "presto-operator: plugins.$name: $*" >&2
}

fail() {
  say "$*"
  exit 1
}

# python CODE ARGUMENT...: run it with Python 3 or 2.
python() {
  program=$(command -v python3 || command -v python) || fail "the Presto image has neither curl nor Python"
  "$program" -c "$@"
}

# download FILE: one attempt, which ends within a quarter of an hour.
download() {
  if command -v curl >/dev/null 2>&1; then
    curl --globoff --fail --location --silent --show-error --connect-timeout 15 --speed-limit 1000 \
      --speed-time 30 --max-time 900 --output "$1" "$url" 2>&1
  else
    python '
import shutil, sys, time
try:
    from urllib.request import urlopen
except ImportError:
    from urllib2 import urlopen
url, path = sys.argv[1:]
end = time.time() + 900
try:
    answer = urlopen(url, timeout=30)
    with open(path, "wb") as output:
        while True:
            block = answer.read(1 << 20)
            if not block:
                break
            if time.time() > end:
                sys.exit("not done after 900 s")
            output.write(block)
except Exception as error:
    sys.exit(str(error))
' "$url" "$1" 2>&1
  fi
}

# unpack KIND FILE DIRECTORY
unpack() {
  if [ "$1" = tar ] && command -v tar >/dev/null 2>&1; then
    tar -x -z -o -f "$2" -C "$3" 2>&1
  elif [ "$1" = zip ] && command -v unzip >/dev/null 2>&1; then
    unzip -q "$2" -d "$3" 2>&1
  else
    python '
import sys, tarfile, zipfile
kind, path, directory = sys.argv[1:]
try:
    (tarfile.open(path) if kind == "tar" else zipfile.ZipFile(path)).extractall(directory)
except Exception as error:
    sys.exit(str(error))
' "$1" "$2" "$3" 2>&1
  fi
}

work=$directory.new
{ rm -rf "$work" "$directory" && mkdir -p "$work/unpacked"; } || fail "$work can't be written"
file=$work/$(basename "$shown")

attempt=1
until words=$(download "$file"); do
  [ "$attempt" -lt "$attempts" ] || fail "$shown can't be fetched, tried $attempts times: $words"
  say "attempt $attempt: $words"
  sleep $((attempt * 2))
  attempt=$((attempt + 1))
done

found=$(sha256sum <"$file" | cut -d ' ' -f 1)
[ "$found" = "$sha256" ] || fail "$shown has the SHA-256 checksum $found, but $sha256 was asked for"

case $file in
  *.tar.gz | *.tgz) words=$(unpack tar "$file" "$work/unpacked") || fail "$shown can't be unpacked: $words" ;;
  *.zip) words=$(unpack zip "$file" "$work/unpacked") || fail "$shown can't be unpacked: $words" ;;
  *) mv "$file" "$work/unpacked/" || fail "$directory can't be written" ;;
esac

result=$work/unpacked
set -- "$result"/*
if [ $# = 1 ] && [ -d "$1" ]; then result=$1; fi
{ mv "$result" "$directory" && rm -rf "$work"; } || fail "$directory can't be written"
