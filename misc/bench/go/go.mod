module gangway.bench/peer

go 1.19
