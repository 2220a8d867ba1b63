_netctl() {
  local cur="${COMP_WORDS[COMP_CWORD]}" path="${COMP_WORDS[1]}" words="" kind=""
  if [ "$COMP_CWORD" -le 1 ]; then
    COMPREPLY=($(compgen -W "run create start stop restart kill wait update pause unpause rename rm exec attach logs cp diff ps stats top inspect ls net images image volume sandbox events info version completion help" -- "$cur"))
    return
  fi
  case "$path" in
    net|image|volume) [ "$COMP_CWORD" -gt 2 ] && path="$path ${COMP_WORDS[2]}" ;;
  esac
  case "$path" in
    "run") words="-d --detach -a --attach --detach-keys --sig-proxy=false -i --interactive -t --tty --rm --name -h --hostname --network --ip --mac-address -e --env --env-file -w --workdir -u --user --cap-add --cap-drop --security-opt --privileged --read-only --dns --add-host --log-driver --log-opt -l --label --label-file -v --volume --mount --tmpfs --volumes-from --device --shm-size --restart --stop-signal --stop-timeout --entrypoint --domainname --cidfile --pull --health-cmd --health-interval --health-timeout --health-retries --health-start-period --health-start-interval --no-healthcheck -m --memory --memory-reservation --memory-swap --cpus -c --cpu-shares --cpu-period --cpu-quota --cpuset-cpus --cpuset-mems --pids-limit --blkio-weight --memory-swappiness --oom-kill-disable --blkio-weight-device --device-read-bps --device-write-bps --device-read-iops --device-write-iops --device-cgroup-rule --cgroup-parent --cgroupns --sysctl --ulimit --group-add --oom-score-adj --init --pid --uts --userns --uidmap --gidmap --json --show --socket --help"; kind="images" ;;
    "create") words="-i --interactive -t --tty --rm --name -h --hostname --network --ip --mac-address -e --env --env-file -w --workdir -u --user --cap-add --cap-drop --security-opt --privileged --read-only --dns --add-host --log-driver --log-opt -l --label --label-file -v --volume --mount --tmpfs --volumes-from --device --shm-size --restart --stop-signal --stop-timeout --entrypoint --domainname --cidfile --pull --health-cmd --health-interval --health-timeout --health-retries --health-start-period --health-start-interval --no-healthcheck -m --memory --memory-reservation --memory-swap --cpus -c --cpu-shares --cpu-period --cpu-quota --cpuset-cpus --cpuset-mems --pids-limit --blkio-weight --memory-swappiness --oom-kill-disable --blkio-weight-device --device-read-bps --device-write-bps --device-read-iops --device-write-iops --device-cgroup-rule --cgroup-parent --cgroupns --sysctl --ulimit --group-add --oom-score-adj --init --pid --uts --userns --uidmap --gidmap --json --show --socket --help"; kind="images" ;;
    "start") words="-a --attach -i --interactive --detach-keys --json --show --socket -h --help"; kind="containers" ;;
    "stop") words="-t --time -s --signal --json --show --socket -h --help"; kind="containers" ;;
    "restart") words="-t --time -s --signal --json --show --socket -h --help"; kind="containers" ;;
    "kill") words="-s --signal --json --show --socket -h --help"; kind="containers" ;;
    "wait") words="--condition --json --show --socket -h --help"; kind="containers" ;;
    "update") words="--restart -m --memory --memory-reservation --memory-swap --cpus -c --cpu-shares --cpu-period --cpu-quota --cpuset-cpus --cpuset-mems --pids-limit --blkio-weight --json --show --socket -h --help"; kind="containers" ;;
    "pause") words="--json --show --socket -h --help"; kind="containers" ;;
    "unpause") words="--json --show --socket -h --help"; kind="containers" ;;
    "rename") words="--json --show --socket -h --help"; kind="containers" ;;
    "rm") words="-f --force -v --volumes --json --show --socket -h --help"; kind="containers" ;;
    "exec") words="-i --interactive -t --tty -d --detach -e --env --env-file -w --workdir -u --user --detach-keys --json --show --socket -h --help"; kind="containers" ;;
    "attach") words="--no-stdin --detach-keys --sig-proxy=false --json --show --socket -h --help"; kind="containers" ;;
    "logs") words="-f --follow --since --until -n --tail -t --timestamps --json --show --socket -h --help"; kind="containers" ;;
    "cp") words="-a --archive -L --follow-link -q --quiet --json --show --socket -h --help"; kind="" ;;
    "diff") words="--json --show --socket -h --help"; kind="containers" ;;
    "ps") words="-a --all -q --quiet -f --filter -n --last -l --latest --format --no-trunc --json --show --socket -h --help"; kind="" ;;
    "stats") words="-a --all --no-stream --format --json --show --socket -h --help"; kind="containers" ;;
    "top") words="--json --show --socket -h --help"; kind="containers" ;;
    "inspect") words="--json --show --socket -h --help"; kind="containers" ;;
    "ls") words="--json --show --socket -h --help"; kind="" ;;
    "net") words="ls inspect -h --help"; kind="" ;;
    "net ls") words="--json --show --socket -h --help"; kind="" ;;
    "net inspect") words="--json --show --socket -h --help"; kind="networks" ;;
    "images") words="-q --quiet --no-trunc --json --show --socket -h --help"; kind="" ;;
    "image") words="import ls rm -h --help"; kind="" ;;
    "image import") words="-c --change --json --show --socket -h --help"; kind="" ;;
    "image ls") words="-q --quiet --no-trunc --json --show --socket -h --help"; kind="" ;;
    "image rm") words="--json --show --socket -h --help"; kind="" ;;
    "volume") words="create ls inspect rm prune -h --help"; kind="" ;;
    "volume create") words="-l --label -d --driver --json --show --socket -h --help"; kind="" ;;
    "volume ls") words="-q --quiet -f --filter --json --show --socket -h --help"; kind="" ;;
    "volume inspect") words="--json --show --socket -h --help"; kind="" ;;
    "volume rm") words="-f --force --json --show --socket -h --help"; kind="" ;;
    "volume prune") words="-a --all -f --force --json --show --socket -h --help"; kind="" ;;
    "sandbox") words="--subnet --netd-arg --no-netd --json --show -h --help"; kind="" ;;
    "events") words="--since --until -f --filter --format --json --show --socket -h --help"; kind="" ;;
    "info") words="--json --show --socket -h --help"; kind="" ;;
    "version") words="--json --show --socket -h --help"; kind="" ;;
    "completion") words="-h --help"; kind="" ;;
  esac
  case "$cur" in
    -*) ;;
    *) [ -n "$kind" ] && words="$words $(netctl completion --list "$kind" 2>/dev/null)" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _netctl netctl
