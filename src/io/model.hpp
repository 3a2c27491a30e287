// SPDX-License-Identifier: Apache-2.0
// Model files (cells, boards, afes, mosfets, profiles): any described struct from a JSON file, every error listed.
//
//   io::Result<cell::CellFile> r = io::read_model<cell::CellFile>(path);
//   if (!r.ok()) ... r.errors
//
// The file may have the keys "$schema" and nothing else beyond what the struct describes.
#pragma once
#include <string>
#include <vector>

#include "io/json_reader.hpp"

namespace twin::io {

template <class T>
struct Result {
    T value{};
    std::vector<Diagnostic> errors;
    bool ok() const { return errors.empty(); }
};

inline constexpr JsonLimits k_model_limits{.max_bytes = 16U << 20, .max_values = 400000, .max_depth = 64};

template <class T>
Result<T> read_model_json(const Json& j, const std::string& name) {
    Result<T> r;
    Findings f(name);
    JsonReader reader(j, "", f);
    reader.ignored("$schema", "");
    describe(reader, r.value);
    reader.finish();
    for (Diagnostic& d : f.take())
        if (d.severity == Diagnostic::Severity::error) r.errors.push_back(std::move(d));
    return r;
}

/// Model from JSON text; `name` stands for the file.
template <class T>
Result<T> read_model_text(std::string_view text, const std::string& name) {
    Json j;
    Diagnostic d;
    if (parse_json(text, k_model_limits, &j, &d)) return read_model_json<T>(j, name);
    d.file = name;
    return {T{}, {d}};
}

template <class T>
Result<T> read_model(const std::string& path) {
    Json j;
    Diagnostic d;
    if (read_json(path, k_model_limits, &j, &d)) return read_model_json<T>(j, path);
    return {T{}, {d}};
}

}  // namespace twin::io
