#!/bin/sh
# Runs a private dockerd until its standard input ends: in namespaces of its own, with every file below DIRECTORY.
#
#   unshare --net --mount --pid --fork --kill-child --mount-proc dockerd.sh DIRECTORY CGROUP
#
# Prints "ready" when it answers on DIRECTORY/docker.sock. Its bridge, rules and namespaces go with the network namespace.
set -e
directory=$1 cgroup=$2

mount -t tmpfs none /run
ip link set lo up
TMPDIR=$directory dockerd --data-root "$directory/data" --exec-root "$directory/exec" --pidfile "$directory/docker.pid" \
  --host "unix://$directory/docker.sock" --cgroup-parent "$cgroup" --log-level error >"$directory/dockerd.log" 2>&1 &

attempt=0
until DOCKER_HOST=unix://$directory/docker.sock docker version >/dev/null 2>&1; do
  attempt=$((attempt + 1))
  [ $attempt -lt 100 ] || { tail -n 3 "$directory/dockerd.log" >&2; exit 1; }
  sleep 0.1
done
echo ready
cat >/dev/null
