"""The script that starts a Presto server, and that its pod's probe and preStop hook run to speak to it.

An image need not have curl; bash can speak HTTP itself. It is told what to do by its first argument, and the port of
the server by its second.
"""

from __future__ import annotations

from presto_operator.presto import CONFIG_DIRECTORY
from presto_operator.presto.configuration import DATA_DIRECTORY

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
# there may be tasks, and ends with the server: process 1 of the container takes the hook along. Kubernetes ends both
# when the grace period is over.
#
#   A server that is still starting has no task to lose. One that doesn't listen yet isn't waited for; one that does,
#   but doesn't take it, is asked for a while.
#   One that doesn't answer is asked again and again: it may be at a long collection, and take it afterwards.
#   One that refuses (403 where authentication is on) can't be told. It goes on taking tasks, so the hook ends at the
#   first moment in which it has none, or never if it doesn't tell of its tasks either.
#   One that has served and no longer listens can't hand over any result: it is waited for only a little.
#
# Where the drain is, is recorded as the container's termination message, by which the operator learns how it ended.
# Nothing is recorded of a server that has not started: its last words are the log's, which the message would replace.
_TEMPLATE = """\
#!/bin/sh
# server.sh start|started|drain PORT [SETTING=VALUE]...
action=$1 port=$2 server=1
shift 2

# answer METHOD PATH [JSON]: status line and body of the server's answer
answer() {
  if command -v curl >/dev/null 2>&1; then
    curl --silent --include --max-time 5 --request "$1" --header 'Content-Type: application/json' \\
      ${3:+--data "$3"} "http://127.0.0.1:$port$2"
  else
    METHOD=$1 TARGET=$2 BODY=$3 PORT=$port timeout 5 bash -c '
      exec 3<>"/dev/tcp/127.0.0.1/$PORT" || exit 7
      printf "%s %s HTTP/1.0\\r\\nContent-Type: application/json\\r\\nContent-Length: %s\\r\\n\\r\\n%s" \\
        "$METHOD" "$TARGET" "${#BODY}" "$BODY" >&3
      cat <&3' 2>/dev/null
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
  echo "presto-operator: $*" >"/proc/$server/fd/1"
}

is_alive() {
  kill -0 "$server" 2>/dev/null
}

# note STATE WORDS: where the drain is, recorded and said when it changes
note() {
  if [ "$1" != "$noted" ]; then
    noted=$1
    echo "drain: $1" >@TERMINATION_LOG@
    say "$2"
  fi
}

# look_at_tasks: whether the server has tasks to finish, as $tasks; $idle looks in a row have found none
look_at_tasks() {
  case $(answer GET '/v1/task?summarize') in
    HTTP/*' 200'*'"state":"RUNNING"'* | HTTP/*' 200'*'"state":"PLANNED"'*) tasks=running idle=0 ;;
    HTTP/*' 200'*) tasks=none idle=$((idle + 1)) ;;
    *) tasks=unknown idle=0 ;;
  esac
}

# ask_to_drain: $code is the exit code of asking, $status that of HTTP, if there was an answer
ask_to_drain() {
  reply=$(answer PUT /v1/info/state '"SHUTTING_DOWN"')
  code=$?
  status=
  case $reply in
    HTTP/*) status=${reply#HTTP/* } status=${status%%[!0-9]*} ;;
  esac
}

case $action in
  start)
    home=${PRESTO_HOME:-/opt/presto-server}
    plugins=
    [ -z "$BASH_VERSION" ] || set -o posix
    touch @DATA@/starting 2>/dev/null
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
      *'"starting":false'*) rm -f @DATA@/starting; exit 0 ;;
      *) echo "Presto is still starting"; exit 1 ;;
    esac ;;
  drain)
    noted='' idle=0 asked=0 deaf=0
    while is_alive; do
      ask_to_drain
      asked=$((asked + 1))
      case $status in 2??)
        note state=draining "draining: finishing the tasks that this worker has"
        while is_alive; do sleep 1; done
        exit 0 ;;
      esac
      if [ -e @DATA@/starting ]; then
        if [ $code = 7 ] || [ $asked -ge 30 ]; then
          say "not draining: the server has not started, so it has no tasks"
          exit 0
        fi
      elif [ -n "$status" ]; then
        look_at_tasks
        note "state=refused status=$status tasks=$tasks" \\
          "not draining: the server answers $status to SHUTTING_DOWN; its tasks: $tasks"
        if [ $idle -ge 2 ]; then exit 0; fi
      elif [ $code = 7 ]; then
        note state=deaf "not draining: the server no longer listens"
        deaf=$((deaf + 1))
        if [ $deaf -ge 30 ]; then exit 1; fi
      else
        note state=unanswered "not draining yet: the server does not answer; asking on"
      fi
      sleep 1
    done ;;
esac
"""

TERMINATION_LOG = "/dev/termination-log"
"""Kubernetes' default path of a container's termination message."""

SERVER_SCRIPT_TEXT = (
    _TEMPLATE.replace("@ETC@", CONFIG_DIRECTORY)
    .replace("@DATA@", DATA_DIRECTORY)
    .replace("@TERMINATION_LOG@", TERMINATION_LOG)
)
