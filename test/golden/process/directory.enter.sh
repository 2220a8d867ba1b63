cd '/srv/my files'
