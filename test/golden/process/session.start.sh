setsid
