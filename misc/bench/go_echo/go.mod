module gangway.bench/echo

go 1.19
