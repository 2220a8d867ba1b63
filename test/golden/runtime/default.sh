(
  exec </dev/null 1<>/c/streams/stdout 2<>/c/streams/stderr
  echo 0 > /sys/fs/cgroup/netd/x/cgroup.procs
  exec unshare --pid --fork setsid unshare --mount --uts --ipc --net --cgroup sh -euc '
  # in a session keyring of its own: keyctl session _ses.0000000000000000000000000000000000000000000000000000000000000000
  mount --make-rprivate /
  mount -t overlay -o lowerdir=/l/top:/l/base,upperdir=/c/upper,workdir=/c/work overlay /c/rootfs
  mkdir -p /c/rootfs/proc
  mount -t proc -o nosuid,noexec,nodev proc /c/rootfs/proc
  mkdir -p /c/rootfs/dev
  mount -t tmpfs -o nosuid,strictatime,mode=755,size=65536k tmpfs /c/rootfs/dev
  mkdir -p /c/rootfs/dev/pts
  mount -t devpts -o nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5 devpts /c/rootfs/dev/pts
  mkdir -p /c/rootfs/sys
  mount -t sysfs -o nosuid,noexec,nodev,ro sysfs /c/rootfs/sys
  mkdir -p /c/rootfs/sys/fs/cgroup
  mount -t tmpfs -o nosuid,noexec,nodev,mode=755 tmpfs /c/rootfs/sys/fs/cgroup
  [ -d /sys/fs/cgroup/memory/netd/x ] && mkdir -p /c/rootfs/sys/fs/cgroup/memory || { mkdir -p /c/rootfs/sys/fs/cgroup; touch /c/rootfs/sys/fs/cgroup/memory; }
  mount --bind /sys/fs/cgroup/memory/netd/x /c/rootfs/sys/fs/cgroup/memory
  mount -o remount,bind,ro,nosuid,noexec,nodev /c/rootfs/sys/fs/cgroup/memory
  [ -d /sys/fs/cgroup/cpu,cpuacct/netd/x ] && mkdir -p /c/rootfs/sys/fs/cgroup/cpu,cpuacct || { mkdir -p /c/rootfs/sys/fs/cgroup; touch /c/rootfs/sys/fs/cgroup/cpu,cpuacct; }
  mount --bind /sys/fs/cgroup/cpu,cpuacct/netd/x /c/rootfs/sys/fs/cgroup/cpu,cpuacct
  mount -o remount,bind,ro,nosuid,noexec,nodev /c/rootfs/sys/fs/cgroup/cpu,cpuacct
  [ -e /c/rootfs/sys/fs/cgroup/cpu ] || ln -s cpu,cpuacct /c/rootfs/sys/fs/cgroup/cpu
  [ -d /sys/fs/cgroup/pids/netd/x ] && mkdir -p /c/rootfs/sys/fs/cgroup/pids || { mkdir -p /c/rootfs/sys/fs/cgroup; touch /c/rootfs/sys/fs/cgroup/pids; }
  mount --bind /sys/fs/cgroup/pids/netd/x /c/rootfs/sys/fs/cgroup/pids
  mount -o remount,bind,ro,nosuid,noexec,nodev /c/rootfs/sys/fs/cgroup/pids
  mount -o remount,bind,ro,nosuid,noexec,nodev /c/rootfs/sys/fs/cgroup
  mkdir -p /c/rootfs/dev/mqueue
  mount -t mqueue -o nosuid,noexec,nodev mqueue /c/rootfs/dev/mqueue
  mkdir -p /c/rootfs/dev/shm
  mount -t tmpfs -o nosuid,noexec,nodev,mode=1777,size=65536k shm /c/rootfs/dev/shm
  mknod -m 666 /c/rootfs/dev/null c 1 3
  mknod -m 666 /c/rootfs/dev/zero c 1 5
  mknod -m 666 /c/rootfs/dev/full c 1 7
  mknod -m 666 /c/rootfs/dev/random c 1 8
  mknod -m 666 /c/rootfs/dev/urandom c 1 9
  mknod -m 666 /c/rootfs/dev/tty c 5 0
  [ -e /c/rootfs/dev/fd ] || ln -s /proc/self/fd /c/rootfs/dev/fd
  [ -e /c/rootfs/dev/stdin ] || ln -s /proc/self/fd/0 /c/rootfs/dev/stdin
  [ -e /c/rootfs/dev/stdout ] || ln -s /proc/self/fd/1 /c/rootfs/dev/stdout
  [ -e /c/rootfs/dev/stderr ] || ln -s /proc/self/fd/2 /c/rootfs/dev/stderr
  [ -e /c/rootfs/dev/ptmx ] || ln -s pts/ptmx /c/rootfs/dev/ptmx
  [ -e /c/rootfs/dev/core ] || ln -s /proc/kcore /c/rootfs/dev/core
  mkdir -p /c/rootfs/etc
  [ -e /c/rootfs/etc/mtab ] || ln -s /proc/mounts /c/rootfs/etc/mtab
  hostname web
  if [ -e /c/rootfs/proc/bus ]; then mount --rbind /c/rootfs/proc/bus /c/rootfs/proc/bus; mount -o remount,bind,ro /c/rootfs/proc/bus; fi
  if [ -e /c/rootfs/proc/fs ]; then mount --rbind /c/rootfs/proc/fs /c/rootfs/proc/fs; mount -o remount,bind,ro /c/rootfs/proc/fs; fi
  if [ -e /c/rootfs/proc/irq ]; then mount --rbind /c/rootfs/proc/irq /c/rootfs/proc/irq; mount -o remount,bind,ro /c/rootfs/proc/irq; fi
  if [ -e /c/rootfs/proc/sys ]; then mount --rbind /c/rootfs/proc/sys /c/rootfs/proc/sys; mount -o remount,bind,ro /c/rootfs/proc/sys; fi
  if [ -e /c/rootfs/proc/sysrq-trigger ]; then mount --rbind /c/rootfs/proc/sysrq-trigger /c/rootfs/proc/sysrq-trigger; mount -o remount,bind,ro /c/rootfs/proc/sysrq-trigger; fi
  if [ -d /c/rootfs/proc/kcore ]; then mount -t tmpfs -o ro tmpfs /c/rootfs/proc/kcore; elif [ -e /c/rootfs/proc/kcore ]; then mount --bind /dev/null /c/rootfs/proc/kcore; fi
  if [ -d /c/rootfs/proc/keys ]; then mount -t tmpfs -o ro tmpfs /c/rootfs/proc/keys; elif [ -e /c/rootfs/proc/keys ]; then mount --bind /dev/null /c/rootfs/proc/keys; fi
  if [ -d /c/rootfs/proc/timer_list ]; then mount -t tmpfs -o ro tmpfs /c/rootfs/proc/timer_list; elif [ -e /c/rootfs/proc/timer_list ]; then mount --bind /dev/null /c/rootfs/proc/timer_list; fi
  if [ -d /c/rootfs/proc/scsi ]; then mount -t tmpfs -o ro tmpfs /c/rootfs/proc/scsi; elif [ -e /c/rootfs/proc/scsi ]; then mount --bind /dev/null /c/rootfs/proc/scsi; fi
  if [ -d /c/rootfs/sys/firmware ]; then mount -t tmpfs -o ro tmpfs /c/rootfs/sys/firmware; elif [ -e /c/rootfs/sys/firmware ]; then mount --bind /dev/null /c/rootfs/sys/firmware; fi
  cd /c/rootfs
  pivot_root . .
  umount -l .
  cd /
  umask 0022
  exec setpriv --bounding-set -all,+chown,+dac_override,+fsetid,+fowner,+mknod,+net_raw,+setgid,+setuid,+setfcap,+setpcap,+net_bind_service,+sys_chroot,+kill,+audit_write setpriv --reuid=0 --regid=0 --clear-groups setpriv --inh-caps -all --ambient-caps -all env -i PATH=/bin HOME=/ sh
'
)
