#!/bin/sh
# server.sh start|started|drain PORT [SETTING=VALUE]...
#
# Runs inside the Presto container, in whatever shell its image has as /bin/sh: dash, bash or busybox. An image need not
# have curl; bash can speak HTTP itself.
#
# start: run the server. SETTING is one of
#   nofile=N, nproc=N, core=BYTES, memlock=BYTES, stack=BYTES   a ulimit, or "unlimited"
#   plugins=DIRECTORY                                           plugins to load beside those of the image
# started: the startup probe. Presto answers HTTP before its catalogs are loaded, and reports "starting":true until they
#   are, so the status code alone doesn't say that it has started.
# drain: the preStop hook. While a hook runs, the kubelet sends no SIGTERM, which would fail the tasks that are running.
#
# @NAME@ is replaced when the script is rendered (server_script.py), and comments are removed.

etc=@ETC@
data=@DATA@
termination_log=@TERMINATION_LOG@
# The server's process as the hook sees it: process 1 of the container.
server=@SERVER_PROCESS@
answer_seconds=@ANSWER_SECONDS@
pause_seconds=@PAUSE_SECONDS@

action=$1 port=$2
shift 2

# answer METHOD PATH [JSON]: print status line and body of the server's answer. Exits with 7 if it doesn't listen.
answer() {
  if command -v curl >/dev/null 2>&1; then
    curl --silent --include --max-time "$answer_seconds" --request "$1" --header 'Content-Type: application/json' \
      ${3:+--data "$3"} "http://127.0.0.1:$port$2"
  else
    # shellcheck disable=SC2016
    METHOD=$1 TARGET=$2 BODY=$3 PORT=$port timeout "$answer_seconds" bash -c '
      exec 3<>"/dev/tcp/127.0.0.1/$PORT" || exit 7
      printf "%s %s HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: %s\r\n\r\n%s" \
        "$METHOD" "$TARGET" "${#BODY}" "$BODY" >&3
      cat <&3' 2>/dev/null
  fi
}

fail() {
  echo "presto-operator: $*" >&2
  exit 1
}

# limit NAME VALUE UNIT FLAG: set the soft and the hard limit, where the shell's ulimit counts in units of UNIT bytes.
# A limit that the node doesn't allow ends the start with a message: a server that ran with another would be a riddle.
limit() {
  value=$2
  if [ "$value" != unlimited ]; then value=$((($2 + $3 - 1) / $3)); fi
  if (ulimit "$4" "$value") 2>/dev/null; then
    ulimit "$4" "$value"
    return
  fi
  # shellcheck disable=SC3045
  most=$(ulimit -H "$4")
  if [ "$most" != unlimited ]; then most=$((most * $3)); fi
  fail "ulimits.$1: asked for $2, the node allows at most $most"
}

# link_plugins ADDED ALL: Presto knows one directory of plugins, so make ALL, a directory of links to the plugins in
# ADDED and to the image's own that have other names. It is made anew at each start: it outlives a container that crashes.
link_plugins() {
  { rm -rf "$2" && mkdir -p "$2"; } || fail "$2 can't be written"
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

# say WORDS: write to the log of the container.
say() {
  echo "presto-operator: $*" >"/proc/$server/fd/1"
}

is_alive() {
  kill -0 "$server" 2>/dev/null
}

# note RECORD WORDS: record the state of the drain and log it, when it changes. The record is the container's termination
# message, from which the operator learns how the drain ended. It is read by drain_record.py, where its words are.
note() {
  if [ "$1" != "$noted" ]; then
    noted=$1
    echo "$1" >"$termination_log"
    say "$2"
  fi
}

# look_at_tasks: set $tasks to whether the server has tasks to finish, and $idle to how many looks in a row found none.
look_at_tasks() {
  case $(answer GET '/v1/task?summarize') in
    HTTP/*' 200'*'"state":"RUNNING"'* | HTTP/*' 200'*'"state":"PLANNED"'*) tasks=@TASKS_RUNNING@ idle=0 ;;
    HTTP/*' 200'*) tasks=@TASKS_NONE@ idle=$((idle + 1)) ;;
    *) tasks=@TASKS_UNKNOWN@ idle=0 ;;
  esac
}

# ask_to_drain: set $code to the exit code of asking, and $status to the HTTP status, empty without an answer.
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
    # The home of the official image unless this image says otherwise. The image's own entrypoint isn't used: it may want
    # to write into its etc directory.
    home=${PRESTO_HOME:-/opt/presto-server}
    plugins=
    # As POSIX has it, bash counts core in blocks of 512 bytes, too.
    # shellcheck disable=SC3040
    [ -z "$BASH_VERSION" ] || set -o posix
    touch "$data/starting" 2>/dev/null
    # bash and busybox limit processes by -u, dash by -p, which means something else in bash.
    # shellcheck disable=SC3045
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
          plugins=$data/plugins
          link_plugins "$value" "$plugins"
          ;;
        *) fail "server.sh: $setting is no setting" ;;
      esac
    done
    exec "$home/bin/launcher" --etc-dir "$etc" "-Dnode.id=$POD_NAME" ${plugins:+"-Dplugin.dir=$plugins"} run
    ;;
  started)
    case $(answer GET /v1/info) in
      *'"starting":false'*)
        rm -f "$data/starting"
        exit 0
        ;;
      *)
        echo "Presto is still starting"
        exit 1
        ;;
    esac
    ;;
  drain)
    # It blocks for as long as there may be tasks, and ends with the server: process 1 of the container takes the hook
    # along. Kubernetes kills both when the grace period is over.
    noted='' idle=0 asked=0 deaf=0
    while is_alive; do
      ask_to_drain
      asked=$((asked + 1))
      case $status in 2??)
        note "@DRAINING@" "draining: finishing the tasks that this worker has"
        while is_alive; do sleep "$pause_seconds"; done
        exit 0
        ;;
      esac
      if [ -e "$data/starting" ]; then
        # It has no task to lose, so it is not waited for if it doesn't listen yet, and for a while only if it does.
        # Nothing is recorded: the termination message would replace the end of its log, which says why it doesn't start.
        if [ $code = 7 ] || [ $asked -ge 30 ]; then
          say "not draining: the server has not started, so it has no tasks"
          exit 0
        fi
      elif [ -n "$status" ]; then
        # It refuses (403 where authentication is on) and goes on accepting tasks. So end in the first moment in which it
        # has none; if it doesn't tell, wait until Kubernetes kills it.
        look_at_tasks
        note "@REFUSED@" "not draining: the server answers $status to SHUTTING_DOWN; its tasks: $tasks"
        if [ $idle -ge 2 ]; then exit 0; fi
      elif [ $code = 7 ]; then
        # It has served and no longer listens, so nobody can fetch its results.
        note "@DEAF@" "not draining: the server no longer listens"
        deaf=$((deaf + 1))
        if [ $deaf -ge 30 ]; then exit 1; fi
      else
        # It may be in a long garbage collection, and take it afterwards.
        note "@UNANSWERED@" "not draining yet: the server does not answer; asking on"
      fi
      sleep "$pause_seconds"
    done
    ;;
esac
