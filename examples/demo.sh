#!/bin/sh
# The demo: three containers that reach each other and the (pretend) internet. Run it with `npm run demo`.
set -eu

if [ -z "${NETD_SANDBOX:-}" ]; then
  echo "demo: this belongs into a sandbox; try: netctl sandbox -- sh $0" >&2
  exit 1
fi

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); else bold='' plain=''; fi

say() { printf '\n%s# %s%s\n' "$bold" "$*" "$plain"; }
try() { printf '%s$ %s%s\n' "$bold" "$*" "$plain"; "$@"; }

say 'This is a private host; its uplink ends in a pretend internet.'
try ip -brief -4 address show dev up0

say 'Three containers.'
for name in a b c; do try netctl run -d --name "$name" busybox sleep 1000; done

say 'Who has which address?'
try netctl ls

say 'They reach each other, by name and by address.'
try netctl exec a ping -q -c 2 -i 0.2 b
try netctl exec b ping -q -c 2 -i 0.2 c
try netctl exec c ping -q -c 2 -i 0.2 172.16.0.2

say 'And the internet, by name and by address.'
try netctl exec a ping -q -c 2 -i 0.2 www.example.net
try netctl exec b ping -q -c 2 -i 0.2 203.0.113.80
try netctl exec c wget -q -O - http://www.example.net/

say 'Nothing is hidden: this is what joined b to the network.'
printf "%s\$ netctl inspect --show b | sed -n '/^# its network/,/^# its process/p'%s\n" "$bold" "$plain"
netctl inspect --show b | sed -n '/^# its network/,/^# its process/p' | sed '$d'

say 'And away with them.'
try netctl rm -f a b c
