prlimit --nofile=1024:4096
