domainname example.net
