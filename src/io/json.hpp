// SPDX-License-Identifier: Apache-2.0
// A JSON document as a plain tree that keeps order, duplicate keys' errors and source places. Parsing and printing are
// done by nlohmann/json inside json.cpp; no other header sees it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <twin/error.hpp>

namespace twin::io {

enum class Origin : std::uint8_t { defaulted, file, set };

struct JsonMember;
struct Json {
    enum class Kind : std::uint8_t { null, boolean, integer, number, string, array, object };
    Kind kind = Kind::null;
    Origin origin = Origin::file;
    bool boolean = false;
    std::uint32_t line = 0;  // 1-based, of the value's end; 0: not from a file
    std::int64_t integer = 0;
    double number = 0.0;  // also set for integers
    std::string text;
    std::vector<Json> items;
    std::vector<JsonMember> members;

    bool is_number() const { return kind == Kind::number || kind == Kind::integer; }
    bool is_string() const { return kind == Kind::string; }
    bool is_array() const { return kind == Kind::array; }
    bool is_object() const { return kind == Kind::object; }
    const Json* find(std::string_view key) const;  // member, nullptr if none
    Json* find(std::string_view key);
    Json& put(std::string_view key, Json value);  // replaces or appends
    static Json of(double x);
    static Json of(std::int64_t x);
    static Json of_bool(bool b);
    static Json of(std::string s);
    static Json object();
    static Json array();
};
struct JsonMember {
    std::string key;
    Json value;
};

struct JsonLimits {
    std::size_t max_bytes = 4U << 20;
    std::size_t max_values = 400000;
    std::size_t max_depth = 64;
};
/// Parses one document. On error `out` is null and `error` has message and line. Never throws but bad_alloc.
bool parse_json(std::string_view text, const JsonLimits& limits, Json* out, Diagnostic* error);
/// Reads a file and parses it; the size is checked before anything is read.
bool read_json(const std::string& file, const JsonLimits& limits, Json* out, Diagnostic* error);

/// Text with 2 spaces of indentation, arrays of plain values on one line; ends with a newline.
std::string print_json(const Json& j);
/// One line, for messages; long texts are cut.
std::string brief(const Json& j);
/// "a string", "a number", ...
const char* kind_text(const Json& j);

/// Sets the value a JSON pointer names ("/events/short/r_mohm"; elements of arrays by id or index; missing keys are
/// made). A quantity replaces the same quantity with another unit. Returns an error message, empty if done.
std::string set_pointer(Json& root, std::string_view pointer, Json value);
/// `text` as JSON, or as a string if it is none.
Json value_of_word(std::string_view text);

/// One more token of a JSON pointer, escaped.
std::string pointer_join(const std::string& pointer, std::string_view token);

}  // namespace twin::io
