#compdef netctl
autoload -U +X bashcompinit && bashcompinit
_netctl() {
  local cur="${COMP_WORDS[COMP_CWORD]}" path="${COMP_WORDS[1]}" words="" kind="" first=2 at=0 i
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
    "run") words="-d --detach -a --attach --detach-keys --sig-proxy=false -i --interactive -t --tty --rm --name -h --hostname -e --env --env-file -w --workdir -u --user --cap-add --cap-drop --security-opt --privileged --read-only --dns --add-host --log-driver --log-opt -l --label --label-file --network --ip --ip6 --mac-address --network-alias -p --publish -P --publish-all --expose --egress --rate-in --rate-out -v --volume --mount --tmpfs --volumes-from --device --shm-size --restart --stop-signal --stop-timeout --entrypoint --domainname --cidfile --pull --health-cmd --health-interval --health-timeout --health-retries --health-start-period --health-start-interval --no-healthcheck -m --memory --memory-reservation --memory-swap --cpus -c --cpu-shares --cpu-period --cpu-quota --cpuset-cpus --cpuset-mems --pids-limit --blkio-weight --memory-swappiness --oom-kill-disable --blkio-weight-device --device-read-bps --device-write-bps --device-read-iops --device-write-iops --device-cgroup-rule --cgroup-parent --cgroupns --sysctl --ulimit --group-add --oom-score-adj --init --pid --uts --userns --uidmap --gidmap --json --show --socket --help"; kinds=("images" "") ;;
    "create") words="-i --interactive -t --tty --rm --name -h --hostname -e --env --env-file -w --workdir -u --user --cap-add --cap-drop --security-opt --privileged --read-only --dns --add-host --log-driver --log-opt -l --label --label-file --network --ip --ip6 --mac-address --network-alias -p --publish -P --publish-all --expose --egress --rate-in --rate-out -v --volume --mount --tmpfs --volumes-from --device --shm-size --restart --stop-signal --stop-timeout --entrypoint --domainname --cidfile --pull --health-cmd --health-interval --health-timeout --health-retries --health-start-period --health-start-interval --no-healthcheck -m --memory --memory-reservation --memory-swap --cpus -c --cpu-shares --cpu-period --cpu-quota --cpuset-cpus --cpuset-mems --pids-limit --blkio-weight --memory-swappiness --oom-kill-disable --blkio-weight-device --device-read-bps --device-write-bps --device-read-iops --device-write-iops --device-cgroup-rule --cgroup-parent --cgroupns --sysctl --ulimit --group-add --oom-score-adj --init --pid --uts --userns --uidmap --gidmap --json --show --socket --help"; kinds=("images" "") ;;
    "start") words="-a --attach -i --interactive --detach-keys --json --show --socket -h --help"; kinds=("containers") ;;
    "stop") words="-t --time -s --signal --json --show --socket -h --help"; kinds=("containers") ;;
    "restart") words="-t --time -s --signal --json --show --socket -h --help"; kinds=("containers") ;;
    "kill") words="-s --signal --json --show --socket -h --help"; kinds=("containers") ;;
    "wait") words="--condition --json --show --socket -h --help"; kinds=("containers") ;;
    "update") words="--restart --egress --rate-in --rate-out -m --memory --memory-reservation --memory-swap --cpus -c --cpu-shares --cpu-period --cpu-quota --cpuset-cpus --cpuset-mems --pids-limit --blkio-weight --json --show --socket -h --help"; kinds=("containers") ;;
    "pause") words="--json --show --socket -h --help"; kinds=("containers") ;;
    "unpause") words="--json --show --socket -h --help"; kinds=("containers") ;;
    "rename") words="--json --show --socket -h --help"; kinds=("containers" "") ;;
    "rm") words="-f --force -v --volumes --json --show --socket -h --help"; kinds=("containers") ;;
    "exec") words="-i --interactive -t --tty -d --detach -e --env --env-file -w --workdir -u --user --detach-keys --json --show --socket -h --help"; kinds=("containers" "") ;;
    "attach") words="--no-stdin --detach-keys --sig-proxy=false --json --show --socket -h --help"; kinds=("containers") ;;
    "logs") words="-f --follow --since --until -n --tail -t --timestamps --json --show --socket -h --help"; kinds=("containers") ;;
    "cp") words="-a --archive -L --follow-link -q --quiet --json --show --socket -h --help"; ;;
    "diff") words="--json --show --socket -h --help"; kinds=("containers") ;;
    "ps") words="-a --all -q --quiet -f --filter -n --last -l --latest --format --no-trunc --json --show --socket -h --help"; ;;
    "stats") words="-a --all --no-stream --format --json --show --socket -h --help"; kinds=("containers") ;;
    "top") words="--json --show --socket -h --help"; kinds=("containers" "") ;;
    "inspect") words="--json --show --socket -h --help"; kinds=("containers") ;;
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
    "net inspect") words="--json --show --socket -h --help"; kinds=("networks") ;;
    "net set") words="--mtu --nat --nat6 --internal --isolated --range --exclude --dns --domain --route --label --drift --confirm --json --show --socket -h --help"; kinds=("networks") ;;
    "net rm") words="-f --force --json --show --socket -h --help"; kinds=("networks") ;;
    "net prune") words="-f --force --filter --json --show --socket -h --help"; ;;
    "net connect") words="--ip --ip6 --mac --alias --default-route --json --show --socket -h --help"; kinds=("networks" "containers") ;;
    "net disconnect") words="-f --force --json --show --socket -h --help"; kinds=("networks" "containers") ;;
    "publish") words="--confirm --json --show --socket -h --help"; kinds=("containers" "") ;;
    "unpublish") words="--json --show --socket -h --help"; kinds=("containers" "") ;;
    "port") words="--json --show --socket -h --help"; kinds=("containers" "") ;;
    "exposure") words="--json --show --socket -h --help"; ;;
    "allow") words="--confirm --json --show --socket -h --help"; kinds=("networks" "networks") ;;
    "deny") words="--json --show --socket -h --help"; kinds=("networks" "networks") ;;
    "acl") words="add ls rm -h --help"; ;;
    "acl add") words="--protocol --port --position --json --show --socket -h --help"; ;;
    "acl ls") words="--json --show --socket -h --help"; ;;
    "acl rm") words="--json --show --socket -h --help"; kinds=("acls") ;;
    "change") words="ls confirm revert -h --help"; ;;
    "change ls") words="--json --show --socket -h --help"; ;;
    "change confirm") words="--json --show --socket -h --help"; kinds=("changes") ;;
    "change revert") words="--json --show --socket -h --help"; kinds=("changes") ;;
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
    "volume inspect") words="--json --show --socket -h --help"; kinds=("volumes") ;;
    "volume rm") words="-f --force --json --show --socket -h --help"; kinds=("volumes") ;;
    "volume prune") words="-a --all -f --force --json --show --socket -h --help"; ;;
    "sandbox") words="--subnet --netd-arg --no-netd --json --show -h --help"; ;;
    "events") words="--since --until -f --filter --format --json --show --socket -h --help"; ;;
    "info") words="--json --show --socket -h --help"; ;;
    "version") words="--json --show --socket -h --help"; ;;
    "completion") words="-h --help"; ;;
  esac
  for ((i = first; i < COMP_CWORD; i++)); do
    case "${COMP_WORDS[i]}" in -*) ;; *) at=$((at + 1)) ;; esac
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
