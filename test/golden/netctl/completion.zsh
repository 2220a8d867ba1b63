#compdef netctl
autoload -U +X bashcompinit && bashcompinit
_netctl() {
  local cur="${COMP_WORDS[COMP_CWORD]}" path="${COMP_WORDS[1]}" words="" valued="" kind="" first=2 at=0 i
  local -a kinds
  if [ "$COMP_CWORD" -le 1 ]; then
    COMPREPLY=($(compgen -W "run create start stop restart kill wait update pause unpause rename rm exec attach logs cp diff ps stats top inspect ls lease net network publish unpublish port exposure allow deny acl change drift doctor images image volume sandbox events info version completion help" -- "$cur"))
    return
  fi
  case "$path" in
    network) path="net" ;;
  esac
  case "$path" in
    lease|net|acl|change|image|volume) [ "$COMP_CWORD" -gt 2 ] && path="$path ${COMP_WORDS[2]}" && first=3 ;;
  esac
  case "$path" in
    "run") words="-d --detach -a --attach --detach-keys --sig-proxy=false -i --interactive -t --tty --rm --name -h --hostname -e --env --env-file -w --workdir -u --user --cap-add --cap-drop --security-opt --privileged --read-only --dns --add-host --log-driver --log-opt -l --label --label-file --network --ip --ip6 --mac-address --network-alias -p --publish -P --publish-all --expose --egress --rate-in --rate-out -v --volume --mount --tmpfs --volumes-from --device --shm-size --restart --stop-signal --stop-timeout --entrypoint --domainname --cidfile --pull --health-cmd --health-interval --health-timeout --health-retries --health-start-period --health-start-interval --no-healthcheck -m --memory --memory-reservation --memory-swap --cpus -c --cpu-shares --cpu-period --cpu-quota --cpuset-cpus --cpuset-mems --pids-limit --blkio-weight --memory-swappiness --oom-kill-disable --blkio-weight-device --device-read-bps --device-write-bps --device-read-iops --device-write-iops --device-cgroup-rule --cgroup-parent --cgroupns --sysctl --ulimit --group-add --oom-score-adj --init --pid --uts --userns --uidmap --gidmap --json --show --socket --help"; kinds=("images" ""); valued="-a --attach --detach-keys --name -h --hostname -e --env --env-file -w --workdir -u --user --cap-add --cap-drop --security-opt --dns --add-host --log-driver --log-opt -l --label --label-file --network --ip --ip6 --mac-address --network-alias -p --publish --expose --egress --rate-in --rate-out -v --volume --mount --tmpfs --volumes-from --device --shm-size --restart --stop-signal --stop-timeout --entrypoint --domainname --cidfile --pull --health-cmd --health-interval --health-timeout --health-retries --health-start-period --health-start-interval -m --memory --memory-reservation --memory-swap --cpus -c --cpu-shares --cpu-period --cpu-quota --cpuset-cpus --cpuset-mems --pids-limit --blkio-weight --memory-swappiness --blkio-weight-device --device-read-bps --device-write-bps --device-read-iops --device-write-iops --device-cgroup-rule --cgroup-parent --cgroupns --sysctl --ulimit --group-add --oom-score-adj --pid --uts --userns --uidmap --gidmap --socket" ;;
    "create") words="-i --interactive -t --tty --rm --name -h --hostname -e --env --env-file -w --workdir -u --user --cap-add --cap-drop --security-opt --privileged --read-only --dns --add-host --log-driver --log-opt -l --label --label-file --network --ip --ip6 --mac-address --network-alias -p --publish -P --publish-all --expose --egress --rate-in --rate-out -v --volume --mount --tmpfs --volumes-from --device --shm-size --restart --stop-signal --stop-timeout --entrypoint --domainname --cidfile --pull --health-cmd --health-interval --health-timeout --health-retries --health-start-period --health-start-interval --no-healthcheck -m --memory --memory-reservation --memory-swap --cpus -c --cpu-shares --cpu-period --cpu-quota --cpuset-cpus --cpuset-mems --pids-limit --blkio-weight --memory-swappiness --oom-kill-disable --blkio-weight-device --device-read-bps --device-write-bps --device-read-iops --device-write-iops --device-cgroup-rule --cgroup-parent --cgroupns --sysctl --ulimit --group-add --oom-score-adj --init --pid --uts --userns --uidmap --gidmap --json --show --socket --help"; kinds=("images" ""); valued="--name -h --hostname -e --env --env-file -w --workdir -u --user --cap-add --cap-drop --security-opt --dns --add-host --log-driver --log-opt -l --label --label-file --network --ip --ip6 --mac-address --network-alias -p --publish --expose --egress --rate-in --rate-out -v --volume --mount --tmpfs --volumes-from --device --shm-size --restart --stop-signal --stop-timeout --entrypoint --domainname --cidfile --pull --health-cmd --health-interval --health-timeout --health-retries --health-start-period --health-start-interval -m --memory --memory-reservation --memory-swap --cpus -c --cpu-shares --cpu-period --cpu-quota --cpuset-cpus --cpuset-mems --pids-limit --blkio-weight --memory-swappiness --blkio-weight-device --device-read-bps --device-write-bps --device-read-iops --device-write-iops --device-cgroup-rule --cgroup-parent --cgroupns --sysctl --ulimit --group-add --oom-score-adj --pid --uts --userns --uidmap --gidmap --socket" ;;
    "start") words="-a --attach -i --interactive --detach-keys --json --show --socket -h --help"; kinds=("containers"); valued="--detach-keys --socket" ;;
    "stop") words="-t --time -s --signal --json --show --socket -h --help"; kinds=("containers"); valued="-t --time -s --signal --socket" ;;
    "restart") words="-t --time -s --signal --json --show --socket -h --help"; kinds=("containers"); valued="-t --time -s --signal --socket" ;;
    "kill") words="-s --signal --json --show --socket -h --help"; kinds=("containers"); valued="-s --signal --socket" ;;
    "wait") words="--condition --json --show --socket -h --help"; kinds=("containers"); valued="--condition --socket" ;;
    "update") words="--restart --egress --rate-in --rate-out -m --memory --memory-reservation --memory-swap --cpus -c --cpu-shares --cpu-period --cpu-quota --cpuset-cpus --cpuset-mems --pids-limit --blkio-weight --json --show --socket -h --help"; kinds=("containers"); valued="--restart --egress --rate-in --rate-out -m --memory --memory-reservation --memory-swap --cpus -c --cpu-shares --cpu-period --cpu-quota --cpuset-cpus --cpuset-mems --pids-limit --blkio-weight --socket" ;;
    "pause") words="--json --show --socket -h --help"; kinds=("containers"); valued="--socket" ;;
    "unpause") words="--json --show --socket -h --help"; kinds=("containers"); valued="--socket" ;;
    "rename") words="--json --show --socket -h --help"; kinds=("containers" ""); valued="--socket" ;;
    "rm") words="-f --force -v --volumes --json --show --socket -h --help"; kinds=("containers"); valued="--socket" ;;
    "exec") words="-i --interactive -t --tty -d --detach -e --env --env-file -w --workdir -u --user --detach-keys --json --show --socket -h --help"; kinds=("containers" ""); valued="-e --env --env-file -w --workdir -u --user --detach-keys --socket" ;;
    "attach") words="--no-stdin --detach-keys --sig-proxy=false --json --show --socket -h --help"; kinds=("containers"); valued="--detach-keys --socket" ;;
    "logs") words="-f --follow --since --until -n --tail -t --timestamps --json --show --socket -h --help"; kinds=("containers"); valued="--since --until -n --tail --socket" ;;
    "cp") words="-a --archive -L --follow-link -q --quiet --json --show --socket -h --help"; ;;
    "diff") words="--json --show --socket -h --help"; kinds=("containers"); valued="--socket" ;;
    "ps") words="-a --all -q --quiet -f --filter -n --last -l --latest --format --no-trunc --json --show --socket -h --help"; ;;
    "stats") words="-a --all --no-stream --format --json --show --socket -h --help"; kinds=("containers"); valued="--format --socket" ;;
    "top") words="--json --show --socket -h --help"; kinds=("containers" ""); valued="--socket" ;;
    "inspect") words="--json --show --socket -h --help"; kinds=("containers"); valued="--socket" ;;
    "ls") words="--stale --json --show --socket -h --help"; ;;
    "lease") words="ls reserve release collect export import -h --help"; ;;
    "lease ls") words="--stale --json --show --socket -h --help"; ;;
    "lease reserve") words="--network --json --show --socket -h --help"; ;;
    "lease release") words="--network --json --show --socket -h --help"; ;;
    "lease collect") words="--json --show --socket -h --help"; ;;
    "lease export") words="--json --show --socket -h --help"; ;;
    "lease import") words="--json --show --socket -h --help"; ;;
    "net") words="create ls inspect set rm prune connect disconnect -h --help"; ;;
    "net create") words="-d --driver --kind --subnet --subnet6 --ipv6 --ipv4 --gateway --ip-range --aux-address --bridge --adopt --parent --macvlan-mode --mac-prefix -o --opt --mtu --nat --nat6 --internal --isolated --range --exclude --dns --domain --route --label --drift --json --show --socket -h --help"; ;;
    "net ls") words="-q --quiet -f --filter --format --no-trunc --json --show --socket -h --help"; ;;
    "net inspect") words="--json --show --socket -h --help"; kinds=("networks"); valued="--socket" ;;
    "net set") words="--mtu --nat --nat6 --internal --isolated --range --exclude --dns --domain --route --label --drift --confirm --json --show --socket -h --help"; kinds=("networks"); valued="--mtu --nat --nat6 --range --exclude --dns --domain --route --label --drift --confirm --socket" ;;
    "net rm") words="-f --force --json --show --socket -h --help"; kinds=("networks"); valued="--socket" ;;
    "net prune") words="-f --force --filter --json --show --socket -h --help"; ;;
    "net connect") words="--ip --ip6 --mac --alias --default-route --json --show --socket -h --help"; kinds=("networks" "containers"); valued="--ip --ip6 --mac --alias --socket" ;;
    "net disconnect") words="-f --force --json --show --socket -h --help"; kinds=("networks" "containers"); valued="--socket" ;;
    "publish") words="--confirm --json --show --socket -h --help"; kinds=("containers" ""); valued="--confirm --socket" ;;
    "unpublish") words="--json --show --socket -h --help"; kinds=("containers" ""); valued="--socket" ;;
    "port") words="--json --show --socket -h --help"; kinds=("containers" ""); valued="--socket" ;;
    "exposure") words="--json --show --socket -h --help"; ;;
    "allow") words="--confirm --json --show --socket -h --help"; kinds=("networks" "networks"); valued="--confirm --socket" ;;
    "deny") words="--json --show --socket -h --help"; kinds=("networks" "networks"); valued="--socket" ;;
    "acl") words="add ls rm -h --help"; ;;
    "acl add") words="--protocol --port --position --json --show --socket -h --help"; ;;
    "acl ls") words="--json --show --socket -h --help"; ;;
    "acl rm") words="--json --show --socket -h --help"; kinds=("acls"); valued="--socket" ;;
    "change") words="ls confirm revert -h --help"; ;;
    "change ls") words="--json --show --socket -h --help"; ;;
    "change confirm") words="--json --show --socket -h --help"; kinds=("changes"); valued="--socket" ;;
    "change revert") words="--json --show --socket -h --help"; kinds=("changes"); valued="--socket" ;;
    "drift") words="--heal --exit-code --json --show --socket -h --help"; ;;
    "doctor") words="--repair --json --show --socket -h --help"; ;;
    "images") words="-q --quiet --no-trunc --json --show --socket -h --help"; ;;
    "image") words="import ls rm -h --help"; ;;
    "image import") words="-c --change --json --show --socket -h --help"; ;;
    "image ls") words="-q --quiet --no-trunc --json --show --socket -h --help"; ;;
    "image rm") words="--json --show --socket -h --help"; ;;
    "volume") words="create ls inspect rm prune -h --help"; ;;
    "volume create") words="-l --label -d --driver --json --show --socket -h --help"; ;;
    "volume ls") words="-q --quiet -f --filter --json --show --socket -h --help"; ;;
    "volume inspect") words="--json --show --socket -h --help"; kinds=("volumes"); valued="--socket" ;;
    "volume rm") words="-f --force --json --show --socket -h --help"; kinds=("volumes"); valued="--socket" ;;
    "volume prune") words="-a --all -f --force --json --show --socket -h --help"; ;;
    "sandbox") words="--subnet --netd-arg --no-netd --json --show -h --help"; ;;
    "events") words="--since --until -f --filter --format --json --show --socket -h --help"; ;;
    "info") words="--json --show --socket -h --help"; ;;
    "version") words="--json --show --socket -h --help"; ;;
    "completion") words="-h --help"; ;;
  esac
  for ((i = first; i < COMP_CWORD; i++)); do
    case "${COMP_WORDS[i]}" in
      -*) case " $valued " in *" ${COMP_WORDS[i]} "*) i=$((i + 1)) ;; esac ;;
      *) at=$((at + 1)) ;;
    esac
  done
  if [ "${#kinds[@]}" -gt 0 ]; then
    [ "$at" -lt "${#kinds[@]}" ] || at=$((${#kinds[@]} - 1))
    kind="${kinds[at]}"
  fi
  case "${COMP_WORDS[COMP_CWORD-1]}" in
    --network) words=""; kind="networks" ;;
  esac
  case "$cur" in
    -*) ;;
    *) [ -n "$kind" ] && words="$words $(netctl completion --list "$kind" 2>/dev/null)" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _netctl netctl
