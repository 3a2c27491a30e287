// SPDX-License-Identifier: Apache-2.0
#include "io/atomic_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <twin/error.hpp>
#include <utility>

namespace twin::io {
namespace {

// Two writers of one process never share a temporary name; the process id separates processes.
std::string temporary_name(const std::string& path) {
    static std::atomic<std::uint64_t> counter{0};
    return fmt::format("{}.{}-{}.tmp", path, static_cast<long>(::getpid()), counter.fetch_add(1));
}

}  // namespace

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)), temporary_(temporary_name(path_)) {
    const std::filesystem::path folder = std::filesystem::path(path_).parent_path();
    std::error_code error;
    if (!folder.empty()) std::filesystem::create_directories(folder, error);
    if (error) throw FileError(fmt::format("{}: cannot make the folder: {}", folder.string(), error.message()));
    if (std::filesystem::is_directory(path_, error)) throw FileError(fmt::format("{}: is a folder", path_));
    file_ = std::fopen(temporary_.c_str(), "wb");
    if (file_ == nullptr) {
        throw FileError(fmt::format("{}: cannot write: {}", path_, std::generic_category().message(errno)));
    }
}

AtomicFile::~AtomicFile() {
    if (file_ == nullptr) return;
    std::fclose(file_);
    std::remove(temporary_.c_str());
}

void AtomicFile::fail(const char* what, int code) {
    if (file_ != nullptr) std::fclose(file_);
    file_ = nullptr;
    std::remove(temporary_.c_str());
    throw FileError(fmt::format("{}: {}: {}", path_, what, std::generic_category().message(code)));
}

void AtomicFile::write(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) fail("cannot write", errno);
}

void AtomicFile::commit() {
    std::FILE* file = std::exchange(file_, nullptr);
    if (std::fclose(file) != 0) fail("cannot write", errno);
    if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot rename the temporary file", errno);
}

void write_file(const std::string& path, std::string_view text) {
    AtomicFile file(path);
    file.write(text);
    file.commit();
}

}  // namespace twin::io
