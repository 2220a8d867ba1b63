nsenter --net=/run/netns/web
