#!/bin/sh
# Two networks that keep apart, what opens them to each other, and what opens a container to the world. See README.md.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
if [ -z "${NETD_SANDBOX:-}" ]; then
  exec node "$here/../../dist/netctl.cjs" sandbox -- sh "$here/run.sh"
fi

say() { printf '\n# %s\n' "$*"; }
try() { printf '$ %s\n' "$1"; eval "$1"; }
# Run a command and tell only whether it got an answer.
ask() {
  printf '$ %s\n' "$1"
  if eval "$1" > /dev/null 2>&1; then echo 'an answer'; else echo 'no answer'; fi
}
fetch='wget -q -O -'

say 'Two networks. The second has IPv6, too.'
try 'netctl net create front --subnet 10.20.0.0/24 > /dev/null'
try 'netctl net create back --subnet 10.30.0.0/24 --subnet6 fd00:30::/64 > /dev/null'
try 'netctl run -d --name web --network front busybox httpd -f -h /etc > /dev/null'
try 'netctl run -d --name db --network back busybox httpd -f -h /etc > /dev/null'
try 'netctl run -d --name admin --network back busybox sleep 1000 > /dev/null'
try 'netctl ls | awk "{ print \$1, \$3, \$4 }"'

say 'Within a network, containers reach each other by name, by both families.'
ask 'netctl exec admin ping -c 1 -W 2 db'
ask 'netctl exec admin ping6 -c 1 -W 2 fd00:30::2'

say 'From one to the other, nothing passes, and no name is known.'
ask 'netctl exec web ping -c 1 -W 1 10.30.0.2'
ask 'netctl exec web nslookup -type=a db'

say 'Let front open connections to back. The other way round stays closed.'
try 'netctl allow front back'
ask 'netctl exec web ping -c 1 -W 2 10.30.0.2'
ask 'netctl exec db ping -c 1 -W 1 10.20.0.2'

say 'Only to the port that is needed.'
try 'netctl deny front back'
try 'netctl acl add web-db allow container:web container:db --protocol tcp --port 80'
ask "netctl exec web $fetch http://10.30.0.2/hostname"
ask 'netctl exec web ping -c 1 -W 1 10.30.0.2'
try 'netctl acl rm web-db'

say 'A container in both knows both, by name.'
try 'netctl net connect front admin'
try 'netctl exec admin ip -4 -oneline address | grep -o "eth.*inet [0-9.]*" | tr -s " "'
ask "netctl exec admin $fetch http://web/hostname"
ask "netctl exec admin $fetch http://db/hostname"

say 'A published port is for this host alone, unless it says otherwise.'
try 'netctl publish web 8080:80'
ask "busybox $fetch http://127.0.0.1:8080/hostname"
ask "ip netns exec internet busybox $fetch http://198.51.100.2:8080/hostname"
try 'netctl publish web 0.0.0.0:8081:80'
ask "ip netns exec internet busybox $fetch http://198.51.100.2:8081/hostname"
try 'netctl exposure'
try 'netctl unpublish web 0.0.0.0:8081:80'
ask "ip netns exec internet busybox $fetch http://198.51.100.2:8081/hostname"

say 'An internal network has no way out, and asks nobody outside for a name.'
ask 'netctl exec db nslookup -type=a www.example.net'
try 'netctl net set back --internal'
ask 'netctl exec db ping -c 1 -W 1 203.0.113.80'
ask 'netctl exec db nslookup -type=a www.example.net'
ask 'netctl exec admin ping -c 1 -W 2 10.30.0.2'

say 'A network is not removed under its containers.'
try 'netctl net rm back 2>&1 || true'
try 'netctl rm -f web db admin'
try 'netctl net prune -f'
