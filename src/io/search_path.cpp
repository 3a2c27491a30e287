// SPDX-License-Identifier: Apache-2.0
// Where models are found. The current directory is never searched unless somebody names it.
#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "io/load.hpp"

namespace twin::io {

namespace {

namespace fs = std::filesystem;

bool is_file(const fs::path& p) {
    std::error_code ec;
    return fs::is_regular_file(p, ec);
}
bool is_dir(const fs::path& p) {
    std::error_code ec;
    return fs::is_directory(p, ec);
}

/// share/bmstwin of the prefix this library was installed to, so that an installation can be moved.
std::string installed_beside_library() {
    Dl_info info{};
    if (dladdr(reinterpret_cast<const void*>(&installed_beside_library), &info) == 0 || info.dli_fname == nullptr)
        return {};
    std::error_code ec;
    fs::path at = fs::weakly_canonical(info.dli_fname, ec).parent_path();
    for (int up = 0; up < 4 && at.has_relative_path(); ++up, at = at.parent_path()) {
        if (is_dir(at / "share/bmstwin/models")) return (at / "share/bmstwin").string();
    }
    return {};
}

void add_dir(std::vector<std::string>& dirs, const fs::path& p) {
    if (p.empty() || !is_dir(p)) return;
    for (const std::string& d : dirs)
        if (d == p.string()) return;
    dirs.push_back(p.string());
}

}  // namespace

std::string SearchPath::find(std::string_view kind, std::string_view name) const {
    if (name.empty() || name.find('\0') != std::string_view::npos || name.size() > 1000) return {};
    const fs::path given(name);
    if (given.is_absolute()) return is_file(given) ? given.string() : std::string();
    const std::string file = std::string(name) + ".json";
    for (const std::string& d : dirs) {
        const fs::path dir(d);
        for (const fs::path& p : {dir / given, dir / kind / file, dir / "models" / kind / file, dir / "models" / given})
            if (is_file(p)) return p.lexically_normal().string();
    }
    return {};
}

std::vector<std::string> SearchPath::names(std::string_view kind) const {
    std::vector<std::string> r;
    for (const std::string& d : dirs) {
        for (const fs::path& folder : {fs::path(d) / kind, fs::path(d) / "models" / kind}) {
            std::error_code ec;
            for (fs::directory_iterator at(folder, ec), end; !ec && at != end; at.increment(ec))
                if (at->path().extension() == ".json") r.push_back(at->path().stem().string());
        }
    }
    std::sort(r.begin(), r.end());
    r.erase(std::unique(r.begin(), r.end()), r.end());
    return r;
}

std::string spread_name(std::string_view name) {
    for (const std::string_view chemistry : {"lfp", "nmc", "lto"}) {
        if (name == chemistry) return std::string(chemistry) + "-new";
    }
    return std::string(name);
}

SearchPath search_path(const std::string& scenario_file, const std::vector<std::string>& model_dirs) {
    SearchPath s;
    if (!scenario_file.empty()) {
        const fs::path parent = fs::path(scenario_file).parent_path();
        add_dir(s.dirs, parent.empty() ? fs::path(".") : parent);
    }
    for (const std::string& d : model_dirs) add_dir(s.dirs, d);
    if (const char* env = std::getenv("BMSTWIN_PATH")) {
        std::string_view rest = env;
        while (!rest.empty()) {
            const std::size_t colon = rest.find(':');
            add_dir(s.dirs, fs::path(rest.substr(0, colon)));
            if (colon == std::string_view::npos) break;
            rest.remove_prefix(colon + 1);
        }
    }
    add_dir(s.dirs, installed_beside_library());
#ifdef BMSTWIN_BUILD_DATA_DIR
    add_dir(s.dirs, BMSTWIN_BUILD_DATA_DIR);
#endif
#ifdef BMSTWIN_INSTALL_DATA_DIR
    add_dir(s.dirs, BMSTWIN_INSTALL_DATA_DIR);
#endif
    return s;
}

}  // namespace twin::io
