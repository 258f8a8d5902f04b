// SPDX-License-Identifier: BSD-3-Clause
// The file that the database is in: where it is, and that it goes away at the end.
#pragma once

#include <filesystem>

#include "options.hpp"

namespace pipeline {

class database_file {
public:
    // Throws usage_error when the file is there already: this program never touches a
    // database that it did not make.
    explicit database_file(const options& o);
    ~database_file();
    database_file(const database_file&) = delete;
    database_file& operator=(const database_file&) = delete;

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path directory_;  // empty: path_ is the user's choice
    std::filesystem::path path_;
    bool keep_;
};

}  // namespace pipeline
