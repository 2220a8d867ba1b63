#!/bin/sh
# One container behind a bridge with masquerade, taken apart and put together again piece by piece. See README.md.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
if [ -z "${NETD_SANDBOX:-}" ]; then
  exec node "$here/../../dist/netctl.cjs" sandbox --netd-arg=--gateway=172.16.0.100 -- sh "$here/run.sh"
fi

say() { printf '\n# %s\n' "$*"; }
try() { printf '$ %s\n' "$1"; eval "$1"; }
probe() {
  printf '$ netctl exec example ping 203.0.113.80\n'
  if netctl exec example ping -q -c 1 -W 1 203.0.113.80 > /dev/null 2>&1; then echo 'an answer'; else echo 'no answer'; fi
}

say 'What follows is taken apart on purpose: netd is told to leave it so, instead of putting it back within a second.'
try 'netctl net set default --drift off'

say 'The bridge, with an address of its own; the host forwards and masquerades.'
try 'ip -4 -oneline address show dev br0 | grep -o "inet [^ ]*"'
try 'sysctl -n net.ipv4.ip_forward'
try 'nft list chain inet netd postrouting | grep -o "ip saddr @.*"'
try 'nft list set inet netd masquerade4 | grep -o "172.*[^ }]"'

say 'The container: its name, its links, its address and its way out.'
try 'netctl run -d --name example --hostname example --ip 172.16.0.101 busybox sleep 1000 > /dev/null'
try 'netctl exec example hostname'
try 'netctl exec example ip link | grep -o "^[0-9]*: [^:@]*" | cut -d " " -f 2'
try 'netctl exec example ip route | sed "s, *$,,"'
probe

HOST_IF=$(ip -brief link show master br0 | cut -d @ -f 1)

say 'Without its address, the bridge has no route back to the container.'
try 'ip address delete 172.16.0.100/24 dev br0'
probe
try 'ip address add 172.16.0.100/24 broadcast + dev br0'
probe

say 'Without forwarding, the host keeps to itself what is not for it.'
try 'sysctl -qw net.ipv4.ip_forward=0'
probe
try 'sysctl -qw net.ipv4.ip_forward=1'
probe

say 'Without masquerade, the internet sees a private address, and answers nobody.'
try 'nft delete element inet netd masquerade4 { 172.16.0.0/24 }'
probe
try 'nft add element inet netd masquerade4 { 172.16.0.0/24 }'
probe

say 'Without a default route, the container knows only its neighbours.'
try 'ip -n example route delete default'
probe
try 'ip -n example route add default via 172.16.0.100'
probe

say 'Without the cable, it knows nobody.'
try 'ip link set "$HOST_IF" down'
probe
try 'ip link set "$HOST_IF" up'
probe
