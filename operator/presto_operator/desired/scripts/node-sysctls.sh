#!/bin/sh
# node-sysctls.sh DIRECTORY NAME=VALUE...
#
# Sets kernel parameters of the node; DIRECTORY is /proc/sys. Runs as a privileged init container in the Presto image,
# which need not have the program sysctl. Each value is read back, because the kernel accepts some values and turns them
# into others. A parameter that has its value already is not written.

directory=$1
shift

fail() {
  echo "presto-operator: spec.sysctls.$name: $*" >&2
  exit 1
}

# words VALUE: the words in it with single blanks between them.
words() {
  set -f
  # shellcheck disable=SC2086
  echo $1
}

for setting in "$@"; do
  name=${setting%%=*} value=${setting#*=}
  file=$directory/$(echo "$name" | tr . /)
  [ -f "$file" ] || fail "this node's kernel has no such parameter"
  old=$(cat "$file" 2>/dev/null)
  [ "$(words "$old")" = "$(words "$value")" ] && continue
  { printf '%s' "$value" >"$file"; } 2>/dev/null || fail "this node refuses the value $value; it stays $(words "$old")"
  new=$(cat "$file")
  [ "$(words "$new")" = "$(words "$value")" ] || fail "set to $value, but this node has $(words "$new")"
  echo "presto-operator: spec.sysctls.$name: was $(words "$old"), is $(words "$new")"
done
