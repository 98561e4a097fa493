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
# The environment is the user's, and Presto gets it as it is. So all variables of this script begin with an underscore:
# a new value of a variable that is in the environment would be exported to Presto.
#
# @NAME@ is replaced when the script is rendered (server_script.py), and comments are removed.

# bash takes shell options from SHELLOPTS in the environment.
set +Ceuf

_etc=@ETC@
_data=@DATA@
_termination_log=@TERMINATION_LOG@
# The server's process as the hook sees it: process 1 of the container.
_server=@SERVER_PROCESS@
_answer_seconds=@ANSWER_SECONDS@
_pause_seconds=@PAUSE_SECONDS@

_action=$1 _port=$2
shift 2

# answer METHOD PATH [JSON]: print status line and body of the server's answer. Exits with 7 if it doesn't listen.
# The server is asked directly: variables and files that configure curl, above all a proxy, are for other addresses. The
# same goes for what changes how bash starts.
answer() {
  if command -v curl >/dev/null 2>&1; then
    curl -q --noproxy '*' --silent --include --max-time "$_answer_seconds" --request "$1" \
      --header 'Content-Type: application/json' ${3:+--data "$3"} "http://127.0.0.1:$_port$2"
  else
    # The timeout of busybox ends only the process that it has started, so bash must not leave a child that goes on.
    # shellcheck disable=SC2016
    METHOD=$1 TARGET=$2 BODY=$3 PORT=$_port timeout "$_answer_seconds" bash -p -c '
      set +o posix
      exec 3<>"/dev/tcp/127.0.0.1/$PORT" || exit 7
      printf "%s %s HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: %s\r\n\r\n%s" \
        "$METHOD" "$TARGET" "${#BODY}" "$BODY" >&3
      exec cat <&3' 2>/dev/null
  fi
}

fail() {
  echo "presto-operator: $*" >&2
  exit 1
}

# limit NAME VALUE UNIT FLAG: set the soft and the hard limit, where the shell's ulimit counts in units of UNIT bytes.
# A limit that the node doesn't allow ends the start with a message: a server that ran with another would be a riddle.
limit() {
  _value=$2
  if [ "$_value" != unlimited ]; then _value=$((($2 + $3 - 1) / $3)); fi
  if (ulimit "$4" "$_value") 2>/dev/null; then
    ulimit "$4" "$_value"
    return
  fi
  # shellcheck disable=SC3045
  _most=$(ulimit -H "$4")
  if [ "$_most" != unlimited ]; then _most=$((_most * $3)); fi
  fail "ulimits.$1: asked for $2, the node allows at most $_most"
}

# link_plugins ADDED ALL: Presto knows one directory of plugins, so make ALL, a directory of links to the plugins in
# ADDED and to the image's own that have other names. It is made anew at each start: it outlives a container that crashes.
link_plugins() {
  { rm -rf "$2" && mkdir -p "$2"; } || fail "$2 can't be written"
  for _plugin in "$1"/*/ "$_home/plugin"/*/; do
    _plugin=${_plugin%/}
    if [ "${_plugin%/*}" = "$1" ] && ! ls "$_plugin"/*.jar >/dev/null 2>&1; then
      fail "plugins.${_plugin##*/}: there is no .jar in it; its path or archive must be a directory of jars"
    fi
    if [ -d "$_plugin" ] && ! [ -e "$2/${_plugin##*/}" ]; then
      ln -s "$_plugin" "$2/" || fail "$2 can't be written"
    fi
  done
}

# say WORDS: write to the log of the container.
say() {
  echo "presto-operator: $*" >"/proc/$_server/fd/1"
}

is_alive() {
  kill -0 "$_server" 2>/dev/null
}

# note RECORD WORDS: record the state of the drain and log it, when it changes. The record is the container's termination
# message, from which the operator learns how the drain ended. It is read by drain_record.py, where its words are.
note() {
  if [ "$1" != "$_noted" ]; then
    _noted=$1
    echo "$1" >"$_termination_log"
    say "$2"
  fi
}

# look_at_tasks: set $_tasks to whether the server has tasks to finish, and $_idle to how many looks in a row found none.
look_at_tasks() {
  case $(answer GET '/v1/task?summarize') in
    HTTP/*' 200'*'"state":"RUNNING"'* | HTTP/*' 200'*'"state":"PLANNED"'*) _tasks=@TASKS_RUNNING@ _idle=0 ;;
    HTTP/*' 200'*) _tasks=@TASKS_NONE@ _idle=$((_idle + 1)) ;;
    *) _tasks=@TASKS_UNKNOWN@ _idle=0 ;;
  esac
}

# ask_to_drain: set $_code to the exit code of asking, and $_status to the HTTP status, empty without an answer.
ask_to_drain() {
  _reply=$(answer PUT /v1/info/state '"SHUTTING_DOWN"')
  _code=$?
  _status=
  case $_reply in
    HTTP/*) _status=${_reply#HTTP/* } _status=${_status%%[!0-9]*} ;;
  esac
}

case $_action in
  start)
    # The home of the official image unless this image says otherwise. The image's own entrypoint isn't used: it may want
    # to write into its etc directory.
    _home=${PRESTO_HOME:-/opt/presto-server}
    _plugins=
    # As POSIX has it, bash counts core in blocks of 512 bytes, too.
    # shellcheck disable=SC3040
    [ -z "$BASH_VERSION" ] || set -o posix
    touch "$_data/starting" 2>/dev/null
    # bash and busybox limit processes by -u, dash by -p, which means something else in bash.
    # shellcheck disable=SC3045
    if (ulimit -u) >/dev/null 2>&1; then _processes=-u; else _processes=-p; fi
    for _setting in "$@"; do
      _value=${_setting#*=}
      case $_setting in
        nofile=*) limit nofile "$_value" 1 -n ;;
        nproc=*) limit nproc "$_value" 1 "$_processes" ;;
        core=*) limit core "$_value" 512 -c ;;
        memlock=*) limit memlock "$_value" 1024 -l ;;
        stack=*) limit stack "$_value" 1024 -s ;;
        plugins=*)
          _plugins=$_data/plugins
          link_plugins "$_value" "$_plugins"
          ;;
        *) fail "server.sh: $_setting is no setting" ;;
      esac
    done
    exec "$_home/bin/launcher" --etc-dir "$_etc" "-Dnode.id=$POD_NAME" ${_plugins:+"-Dplugin.dir=$_plugins"} run
    ;;
  started)
    case $(answer GET /v1/info) in
      *'"starting":false'*)
        rm -f "$_data/starting"
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
    _noted='' _idle=0 _asked=0 _deaf=0
    while is_alive; do
      ask_to_drain
      _asked=$((_asked + 1))
      case $_status in 2??)
        note "@DRAINING@" "draining: finishing the tasks that this worker has"
        while is_alive; do sleep "$_pause_seconds"; done
        exit 0
        ;;
      esac
      if [ -e "$_data/starting" ]; then
        # It has no task to lose, so it is not waited for if it doesn't listen yet, and for a while only if it does.
        # Nothing is recorded: the termination message would replace the end of its log, which says why it doesn't start.
        if [ $_code = 7 ] || [ $_asked -ge 30 ]; then
          say "not draining: the server has not started, so it has no tasks"
          exit 0
        fi
      elif [ -n "$_status" ]; then
        # It refuses (403 where authentication is on) and goes on accepting tasks. So end in the first moment in which it
        # has none; if it doesn't tell, wait until Kubernetes kills it.
        look_at_tasks
        note "@REFUSED@" "not draining: the server answers $_status to SHUTTING_DOWN; its tasks: $_tasks"
        if [ $_idle -ge 2 ]; then exit 0; fi
      elif [ $_code = 7 ]; then
        # It has served and no longer listens, so nobody can fetch its results.
        note "@DEAF@" "not draining: the server no longer listens"
        _deaf=$((_deaf + 1))
        if [ $_deaf -ge 30 ]; then exit 1; fi
      else
        # It may be in a long garbage collection, and take it afterwards.
        note "@UNANSWERED@" "not draining yet: the server does not answer; asking on"
      fi
      sleep "$_pause_seconds"
    done
    ;;
esac
