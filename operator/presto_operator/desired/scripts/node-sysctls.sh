#!/bin/sh
# node-sysctls.sh DIRECTORY NAME=VALUE...
#
# Sets kernel parameters of the node; DIRECTORY is /proc/sys. Runs as a privileged init container in the Presto image,
# which need not have the program sysctl. Each value is read back, because the kernel accepts some values and turns them
# into others. A parameter that has its value already is not written.

directory=$1
shift

# Words are not printed by echo: in dash, it changes those that have a backslash, and in bash it takes -n for an option.
fail() {
  printf '%s\n' "presto-operator: spec.sysctls.$name: $*" >&2
  exit 1
}

# words VALUE: the words in it with single blanks between them.
words() {
  set -f
  # shellcheck disable=SC2086
  set -- $1
  printf '%s\n' "$*"
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
  printf '%s\n' "presto-operator: spec.sysctls.$name: was $(words "$old"), is $(words "$new")"
done
