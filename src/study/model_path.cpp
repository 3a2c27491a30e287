// SPDX-License-Identifier: Apache-2.0
#include "study/model_path.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <system_error>
#include <vector>

#include <twin/error.hpp>

#include "base/describe.hpp"
#include "io/load.hpp"

namespace twin::study {

std::string model_path(const char* kind, const char* what, const std::string& name) {
    const io::SearchPath search = io::search_path("", {});
    const std::string path = search.find(kind, name);
    std::error_code none;
    if (!path.empty()) return path;
    if (std::filesystem::exists(name, none)) return name;  // as the caller wrote it: a file of theirs
    const std::vector<std::string> names = search.names(kind);
    const std::string near = base::nearest(name, names);
    throw InputError(
        {Diagnostic{Diagnostic::Severity::error, name, "",
                    fmt::format("is no file and no {}{}; there are: {}", what,
                                near.empty() ? "" : fmt::format(", did you mean {}?", near), fmt::join(names, ", ")),
                    0, 0}});
}

}  // namespace twin::study
