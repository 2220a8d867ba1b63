unshare --user --map-users=0:231072:1000 --map-users=1000:5000:1 --map-groups=0:231072:65536 --setuid=0 --setgid=0
