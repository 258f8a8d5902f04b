module gangway.bench/sqlite

go 1.19
