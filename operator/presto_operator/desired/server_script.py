"""The script that starts a Presto server, and that its pod's probe and preStop hook run to speak to it.

An image need not have curl; bash can speak HTTP itself. It is told what to do by its first argument, and the port of
the server by its second.
"""

from __future__ import annotations

from presto_operator.presto import CONFIG_DIRECTORY
from presto_operator.presto.configuration import DATA_DIRECTORY

SERVER_SCRIPT = "server.sh"

# start: the image's own entrypoint may want to write into its etc; the launcher itself needs no more than this. The
# home is the official image's unless the image says otherwise. What follows the port is what else the manifest asks
# for:
#
#   nofile=N, nproc=N, core=BYTES, memlock=BYTES, stack=BYTES, or unlimited. A shell sets limits in units of its own:
#   KiB and, as POSIX has it, blocks of 512 bytes for core. A limit that can't be had ends the start with words, as a
#   server that runs with another is a riddle later.
#
#   plugins=DIRECTORY: Presto loads the plugins in DIRECTORY, and those of the image's own that have other names. It
#   knows one directory of plugins, so it gets one of links, made anew at each start: it outlives a container that
#   crashes.
#
# started: Presto answers HTTP before its catalogs are loaded, and says "starting":true until then, so the status
# code alone doesn't tell.
#
# drain: a hook that returns early gets Presto a SIGTERM, which fails its running tasks. So it blocks for as long as
# the server lives, and ends with it: process 1 of the container takes the hook along. A server that doesn't listen yet
# has no task to lose. One that refuses or doesn't answer is asked again a few times; then the hook fails,
# which Kubernetes makes an Event of, and the server gets its SIGTERM.
_TEMPLATE = """\
#!/bin/sh
# server.sh start|started|drain PORT [SETTING=VALUE]...
action=$1 port=$2
shift 2

# answer METHOD PATH [JSON]: status line and body of the server's answer
answer() {
  if command -v curl >/dev/null 2>&1; then
    curl --silent --include --max-time 5 --request "$1" --header 'Content-Type: application/json' \\
      ${3:+--data "$3"} "http://127.0.0.1:$port$2"
  else
    METHOD=$1 TARGET=$2 BODY=$3 PORT=$port bash -c '
      exec 3<>"/dev/tcp/127.0.0.1/$PORT" || exit 7
      printf "%s %s HTTP/1.0\\r\\nContent-Type: application/json\\r\\nContent-Length: %s\\r\\n\\r\\n%s" \\
        "$METHOD" "$TARGET" "${#BODY}" "$BODY" >&3
      timeout 5 cat <&3' 2>/dev/null
  fi
}

fail() {
  echo "presto-operator: $*" >&2
  exit 1
}

# limit NAME VALUE UNIT FLAG: soft and hard, in units of UNIT bytes
limit() {
  value=$2
  if [ "$value" != unlimited ]; then value=$((($2 + $3 - 1) / $3)); fi
  if (ulimit "$4" "$value") 2>/dev/null; then
    ulimit "$4" "$value"
    return
  fi
  most=$(ulimit -H "$4")
  if [ "$most" != unlimited ]; then most=$((most * $3)); fi
  fail "ulimits.$1: asked for $2, the node allows at most $most"
}

# link_plugins ADDED ALL: make ALL anew, of links to the plugins in ADDED and to the image's own
link_plugins() {
  rm -rf "$2" && mkdir -p "$2" || fail "$2 can't be written"
  for plugin in "$1"/*/ "$home/plugin"/*/; do
    plugin=${plugin%/}
    if [ "${plugin%/*}" = "$1" ] && ! ls "$plugin"/*.jar >/dev/null 2>&1; then
      fail "plugins.${plugin##*/}: there is no .jar in it; its path or archive must be a directory of jars"
    fi
    if [ -d "$plugin" ] && ! [ -e "$2/${plugin##*/}" ]; then
      ln -s "$plugin" "$2/" || fail "$2 can't be written"
    fi
  done
}

# say WORDS: into the log of the container
say() {
  echo "presto-operator: $*" >/proc/1/fd/1
}

case $action in
  start)
    home=${PRESTO_HOME:-/opt/presto-server}
    plugins=
    [ -z "$BASH_VERSION" ] || set -o posix
    # bash and busybox count processes by -u, dash by -p, which bash has for something else
    if (ulimit -u) >/dev/null 2>&1; then processes=-u; else processes=-p; fi
    for setting in "$@"; do
      value=${setting#*=}
      case $setting in
        nofile=*) limit nofile "$value" 1 -n ;;
        nproc=*) limit nproc "$value" 1 "$processes" ;;
        core=*) limit core "$value" 512 -c ;;
        memlock=*) limit memlock "$value" 1024 -l ;;
        stack=*) limit stack "$value" 1024 -s ;;
        plugins=*)
          plugins=@DATA@/plugins
          link_plugins "$value" "$plugins" ;;
        *) fail "server.sh: $setting is no setting" ;;
      esac
    done
    exec "$home/bin/launcher" --etc-dir @ETC@ "-Dnode.id=$POD_NAME" ${plugins:+"-Dplugin.dir=$plugins"} run ;;
  started)
    case $(answer GET /v1/info) in
      *'"starting":false'*) exit 0 ;;
      *) echo "Presto is still starting"; exit 1 ;;
    esac ;;
  drain)
    for attempt in 1 2 3 4 5; do
      reply=$(answer PUT /v1/info/state '"SHUTTING_DOWN"')
      code=$?
      case $reply in
        HTTP/*' 200'*)
          say "draining: finishing the tasks that this worker has"
          while kill -0 1 2>/dev/null; do sleep 1; done
          exit 0 ;;
      esac
      if [ $code = 7 ]; then
        say "not draining: the server does not listen, so it has no tasks"
        exit 0
      fi
      say "draining: attempt $attempt: the server answered: $(printf '%s' "$reply" | head -n 1)"
      sleep 1
    done
    say "not draining: the server refuses; its tasks will fail"
    exit 1 ;;
esac
"""

SERVER_SCRIPT_TEXT = _TEMPLATE.replace("@ETC@", CONFIG_DIRECTORY).replace("@DATA@", DATA_DIRECTORY)
