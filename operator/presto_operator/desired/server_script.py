"""The script that a pod's probe and its preStop hook run: it speaks to the Presto server beside it.

An image need not have curl; bash can speak HTTP itself. It is told what to do by its first argument, and the port of
the server by its second.
"""

from __future__ import annotations

SERVER_SCRIPT = "server.sh"

# started: Presto answers HTTP before its catalogs are loaded, and says "starting":true until then, so the status
# code alone doesn't tell.
#
# drain: a hook that returns early gets Presto a SIGTERM, which fails its running tasks. So it blocks for as long as
# the server lives, and ends with it: process 1 of the container takes the hook along. A server that doesn't listen yet
# has no task to lose. One that refuses or doesn't answer is asked again a few times; then the hook fails,
# which Kubernetes makes an Event of, and the server gets its SIGTERM.
SERVER_SCRIPT_TEXT = """\
#!/bin/sh
# server.sh started|drain PORT
port=$2

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

# say WORDS: into the log of the container
say() {
  echo "presto-operator: $*" >/proc/1/fd/1
}

case $1 in
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
