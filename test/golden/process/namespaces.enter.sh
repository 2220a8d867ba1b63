nsenter --target=4711 --mount --cgroup --uts --ipc --net
