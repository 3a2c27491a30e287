// SPDX-License-Identifier: Apache-2.0
// A file that appears complete or not at all: written under a temporary name in the same folder, then renamed.
#pragma once
#include <cstdio>
#include <string>
#include <string_view>

namespace twin::io {

class AtomicFile {
public:
    /// Opens the temporary file; missing folders are made. Throws twin::FileError with the system's reason.
    explicit AtomicFile(std::string path);
    ~AtomicFile();  // removes the temporary file unless committed
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;

    void write(std::string_view text);  // throws twin::FileError
    void commit();                      // flush, rename; throws twin::FileError

private:
    [[noreturn]] void fail(const char* what, int code);
    std::string path_;
    std::string temporary_;
    std::FILE* file_ = nullptr;
};

/// One call for small files.
void write_file(const std::string& path, std::string_view text);

}  // namespace twin::io
