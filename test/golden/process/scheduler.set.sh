nice -n 5 chrt --batch 0
