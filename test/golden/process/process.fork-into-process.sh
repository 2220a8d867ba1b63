nsenter --target=17 --pid
