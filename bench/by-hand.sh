#!/bin/sh
# Starts one networked container the way a person would: the yardstick of the benchmark.
#
#   by-hand.sh NAME ADDRESS/LENGTH GATEWAY BRIDGE ROOTFS COMMAND...
#
# Wanted: a bridge that is up and has the gateway's address, and a root file system with a /proc.
# Taken back by: ip netns delete NAME, once COMMAND has ended.
set -e
name=$1 address=$2 gateway=$3 bridge=$4 rootfs=$5
shift 5

ip netns add "$name"
ip link add "h$name" type veth peer name eth0 netns "$name"
ip link set "h$name" master "$bridge" up
ip -n "$name" address add "$address" dev eth0
ip -n "$name" link set lo up
ip -n "$name" link set eth0 up
ip -n "$name" route add default via "$gateway"

# The positional parameters pass through the second shell untouched.
exec nsenter --net="/run/netns/$name" unshare --mount --uts --ipc --pid --fork sh -ec '
  hostname "$1"
  cd "$2"
  shift 2
  mount -t proc proc proc
  exec chroot . "$@"
' sh "$name" "$rootfs" "$@"
