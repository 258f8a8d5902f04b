// SPDX-License-Identifier: BSD-3-Clause
#include "database_file.hpp"

#include <cerrno>
#include <string>
#include <system_error>

#include <stdlib.h>

namespace pipeline {

database_file::database_file(const options& o) : path_(o.db), keep_(o.keep) {
    if (path_.empty()) {
        std::string name = (std::filesystem::temp_directory_path() / "sqlite_pipeline.XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
        directory_ = name;
        path_ = directory_ / "sales.db";
    } else if (std::filesystem::exists(std::filesystem::symlink_status(path_))) {
        throw usage_error("--db: \"" + path_.string() + "\" is there already; name a new file");
    }
}

database_file::~database_file() {
    if (keep_) return;
    std::error_code ignored;
    if (!directory_.empty()) {
        std::filesystem::remove_all(directory_, ignored);
    } else {
        std::filesystem::remove(path_, ignored);
        std::filesystem::remove(path_.string() + "-journal", ignored);  // there only if a transaction was cut off
    }
}

}  // namespace pipeline
